package pingone

import (
	"context"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/array"
	"golang.org/x/sync/errgroup"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// split reads one large part by the first characters of the split column. The
// first page without a cut serves twice: its count is what the pieces must add
// up to, and its rows show which characters are frequent.
func (d *division) split(ctx context.Context, filter string, size int64) error {
	whole := d.walkOf(nil, "", append(append([]string(nil), d.req.Filters...), filter)...)
	p, err := d.sample(ctx, whole)
	if err != nil {
		return err
	}
	if p.next == "" || p.count <= max(d.path.Partition.Above, fewRows) {
		return d.goOn(ctx, d.out, whole, p, d.seen)
	}
	expected := p.count
	seen := newLetters()
	seen.watch(p, d.splitColumn())
	p.release()

	attribute := d.path.Filters[d.path.Partition.Split].Attribute
	known := d.learnt.of(d.table)
	pieces := cut(known.blend(seen), int(max(2, min(int64(d.cfg.MaxParallel), (expected+d.target/2)/d.target))))
	got, err := d.pieces(ctx, filter, startsWith(attribute, pieces))
	if err != nil || got.complete(expected) {
		return err
	}
	// Some rows begin with a character of no piece: try the rarer scripts.
	more, err := d.pieces(ctx, filter, startsWith(attribute, rareScripts))
	got.add(more)
	if err != nil || got.complete(expected) {
		return err
	}
	if d.seen.overflowed() {
		return gwerr.New(gwerr.LimitExceeded, "The rows of this reading can't be proved complete: there are too many to tell repeated ones.",
			"Read fewer rows at a time, for instance one population.")
	}
	return d.walkAll(ctx, d.out, whole, d.seen)
}

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

func (d *division) splitColumn() int { return d.shape.decoded[d.path.Partition.Split] }

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

// pieces reads the parts of a split side by side.
func (d *division) pieces(ctx context.Context, filter string, conditions []string) (tally, error) {
	var mu sync.Mutex
	var t tally
	g, inner := errgroup.WithContext(ctx)
	for _, c := range conditions {
		g.Go(func() error {
			met := newLetters()
			res, err := d.part(inner, "("+filter+") and ("+c+")", func(p page) { met.watch(p, d.splitColumn()) })
			if err != nil {
				return err
			}
			d.learnt.learn(d.table, met)
			mu.Lock()
			defer mu.Unlock()
			t.add(tally{counts: res.count, fresh: res.fresh, repeated: res.rows - res.fresh, uncounted: res.count < 0})
			return nil
		})
	}
	return t, g.Wait()
}

// watch counts the first characters of a page's column.
func (l *letters) watch(p page, column int) {
	if p.rows == 0 {
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
