package scan

import "github.com/apache/arrow-go/v18/arrow"

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
