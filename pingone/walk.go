package pingone

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// walk is a collection to be read, page by page.
type walk struct {
	address address
	filter  string
	page    int // rows asked; 0 if the service decides
	// after goes on behind a page of an earlier request, whose rows are not
	// known any more.
	after string
}

const (
	// safePage is the page size that every endpoint takes.
	safePage = 200
	// clockSlack is how far the clocks of the service's machines may be apart:
	// a row changed so shortly before a walk began counts as changed since.
	clockSlack = 2 * time.Second
	// maxPasses bounds how often a collection is read again because its
	// completeness could not be proved.
	maxPasses = 6
	// surePasses is the number of readings after which rows that don't tell when
	// they were changed are taken for all: that new ones come every time proves
	// nothing, and that each reading skipped the same row is next to impossible.
	surePasses = 3
	// maxIdleStarts bounds the starts that bring no new row before the service
	// refuses their cursor.
	maxIdleStarts = 3
)

// reading carries a walk out: it hands each row on once, follows refused cursors
// by starting again, and reads again what it can't prove complete.
//
// A service whose cursor is a place among the rows as they are now repeats
// rows when others are created, and skips rows when others are deleted. That
// PingOne's cursors are of a better kind is not documented.
type reading struct {
	*job
	walk
	// seen holds the rows handed on. Readings that may meet the same rows share
	// it; nil for one of its own.
	seen *distinct
	// begun overrides the time since which changed rows prove nothing, where
	// the proof is about more than this reading.
	begun time.Time
	// single says that one pass is enough: the caller has a proof of its own.
	single bool
	// first is the first page where that was read already.
	first *page
	// watch is shown every page.
	watch func(p page)
	cred  credential
	// repeated is true once the collection is read again: by calls of its own.
	repeated bool
}

// handOn delivers those rows of a page that were not seen before. The cursor
// continues behind the page; "" where it can't.
type handOn func(ctx context.Context, p page, ranges [][2]int, cursor string) error

// read reads the collection to its end. Errors of each end it.
func (r *reading) read(ctx context.Context, each handOn) (tally, error) {
	shared := r.seen != nil && !r.single
	if r.seen == nil {
		r.seen = newDistinct()
	}
	var found int64     // by passes that ended early
	var first time.Time // when the first pass began
	passes, idle := 0, 0
	for again := false; ; again = true {
		own := r.seen
		if shared || again && !r.single {
			own = newDistinct()
		}
		t, err := r.pass(ctx, own, first, each)
		if !again {
			first = t.since
		}
		if r.single {
			t.old += found
			found = t.old
		}
		switch {
		case errors.Is(err, errCursor) && r.after == "":
			if t.fresh > 0 {
				idle = 0
			}
			if idle++; idle > maxIdleStarts || r.seen.overflowed() {
				return t, gwerr.Wrap(gwerr.UpstreamFailed, err, "PingOne ended the reading of a collection before its last page, again and again.",
					"Read less at a time, for instance one population.")
			}
			r.again(ctx, "cursor")
			continue
		case err != nil:
			return t, err
		}
		if t.repeated > 0 || again && t.lost > 0 {
			r.learnt.shifts.Store(true)
		}
		passes++
		switch {
		case r.single || r.after != "" || r.seen.overflowed() || t.complete(r.learnt.shifts.Load()):
			return t, nil
		case passes > 1 && t.lost == 0, passes == surePasses && !t.stamped:
			return t, nil // all readings of all pages brought the same rows
		}
		if passes == maxPasses {
			return t, gwerr.New(gwerr.UpstreamFailed, "The directory changed so much while it was read that no reading could be proved complete.",
				"Try again when fewer changes are made, or read less at a time.")
		}
		r.again(ctx, "changed")
	}
}

// again reads the collection once more.
func (r *reading) again(ctx context.Context, reason string) {
	r.repeated = true
	r.job.again(ctx, reason)
}

// again tells that something is read once more.
func (j *job) again(ctx context.Context, reason string) {
	j.cfg.Sink.Observe(ctx, observe.ReadAgain{Table: j.table.Name, Reason: reason})
}

// pass reads all pages once. own holds the rows of this pass alone, first is
// when the first one began.
func (r *reading) pass(ctx context.Context, own *distinct, first time.Time, each handOn) (tally, error) {
	t := tally{count: -1, steady: true, stamped: r.shape.changed >= 0, since: r.begun, first: first}
	d := r.shape.decoder()
	defer r.shape.idle.Put(d)
	at, mark := r.start(), ""
	for {
		p, err := r.next(ctx, d, at, &t)
		if err != nil {
			return t, err
		}
		next := p.next
		t.see(&p)
		ranges, n := r.seen.fresh(p, r.shape.key)
		t.fresh += int64(n)
		t.lost += t.unchanged(p, ranges, r.shape.changed, t.first)
		mine := ranges
		if own != r.seen {
			mine, n = own.fresh(p, r.shape.key)
		}
		t.rows += int64(n)
		t.repeated += int64(p.rows - n)
		t.old += t.unchanged(p, mine, r.shape.changed, t.since)
		if r.watch != nil {
			r.watch(p)
		}
		cursor := next
		if !first.IsZero() {
			cursor = "" // what comes now is behind every page of the first pass
		}
		err = each(ctx, p, ranges, cursor)
		p.release()
		if err != nil || next == "" {
			return t, err
		}
		// Brent's way to tell a circle of links from a long chain of them.
		if next == at.String() || next == mark {
			return t, gwerr.New(gwerr.UpstreamRejected, "PingOne's answers continue in a circle; reading them would never end.", "")
		}
		if t.pages&(t.pages-1) == 0 {
			mark = next
		}
		at = fromCursor(next)
	}
}

// start is the address of a pass's first call.
func (r *reading) start() address {
	if r.after != "" {
		return fromCursor(r.after)
	}
	return r.walk.first(r.quota.want(r.page))
}

// next gives the page at an address; the first one may be there already.
func (r *reading) next(ctx context.Context, d *decoder, at address, t *tally) (page, error) {
	if p := r.first; p != nil {
		r.first = nil
		return *p, nil
	}
	begin := t.pages == 0
	p, err := r.fetch(ctx, d, at, begin)
	if begin && r.after == "" && r.page > safePage && refusedWith(err, http.StatusBadRequest) {
		// Larger pages than this are not documented everywhere.
		r.page = safePage
		p, err = r.fetch(ctx, d, r.start(), begin)
	}
	return p, err
}

// first is the address of the first call of a walk.
func (w walk) first(limit int) address {
	at := w.address
	if w.filter != "" {
		at = at.with("filter", w.filter)
	}
	return at.withLimit(limit)
}

// begin reads the first page, which the caller owns unless it is given to
// read.
func (r *reading) begin(ctx context.Context) (page, error) {
	d := r.shape.decoder()
	defer r.shape.idle.Put(d)
	return r.next(ctx, d, r.start(), &tally{})
}

// fetch reads one page; its next link was checked and is relative.
func (r *reading) fetch(ctx context.Context, d *decoder, at address, begin bool) (p page, err error) {
	var served time.Time
	q := call{
		address: at, endpoint: r.path.Endpoint, group: cmp.Or(r.path.Group, r.table.Group, groupConfiguration), bulk: r.req.Bulk, plain: r.req.Few || r.path.Get != "", missing: r.path.Missing,
		permission: r.table.Permission, filter: r.filter, resumed: begin && r.after != "", later: !begin, cred: &r.cred, served: &served,
	}
	found, err := r.get(ctx, d, q, &p)
	if err != nil || !found || p.next == "" {
		return p, err
	}
	link, err := r.client.relative(p.next)
	if err != nil {
		p.release()
		return page{}, err
	}
	if link.path != r.address.path {
		p.release()
		return page{}, gwerr.New(gwerr.UpstreamRejected, "PingOne's answer continues with another collection; it was not followed.", "")
	}
	p.next = link.String()
	return p, nil
}

// told is an answer to a call, kept for other readings.
type told struct {
	body   []byte
	served time.Time
	found  bool
}

// get makes a call, unless it is for a collection that comes whole, or that two
// readings share, and another reading of the same request has just got it.
func (r *reading) get(ctx context.Context, d *decoder, q call, p *page) (found bool, err error) {
	keep := r.path.List != "" && (r.page == 0 || r.req.Shared) && !r.repeated
	read := func() (told, int, error) {
		t := told{}
		t.found, err = r.client.get(ctx, q, func(body []byte) (err error) {
			if keep {
				t.body = append(t.body[:0], body...)
			}
			*p, err = d.decode(body)
			return err
		})
		t.served, p.served = *q.served, *q.served
		return t, len(t.body), err
	}
	if !keep {
		t, _, err := read()
		return t.found, err
	}
	t, shared, err := scan.Once(ctx, q.address.String(), read)
	if !shared || err != nil || !t.found {
		return t.found, err
	}
	*p, err = d.decode(t.body)
	p.served = t.served
	return true, err
}

// tally is what one pass showed of a collection.
type tally struct {
	// since is the service's time when the first page was answered; zero if it
	// did not tell.
	since time.Time
	// count is the number of rows by the first page, -1 if it did not tell, and
	// steady whether all pages told the same.
	count  int64
	steady bool
	// stamped rows tell when they were changed.
	stamped bool
	pages   int64
	// rows of the pass without repeated ones, old of them unchanged since.
	rows, old int64
	// repeated rows came twice in this pass.
	repeated int64
	// fresh rows no reading had handed on before; lost of them had been there
	// unchanged since the first pass began, which was at first.
	fresh, lost int64
	first       time.Time
}

// see notes what a page says of the collection.
func (t *tally) see(p *page) {
	if t.pages++; t.pages == 1 {
		t.count = p.count
		if t.since.IsZero() {
			t.since = p.served
		}
		if t.first.IsZero() {
			t.first = t.since
		}
	}
	t.steady = t.steady && p.count == t.count
}

// unchanged counts the rows in ranges that have not changed since a time; all of
// them where that can't be told.
func (t *tally) unchanged(p page, ranges [][2]int, changed int, since time.Time) (n int64) {
	var stamps *array.Timestamp
	if changed >= 0 && !since.IsZero() {
		stamps, _ = p.arrays[changed].(*array.Timestamp)
	}
	limit := since.Add(-clockSlack).UnixMilli()
	for _, r := range ranges {
		for i := r[0]; i < r[1]; i++ {
			if stamps != nil && stamps.IsNull(i) {
				t.stamped = false
			}
			if stamps == nil || stamps.IsNull(i) || int64(stamps.Value(i)) < limit {
				n++
			}
		}
	}
	return n
}

// complete reports whether the pass is proved to hold every row that was there
// throughout. What fits one page was read at one moment. Else as many rows came
// as there were at the beginning, and these had all been there: rows created
// or changed since prove nothing. Without stamps, counts that never changed
// stand in. Without counts there is no proof; then signs of change are all that
// can be minded, and whether pages of this service ever shifted.
func (t *tally) complete(shifts bool) bool {
	still := t.repeated == 0 && (!t.stamped || t.since.IsZero() || t.old == t.rows)
	switch {
	case t.pages <= 1:
		return true
	case t.count < 0:
		return still && !shifts
	case t.stamped && !t.since.IsZero():
		return t.old >= t.count
	default:
		return still && t.steady && t.rows == t.count
	}
}

// fromCursor reads the text of a cursor or relative link.
func fromCursor(text string) address {
	path, query, _ := strings.Cut(text, "?")
	return address{path: path, query: query}
}
