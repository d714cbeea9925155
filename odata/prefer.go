package odata

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/change"
)

// preferences are what the gateway honours of the Prefer header. Unknown
// preferences are ignored.
//
// Source: OData 4.01 Part 1, section 8.2.8.
type preferences struct {
	// pageRows is odata.maxpagesize, 0 if not given.
	pageRows  int64
	omitNulls bool
	// minimal and representation are return=…: whether a change answers the
	// entity.
	minimal, representation bool
	track                   bool

	maxRows   int64
	pageName  string // as the client has written it
	nullName  string
	trackName string
}

// applied is the Preference-Applied header of an answer, "" if nothing was applied to it:
// a page size is about feeds, nulls are left out of properties, and what a change
// returns is about one that makes or changes an entity.
//
// Source: RFC 7240, section 3.
func (q *request) applied(status int) string {
	p, r := q.prefer, q.resource
	if r == nil || r.Kind != model.Feed || q.writes {
		p.pageRows = 0
	}
	if r == nil || r.Ref || status == http.StatusNoContent || !slices.Contains(withProperties, r.Kind) {
		p.omitNulls = false
	}
	if r == nil || r.Kind == model.Action || kinds[q.method] == change.Delete {
		p.minimal, p.representation = false, false
	}
	return p.names()
}

// withProperties are the kinds of resources whose answers have entities, or values like
// theirs.
var withProperties = []model.Kind{model.Feed, model.Entity, model.All, model.Action}

// names are the preferences as Preference-Applied has them.
func (p *preferences) names() string {
	var out []string
	if p.pageRows > 0 {
		out = append(out, p.pageName+"="+strconv.FormatInt(p.pageRows, 10))
	}
	if p.omitNulls {
		out = append(out, p.nullName+"=nulls")
	}
	if p.track {
		out = append(out, p.trackName)
	}
	switch {
	case p.minimal:
		out = append(out, "return=minimal")
	case p.representation:
		out = append(out, "return=representation")
	}
	return strings.Join(out, ", ")
}

// maxRows bounds the page size, unless it is 0.
func parsePrefer(h http.Header, maxRows int64) preferences {
	p := preferences{maxRows: maxRows}
	for _, line := range h.Values("Prefer") {
		for _, item := range splitList(line, ',') {
			p.add(preference(item))
		}
	}
	return p
}

func (p *preferences) add(name, value string) {
	switch plainPreference(name) {
	case "maxpagesize":
		n, err := strconv.ParseInt(value, 10, 64)
		if err == nil && n > 0 && p.pageRows == 0 {
			if p.maxRows > 0 {
				n = min(n, p.maxRows)
			}
			p.pageRows = n
			p.pageName = strings.ToLower(name)
		}
	case "track-changes":
		p.track, p.trackName = true, strings.ToLower(name)
	case "return":
		if !p.minimal && !p.representation {
			p.minimal, p.representation = strings.EqualFold(value, "minimal"), strings.EqualFold(value, "representation")
		}
	case "omit-values":
		if strings.EqualFold(value, "nulls") && !p.omitNulls {
			p.omitNulls, p.nullName = true, strings.ToLower(name)
		}
	}
}

// preference reads an item of Prefer. What may stand behind a semicolon means nothing to
// OData's preferences.
//
// Source: RFC 7240, section 2.
func preference(item string) (name, value string) {
	item, _, _ = strings.Cut(item, ";")
	name, value, _ = strings.Cut(item, "=")
	return strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"`)
}

// plainPreference is the name of a preference as specified, without its prefix.
func plainPreference(name string) string { return strings.TrimPrefix(strings.ToLower(name), "odata.") }

// prefers tells whether a preference is given that has no value, or is not false, and
// how its name is written. The first one of a name counts.
func prefers(h http.Header, wanted string) (written string, ok bool) {
	for _, line := range h.Values("Prefer") {
		for _, item := range splitList(line, ',') {
			if name, value := preference(item); plainPreference(name) == wanted {
				return strings.ToLower(name), !strings.EqualFold(value, "false")
			}
		}
	}
	return "", false
}

// without is the Prefer header but for one preference.
func without(h http.Header, unwanted string) string {
	var kept []string
	for _, line := range h.Values("Prefer") {
		for _, item := range splitList(line, ',') {
			if name, _ := preference(item); plainPreference(name) != unwanted {
				kept = append(kept, strings.TrimSpace(item))
			}
		}
	}
	return strings.Join(kept, ", ")
}

// splitList splits a header's list at the separator, but not within quotes.
func splitList(s string, separator byte) []string {
	var out []string
	start, quoted := 0, false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == separator && !quoted:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}
