package pingone

import (
	"context"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
)

// piecewise is the reading of one large part by the first characters of the
// split column.
type piecewise struct {
	// filter is the part's condition.
	filter string
	// expected is the number of rows when the reading began, as the service told
	// with the first page at begun; old is how many of them the pieces found.
	expected int64
	begun    time.Time
	old      int64
	asked    map[rune]bool
	// untold is true once a row did not tell when it was changed.
	untold bool
}

func (s *piecewise) complete() bool { return !s.untold && s.old >= s.expected }

// split begins with the first page of the part without a split, which serves
// twice: its count is what the pieces must add up to, and its rows show which
// characters are frequent. It returns nil where the part was read without a
// split: it is not so large after all, or there is nothing to prove the pieces
// complete with.
func (d *division) split(ctx context.Context, filter string) (*piecewise, error) {
	r := d.reading(filter)
	p, err := d.sample(ctx, r)
	if err != nil {
		return nil, err
	}
	provable := !p.served.IsZero() && d.shape.changed >= 0 && !d.learnt.restless(d.table, filter, d.cfg.Clock.Now())
	if p.next == "" || p.count <= max(d.path.Partition.Above, fewRows) || !provable {
		r.first = &p
		_, err := d.part(ctx, r)
		return nil, err
	}
	s := &piecewise{filter: filter, asked: map[rune]bool{}, expected: p.count, begun: p.served}
	met := newLetters()
	met.watch(p, d.splitColumn())
	p.release()
	n := max(2, min(int64(d.cfg.MaxParallel), (s.expected+d.target/2)/d.target))
	err = d.pieces(ctx, s, cut(d.splitAttribute(), d.learnt.of(d.table).blend(met), int(n)))
	if refusedFilter(err) {
		d.learnt.unrest(d.table, filter, d.cfg.Clock.Now())
		_, err = d.part(ctx, d.reading(filter))
		return nil, err
	}
	return s, err
}

// finish completes a split that lacks rows: some begin with a character that
// was not asked for, or changed meanwhile. What the rest of the scan has shown
// by now comes first, then the usual characters of all scripts, then a reading
// without a split. Where that shows no character that was not asked for, changes
// were the reason; then the part is not split for a while.
func (d *division) finish(ctx context.Context, s *piecewise) error {
	for _, more := range [][]rune{d.learnt.of(d.table).characters(), everyCharacter()} {
		if s.complete() {
			return nil
		}
		if err := d.pieces(ctx, s, s.notAsked(d.splitAttribute(), more)); err != nil && !refusedFilter(err) {
			return err
		}
	}
	if s.complete() {
		return nil
	}
	if d.seen.overflowed() {
		return gwerr.New(gwerr.LimitExceeded, "The rows of this reading can't be proved complete: there are too many to tell repeated ones.",
			"Read fewer rows at a time, for instance one population.")
	}
	d.again(ctx, "split")
	before := d.learnt.of(d.table)
	if _, err := d.part(ctx, d.reading(s.filter)); err != nil {
		return err
	}
	if !d.learnt.of(d.table).more(before) {
		d.learnt.unrest(d.table, s.filter, d.cfg.Clock.Now())
	}
	return nil
}

// notAsked groups the characters that no piece has asked for yet.
func (s *piecewise) notAsked(attribute string, characters []rune) [][]rune {
	weights := map[rune]float64{}
	var open []rune
	for _, r := range characters {
		if !s.asked[r] {
			weights[r] = 1
			open = append(open, r)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return cut(attribute, weights, groupsFor(attribute, open))
}

func (d *division) splitAttribute() string { return d.path.Filters[d.path.Partition.Split].Attribute }

// sample reads the first page without a cut, through the gate.
func (d *division) sample(ctx context.Context, r *reading) (page, error) {
	select {
	case d.gate <- struct{}{}:
		defer func() { <-d.gate }()
	case <-ctx.Done():
		return page{}, ctx.Err()
	}
	return r.begin(ctx)
}

// splitColumn is the place of the split column in pages, -1 if there is none.
func (d *division) splitColumn() int {
	if at, ok := d.shape.decoded[d.path.Partition.Split]; ok {
		return at
	}
	return -1
}

// pieces reads the rows that begin with each group of characters, the groups
// side by side.
func (d *division) pieces(ctx context.Context, s *piecewise, groups [][]rune) error {
	for _, group := range groups {
		for _, r := range group {
			s.asked[r] = true
		}
	}
	var mu sync.Mutex
	g, inner := safely.NewGroup(ctx, d.cfg.Sink, observe.InScan)
	for _, c := range startsWith(d.splitAttribute(), groups) {
		g.Go(func() error {
			r := d.reading("(" + s.filter + ") and (" + c + ")")
			r.begun, r.single = s.begun, true
			t, err := d.part(inner, r)
			mu.Lock()
			defer mu.Unlock()
			s.old += t.old
			s.untold = s.untold || !t.stamped
			return err
		})
	}
	return g.Wait()
}

// watch counts the first characters of a page's column.
func (l *letters) watch(p page, column int) {
	if p.rows == 0 || column < 0 {
		return
	}
	texts, ok := p.arrays[column].(*array.String)
	if !ok {
		return
	}
	for i := range texts.Len() {
		if texts.IsValid(i) {
			l.meet(texts.Value(i))
		}
	}
}
