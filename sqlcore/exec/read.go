package exec

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/mask"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// open starts a read and gives its rows with exactly the access's columns,
// after the caller's restriction and the query's condition.
func (x *Executor) open(ctx context.Context, r *plan.Read, resume string) (scan.Rows, error) {
	schema := r.Access.Table.ArrowSchema(r.Access.Columns)
	if resume != "" {
		r.Recheck()
		b, err := x.start(ctx, r, schema, resume)
		if err != nil {
			return nil, err
		}
		return typed{Batches: b, schema: schema}, nil
	}
	p := &persistent{read: r}
	p.start = func(r *plan.Read) (scan.Batches, error) { return x.start(ctx, r, schema, "") }
	p.without = func(r *plan.Read, refused error) (*plan.Read, error) { return x.without(ctx, r, refused) }
	if err := p.open(); err != nil {
		return nil, err
	}
	return typed{Batches: p, schema: schema}, nil
}

// start carries out one plan of a read.
func (x *Executor) start(ctx context.Context, r *plan.Read, schema *arrow.Schema, resume string) (scan.Batches, error) {
	if r.Empty {
		return scan.Of(), nil
	}
	if err := x.checkFanout(ctx, r); err != nil {
		return nil, err
	}
	if len(r.Parts) > 0 {
		s := &staged{from: x.union(ctx, r)}
		if r.Divided() {
			s.stages = append(s.stages, once(r.Distinct))
		}
		if err := x.addStages(ctx, s, r, schema); err != nil {
			s.Close()
			return nil, err
		}
		return s, nil
	}
	stats := account(ctx, r)
	if r.CountOnly {
		rows, known, err := x.source.Count(ctx, r.Request)
		if err != nil {
			return nil, err
		}
		if known {
			return &counted{schema: schema, left: rows}, nil
		}
	}
	request := r.Request
	request.Resume = resume
	from, err := x.source.Scan(ctx, request)
	if err != nil {
		return nil, err
	}
	s := &staged{from: tallied{from, stats, r.Request.Endpoint()}}
	if err := x.addStages(ctx, s, r, schema); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// addStages builds what stands between the scan and the access's rows: the
// restriction first, so that no condition of the caller sees a hidden value.
func (x *Executor) addStages(ctx context.Context, s *staged, r *plan.Read, schema *arrow.Schema) error {
	fetched := schema
	if r.Request.Table != r.Access.Table || !slices.Equal(r.Request.Columns, r.Access.Columns) {
		fetched = r.Request.Table.ArrowSchema(r.Request.Columns)
	}
	if rs := r.Restriction; rs != nil {
		if err := x.restrict(ctx, s, r, rs, fetched); err != nil {
			return err
		}
	}
	if r.Residual != predicate.True {
		if err := keepMatching(s, r.Residual, fetched); err != nil {
			return err
		}
	}
	if len(r.Output) != len(r.Request.Columns) || !inOrder(r.Output) {
		s.stages = append(s.stages, project(schema, r.Output))
	}
	return nil
}

// restrict applies the caller's row conditions, then the masks.
func (x *Executor) restrict(ctx context.Context, s *staged, r *plan.Read, rs *catalog.Restriction, fetched *arrow.Schema) error {
	if rs.Where != nil && rs.Where != predicate.True {
		if err := keepMatching(s, rs.Where, fetched); err != nil {
			return err
		}
	}
	if rs.FilterSQL != "" {
		if err := x.keepBySQL(ctx, s, rs.Base, r.Request.Columns, rs.FilterSQL); err != nil {
			return err
		}
	}
	masks := map[int]catalog.Mask{}
	for i, c := range r.Request.Columns {
		if m, ok := rs.Masks[rs.Base.Columns[c].Name]; ok {
			masks[i] = m
		}
	}
	if len(masks) > 0 {
		s.stages = append(s.stages, maskColumns(rs, r.Request.Columns, masks))
	}
	return nil
}

func keepMatching(s *staged, e predicate.Expr, schema *arrow.Schema) error {
	f, err := predicate.Compile(e, schema)
	if err != nil {
		return gwerr.Wrap(gwerr.Internal, err, "A condition could not be evaluated.", "")
	}
	s.stages = append(s.stages, func(ctx context.Context, rec arrow.RecordBatch) (arrow.RecordBatch, error) {
		keep, kept := f.Mask(rec)
		return keepRows(ctx, rec, keep, kept)
	})
	return nil
}

// keepBySQL adds a condition that only the engine can evaluate.
func (x *Executor) keepBySQL(ctx context.Context, s *staged, t *catalog.Table, columns []int, sql string) error {
	f, err := x.engine.Filter(ctx, t, columns, sql)
	if err != nil {
		return err
	}
	s.closed = append(s.closed, f.Close)
	s.stages = append(s.stages, func(ctx context.Context, rec arrow.RecordBatch) (arrow.RecordBatch, error) {
		keep, err := f.Mask(ctx, rec)
		if err != nil {
			rec.Release()
			return nil, err
		}
		kept := 0
		for _, k := range keep {
			if k {
				kept++
			}
		}
		return keepRows(ctx, rec, keep, kept)
	})
	return nil
}

func maskColumns(rs *catalog.Restriction, columns []int, masks map[int]catalog.Mask) stage {
	return func(_ context.Context, rec arrow.RecordBatch) (arrow.RecordBatch, error) {
		defer rec.Release()
		cols := make([]arrow.Array, rec.NumCols())
		for i := range cols {
			cols[i] = rec.Column(i)
			m, ok := masks[i]
			if !ok {
				continue
			}
			masked := mask.Apply(m, rs.HashKey, cols[i], rs.Base.Columns[columns[i]].Type)
			defer masked.Release()
			cols[i] = masked
		}
		return array.NewRecordBatch(rec.Schema(), cols, rec.NumRows()), nil
	}
}

func inOrder(at []int) bool {
	for i, v := range at {
		if v != i {
			return false
		}
	}
	return true
}
