package odata

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// fixed are properties that a new entity may be given and that stay as they are, by their
// positions in the table, with the values that an update sends for them.
type fixed struct {
	columns []int
	values  []json.RawMessage // nil for null
}

// other leaves those properties that the entity has other values in: who sends back what
// was read changes none of them, and who would change one is told that it can't be.
//
// Source: OData 4.01 Part 1, section 11.4.3; vocabulary Org.OData.Core.V1, Immutable.
func (q *request) other(ctx context.Context, f fixed) (out fixed, err error) {
	if len(f.columns) == 0 || !q.h.model.Updatable(q.resource.Table) { // refused whatever it sends
		return f, nil
	}
	r := *q.resource
	r.Columns, r.Visible, r.Expand = f.columns, len(f.columns), nil
	rows, err := q.Query(scan.Fresh(ctx), r.Query(nil, -1))
	if err != nil {
		return f, err
	}
	defer rows.Close()
	batch, err := firstRow(ctx, rows)
	if errors.Is(err, io.EOF) {
		return f, errNoEntity
	}
	if err != nil {
		return f, err
	}
	defer batch.Record.Release()
	for i, at := range f.columns {
		c := cell.Of(batch.Record.Column(i), cell.Style{Millis: true})
		if sent := f.values[i]; c.Null(0) != (sent == nil) || sent != nil && !same(q.resource.Table.Columns[at].Type, sent, &c) {
			out.columns, out.values = append(out.columns, at), append(out.values, sent)
		}
	}
	return out, nil
}

// same tells whether a value that was sent is that of the first row.
func same(t catalog.Type, sent json.RawMessage, c *cell.Column) bool {
	if t == catalog.JSON { // whose text was taken out of its quotes
		return bytes.Equal(sent, []byte(c.Text(0)))
	}
	var own, other bytes.Buffer
	return json.Compact(&own, c.AppendJSON(nil, 0)) == nil && json.Compact(&other, sent) == nil && sameJSON(own.Bytes(), other.Bytes())
}

// sameJSON compares texts by their characters, however these are escaped.
func sameJSON(a, b []byte) bool {
	var x, y string
	if json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil {
		return x == y
	}
	return bytes.Equal(a, b)
}
