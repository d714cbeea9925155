package change

import (
	"bytes"
	"encoding/json"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// instants is how PingOne writes a time: UTC, milliseconds (RFC 3339).
const instants = "2006-01-02T15:04:05.000Z07:00"

// cell gives a value as JSON, nil for null.
func cell(a arrow.Array, i int, t catalog.Type) json.RawMessage {
	if a.IsNull(i) {
		return nil
	}
	switch a := a.(type) {
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		return marshal(a.Value(i).ToTime(unit).UTC().Format(instants))
	case *array.String:
		if t == catalog.JSON {
			return json.RawMessage(a.Value(i))
		}
		return marshal(a.Value(i))
	default:
		return marshal(a.GetOneForMarshal(i))
	}
}

// Cells gives row i of a record as JSON, nil for nulls. The record has the
// columns of the table.
func Cells(rec arrow.RecordBatch, i int, t *catalog.Table, columns []int) []json.RawMessage {
	out := make([]json.RawMessage, len(columns))
	for at, column := range columns {
		out[at] = cell(rec.Column(at), i, t.Columns[column].Type)
	}
	return out
}

// marshal encodes what cells hold: texts, numbers, truth values and lists.
func marshal(v any) json.RawMessage {
	out, err := json.Marshal(v)
	if err != nil {
		return nil // NaN and infinities, which JSON has not
	}
	return out
}

// Result gives the answer the form of rows. The error is gwerr.Internal where a
// value does not fit its column.
func (c *Change) Result(d *Done) (*query.Answer, error) {
	columns := c.columns()
	answer := &query.Answer{Changed: &query.Changed{Verb: c.Kind.String(), Rows: int64(len(d.Rows))}}
	for _, col := range columns {
		answer.Columns = append(answer.Columns, query.Column{Name: col.Name, Type: col.Type})
	}
	rows := make([]map[string]json.RawMessage, 0, len(d.Rows))
	for _, row := range d.Rows {
		members := map[string]json.RawMessage{}
		for i, v := range row {
			if v != nil && columns[i].Type == catalog.JSON {
				v = marshal(string(v))
			}
			members[columns[i].Name] = v
		}
		rows = append(rows, members)
	}
	schema := c.Table.ArrowSchema(c.Answer())
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, bytes.NewReader(marshal(rows)))
	if err != nil {
		return nil, gwerr.Wrap(gwerr.Internal, err, "The rows were changed, but PingOne's answer can't be shown.", "Read them again.")
	}
	answer.Rows = &result{Batches: scan.Of(scan.Batch{Record: rec}), schema: schema}
	return answer, nil
}

type result struct {
	scan.Batches
	schema *arrow.Schema
}

// Schema implements scan.Rows.
func (r *result) Schema() *arrow.Schema { return r.schema }
