package pingone

import (
	"context"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Count returns the number of rows of a request whose conditions the service
// evaluates exactly: the count that one call for each run answers. Numbers in
// other tables' rows, such as a population's userCount, may be older.
func (c *Directory) Count(ctx context.Context, r scan.Request) (rows int64, known bool, err error) {
	if err := c.check(r); err != nil {
		return 0, false, err
	}
	if r.Path.List == "" || r.Resume != "" || len(r.Filters) > 1 {
		return 0, false, nil
	}
	if r.Path.CountExact {
		rows, known, err = c.countRuns(ctx, r)
	}
	if known && r.Limit > 0 {
		rows = min(rows, r.Limit)
	}
	return rows, known, err
}

// countRuns adds up the counts of one call for each key.
func (c *Directory) countRuns(ctx context.Context, r scan.Request) (int64, bool, error) {
	variant := ""
	if len(r.Variants) > 0 && r.Path.Variant != nil {
		if len(r.Variants) > 1 || r.Variants[0] != r.Path.Variant.Values[0] {
			return 0, false, nil // rows of several variants count once
		}
		variant = r.Variants[0]
	}
	r.Columns, r.Partition, r.Limit = nil, false, 0
	j := c.newJob(r)
	keys := r.Keys
	if len(keys) == 0 {
		keys = [][]string{nil}
	}
	counts := make([]int64, len(keys))
	g, ctx := safely.NewGroup(ctx, c.cfg.Sink, observe.InCount)
	g.SetLimit(c.cfg.MaxParallel)
	for i, key := range keys {
		g.Go(func() error {
			w := j.walkOf(key, variant, j.filters()...)
			w.page = 1
			one := reading{job: j, walk: w}
			p, err := one.begin(ctx)
			if err != nil {
				return err
			}
			counts[i] = p.count
			if p.count < 0 && p.next == "" {
				counts[i] = int64(p.rows)
			}
			p.release()
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return 0, false, gwerr.From(err)
	}
	var total int64
	for _, n := range counts {
		if n < 0 {
			return 0, false, nil
		}
		total += n
	}
	return total, true, nil
}

// filters are the request's with what Within stands for.
func (j *job) filters() []string {
	more := j.withinFilter()
	if more == "" || len(j.req.Filters) == 1 && strings.Contains(j.req.Filters[0], more) {
		return j.req.Filters
	}
	return append(slices.Clone(j.req.Filters), more)
}

// withinFilter is the condition that Within stands for; "" without it.
func (j *job) withinFilter() string {
	if j.path.Partition == nil || len(j.req.Within) == 0 {
		return ""
	}
	values := make([]value, len(j.req.Within))
	for i, key := range j.req.Within {
		values[i] = value{key: key}
	}
	d := division{job: j}
	return d.equals(values...)
}
