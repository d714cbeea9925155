package pingone

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// sink takes a batch, waiting until there is room. It may be called by several
// goroutines at once. It owns the batch from then on.
type sink func(ctx context.Context, b scan.Batch) error

// producer makes the batches of a scan. It returns when all were handed on
// and its own goroutines have ended.
type producer func(ctx context.Context, out sink) error

// errEnough ends a producer whose consumer needs no more rows.
var errEnough = errors.New("enough rows")

// stream runs a producer and hands its batches to one consumer.
type stream struct {
	cancel context.CancelFunc
	out    chan scan.Batch
	done   chan struct{}
	err    error // set before out is closed
	once   sync.Once
}

// start runs the producer. room is the number of batches it may be ahead of
// the consumer, besides those that its goroutines hold.
func start(ctx context.Context, room int, produce producer) *stream {
	ctx, cancel := context.WithCancel(ctx)
	s := &stream{cancel: cancel, out: make(chan scan.Batch, room), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		err := produce(ctx, func(ctx context.Context, b scan.Batch) error {
			select {
			case s.out <- b:
				return nil
			case <-ctx.Done():
				b.Record.Release()
				return ctx.Err()
			}
		})
		if err == nil {
			err = ctx.Err() // a scan that was stopped is never a complete one
		}
		if err != nil && !errors.Is(err, errEnough) {
			s.err = gwerr.From(err)
			if errors.Is(s.err, io.EOF) {
				s.err = gwerr.Wrap(gwerr.From(err).Code, notEOF(err), gwerr.From(err).Message, gwerr.From(err).Mend)
			}
		}
		close(s.out)
	}()
	return s
}

// Next returns the next batch.
func (s *stream) Next(ctx context.Context) (scan.Batch, error) {
	select {
	case b, ok := <-s.out:
		if ok {
			return b, nil
		}
		if s.err != nil {
			return scan.Batch{}, s.err
		}
		return scan.Batch{}, io.EOF
	case <-ctx.Done():
		return scan.Batch{}, gwerr.From(ctx.Err())
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

// quota counts rows down to a limit; the zero value has none.
type quota struct {
	limited bool
	left    atomic.Int64
}

func newQuota(limit int64) *quota {
	q := &quota{limited: limit > 0}
	q.left.Store(limit)
	return q
}

// take allows up to n rows.
func (q *quota) take(n int) int {
	if !q.limited {
		return n
	}
	for {
		left := q.left.Load()
		allowed := min(int64(n), left)
		if q.left.CompareAndSwap(left, left-allowed) {
			return int(allowed)
		}
	}
}

func (q *quota) exhausted() bool { return q.limited && q.left.Load() <= 0 }

// want is the number of rows worth asking for in a page of up to n; n itself
// may be 0 for a page size that the service decides.
func (q *quota) want(n int) int {
	if !q.limited || n == 0 {
		return n
	}
	return int(min(int64(n), max(q.left.Load(), 1)))
}
