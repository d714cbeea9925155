// Package plan turns a bound query into a plan: for each table access the
// cheapest access path, what is pushed down to it, and what is left to do.
//
// A plan is data: it can be printed, compared and metered. Push-down is always
// a superset of what is needed, so a plan can make a query faster but never
// change its answer. The package knows no data source; it works from what the
// catalog declares.
package plan

import (
	"cmp"
	"context"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Read is how one access gets its rows. They pass three stages: the scan, the
// caller's restriction, and the query's own condition.
type Read struct {
	Access query.Access
	// Request is what the source is asked. Its columns are those of the table
	// as it is, without the caller's restriction.
	Request scan.Request
	// Empty is true when no row can fulfil the condition: nothing is read.
	Empty bool
	// CountOnly is true when only the number of rows is needed and the source
	// may know it.
	CountOnly bool
	// Pushed is the part of the condition that the source evaluates.
	Pushed predicate.Expr
	// Exact is true when the source evaluates all of it.
	Exact bool
	// Restriction is the caller's, or nil.
	Restriction *catalog.Restriction
	// Residual is the condition to evaluate on the rows; True if none is left.
	Residual predicate.Expr
	// Output gives the position, in Request.Columns, of each access column.
	Output []int
	// Extra are access-table columns that only Residual reads, with their
	// positions in Request.Columns.
	Extra []Extra
	// DrivenBy lists the join keys that reduced this read.
	DrivenBy []string
	Estimate Estimate
	// Notes tell users what is not pushed although the path could test it.
	Notes []string
	// Scope tells users which part of the table is read without their asking.
	Scope []string

	// Parts are the reads of a union's members, one after the other; their rows
	// are what the restriction and the residual condition see. Or they are reads
	// of one table by several conditions, whose rows are told apart by the columns
	// in the places Distinct of Request.Columns.
	Parts    []*Read
	Distinct []int

	keys    predicate.Expr // the conditions of join partners
	filters []sent
}

// Extra is a column that is fetched for a condition only.
type Extra struct {
	Name string
	At   int
}

// Estimate is what a read is expected to cost.
type Estimate struct {
	// Calls is the number of upstream calls; Rows the number of rows. Known is
	// false where the table's size was not at hand.
	Calls, Rows int64
	Known       bool
}

// Less reports whether a read is expected to cost less: fewer calls, then fewer
// rows.
func (e Estimate) Less(o Estimate) bool {
	return e.Calls < o.Calls || e.Calls == o.Calls && e.Rows < o.Rows
}

// Add adds the estimate of another part of the same reading.
func (e *Estimate) Add(o Estimate) {
	e.Calls, e.Rows, e.Known = e.Calls+o.Calls, e.Rows+o.Rows, e.Known && o.Known
}

// Sized is the estimate of a read of one listing that is known to have so many
// rows upstream.
func (p *Planner) Sized(r *Read, rows int64) Estimate {
	out := Estimate{Calls: 1 + further(rows, r.Request.Path), Rows: rows, Known: true}
	if few := r.Access.Soon(); r.Exact && few > 0 && few < rows {
		out.Calls, out.Rows = 1+further(few, r.Request.Path), few
	}
	return out
}

// Sizer tells how many rows a table has. Implementations may ask the source
// and keep the answer for a while; known is false where that isn't cheap.
type Sizer interface {
	Size(ctx context.Context, t *catalog.Table) (rows int64, known bool)
	// Peek is Size from what is at hand: it never asks the source.
	Peek(t *catalog.Table) (rows int64, known bool)
	// Parts is the number of values that the table's partition column is known
	// to have, 0 if it isn't; it never asks either.
	Parts(t *catalog.Table) int64
}

// Options tune the planner.
type Options struct {
	// MaxFilter is the longest filter in bytes of a URL; 0 means 4,000.
	MaxFilter int
	// MaxFanout refuses plans that need more calls; 0 means no bound.
	MaxFanout int64
	// PushUnconfirmed allows operators that no documentation confirms.
	PushUnconfirmed bool
	// NoPushDown reads every table whole, for comparison and tests.
	NoPushDown bool
	// PageSize overrides the paths' page sizes, up to what each allows.
	PageSize int
	// PartitionAbove is the number of rows above which a scan is divided; 0
	// means 2,000.
	PartitionAbove int64
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Planner makes plans. It is safe for concurrent use.
type Planner struct {
	options  Options
	sizes    Sizer
	refusals *refusals
	whole    bool
}

// New returns a planner. sizes may be nil: then no table's size is known.
func New(o Options, sizes Sizer) *Planner {
	o.MaxFilter = cmp.Or(o.MaxFilter, 4000)
	o.PartitionAbove = cmp.Or(o.PartitionAbove, 2000)
	if sizes == nil {
		sizes = unsized{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Planner{options: o, sizes: sizes, refusals: newRefusals(o.Now)}
}

// Silent is the planner without leave to ask for sizes.
func (p *Planner) Silent() *Planner {
	c := *p
	c.sizes = silent{p.sizes}
	return &c
}

// Asking is the planner that asks for every size, for an estimate.
func (p *Planner) Asking(ctx context.Context) *Planner {
	c := *p
	c.sizes = asking{p.sizes, ctx}
	return &c
}

type silent struct{ Sizer }

// Size implements Sizer.
func (s silent) Size(_ context.Context, t *catalog.Table) (int64, bool) { return s.Peek(t) }

type asking struct {
	Sizer
	ctx context.Context
}

// Peek implements Sizer.
func (a asking) Peek(t *catalog.Table) (int64, bool) { return a.Size(a.ctx, t) }

// millions is the number of calls that only a table of millions of rows takes.
const millions = 10_000

// CheckFanout returns gwerr.FanoutExceeded if the read would need more calls
// than the options allow. Where that hangs on the number of a parent's rows,
// it asks for it, unless that was done before.
func (p *Planner) CheckFanout(ctx context.Context, r *Read) error {
	limit := p.options.MaxFanout
	if limit <= 0 || r.Empty {
		return nil
	}
	if !r.Estimate.Known && (r.Request.Parent != nil || limit < millions) {
		access := r.Access
		access.Path = r.Request.Path.Name
		if known, err := p.Asking(ctx).Read(ctx, access, r.keys); err == nil {
			r.Estimate = known.Estimate
		}
	}
	if r.Estimate.Calls <= limit || r.Access.Soon() > 0 {
		return nil
	}
	return fanoutError(r, limit)
}

type unsized struct{}

// Size implements Sizer.
func (unsized) Size(context.Context, *catalog.Table) (int64, bool) { return 0, false }

// Peek implements Sizer.
func (unsized) Peek(*catalog.Table) (int64, bool) { return 0, false }

// Parts implements Sizer.
func (unsized) Parts(*catalog.Table) int64 { return 0 }
