package exec

import (
	"context"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// runSQL fetches what the accesses need and lets the engine run the SQL.
func (x *Executor) runSQL(ctx context.Context, q *query.Query) (scan.Rows, error) {
	job := query.Job{SQL: q.SQL, Parameters: q.Parameters}
	if q.Empty {
		// The engine still has to name and type the columns.
		for _, a := range merged(q).Accesses {
			job.Inputs = append(job.Inputs, query.Input{Table: a.Table, Rows: scan.Of(), Once: true})
		}
		return x.engine.Run(ctx, job)
	}
	m := merged(q)
	d, err := x.drive(ctx, m)
	if err != nil {
		return nil, err
	}
	inputs, err := x.inputs(ctx, m, d)
	if err != nil {
		return nil, err
	}
	job.Inputs = inputs
	if t := observe.TraceOf(ctx); t != nil {
		return x.timed(ctx, t, job)
	}
	return x.engine.Run(ctx, job)
}

// inputs opens the reads that driving has not read already, at once: each may
// have to ask for its first page.
func (x *Executor) inputs(ctx context.Context, m mergedQuery, d []*driven) (inputs []query.Input, err error) {
	g, _ := safely.NewGroup(ctx, x.sink, observe.InQuery) // the streams outlive the group, so they get ctx itself
	for _, one := range d {
		if one.rows == nil {
			g.Go(func() (err error) {
				one.rows, err = x.open(ctx, one.read, "")
				return err
			})
		}
	}
	if err = g.Wait(); err != nil {
		for _, one := range d {
			if one.rows != nil {
				one.rows.Close()
			}
		}
		return nil, err
	}
	for i, one := range d {
		inputs = append(inputs, query.Input{
			Table: one.read.Access.Table, Columns: one.read.Access.Columns,
			Rows: one.rows, Once: m.uses[i] == 1,
		})
	}
	return inputs, nil
}
