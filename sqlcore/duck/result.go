//go:build duckdb_arrow

package duck

import (
	"context"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	db "github.com/duckdb/duckdb-go-bindings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Result is the stream of a job's result. It leaves the engine as the engine
// makes it; no more than a few batches wait inside.
type Result struct {
	job    *job
	stream *stream
	schema *arrow.Schema
	err    error
	closed sync.Once
}

func newResult(w *job, st *stream) *Result {
	return &Result{job: w, stream: st, schema: st.schema}
}

// resultSchema gives the schema that consumers see: plain types, and names as
// PostgreSQL has them.
func resultSchema(in *arrow.Schema) *arrow.Schema {
	fields := make([]arrow.Field, in.NumFields())
	for i, f := range in.Fields() {
		t := f.Type
		if ext, ok := t.(arrow.ExtensionType); ok {
			t = ext.StorageType()
		}
		fields[i] = arrow.Field{Name: resultName(f.Name), Type: t, Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}

// Schema gives the schema of the result's batches.
func (r *Result) Schema() *arrow.Schema { return r.schema }

// Next returns the next batch, or io.EOF. Errors are of package gwerr.
func (r *Result) Next(ctx context.Context) (scan.Batch, error) {
	if r.err != nil {
		return scan.Batch{}, r.err
	}
	rec, err := r.next(ctx)
	if err != nil {
		r.err = err
		return scan.Batch{}, err
	}
	return scan.Batch{Record: rec}, nil
}

func (r *Result) next(ctx context.Context) (arrow.RecordBatch, error) {
	// The caller's context also stops the inputs, on which the engine may wait.
	stop := context.AfterFunc(ctx, r.job.cancel)
	defer stop()
	rec, err := r.stream.next(ctx)
	if err != nil {
		return nil, r.job.failed(ctx, err)
	}
	if rec == nil {
		return nil, r.ended()
	}
	return rec, nil
}

// ended tells the end of the rows from an input that broke off.
func (r *Result) ended() error {
	r.job.mu.Lock()
	defer r.job.mu.Unlock()
	for _, in := range r.job.readers {
		if err := in.Err(); err != nil {
			return gwerr.From(err)
		}
	}
	if err := r.job.ctx.Err(); err != nil {
		return gwerr.From(err)
	}
	return io.EOF
}

// Close stops the query and frees what it holds.
func (r *Result) Close() {
	r.closed.Do(func() {
		r.job.cancel()
		r.stream.close()
		r.job.close()
		if r.err == nil {
			r.err = gwerr.Newf(gwerr.Canceled, "The result was closed.")
		}
	})
}

// bind sets a statement's parameters.
func (s *statement) bind(values []predicate.Value) error {
	if n := int(db.NParams(s.p)); n != len(values) {
		return gwerr.New(gwerr.BadParameter, fmt.Sprintf("The query has %d parameters; %d values are given.", n, len(values)), "")
	}
	for i, v := range values {
		at := db.IdxT(i + 1)
		var state db.State
		switch v.Kind {
		case predicate.Bool:
			state = db.BindBoolean(s.p, at, v.Bool)
		case predicate.Int:
			if v.Int >= math.MinInt32 && v.Int <= math.MaxInt32 {
				state = db.BindInt32(s.p, at, int32(v.Int))
			} else {
				state = db.BindInt64(s.p, at, v.Int)
			}
		case predicate.Float:
			state = db.BindDouble(s.p, at, v.Float)
		case predicate.Time:
			state = db.BindTimestampTZ(s.p, at, db.NewTimestamp(v.Time.UnixMicro()))
		default:
			state = db.BindVarcharLength(s.p, at, v.Str, db.IdxT(len(v.Str)))
		}
		if state == db.StateError {
			return gwerr.New(gwerr.BadParameter, fmt.Sprintf("The value of parameter %d does not fit.", i+1), "")
		}
	}
	return nil
}
