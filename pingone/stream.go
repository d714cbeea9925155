package pingone

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// sink takes a batch, waiting until there is room. It may be called by several
// goroutines at once. It owns the batch from then on. It returns errEnough once
// no more rows are needed.
type sink func(ctx context.Context, b scan.Batch) error

// producer makes the batches of a scan. It returns when all were handed on
// and its own goroutines have ended.
type producer func(ctx context.Context, out sink) error

// errEnough ends a producer whose consumer needs no more rows.
var errEnough = errors.New("enough rows")

// errCutOff is the error of a producer whose goroutine ended before it.
var errCutOff = error(gwerr.New(gwerr.Internal, "The reading ended early.", ""))

// stream runs a producer and hands its batches to one consumer.
type stream struct {
	cancel context.CancelFunc
	out    chan scan.Batch
	// more takes the consumer's word that it wants more than it was expected to.
	more chan struct{}
	done chan struct{}
	err  error // set before out is closed
	once sync.Once
}

// start runs the producer. room is the number of batches it may be ahead of
// the consumer, besides those that its goroutines hold.
func start(ctx context.Context, events observe.Sink, room int, q *quota, produce producer) *stream {
	ctx, cancel := context.WithCancel(ctx)
	s := &stream{cancel: cancel, out: make(chan scan.Batch, room), more: make(chan struct{}), done: make(chan struct{})}
	go func() {
		err := errCutOff
		defer func() {
			s.end(err, q)
			close(s.done)
		}()
		err = safely.Do(ctx, events, observe.InScan, func() error { return produce(ctx, q.sink(s.put, s.more)) })
		if err == nil {
			err = ctx.Err() // a scan that was stopped is never a complete one
		}
	}()
	return s
}

// end tells the consumer how the rows ended.
func (s *stream) end(err error, q *quota) {
	s.err = ending(err, q)
	close(s.out)
}

// ending is what the consumer is told of the end of a producer; nil where it has all
// rows.
func ending(err error, q *quota) error {
	if err == nil || q.exhausted() {
		return nil
	}
	told := gwerr.From(err)
	if errors.Is(told, io.EOF) {
		told = gwerr.Wrap(told.Code, notEOF(err), told.Message, told.Hint)
	}
	return told
}

// put hands a batch to the consumer.
func (s *stream) put(ctx context.Context, b scan.Batch) error {
	select {
	case s.out <- b:
		return nil
	case <-ctx.Done():
		b.Record.Release()
		return ctx.Err()
	}
}

// Next returns the next batch.
func (s *stream) Next(ctx context.Context) (scan.Batch, error) {
	for {
		select {
		case b, ok := <-s.out:
			if ok {
				return b, nil
			}
			if s.err != nil {
				return scan.Batch{}, s.err
			}
			return scan.Batch{}, io.EOF
		case s.more <- struct{}{}:
		case <-ctx.Done():
			return scan.Batch{}, gwerr.From(ctx.Err())
		}
	}
}

// Close stops the producer and waits for it.
func (s *stream) Close() {
	s.once.Do(func() {
		s.cancel()
		for b := range s.out {
			b.Record.Release()
		}
		<-s.done
	})
}

// quota counts delivered rows: to the limit, and to those expected to be taken
// at once. Rows count when the consumer's channel has them, not when somebody
// intends to deliver them: whoever finds the quota exhausted may stop all others,
// so that what they hold must not have been counted.
type quota struct {
	limited, expecting bool
	// left is what the limit, soon what the expectation leaves.
	left, soon atomic.Int64
	// turn is held by who delivers.
	turn chan struct{}
}

func newQuota(limit, expect int64) *quota {
	q := &quota{limited: limit > 0, expecting: expect > 0, turn: make(chan struct{}, 1)}
	q.left.Store(limit)
	q.soon.Store(expect)
	return q
}

// sink cuts what goes to the consumer to the rows of the quota. Once those
// expected are there, it waits for the consumer to ask for more.
func (q *quota) sink(to sink, more <-chan struct{}) sink {
	if !q.limited && !q.expecting {
		return to
	}
	return func(ctx context.Context, b scan.Batch) error {
		select {
		case q.turn <- struct{}{}:
			defer func() { <-q.turn }()
		case <-ctx.Done():
			b.Record.Release()
			return ctx.Err()
		}
		b, err := q.cut(b)
		if err != nil {
			return err
		}
		rows := b.Record.NumRows()
		if err := to(ctx, b); err != nil {
			return err
		}
		if q.left.Add(-rows); q.exhausted() {
			return errEnough
		}
		if q.soon.Add(-rows) > 0 || !q.expecting {
			return nil
		}
		select {
		case <-more:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// cut leaves out what is beyond the limit.
func (q *quota) cut(b scan.Batch) (scan.Batch, error) {
	left := q.left.Load()
	switch {
	case !q.limited || b.Record.NumRows() <= left && left > 0:
		return b, nil
	case left <= 0:
		b.Record.Release()
		return scan.Batch{}, errEnough
	default:
		defer b.Record.Release()
		return scan.Batch{Record: b.Record.NewSlice(0, left)}, nil
	}
}

func (q *quota) exhausted() bool { return q.limited && q.left.Load() <= 0 }

// few is the number of rows that will be taken for sure, 0 if that is all.
func (q *quota) few() int64 {
	switch {
	case q.limited:
		return max(q.left.Load(), 1)
	default:
		return max(q.soon.Load(), 0)
	}
}

// want is the number of rows worth asking for in a page of up to n; n itself
// may be 0 for a page size that the service decides.
func (q *quota) want(n int) int {
	if few := q.few(); few > 0 {
		return int(min(int64(n), few))
	}
	return n
}
