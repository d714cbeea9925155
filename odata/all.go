package odata

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"

	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
)

// all answers the entities of all sets, one set after the other, in one answer: what
// the sets have in common is not enough for an order in which pages could follow one
// another.
//
// Source: OData 4.01 Part 2, section 4.16.
func (q *request) all(ctx context.Context) error {
	if q.r.Method == http.MethodHead {
		q.head(http.StatusOK, q.format.contentType(q.version))
		return nil
	}
	f := &feed{request: q, limit: -1, count: -1}
	skip := int64(0)
	if q.resource.Top != nil {
		f.limit = *q.resource.Top
	}
	if q.resource.Skip != nil {
		skip = *q.resource.Skip
	}
	if q.resource.CountWanted {
		if err := f.countAll(ctx); err != nil {
			return err
		}
	}
	release := f.begin()
	defer release()
	for _, r := range q.resource.All {
		if f.limit >= 0 && f.sent >= f.limit {
			break
		}
		if err := f.set(ctx, r, &skip); err != nil {
			return err
		}
	}
	f.request.rows = f.sent
	f.buf = encode.AppendFeedTail(f.buf, f.encoding(), -1, "", "")
	return f.finish()
}

// countAll counts the entities of all sets, whatever $top and $skip say.
func (f *feed) countAll(ctx context.Context) error {
	f.count = 0
	for _, r := range f.resource.All {
		bound := r.CountQuery(nil)
		if bound.Empty {
			continue
		}
		n, err := f.Count(ctx, bound)
		if err != nil {
			return err
		}
		f.count += n
	}
	return nil
}

// set writes the entities of one set, behind those that are left out.
func (f *feed) set(ctx context.Context, r *model.Resource, skip *int64) error {
	most := int64(-1)
	if f.limit >= 0 {
		most = *skip + f.limit - f.sent
	}
	bound := r.Query(nil, most)
	if bound.Empty {
		return nil
	}
	// Who asks for a part will ask for the next one, which needs the same order.
	want := reading.Want{Rows: most, Ending: reading.Final, Optional: most < 0 && f.resource.Skip == nil}
	if most < 0 {
		want.Rows = math.MaxInt64
	}
	rows, err := f.Page(ctx, bound, nil, want)
	if err != nil {
		return err
	}
	defer rows.Close()
	e := f.entityOf(r)
	e.Typed = true
	f.encoder = encode.NewRows(e, f.encoding())
	for {
		batch, err := firstRow(ctx, rows)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		n := batch.Record.NumRows()
		from := min(*skip, n)
		*skip -= from
		to := n
		if f.limit >= 0 {
			to = min(n, from+f.limit-f.sent)
		}
		part := batch
		part.Record = batch.Record.NewSlice(from, to)
		batch.Record.Release()
		if err := f.sendBatch(ctx, r, part); err != nil {
			return err
		}
		if err := f.flush(); err != nil {
			return err
		}
		if f.limit >= 0 && f.sent >= f.limit {
			return nil
		}
	}
}
