//go:build duckdb_arrow

package duck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// errTwice means that the engine read a one-pass stream again. Its rows would
// be missing the second time, so the query must fail.
var errTwice = errors.New("duck: a stream of rows was read twice")

// batchReader hands a table's batches to the engine as an Arrow record reader. The
// engine's threads call Next one at a time.
type batchReader struct {
	ctx    context.Context
	rows   scan.Batches
	schema *arrow.Schema
	padded bool // the batches have no columns; one of nulls is added

	mu      sync.Mutex
	current arrow.RecordBatch
	ended   bool
	err     error
}

func newBatchReader(ctx context.Context, in query.Input) *batchReader {
	r := &batchReader{ctx: ctx, rows: in.Rows, schema: in.Table.ArrowSchema(in.Columns)}
	if len(in.Columns) == 0 {
		r.padded = true
		r.schema = arrow.NewSchema([]arrow.Field{{Name: "rows", Type: arrow.Null, Nullable: true}}, nil)
	}
	return r
}

// Retain and Release count nothing: the owner of the job closes the rows.
func (r *batchReader) Retain() {}

// Release frees the batch that was handed out last.
func (r *batchReader) Release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop()
}

func (r *batchReader) drop() {
	if r.current != nil {
		r.current.Release()
		r.current = nil
	}
}

// Schema gives the record schema.
func (r *batchReader) Schema() *arrow.Schema { return r.schema }

// Record is RecordBatch by its old name, which the interface still has.
func (r *batchReader) Record() arrow.RecordBatch { return r.RecordBatch() }

// RecordBatch gives the batch that Next read.
func (r *batchReader) RecordBatch() arrow.RecordBatch {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current
}

// Err gives the error that ended the rows early.
func (r *batchReader) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Next reads the next batch. It is called from C, where a panic would end the
// process.
func (r *batchReader) Next() (more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			r.err, more = fmt.Errorf("duck: reading rows: %v", p), false
		}
	}()
	r.drop()
	if r.err != nil {
		return false
	}
	if r.ended {
		r.err = errTwice
		return false
	}
	for {
		b, err := r.rows.Next(r.ctx)
		if errors.Is(err, io.EOF) {
			r.ended = true
			return false
		}
		if err != nil {
			r.err = err
			return false
		}
		if b.Record.NumRows() == 0 {
			b.Record.Release()
			continue
		}
		r.current, r.err = r.shaped(b.Record)
		return r.err == nil
	}
}

// shaped checks a batch's columns, which the engine would misread if they were
// not those of the schema, and pads a batch without columns.
func (r *batchReader) shaped(rec arrow.RecordBatch) (arrow.RecordBatch, error) {
	if r.padded {
		defer rec.Release()
		nulls := array.NewNull(int(rec.NumRows()))
		defer nulls.Release()
		return array.NewRecordBatch(r.schema, []arrow.Array{nulls}, rec.NumRows()), nil
	}
	if int(rec.NumCols()) != r.schema.NumFields() {
		rec.Release()
		return nil, fmt.Errorf("duck: a batch has %d columns in the place of %d", rec.NumCols(), r.schema.NumFields())
	}
	for i, f := range r.schema.Fields() {
		if !arrow.TypeEqual(rec.Column(i).DataType(), f.Type) {
			err := fmt.Errorf("duck: column %s is %s in the place of %s", f.Name, rec.Column(i).DataType(), f.Type)
			rec.Release()
			return nil, err
		}
	}
	return rec, nil
}

// selectList writes the columns of a table over a stream of some of them: the
// stream's with the types that queries see, the others null.
func selectList(t *catalog.Table, columns []int) string {
	has := map[int]bool{}
	for _, c := range columns {
		has[c] = true
	}
	parts := make([]string, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		name := quoteName(c.Name)
		switch {
		case !has[i]:
			parts[i] = "CAST(NULL AS " + c.Type.SQL() + ") AS " + name
		case c.Type == catalog.GUID, c.Type == catalog.JSON, c.Type == catalog.Timestamp:
			parts[i] = "CAST(" + name + " AS " + c.Type.SQL() + ") AS " + name
		default:
			parts[i] = name
		}
	}
	return strings.Join(parts, ", ")
}
