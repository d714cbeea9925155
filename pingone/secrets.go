package pingone

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/change"
)

// maskForm is what stands where a secret is not shown, perhaps with its end.
var maskForm = regexp.MustCompile(`^[*•●]{3,}\S{0,4}$`)

// keepsSecrets refuses to send a row back as a whole that was read with a mask in
// the place of a secret, or without a secret that it has: PingOne might take the one
// for the secret and clear the other. Which secrets it shows is not documented. What
// the change itself gives is there, and no mask.
func keepsSecrets(row map[string]any, w change.Call) error {
	place := masked(row, "")
	for _, beside := range slices.Sorted(maps.Keys(w.Table.Writes.Secrets)) {
		if secrets := w.Table.Writes.Secrets[beside]; place == "" && lacks(row, beside, strings.Split(secrets, "|")) {
			place = secrets
		}
	}
	if place == "" {
		return nil
	}
	return gwerr.Newf(gwerr.NotImplemented, "PingOne does not show %s of this row of %s, so that sending the row back could clear it; the row was not changed.", place, w.Table.Name).
		WithHint("Give it in the same change if a column takes it, or change the row in PingOne's console.")
}

// masked names the first member that holds a mask, "" if none does.
func masked(value any, at string) string {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if found := masked(v[name], strings.TrimPrefix(at+"."+name, ".")); found != "" {
				return found
			}
		}
	case []any:
		for _, item := range v {
			if found := masked(item, at+"[]"); found != "" {
				return found
			}
		}
	case string:
		if maskForm.MatchString(v) {
			return at
		}
	}
	return ""
}

// lacks reports whether an object has a member but none of its secrets, which stand
// beside the member or outside of the list that the object is in.
func lacks(row map[string]any, beside string, secrets []string) bool {
	above := func(place string) string { return place[:strings.LastIndexByte("."+place, '.')] }
	objects, member := holders(row, beside)
	return slices.ContainsFunc(objects, func(o map[string]any) bool {
		return o[member] != nil && !slices.ContainsFunc(secrets, func(secret string) bool {
			others, name := holders(row, secret)
			if above(secret) == above(beside) {
				others = []map[string]any{o}
			}
			return slices.ContainsFunc(others, func(o map[string]any) bool { return o[name] != nil })
		})
	})
}

// holders gives the objects of a row that may have the member that a place ends with.
func holders(row map[string]any, place string) (objects []map[string]any, member string) {
	objects = []map[string]any{row}
	names := strings.Split(place, ".")
	for _, name := range names[:len(names)-1] {
		list, listed := strings.CutSuffix(name, "[]")
		var inner []map[string]any
		for _, o := range objects {
			values := []any{o[list]}
			if listed {
				values, _ = o[list].([]any)
			}
			for _, v := range values {
				if object, ok := v.(map[string]any); ok {
					inner = append(inner, object)
				}
			}
		}
		objects = inner
	}
	return objects, names[len(names)-1]
}
