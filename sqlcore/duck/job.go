//go:build duckdb_arrow

package duck

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// loadsAtOnce bounds the inputs of one job that are read at the same time.
const loadsAtOnce = 4

// job is one running query, in a catalog of its own that goes away with it.
type job struct {
	e *Engine
	query.Job
	name   string // the catalog
	c      *conn
	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	readers  []*batchReader
	streams  []int64
	attached bool
}

// Run executes SQL over the rows of the inputs and streams the result. It owns
// the inputs' rows and closes them, also when it fails. The result has a method
// Schema() *arrow.Schema. An error of an input ends the result with that error.
func (e *Engine) Run(ctx context.Context, j query.Job) (scan.Rows, error) {
	if err := e.begin(); err != nil {
		closeInputs(j.Inputs)
		return nil, err
	}
	w := &job{e: e, Job: j}
	w.ctx, w.cancel = context.WithCancel(ctx)
	var res *Result
	defer func() {
		if res == nil {
			w.close() // after an error or a panic
		}
	}()
	st, err := w.start()
	if err != nil {
		return nil, w.failed(ctx, err)
	}
	res = newResult(w, st)
	return res, nil
}

func closeInputs(inputs []query.Input) {
	for _, in := range inputs {
		if in.Rows != nil {
			in.Rows.Close()
		}
	}
}

// start loads the inputs and starts the statement.
func (w *job) start() (*stream, error) {
	begun := time.Now()
	var err error
	if w.c, err = w.e.data.connect(); err != nil {
		return nil, err
	}
	w.e.sweep(w.ctx, w.c)
	if err := w.attach(); err != nil {
		return nil, err
	}
	groups := groupInputs(w.Inputs)
	if err := w.inputs(groups); err != nil {
		return nil, err
	}
	w.e.sink.Observe(w.ctx, observe.QueryPhase{Phase: "load", Duration: time.Since(begun)})
	s, err := w.c.prepare(w.ctx, w.SQL)
	if err != nil {
		return nil, err
	}
	if err := s.bind(w.Parameters); err != nil {
		s.close()
		return nil, err
	}
	return s.run(w.ctx)
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

// inputs makes each table stand: as a view of a stream if it is read once,
// else as a table.
func (w *job) inputs(groups [][]query.Input) error {
	streams := make([]bool, len(groups))
	// The plan, which has the last word, can't be had before parameters.
	for i, g := range groups {
		streams[i] = len(g) == 1 && g[0].Once && len(w.Parameters) == 0
	}
	loads, ctx := safely.NewGroup(w.ctx, w.e.sink, observe.InEngine)
	loads.SetLimit(loadsAtOnce)
	for i, g := range groups {
		if !streams[i] {
			loads.Go(func() error { return w.load(ctx, i, g) })
		}
	}
	if err := loads.Wait(); err != nil {
		return err
	}
	var views []int
	for i, g := range groups {
		if !streams[i] {
			continue
		}
		if err := w.view(g[0]); err != nil {
			return err
		}
		views = append(views, i)
	}
	if len(views) == 0 {
		return nil
	}
	ok, err := w.onePass(len(views))
	if ok || err != nil {
		return err
	}
	for _, i := range views {
		if err := w.keep(i, groups[i][0].Table); err != nil {
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
	r := newBatchReader(ctx, w.e.sink, in, w.e.data.connect)
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
	c, err := w.e.data.connect()
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
		if err := c.exec(ctx, "INSERT INTO "+into+" SELECT "+selectList(t, in.Columns)+" FROM "+w.stream(ctx, in)); err != nil {
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
	first := fmt.Sprint(sortedUnique(inputs[0].Columns))
	for _, in := range inputs[1:] {
		if fmt.Sprint(sortedUnique(in.Columns)) != first {
			return false
		}
	}
	return true
}

// keep reads a stream into a table, which takes the place of its view.
func (w *job) keep(i int, t *catalog.Table) error {
	name := w.tableName(t)
	for _, sql := range []string{
		fmt.Sprintf("CREATE TABLE %s.main.kept_%d AS FROM %s", w.name, i, name),
		"DROP VIEW " + name,
		fmt.Sprintf("CREATE VIEW %s AS FROM %s.main.kept_%d", name, w.name, i),
	} {
		if err := w.c.exec(w.ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// onePass reports whether the engine's own plan scans no more streams than
// there are, and none in a recursion.
func (w *job) onePass(streams int) (bool, error) {
	answer, err := w.c.texts(w.ctx, "EXPLAIN (FORMAT json) "+w.SQL)
	if err != nil {
		return false, err
	}
	var plan []explained
	if len(answer) != 1 {
		return false, nil
	}
	if json.Unmarshal([]byte(answer[0]), &plan) != nil {
		return false, nil //nolint:nilerr // a plan of another form: the table is loaded
	}
	scans, recursive := countScans(plan)
	return scans <= streams && !recursive, nil
}

// explained is an operator of EXPLAIN's answer.
type explained struct {
	Name     string      `json:"name"`
	Children []explained `json:"children"`
}

// countScans counts the scans of streams in a plan.
func countScans(plan []explained) (scans int, recursive bool) {
	for _, op := range plan {
		name := strings.ToUpper(strings.TrimSpace(op.Name))
		if name == strings.ToUpper(rowsFunction) {
			scans++
		}
		n, r := countScans(op.Children)
		scans += n
		recursive = recursive || r || strings.Contains(name, "REC")
	}
	return scans, recursive
}

// failed gives the error to report: an input's own before the engine's words
// about it.
func (w *job) failed(ctx context.Context, err error) error {
	w.mu.Lock()
	readers := append([]*batchReader(nil), w.readers...)
	w.mu.Unlock()
	if ctx.Err() != nil {
		return gwerr.From(ctx.Err())
	}
	for _, r := range readers {
		// A call that was given up has a cancellation among its causes too; the
		// code tells whether it was the query that was given up.
		if own := r.Err(); own != nil && gwerr.From(own).Code != gwerr.Canceled {
			return gwerr.From(own)
		}
	}
	return translate(err)
}

// close ends the job: nothing of it stays in the engine.
func (w *job) close() {
	w.cancel()
	closeInputs(w.Inputs)
	for _, id := range w.streams {
		streams.drop(id)
	}
	if w.c != nil {
		w.e.detach(w.c, w.name, w.attached)
		w.c.close()
	}
	w.e.jobs.Done()
}
