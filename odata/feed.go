package odata

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

const (
	// writeBytes is the size at which encoded rows are handed on.
	writeBytes = 64 << 10
	// flushBytes is the size above which rows are sent before the next batch is
	// waited for; below it, an answer may still be whole.
	flushBytes = 4 << 10
)

// feed is a collection being answered.
type feed struct {
	*request
	link predicate.Expr
	// empty says that a navigation on the way leads nowhere.
	empty bool
	// page is the number of rows after which a next link ends the answer, 0 for
	// none; limit what $top leaves, negative without.
	page, limit int64
	count       int64
	sent        int64
	// most is the number of rows that the answer has at most, 0 where that isn't known.
	most int64
	// last is the number of rows behind which nothing is waited for, 0 where that isn't
	// known.
	last int64
	// countedLast says that the count is known when all rows are sent, and not before;
	// countedInRows that each row tells it.
	countedLast, countedInRows bool

	rows    reading.Rows
	encoder *encode.Rows
	buf     []byte
}

func (q *request) feed(ctx context.Context) error {
	f := q.newFeed()
	var err error
	if f.link, err = q.follow(ctx); errors.Is(err, errNoTarget) {
		f.empty = true
	} else if err != nil {
		return err
	}
	if q.r.Method == http.MethodHead {
		q.head(http.StatusOK, q.format.contentType(q.version))
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	counted, err := f.startCount(ctx)
	if err != nil {
		return err
	}
	defer f.close()
	first, err := f.start(ctx)
	done := errors.Is(err, io.EOF)
	if err != nil && !done {
		stop()
		return cmp.Or(err, <-counted)
	}
	if err = <-counted; err == nil {
		err = f.takeCount(ctx, first, done)
	}
	if err != nil {
		if !done {
			first.Record.Release()
		}
		return err
	}
	if f.file != nil {
		return f.sendFile(ctx, first, done)
	}
	return f.send(ctx, first, done)
}

// newFeed decides on the page's size.
func (q *request) newFeed() *feed {
	f := &feed{request: q, limit: -1, count: -1, page: q.h.cfg.PageRows}
	if q.resource.Top != nil {
		f.limit = *q.resource.Top
	}
	if c := q.from; c != nil {
		f.limit, f.count, f.page = c.Remaining, c.Count, c.Page
	}
	if q.prefer.pageRows > 0 {
		f.page = q.prefer.pageRows
	}
	if q.file != nil {
		f.page = 0 // it has no place for a next link
	}
	return f
}

// want is the part of the rows that this answer has, and limit the number of
// rows of the query, negative for all. Where the feed goes on in another
// request, its rows must have the same order there; a feed that is expected to
// fit the page that nobody has asked for may come in any.
func (f *feed) want() (w reading.Want, limit int64) {
	w, limit = reading.Want{Rows: f.page, Ending: reading.Linked}, -1
	// Who writes $skip=0 will write larger ones.
	first := f.from == nil && f.resource.Skip == nil
	switch {
	case f.from != nil:
		w.From = &f.from.Place
	case !first:
		w.Skip = *f.resource.Skip
	}
	switch {
	case f.limit < 0:
		w.Optional = first && f.prefer.pageRows == 0
		if f.page == 0 {
			w.Ending = reading.Final
		}
	case f.page > 0 && f.page < f.limit:
	case f.resource.ByEngine() && first:
		// The engine keeps the first rows alone; they are the same every time.
		w.Rows, w.Ending, limit = f.limit, reading.Final, f.limit
	default:
		w.Rows, w.Ending = f.limit, reading.Skipped
	}
	return w, limit
}

// start runs the query up to its first batch with rows, so that an error
// before it still gives a status. io.EOF says that there are no rows.
func (f *feed) start(ctx context.Context) (scan.Batch, error) {
	want, limit := f.want()
	var key []int
	if want.Ending == reading.Linked || f.from != nil {
		key = f.resource.Identify()
	}
	if !want.Optional {
		f.most = want.Rows
		if want.Ending != reading.Linked {
			f.last = want.Rows
		}
	}
	if f.empty || f.limit == 0 {
		return scan.Batch{}, io.EOF
	}
	bound, err := f.resource.Rows(ctx, f, f.link, limit)
	if err != nil {
		return scan.Batch{}, err
	}
	if bound.Empty {
		return scan.Batch{}, io.EOF
	}
	if f.rows, err = f.Page(ctx, bound, key, want); err != nil {
		return scan.Batch{}, err
	}
	if f.file == nil { // while the source is asked
		f.encoder = encode.NewRows(f.entityOf(f.resource), f.encoding())
	}
	batch, err := firstRow(ctx, f.rows)
	if errors.Is(err, io.EOF) && f.from == nil {
		if missing := f.exists(ctx); missing != nil {
			return scan.Batch{}, missing
		}
	}
	return batch, err
}

func (f *feed) close() {
	if f.rows != nil {
		f.rows.Close()
	}
	if f.encoder != nil {
		f.encoder.Release()
		f.encoder = nil
	}
}

// send writes the feed. From here on an error breaks the answer off.
func (f *feed) send(ctx context.Context, batch scan.Batch, done bool) error {
	defer f.begin()()
	var err error
	for !done {
		if batch, done, err = f.gather(ctx, batch); err != nil {
			return err
		}
		if err := f.sendBatch(ctx, f.resource, batch); err != nil {
			return err
		}
		if done {
			break
		}
		if f.sent != f.last {
			if err := f.flush(); err != nil {
				return err
			}
		}
		batch, err = firstRow(ctx, f.rows)
		if done = errors.Is(err, io.EOF); err != nil && !done {
			return err
		}
	}
	f.request.rows = f.sent
	next, err := f.next(ctx)
	if err != nil {
		return err
	}
	late := int64(-1)
	if f.countedLast {
		late = f.count
	}
	f.buf = encode.AppendFeedTail(f.buf, f.encoding(), late, next, f.deltaLink(next))
	err = f.finish()
	if err != nil && f.rows != nil {
		f.rows.Discard()
	}
	return err
}

// begin writes the head of the answer into a buffer, which is to be released.
func (f *feed) begin() (release func()) {
	buffer := buffers.Get().(*[]byte)
	f.buf = encode.AppendFeedHead((*buffer)[:0], f.encoding(), f.context(), f.count)
	return func() { keepBuffer(buffer, f.buf) }
}

// finish sends what is left of the answer.
func (f *feed) finish() error {
	if !f.started {
		return f.whole(http.StatusOK, f.format.contentType(f.version), f.buf)
	}
	f.lateNotes()
	return f.write(f.buf)
}

// lateNotes sends the notes behind the rows, where the head has others.
func (f *feed) lateNotes() {
	if all := query.NotesText(f.Notes()); f.started && all != f.notes {
		f.w.Header().Set(http.TrailerPrefix+query.NotesHeader, all)
	}
}

// sendBatch writes the rows of a batch, which are r's.
func (f *feed) sendBatch(ctx context.Context, r *model.Resource, batch scan.Batch) error {
	defer batch.Record.Release()
	if err := f.Returned(batch.Record.NumRows()); err != nil {
		return err
	}
	if err := f.encoder.Bind(batch.Record); err != nil {
		return err
	}
	inline, err := f.inline(ctx, r, batch.Record)
	if err != nil {
		return err
	}
	for row := range int(batch.Record.NumRows()) {
		if f.sent > 0 {
			f.buf = append(f.buf, ',')
		}
		if f.buf, err = f.encoder.Append(f.buf, row, nil, inline); err != nil {
			return err
		}
		f.sent++
		if len(f.buf) >= writeBytes {
			if err := f.hand(); err != nil {
				return err
			}
		}
	}
	return nil
}

// hand writes the rows encoded so far.
func (f *feed) hand() error {
	if !f.started {
		f.head(http.StatusOK, f.format.contentType(f.version))
	}
	err := f.write(f.buf)
	f.buf = f.buf[:0]
	return err
}

// flush sends the rows encoded so far before a wait.
func (f *feed) flush() error {
	if len(f.buf) < flushBytes {
		return nil
	}
	if err := f.hand(); err != nil {
		return err
	}
	// A writer that can't flush sends when its buffer is full.
	_ = http.NewResponseController(f.w).Flush()
	return nil
}

// next is the link to the page behind the rows sent, "" if there is none.
func (f *feed) next(ctx context.Context) (_ string, err error) {
	if f.countedLast {
		if f.count, err = f.lateCount(ctx); err != nil {
			return "", err
		}
	}
	if f.rows == nil {
		return "", nil
	}
	place, ok := f.rows.Rest()
	if !ok {
		return "", nil
	}
	c := continuation{Issued: f.now, Page: f.page, Remaining: -1, Count: f.count, InRows: f.countedInRows, Tracked: f.tracked != nil, Place: place}
	if f.limit >= 0 {
		c.Remaining = f.limit - f.sent
	}
	return f.nextLink(c), nil
}
