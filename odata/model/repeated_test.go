package model_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// TestRepeatedTransformations: what several sequences read stands in the statement for
// each of them, so that few transformations could make a text of any size.
func TestRepeatedTransformations(t *testing.T) {
	t.Parallel()
	for step, most := range map[string]int{
		"concat(identity,identity)": 6, "concat(identity,identity,identity,identity)": 3, "concat(identity,concat(identity,identity))": 4,
		"nest(identity as A#,identity as B#,identity as C#)": 4, "groupby((Author),filter(Author ne 'x')/aggregate($count as N#))": 6,
	} {
		for _, n := range []int{1, most, most + 4, 30} {
			var steps []string
			for range n {
				steps = append(steps, strings.ReplaceAll(step, "#", strings.Repeat("x", len(steps))))
			}
			r, err := bind(t, "Books?$apply="+strings.Join(steps, "/"))
			var e *gwerr.Error
			switch {
			case n <= most && err != nil:
				t.Errorf("%d times %s: %v", n, step, err)
			case n <= most:
				if text := r.Statement(nil, -1).SQL; strings.Count(text, "SELECT ") > 510 {
					t.Errorf("%d times %s: %d SELECTs", n, step, strings.Count(text, "SELECT "))
				}
			case !errors.As(err, &e) || e.Code != gwerr.TooLarge || e.Target != "$apply":
				t.Errorf("%d times %s: %v", n, step, err)
			}
		}
	}
}
