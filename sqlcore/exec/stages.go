package exec

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// stage changes one record. It takes over the record and gives back another
// that the caller owns; nil drops the record.
type stage func(ctx context.Context, rec arrow.RecordBatch) (arrow.RecordBatch, error)

// staged runs every record of a stream through stages and drops empty ones.
type staged struct {
	from   scan.Batches
	stages []stage
	closed []func()
}

// Next implements scan.Batches.
func (s *staged) Next(ctx context.Context) (scan.Batch, error) {
	for {
		b, err := s.from.Next(ctx)
		if err != nil {
			return scan.Batch{}, err
		}
		for _, st := range s.stages {
			if b.Record, err = st(ctx, b.Record); err != nil {
				return scan.Batch{}, err
			}
			if b.Record == nil {
				break
			}
		}
		if b.Record != nil {
			return b, nil
		}
	}
}

// Close implements scan.Batches.
func (s *staged) Close() {
	s.from.Close()
	for _, c := range s.closed {
		c()
	}
	s.closed = nil
}

// keepRows returns rec cut to the rows of the mask; it releases rec. It joins
// slices, which package array can do for every type: Arrow's compute kernels
// do it faster, but no batch is fetched at that speed, and they would add 12 MB
// to the binary.
func keepRows(_ context.Context, rec arrow.RecordBatch, keep []bool, kept int) (arrow.RecordBatch, error) {
	switch {
	case kept == int(rec.NumRows()):
		return rec, nil
	case kept == 0:
		rec.Release()
		return nil, nil
	}
	defer rec.Release()
	runs := runsOf(keep)
	if len(runs) == 1 {
		return rec.NewSlice(runs[0].from, runs[0].to), nil
	}
	columns := make([]arrow.Array, 0, rec.NumCols())
	defer func() { releaseAll(columns) }()
	for _, c := range rec.Columns() {
		joined, err := pick(c, runs)
		if err != nil {
			return nil, err
		}
		columns = append(columns, joined)
	}
	return array.NewRecordBatch(rec.Schema(), columns, int64(kept)), nil
}

// once drops rows whose values in the columns stood in a row before.
func once(columns []int) stage {
	seen := map[string]bool{}
	return func(ctx context.Context, rec arrow.RecordBatch) (arrow.RecordBatch, error) {
		keep, kept := make([]bool, rec.NumRows()), 0
		for row := range keep {
			var key []byte
			for _, c := range columns {
				value := rec.Column(c).ValueStr(row)
				key = append(binary.AppendUvarint(key, uint64(len(value))), value...)
			}
			if keep[row] = !seen[string(key)]; keep[row] {
				seen[string(key)] = true
				kept++
			}
		}
		return keepRows(ctx, rec, keep, kept)
	}
}

// run is a range of rows, to exclusive.
type run struct{ from, to int64 }

// runsOf lists the ranges that a mask keeps.
func runsOf(keep []bool) []run {
	var out []run
	for i, k := range keep {
		switch at := int64(i); {
		case !k:
		case len(out) > 0 && out[len(out)-1].to == at:
			out[len(out)-1].to++
		default:
			out = append(out, run{at, at + 1})
		}
	}
	return out
}

// pick returns a column's rows of the runs.
func pick(c arrow.Array, runs []run) (arrow.Array, error) {
	parts := make([]arrow.Array, len(runs))
	defer releaseAll(parts)
	for i, r := range runs {
		parts[i] = array.NewSlice(c, r.from, r.to)
	}
	return array.Concatenate(parts, memory.DefaultAllocator)
}

func releaseAll(arrays []arrow.Array) {
	for _, a := range arrays {
		a.Release()
	}
}

// project returns rec with the columns at the positions; it releases rec.
func project(schema *arrow.Schema, at []int) stage {
	return func(_ context.Context, rec arrow.RecordBatch) (arrow.RecordBatch, error) {
		defer rec.Release()
		cols := make([]arrow.Array, len(at))
		for i, c := range at {
			cols[i] = rec.Column(c)
		}
		return array.NewRecordBatch(schema, cols, rec.NumRows()), nil
	}
}

// window skips rows and stops after some.
type window struct {
	scan.Batches
	skip int64
	// left is the number of rows still wanted; negative for all.
	left int64
}

// Next implements scan.Batches.
func (w *window) Next(ctx context.Context) (scan.Batch, error) {
	for {
		if w.left == 0 {
			return scan.Batch{}, io.EOF
		}
		b, err := w.Batches.Next(ctx)
		if err != nil {
			return b, err
		}
		n := b.Record.NumRows()
		if w.skip >= n {
			w.skip -= n
			b.Record.Release()
			continue
		}
		from, to := w.skip, n
		w.skip = 0
		if w.left > 0 {
			to = min(n, from+w.left)
			w.left -= to - from
		}
		if from > 0 || to < n {
			cut := b.Record.NewSlice(from, to)
			b.Record.Release()
			b.Record = cut
		}
		return b, nil
	}
}

// counted answers n rows without columns.
type counted struct {
	schema *arrow.Schema
	left   int64
}

// rowsAtOnce bounds the rows of one made-up batch.
const rowsAtOnce = 1 << 16

// Next implements scan.Batches.
func (c *counted) Next(ctx context.Context) (scan.Batch, error) {
	if err := ctx.Err(); err != nil {
		return scan.Batch{}, err
	}
	if c.left == 0 {
		return scan.Batch{}, io.EOF
	}
	n := min(c.left, rowsAtOnce)
	c.left -= n
	return scan.Batch{Record: array.NewRecordBatch(c.schema, nil, n)}, nil
}

// Close implements scan.Batches.
func (c *counted) Close() { c.left = 0 }

// replay answers batches that were read ahead, then the rest of their stream.
type replay struct {
	held []scan.Batch
	rest scan.Batches
}

// Next implements scan.Batches.
func (r *replay) Next(ctx context.Context) (scan.Batch, error) {
	if len(r.held) > 0 {
		b := r.held[0]
		r.held = r.held[1:]
		return b, ctx.Err()
	}
	if r.rest == nil {
		return scan.Batch{}, io.EOF
	}
	return r.rest.Next(ctx)
}

// Close implements scan.Batches.
func (r *replay) Close() {
	for _, b := range r.held {
		b.Record.Release()
	}
	r.held = nil
	if r.rest != nil {
		r.rest.Close()
	}
}

// typed gives a stream its schema.
type typed struct {
	scan.Batches
	schema *arrow.Schema
}

// Schema implements scan.Rows.
func (t typed) Schema() *arrow.Schema { return t.schema }

// isEnd tells the end of a stream from its failure.
func isEnd(err error) bool { return errors.Is(err, io.EOF) }
