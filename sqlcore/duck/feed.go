//go:build duckdb_arrow

package duck

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

const (
	// mostAhead bounds the batches that are read before the process takes them, and
	// fewAhead those that have more than bytesAhead.
	mostAhead, fewAhead, bytesAhead = 128, 16, 2 << 20
	// underWay is the number of frames behind which a batch waits for others to be
	// sent with: the process is busy with those.
	underWay = 2
	// frameRows and frameBytes bound what is sent as one batch.
	frameRows, frameBytes = 4 * 2048, 1 << 20
)

// feed is an input on its way to the process. One goroutine reads its batches
// and another sends them, several as one where they are there: sources have
// small pages, and a batch costs the process much the same whatever its size.
type feed struct {
	query.Input
	r      *Result
	stream uint32
	// room is told when more may be read, work when there may be something to send.
	room, work chan struct{}

	mu    sync.Mutex
	ready []arrow.RecordBatch // read and not sent
	err   error               // that ended the reading
	// frames are under way.
	frames []frame
	// asked and sent count frames, read and taken batches; ahead are the bytes of
	// those that were read and not taken.
	asked, sent, read, taken int
	ahead                    int64
	over                     bool // the last frame is sent
}

// frame is what was sent at once.
type frame struct {
	batches int
	bytes   int64
}

// feed starts to give the process an input's batches.
func (r *Result) feed(in query.Input, stream uint32) *feed {
	f := &feed{Input: in, r: r, stream: stream, room: make(chan struct{}, 1), work: make(chan struct{}, 1)}
	r.feeders.Go(func() error { f.fill(); return nil })
	r.feeders.Go(func() error { f.give(); return nil })
	return f
}

func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// heard waits to be told; it is false when the job has ended.
func (f *feed) heard(c chan struct{}) bool {
	select {
	case <-c:
		return true
	case <-f.r.ctx.Done():
		return false
	}
}

// wanted notes that the process wants one more frame, and so has taken those
// before it; false if it may not ask.
func (f *feed) wanted() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked > f.sent || f.over && f.asked == f.sent {
		return false
	}
	if f.asked++; f.asked > 1 {
		f.taken += f.frames[0].batches
		f.ahead -= f.frames[0].bytes
		f.frames = f.frames[1:]
	}
	if f.asked > f.sent {
		f.r.lease.Waits(1)
	}
	tell(f.room)
	tell(f.work)
	return true
}

// mayRead tells whether one more batch may be read. Who wants the first rows
// alone must not have more read, so it is one at first, and more as the stream
// goes on.
func (f *feed) mayRead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	most := fewAhead
	if f.ahead < bytesAhead {
		most = mostAhead
	}
	return f.asked > 0 && f.read-f.taken < min(1+f.taken/2, most)
}

// fill reads the input.
func (f *feed) fill() {
	for {
		for !f.mayRead() {
			if !f.heard(f.room) {
				return
			}
		}
		var rec arrow.RecordBatch
		err := safely.Do(f.r.ctx, f.r.e.sink, observe.InEngine, func() (err error) {
			rec, err = next(f.r.ctx, f.Rows)
			return err
		})
		f.mu.Lock()
		if f.err = err; err == nil {
			f.ready = append(f.ready, rec)
			f.read++
			f.ahead += sizeOf(rec)
		}
		f.mu.Unlock()
		tell(f.work)
		if err != nil {
			return
		}
	}
}

// next reads the next batch that has rows.
func next(ctx context.Context, rows scan.Batches) (arrow.RecordBatch, error) {
	for {
		b, err := rows.Next(ctx)
		if err != nil || b.Record.NumRows() > 0 {
			return b.Record, err
		}
		b.Record.Release()
	}
}

// give sends what was read, and at last how it ended. Where the process has
// ended, receive sees why.
func (f *feed) give() {
	var encoder wire.Encoder
	var buffers recycler
	for {
		batches, size, err := f.group()
		if len(batches) == 0 && err == nil {
			if !f.heard(f.work) {
				return
			}
			continue
		}
		var body []byte
		if err == nil {
			err = safely.Do(f.r.ctx, f.r.e.sink, observe.InEngine, func() (err error) {
				body, err = encode(&encoder, &buffers, batches)
				return err
			})
		}
		if err == nil {
			f.sending(frame{len(batches), size})
			err = f.r.lease.Conn().Send(wire.Batch, f.stream, body)
			if err != nil && !errors.Is(err, wire.ErrTooLarge) {
				return
			}
		}
		if err != nil {
			f.end(err)
			return
		}
	}
}

// end tells the process how the input ended.
func (f *feed) end(err error) {
	kind := wire.Broken
	switch {
	case errors.Is(err, io.EOF):
		kind = wire.End
	case errors.Is(err, wire.ErrTooLarge):
		f.r.broke(gwerr.Wrap(gwerr.LimitExceeded, err, "A page of rows is larger than the engine takes.", "Select fewer columns."))
	default:
		f.r.broke(err)
	}
	f.sending(frame{})
	_ = f.r.lease.Conn().Send(kind, f.stream, nil)
}

// sending notes that a frame is on its way; one without batches is the last.
func (f *feed) sending(next frame) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked > f.sent {
		f.r.lease.Waits(-1)
	}
	f.sent++
	f.frames = append(f.frames, next)
	f.over = next.batches == 0
}

// group takes the batches that are to be sent as one; there are none where it is
// better to wait. Behind the last ones it gives the error that ended them.
func (f *feed) group() (batches []arrow.RecordBatch, size int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.ready) == 0 {
		return nil, 0, f.err
	}
	n, rows, full := 0, int64(0), false
	for ; n < len(f.ready); n++ {
		more, bytes := f.ready[n].NumRows(), sizeOf(f.ready[n])
		if full = n > 0 && (rows+more > frameRows || size+bytes > frameBytes); full {
			break
		}
		rows, size = rows+more, size+bytes
	}
	if !full && len(f.frames) >= underWay && f.err == nil {
		return nil, 0, nil
	}
	batches = f.ready[:n:n]
	f.ready = f.ready[n:]
	return batches, size, nil
}

// encode writes batches as the body of a frame, and frees them.
func encode(encoder *wire.Encoder, buffers memory.Allocator, batches []arrow.RecordBatch) ([]byte, error) {
	rec, err := merged(buffers, batches)
	release(batches)
	if err != nil {
		return nil, err
	}
	defer rec.Release()
	return encoder.Encode(rec)
}

// merged makes one batch of several.
func merged(buffers memory.Allocator, batches []arrow.RecordBatch) (arrow.RecordBatch, error) {
	first := batches[0]
	if len(batches) == 1 {
		first.Retain()
		return first, nil
	}
	rows := int64(0)
	for _, b := range batches {
		rows += b.NumRows()
	}
	columns := make([]arrow.Array, first.NumCols())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	parts := make([]arrow.Array, len(batches))
	for i := range columns {
		for n, b := range batches {
			parts[n] = b.Column(i)
		}
		var err error
		if columns[i], err = array.Concatenate(parts, buffers); err != nil {
			return nil, err
		}
	}
	return array.NewRecordBatch(first.Schema(), columns, rows), nil
}

func release(batches []arrow.RecordBatch) {
	for _, b := range batches {
		b.Release()
	}
}

func sizeOf(b arrow.RecordBatch) int64 {
	size := uint64(0)
	for _, c := range b.Columns() {
		size += c.Data().SizeInBytes()
	}
	return int64(size)
}

// recycler gives freed memory again: what a merged batch needs is free as soon as
// that is encoded.
type recycler struct{ free [][]byte }

// Allocate implements memory.Allocator.
func (r *recycler) Allocate(n int) []byte {
	for i, b := range r.free {
		if cap(b) >= n {
			r.free[i] = r.free[len(r.free)-1]
			r.free = r.free[:len(r.free)-1]
			b = b[:n]
			clear(b)
			return b
		}
	}
	return memory.DefaultAllocator.Allocate(n)
}

// Reallocate implements memory.Allocator.
func (r *recycler) Reallocate(n int, b []byte) []byte {
	if n <= cap(b) {
		return b[:n]
	}
	larger := r.Allocate(n)
	copy(larger, b)
	r.Free(b)
	return larger
}

// Free implements memory.Allocator.
func (r *recycler) Free(b []byte) {
	if cap(b) > 0 && len(r.free) < 64 {
		r.free = append(r.free, b[:0])
	}
}
