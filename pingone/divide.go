package pingone

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"sort"
	"sync"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/scim"
)

// A cursor leads through a collection one page after the other. To read a
// large collection at once it is divided into parts with filters of their own:
// by the values of the partition column, and a part that is too large by the
// first character of a text column. Both can miss rows: those whose character
// nobody asked for, and those that move from a part not read yet to one that was.
// The first is excluded by a proof (tally.complete) or by reading the part without
// a cut; for the second the sizes at the end are compared with those at the
// beginning, and parts that grew while others shrank are read again.
const (
	// partRows is the size aimed at for a part: enough pages to make the
	// half-empty last one cheap, few enough to keep many calls busy.
	partRows = 8000
	// fewRows is the size below which dividing gains nothing.
	fewRows = 1000
	// partsWanted is the number of parts that keeps a scan of middle size
	// quick.
	partsWanted = 12
	// paying is how many pages one after the other a call more has to save.
	paying = 3
	// longFilter is the length of a filter in an address, in bytes, that leaves
	// no room for the condition of a part.
	longFilter = 3000
	// unionParts bounds how large values are split together, in parts: it
	// saves calls as long as no character stands for more than a part.
	unionParts = 12
	// chainValues bounds the values in one or chain, to keep the address short.
	chainValues = 50
)

// value is one value of the partition column and its number of rows.
type value struct {
	key  string
	rows int64
}

// division is a divided scan.
type division struct {
	*job
	out  sink
	seen *distinct
	// gate bounds the parts that are read at once.
	gate   chan struct{}
	target int64
}

// divided reads the request in parts.
func (j *job) divided(ctx context.Context, out sink) error {
	if j.req.Within != nil && len(j.req.Within) == 0 {
		return nil
	}
	// There may be a page or two: the first one tells. A long list of values does
	// not fit into one address.
	fits := len(j.req.Within) <= chainValues
	all := &reading{job: j, walk: j.walkOf(nil, "", j.req.Filters...)}
	if fits {
		all.walk = j.walkOf(nil, "", j.filters()...)
	}
	whole := func() error {
		_, err := all.read(ctx, j.to(out, j.constants(nil)))
		return err
	}
	if fits && len(url.QueryEscape(all.filter)) > longFilter {
		return whole()
	}
	var expected int64
	if fits && (all.filter != "" || j.learnt.of(j.table) == nil) { // a table that was divided before is large
		p, err := all.begin(ctx)
		if err != nil {
			return err
		}
		all.first = &p
		defer func() {
			if all.first != nil {
				all.first.release()
			}
		}()
		if p.next == "" || p.count <= fewRows && (p.count >= 0 || all.filter != "") {
			return whole()
		}
		expected = p.count
	}
	if len(j.req.CountBy) > 0 && fits {
		if done, err := j.tallied(ctx, out, all); done || err != nil {
			return err
		}
	}
	return j.apart(ctx, out, all, whole, expected)
}

// apart reads the parts of a scan, or the whole of it where they don't pay.
// expected is the number of rows, 0 if it isn't known.
func (j *job) apart(ctx context.Context, out sink, all *reading, whole func() error, expected int64) error {
	fits := len(j.req.Within) <= chainValues
	values, err := j.partitionValues(ctx)
	listed := !gwerr.Is(err, gwerr.UpstreamForbidden)
	if !listed {
		values, err = j.within(nil), nil
	}
	if err != nil {
		return err
	}
	before := slices.Clone(values)
	total := scale(values, expected)
	d := &division{
		job: j, out: out, seen: newDistinct(), gate: make(chan struct{}, j.cfg.MaxParallel),
		target: min(partRows, max(fewRows, total/partsWanted)),
	}
	if fits && (total <= fewRows || !d.pays(values, total) || j.learnt.restless(j.table, "", j.cfg.Clock.Now())) {
		return whole()
	}
	if err := d.read(ctx, values); refusedFilter(err) {
		// The condition of a part, since the request's own was taken before.
		j.learnt.unrest(j.table, "", j.cfg.Clock.Now())
		if all.first != nil {
			all.first.release()
			all.first = nil
		}
		all.seen = d.seen
		return whole()
	} else if err != nil || !listed {
		return err
	}
	return d.settle(ctx, before)
}

// pays reports whether reading parts side by side takes so many fewer pages one
// after the other that it is worth the calls: for the sizes at the end, and for
// the last page of each part.
func (d *division) pays(values []value, total int64) bool {
	p, page := d.path.Partition, int64(max(1, d.pageSize()))
	var deepest int64
	bins := pack(slices.Clone(values), d.target)
	for _, bin := range bins {
		if rows := sum(bin); p.Split == "" || len(bin) > 1 || rows <= p.Above {
			deepest = max(deepest, rows)
		}
	}
	saved := total/page - deepest/page - 1
	return saved >= paying*int64(len(bins))
}

// refusedFilter reports whether an error says that a filter was not taken.
func refusedFilter(err error) bool {
	var refused *scan.Refused
	return errors.As(err, &refused)
}

// scale reduces the sizes of values to those that a filter leaves, if it is
// known how many rows it leaves in all, and returns the total.
func scale(values []value, expected int64) int64 {
	total := sum(values)
	if expected <= 0 || expected >= total {
		return total
	}
	share := float64(expected) / float64(total)
	for i := range values {
		values[i].rows = int64(float64(values[i].rows) * share)
	}
	return sum(values)
}

// read reads all values: large ones split, the others packed together. Splits
// that turn out to lack rows are completed at the end, when the whole scan has
// shown which characters there are.
func (d *division) read(ctx context.Context, values []value) error {
	p := d.path.Partition
	var mu sync.Mutex
	var splits []*piecewise
	var large, whole []value
	for _, v := range values {
		if p.Split == "" || v.rows <= p.Above {
			whole = append(whole, v)
		} else {
			large = append(large, v)
		}
	}
	g, inner := safely.NewGroup(ctx, d.cfg.Sink, observe.InScan)
	for _, bin := range pack(large, d.target*unionParts) {
		filter := d.equals(bin...)
		g.Go(func() error {
			s, err := d.split(inner, filter)
			mu.Lock()
			defer mu.Unlock()
			if s != nil {
				splits = append(splits, s)
			}
			return err
		})
	}
	for _, bin := range pack(whole, d.target) {
		filter := d.equals(bin...)
		g.Go(func() error {
			_, err := d.part(inner, d.reading(filter))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, s := range splits {
		if err := d.finish(ctx, s); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// equals is the condition that the partition column has one of the values.
func (d *division) equals(values ...value) string {
	f := d.path.Filters[d.path.Partition.Column]
	keys := make([]string, len(values))
	for i, v := range values {
		keys[i] = v.key
	}
	return first(chains(keys, max(1, len(keys)), func(k string) string { return f.Attribute + " eq " + scim.Quote(k) }))
}

// pack puts values together to parts of about the target's size, the largest
// first; values whose size is unknown or nothing are read too.
func pack(values []value, target int64) [][]value {
	sort.SliceStable(values, func(a, b int) bool { return values[a].rows > values[b].rows })
	var bins [][]value
	var filled []int64
	for _, v := range values {
		at := -1
		for i := range bins {
			if filled[i]+max(0, v.rows) <= target+target/4 && len(bins[i]) < chainValues {
				at = i
				break
			}
		}
		if at < 0 {
			bins, filled = append(bins, nil), append(filled, 0)
			at = len(bins) - 1
		}
		bins[at] = append(bins[at], v)
		filled[at] += max(0, v.rows)
	}
	return bins
}

// part reads one part through the gate, and learns from its rows.
func (d *division) part(ctx context.Context, r *reading) (tally, error) {
	select {
	case d.gate <- struct{}{}:
		defer func() { <-d.gate }()
	case <-ctx.Done():
		return tally{}, ctx.Err()
	}
	met := newLetters()
	r.seen, r.watch = d.seen, func(p page) { met.watch(p, d.splitColumn()) }
	t, err := r.read(ctx, d.to(d.out, d.constants(nil)))
	if err == nil {
		d.learnt.learn(d.table, met)
	}
	return t, err
}

// reading is the reading of the rows that fulfil one more condition.
func (d *division) reading(filter string) *reading {
	return &reading{job: d.job, walk: d.walkOf(nil, "", append(slices.Clone(d.req.Filters), filter)...)}
}

// settleRounds bounds how often a scan looks for rows that moved meanwhile.
const settleRounds = 3

// settle reads again the parts that grew since the scan began, where others
// shrank: rows may have moved from a part before it was read to one after it was.
// What can't be seen so are rows that move while this looks for them, and moves
// that a creation and a deletion hide.
func (d *division) settle(ctx context.Context, before []value) error {
	for range settleRounds {
		now, err := d.partitionValues(scan.Fresh(ctx))
		if err != nil {
			return err
		}
		moved := grown(before, now)
		if len(moved) == 0 {
			return nil
		}
		d.again(ctx, "moved")
		for _, bin := range pack(moved, d.target) {
			if _, err := d.part(ctx, d.reading(d.equals(bin...))); err != nil {
				return err
			}
		}
		before = now
	}
	return nil
}

// grown lists the values that have more rows than before, provided that another
// one has fewer.
func grown(before, now []value) []value {
	was := make(map[string]int64, len(before))
	for _, v := range before {
		was[v.key] = v.rows
	}
	var out []value
	shrunk := false
	for _, v := range now {
		rows, known := was[v.key]
		switch {
		case !known && v.rows > 0, v.rows > rows:
			out = append(out, v)
		case v.rows < rows:
			shrunk = true
		}
		delete(was, v.key)
	}
	for _, rows := range was { // values that are gone
		shrunk = shrunk || rows > 0
	}
	if !shrunk {
		return nil
	}
	return out
}
