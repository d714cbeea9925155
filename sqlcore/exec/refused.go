package exec

import (
	"context"
	"errors"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// without plans a read again after the source refused its conditions, without
// those. It returns the error itself where that is no remedy.
func (x *Executor) without(ctx context.Context, r *plan.Read, err error) (*plan.Read, error) {
	var refused *scan.Refused
	if !errors.As(err, &refused) || !x.planner.Refuse(r, refused) {
		return nil, err
	}
	x.sink.Observe(ctx, observe.FilterRefused{
		Table: r.Access.Table.Name, Attribute: refused.Attribute, Operator: refused.Operator, TooLong: refused.TooLong,
	})
	return x.planner.Again(ctx, r)
}

// persistent is a read that starts again, under another plan, while the source
// refuses its conditions. Once rows were handed on, a refusal is an error as
// any other; what was learnt from it serves the next query.
type persistent struct {
	read    *plan.Read
	start   func(*plan.Read) (scan.Batches, error)
	without func(*plan.Read, error) (*plan.Read, error)

	from  scan.Batches
	begun bool
	tries int
}

// carriedOut is the plan by which rows of a read came: another one where the source
// refused its conditions.
func carriedOut(rows scan.Rows, r *plan.Read) *plan.Read {
	if t, ok := rows.(typed); ok {
		if p, ok := t.Batches.(*persistent); ok {
			return p.read
		}
	}
	return r
}

// maxPlans bounds the plans of one read. Each has fewer conditions than the
// one before, so that a few are enough.
const maxPlans = 20

// open starts the read.
func (p *persistent) open() error {
	for {
		from, err := p.start(p.read)
		if err == nil {
			p.from = from
			return nil
		}
		if p.tries++; p.tries > maxPlans {
			return err
		}
		if p.read, err = p.without(p.read, err); err != nil {
			return err
		}
	}
}

// Next implements scan.Batches.
func (p *persistent) Next(ctx context.Context) (scan.Batch, error) {
	for {
		b, err := p.from.Next(ctx)
		if err == nil {
			p.begun = true
		}
		if err == nil || isEnd(err) {
			return b, err
		}
		next, left := p.without(p.read, err)
		if p.tries++; left != nil || p.begun || p.tries > maxPlans {
			return scan.Batch{}, err
		}
		p.from.Close()
		p.read = next
		if err := p.open(); err != nil {
			p.from = scan.Of()
			return scan.Batch{}, err
		}
	}
}

// Close implements scan.Batches.
func (p *persistent) Close() { p.from.Close() }
