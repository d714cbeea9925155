package change

import (
	"encoding/json"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// style is how PingOne takes values: times in UTC, milliseconds (RFC 3339).
var style = cell.Style{Infinity: "Infinity", Millis: true}

// value gives a cell as JSON, nil for null.
func value(a arrow.Array, row int, t catalog.Type) json.RawMessage {
	c := cell.Of(a, style)
	switch {
	case c.Null(row):
		return nil
	case t == catalog.JSON:
		return json.RawMessage(c.Text(row))
	default:
		return c.AppendJSON(nil, row)
	}
}

// Cells gives row i of a record as JSON, nil for nulls. The record has the
// columns of the table.
func Cells(rec arrow.RecordBatch, i int, t *catalog.Table, columns []int) []json.RawMessage {
	out := make([]json.RawMessage, len(columns))
	for at, column := range columns {
		out[at] = value(rec.Column(at), i, t.Columns[column].Type)
	}
	return out
}

// Columns describes the answer.
func (c *Change) Columns() []query.Column {
	var out []query.Column
	for i, col := range c.columns() {
		if i < len(c.Names) && c.Names[i] != "" {
			col.Name = c.Names[i]
		}
		out = append(out, query.Column{Name: col.Name, Type: col.Type})
	}
	return out
}

// Result gives the answer the form of rows. The error is gwerr.Internal where a
// value does not fit its column.
func (c *Change) Result(d *Done) (*query.Answer, error) {
	columns := c.columns()
	answer := &query.Answer{Columns: c.Columns(), Changed: &query.Changed{Verb: c.Kind.String(), Rows: int64(len(d.Rows))}}
	rows := make([][]any, len(d.Rows))
	for n, row := range d.Rows {
		for i, v := range row {
			switch {
			case v == nil:
				rows[n] = append(rows[n], nil)
			case columns[i].Type == catalog.JSON:
				rows[n] = append(rows[n], string(v))
			default:
				rows[n] = append(rows[n], v)
			}
		}
	}
	rec, err := cell.Record(c.Table.ArrowSchema(c.Answer()), rows)
	if err != nil {
		return nil, gwerr.Wrap(gwerr.Internal, err, "The rows were changed, but PingOne's answer can't be shown.", "Read them again.")
	}
	answer.Rows = scan.RowsOf(rec)
	return answer, nil
}
