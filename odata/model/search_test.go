package model_test

import (
	"strings"
	"testing"
)

// TestLongSearchesDontNest: the engine bounds how deep a statement nests, which a list of
// words doesn't.
func TestLongSearchesDontNest(t *testing.T) {
	t.Parallel()
	for _, operator := range []string{"%20OR%20", "%20AND%20", "%20"} {
		words := strings.Repeat("w"+operator, 200) + "w"
		r, err := bind(t, "Books?$search="+words)
		if err != nil {
			t.Fatal(err)
		}
		depth, deepest := 0, 0
		sql := r.Query(nil, -1).Plain.FilterSQL
		for _, c := range sql {
			switch c {
			case '(':
				depth++
				deepest = max(deepest, depth)
			case ')':
				depth--
			}
		}
		if strings.Count(sql, "contains(") != 201 || deepest > 6 {
			t.Errorf("%d words nest %d levels deep", strings.Count(sql, "contains("), deepest)
		}
	}
}
