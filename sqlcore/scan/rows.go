package scan

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
)

// Each hands on the records of a stream, which use must not keep, and closes it.
func Each(ctx context.Context, rows Batches, use func(rec arrow.RecordBatch) error) error {
	defer rows.Close()
	for {
		b, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = use(b.Record)
		b.Record.Release()
		if err != nil {
			return err
		}
	}
}

// RowsOf returns the rows of one record batch, which it owns.
func RowsOf(rec arrow.RecordBatch) Rows {
	return record{Batches: Of(Batch{Record: rec}), schema: rec.Schema()}
}

type record struct {
	Batches
	schema *arrow.Schema
}

// Schema implements Rows.
func (r record) Schema() *arrow.Schema { return r.schema }
