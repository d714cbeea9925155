//go:build duckdb_arrow

package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// errTwice means that the engine reads a one-pass stream again. Its rows would
// be missing, so the query must fail.
var errTwice = errors.New("duck: a stream of rows is read twice")

// batchReader hands a table's batches to the engine, whose threads call it.
type batchReader struct {
	ctx     context.Context
	rows    scan.Batches
	schema  *arrow.Schema
	types   []catalog.Type
	padded  bool // the batches have no columns; only their rows count
	expect  int64
	connect func() (*conn, error)
	again   bool // the stream may be scanned any number of times

	reading sync.Mutex // held while a batch is awaited

	mu    sync.Mutex // guards what follows, and is never held for long
	begun bool
	err   error
}

func newBatchReader(ctx context.Context, in query.Input, connect func() (*conn, error)) *batchReader {
	r := &batchReader{ctx: ctx, rows: in.Rows, schema: in.Table.ArrowSchema(in.Columns), expect: in.Expect, connect: connect}
	for _, c := range in.Columns {
		r.types = append(r.types, in.Table.Columns[c].Type)
	}
	if len(in.Columns) == 0 {
		// A table needs a column, though nobody reads it.
		r.padded = true
		r.schema = arrow.NewSchema([]arrow.Field{{Name: "nothing", Type: arrow.FixedWidthTypes.Boolean, Nullable: true}}, nil)
	}
	return r
}

// begin notes that a scan starts.
func (r *batchReader) begin() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.begun && !r.again {
		r.err = errTwice
	}
	r.begun = true
	return r.err
}

// Err gives the error that ended the rows early.
func (r *batchReader) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// next reads the next batch that has rows; it is nil at the end.
func (r *batchReader) next() (arrow.RecordBatch, error) {
	r.reading.Lock()
	defer r.reading.Unlock()
	if err := r.Err(); err != nil {
		return nil, err
	}
	var rec arrow.RecordBatch
	err := r.safely(func() (err error) {
		rec, err = r.read()
		return err
	})
	return rec, err
}

// safely runs what the engine calls for. A panic must not cross into C, where
// it would end the process; the first error is kept, since the engine reports
// its own words about it.
func (r *batchReader) safely(f func() error) error {
	err := safely.Do(r.ctx, observe.Discard, observe.InEngine, f)
	if err != nil {
		r.mu.Lock()
		if r.err == nil {
			r.err = err
		}
		r.mu.Unlock()
	}
	return err
}

func (r *batchReader) read() (arrow.RecordBatch, error) {
	for {
		b, err := r.rows.Next(r.ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil, nil
		case err != nil:
			return nil, err
		case b.Record.NumRows() == 0:
			b.Record.Release()
		default:
			if err := r.check(b.Record); err != nil {
				b.Record.Release()
				return nil, err
			}
			return b.Record, nil
		}
	}
}

// check compares a batch's columns with the schema's: the engine would misread
// others.
func (r *batchReader) check(rec arrow.RecordBatch) error {
	if r.padded {
		return nil
	}
	if int(rec.NumCols()) != r.schema.NumFields() {
		return fmt.Errorf("duck: a batch has %d columns in the place of %d", rec.NumCols(), r.schema.NumFields())
	}
	for i, f := range r.schema.Fields() {
		if !arrow.TypeEqual(rec.Column(i).DataType(), f.Type) {
			return fmt.Errorf("duck: column %s is %s in the place of %s", f.Name, rec.Column(i).DataType(), f.Type)
		}
	}
	return nil
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
		name := sqltext.Quote(c.Name)
		switch {
		case !has[i]:
			parts[i] = "CAST(NULL AS " + c.Type.SQL() + ") AS " + name
		case c.Type == catalog.GUID, c.Type == catalog.JSON:
			parts[i] = "CAST(" + name + " AS " + c.Type.SQL() + ") AS " + name
		default:
			parts[i] = name
		}
	}
	return strings.Join(parts, ", ")
}
