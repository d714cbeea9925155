package pingone

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/scim"
)

// Rows of which nothing is wanted but what the request itself says, as the group
// of a membership, or what the service can count by, as the population of a user,
// need not be read: a count tells how many there are. Counts in other tables'
// rows, such as a population's userCount, may be older and are not asked.

// rowsAtOnce bounds the rows of one batch that was counted, not read.
const rowsAtOnce = 1 << 16

// counted hands on the rows of a run whose columns are all constant, as many as the
// service counts; false where it doesn't tell.
func (j *job) counted(ctx context.Context, out sink, key []string, constants map[string]string, filter string) (bool, error) {
	n, err := j.number(ctx, j.walkOf(key, "", filter))
	if n < 0 || err != nil {
		return false, err
	}
	return true, j.repeat(ctx, out, n, constants)
}

// number is the count that the service tells of a collection, -1 if it doesn't.
func (j *job) number(ctx context.Context, w walk) (int64, error) {
	w.page = 1
	r := reading{job: j, walk: w}
	p, err := r.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer p.release()
	if p.count < 0 && p.next == "" {
		return int64(p.rows), nil
	}
	return p.count, nil
}

// repeat hands on n rows that consist of constants.
func (j *job) repeat(ctx context.Context, out sink, n int64, constants map[string]string) error {
	if n == 0 {
		return nil
	}
	constants, err := j.lookups.fill(ctx, constants)
	if err != nil {
		return err
	}
	for n > 0 {
		rows := min(n, rowsAtOnce)
		n -= rows
		if err := out(ctx, scan.Batch{Record: j.shape.assemble(page{}, 0, int(rows), constants, nil)}); err != nil {
			return err
		}
	}
	return nil
}

// tallied hands the rows of a divided scan on as the service counts them by the
// columns that are wanted, flags and the partition column; false where that takes more calls than reading them,
// or where the counts don't add up, since rows changed between them.
func (j *job) tallied(ctx context.Context, out sink, all *reading) (bool, error) {
	var total int64
	var err error
	if all.first != nil {
		total = all.first.count
	} else if total, err = j.number(ctx, all.walk); err != nil {
		return false, err
	}
	combined := []map[string]string{{}}
	for _, name := range j.req.CountBy {
		if name != j.path.Partition.Column {
			combined = times(combined, name, []string{"true", "false"})
			continue
		}
		values, err := j.partitionValues(ctx)
		if gwerr.Is(err, gwerr.UpstreamForbidden) {
			return false, nil
		} else if err != nil {
			return false, err
		}
		keys := make([]string, len(values))
		for i, v := range values {
			keys[i] = v.key
		}
		combined = times(combined, name, keys)
	}
	if int64(len(combined)) >= total/int64(max(1, j.pageSize())) {
		return false, nil
	}
	numbers := make([]int64, len(combined))
	g, inner := safely.NewGroup(ctx, j.cfg.Sink, observe.InCount)
	g.SetLimit(j.cfg.MaxParallel)
	for i, values := range combined {
		g.Go(func() (err error) {
			numbers[i], err = j.number(inner, j.walkOf(nil, "", append(slices.Clone(j.req.Filters), j.equalAll(values))...))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		if refusedFilter(err) {
			err = nil
		}
		return false, err
	}
	for _, n := range numbers {
		total -= max(0, n)
	}
	if total != 0 {
		return false, nil
	}
	for i, values := range combined {
		maps.Copy(values, j.constants(nil))
		if err := j.ofConstants().repeat(ctx, out, numbers[i], values); err != nil {
			return false, err
		}
	}
	return true, nil
}

// times combines each of the maps with each value of one more column.
func times(combined []map[string]string, column string, values []string) []map[string]string {
	out := make([]map[string]string, 0, len(combined)*len(values))
	for _, known := range combined {
		for _, v := range values {
			one := maps.Clone(known)
			one[column] = v
			out = append(out, one)
		}
	}
	return out
}

// equalAll is the condition that each column has its value.
func (j *job) equalAll(values map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		all = append(all, j.path.Filters[name].Attribute+" eq "+scim.Quote(values[name]))
	}
	return strings.Join(all, " and ")
}

// ofConstants is the job with all its columns told by the run.
func (j *job) ofConstants() *job {
	one, shape := *j, *j.shape
	shape.slots = slices.Clone(shape.slots)
	for i := range shape.slots {
		shape.slots[i].from = fromConstant
	}
	one.shape = &shape
	return &one
}
