package odata

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

const (
	// writeBytes is the size at which encoded rows are handed on.
	writeBytes = 32 << 10
	// flushBytes is the size above which rows are sent before the next batch is
	// waited for; below it, an answer may still be whole.
	flushBytes = 4 << 10
	// maxKeptBytes bounds the buffers that wait for another feed.
	maxKeptBytes = 256 << 10
)

// buffers are reused by feeds.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 2*writeBytes); return &b }}

// feed is a collection being answered.
type feed struct {
	*request
	link predicate.Expr
	// empty says that a navigation on the way leads nowhere.
	empty bool
	// page is the number of rows after which a next link ends the answer, 0 for
	// none; limit what $top leaves, negative without.
	page, limit int64
	// offset rows are left out; they count towards continuations without
	// cursor.
	offset int64
	count  int64

	// anchor is the last known cursor, and behind the rows since.
	anchor string
	behind int64
	sent   int64

	rows Rows
	// batches were sent or begun; ahead is one that was read early.
	batches  int
	ahead    *scan.Batch
	aheadEOF bool

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
	counted := f.startCount(ctx)
	defer f.close()
	first, err := f.start(ctx)
	done := errors.Is(err, io.EOF)
	if err != nil && !done {
		stop()
		return cmp.Or(err, <-counted)
	}
	if err := <-counted; err != nil {
		if !done {
			first.Record.Release()
		}
		return err
	}
	return f.send(ctx, first, done)
}

// newFeed decides on the page: where it starts, and where it ends.
func (q *request) newFeed() *feed {
	f := &feed{request: q, limit: -1, count: -1, offset: q.resource.Skip, page: q.prefer.pageRows}
	if q.resource.Top != nil {
		f.limit = *q.resource.Top
	}
	if f.page == 0 && !q.resource.Sorted {
		f.page = q.h.cfg.PageRows
	}
	if c := q.from; c != nil {
		f.limit, f.count, f.offset, f.anchor, f.behind = c.Remaining, c.Count, c.Offset, c.Cursor, c.Skip
		if q.prefer.pageRows == 0 {
			f.page = c.Page
		}
	}
	if f.page > 0 && f.limit >= 0 && f.limit <= f.page {
		f.page = 0
	}
	return f
}

// queryLimit is the number of rows that the query may give: one more than a
// sorted page has, to know whether another follows.
func (f *feed) queryLimit() int64 {
	if f.resource.Sorted && f.page > 0 {
		return f.page + 1
	}
	return f.limit
}

// startCount counts beside the query, where that is asked for on a first page.
// The channel gives one error or nil.
func (f *feed) startCount(ctx context.Context) <-chan error {
	done := make(chan error, 1)
	if !f.resource.CountWanted || f.from != nil {
		done <- nil
		return done
	}
	f.count = 0
	counting := f.resource.CountQuery(f.link)
	if f.empty || counting.Empty {
		done <- nil
		return done
	}
	go func() {
		n, err := f.h.cfg.Executor.Count(ctx, counting)
		f.count = n
		done <- err
	}()
	return done
}

// start runs the query up to its first batch with rows, so that an error
// before it still gives a status. io.EOF says that there are no rows.
func (f *feed) start(ctx context.Context) (scan.Batch, error) {
	bound := f.resource.Query(f.link, model.Page{Offset: f.offset, Limit: f.queryLimit()})
	if f.empty || bound.Empty {
		return scan.Batch{}, io.EOF
	}
	o := ExecOptions{PageRows: f.stop()}
	if f.anchor != "" {
		o.Resume, o.Skip = f.anchor, f.behind
	}
	var err error
	if f.rows, err = f.h.cfg.Executor.Query(ctx, bound, o); err != nil {
		return scan.Batch{}, err
	}
	batch, err := f.nextWithRows(ctx)
	if errors.Is(err, io.EOF) && f.from == nil {
		if missing := f.exists(ctx); missing != nil {
			return scan.Batch{}, missing
		}
	}
	return batch, err
}

// stop is the number of rows after which the feed goes on in another request:
// at the page's end, or where a client pages by itself with $top and $skip,
// which needs the same order every time.
func (f *feed) stop() int64 {
	switch {
	case f.page > 0:
		return f.page
	case f.limit > 0:
		return f.limit
	case f.offset > 0:
		return 1
	default:
		return 0
	}
}

// nextWithRows returns the next batch that has rows; cursors of empty batches
// are remembered.
func (f *feed) nextWithRows(ctx context.Context) (scan.Batch, error) {
	if ahead := f.ahead; ahead != nil {
		f.ahead = nil
		return *ahead, nil
	}
	if f.aheadEOF {
		return scan.Batch{}, io.EOF
	}
	for {
		batch, err := f.rows.Next(ctx)
		if err != nil || batch.Record.NumRows() > 0 {
			return batch, err
		}
		batch.Record.Release()
		f.pass(batch.Cursor, 0)
	}
}

// pass moves the anchor behind a batch.
func (f *feed) pass(cursor string, rows int64) {
	if cursor != "" {
		f.anchor, f.behind = cursor, 0
		return
	}
	f.behind += rows
}

// checkCut decides whether the feed can go on in the middle of this batch: where
// cursors say that a second reading gives the same order, where the rows are
// sorted, or where one batch is all there is. Otherwise the page size is given
// up and the feed sent whole, since rows could be lost between its pages.
func (f *feed) checkCut(ctx context.Context, cursor string) error {
	if f.anchor != "" || cursor != "" || f.resource.Sorted {
		return nil
	}
	if f.batches == 1 {
		batch, err := f.nextWithRows(ctx)
		if errors.Is(err, io.EOF) {
			f.aheadEOF = true
			return nil
		}
		if err != nil {
			return err
		}
		f.ahead = &batch
	}
	f.page, f.prefer.pageRows = 0, 0
	return nil
}

func (f *feed) close() {
	if f.ahead != nil {
		f.ahead.Record.Release()
	}
	if f.rows != nil {
		f.rows.Close()
	}
}

// send writes the feed. From here on an error breaks the answer off.
func (f *feed) send(ctx context.Context, batch scan.Batch, done bool) error {
	f.encoder = encode.NewRows(f.entityOf(f.resource), f.encoding())
	buffer := buffers.Get().(*[]byte)
	defer func() {
		*buffer = f.buf[:0]
		if cap(f.buf) <= maxKeptBytes {
			buffers.Put(buffer)
		}
	}()
	f.buf = encode.AppendFeedHead((*buffer)[:0], f.encoding(), f.context(), f.count)
	next := ""
	for !done {
		var err error
		if done, err = f.sendBatch(ctx, batch); err != nil {
			return err
		}
		if done {
			next = f.next()
			break
		}
		if err := f.flush(); err != nil {
			return err
		}
		batch, err = f.nextWithRows(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	f.request.rows = f.sent
	f.buf = encode.AppendFeedTail(f.buf, f.encoding(), next)
	if !f.started {
		return f.whole(http.StatusOK, f.format.contentType(f.version), f.buf)
	}
	return f.write(f.buf)
}

// sendBatch writes the rows of a batch. done is true where the page ends with
// rows to follow.
func (f *feed) sendBatch(ctx context.Context, batch scan.Batch) (done bool, err error) {
	defer batch.Record.Release()
	f.batches++
	rows := batch.Record.NumRows()
	if f.page > 0 && f.sent+rows > f.page {
		if err := f.checkCut(ctx, batch.Cursor); err != nil {
			return false, err
		}
	}
	if err := f.encoder.Bind(batch.Record); err != nil {
		return false, err
	}
	inline, err := f.expand(ctx, batch.Record)
	if err != nil {
		return false, err
	}
	for row := range rows {
		if f.page > 0 && f.sent == f.page {
			f.behind += row
			return true, nil
		}
		if f.sent > 0 {
			f.buf = append(f.buf, ',')
		}
		if f.buf, err = f.encoder.Append(f.buf, int(row), nil, inline); err != nil {
			return false, err
		}
		f.sent++
		if len(f.buf) >= writeBytes {
			if err := f.hand(); err != nil {
				return false, err
			}
		}
	}
	f.pass(batch.Cursor, rows)
	// A page that ends with a batch goes on at its cursor; without one the
	// next batch must tell whether there are more rows.
	return f.page > 0 && f.sent == f.page && batch.Cursor != "", nil
}

// expand reads what $expand asks for those rows of a batch that belong to the
// page.
func (f *feed) expand(ctx context.Context, record arrow.RecordBatch) (encode.Inline, error) {
	if f.page > 0 && f.sent+record.NumRows() > f.page {
		record = record.NewSlice(0, f.page-f.sent)
		defer record.Release()
	}
	return f.inline(ctx, f.resource, record)
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

// next is the link to the page behind the rows sent.
func (f *feed) next() string {
	c := continuation{Issued: f.now, Page: f.page, Remaining: -1, Count: f.count, Cursor: f.anchor}
	if f.anchor != "" {
		c.Skip = f.behind
	} else {
		c.Offset = f.offset + f.behind
	}
	if f.limit >= 0 {
		c.Remaining = f.limit - f.sent
	}
	return f.nextLink(c)
}
