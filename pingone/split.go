package pingone

import (
	"context"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/array"
	"golang.org/x/sync/errgroup"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// piecewise is the reading of one large part by the first characters of the
// split column.
type piecewise struct {
	// filter is the part's condition, whole the reading without a split.
	filter string
	whole  walk
	// expected is the number of rows, as the service told with the first page.
	expected int64
	asked    map[rune]bool
	got      tally
}

// split begins with the first page of the part without a split, which serves
// twice: its count is what the pieces must add up to, and its rows show which
// characters are frequent. It returns nil where the part was read without a
// split, because it is not so large after all or has no count.
func (d *division) split(ctx context.Context, filter string) (*piecewise, error) {
	s := &piecewise{filter: filter, asked: map[rune]bool{}}
	s.whole = d.walkOf(nil, "", append(slices.Clone(d.req.Filters), filter)...)
	p, err := d.sample(ctx, s.whole)
	if err != nil {
		return nil, err
	}
	if p.next == "" || p.count <= max(d.path.Partition.Above, fewRows) {
		return nil, d.goOn(ctx, d.out, s.whole, p, d.seen)
	}
	s.expected = p.count
	met := newLetters()
	met.watch(p, d.splitColumn())
	p.release()
	n := max(2, min(int64(d.cfg.MaxParallel), (s.expected+d.target/2)/d.target))
	return s, d.pieces(ctx, s, cut(d.splitAttribute(), d.learnt.of(d.table).blend(met), int(n)))
}

// finish completes a split that lacks rows: some begin with a character that
// was not asked for. What the rest of the scan has shown by now comes first,
// then the usual characters of all scripts, then a reading without a split.
func (d *division) finish(ctx context.Context, s *piecewise) error {
	for _, more := range [][]rune{d.learnt.of(d.table).characters(), everyCharacter()} {
		if s.got.complete(s.expected) {
			return nil
		}
		if err := d.pieces(ctx, s, s.notAsked(d.splitAttribute(), more)); err != nil {
			return err
		}
	}
	if s.got.complete(s.expected) {
		return nil
	}
	if d.seen.overflowed() {
		return gwerr.New(gwerr.LimitExceeded, "The rows of this reading can't be proved complete: there are too many to tell repeated ones.",
			"Read fewer rows at a time, for instance one population.")
	}
	return d.walkAll(ctx, d.out, s.whole, d.seen)
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
func (d *division) sample(ctx context.Context, w walk) (page, error) {
	select {
	case d.gate <- struct{}{}:
		defer func() { <-d.gate }()
	case <-ctx.Done():
		return page{}, ctx.Err()
	}
	return d.firstPage(ctx, w)
}

// splitColumn is the place of the split column in pages, -1 if there is none.
func (d *division) splitColumn() int {
	if at, ok := d.shape.decoded[d.path.Partition.Split]; ok {
		return at
	}
	return -1
}

// tally sums up pieces.
type tally struct {
	counts, fresh, repeated int64
	uncounted               bool
}

func (t *tally) add(o tally) {
	t.counts += o.counts
	t.fresh += o.fresh
	t.repeated += o.repeated
	t.uncounted = t.uncounted || o.uncounted
}

// complete reports whether the pieces hold all rows: as many different rows as
// expected came, or their counts, taken at the same time as the expected one
// and of pieces without a common row, add up to it.
func (t *tally) complete(expected int64) bool {
	return t.fresh >= expected || (!t.uncounted && t.repeated == 0 && t.counts == expected)
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
	g, inner := errgroup.WithContext(ctx)
	for _, c := range startsWith(d.splitAttribute(), groups) {
		g.Go(func() error {
			res, err := d.part(inner, "("+s.filter+") and ("+c+")")
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			s.got.add(res)
			return nil
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
