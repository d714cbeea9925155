package exec

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Stats collects what a query cost. It is filled while the query runs.
type Stats struct {
	fetched, pushed, residual atomic.Int64

	mu    sync.Mutex
	notes []string
}

// maxNotes bounds the notes of a query.
const maxNotes = 100

// Notes tell what of its tables the answer is about, where that is less than all.
func (s *Stats) Notes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.notes)
}

func (s *Stats) note(texts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range texts {
		if len(s.notes) < maxNotes && !slices.Contains(s.notes, text) {
			s.notes = append(s.notes, text)
		}
	}
}

// Fetched is the number of rows that came from the source.
func (s *Stats) Fetched() int64 { return s.fetched.Load() }

// Pushed is the number of conditions that the source evaluated.
func (s *Stats) Pushed() int { return int(s.pushed.Load()) }

// Residual is the number of conditions that were evaluated here.
func (s *Stats) Residual() int { return int(s.residual.Load()) }

type statsKey struct{}

// WithStats returns a context under which queries are added up.
func WithStats(ctx context.Context) (context.Context, *Stats) {
	s := &Stats{}
	return context.WithValue(ctx, statsKey{}, s), s
}

// noteIn adds a note on the answer to the context's statistics.
func noteIn(ctx context.Context, text string) {
	if s, ok := ctx.Value(statsKey{}).(*Stats); ok {
		s.note(text)
	}
}

// account adds a read to the context's statistics.
func account(ctx context.Context, r *plan.Read) *Stats {
	s, ok := ctx.Value(statsKey{}).(*Stats)
	if !ok {
		return &Stats{}
	}
	s.note(r.Scope...)
	s.pushed.Add(int64(len(predicate.Conjuncts(r.Pushed)) + len(r.DrivenBy)))
	s.residual.Add(int64(len(predicate.Conjuncts(r.Residual))))
	return s
}

// tallied counts the rows of a stream.
type tallied struct {
	scan.Batches
	stats    *Stats
	endpoint string
}

// Next implements scan.Batches.
func (t tallied) Next(ctx context.Context) (scan.Batch, error) {
	b, err := t.Batches.Next(ctx)
	if b.Record != nil {
		t.stats.fetched.Add(b.Record.NumRows())
		observe.TraceOf(ctx).Rows(t.endpoint, b.Record.NumRows())
	}
	return b, err
}
