package pingone

import (
	"context"
	"net/http"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"golang.org/x/sync/errgroup"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// details reads, for each row of a page, what the listing lacks. The caller
// releases the arrays.
func (j *job) details(ctx context.Context, p page) (map[*detailShape][]arrow.Array, error) {
	if len(j.shape.details) == 0 {
		return nil, nil
	}
	out := map[*detailShape][]arrow.Array{}
	for _, d := range j.shape.details {
		columns, err := j.detail(ctx, d, p)
		if err != nil {
			releaseAll(out)
			return nil, err
		}
		out[d] = columns
	}
	return out, nil
}

// detail reads one detail for all rows of a page, many at a time.
func (j *job) detail(ctx context.Context, d *detailShape, p page) ([]arrow.Array, error) {
	rows := make([]page, p.rows)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(j.cfg.MaxParallel)
	for i := range p.rows {
		g.Go(func() (err error) {
			rows[i], err = j.detailRow(ctx, d, p, i)
			return err
		})
	}
	err := g.Wait()
	defer func() {
		for i := range rows {
			rows[i].release()
		}
	}()
	if err != nil {
		return nil, err
	}
	columns := make([]arrow.Array, len(d.layout.columns))
	for c := range columns {
		pieces := make([]arrow.Array, len(rows))
		for i := range rows {
			pieces[i] = rows[i].arrays[c]
		}
		if columns[c], err = array.Concatenate(pieces, memory.DefaultAllocator); err != nil {
			return nil, gwerr.Wrap(gwerr.Internal, err, "The gateway could not join rows.", "")
		}
	}
	return columns, nil
}

// detailRow reads the detail of one row. A row that is gone by now has nulls.
func (j *job) detailRow(ctx context.Context, d *detailShape, p page, row int) (page, error) {
	values := j.values(nil)
	for name, at := range j.shape.decoded {
		if texts, ok := p.arrays[at].(*array.String); ok && texts.IsValid(row) {
			values[name] = texts.Value(row)
		}
	}
	a := addressOf(d.detail.Get, values)
	if d.detail.Query != "" {
		a = a.withRaw(d.detail.Query)
	}
	dec := newDecoder(d.layout, memory.DefaultAllocator)
	defer dec.release()
	var out page
	q := call{
		address: a, endpoint: d.detail.Endpoint, group: d.detail.Group, bulk: j.req.Bulk,
		missing: []int{http.StatusNotFound},
	}
	found, err := j.client.get(ctx, q, func(body []byte) (err error) {
		out, err = dec.decode(body)
		return err
	})
	if err == nil && !found {
		out, err = dec.decode([]byte("{}"))
	}
	return out, err
}
