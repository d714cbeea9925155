package cell_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

func TestRecord(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 2, 29, 10, 0, 0, 123_000_000, time.UTC)
	for _, c := range []struct {
		name   string
		typ    catalog.Type
		fits   []any
		shown  []string
		misfit any
	}{
		{"texts", catalog.String, []any{"a", json.RawMessage(`"b\n"`), nil}, []string{"a", "b\n", "(null)"}, int64(1)},
		{"ids", catalog.GUID, []any{"f0000000-0000-4000-8000-000000000003"}, []string{"f0000000-0000-4000-8000-000000000003"}, true},
		{"truth values", catalog.Bool, []any{true, json.RawMessage("false")}, []string{"true", "false"}, "true"},
		{"small numbers", catalog.Int32, []any{int64(-5), json.RawMessage("7")}, []string{"-5", "7"}, int64(1) << 31},
		{"numbers", catalog.Int64, []any{int64(1) << 60, json.RawMessage("1152921504606846977")}, []string{"1152921504606846976", "1152921504606846977"}, 1.5},
		{"fractions", catalog.Float64, []any{1.5, json.RawMessage("2.5")}, []string{"1.5", "2.5"}, json.RawMessage(`"x"`)},
		{"instants", catalog.Timestamp, []any{at, json.RawMessage(`"2024-02-29T10:00:00.123Z"`)}, []string{"2024-02-29T10:00:00.123Z", "2024-02-29T10:00:00.123Z"}, "2024-02-29"},
		{"lists", catalog.StringList, []any{[]string{"a", "b"}, json.RawMessage(`["c"]`), []string{}}, []string{`["a","b"]`, `["c"]`, `[]`}, "a"},
		{"lists of numbers", catalog.Int32List, []any{[]int64{1, 2}, json.RawMessage("[3]")}, []string{"[1,2]", "[3]"}, []int64{1 << 40}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			schema := arrow.NewSchema([]arrow.Field{{Name: "Value", Type: c.typ.Arrow(), Nullable: true}}, nil)
			rows := make([][]any, len(c.fits))
			for i, v := range c.fits {
				rows[i] = []any{v}
			}
			rec, err := cell.Record(schema, rows)
			require.NoError(t, err)
			defer rec.Release()
			require.EqualValues(t, len(rows), rec.NumRows())
			for i, want := range c.shown {
				assert.Equal(t, want, rec.Column(0).ValueStr(i))
			}
			_, err = cell.Record(schema, [][]any{{c.misfit}})
			assert.ErrorContains(t, err, "in the column Value")
		})
	}
}
