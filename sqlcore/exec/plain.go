package exec

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// runPlain answers a query from the stream of its one access.
func (x *Executor) runPlain(ctx context.Context, q *query.Query, o Options) (*Result, error) {
	if q.Empty || q.Plain.Empty {
		return &Result{Rows: typed{Batches: scan.Of(), schema: resultSchema(q)}, Ordered: true}, nil
	}
	start := x.config.Now()
	r, err := x.planPlain(ctx, x.planner, q, o)
	x.phase(ctx, "plan", start)
	if err != nil {
		return nil, err
	}
	r.Request.Alone = len(r.Parts) == 0
	rows, err := x.open(ctx, r, o.Resume)
	if err != nil {
		return nil, err
	}
	s := &staged{from: rows}
	if q.Plain.FilterSQL != "" {
		if err := x.keepBySQL(ctx, s, r.Access.Table, r.Access.Columns, q.Plain.FilterSQL); err != nil {
			s.Close()
			return nil, err
		}
	}
	schema := rows.Schema()
	if !asRead(q) {
		schema = resultSchema(q)
		s.stages = append(s.stages, project(schema, q.Plain.Project))
	}
	result := &Result{Rows: typed{Batches: windowed(s, q.Plain), schema: schema}, Ordered: r.Empty || r.Request.Ordered, Path: r.Path()}
	return result, nil
}

// planPlain plans the one access. A part of the result is the same part every
// time, and pages join to the whole, only if all readings have one order.
func (x *Executor) planPlain(ctx context.Context, p *plan.Planner, q *query.Query, o Options) (*plan.Read, error) {
	access := q.Accesses[0]
	access.Limit, access.Expect, access.Path = 0, 0, o.Path
	switch {
	case q.Plain.FilterSQL != "": // handed down only where no later condition drops rows
	case q.Plain.Limit > 0:
		access.Limit = q.Plain.Limit + q.Plain.Offset
	default:
		access.Expect = o.Expect
	}
	if o.Ordered || o.Resume != "" || q.Plain.Limit > 0 || q.Plain.Offset > 0 {
		p = p.Whole()
	}
	r, err := p.Read(ctx, access, nil)
	if err == nil && r.Divided() && o.OrderedAbove > 0 && r.Estimate.Rows > o.OrderedAbove {
		r, err = p.Whole().Read(ctx, access, nil)
	}
	if err == nil && o.OrderedAbove > 0 && r.Exact && !r.Estimate.Known {
		r, err = p.Asking(ctx).Read(ctx, access, nil)
	}
	if err != nil {
		return nil, err
	}
	if o.Ordered || o.OrderedAbove > 0 && r.Estimate.Rows > o.OrderedAbove || q.Plain.Limit > 0 || q.Plain.Offset > 0 {
		r.Order()
	}
	return r, nil
}

func windowed(s scan.Batches, p *query.Plain) scan.Batches {
	if p.Offset == 0 && p.Limit == 0 {
		return s
	}
	w := &window{Batches: s, skip: p.Offset, left: -1}
	if p.Limit > 0 {
		w.left = p.Limit
	}
	return w
}

// asRead tells whether a plain result has the columns of its access, by their names.
func asRead(q *query.Query) bool {
	a := &q.Accesses[0]
	if len(q.Plain.Project) != len(a.Columns) || !inOrder(q.Plain.Project) {
		return false
	}
	for i, c := range q.Columns {
		if own := &a.Table.Columns[a.Columns[i]]; c.Name != own.Name || c.Type != own.Type {
			return false
		}
	}
	return true
}

// resultSchema names the columns of a plain result.
func resultSchema(q *query.Query) *arrow.Schema {
	fields := make([]arrow.Field, len(q.Columns))
	for i, c := range q.Columns {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type.Arrow(), Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}
