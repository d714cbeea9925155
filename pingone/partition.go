package pingone

import (
	"context"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// partitionValues lists the partition column's values with their sizes. Those that
// the request has read before are good for a beginning.
func (j *job) partitionValues(ctx context.Context) ([]value, error) {
	p := j.path.Partition
	t, ok := j.table.Schema.Table(p.Table)
	if !ok {
		return nil, gwerr.Newf(gwerr.Internal, "The schema of %s has no table %s.", j.table.Name, p.Table)
	}
	if t.Listing() == nil {
		return nil, gwerr.Newf(gwerr.Internal, "Table %s can't be listed.", t.Name)
	}
	var out []value
	r := scan.Request{Table: t, Path: t.Listing(), Columns: []int{t.Index(p.Key), t.Index(p.Size)}, Bulk: j.req.Bulk}
	err := j.eachRow(ctx, r, func(rec arrow.RecordBatch, i int) error {
		sizes, err := columnOf[*array.Int64](rec, 1, t, p.Size)
		if err == nil {
			out = append(out, value{key: strings.Clone(rec.Column(0).ValueStr(i)), rows: sizes.Value(i)})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return j.within(out), nil
}

// within keeps the values that the request is restricted to; one that the
// listing lacks is kept as well, since only a read can tell that it has no
// rows.
func (j *job) within(all []value) []value {
	if j.req.Within == nil {
		return all
	}
	known := map[string]value{}
	for _, v := range all {
		known[v.key] = v
	}
	out := make([]value, 0, len(j.req.Within))
	for _, key := range j.req.Within {
		v := known[strings.ToLower(key)]
		v.key = key
		out = append(out, v)
	}
	return out
}

func sum(values []value) (total int64) {
	for _, v := range values {
		total += max(0, v.rows)
	}
	return total
}
