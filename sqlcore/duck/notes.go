//go:build duckdb_arrow

package duck

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// residualNote tells a user what is evaluated after fetching, and why.
func residualNote(what, columns string) string {
	return cmp.Or(what, "A condition") + " on " + columns + " is evaluated after the rows are fetched."
}

// describeFilter names the kind of a condition at a scan.
func describeFilter(f *planFilter) string {
	if f == nil {
		return ""
	}
	return describe(f.Expr)
}

var operatorWords = map[string]string{
	"~~": "LIKE", "!~~": "NOT LIKE", "~~*": "ILIKE", "!~~*": "NOT ILIKE", "like_escape": "LIKE",
	"ilike_escape": "ILIKE", "not_like_escape": "NOT LIKE", "~": "A regular expression", "!~": "A regular expression",
	"regexp_full_match": "A regular expression", "regexp_matches": "A regular expression",
}

// describe names a condition by the functions in it, without its values.
func describe(e *planExpr) string {
	names := map[string]bool{}
	collectNames(e, names, 0)
	if len(names) == 0 {
		switch {
		case e == nil:
			return ""
		case e.Type == "CONJUNCTION_OR":
			return "OR of several columns"
		case e.Class == "BOUND_COMPARISON":
			return "A comparison with something else than a constant of its type"
		default:
			return ""
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}

func collectNames(e *planExpr, names map[string]bool, depth int) {
	if e = unjoined(e); e == nil || depth > maxPlanDepth {
		return
	}
	if e.Class == "BOUND_FUNCTION" && e.Name != "" {
		if w, ok := operatorWords[e.Name]; ok {
			names[w] = true
		} else if c := e.Name[0] | 0x20; c >= 'a' && c <= 'z' {
			names[e.Name+"()"] = true
		} else {
			names["The operator "+e.Name] = true
		}
	}
	if e.Class == "BOUND_CAST" && e.Child != nil && e.Child.Class == "BOUND_REF" {
		names["CAST to "+e.ReturnType.ID] = true
	}
	for _, c := range e.parts() {
		collectNames(c, names, depth+1)
	}
}
