package exec

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Count returns the number of rows that a query has; that of a plain one over
// one access without its offset and limit: by one call where the source knows
// it, else by reading the columns that the condition needs.
func (x *Executor) Count(ctx context.Context, q *query.Query) (int64, error) {
	if q.SQL != "" {
		return x.countSQL(ctx, q)
	}
	if q.Plain == nil || len(q.Accesses) != 1 {
		return 0, gwerr.New(gwerr.Internal, "This query can't be counted.", "")
	}
	if q.Empty || q.Plain.Empty {
		return 0, nil
	}
	rows, err := x.runPlain(ctx, countOf(q), Options{})
	if err != nil {
		return 0, err
	}
	var n int64
	err = scan.Each(ctx, rows, func(rec arrow.RecordBatch) error {
		n += rec.NumRows()
		return nil
	})
	return n, err
}

// countOf is a plain query of which nothing but the number of rows is wanted.
func countOf(q *query.Query) *query.Query {
	c := *q
	a := q.Accesses[0]
	a.Limit, a.Expect = 0, 0
	plain := query.Plain{FilterSQL: q.Plain.FilterSQL}
	if plain.FilterSQL == "" {
		// Columns that only the condition reads are fetched if it stays.
		a.Columns = nil
	}
	c.Accesses, c.Plain, c.Columns = []query.Access{a}, &plain, nil
	return &c
}

// CountTold reports whether the source tells the number of a plain query's rows, so that
// Count doesn't read them.
func (x *Executor) CountTold(ctx context.Context, q *query.Query) (bool, error) {
	if q.Empty || q.Plain.Empty {
		return true, nil
	}
	if q.Plain.FilterSQL != "" {
		return false, nil
	}
	r, err := x.planPlain(ctx, x.planner, countOf(q), Options{})
	return err == nil && told(r), err
}

func told(r *plan.Read) bool {
	if len(r.Parts) > 0 {
		return r.Exact && !slices.ContainsFunc(r.Parts, func(p *plan.Read) bool { return !told(p) })
	}
	return r.Empty || r.CountOnly && r.Request.Path.CountExact
}

// countSQL lets the engine count.
func (x *Executor) countSQL(ctx context.Context, q *query.Query) (int64, error) {
	if q.Empty {
		return 0, nil
	}
	counting := *q
	counting.SQL = "SELECT count(*) FROM (" + q.SQL + ") AS counted"
	counting.Columns = []query.Column{{Name: "count", Type: catalog.Int64}}
	rows, err := x.runSQL(ctx, &counting)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for {
		b, err := rows.Next(ctx)
		if err != nil {
			return 0, err
		}
		if b.Record.NumRows() == 0 {
			b.Record.Release()
			continue
		}
		defer b.Record.Release()
		n, ok := b.Record.Column(0).(*array.Int64)
		if !ok {
			return 0, gwerr.New(gwerr.Internal, "The engine gave no count.", "")
		}
		return n.Value(0), nil
	}
}

// runCount answers SELECT count(*) with one row.
func (x *Executor) runCount(ctx context.Context, q *query.Query) (scan.Rows, error) {
	counted := *q
	counted.Plain = &query.Plain{}
	n, err := x.Count(ctx, &counted)
	if err != nil {
		return nil, err
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: q.Columns[0].Name, Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewInt64Builder(memory.DefaultAllocator)
	defer b.Release()
	b.Append(n)
	column := b.NewArray()
	defer column.Release()
	return scan.RowsOf(array.NewRecordBatch(schema, []arrow.Array{column}, 1)), nil
}
