package pingone

import (
	"context"
	"io"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// alone is a scan of a row or a few that nothing else is read beside: the
// goroutine that waits for its rows makes the call. One of its own would have to be
// started, grow a stack and hand the rows over, which takes one request in 14 its
// time. What the first answer does not hold is read as any stream is.
type alone struct {
	*job
	ctx    context.Context // ends with Close, or with that of the first Next
	cancel context.CancelFunc
	begun  bool
	ready  []scan.Batch
	rest   *stream // goes on behind the first page; nil without
	err    error   // comes behind what is ready
}

// answersAtOnce reports whether one call is likely to be all, and waits for nothing
// that is read beside it.
func (j *job) answersAtOnce() bool {
	r := j.req
	switch {
	case !r.Alone, r.Resume != "", r.Path.Parent != nil, j.quota.expecting:
		return false
	case r.Path.Get != "":
		return len(r.Keys) == 1
	}
	return r.Few && sequential(r) && len(r.Keys) == 0 && len(r.VariantsRead()) == 0 && !j.slices() && !r.Constant()
}

func startAlone(ctx context.Context, j *job) *alone {
	a := &alone{job: j}
	a.ctx, a.cancel = context.WithCancel(ctx)
	return a
}

// Next implements scan.Batches.
func (a *alone) Next(ctx context.Context) (scan.Batch, error) {
	if !a.begun {
		a.begin(ctx)
	}
	switch {
	case len(a.ready) > 0:
		b := a.ready[0]
		a.ready = a.ready[1:]
		return b, nil
	case a.rest != nil:
		return a.rest.Next(ctx)
	case a.err != nil:
		return scan.Batch{}, a.err
	}
	return scan.Batch{}, io.EOF
}

// begin makes the first call, under both contexts.
func (a *alone) begin(ctx context.Context) {
	a.begun = true
	stop := context.AfterFunc(ctx, a.cancel)
	defer stop()
	err := safely.Do(a.ctx, a.cfg.Sink, observe.InScan, a.read)
	if err == nil {
		err = a.ctx.Err() // a scan that was stopped is never a complete one
	}
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // why ours ended
	}
	a.err = ending(err, a.quota)
}

func (a *alone) read() error {
	keep := a.quota.sink(func(_ context.Context, b scan.Batch) error {
		a.ready = append(a.ready, b)
		return nil
	}, nil)
	if a.path.Get != "" {
		return a.produce(a.ctx, keep)
	}
	a.lookups = a.noLookups()
	r := &reading{job: a.job, walk: a.walkOf(nil, "", first(a.req.Filters))}
	p, err := r.begin(a.ctx)
	if err != nil {
		return err
	}
	r.first = &p
	all := func(ctx context.Context, out sink) error {
		_, err := r.read(ctx, a.to(out, a.constants(nil)))
		return err
	}
	if p.next == "" {
		return all(a.ctx, keep)
	}
	a.rest = start(a.ctx, a.cfg.Sink, 0, a.quota, all)
	return nil
}

// Close implements scan.Batches.
func (a *alone) Close() {
	a.cancel()
	a.begun = true
	for _, b := range a.ready {
		b.Record.Release()
	}
	a.ready = nil
	if a.rest != nil {
		a.rest.Close()
	}
}
