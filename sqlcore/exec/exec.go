// Package exec runs plans: it reads tables in parallel, hands keys from one
// read to the next, applies what the source could not, and either streams rows
// straight to the caller or lets the engine run the residual SQL over them.
//
// It knows neither the data source nor the engine; both are interfaces.
package exec

import (
	"cmp"
	"context"
	"time"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// Engine runs SQL over rows.
type Engine interface {
	// Run takes over the job's inputs and closes them.
	Run(ctx context.Context, j query.Job) (scan.Rows, error)
	// Filter compiles a condition over columns of a table.
	Filter(ctx context.Context, t *catalog.Table, columns []int, sql string) (scan.RowFilter, error)
}

// Config holds what an Executor needs.
type Config struct {
	Source scan.Source
	Engine Engine
	Plan   plan.Options
	Sink   observe.Sink
	// MaxDriveRows is the largest read whose keys may reduce another; 0 means
	// 5,000.
	MaxDriveRows int64
	// SizeTTL is how long a table's size is believed; 0 means 30 s.
	SizeTTL time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Executor answers bound queries. It is safe for concurrent use.
type Executor struct {
	source  scan.Source
	engine  Engine
	planner *plan.Planner
	sizes   *sizer
	sink    observe.Sink
	config  Config
}

// New returns an executor.
func New(c Config) *Executor {
	c.Sink = cmp.Or(c.Sink, observe.Discard)
	c.MaxDriveRows = cmp.Or(c.MaxDriveRows, 5000)
	c.SizeTTL = cmp.Or(c.SizeTTL, 30*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Plan.Now == nil {
		c.Plan.Now = c.Now
	}
	source := system.Over(c.Source)
	sizes := &sizer{source: source, ttl: c.SizeTTL, now: c.Now, known: map[catalog.Place]sized{}}
	return &Executor{source: source, engine: c.Engine, sink: c.Sink, config: c, planner: plan.New(c.Plan, sizes), sizes: sizes}
}

// Options tell how a result is wanted.
type Options struct {
	// Ordered asks for the same order in every reading. A plain query with a
	// limit or an offset has it without asking.
	Ordered bool
	// OrderedAbove is Ordered for results that are expected to have more rows; 0
	// for none.
	OrderedAbove int64
	// Expect is the number of rows of a plain query after which its stream may be
	// left alone for long, or for good; 0 where all are taken at once.
	Expect int64
	// Resume continues a plain query after the batch that carried this cursor.
	Resume string
	// Path is the access path of the reading that a plain query goes on with;
	// "" for the best.
	Path string
}

// Result is a query's rows.
type Result struct {
	scan.Rows
	// Ordered is true where another reading gives the same order: the source's
	// for a plain query, and what the statement asks for else.
	Ordered bool
	// Path names the access path of a plain query.
	Path string
}

// Query runs q. The caller closes the rows. Errors are of package gwerr.
func (x *Executor) Query(ctx context.Context, q *query.Query, o Options) (*Result, error) {
	if len(q.Late) > 0 {
		result, err := x.Query(ctx, withKeys(q), o)
		if err != nil {
			return nil, err
		}
		result.Rows = x.late(q, result.Rows)
		return result, nil
	}
	switch {
	case q.Plain != nil:
		return x.runPlain(ctx, q, o)
	case q.Counts:
		return unpaged(x.runCount(ctx, q))
	default:
		return unpaged(x.runSQL(ctx, q))
	}
}

func unpaged(rows scan.Rows, err error) (*Result, error) {
	if err != nil {
		return nil, err
	}
	return &Result{Rows: rows, Ordered: true}, nil
}

func (x *Executor) phase(ctx context.Context, name string, start time.Time) {
	x.sink.Observe(ctx, observe.QueryPhase{Phase: name, Duration: x.config.Now().Sub(start)})
}
