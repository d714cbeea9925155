package model_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// doubling are aliases of which each stands twice in the one before it.
func doubling(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "&@p%d=@p%d or @p%d", i, i+1, i+1)
	}
	fmt.Fprintf(&b, "&@p%d=InPrint", n)
	return b.String()
}

// TestAliasesMayStandOften: what aliases stand for is bounded in all, not how often they
// are used.
func TestAliasesMayStandOften(t *testing.T) {
	t.Parallel()
	items := strings.Repeat("'a title',", 500)
	for _, address := range []string{
		"Books?$filter=@p0" + doubling(10),
		"Books?$filter=" + strings.Repeat("Title eq @a or ", 500) + "true&@a='x'",
		"Books?$filter=" + strings.Repeat("Title in @a or ", 20) + "true&@a=[" + items[:len(items)-1] + "]",
		"Books?$filter=Title eq @nothing and @nothing eq null",
	} {
		if r, err := bind(t, strings.ReplaceAll(address, " ", "%20")); err != nil || r == nil {
			t.Errorf("%.60s: %v", address, err)
		}
	}
}

// TestExpressionsThatGrow: functions whose SQL names an argument several times multiply
// it at every level, so that a short address would take all memory there is.
func TestExpressionsThatGrow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		first, before, behind string
		levels                int // at which it is some MiB
	}{
		{"Title", "substring(", ",1)", 16},
		{"Tags", "substring(", ",1)", 10},
		{"Tags", "concat(substring(", ",1,2),Tags)", 10},
	} {
		for _, levels := range []int{2, c.levels} {
			_, err := bind(t, "Books?"+escaped("$filter=length("+strings.Repeat(c.before, levels)+c.first+strings.Repeat(c.behind, levels)+") gt 1"))
			if refused := err != nil && gwerr.From(err).Code == gwerr.TooLarge; refused != (levels > 2) {
				t.Errorf("%d times %s…%s: %v", levels, c.before, c.behind, err)
			}
		}
	}
}

// TestLongListsOfLongExpressions: a list that is compared with many items stands in the
// SQL a few times, not once for each.
func TestLongListsOfLongExpressions(t *testing.T) {
	t.Parallel()
	items := make([]string, 500)
	for i := range items {
		items[i] = fmt.Sprintf("'%d'", i)
	}
	list := strings.Repeat("substring(", 7) + "Tags" + strings.Repeat(",1)", 7)
	r, err := bind(t, "Books?"+escaped("$filter=hassubset("+list+",["+strings.Join(items, ",")+"])"))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.Query(nil, -1).Plain.FilterSQL); n > 2<<20 {
		t.Errorf("%d bytes", n)
	}
}
