package procedure

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
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
	values := make([][]any, len(rows))
	for i, r := range rows {
		if len(r) != len(p.Outputs) {
			return nil, gwerr.Newf(gwerr.Internal, "%s gave %d of %d outputs.", p.Name, len(r), len(p.Outputs))
		}
		values[i] = append([]any{true}, r...)
	}
	rec, err := cell.Record(arrow.NewSchema(fields, nil), values)
	if err != nil {
		return nil, gwerr.Newf(gwerr.Internal, "%s gave %s.", p.Name, err)
	}
	return scan.RowsOf(rec), nil
}
