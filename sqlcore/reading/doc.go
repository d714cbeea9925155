// Package reading lets one reading of a result answer several requests, page
// after page: each row comes once, even while the source changes.
//
// Between two requests the open stream waits in a Store. The next request takes
// it out and goes on at the row after. A request that finds none, because
// another replica answered the page before, the stream waited too long or the
// client repeats a page, reads again in the same order and goes on behind the
// last row sent, which it knows by its key.
package reading

import (
	"context"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Place is where a reading goes on: what a next link has to carry.
type Place struct {
	// ID names the reading.
	ID string
	// Position is the number of the result's rows before the place.
	Position int64
	// Keys stand for the last rows before the place, the last one first. There
	// are none where no key tells rows apart.
	Keys []uint64
	// Cursor continues at the source, Behind rows before the place; "" where the
	// source can't.
	Cursor string
	Behind int64
	// Path names the way in which the source was read.
	Path string
}

// Ending says how a client goes on after a page.
type Ending uint8

// The endings.
const (
	// Final pages have no rows behind them that could be asked for.
	Final Ending = iota
	// Linked pages are followed through a Place.
	Linked
	// Skipped pages are followed by a request that leaves out more rows.
	Skipped
)

// Want says which rows of a result are wanted.
type Want struct {
	// From is the place to go on at; nil for the beginning.
	From *Place
	// Skip rows at the beginning are left out.
	Skip int64
	// Rows is the most rows of the page; 0 for all.
	Rows   int64
	Ending Ending
	// Look asks, of a Skipped page too, whether rows follow: Rest's ok tells.
	Look bool
	// Expect is the number of rows of the result that are likely to be asked for
	// soon, where that is more than those of the page.
	Expect int64
	// Optional is true where the page may be larger than Rows, because the whole
	// result can then be read faster.
	Optional bool
}

// Start says where a stream begins.
type Start struct {
	// Cursor is that of a batch; "" for the first row.
	Cursor string
	// Path is that of the stream before; "" for the best.
	Path string
}

// Stream is a result being read.
type Stream struct {
	scan.Rows
	// Ordered is true where another stream gives the same order.
	Ordered bool
	// Path names the way in which the source is read.
	Path string
}

// Rows are the rows of one page; Next ends with io.EOF behind the last of them.
type Rows interface {
	scan.Rows
	// Rest tells, after io.EOF, where a next link goes on; ok is false at the
	// end of the result, or where no link was asked for.
	Rest() (place Place, ok bool)
	// More tells, after io.EOF, whether rows follow the page, where it looks.
	More() bool
	// CountRest, between io.EOF and Rest, reads the rows behind the page to their
	// end and returns their number. Pages to come have them from there or, where they
	// are too large to wait, by another reading.
	CountRest(ctx context.Context) (rows int64, err error)
	// Discard says that the answer did not arrive: nobody will go on with it.
	Discard()
}

// Target is what is read, and for whom.
type Target struct {
	// Scope is equal for requests that get the same rows in the same columns: it tells
	// the caller, its rights and the query. It is asked where rows wait, or may.
	Scope func() string
	// Caller is who may have so many readings parked.
	Caller string
	// Source is the connection; Store.Drop closes what was read from it.
	Source any
	// Key are the columns, by position, that tell rows apart; none if there are
	// no such.
	Key []int
	// Open starts a stream under a context that outlives the request.
	// gwerr.BadContinuation says that the cursor is no longer accepted.
	Open func(context.Context, Start) (Stream, error)
}

func errGone() error {
	return gwerr.New(gwerr.BadContinuation, "The rows behind which the feed would go on are no longer there.",
		"Read the feed again from its beginning.")
}
