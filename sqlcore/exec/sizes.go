package exec

import (
	"context"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// sizer asks the source for tables' sizes and believes the answers for a
// while. Sizes only choose between paths, so an old one does no harm.
type sizer struct {
	source scan.Source
	ttl    time.Duration
	now    func() time.Time

	mu    sync.Mutex
	known map[catalog.Place]sized
}

type sized struct {
	rows  int64
	parts int64 // rows of the table that the sizes stand in
	known bool
	at    time.Time
}

// Size implements plan.Sizer.
func (s *sizer) Size(ctx context.Context, t *catalog.Table) (int64, bool) {
	if t.Size == nil || t.Schema == nil {
		return 0, false
	}
	if k, ok := s.remembered(t); ok {
		return k.rows, k.known
	}
	one, err := s.ask(ctx, t)
	if err != nil && !gwerr.Is(err, gwerr.UpstreamForbidden) {
		// The query itself will meet the error, if it is one that stays.
		return 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) > 10_000 {
		clear(s.known)
	}
	one.at = s.now()
	s.known[t.Place()] = one
	return one.rows, one.known
}

// learn takes the size of a table from its rows.
func (s *sizer) learn(t *catalog.Table, all []scan.Batch) {
	if _, known := s.remembered(t); known || t.Schema == nil {
		return
	}
	one := sized{known: true, at: s.now()}
	for _, b := range all {
		one.rows += b.Record.NumRows()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[t.Place()] = one
}

// Peek implements plan.Sizer.
func (s *sizer) Peek(t *catalog.Table) (int64, bool) {
	if t.Schema == nil {
		return 0, false
	}
	k, _ := s.remembered(t)
	return k.rows, k.known
}

// Parts implements plan.Sizer.
func (s *sizer) Parts(t *catalog.Table) int64 {
	if t.Schema == nil {
		return 0
	}
	k, _ := s.remembered(t)
	return k.parts
}

// remembered is the last answer, if it is young enough; it may be that nobody
// knows.
func (s *sizer) remembered(t *catalog.Table) (sized, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.known[t.Place()]
	if !ok || s.now().Sub(k.at) > s.ttl {
		return sized{}, false
	}
	return k, true
}

// ask reads a size from where the table declares it.
func (s *sizer) ask(ctx context.Context, t *catalog.Table) (out sized, err error) {
	if path := t.Path(t.Size.Path); path != nil {
		out.rows, out.known, err = s.source.Count(ctx, scan.Request{Table: t, Path: path})
		return out, err
	}
	from, ok := t.Schema.Table(t.Size.Table)
	if !ok || from.Listing() == nil {
		return out, nil
	}
	batches, err := s.source.Scan(ctx, scan.Request{Table: from, Path: from.Listing(), Columns: []int{from.Index(t.Size.Column)}})
	if err != nil {
		return out, err
	}
	out.known = true
	err = scan.Each(ctx, batches, func(rec arrow.RecordBatch) error {
		n, whole := sum(rec.Column(0))
		out.rows, out.parts, out.known = out.rows+n, out.parts+rec.NumRows(), out.known && whole
		return nil
	})
	if err != nil {
		return sized{}, err
	}
	return out, nil
}

// sum adds up integers; it is not whole where one is missing.
func sum(column arrow.Array) (total int64, whole bool) {
	numbers, ok := column.(*array.Int64)
	if !ok {
		return 0, false
	}
	for i := range numbers.Len() {
		total += numbers.Value(i)
	}
	return total, numbers.NullN() == 0
}
