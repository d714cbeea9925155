package pingone

import (
	"context"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// usualSlices is the number of parts into which a span of time is cut. With the
// pages of each read one after the other, that many calls are under way: more
// would wait for the rate limit of such collections, and leave more pages that
// are not full.
const usualSlices = 8

// span gives the times that a run reads, by its key.
func (j *job) span(key []string) (from, to time.Time) {
	now := j.now
	if now.IsZero() {
		now = j.cfg.Clock.Now()
	}
	return j.path.Range.Window(j.req.From, j.req.To, now, key...)
}

// moment writes a time as the API does.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// slices reports whether a span of time may be read in parts.
func (j *job) slices() bool {
	return j.path.Range != nil && j.path.Range.Slices && !j.req.Ordered && j.req.Resume == "" && j.quota.few() == 0
}

// sliced reads the parts of a span side by side, unless one page holds it all.
func (j *job) sliced(ctx context.Context, out sink, key []string, constants map[string]string, filter string, seen *distinct) error {
	from, to := j.span(key)
	if j.req.Newest > 0 {
		n := &newest{job: j, key: key, filter: filter, seen: seen, left: j.req.Newest}
		return n.read(ctx, func(ctx context.Context, b scan.Batch) error {
			n.left -= b.Record.NumRows()
			return out(ctx, b)
		}, constants, from, to)
	}
	whole := reading{job: j, walk: j.walkOf(key, "", filter), seen: seen}
	p, err := whole.begin(ctx)
	if err != nil {
		return err
	}
	step := to.Sub(from).Truncate(time.Millisecond) / usualSlices
	if p.next == "" || step < time.Millisecond {
		whole.first = &p
		_, err := whole.read(ctx, j.to(out, constants))
		return err
	}
	p.release()
	f := j.fan(ctx, out)
	for i := range usualSlices {
		part := j.during(from.Add(time.Duration(i)*step), from.Add(time.Duration(i+1)*step))
		if i == usualSlices-1 {
			part.req.To = to
		}
		r := reading{job: part, walk: part.walkOf(key, "", filter), seen: seen}
		if !f.add(func(ctx context.Context, out sink) error {
			_, err := r.read(ctx, part.to(out, constants))
			return err
		}) {
			break
		}
	}
	return f.wait()
}

// during is the job for a part of its span.
func (j *job) during(from, to time.Time) *job {
	part := *j
	part.req.From, part.req.To = from, to
	return &part
}

// newest reads the latest rows of a span.
type newest struct {
	*job
	key    []string
	filter string
	seen   *distinct
	left   int64 // rows that are still needed
}

// read reads a span whole if it fits a page, or else its last eighth and then, if
// that has too few rows, the rest.
func (n *newest) read(ctx context.Context, out sink, constants map[string]string, from, to time.Time) error {
	part := n.during(from, to)
	r := reading{job: part, walk: part.walkOf(n.key, "", n.filter), seen: n.seen}
	p, err := r.begin(ctx)
	if err != nil {
		return err
	}
	last := to.Sub(from).Truncate(time.Millisecond) / usualSlices
	if p.next == "" || last < time.Second {
		r.first = &p
		_, err := r.read(ctx, part.to(out, constants))
		return err
	}
	p.release()
	if err := n.read(ctx, out, constants, to.Add(-last), to); err != nil || n.left <= 0 {
		return err
	}
	return n.read(ctx, out, constants, from, to.Add(-last))
}
