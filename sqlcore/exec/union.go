package exec

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// membersAtOnce bounds the members of a union that are read side by side. The
// source bounds the calls of all of them.
const membersAtOnce = 8

// fewRows is the number of rows that the first member of a union is likely to
// have: where no more are needed, the others are read once it has less.
const fewRows = 100

// unioned gives the rows of a union's members: as they come or, where order
// matters, one member's after the other's.
type unioned struct {
	*plan.Read
	executor *Executor
	cancel   context.CancelFunc
	out      chan scan.Batch
	more     chan struct{} // takes the consumer's word that it waits
	err      error         // set before out is closed
	once     sync.Once
	// refused counts the members whose rows the source does not show.
	refused atomic.Int64
}

// union starts to read the members.
func (x *Executor) union(ctx context.Context, r *plan.Read) *unioned {
	ctx, cancel := context.WithCancel(ctx)
	u := &unioned{Read: r, executor: x, cancel: cancel, out: make(chan scan.Batch), more: make(chan struct{})}
	go func() {
		defer close(u.out)
		u.err = gwerr.New(gwerr.Internal, "The reading ended early.", "")
		u.err = safely.Do(ctx, x.sink, observe.InQuery, func() error { return u.produce(ctx) })
	}()
	return u
}

// Next implements scan.Batches.
func (u *unioned) Next(ctx context.Context) (scan.Batch, error) {
	for {
		select {
		case b, ok := <-u.out:
			switch {
			case ok:
				return b, nil
			case u.err != nil:
				return scan.Batch{}, gwerr.From(u.err)
			}
			return scan.Of().Next(ctx)
		case u.more <- struct{}{}:
		case <-ctx.Done():
			return scan.Batch{}, gwerr.From(ctx.Err())
		}
	}
}

// Close implements scan.Batches.
func (u *unioned) Close() {
	u.once.Do(func() {
		u.cancel()
		for b := range u.out {
			b.Record.Release()
		}
	})
}

// produce reads the members. Where a few rows are enough, as many are read at a
// time as were read before, as long as the consumer waits for more.
func (u *unioned) produce(ctx context.Context) error {
	at, width := 0, len(u.Parts)
	if few := u.Access.Soon(); few > 0 && few <= fewRows && u.Access.Top == nil && u.Exact && !u.Divided() {
		width = 1
	}
	for {
		next := min(at+width, len(u.Parts))
		if err := u.together(ctx, u.Parts[at:next]); err != nil || next == len(u.Parts) {
			return err
		}
		select {
		case <-u.more:
		case <-ctx.Done():
			return ctx.Err()
		}
		at, width = next, next
	}
}

// together reads members side by side. In order, each has a lane that is emptied
// in turn.
func (u *unioned) together(ctx context.Context, parts []*plan.Read) error {
	g, ctx := safely.NewGroup(ctx, u.executor.sink, observe.InQuery)
	g.SetLimit(membersAtOnce + 1)
	lanes := make([]chan scan.Batch, len(parts))
	ordered := u.Parts[0].Request.Ordered
	if ordered {
		for i := range lanes {
			lanes[i] = make(chan scan.Batch, 1)
		}
		g.Go(func() error { return u.merge(ctx, lanes) })
	}
	for i, part := range parts {
		g.Go(func() error {
			to := u.out
			if ordered {
				to = lanes[i]
				defer close(to)
			}
			return u.member(ctx, part, to)
		})
	}
	err := g.Wait()
	if err != nil && ordered {
		for _, lane := range lanes { // each is closed
			for b := range lane {
				b.Record.Release()
			}
		}
	}
	return err
}

func (u *unioned) merge(ctx context.Context, lanes []chan scan.Batch) error {
	for _, lane := range lanes {
		if err := u.empty(ctx, lane); err != nil {
			return err
		}
	}
	return nil
}

// empty hands on what comes through a lane until it is closed.
func (u *unioned) empty(ctx context.Context, lane chan scan.Batch) error {
	for {
		select {
		case b, ok := <-lane:
			if !ok {
				return nil
			}
			if err := put(ctx, u.out, b); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func put(ctx context.Context, to chan scan.Batch, b scan.Batch) error {
	select {
	case to <- b:
		return nil
	case <-ctx.Done():
		b.Record.Release()
		return ctx.Err()
	}
}

// member reads one member. Where the source does not show its rows at all, it is
// left out, unless all are.
func (u *unioned) member(ctx context.Context, part *plan.Read, to chan scan.Batch) error {
	table := part.Access.Table
	name, _ := table.Everywhere(catalog.EnvironmentName)
	some, err := u.rows(ctx, part, to)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case u.Divided():
		return err
	case some || !gwerr.Is(err, gwerr.UpstreamForbidden) || u.refused.Add(1) == int64(len(u.Parts)):
		return gwerr.In("In the environment "+name, err)
	}
	noteIn(ctx, "The environment "+name+" is left out of "+u.Access.Table.Name+": PingOne does not show its rows to the application.")
	return nil
}

// rows hands a member's rows on; some is true once there were some.
func (u *unioned) rows(ctx context.Context, part *plan.Read, to chan scan.Batch) (some bool, err error) {
	rows, err := u.executor.open(ctx, part, "")
	if err != nil {
		return false, err
	}
	err = scan.Each(ctx, rows, func(rec arrow.RecordBatch) error {
		some = true
		united, err := u.unite(part.Access.Table, rec)
		if err != nil {
			return err
		}
		return put(ctx, to, scan.Batch{Record: united})
	})
	return some, err
}

// unite gives a member's record the columns of the union.
func (u *unioned) unite(from *catalog.Table, rec arrow.RecordBatch) (arrow.RecordBatch, error) {
	table, n := u.Request.Table, int(rec.NumRows())
	columns := make([]arrow.Array, 0, len(u.Request.Columns))
	defer func() { releaseAll(columns) }()
	for _, c := range u.Request.Columns {
		want := &table.Columns[c]
		value, same := from.Everywhere(want.Name)
		at := rec.Schema().FieldIndices(nameIn(from, want.Name))
		switch {
		case same:
			columns = append(columns, repeat(value, n))
		case len(at) == 0:
			columns = append(columns, array.MakeArrayOfNull(memory.DefaultAllocator, want.Type.Arrow(), n))
		case want.Type == catalog.JSON && from.Column(want.Name).Type != catalog.JSON:
			text, err := asJSON(rec.Column(at[0]))
			if err != nil {
				return nil, err
			}
			columns = append(columns, text)
		default:
			rec.Column(at[0]).Retain()
			columns = append(columns, rec.Column(at[0]))
		}
	}
	return array.NewRecordBatch(table.ArrowSchema(u.Request.Columns), columns, int64(n)), nil
}

// nameIn is a column's name as the member spells it.
func nameIn(t *catalog.Table, name string) string {
	if c := t.Column(name); c != nil {
		return c.Name
	}
	return name
}

func repeat(text string, n int) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Reserve(n)
	for range n {
		b.Append(text)
	}
	return b.NewArray()
}

// asJSON writes values of another type as JSON text.
func asJSON(values arrow.Array) (arrow.Array, error) {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for i := range values.Len() {
		if values.IsNull(i) {
			b.AppendNull()
			continue
		}
		raw, err := json.Marshal(values.GetOneForMarshal(i))
		if err != nil {
			return nil, gwerr.Wrap(gwerr.Internal, err, "A value could not be written as JSON.", "")
		}
		b.Append(string(raw))
	}
	return b.NewArray(), nil
}
