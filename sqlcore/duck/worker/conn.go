//go:build duckdb_arrow

package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	db "github.com/duckdb/duckdb-go-bindings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// The driver of database/sql holds a whole result in memory and waits up to
// half a second to interrupt one, so this file talks to DuckDB's C API through
// its bindings: results stream in chunks, and a cancelled context interrupts
// at once and again until the call returns.

// A statement that has nothing to do sleeps for idleWait, and longer when it has
// run for long: a part of that time, up to longWait.
const (
	idleWait, longWait = 50 * time.Microsecond, 2 * time.Millisecond
	waitPart           = 50
)

// interruptEvery is the time between two interrupts of a call whose context
// has ended: DuckDB clears an interrupt that arrives between two tasks.
const interruptEvery = 10 * time.Millisecond

// engineError is what DuckDB says; its text is for the log and for
// translation, never for users.
type engineError struct{ text string }

func (e *engineError) Error() string { return e.text }

// instance is one in-memory database.
type instance struct {
	db db.Database
	// statements is the connection that statements run on, one after the other. It has a
	// setting of its own that none can get once the configuration is locked.
	statements *conn
}

// setting is an option of a database and its value.
type setting struct{ name, value string }

// openInstance opens a database with the settings, made in their order.
func openInstance(settings []setting) (*instance, error) {
	var config db.Config
	if db.CreateConfig(&config) == db.StateError {
		return nil, errors.New("duck: cannot create a configuration")
	}
	defer db.DestroyConfig(&config)
	for _, s := range settings {
		if db.SetConfig(config, s.name, s.value) == db.StateError {
			return nil, fmt.Errorf("duck: the engine rejects the setting %s = %s", s.name, s.value)
		}
	}
	i := &instance{}
	var message string
	if db.OpenExt(":memory:", &i.db, config, &message) == db.StateError {
		return nil, &engineError{message}
	}
	return i, nil
}

func (i *instance) close() {
	if i.statements != nil {
		i.statements.close()
	}
	db.Close(&i.db)
}

func (i *instance) connect() (*conn, error) {
	c := &conn{}
	if db.Connect(i.db, &c.c) == db.StateError {
		return nil, errors.New("duck: cannot connect to the engine")
	}
	return c, nil
}

// conn is a connection. It is used by one goroutine at a time.
type conn struct {
	c     db.Connection
	calls map[string]*statement // prepared by call
}

func (c *conn) close() {
	for _, s := range c.calls {
		s.close()
	}
	db.Disconnect(&c.c)
}

// interruptible runs a call of the engine and interrupts it when ctx ends.
func (c *conn) interruptible(ctx context.Context, call func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if ctx.Done() == nil {
		return call()
	}
	returned, stopped := make(chan struct{}), make(chan struct{})
	// No goroutine stands by: most calls are shorter than its start.
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		again := time.NewTicker(interruptEvery)
		defer again.Stop()
		for {
			db.Interrupt(c.c)
			select {
			case <-returned:
				return
			case <-again.C:
			}
		}
	})
	err := call()
	close(returned)
	if !stop() {
		<-stopped
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// exec runs one statement and drops its result.
func (c *conn) exec(ctx context.Context, sql string) error {
	return c.interruptible(ctx, func() error {
		var res db.Result
		defer db.DestroyResult(&res)
		if db.Query(c.c, sql, &res) == db.StateError {
			return &engineError{db.ResultError(&res)}
		}
		return nil
	})
}

// fill is exec for a statement that waits for rows.
func (c *conn) fill(ctx context.Context, sql string) error {
	st, err := c.query(ctx, sql)
	if err != nil {
		return err
	}
	defer st.close()
	for {
		rec, err := st.next(ctx)
		if err != nil || rec == nil {
			return err
		}
		rec.Release()
	}
}

// statement is a prepared statement.
type statement struct {
	c *conn
	p db.PreparedStatement
}

// prepare binds the names and types of one statement.
func (c *conn) prepare(ctx context.Context, sql string) (*statement, error) {
	s := &statement{c: c}
	err := c.interruptible(ctx, func() error {
		if db.Prepare(c.c, sql, &s.p) == db.StateError {
			return &engineError{db.PrepareError(s.p)}
		}
		return nil
	})
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *statement) close() { db.DestroyPrepare(&s.p) }

// maxTypeDepth bounds the nesting of a result's types: Arrow's format for streams
// takes 64 levels.
const maxTypeDepth = 60

// columns gives the names and SQL types of the statement's result.
func (s *statement) columns() (names, types []string, err error) {
	n := db.PreparedStatementColumnCount(s.p)
	for i := db.IdxT(0); i < n; i++ {
		t := db.PreparedStatementColumnLogicalType(s.p, i)
		name, depth := typeName(t)
		db.DestroyLogicalType(&t)
		if depth > maxTypeDepth {
			return nil, nil, gwerr.New(gwerr.LimitExceeded, fmt.Sprintf("Column %d of the result nests more than %d levels of lists and structs.", i+1, maxTypeDepth), "Cast it to JSON.")
		}
		names, types = append(names, db.PreparedStatementColumnName(s.p, i)), append(types, name)
	}
	return names, types, nil
}

// stream is the result of a statement, read chunk by chunk while the
// statement runs.
type stream struct {
	s       *statement
	res     db.Result
	options db.ArrowOptions
	schema  *arrow.Schema
	done    bool
}

// run starts the statement. The stream owns the statement.
func (s *statement) run(ctx context.Context) (*stream, error) {
	st, err := s.again(ctx)
	if err != nil {
		s.close()
	}
	return st, err
}

// again starts the statement, which can be started any number of times, one
// after the other. Free the stream with its method free.
func (s *statement) again(ctx context.Context) (*stream, error) {
	st := &stream{s: s}
	err := s.c.interruptible(ctx, func() error {
		var pending db.PendingResult
		defer db.DestroyPending(&pending)

		if db.PendingPreparedStreaming(s.p, &pending) == db.StateError {
			return &engineError{db.PendingError(pending)}
		}
		// Waiting for rows, the engine's own loop would keep a processor busy.
		begun := time.Now()
		state := db.PendingExecuteTask(pending)
		for ; !db.PendingExecutionIsFinished(state); state = db.PendingExecuteTask(pending) {
			if state == db.PendingStateNoTasksAvailable {
				time.Sleep(min(max(time.Since(begun)/waitPart, idleWait), longWait))
			}
		}
		if state == db.PendingStateError {
			return &engineError{db.PendingError(pending)}
		}
		if db.ExecutePending(pending, &st.res) == db.StateError {
			return &engineError{db.ResultError(&st.res)}
		}
		return st.describe()
	})
	if err != nil {
		st.free()
		return nil, err
	}
	return st, nil
}

// describe reads the result's schema.
func (st *stream) describe() error {
	st.options = db.ResultGetArrowOptions(&st.res)
	n := db.ColumnCount(&st.res)
	names, types := make([]string, n), make([]db.LogicalType, n)
	for i := range names {
		names[i] = db.ColumnName(&st.res, db.IdxT(i))
		types[i] = db.ColumnLogicalType(&st.res, db.IdxT(i))
	}
	defer func() {
		for i := range types {
			db.DestroyLogicalType(&types[i])
		}
	}()
	schema, data := db.NewArrowSchema(st.options, types, names)
	if err := dataError(data); err != nil {
		return err
	}
	st.schema = resultSchema(schema)
	return nil
}

// next returns the next chunk as a record, which the caller releases, or nil
// after the last one.
func (st *stream) next(ctx context.Context) (arrow.RecordBatch, error) {
	if st.done {
		return nil, nil
	}
	var rec arrow.RecordBatch
	err := st.s.c.interruptible(ctx, func() error {
		chunk := db.FetchChunk(st.res)
		defer db.DestroyDataChunk(&chunk)
		if text := db.ResultError(&st.res); text != "" {
			return &engineError{text}
		}
		if chunk.Ptr == nil || db.DataChunkGetSize(chunk) == 0 {
			return nil
		}
		var data db.ErrorData
		rec, data = db.DataChunkToArrowArray(st.options, st.schema, chunk)
		return dataError(data)
	})
	if err != nil || rec == nil {
		st.done = true
	}
	if err == nil && rec == nil {
		// An interrupt between two chunks ends a stream without an error.
		err = ctx.Err()
	}
	if err != nil {
		if rec != nil {
			rec.Release()
		}
		return nil, err
	}
	return rec, nil
}

// free ends the stream and keeps the statement.
func (st *stream) free() {
	st.done = true
	db.DestroyArrowOptions(&st.options)
	db.DestroyResult(&st.res)
}

// close ends the stream and the statement.
func (st *stream) close() {
	st.free()
	st.s.close()
}

func dataError(d db.ErrorData) error {
	defer db.DestroyErrorData(&d)
	if !db.ErrorDataHasError(d) {
		return nil
	}
	return &engineError{db.ErrorDataMessage(d)}
}

// query starts a statement and returns its result as a stream.
func (c *conn) query(ctx context.Context, sql string) (*stream, error) {
	s, err := c.prepare(ctx, sql)
	if err != nil {
		return nil, err
	}
	return s.run(ctx)
}

// call runs a statement of one parameter, a text, and returns the values of the
// last column of its result. It is prepared once for the connection.
func (c *conn) call(ctx context.Context, sql, parameter string) ([]string, error) {
	s := c.calls[sql]
	if s == nil {
		var err error
		if s, err = c.prepare(ctx, sql); err != nil {
			return nil, err
		}
		if c.calls == nil {
			c.calls = map[string]*statement{}
		}
		c.calls[sql] = s
	}
	if db.BindVarchar(s.p, 1, parameter) == db.StateError {
		return nil, &engineError{db.PrepareError(s.p)}
	}
	st, err := s.again(ctx)
	if err != nil {
		return nil, err
	}
	defer st.free()
	return st.texts(ctx)
}

// texts runs a statement and returns the values of the last column of its
// result, which must be text; nulls are "".
func (c *conn) texts(ctx context.Context, sql string) ([]string, error) {
	st, err := c.query(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer st.close()
	return st.texts(ctx)
}

// texts reads the rest of the stream, as conn.texts.
func (st *stream) texts(ctx context.Context) ([]string, error) {
	var out []string
	for {
		rec, err := st.next(ctx)
		if err != nil || rec == nil {
			return out, err
		}
		col, ok := rec.Column(int(rec.NumCols()) - 1).(array.StringLike)
		if !ok {
			rec.Release()
			return nil, fmt.Errorf("duck: %s where text was expected", rec.Schema())
		}
		for i := 0; i < col.Len(); i++ {
			out = append(out, strings.Clone(col.Value(i)))
		}
		rec.Release()
	}
}
