//go:build duckdb_arrow

package worker

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// loadsAtOnce bounds the inputs of one job that are read at the same time.
const loadsAtOnce = 4

// job is one running query, in a catalog of its own that goes away with it.
type job struct {
	w *worker
	query.Job
	data *instance
	name string // the catalog
	c    *conn
	ctx  context.Context

	mu       sync.Mutex
	readers  []*batchReader
	streams  []int64
	attached bool
}

// run runs a job and tells how it ended. Its error ends the process.
func (w *worker) run(ctx context.Context, f wire.Frame) error {
	j := &job{w: w, ctx: ctx}
	err := safely.Do(ctx, observe.Discard, observe.InEngine, func() error {
		var asked wire.Job
		if err := f.JSON(&asked); err != nil {
			return err
		}
		w.take(&j.Job, asked)
		st, err := j.start()
		if err != nil {
			return err
		}
		defer st.close()
		return j.give(st)
	})
	if err == nil {
		err = w.c.Send(wire.Done, f.Stream, nil)
	} else {
		// An input's own error before the engine's words about it.
		if own := j.inputError(); own != nil {
			err = own
		}
		err = w.c.SendJSON(wire.Failed, f.Stream, failure(err))
	}
	if left := j.close(); left != nil {
		return left
	}
	if err != nil {
		return err
	}
	return w.c.Send(wire.Idle, f.Stream, nil)
}

// take reads a job and makes its inputs known.
func (w *worker) take(j *query.Job, asked wire.Job) {
	tables := make([]*catalog.Table, len(asked.Tables))
	for i, t := range asked.Tables {
		tables[i] = t.Catalog()
	}
	j.SQL, j.Parameters, j.Single = asked.SQL, asked.Parameters, asked.Single
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taken = newCredit(asked.Window)
	clear(w.inputs)
	for _, in := range asked.Inputs {
		stream := newInput(w.c, in.Stream)
		w.inputs[in.Stream] = stream
		j.Inputs = append(j.Inputs, query.Input{Table: tables[in.Table], Columns: in.Columns, Once: in.Once, Expect: in.Expect, Rows: stream})
	}
}

// start loads the inputs and starts the statement.
func (w *job) start() (*stream, error) {
	if w.data = w.w.data; w.Single {
		w.data = w.w.single
	}
	w.c = w.data.statements
	if err := w.attach(); err != nil {
		return nil, err
	}
	groups := groupInputs(w.Inputs)
	if err := w.inputs(groups); err != nil {
		return nil, err
	}
	if err := w.w.c.Send(wire.Loaded, 0, nil); err != nil {
		return nil, err
	}
	return w.query(w.SQL)
}

// query starts a statement that has the job's parameters.
func (w *job) query(sql string) (*stream, error) {
	s, err := w.c.prepare(w.ctx, sql)
	if err != nil {
		return nil, err
	}
	if err := s.bind(w.Parameters); err != nil {
		s.close()
		return nil, err
	}
	return s.run(w.ctx)
}

// inputError tells the end of the rows from an input that broke off.
func (w *job) inputError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.readers {
		if err := r.Err(); err != nil {
			return err
		}
	}
	return w.ctx.Err()
}

// attach makes the job's catalog and its schemas.
func (w *job) attach() error {
	var random [12]byte
	if _, err := rand.Read(random[:]); err != nil {
		return err
	}
	w.name = "q_" + hex.EncodeToString(random[:])
	if err := w.c.exec(w.ctx, "ATTACH ':memory:' AS "+w.name); err != nil {
		return err
	}
	w.attached = true
	made := map[string]bool{}
	for _, in := range w.Inputs {
		name := in.Table.Schema.Name
		if made[strings.ToLower(name)] {
			continue
		}
		made[strings.ToLower(name)] = true
		if err := w.c.exec(w.ctx, "CREATE SCHEMA IF NOT EXISTS "+w.name+"."+sqltext.Quote(name)); err != nil {
			return err
		}
	}
	return w.c.exec(w.ctx, "USE "+w.name)
}

// groupInputs gathers the inputs of each table, in order.
func groupInputs(inputs []query.Input) [][]query.Input {
	at := map[*catalog.Table]int{}
	var groups [][]query.Input
	for _, in := range inputs {
		i, ok := at[in.Table]
		if !ok {
			i = len(groups)
			at[in.Table] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], in)
	}
	return groups
}

// inputs makes each table stand: as a view of a stream if it is read once, which
// the plan tells, else as a table.
func (w *job) inputs(groups [][]query.Input) error {
	loads, ctx := safely.NewGroup(w.ctx, observe.Discard, observe.InEngine)
	loads.SetLimit(loadsAtOnce)
	var views []query.Input
	for i, g := range groups {
		if len(g) == 1 && g[0].Once {
			views = append(views, g[0])
		} else {
			loads.Go(func() error { return w.load(ctx, i, g) })
		}
	}
	if err := loads.Wait(); err != nil {
		return err
	}
	for _, in := range views {
		if err := w.view(in); err != nil {
			return err
		}
	}
	return nil
}

func (w *job) tableName(t *catalog.Table) string {
	return w.name + "." + sqltext.Quote(t.Schema.Name) + "." + sqltext.Quote(t.Name)
}

// view shows a stream as the table.
func (w *job) view(in query.Input) error {
	return w.c.exec(w.ctx, "CREATE VIEW "+w.tableName(in.Table)+" AS SELECT "+selectList(in.Table, in.Columns)+" FROM "+w.stream(w.ctx, in))
}

// stream makes an input's rows readable by the engine, once, and returns the
// call that reads them.
func (w *job) stream(ctx context.Context, in query.Input) string {
	r := newBatchReader(ctx, in, w.data.connect)
	id := streams.put(r)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.readers = append(w.readers, r)
	w.streams = append(w.streams, id)
	return fmt.Sprintf("%s(%d)", rowsFunction, id)
}

// load reads the inputs of one table into a table, on a connection of its own.
// A row that several inputs hold is kept once, with the columns of all.
func (w *job) load(ctx context.Context, i int, inputs []query.Input) error {
	c, err := w.data.connect()
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.exec(ctx, "USE "+w.name); err != nil {
		return err
	}
	t := inputs[0].Table
	into := w.tableName(t)
	merge := len(inputs) > 1 && len(t.Key()) > 0
	if merge {
		into = fmt.Sprintf("%s.main.parts_%d", w.name, i)
	}
	if err := c.exec(ctx, "CREATE TABLE "+into+" "+columnList(t)); err != nil {
		return err
	}
	for _, in := range inputs {
		if err := c.fill(ctx, "INSERT INTO "+into+" SELECT "+selectList(t, in.Columns)+" FROM "+w.stream(ctx, in)); err != nil {
			return err
		}
		in.Rows.Close()
	}
	if !merge {
		return nil
	}
	if err := c.exec(ctx, "CREATE TABLE "+w.tableName(t)+" AS "+mergeQuery(t, inputs, into)); err != nil {
		return err
	}
	return c.exec(ctx, "DROP TABLE "+into)
}

// mergeQuery keeps one row for each key.
func mergeQuery(t *catalog.Table, inputs []query.Input, from string) string {
	key := map[int]bool{}
	var names []string
	for _, k := range t.Key() {
		key[k] = true
		names = append(names, sqltext.Quote(t.Columns[k].Name))
	}
	by := strings.Join(names, ", ")
	if sameColumns(inputs) {
		return "SELECT DISTINCT ON (" + by + ") * FROM " + from
	}
	parts := make([]string, len(t.Columns))
	for i := range t.Columns {
		name := sqltext.Quote(t.Columns[i].Name)
		if key[i] {
			parts[i] = name
		} else {
			parts[i] = "any_value(" + name + ") AS " + name
		}
	}
	return "SELECT " + strings.Join(parts, ", ") + " FROM " + from + " GROUP BY " + by
}

func sameColumns(inputs []query.Input) bool {
	first := sorted(inputs[0].Columns)
	for _, in := range inputs[1:] {
		if !slices.Equal(sorted(in.Columns), first) {
			return false
		}
	}
	return true
}

func sorted(columns []int) []int { return slices.Compact(slices.Sorted(slices.Values(columns))) }

// close ends the job: nothing of it stays in the engine. Its error means that
// something does.
func (w *job) close() error {
	for _, id := range w.streams {
		streams.drop(id)
	}
	if !w.attached {
		return nil
	}
	// Also after a job that was given up.
	if err := w.c.exec(context.Background(), "USE memory; DETACH "+w.name); err != nil {
		return fmt.Errorf("%w: %w", errStays, err)
	}
	return nil
}
