package exec_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// shop is a small schema of its own: the executor knows no directory.
var shop = func() *catalog.Schema {
	s := &catalog.Schema{Name: "Shop", ID: "shop"}
	column := func(name string, key bool) catalog.Column {
		return catalog.Column{Name: name, Type: catalog.String, Key: key}
	}
	eq := catalog.Filter{Attribute: "x", Operators: []predicate.Operator{predicate.OpEq}}
	s.Tables = []*catalog.Table{
		{
			Name: "Customers", Schema: s, Size: &catalog.Size{Path: "list"},
			Columns: []catalog.Column{column("Id", true), column("Name", false), column("City", false)},
			Paths: []catalog.Path{
				{Name: "by_id", Get: "customers/{Id}", Keys: []string{"Id"}},
				{Name: "list", List: "customers", Page: 2, CountExact: true, Filters: map[string]catalog.Filter{"Name": eq}},
			},
		},
		{
			Name: "Orders", Schema: s, Size: &catalog.Size{Path: "list"},
			Columns: []catalog.Column{column("Id", true), column("CustomerId", false)},
			Paths: []catalog.Path{
				{Name: "by_customer", List: "customers/{CustomerId}/orders", Keys: []string{"CustomerId"}, Page: 2},
				{Name: "list", List: "orders", Page: 2},
			},
		},
	}
	return s
}()

var data = map[string][][]string{
	"Customers": {{"c1", "Ada", "Bern"}, {"c2", "Bob", ""}, {"c3", "Ada", "Rome"}, {"c4", "Cid", "Bern"}, {"c5", "Dee", "Oslo"}},
	"Orders":    {{"o1", "c1"}, {"o2", "c1"}, {"o3", "c3"}, {"o4", "c4"}, {"o5", "c5"}, {"o6", "c5"}, {"o7", "c2"}},
	"Clubs":     {{"k1", "3", ""}, {"k2", "0", "x"}, {"k3", "0", "0"}},
}

// source answers from data, two rows a batch, keys honoured, filters ignored:
// push-down is a superset. It fails with err after failAfter batches.
type source struct {
	mu        sync.Mutex
	requests  []scan.Request
	counts    int
	err       error
	failAfter int
	open      int
}

func (s *source) Scan(_ context.Context, r scan.Request) (scan.Batches, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	s.open++
	st := &stream{source: s, request: r}
	for _, row := range data[r.Table.Name] {
		if matches(r, row) {
			st.rows = append(st.rows, row)
		}
	}
	if r.Resume != "" {
		fmt.Sscan(r.Resume, &st.at)
	}
	if end := st.at + int(r.Limit); r.Limit > 0 && end < len(st.rows) {
		st.rows = st.rows[:end]
	}
	return st, nil
}

func matches(r scan.Request, row []string) bool {
	if len(r.Keys) == 0 {
		return true
	}
	at := r.Table.Index(r.Path.Keys[0])
	return slices.ContainsFunc(r.Keys, func(k []string) bool { return k[0] == row[at] })
}

func (s *source) Count(_ context.Context, r scan.Request) (int64, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts++
	return int64(len(data[r.Table.Name])), true, nil
}

func (s *source) Describe(r scan.Request) []scan.Call {
	return []scan.Call{{Method: "GET", Address: r.Path.Get + r.Path.List, Times: int64(max(1, len(r.Keys)))}}
}

type stream struct {
	source  *source
	request scan.Request
	rows    [][]string
	at      int
	sent    int
	closed  bool
}

func (s *stream) Next(ctx context.Context) (scan.Batch, error) {
	if err := ctx.Err(); err != nil {
		return scan.Batch{}, err
	}
	if s.source.err != nil && s.sent == s.source.failAfter {
		return scan.Batch{}, s.source.err
	}
	if s.at >= len(s.rows) {
		return scan.Batch{}, io.EOF
	}
	end := min(s.at+2, len(s.rows))
	b := array.NewRecordBuilder(memory.DefaultAllocator, s.request.Table.ArrowSchema(s.request.Columns))
	defer b.Release()
	for _, row := range s.rows[s.at:end] {
		for i, c := range s.request.Columns {
			if row[c] == "" {
				b.Field(i).AppendNull()
			} else {
				b.Field(i).(*array.StringBuilder).Append(row[c])
			}
		}
	}
	rows := int64(end - s.at)
	s.at = end
	s.sent++
	rec := b.NewRecordBatch()
	if len(s.request.Columns) == 0 {
		rec = array.NewRecordBatch(rec.Schema(), nil, rows)
	}
	return scan.Batch{Record: rec, Cursor: strconv.Itoa(s.at)}, nil
}

func (s *stream) Close() {
	if !s.closed {
		s.closed = true
		s.source.mu.Lock()
		s.source.open--
		s.source.mu.Unlock()
	}
}

// engine records its job and answers the inputs' rows as they are.
type engine struct {
	job    query.Job
	inputs map[string][]string
	err    error
}

func (e *engine) Run(ctx context.Context, j query.Job) (scan.Rows, error) {
	e.job, e.inputs = j, map[string][]string{}
	for _, in := range j.Inputs {
		rows, err := drain(ctx, in.Rows)
		in.Rows.Close()
		e.inputs[in.Table.Name] = rows
		e.err = errors.Join(e.err, err)
	}
	if e.err != nil {
		return nil, e.err
	}
	return nothing{}, nil
}

func (e *engine) Filter(_ context.Context, t *catalog.Table, columns []int, sql string) (scan.RowFilter, error) {
	return filter{want: sql}, nil
}

type nothing struct{}

func (nothing) Schema() *arrow.Schema                    { return arrow.NewSchema(nil, nil) }
func (nothing) Next(context.Context) (scan.Batch, error) { return scan.Batch{}, io.EOF }
func (nothing) Close()                                   {}

// filter keeps rows in which some column holds the wanted text.
type filter struct{ want string }

func (f filter) Mask(_ context.Context, rec arrow.RecordBatch) ([]bool, error) {
	keep := make([]bool, rec.NumRows())
	for _, col := range rec.Columns() {
		for i := range keep {
			keep[i] = keep[i] || col.ValueStr(i) == f.want
		}
	}
	return keep, nil
}

func (filter) Close() {}

func drain(ctx context.Context, rows scan.Batches) ([]string, error) {
	var out []string
	for {
		b, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		for i := range int(b.Record.NumRows()) {
			var cells []string
			for _, col := range b.Record.Columns() {
				cells = append(cells, col.ValueStr(i))
			}
			out = append(out, strings.Join(cells, ","))
		}
		b.Record.Release()
	}
}

func tab(name string) *catalog.Table {
	t, _ := shop.Table(name)
	return t
}

func nameIs(v string) predicate.Expr {
	return predicate.Cmp{Column: "Name", Op: predicate.Eq, Value: predicate.StringValue(v)}
}

// plain builds SELECT Id, Name FROM Customers with the given parts.
func plain(where predicate.Expr, p query.Plain) *query.Query {
	p.Project = []int{0, 1}
	return &query.Query{
		Accesses: []query.Access{{Table: tab("Customers"), Columns: []int{0, 1}, Where: where, WhereComplete: true}},
		Columns:  []query.Column{{Name: "Id"}, {Name: "Nom"}}, Plain: &p,
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		q    *query.Query
		o    exec.Options
		want string
	}{
		{"all", plain(nil, query.Plain{}), exec.Options{}, "c1,Ada c2,Bob c3,Ada c4,Cid c5,Dee"},
		{"the residual filters what the source kept too much", plain(nameIs("Ada"), query.Plain{}), exec.Options{}, "c1,Ada c3,Ada"},
		{"a residual over a column that isn't shown", plain(predicate.IsNull{Column: "City"}, query.Plain{}), exec.Options{}, "c2,Bob"},
		{"limit after the residual", plain(nameIs("Ada"), query.Plain{Limit: 1}), exec.Options{}, "c1,Ada"},
		{"offset and limit", plain(nil, query.Plain{Offset: 1, Limit: 3}), exec.Options{}, "c2,Bob c3,Ada c4,Cid"},
		{"condition for the engine", plain(nil, query.Plain{FilterSQL: "Ada"}), exec.Options{}, "c1,Ada c3,Ada"},
		{"limit after the engine's condition", plain(nil, query.Plain{FilterSQL: "Ada", Limit: 1, Offset: 1}), exec.Options{}, "c3,Ada"},
		{"resumed", plain(nil, query.Plain{}), exec.Options{Resume: "2", Ordered: true}, "c3,Ada c4,Cid c5,Dee"},
		{"empty", plain(nil, query.Plain{Empty: true}), exec.Options{}, ""},
		{"contradiction", plain(predicate.False, query.Plain{}), exec.Options{}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src := &source{}
			rows, err := exec.New(exec.Config{Source: src, Engine: &engine{}}).Query(t.Context(), c.q, c.o)
			if err != nil {
				t.Fatal(err)
			}
			got, err := drain(t.Context(), rows)
			rows.Close()
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("got %v, %v; want %s", got, err, c.want)
			}
			if rows.Schema().Field(1).Name != "Nom" || src.open != 0 {
				t.Errorf("schema %v, %d scans left open", rows.Schema(), src.open)
			}
		})
	}
}

func TestAFailureIsNeverAnEnd(t *testing.T) {
	t.Parallel()
	src := &source{err: gwerr.New(gwerr.UpstreamCutShort, "Cut.", ""), failAfter: 1}
	rows, err := exec.New(exec.Config{Source: src, Engine: &engine{}}).Query(t.Context(), plain(nil, query.Plain{}), exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got, err := drain(t.Context(), rows)
	if !gwerr.Is(err, gwerr.UpstreamCutShort) || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		q     *query.Query
		want  int64
		scans int
		told  bool
	}{
		"known upstream":           {plain(nil, query.Plain{Limit: 2}), 5, 0, true},
		"with a residual":          {plain(nameIs("Ada"), query.Plain{}), 2, 1, false},
		"with the engine's filter": {plain(nil, query.Plain{FilterSQL: "Ada"}), 2, 1, false},
		"empty":                    {plain(nil, query.Plain{Empty: true}), 0, 0, true},
	} {
		src := &source{}
		x := exec.New(exec.Config{Source: src, Engine: &engine{}})
		n, err := x.Count(t.Context(), c.q)
		if err != nil || n != c.want || len(src.requests) != c.scans {
			t.Errorf("%s: %d rows, %d scans, %v", name, n, len(src.requests), err)
		}
		if told, err := x.CountTold(t.Context(), c.q); told != c.told || err != nil || len(src.requests) != c.scans {
			t.Errorf("%s: told %v, %d scans, %v", name, told, len(src.requests), err)
		}
	}
	orders := plain(nil, query.Plain{})
	orders.Accesses[0].Table = tab("Orders")
	if told, err := exec.New(exec.Config{Source: &source{}, Engine: &engine{}}).CountTold(t.Context(), orders); told || err != nil {
		t.Errorf("a service that doesn't count tells the number: %v", err)
	}
}

// joinQuery is Orders o JOIN Customers c ON c.Id = o.CustomerId WHERE c.Name = name.
func joinQuery(name string) *query.Query {
	return &query.Query{SQL: "SELECT 1", Accesses: []query.Access{
		{Table: tab("Orders"), Columns: []int{0, 1}},
		{Table: tab("Customers"), Columns: []int{0, 1}, Where: nameIs(name)},
	}, Joins: []query.Join{{Left: 0, Right: 1, LeftColumn: "CustomerId", RightColumn: "Id", ReduceLeft: true, ReduceRight: true}}}
}

func TestKeysFlowFromNarrowToWide(t *testing.T) {
	t.Parallel()
	src, eng := &source{}, &engine{}
	rows, err := exec.New(exec.Config{Source: src, Engine: eng}).Query(t.Context(), joinQuery("Ada"), exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	if got := strings.Join(eng.inputs["Orders"], " "); got != "o1,c1 o2,c1 o3,c3" {
		t.Errorf("orders %s", got)
	}
	last := src.requests[len(src.requests)-1]
	if last.Path.Name != "by_customer" || len(last.Keys) != 2 || src.open != 0 {
		t.Errorf("path %s with keys %v, %d open", last.Path.Name, last.Keys, src.open)
	}
}

func TestNoKeysMeanNoCall(t *testing.T) {
	t.Parallel()
	src, eng := &source{}, &engine{}
	rows, err := exec.New(exec.Config{Source: src, Engine: eng}).Query(t.Context(), joinQuery("Nobody"), exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	if len(src.requests) != 1 || len(eng.inputs["Orders"]) != 0 {
		t.Errorf("%d scans, orders %v", len(src.requests), eng.inputs["Orders"])
	}
}

func TestTheKeptSideOfAnOuterJoinIsNotReduced(t *testing.T) {
	t.Parallel()
	q := joinQuery("Ada")
	q.Joins[0].ReduceLeft = false
	src, eng := &source{}, &engine{}
	rows, err := exec.New(exec.Config{Source: src, Engine: eng}).Query(t.Context(), q, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	if len(eng.inputs["Orders"]) != 7 {
		t.Errorf("orders %v", eng.inputs["Orders"])
	}
}

func TestATableUsedTwiceIsReadOnce(t *testing.T) {
	t.Parallel()
	q := &query.Query{SQL: "SELECT 1", Accesses: []query.Access{
		{Alias: "a", Table: tab("Customers"), Columns: []int{1}, Where: nameIs("Ada"), Limit: 1},
		{Alias: "b", Table: tab("Customers"), Columns: []int{2}},
	}}
	src, eng := &source{}, &engine{}
	rows, err := exec.New(exec.Config{Source: src, Engine: eng}).Query(t.Context(), q, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	if len(src.requests) != 1 || len(eng.job.Inputs) != 1 || eng.job.Inputs[0].Once {
		t.Fatalf("%d scans, inputs %+v", len(src.requests), eng.job.Inputs)
	}
	if got := strings.Join(eng.inputs["Customers"], " "); got != "Ada,Bern,c1 Bob,(null),c2 Ada,Rome,c3 Cid,Bern,c4 Dee,Oslo,c5" {
		t.Errorf("rows %s", got)
	}
}

// TestOnlyRowsThatAreReadOnceStream: rows that the statement may read again, as in
// a recursion, are kept.
func TestOnlyRowsThatAreReadOnceStream(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		q := &query.Query{SQL: "SELECT 1", Accesses: []query.Access{{Alias: "a", Table: tab("Customers"), Columns: []int{1}, Again: again}}}
		eng := &engine{}
		rows, err := exec.New(exec.Config{Source: &source{}, Engine: eng}).Query(t.Context(), q, exec.Options{})
		if err != nil {
			t.Fatal(err)
		}
		rows.Close()
		if len(eng.job.Inputs) != 1 || eng.job.Inputs[0].Once == again {
			t.Errorf("again %t: %+v", again, eng.job.Inputs)
		}
	}
}

// TestRowsOfAlternativesComeOnce reads by a key or a name, where a row has both.
func TestRowsOfAlternativesComeOnce(t *testing.T) {
	t.Parallel()
	is := func(column, value string) predicate.Expr {
		return predicate.Cmp{Column: column, Op: predicate.Eq, Value: predicate.StringValue(value)}
	}
	for name, c := range map[string]struct {
		columns []int
		where   predicate.Expr
		want    string
	}{
		"both in a row":          {[]int{2}, predicate.Or{Args: []predicate.Expr{is("Id", "c1"), is("Name", "Ada")}}, "Bern Rome"},
		"one beside the other":   {[]int{2, 0}, predicate.Or{Args: []predicate.Expr{is("Id", "c5"), is("Name", "Ada")}}, "Bern,c1 Oslo,c5 Rome,c3"},
		"nothing of one of them": {[]int{0}, predicate.Or{Args: []predicate.Expr{is("Id", "c9"), is("Name", "Cid")}}, "c4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, eng := &source{}, &engine{}
			q := &query.Query{SQL: "SELECT 1", Accesses: []query.Access{{Table: tab("Customers"), Columns: c.columns, Where: c.where}}}
			rows, err := exec.New(exec.Config{Source: src, Engine: eng}).Query(t.Context(), q, exec.Options{})
			if err != nil {
				t.Fatal(err)
			}
			rows.Close()
			got := slices.Sorted(slices.Values(eng.inputs["Customers"]))
			if strings.Join(got, " ") != c.want || len(src.requests) != 2 || src.open != 0 {
				t.Errorf("rows %q by %d scans, %d open", got, len(src.requests), src.open)
			}
		})
	}
}

// TestANarrowUseOfATableDrivesTheOther joins a table to itself by a key.
func TestANarrowUseOfATableDrivesTheOther(t *testing.T) {
	t.Parallel()
	q := &query.Query{
		SQL: "SELECT 1", Accesses: []query.Access{
			{Alias: "a", Table: tab("Customers"), Columns: []int{1}, Where: predicate.Cmp{Column: "Id", Op: predicate.Eq, Value: predicate.StringValue("c3")}},
			{Alias: "b", Table: tab("Customers"), Columns: []int{0}},
		},
		Joins: []query.Join{{Left: 0, Right: 1, LeftColumn: "Name", RightColumn: "Name", ReduceRight: true}},
	}
	src, eng := &source{}, &engine{}
	rows, err := exec.New(exec.Config{Source: src, Engine: eng}).Query(t.Context(), q, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	if len(src.requests) != 2 || len(src.requests[1].Filters) != 1 || len(eng.job.Inputs) != 1 || eng.job.Inputs[0].Once || src.open != 0 {
		t.Fatalf("%d scans, inputs %+v, %d open", len(src.requests), eng.job.Inputs, src.open)
	}
	if got := strings.Join(eng.inputs["Customers"], " "); got != "Ada,c3 Ada,c1" {
		t.Errorf("rows %s", got)
	}
}

func TestErrorsOfAnInputReachTheCaller(t *testing.T) {
	t.Parallel()
	src := &source{err: gwerr.New(gwerr.UpstreamFailed, "Gone.", "")}
	_, err := exec.New(exec.Config{Source: src, Engine: &engine{}}).Query(t.Context(), joinQuery("Ada"), exec.Options{})
	if !gwerr.Is(err, gwerr.UpstreamFailed) || src.open != 0 {
		t.Errorf("%v, %d open", err, src.open)
	}
}

func TestRestriction(t *testing.T) {
	t.Parallel()
	base := tab("Customers")
	shown := *base
	shown.Columns = base.Columns[:2]
	shown.Restriction = &catalog.Restriction{
		Base:  base,
		Where: predicate.Cmp{Column: "City", Op: predicate.Eq, Value: predicate.StringValue("Bern")},
		Masks: map[string]catalog.Mask{"Name": catalog.MaskPartial},
	}
	ask := func(where predicate.Expr) (string, *source) {
		q := plain(where, query.Plain{})
		q.Accesses[0].Table = &shown
		src := &source{}
		rows, err := exec.New(exec.Config{Source: src, Engine: &engine{}}).Query(t.Context(), q, exec.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		got, err := drain(t.Context(), rows)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(got, " "), src
	}
	if got, _ := ask(nil); got != "c1,Axx c4,Cxx" {
		t.Errorf("all rows: %s", got)
	}
	got, src := ask(nameIs("Ada"))
	if got != "" || len(src.requests[0].Filters) > 0 {
		t.Errorf("a condition saw the hidden value: %s, filters %v", got, src.requests[0].Filters)
	}
	if got, _ := ask(nameIs("Axx")); got != "c1,Axx" {
		t.Errorf("a condition on the mask: %s", got)
	}
	q := plain(nil, query.Plain{})
	q.Accesses[0].Table = &shown
	if n, err := exec.New(exec.Config{Source: &source{}, Engine: &engine{}}).Count(t.Context(), q); n != 2 || err != nil {
		t.Errorf("the count is %d, %v", n, err)
	}
}

func TestExplainMakesNoCalls(t *testing.T) {
	t.Parallel()
	src := &source{}
	x := exec.New(exec.Config{Source: src, Engine: &engine{}})
	e, err := x.Explain(t.Context(), joinQuery("Ada"))
	if err != nil {
		t.Fatal(err)
	}
	if len(src.requests) != 0 || len(e.Scans) != 2 || e.Engine != "duckdb" {
		t.Errorf("%d scans made, %+v", len(src.requests), e)
	}
	if len(e.Scans[1].Calls) != 1 || e.Scans[1].Pushed != "Name = 'Ada'" {
		t.Errorf("%+v", e.Scans[1])
	}
	e, err = x.Explain(t.Context(), plain(nameIs("Ada"), query.Plain{Limit: 1}))
	if err != nil || e.Engine != "none" || e.Scans[0].Residual == "" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	ctx, stats := exec.WithStats(t.Context())
	x := exec.New(exec.Config{Source: &source{}, Engine: &engine{}})
	rows, err := x.Query(ctx, plain(predicate.AllOf(nameIs("Ada"), predicate.Not{Arg: predicate.IsNull{Column: "City"}}), query.Plain{}), exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if _, err := drain(ctx, rows); err != nil {
		t.Fatal(err)
	}
	if stats.Fetched() != 5 || stats.Pushed() != 1 || stats.Residual() != 2 {
		t.Errorf("fetched %d, pushed %d, residual %d", stats.Fetched(), stats.Pushed(), stats.Residual())
	}
}

func TestCancelStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	src := &source{}
	rows, err := exec.New(exec.Config{Source: src, Engine: &engine{}}).Query(ctx, plain(nil, query.Plain{}), exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := rows.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	rows.Close()
	if src.open != 0 {
		t.Error("the scan was left open")
	}
}
