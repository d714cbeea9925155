package reading

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// keptKeys is the number of rows by which a place is found again; all but one
// may have been deleted.
const keptKeys = 4

// reading is an open stream with its place. It is used by one goroutine.
type reading struct {
	Stream
	cancel context.CancelFunc
	key    []int
	place  Place
	// ready are parts of batches that were read and not given yet.
	ready []scan.Batch
	ended bool
	// ahead is where held bytes of ready are accounted for; nil for nowhere.
	ahead *ahead
	held  int64
	// sent holds the rows that were given before by another stream; until the
	// first of them comes, seeking is true and all rows are left out.
	sent    map[uint64]bool
	seeking bool
}

// open starts a stream that outlives the request, but not its cancellation
// while the stream starts.
func open(ctx context.Context, t Target, s Start) (*reading, error) {
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	stream, err := t.Open(inner, s)
	if err != nil {
		cancel()
		if ctx.Err() != nil {
			err = gwerr.From(ctx.Err())
		}
		return nil, err
	}
	return &reading{
		Stream: stream, cancel: cancel, key: t.Key,
		place: Place{Path: stream.Path, Cursor: s.Cursor},
	}, nil
}

// reopen goes on at a place with a new stream: at the source's cursor or, where
// that is refused or there is none, from the beginning behind the rows sent.
func reopen(ctx context.Context, t Target, p Place) (*reading, error) {
	if p.Cursor != "" {
		r, err := reopenAt(ctx, t, p, p.Cursor, p.Behind)
		if r != nil || err != nil && !gwerr.Is(err, gwerr.BadContinuation) {
			return r, err
		}
	}
	r, err := reopenAt(ctx, t, p, "", p.Position)
	if r == nil && err == nil {
		err = errGone()
	}
	return r, err
}

// reopenAt returns nil where the place is not found. There are so many rows
// before it.
func reopenAt(ctx context.Context, t Target, p Place, cursor string, before int64) (*reading, error) {
	r, err := open(ctx, t, Start{Cursor: cursor, Path: p.Path})
	if err != nil {
		return nil, err
	}
	found, err := r.forward(ctx, p, before)
	if err != nil || !found {
		r.close()
		return nil, err
	}
	return r, nil
}

// reach moves a parked reading to the place; it returns false where the place
// lies behind, or where a cursor leads there with less to read.
func (r *reading) reach(ctx context.Context, p Place) (bool, error) {
	ahead := p.Position - r.place.Position
	switch {
	case ahead == 0 && sameLast(r.place.Keys, p.Keys):
		return true, nil
	case ahead <= 0 || p.Cursor != "":
		return false, nil
	default:
		return r.forward(ctx, p, ahead)
	}
}

func sameLast(a, b []uint64) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	return a[0] == b[0]
}

// forward leaves out all rows up to the place: by keys where it has some, else
// by number.
func (r *reading) forward(ctx context.Context, p Place, before int64) (bool, error) {
	var err error
	found := true
	switch {
	case before == 0:
		// A refused cursor shows with the first batch.
		r.sent = setOf(p.Keys)
		_, err = r.more(ctx)
	case len(p.Keys) > 0 && len(r.key) > 0:
		found, err = r.seek(ctx, p.Keys)
	default:
		err = r.skip(ctx, before)
	}
	r.place.ID, r.place.Position, r.place.Keys = p.ID, p.Position, p.Keys
	return found, err
}

func setOf(keys []uint64) map[uint64]bool {
	if len(keys) == 0 {
		return nil
	}
	set := make(map[uint64]bool, len(keys))
	for _, k := range keys {
		set[k] = true
	}
	return set
}

// seek leaves out the rows up to the first of the keys, and the others of them
// wherever they come. It returns false if none comes.
func (r *reading) seek(ctx context.Context, keys []uint64) (bool, error) {
	r.sent, r.seeking = setOf(keys), true
	waiting := r.ready
	r.ready = nil
	for _, b := range waiting {
		r.sift(b)
	}
	for r.seeking {
		if ok, err := r.fetch(ctx); !ok {
			return false, err
		}
	}
	return true, nil
}

// skip leaves out n rows.
func (r *reading) skip(ctx context.Context, n int64) error {
	for n > 0 {
		b, err := r.next(ctx, n)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		n -= b.Record.NumRows()
		b.Record.Release()
	}
	return nil
}

// more reports whether a row follows.
func (r *reading) more(ctx context.Context) (bool, error) {
	for len(r.ready) == 0 {
		if ok, err := r.fetch(ctx); !ok {
			return false, err
		}
	}
	return true, nil
}

// next gives the following rows, at most so many, or io.EOF.
func (r *reading) next(ctx context.Context, most int64) (scan.Batch, error) {
	ok, err := r.more(ctx)
	if err != nil {
		return scan.Batch{}, err
	}
	if !ok {
		return scan.Batch{}, io.EOF
	}
	b := r.ready[0]
	rows := b.Record.NumRows()
	if rows > most {
		first := b.Record.NewSlice(0, most)
		r.ready[0].Record = b.Record.NewSlice(most, rows)
		b.Record.Release()
		b = scan.Batch{Record: first}
	} else {
		r.ready = r.ready[1:]
	}
	r.pass(b)
	return b, nil
}

// pass moves the place behind rows that are given.
func (r *reading) pass(b scan.Batch) {
	rows := int(b.Record.NumRows())
	r.place.Position += int64(rows)
	r.place.Behind += int64(rows)
	if b.Cursor != "" {
		r.place.Cursor, r.place.Behind = b.Cursor, 0
	}
	if len(r.key) == 0 {
		return
	}
	var last []uint64
	for row := rows - 1; row >= 0 && len(last) < keptKeys; row-- {
		last = append(last, keyOf(b.Record, r.key, row))
	}
	last = append(last, r.place.Keys...)
	r.place.Keys = last[:min(len(last), keptKeys)]
}

// fetch reads a batch; it returns false at the end of the rows or with an
// error.
func (r *reading) fetch(ctx context.Context) (bool, error) {
	if r.ended {
		return false, nil
	}
	b, err := r.Next(ctx)
	if errors.Is(err, io.EOF) {
		r.ended = true
		return false, nil
	}
	if err != nil {
		return false, err
	}
	r.sift(b)
	return true, nil
}

// sift takes in a batch without the rows that were sent before.
func (r *reading) sift(b scan.Batch) {
	defer b.Record.Release()
	defer func() {
		if len(r.ready) == 0 && b.Cursor != "" { // nothing of it is wanted
			r.place.Cursor, r.place.Behind = b.Cursor, 0
		}
	}()
	rows, from := b.Record.NumRows(), int64(0)
	keep := func(to int64, cursor string) {
		switch {
		case r.seeking || to <= from:
		case from == 0 && to == rows:
			b.Record.Retain()
			r.ready = append(r.ready, scan.Batch{Record: b.Record, Cursor: cursor})
		default:
			r.ready = append(r.ready, scan.Batch{Record: b.Record.NewSlice(from, to), Cursor: cursor})
		}
	}
	for row := int64(0); row < rows && len(r.sent) > 0; row++ {
		k := keyOf(b.Record, r.key, int(row))
		if !r.sent[k] {
			continue
		}
		delete(r.sent, k)
		keep(row, "")
		r.seeking, from = false, row+1
		r.place.Behind++
	}
	keep(rows, b.Cursor)
}

// close ends the stream and frees what was read.
func (r *reading) close() {
	r.cancel()
	r.Close()
	r.forget()
}

// keyOf stands for a row: a hash of its key.
func keyOf(rec arrow.RecordBatch, key []int, row int) uint64 {
	var room [96]byte
	text := room[:0]
	for _, i := range key {
		c := rec.Column(i)
		if c.IsNull(row) {
			text = append(text, 0)
			continue
		}
		v := c.ValueStr(row)
		text = append(binary.AppendUvarint(text, uint64(len(v))+1), v...)
	}
	sum := sha256.Sum256(text)
	return binary.LittleEndian.Uint64(sum[:])
}
