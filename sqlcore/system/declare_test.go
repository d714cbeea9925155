package system

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// What makes rows has a declaration, and every declaration tells what it holds.
func TestEveryTableIsDeclared(t *testing.T) {
	t.Parallel()
	all := map[string]map[string]Table{"information_schema": informationRows, "sys": sysRows}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(all)), slices.Collect(maps.Keys(declarations())))
	for schema, rows := range all {
		var names []string
		for _, d := range tablesOf(schema, rows) {
			names = append(names, d.Name)
			assert.NotEmpty(t, d.Doc, d.Name)
			assert.NotEqual(t, d.Each == nil, d.All == nil, "%s has one of both", d.Name)
			for _, k := range d.Keys {
				assert.True(t, slices.ContainsFunc(d.Columns, func(c catalog.Column) bool { return c.Name == k.Column }), "%s of %s", k.Column, d.Name)
			}
			for _, c := range d.Columns {
				assert.NotEmpty(t, c.Doc, "%s of %s", c.Name, d.Name)
			}
		}
		assert.ElementsMatch(t, slices.Collect(maps.Keys(rows)), names, schema)
	}
}
