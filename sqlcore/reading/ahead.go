package reading

import (
	"context"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/util"
)

// ahead is what readings hold of rows that were read before they are asked for.
type ahead struct {
	limit int64
	bytes atomic.Int64
}

// take has room for so many bytes more, or refuses.
func (a *ahead) take(bytes int64) bool {
	if a.bytes.Add(bytes) <= a.limit {
		return true
	}
	a.bytes.Add(-bytes)
	return false
}

// CountRest reads the rows behind the page to their end and returns their number. They
// wait for the pages to come where there is room for them (Options.Ahead); else those
// are read again, from the place where this page has ended. It is called between the
// io.EOF of Next and Rest.
func (p *Page) CountRest(ctx context.Context) (rows int64, err error) {
	if !p.More() || p.parked != nil {
		return 0, nil
	}
	r, place := p.r, p.r.place
	r.ahead = &p.store.ahead
	counted, room := 0, true // of r.ready, the batches that are in rows
	for {
		for _, b := range r.ready[counted:] {
			rows += b.Record.NumRows()
			size := util.TotalRecordSize(b.Record)
			if room = room && r.ahead.take(size); room {
				r.held += size
			}
		}
		counted = len(r.ready)
		if !room {
			r.forget()
			counted = 0
		}
		ok, err := r.fetch(ctx)
		if err != nil {
			return 0, err
		}
		if !ok {
			break
		}
	}
	r.place = place
	p.forgotten = !room
	return rows, nil
}

// forget releases the rows that wait.
func (r *reading) forget() {
	for _, b := range r.ready {
		b.Record.Release()
	}
	r.ready = nil
	if r.ahead != nil {
		r.ahead.bytes.Add(-r.held)
		r.held = 0
	}
}
