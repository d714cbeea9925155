package odata

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// gathers tells whether the rows of a page wait for each other: where each leads to an
// entity, all entities of a page are asked for at once. Listing them may take fewer
// calls than asking for each, and is done once then.
func (f *feed) gathers() bool {
	return f.most > 0 && f.most <= gatheredKeys && slices.ContainsFunc(f.resource.Expand, func(x model.Expansion) bool { return x.Navigation.Dependent })
}

// gather reads the page's rows behind a batch, if they wait for each other, and gives
// them as one; done is true where no more follow. It takes over the batch.
func (f *feed) gather(ctx context.Context, first scan.Batch) (all scan.Batch, done bool, err error) {
	if !f.gathers() {
		return first, false, nil
	}
	batches := []arrow.RecordBatch{first.Record}
	defer func() {
		for _, b := range batches {
			b.Release()
		}
	}()
	for rows := first.Record.NumRows(); rows < f.most; {
		b, err := firstRow(ctx, f.rows)
		if done = errors.Is(err, io.EOF); done {
			break
		}
		if err != nil {
			return all, false, err
		}
		batches = append(batches, b.Record)
		rows += b.Record.NumRows()
	}
	if len(batches) == 1 {
		batches = nil
		return first, done, nil
	}
	all.Record, err = asOne(batches)
	return all, done, err
}

// asOne makes one batch of several with the same columns.
func asOne(batches []arrow.RecordBatch) (arrow.RecordBatch, error) {
	schema, rows := batches[0].Schema(), int64(0)
	for _, b := range batches {
		rows += b.NumRows()
	}
	columns := make([]arrow.Array, 0, schema.NumFields())
	defer func() {
		for _, c := range columns {
			c.Release()
		}
	}()
	for i := range schema.NumFields() {
		parts := make([]arrow.Array, len(batches))
		for j, b := range batches {
			parts[j] = b.Column(i)
		}
		column, err := array.Concatenate(parts, memory.DefaultAllocator)
		if err != nil {
			return nil, gwerr.Wrap(gwerr.Internal, err, "The gateway could not join rows.", "")
		}
		columns = append(columns, column)
	}
	return array.NewRecordBatch(schema, columns, rows), nil
}
