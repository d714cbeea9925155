package exec

import (
	"context"
	"io"
	"slices"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// runSQL fetches what the accesses need and lets the engine run the SQL.
func (x *Executor) runSQL(ctx context.Context, q *query.Query) (scan.Rows, error) {
	job := query.Job{SQL: q.SQL, Parameters: q.Parameters, Single: q.Single}
	if q.Empty {
		// The engine still has to name and type the columns.
		for _, a := range merged(q, nil).Accesses {
			job.Inputs = append(job.Inputs, query.Input{Table: a.Table, Rows: scan.Of()})
		}
		return x.engine.Run(ctx, job)
	}
	m := x.merge(ctx, q)
	d, err := x.reads(ctx, m)
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

// reads plans what is read, and reads what gives keys to others.
func (x *Executor) reads(ctx context.Context, m mergedQuery) ([]*driven, error) {
	r, err := orderedRead(ctx, x.planner, m)
	if err == nil && r == nil {
		return x.drive(ctx, m)
	}
	return []*driven{{read: r}}, err
}

// orderedRead plans the only access so that its rows have one order in every reading; nil
// where that is not asked for.
func orderedRead(ctx context.Context, p *plan.Planner, m mergedQuery) (*plan.Read, error) {
	if !m.InOrder || len(m.Accesses) != 1 {
		return nil, nil
	}
	r, err := p.Whole().Read(ctx, m.Accesses[0], nil)
	if err != nil {
		return nil, err
	}
	r.Order()
	return r, nil
}

// after gives the rows of a table of which others have been read already, each row
// once. Both have the same columns, the key among them.
func (d *driven) after(others query.Input) scan.Batches {
	var key []int
	for _, k := range others.Table.Key() {
		key = append(key, slices.Index(others.Columns, k))
	}
	if s, ok := others.Rows.(*staged); ok {
		if both, ok := s.from.(*chained); ok {
			both.parts = append(both.parts, d.rows)
			return s
		}
	}
	return &staged{from: &chained{parts: []scan.Batches{others.Rows, d.rows}}, stages: []stage{once(key)}}
}

// chained gives the rows of streams one after the other.
type chained struct {
	parts []scan.Batches
	at    int
}

// Next implements scan.Batches.
func (c *chained) Next(ctx context.Context) (scan.Batch, error) {
	for ; c.at < len(c.parts); c.at++ {
		b, err := c.parts[c.at].Next(ctx)
		if !isEnd(err) {
			return b, err
		}
	}
	return scan.Batch{}, io.EOF
}

// Close implements scan.Batches.
func (c *chained) Close() {
	for _, p := range c.parts {
		p.Close()
	}
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
		closeAll(d)
		return nil, err
	}
	at := map[*catalog.Table]int{}
	for i, one := range d {
		t := one.read.Access.Table
		if j, apart := at[t]; apart {
			inputs[j].Rows, inputs[j].Once = one.after(inputs[j]), false
			continue
		}
		at[t] = len(inputs)
		inputs = append(inputs, query.Input{Table: t, Columns: one.read.Access.Columns, Rows: one.rows, Once: m.uses[i] == 1 && !one.read.Access.Again, Expect: one.expect()})
	}
	return inputs, nil
}

// callRows are the rows that a call counts for in what the engine is told to expect.
const callRows = 50

// expect is about how many rows the engine will get. Of what takes many calls it is told
// to expect many, so that it streams them: where few rows are wanted, the rest of the
// calls is never made.
func (d *driven) expect() int64 {
	if held, ok := d.rows.(*heldRows); ok && held.rest == nil {
		return held.count()
	}
	return max(d.read.Estimate.Rows, callRows*d.read.Estimate.Calls)
}
