package odata

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

// nestedBytes bounds a row with nested collections, which is written whole.
const nestedBytes = 64 << 20

// nested returns the function that writes a collection that came within its row. It has
// a context of its own.
//
// Source: OData Data Aggregation 4.0, section 3.5.2; OData JSON Format 4.01, section 4.6.1.
func (q *request) nested(ctx context.Context, r *model.Resource, n *model.Nested, batch arrow.RecordBatch) (encode.Inline, error) {
	at := int(batch.NumCols()) - len(r.Outputs()) + n.At
	o := q.encoding()
	head := cell.AppendString([]byte{','}, n.Name)
	head = append(head, ':', '[')
	if o.Metadata != encode.None {
		lead := append(cell.AppendString([]byte{','}, n.Name+o.Prefix+"context"), ':')
		head = append(cell.AppendString(lead, q.contextOf(n.Target)), head...)
	}
	lists, ok := batch.Column(at).(*array.List)
	if !ok {
		return nil, fmt.Errorf("odata: the nested collection %s arrived as %s", n.Name, batch.Column(at).DataType())
	}
	items, ok := lists.ListValues().(*array.Struct)
	if !ok {
		return nil, fmt.Errorf("odata: the nested collection %s arrived as %s", n.Name, lists.DataType())
	}
	own := recordOf(items)
	defer own.Release() // the batch it is a part of lives on
	if err := q.Returned(own.NumRows()); err != nil {
		return nil, err
	}
	w := encode.NewRows(q.entityOf(n.Target), o)
	if err := w.Bind(own); err != nil {
		return nil, err
	}
	inline, err := q.inline(ctx, n.Target, own)
	if err != nil {
		return nil, err
	}
	return func(dst []byte, row int, _ *encode.Rows) ([]byte, error) {
		dst = append(dst, head...)
		if lists.IsNull(row) {
			return append(dst, ']'), nil
		}
		first, behind := lists.ValueOffsets(row)
		for i := int(first); i < int(behind); i++ {
			if i > int(first) {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = w.Append(dst, i, nil, inline); err != nil {
				return nil, err
			}
			if len(dst) > nestedBytes {
				return nil, gwerr.New(gwerr.LimitExceeded, "The nested collections of one row are too large.",
					"Keep a part of their rows with top or filter, or read them on their own.").On("$apply")
			}
		}
		return append(dst, ']'), nil
	}, nil
}

// recordOf has the members of objects as columns.
func recordOf(items *array.Struct) arrow.RecordBatch {
	columns := make([]arrow.Array, items.NumField())
	for i := range columns {
		columns[i] = items.Field(i)
	}
	return array.NewRecordBatch(arrow.NewSchema(items.DataType().(*arrow.StructType).Fields(), nil), columns, int64(items.Len()))
}
