package cell_test

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

func TestAppendRow(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "b", Type: arrow.PrimitiveTypes.Int32, Nullable: true}}, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[{"a": "x\"", "b": 1}, {"a": null, "b": null}]`))
	require.NoError(t, err)
	columns := cell.OfBatch(rec, cell.Style{})
	for _, c := range []struct {
		columns []cell.Column
		names   []string
		row     int
		want    string
	}{
		{columns, nil, 0, `["x\"",1]`},
		{columns, nil, 1, `[null,null]`},
		{columns, []string{`"a":`, `"b":`}, 0, `{"a":"x\"","b":1}`},
		{nil, nil, 0, `[]`},
		{nil, []string{}, 0, `{}`},
	} {
		assert.Equal(t, "-"+c.want, string(cell.AppendRow([]byte("-"), c.columns, c.names, c.row)))
	}
}
