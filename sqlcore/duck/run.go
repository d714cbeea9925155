//go:build duckdb_arrow

package duck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/pool"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// resultWindow is the number of batches of a result that wait for their reader.
const resultWindow = 4

// Result is the stream of a job's result, and the job: its inputs go to the
// engine's process as that asks for them, and its rows come back.
type Result struct {
	e      *Engine
	inputs []query.Input
	lease  *pool.Lease
	// ctx is that of the inputs' work; it ends with the job.
	ctx     context.Context
	cancel  context.CancelFunc
	begun   time.Time
	feeders *safely.Group
	feeds   map[uint32]*feed

	// started is closed when the schema is known or the job has failed, ended
	// when nothing more comes of the process.
	started chan struct{}
	ended   chan struct{}
	ready   chan []byte // batches; closed behind the last one
	schema  *arrow.Schema
	decoder wire.Decoder
	closed  sync.Once
	err     error // of the reader's last call

	mu sync.Mutex
	// own is the first error of an input, failed that of the job; finished is
	// true when no batch follows, released when the process is another's.
	own, failed        error
	finished, released bool
	unread             int // batches that the reader has not taken
}

// lastStream numbers the inputs of all jobs, so that a batch that comes too
// late is never taken for another's.
var lastStream atomic.Uint32

// Run executes SQL over the rows of the inputs and streams the result. It owns
// the inputs' rows and closes them, also when it fails. The result has a method
// Schema() *arrow.Schema. An error of an input ends the result with that error.
func (e *Engine) Run(ctx context.Context, j query.Job) (scan.Rows, error) {
	if err := e.begin(); err != nil {
		closeInputs(j.Inputs)
		return nil, err
	}
	r := &Result{
		e: e, inputs: j.Inputs, begun: time.Now(), feeds: map[uint32]*feed{},
		started: make(chan struct{}), ended: make(chan struct{}), ready: make(chan []byte, resultWindow),
	}
	inner, cancel := context.WithCancel(ctx)
	r.cancel = cancel
	r.feeders, r.ctx = safely.NewGroup(inner, e.sink, observe.InEngine)
	if err := r.send(j); err != nil {
		close(r.ended)
		r.Close()
		return nil, translate(err)
	}
	stop := context.AfterFunc(inner, func() { r.lease.Stop(inner.Err()) })
	go r.receive(stop)
	<-r.started
	if r.schema == nil {
		r.Close()
		return nil, r.failure(ctx)
	}
	return r, nil
}

func closeInputs(inputs []query.Input) {
	for _, in := range inputs {
		if in.Rows != nil {
			in.Rows.Close()
		}
	}
}

// send hands the job to a process.
func (r *Result) send(j query.Job) (err error) {
	if r.lease, err = r.e.pool.Lease(r.ctx, "", true); err != nil {
		return err
	}
	told := wire.Job{SQL: j.SQL, Parameters: j.Parameters, Single: j.Single, Window: resultWindow}
	at := map[*catalog.Table]int{}
	for _, in := range j.Inputs {
		n, ok := at[in.Table]
		if !ok {
			n = len(told.Tables)
			at[in.Table] = n
			told.Tables = append(told.Tables, wire.TableOf(in.Table))
		}
		stream := lastStream.Add(1)
		if stream == 0 { // which is none
			stream = lastStream.Add(1)
		}
		told.Inputs = append(told.Inputs, wire.Input{Table: n, Stream: stream, Columns: in.Columns, Once: in.Once, Expect: in.Expect})
		r.feeds[stream] = r.feed(in, stream)
	}
	if err := r.lease.Conn().SendJSON(wire.Run, r.lease.Begin(), told); err != nil {
		err = r.lease.Failure(err)
		r.lease.Release()
		return err
	}
	return nil
}

// receive takes what the process sends until it is ready for another statement
// or has ended, and gives the lease back.
func (r *Result) receive(unwatch func() bool) {
	defer close(r.ended)
	for {
		f, err := r.lease.Conn().Receive()
		if err != nil {
			r.finish(r.lease.Failure(err))
			break
		}
		if f.Kind == wire.Idle {
			r.finish(errors.New("duck: the engine gives no answer")) // if it did not
			break
		}
		if err := r.take(f); err != nil {
			r.finish(err)
			r.lease.Discard()
			break
		}
	}
	// The inputs must be still before the process is another's.
	unwatch()
	r.cancel()
	_ = r.feeders.Wait() // they keep their errors themselves
	for _, f := range r.feeds {
		release(f.ready)
	}
	r.mu.Lock()
	r.released = true
	r.mu.Unlock()
	r.lease.Release()
}

// broke notes why an input has no more rows, though there are some.
func (r *Result) broke(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.own == nil {
		r.own = err
	}
}

// take takes one frame. Its error means that the process breaks the rules.
func (r *Result) take(f wire.Frame) error {
	switch f.Kind {
	case wire.Pull:
		if from := r.feeds[f.Stream]; from == nil || !from.wanted() {
			return fmt.Errorf("duck: the engine may not ask for the stream %d", f.Stream)
		}
	case wire.Loaded:
		r.e.sink.Observe(r.ctx, observe.QueryPhase{Phase: "load", Duration: time.Since(r.begun)})
	case wire.Schema:
		return r.begin(f.Body)
	case wire.Batch:
		return r.give(f.Body)
	case wire.Failed:
		r.finish(r.lease.Told(f))
	case wire.Done:
		if r.schema == nil {
			return errors.New("duck: the engine names no columns")
		}
		r.finish(nil)
	default:
		return fmt.Errorf("duck: a frame of kind %d", f.Kind)
	}
	return nil
}

// begin lets the rows be read.
func (r *Result) begin(body []byte) error {
	if r.schema != nil {
		return errors.New("duck: the engine names its columns twice")
	}
	schema, err := wire.DecodeSchema(body)
	if err != nil {
		return err
	}
	r.schema, r.decoder.Want = schema, schema
	close(r.started)
	return nil
}

// give hands a batch to the reader.
func (r *Result) give(body []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unread == resultWindow || r.finished {
		return errors.New("duck: the engine sends more than it may")
	}
	if r.unread++; r.unread == resultWindow {
		r.lease.Waits(1) // for the reader
	}
	r.ready <- body
	return nil
}

// took notes that the reader took a batch, so that one more may come.
func (r *Result) took() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unread--; r.unread == resultWindow-1 {
		r.lease.Waits(-1)
	}
	if !r.released && !r.finished {
		_ = r.lease.Conn().Send(wire.More, 1, nil) // receive sees why, if it fails
	}
}

// finish ends the batches, with nil if all have come. Only the first call counts.
func (r *Result) finish(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.finished {
		return
	}
	r.finished, r.failed = true, err
	close(r.ready)
	if r.schema == nil {
		close(r.started)
	}
}

// failure is what the reader gets after the last batch: an input's own error
// before the engine's words about it, or io.EOF.
func (r *Result) failure(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.failed == nil:
		return io.EOF
	case ctx.Err() != nil:
		return gwerr.From(ctx.Err())
	// A call that was given up has a cancellation among its causes too; the
	// code tells whether it was the query that was given up.
	case r.own != nil && gwerr.From(r.own).Code != gwerr.Canceled:
		return gwerr.From(r.own)
	default:
		return translate(r.failed)
	}
}

// Schema gives the schema of the result's batches.
func (r *Result) Schema() *arrow.Schema { return r.schema }

// Next returns the next batch, or io.EOF. Errors are of package gwerr.
func (r *Result) Next(ctx context.Context) (scan.Batch, error) {
	if r.err != nil {
		return scan.Batch{}, r.err
	}
	stop := context.AfterFunc(ctx, r.cancel)
	defer stop()
	r.lease.Unread(false)
	defer r.lease.Unread(true)
	body, ok := <-r.ready
	if !ok {
		r.err = r.failure(ctx)
		return scan.Batch{}, r.err
	}
	r.took()
	rec, err := r.decoder.Decode(body)
	if err != nil {
		r.err = gwerr.From(err)
		return scan.Batch{}, r.err
	}
	return scan.Batch{Record: rec}, nil
}

// Close stops the query and frees what it holds.
func (r *Result) Close() {
	r.closed.Do(func() {
		r.cancel()
		_ = r.feeders.Wait()
		<-r.ended
		closeInputs(r.inputs)
		r.decoder.Close()
		r.e.jobs.Done()
		if r.err == nil {
			r.err = gwerr.Newf(gwerr.Canceled, "The result was closed.")
		}
	})
}
