package procedure

import (
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
			if !scan.AppendCell(b.Field(i), cell) {
				return nil, gwerr.Newf(gwerr.Internal, "%s gave a %T for %s.", p.Name, cell, columns[i].Name)
			}
		}
	}
	return scan.RowsOf(b.NewRecordBatch()), nil
}
