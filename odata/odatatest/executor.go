package odatatest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/change"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Executor runs plain queries without SQL over a Library. Batches have
// BatchRows rows and cursors.
type Executor struct {
	*Library
	BatchRows int
	// NoCursors makes batches without cursors.
	NoCursors bool
	// Unordered says that rows come in any order where pages are optional.
	Unordered bool
	// FailAfter makes the stream fail with Err behind that many batches.
	FailAfter int
	Err       error
	// MaxRows refuses more rows of all answers; 0 refuses none.
	MaxRows int64
	// CountErr makes Count fail.
	CountErr error
	// Keep decides on rows in the place of FilterSQL; nil refuses it.
	Keep func(filterSQL string, t *catalog.Table, r Row) bool
	// Engine answers queries with SQL; nil refuses them.
	Engine func(q *query.Query) []Row
	// Binder binds statements; nil binds those that select columns of one table, if there
	// is an Engine.
	Binder func(st query.Statement) (*query.Query, error)
	// Actions are procedures to be offered.
	Actions procedure.Set

	mu         sync.Mutex
	queries    []Ran
	open       int
	returned   int64
	ends       []error
	statements []string
	parked     *reading.Store
}

// Ran is a query that was run, or counted.
type Ran struct {
	Query *query.Query
	// Want is nil where all rows were wanted.
	Want    *reading.Want
	Start   reading.Start
	Counted bool
}

// Ran returns the queries so far and forgets them.
func (e *Executor) Ran() []Ran {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := e.queries
	e.queries = nil
	return out
}

// Begin admits every request.
func (e *Executor) Begin(ctx context.Context, statement string) (context.Context, odata.Request, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.statements = append(e.statements, statement)
	return ctx, e, nil
}

// Statements are those of the requests that began.
func (e *Executor) Statements() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.statements)
}

// Notes implements odata.Request.
func (e *Executor) Notes() []string { return nil }

// Returned implements odata.Request.
func (e *Executor) Returned(rows int64) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.returned += rows; e.MaxRows > 0 && e.returned > e.MaxRows {
		return gwerr.New(gwerr.LimitExceeded, "There are too many rows.", "")
	}
	return nil
}

// Writable implements odata.Request; the library is only read.
func (e *Executor) Writable(context.Context, string, string) (*catalog.Table, error) {
	return nil, gwerr.New(gwerr.ReadOnly, "The library is only read.", "")
}

// Change implements odata.Request.
func (e *Executor) Change(context.Context, *change.Change) (*change.Done, error) {
	return nil, gwerr.New(gwerr.ReadOnly, "The library is only read.", "")
}

// Procedures implements odata.Request.
func (e *Executor) Procedures(*catalog.Schema, bool) procedure.Set { return e.Actions }

// Call implements odata.Request.
func (e *Executor) Call(ctx context.Context, c *procedure.Call) (*query.Answer, error) {
	p, err := e.Actions.Find(c)
	if err != nil {
		return nil, err
	}
	in, err := p.Bind(c, procedure.Parameters{})
	if err != nil {
		return nil, err
	}
	done, err := p.Run(ctx, in)
	if err != nil {
		return nil, err
	}
	rows, err := p.Rows(done)
	return &query.Answer{Columns: p.Columns(), Rows: rows}, err
}

// End implements odata.Request.
func (e *Executor) End(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ends = append(e.ends, err)
}

// Ends tells how requests ended, nil for well.
func (e *Executor) Ends() []error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ends
}

// Open is the number of streams that were not closed.
func (e *Executor) Open() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.open
}

func (e *Executor) note(r Ran) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queries = append(e.queries, r)
}

// Readings holds what waits between pages. Close it in the end.
func (e *Executor) Readings() *reading.Store {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.parked == nil {
		e.parked = reading.NewStore(reading.Options{})
	}
	return e.parked
}

// Plan implements odata.Request.
func (e *Executor) Plan(_ context.Context, q *query.Query) ([]string, error) {
	return []string{"reads " + q.Accesses[0].Table.Name + " where " + q.Accesses[0].Where.String()}, nil
}

// Query implements odata.Request.
func (e *Executor) Query(_ context.Context, q *query.Query) (scan.Rows, error) {
	e.note(Ran{Query: q})
	return e.stream(q, reading.Start{})
}

// Page implements odata.Request.
func (e *Executor) Page(ctx context.Context, q *query.Query, key []int, w reading.Want) (reading.Rows, error) {
	p, err := e.Readings().Page(ctx, reading.Target{
		Scope: func() string {
			return fmt.Sprint(q.SQL, q.Accesses[0].Table.Name, q.Accesses[0].Where, q.Accesses[0].Columns)
		}, Key: key,
		Open: func(_ context.Context, at reading.Start) (reading.Stream, error) {
			e.note(Ran{Query: q, Want: &w, Start: at})
			rows, err := e.stream(q, at)
			return reading.Stream{Rows: rows, Ordered: !w.Optional || !e.Unordered}, err
		},
	}, w)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (e *Executor) stream(q *query.Query, at reading.Start) (scan.Rows, error) {
	rows, err := e.rows(q)
	if err != nil {
		return nil, err
	}
	skip := int64(0)
	if at.Cursor != "" {
		if skip, err = strconv.ParseInt(at.Cursor, 10, 64); err != nil {
			return nil, fmt.Errorf("cursor %q: %w", at.Cursor, err)
		}
	}
	total := int64(len(rows))
	rows = rows[min(int(skip), len(rows)):]
	if q.Plain != nil && q.Plain.Limit > 0 {
		rows = rows[:min(int(q.Plain.Limit), len(rows))]
	}
	e.mu.Lock()
	e.open++
	e.mu.Unlock()
	return &stream{e: e, q: q, rows: rows, at: int(skip), total: total}, nil
}

// Count implements odata.Request.
func (e *Executor) Count(_ context.Context, q *query.Query) (int64, error) {
	e.note(Ran{Query: q, Counted: true})
	if e.CountErr != nil {
		return 0, e.CountErr
	}
	rows, err := e.rows(q)
	return int64(len(rows)), err
}

// rows gives the rows that the query's conditions keep, in table order.
func (e *Executor) rows(q *query.Query) ([]Row, error) {
	access := q.Accesses[0]
	if q.Plain == nil {
		if e.Engine == nil {
			return nil, fmt.Errorf("odatatest: no engine for %s", q.SQL)
		}
		return e.Engine(q), nil
	}
	if q.Plain.FilterSQL != "" && e.Keep == nil {
		return nil, fmt.Errorf("odatatest: no engine for %s", q.Plain.FilterSQL)
	}
	var out []Row
	for _, r := range e.Library.Rows[access.Table.Name] {
		if Eval(access.Where, access.Table, r) != True {
			continue
		}
		if q.Plain.FilterSQL == "" || e.Keep(q.Plain.FilterSQL, access.Table, r) {
			out = append(out, r)
		}
	}
	return out, nil
}

type stream struct {
	e      *Executor
	q      *query.Query
	rows   []Row
	at     int
	total  int64
	given  int
	closed bool
}

// Schema implements scan.Rows.
func (s *stream) Schema() *arrow.Schema {
	fields := make([]arrow.Field, len(s.q.Columns))
	for i, c := range s.q.Columns {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type.Arrow(), Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}

// Next implements scan.Rows.
func (s *stream) Next(ctx context.Context) (scan.Batch, error) {
	if err := ctx.Err(); err != nil {
		return scan.Batch{}, err
	}
	if s.e.Err != nil && s.given == s.e.FailAfter {
		return scan.Batch{}, s.e.Err
	}
	if len(s.rows) == 0 {
		return scan.Batch{}, io.EOF
	}
	n := min(s.e.BatchRows, len(s.rows))
	table := s.q.Accesses[0].Table
	rows := make([][]any, n)
	for i, r := range s.rows[:n] {
		for _, c := range s.q.Columns {
			if c.Name == countColumn {
				rows[i] = append(rows[i], s.total)
				continue
			}
			rows[i] = append(rows[i], r[table.Index(c.Name)])
		}
	}
	rec, err := cell.Record(s.Schema(), rows)
	if err != nil {
		return scan.Batch{}, err
	}
	s.rows = s.rows[n:]
	s.at += n
	s.given++
	out := scan.Batch{Record: rec}
	if len(s.rows) > 0 && !s.e.NoCursors {
		out.Cursor = strconv.Itoa(s.at)
	}
	return out, nil
}

// Close implements scan.Rows.
func (s *stream) Close() {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	if !s.closed {
		s.closed = true
		s.e.open--
	}
}

// Truth is a truth value of three-valued logic.
type Truth int8

// The truth values, in the order of and and or.
const (
	False Truth = iota
	Unknown
	True
)

func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}

// Eval evaluates a condition on a row.
func Eval(e predicate.Expr, t *catalog.Table, r Row) Truth {
	switch e := e.(type) {
	case predicate.Const:
		return truth(e.Truth)
	case predicate.And:
		out := True
		for _, a := range e.Args {
			out = min(out, Eval(a, t, r))
		}
		return out
	case predicate.Or:
		out := False
		for _, a := range e.Args {
			out = max(out, Eval(a, t, r))
		}
		return out
	case predicate.Not:
		return True - Eval(e.Arg, t, r)
	case predicate.IsNull:
		return truth(r[t.Index(e.Column)] == nil)
	default:
		return evalLeaf(e, t, r)
	}
}

func evalLeaf(e predicate.Expr, t *catalog.Table, r Row) Truth {
	column := predicate.Columns(e)[0]
	v, ok := valueOf(t.Column(column).Type, r[t.Index(column)])
	if !ok {
		return Unknown
	}
	switch e := e.(type) {
	case predicate.Cmp:
		order, ok := predicate.Compare(v, e.Value)
		if !ok {
			panic(fmt.Sprintf("odatatest: %s compares %v with %v", e, v, e.Value))
		}
		return truth(holds(e.Op, order))
	case predicate.In:
		for _, w := range e.Values {
			if order, ok := predicate.Compare(v, w); ok && order == 0 {
				return True
			}
		}
		return False
	case predicate.Match:
		return truth(matches(e, v.Str))
	default:
		panic(fmt.Sprintf("odatatest: %T", e))
	}
}
