package pingone

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow/array"
	"golang.org/x/sync/errgroup"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Count returns the number of rows of a request whose conditions the service
// evaluates exactly: the sum of another table's column where the table
// declares one, else the count of one call for each run.
func (c *Connection) Count(ctx context.Context, r scan.Request) (rows int64, known bool, err error) {
	if err := c.check(r); err != nil {
		return 0, false, err
	}
	if r.Path.List == "" || r.Resume != "" || len(r.Filters) > 1 {
		return 0, false, nil
	}
	if whole(r) && r.Table.Size != nil && r.Table.Size.Table != "" {
		rows, known, err = c.sizeFrom(ctx, r)
	} else if r.Path.CountExact {
		rows, known, err = c.countRuns(ctx, r)
	}
	if known && r.Limit > 0 {
		rows = min(rows, r.Limit)
	}
	return rows, known, err
}

// whole reports whether a request has no condition at all.
func whole(r scan.Request) bool {
	return len(r.Filters) == 0 && len(r.Keys) == 0 && len(r.Variants) == 0 && r.Within == nil
}

// sizeFrom sums a column of another table of the same schema.
func (c *Connection) sizeFrom(ctx context.Context, r scan.Request) (rows int64, known bool, err error) {
	size := r.Table.Size
	t, ok := r.Table.Schema.Table(size.Table)
	if !ok {
		return 0, false, nil
	}
	for i := range t.Paths {
		if p := &t.Paths[i]; p.List != "" && len(p.Keys) == 0 {
			return c.sumColumn(ctx, scan.Request{Table: t, Path: p, Columns: []int{t.Index(size.Column)}, Bulk: r.Bulk})
		}
	}
	return 0, false, nil
}

// sumColumn adds up a column of integers; a null makes the sum unknown.
func (c *Connection) sumColumn(ctx context.Context, r scan.Request) (total int64, known bool, err error) {
	batches, err := c.Scan(ctx, r)
	if err != nil {
		return 0, false, err
	}
	defer batches.Close()
	known = true
	for {
		b, err := batches.Next(ctx)
		if errors.Is(err, io.EOF) {
			return total, known, nil
		}
		if gwerr.Is(err, gwerr.UpstreamForbidden) {
			return 0, false, nil
		}
		if err != nil {
			return 0, false, err
		}
		switch col := b.Record.Column(0).(type) {
		case *array.Int64:
			for i := range col.Len() {
				total += col.Value(i)
			}
			known = known && col.NullN() == 0
		default:
			known = false
		}
		b.Record.Release()
	}
}

// countRuns adds up the counts of one call for each key.
func (c *Connection) countRuns(ctx context.Context, r scan.Request) (int64, bool, error) {
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
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(c.cfg.MaxParallel)
	for i, key := range keys {
		g.Go(func() error {
			w := j.walkOf(key, variant, append(r.Filters, j.withinFilter())...)
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
