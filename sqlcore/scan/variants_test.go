package scan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

func TestVariants(t *testing.T) {
	t.Parallel()
	table := &catalog.Table{Columns: []catalog.Column{{Name: "Id"}, {Name: "Kind"}}}
	path := &catalog.Path{Variant: &catalog.Variant{Column: "Kind", Values: []string{"A", "B", "C"}}}
	for name, c := range map[string]struct {
		columns       []int
		wanted, empty []string
		read, left    []string
	}{
		"not told apart":                    {columns: []int{0}},
		"all":                               {columns: []int{1}, read: []string{"A", "B", "C"}, left: []string{"A", "B", "C"}},
		"the last has nothing":              {columns: []int{1}, empty: []string{"C"}, read: []string{"A", "B", "C"}, left: []string{"A", "B"}},
		"one between stays":                 {columns: []int{1}, empty: []string{"B"}, read: []string{"A", "B", "C"}, left: []string{"A", "B", "C"}},
		"the last two have nothing":         {columns: []int{1}, empty: []string{"B", "C"}, read: []string{"A", "B", "C"}, left: []string{"A"}},
		"one, with those before it":         {columns: []int{0}, wanted: []string{"B"}, read: []string{"A", "B"}, left: []string{"B"}},
		"one that has nothing":              {columns: []int{0}, wanted: []string{"B"}, empty: []string{"B"}, read: []string{"A", "B"}},
		"two, the second has nothing":       {columns: []int{0}, wanted: []string{"A", "C"}, empty: []string{"C"}, read: []string{"A", "B", "C"}, left: []string{"A"}},
		"the first, which none goes before": {columns: []int{0}, wanted: []string{"A"}, empty: []string{"C"}, read: []string{"A"}, left: []string{"A"}},
	} {
		r := scan.Request{Table: table, Path: path, Columns: c.columns, Variants: c.wanted}
		assert.Equal(t, c.read, r.VariantsRead(), name)
		assert.ElementsMatch(t, c.left, r.VariantsWithout(c.empty), name)
	}
	none := scan.Request{Table: table, Path: &catalog.Path{}}
	assert.Empty(t, none.VariantsWithout([]string{"A"}))
}
