// Package results keeps whole results for callers who accept some that are not
// new. It knows neither statements nor callers: who asks names what equals what.
package results

import (
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/util"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Result is what is kept.
type Result struct {
	// Taken is when its reading began.
	Taken time.Time
	// Notes tell what the caller should know of it.
	Notes  []string
	schema *arrow.Schema
	// batches and their size in memory.
	batches []arrow.RecordBatch
	bytes   int64
}

// Target says what a result is of.
type Target struct {
	// Key is equal for results that answer each other's question.
	Key string
	// Group is what Forget takes, such as the connection that was read.
	Group string
	// Keeper stays reachable as long as the result, so that no other one gets its
	// address, which may be a part of Key.
	Keeper any
}

// Store keeps results, the last used ones, of a bounded size in all. It is safe
// for concurrent use.
type Store struct {
	limit int64
	sink  observe.Sink

	mu    sync.Mutex
	bytes int64 // of kept results and of those being read
	// recent are the kept ones by their keys; as many as the bytes have room for.
	recent *simplelru.LRU[string, *kept]
	// epochs count what was forgotten, by group: there is one for each connection.
	epochs map[string]int64
}

type kept struct {
	Target
	*Result
}

// New returns a store of so many bytes; with 0 it keeps nothing.
func New(limit int64, sink observe.Sink) *Store {
	s := &Store{limit: limit, sink: sink, epochs: map[string]int64{}}
	s.recent, _ = simplelru.NewLRU(math.MaxInt, func(_ string, k *kept) { s.add(-k.bytes) }) // of a number above 0
	return s
}

// Find gives the result of the key, if its reading began since then.
func (s *Store) Find(ctx context.Context, key string, since time.Time) (*Result, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.recent.Peek(key)
	ok = ok && !k.Taken.Before(since)
	s.sink.Observe(ctx, observe.ResultAsked{Hit: ok})
	if !ok {
		return nil, false
	}
	s.recent.Get(key) // it is used
	return k.Result, true
}

// Forget drops the results of a group, those that are being read among them.
func (s *Store) Forget(group string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epochs[group]++
	for _, k := range s.recent.Values() {
		if k.Group == group {
			s.recent.Remove(k.Key)
		}
	}
}

// add counts bytes; the caller has the lock.
func (s *Store) add(n int64) {
	s.bytes += n
	s.sink.Observe(context.Background(), observe.ResultBytes{Delta: n})
}

// room makes room for n further bytes of results that are being read, by dropping
// kept ones. One of them has a quarter of the store at most.
func (s *Store) room(of *reader, n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if of.epoch != s.epochs[of.Group] || of.bytes+n > s.limit/4 {
		return false
	}
	for s.bytes+n > s.limit && s.recent.Len() > 0 {
		s.recent.RemoveOldest()
	}
	if s.bytes+n > s.limit {
		return false
	}
	of.bytes += n
	s.add(n)
	return true
}

// Keep gives the rows of a reading that began at taken, and keeps them once they
// were read to their end. notes are asked for then.
func (s *Store) Keep(rows scan.Rows, t Target, taken time.Time, notes func() []string) scan.Rows {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &reader{Rows: rows, Target: t, store: s, notes: notes, epoch: s.epochs[t.Group], result: &Result{Taken: taken, schema: rows.Schema()}}
}

// reader reads rows and keeps them.
type reader struct {
	scan.Rows
	Target
	store  *Store
	notes  func() []string
	epoch  int64
	result *Result // nil once it is decided
	bytes  int64
}

// Next implements scan.Batches.
func (r *reader) Next(ctx context.Context) (scan.Batch, error) {
	b, err := r.Rows.Next(ctx)
	switch {
	case r.result == nil:
	case err == nil && r.store.room(r, util.TotalRecordSize(b.Record)):
		b.Record.Retain()
		r.result.batches = append(r.result.batches, b.Record)
	case errors.Is(err, io.EOF):
		r.keep()
	default:
		r.giveUp()
	}
	return b, err
}

// Close implements scan.Batches.
func (r *reader) Close() {
	r.giveUp()
	r.Rows.Close()
}

// keep hands the result, which is whole, to the store.
func (r *reader) keep() {
	s := r.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.epoch != s.epochs[r.Group] {
		s.add(-r.bytes)
		r.result = nil
		return
	}
	s.recent.Remove(r.Key)
	r.result.bytes, r.result.Notes = r.bytes, r.notes()
	s.recent.Add(r.Key, &kept{r.Target, r.result})
	r.result = nil
}

// giveUp lets go of what was read so far.
func (r *reader) giveUp() {
	if r.result == nil {
		return
	}
	for _, b := range r.result.batches {
		b.Release()
	}
	r.result = nil
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	r.store.add(-r.bytes)
}

// Rows reads the result.
func (r *Result) Rows() scan.Rows { return &again{Result: r} }

type again struct {
	*Result
	next int
}

// Schema implements scan.Rows.
func (a *again) Schema() *arrow.Schema { return a.schema }

// Next implements scan.Batches.
func (a *again) Next(ctx context.Context) (scan.Batch, error) {
	if err := ctx.Err(); err != nil {
		return scan.Batch{}, context.Cause(ctx)
	}
	if a.next == len(a.batches) {
		return scan.Batch{}, io.EOF
	}
	b := a.batches[a.next]
	a.next++
	b.Retain()
	return scan.Batch{Record: b}, nil
}

// Close implements scan.Batches.
func (*again) Close() {}
