package pingone

import (
	"context"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// task produces the batches of one part of a scan.
type task func(ctx context.Context, out sink) error

// fan carries tasks out side by side, as many as calls may be in flight, and
// hands their batches on: as they come or, where the request is ordered, one
// task's after the other's. One goroutine adds the tasks and then waits.
type fan struct {
	ctx   context.Context
	stop  context.CancelFunc
	group *safely.Group
	// events gets what must not end the process.
	events observe.Sink
	out    sink
	// lanes are the tasks begun, in order; nil where order does not matter.
	lanes chan chan scan.Batch
}

// rowsAhead is the number of wanted rows for which one more task is begun
// ahead, where a limit may make most tasks needless.
const rowsAhead = 200

func (j *job) fan(ctx context.Context, out sink) *fan {
	width := j.cfg.MaxParallel
	if few := j.quota.few(); few > 0 {
		width = int(min(int64(width), 1+few/rowsAhead))
	}
	f := &fan{out: out, events: j.cfg.Sink}
	ctx, f.stop = context.WithCancel(ctx)
	f.group, f.ctx = safely.NewGroup(ctx, j.cfg.Sink, observe.InScan)
	if !j.req.Ordered {
		f.group.SetLimit(width)
		return f
	}
	f.lanes = make(chan chan scan.Batch, width)
	f.group.SetLimit(width + 1) // the merging counts, so it begins under the limit
	f.group.Go(f.merge)
	return f
}

// add begins a task once there is room; false says that no more are needed.
func (f *fan) add(t task) bool {
	if f.lanes == nil {
		f.group.Go(func() error {
			if err := f.ctx.Err(); err != nil {
				return err // it waited for room until no more were needed
			}
			return t(f.ctx, f.out)
		})
		return f.ctx.Err() == nil
	}
	lane := make(chan scan.Batch, 1)
	select {
	case f.lanes <- lane:
	case <-f.ctx.Done():
		return false
	}
	f.group.Go(func() error {
		defer close(lane)
		return t(f.ctx, into(lane))
	})
	return f.ctx.Err() == nil
}

// wait returns once all tasks have ended, with the first error.
func (f *fan) wait() error {
	if f.lanes != nil {
		close(f.lanes)
	}
	defer f.stop()
	return f.group.Wait()
}

// merge hands on what the lanes hold, lane by lane. After an error it goes on
// emptying them, so that no task waits for room and no batch is left behind.
func (f *fan) merge() error {
	var failed error
	for lane := range f.lanes {
		for b := range lane {
			if failed != nil {
				b.Record.Release()
				continue
			}
			failed = safely.Do(f.ctx, f.events, observe.InScan, func() error { return f.out(f.ctx, b) })
			if failed != nil {
				f.stop()
			}
		}
	}
	return failed
}

// into is a sink that fills a channel.
func into(lane chan scan.Batch) sink {
	return func(ctx context.Context, b scan.Batch) error {
		select {
		case lane <- b:
			return nil
		case <-ctx.Done():
			b.Record.Release()
			return ctx.Err()
		}
	}
}
