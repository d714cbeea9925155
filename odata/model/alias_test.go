package model_test

import (
	"fmt"
	"strings"
	"testing"
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
