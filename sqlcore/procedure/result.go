package procedure

import (
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Columns are the columns of the result: Success and the outputs.
func (p *Procedure) Columns() []query.Column {
	out := []query.Column{{Name: "Success", Type: catalog.Bool}}
	for _, o := range p.Outputs {
		out = append(out, query.Column{Name: o.Name, Type: o.Type})
	}
	return out
}

// Rows gives the rows of a result their form. The caller closes them. The error
// is gwerr.Internal where a row does not fit the declaration.
func (p *Procedure) Rows(rows []Row) (scan.Rows, error) {
	columns := p.Columns()
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type.Arrow(), Nullable: true}
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for _, r := range rows {
		if len(r) != len(p.Outputs) {
			return nil, gwerr.Newf(gwerr.Internal, "%s gave %d of %d outputs.", p.Name, len(r), len(p.Outputs))
		}
		for i, cell := range append(Row{true}, r...) {
			if !appendCell(b.Field(i), cell) {
				return nil, gwerr.Newf(gwerr.Internal, "%s gave a %T for %s.", p.Name, cell, columns[i].Name)
			}
		}
	}
	return scan.RowsOf(b.NewRecordBatch()), nil
}

// appendCell reports whether the cell has the builder's type.
func appendCell(b array.Builder, cell any) bool {
	if cell == nil {
		b.AppendNull()
		return true
	}
	var ok bool
	switch b := b.(type) {
	case *array.StringBuilder:
		ok = appendAs(cell, b.Append)
	case *array.BooleanBuilder:
		ok = appendAs(cell, b.Append)
	case *array.Int32Builder:
		ok = appendAs(cell, func(n int64) { b.Append(int32(n)) })
	case *array.Int64Builder:
		ok = appendAs(cell, b.Append)
	case *array.Float64Builder:
		ok = appendAs(cell, b.Append)
	case *array.TimestampBuilder:
		ok = appendAs(cell, func(t time.Time) { b.Append(arrow.Timestamp(t.UnixMilli())) })
	case *array.ListBuilder:
		ok = appendAs(cell, func(list []string) {
			b.Append(true)
			for _, s := range list {
				b.ValueBuilder().(*array.StringBuilder).Append(s)
			}
		})
	default:
		panic(fmt.Sprintf("procedure: no cells for %T", b)) // catalog.Type.Arrow gives no other
	}
	return ok
}

func appendAs[T any](cell any, add func(T)) bool {
	v, ok := cell.(T)
	if ok {
		add(v)
	}
	return ok
}
