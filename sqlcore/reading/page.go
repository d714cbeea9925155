package reading

import (
	"context"
	"crypto/rand"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Page is the part of a reading that answers one request. It is used by one
// goroutine.
type Page struct {
	store  *Store
	target Target
	ending Ending
	// look is true where Rest has to tell whether rows follow.
	look bool
	r    *reading
	left int64
	// whole is true once all rows of the page were given; follows where a
	// page that looks has rows behind it.
	whole, follows bool
	// forgotten says that the rows behind the page were read and are not kept.
	forgotten bool
	// parked is what the store has of the reading.
	parked *parked
}

// Page starts or goes on with the reading of the target.
func (s *Store) Page(ctx context.Context, t Target, w Want) (*Page, error) {
	r, err := s.find(ctx, t, w)
	if err != nil {
		return nil, err
	}
	p := &Page{store: s, target: t, ending: w.Ending, look: w.Look || w.Ending == Linked, r: r, left: w.Rows}
	if w.Rows <= 0 || w.Optional && !r.Ordered {
		p.left, p.ending = math.MaxInt64, Final
	}
	return p, nil
}

// find takes the reading that waits for this request, or starts another.
func (s *Store) find(ctx context.Context, t Target, w Want) (*reading, error) {
	if w.From == nil {
		if w.Skip == 0 {
			return open(ctx, t, Start{})
		}
		if r := s.take(skippedName(t, w.Skip)); r != nil {
			return r, nil
		}
		r, err := open(ctx, t, Start{})
		if err != nil {
			return nil, err
		}
		if err := r.skip(ctx, w.Skip); err != nil {
			r.close()
			return nil, err
		}
		return r, nil
	}
	if r := s.take(linkedName(t, w.From.ID)); r != nil {
		// Whatever a parked reading fails with, a new one may do better.
		if ok, err := r.reach(ctx, *w.From); ok && err == nil {
			return r, nil
		}
		r.close()
	}
	return reopen(ctx, t, *w.From)
}

// Schema implements scan.Rows.
func (p *Page) Schema() *arrow.Schema { return p.r.Schema() }

// Stream is what the page is read from, as Target.Open gave it.
func (p *Page) Stream() scan.Rows { return p.r.Rows }

// Next implements scan.Batches: the rows of the page. Behind the last one it
// looks whether more follow, where a link would have to lead there or the caller
// wants to know.
func (p *Page) Next(ctx context.Context) (scan.Batch, error) {
	if p.left > 0 {
		b, err := p.r.next(ctx, p.left)
		if err == nil {
			p.left -= b.Record.NumRows()
		}
		p.whole = err == io.EOF //nolint:errorlint // next gives io.EOF itself
		return b, err
	}
	if p.look && !p.whole {
		var err error
		if p.follows, err = p.r.more(ctx); err != nil {
			return scan.Batch{}, err
		}
	}
	p.whole = true
	return scan.Batch{}, io.EOF
}

// More tells, once Next has given io.EOF, whether rows follow a page that looks.
func (p *Page) More() bool { return p.whole && p.follows }

// Rest tells, once Next has given io.EOF, where a next link goes on; ok is
// false where nothing is left for one. What is left is parked at once: a client
// may come back before the answer's last bytes are through.
func (p *Page) Rest() (place Place, ok bool) {
	if !p.whole || p.parked != nil {
		return Place{}, false
	}
	switch p.ending {
	case Linked:
		if !p.follows {
			return Place{}, false
		}
		if p.forgotten {
			return p.r.place, true
		}
		if p.r.place.ID == "" {
			p.r.place.ID = rand.Text()
		}
		place = p.r.place
		p.parked = p.store.park(linkedName(p.target, place.ID), p.target, p.r)
		return place, true
	case Skipped:
		// What a page lacks at the end, the next request skips as well: it has
		// no rows then, and need not be told by reading all again.
		p.parked = p.store.park(skippedName(p.target, p.r.place.Position+p.left), p.target, p.r)
		return Place{}, p.follows
	case Final:
	}
	return Place{}, false
}

// Close implements scan.Batches. What was parked stays so.
func (p *Page) Close() {
	if p.parked == nil {
		p.r.close()
	}
}

// Discard takes back what was parked, after an answer that did not arrive.
func (p *Page) Discard() {
	if p.parked != nil {
		p.store.discard(p.parked)
	}
}
