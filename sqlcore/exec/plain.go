package exec

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// runPlain answers a query from the stream of its one access.
func (x *Executor) runPlain(ctx context.Context, q *query.Query, o Options) (scan.Rows, error) {
	schema := resultSchema(q)
	if q.Empty || q.Plain.Empty {
		return typed{Batches: scan.Of(), schema: schema}, nil
	}
	access := plainAccess(q, o)
	start := x.config.Now()
	r, err := x.planner.Read(ctx, access, nil)
	x.phase(ctx, "plan", start)
	if err != nil {
		return nil, err
	}
	orderPages(r, o)
	rows, err := x.open(ctx, r, o.Resume)
	if err != nil {
		return nil, err
	}
	s := &staged{from: rows}
	if q.Plain.FilterSQL != "" {
		if err := x.keepBySQL(ctx, s, access.Table, access.Columns, q.Plain.FilterSQL); err != nil {
			s.Close()
			return nil, err
		}
	}
	s.stages = append(s.stages, project(schema, q.Plain.Project))
	return typed{Batches: windowed(s, q.Plain, o), schema: schema}, nil
}

// plainAccess sets how many rows the access has to give. A limit may be handed
// down only when no later condition drops rows.
func plainAccess(q *query.Query, o Options) query.Access {
	access := q.Accesses[0]
	access.Limit = 0
	if q.Plain.Limit > 0 && q.Plain.FilterSQL == "" {
		access.Limit = q.Plain.Limit + q.Plain.Offset
		if o.Resume != "" || o.Skip > 0 {
			access.Limit = q.Plain.Limit + o.Skip
		}
	}
	return access
}

// orderPages keeps rows in an order that cursors can continue, where the
// result won't fit the page.
func orderPages(r *plan.Read, o Options) {
	if o.Resume != "" || o.PageRows > 0 && r.Estimate.Rows > o.PageRows {
		r.Request.Partition, r.Request.Within = false, nil
	}
}

func windowed(s scan.Batches, p *query.Plain, o Options) scan.Batches {
	w := &window{Batches: s, skip: o.Skip, left: -1}
	if o.Resume == "" && o.Skip == 0 {
		w.skip = p.Offset
	}
	if p.Limit > 0 {
		w.left = p.Limit
	}
	if w.skip == 0 && w.left < 0 {
		return s
	}
	return w
}

// resultSchema names the columns of a plain result.
func resultSchema(q *query.Query) *arrow.Schema {
	fields := make([]arrow.Field, len(q.Columns))
	for i, c := range q.Columns {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type.Arrow(), Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}
