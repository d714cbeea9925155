//go:build duckdb_arrow

package service_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
)

const allBooks = "SELECT * FROM Books"

// titles are the books' titles alone.
func titles(q *query.Query) { q.Columns, q.Plain.Project = q.Columns[1:], []int{1} }

// finished is the last event of a query.
func (d *desk) finished(t *testing.T) observe.QueryFinished {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := len(d.events) - 1; i >= 0; i-- {
		if e, ok := d.events[i].(observe.QueryFinished); ok {
			return e
		}
	}
	t.Fatal("no query has finished")
	return observe.QueryFinished{}
}

// TestAnswers: what the ways to ask about one statement give, and what the trail and
// the metrics are told of each.
func TestAnswers(t *testing.T) {
	t.Parallel()
	st := query.Statement{SQL: allBooks}
	for name, c := range map[string]struct {
		do      func(context.Context, *testing.T, *service.Request)
		action  string
		rows    int64 // returned
		fetched int64
		told    bool // a query has finished
	}{
		"rows": {func(ctx context.Context, t *testing.T, r *service.Request) {
			a, err := r.SQL(ctx, st)
			require.NoError(t, err)
			assert.Equal(t, "Title", a.Columns[1].Name)
			b, err := a.Rows.Next(ctx)
			require.NoError(t, err)
			b.Record.Release()
			_, err = a.Rows.Next(ctx)
			require.ErrorIs(t, err, io.EOF)
			a.Rows.Close()
			assert.Empty(t, a.Notes())
		}, "query", 3, 3, true},
		"rows that are no answer": {func(ctx context.Context, t *testing.T, r *service.Request) {
			q, err := r.Bind(ctx, st)
			require.NoError(t, err)
			rows, err := r.Query(ctx, q)
			require.NoError(t, err)
			b, err := rows.Next(ctx)
			require.NoError(t, err)
			b.Record.Release()
			rows.Close()
		}, "query", 0, 3, true},
		"their number": {func(ctx context.Context, t *testing.T, r *service.Request) {
			q, err := r.Bind(ctx, st)
			require.NoError(t, err)
			n, err := r.Count(ctx, q)
			require.NoError(t, err)
			assert.EqualValues(t, 3, n)
		}, "query", 0, 0, true},
		"their columns": {func(ctx context.Context, t *testing.T, r *service.Request) {
			columns, err := r.Columns(ctx, st)
			require.NoError(t, err)
			assert.Len(t, columns, 2)
		}, "metadata", 0, 0, false},
		"the plan": {func(ctx context.Context, t *testing.T, r *service.Request) {
			for _, sql := range []string{allBooks, "EXPLAIN " + allBooks} {
				e, err := r.Explain(ctx, query.Statement{SQL: sql})
				require.NoError(t, err, sql)
				assert.NotNil(t, e)
			}
		}, "explain", 0, 0, true},
		"the plan in lines": {func(ctx context.Context, t *testing.T, r *service.Request) {
			q, err := r.Bind(ctx, st)
			require.NoError(t, err)
			lines, err := r.Plan(ctx, q)
			require.NoError(t, err)
			assert.Contains(t, strings.Join(lines, "\n"), "books")
		}, "explain", 0, 0, true},
		"a page": {func(ctx context.Context, t *testing.T, r *service.Request) {
			q, err := r.Bind(ctx, st)
			require.NoError(t, err)
			rows, err := r.Page(ctx, q, []int{0}, reading.Want{})
			require.NoError(t, err)
			b, err := rows.Next(ctx)
			require.NoError(t, err)
			b.Record.Release()
			rows.Close()
			rows.Close() // once more takes nothing twice
		}, "query", 0, 3, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newCounter(t, nil)
			d.knows[allBooks], d.knows[strings.Repeat(" ", 8)+allBooks] = nil, nil
			ctx, r := d.as(t, "a", allBooks)
			c.do(ctx, t, r)
			r.End(nil)
			require.Len(t, d.records, 1)
			assert.Equal(t, c.action, d.records[0].Action)
			assert.Equal(t, c.rows, d.records[0].Rows)
			if !c.told {
				assert.Empty(t, d.records[0].Tables)
				return
			}
			assert.Equal(t, []string{"Town.Books"}, d.records[0].Tables)
			e := d.finished(t)
			assert.Equal(t, c.rows, e.RowsReturned)
			assert.Equal(t, c.fetched, e.RowsFetched)
			assert.Equal(t, []string{"Books"}, e.Tables)
		})
	}
}

// TestResultsOfSomeAge: a statement whose caller takes an old result gets one, as long
// as nothing says that it might be another one now.
func TestResultsOfSomeAge(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_000_000, 0)
	var called []procedure.Inputs
	d := newCounter(t, func(c *counter, cfg *service.Config) {
		cfg.ResultBytes, cfg.Now = 1<<20, func() time.Time { return at }
		pool := cfg.Pool.(one)
		pool.of.Procedures = procedures(&called)
		cfg.Pool = pool
		cfg.Policy = rights{calls: []string{"GetIt", "Purge"}}
	})
	d.knows[allBooks] = nil
	d.knows["SELECT Title FROM Books"] = titles
	minute := query.Statement{SQL: allBooks, MaxAge: time.Minute}
	of := func(n int64) query.Statement {
		st := minute
		st.Positional = []query.Parameter{{Value: predicate.IntValue(n)}}
		return st
	}
	for _, step := range []struct {
		name   string
		before func()
		caller string
		st     query.Statement
		reads  int
		age    time.Duration // of a result that was kept
	}{
		{"the first", nil, "a", minute, 1, 0},
		{"at once", nil, "a", minute, 0, 0},
		{"after a minute", func() { at = at.Add(time.Minute) }, "a", minute, 0, time.Minute},
		{"a new one is wanted", nil, "a", query.Statement{SQL: allBooks}, 1, 0},
		{"which is not kept", nil, "a", minute, 0, time.Minute},
		{"of another caller", nil, "b", minute, 1, 0},
		{"another statement", nil, "a", query.Statement{SQL: "SELECT Title FROM Books", MaxAge: time.Minute}, 1, 0},
		{"a value", nil, "a", of(1), 1, 0},
		{"another value", nil, "a", of(2), 1, 0},
		{"the first value", nil, "a", of(1), 0, 0},
		{"after more than a minute", func() { at = at.Add(time.Second) }, "a", minute, 1, 0},
		{"whatever its age, an hour", func() { at = at.Add(time.Hour + time.Second) }, "a", query.Statement{SQL: allBooks, MaxAge: 1e6 * time.Hour}, 1, 0},
		{"after a call that reads", func() { d.call(t, "CALL GetIt('x')") }, "a", minute, 0, 0},
		{"after a call that writes", func() { d.call(t, "CALL Purge()") }, "a", minute, 1, 0},
		{"after other columns", func() { d.knows[allBooks] = titles }, "a", minute, 1, 0},
	} {
		if step.before != nil {
			step.before()
		}
		d.pile.read()
		rows, a, err := d.ask(t, step.caller, step.st)
		require.NoError(t, err, step.name)
		assert.Len(t, rows, 3, step.name)
		assert.Equal(t, step.reads, d.pile.read(), step.name)
		if step.reads > 0 {
			assert.Nil(t, a.Age, step.name)
		} else if assert.NotNil(t, a.Age, step.name) {
			assert.Equal(t, step.age, *a.Age, step.name)
		}
		last := d.records[len(d.records)-1]
		assert.EqualValues(t, 3, last.Rows, step.name)
		assert.Equal(t, []string{"Town.Books"}, last.Tables, step.name)
	}
}

// call calls a procedure.
func (c *counter) call(t *testing.T, sql string) {
	t.Helper()
	ctx, r := c.as(t, "a", sql)
	a, err := r.SQL(ctx, query.Statement{SQL: sql})
	require.NoError(t, err)
	a.Rows.Close()
	r.End(nil)
}

// TestPivot: the values that become columns are read first, and listed.
func TestPivot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statement string
		rows      [][]string
		bound     string // what is bound in the end; "" where it does not come to that
		fails     gwerr.Code
		position  int // of the error
	}{
		"a list is made":         {"PIVOT Books ON Title USING count(*)", nil, "PIVOT Books ON Title IN ('Emma', 'Ulysses', 'Walden') USING count(*)", "", 0},
		"with quotes":            {"PIVOT Books ON Title USING count(*)", [][]string{{"b", "it's"}}, "PIVOT Books ON Title IN ('it''s') USING count(*)", "", 0},
		"a list is there":        {"PIVOT Books ON Title IN ('x') USING count(*)", nil, "PIVOT Books ON Title IN ('x') USING count(*)", "", 0},
		"nothing to list":        {"PIVOT Books ON Title USING count(*)", [][]string{}, "", gwerr.BadRequest, gwerr.NoPosition},
		"an error in the values": {"PIVOT Books ON Id USING count(*)", nil, "", gwerr.Syntax, gwerr.NoPosition},
		"an error behind them":   {"PIVOT Books ON Title USING bad(*)", nil, "PIVOT Books ON Title IN ('Emma', 'Ulysses', 'Walden') USING bad(*)", gwerr.Syntax, len("PIVOT Books ON Title USING bad(*)") - 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newCounter(t, nil)
			if c.rows != nil {
				d.pile.rows = c.rows
			}
			tokens, err := sqltext.Lex("PIVOT Books ON Title USING count(*)")
			require.NoError(t, err)
			p, _ := sqltext.UnlistedPivot(tokens)
			values, _ := p.Values(0, sqltext.MaxColumns)
			d.knows[values] = titles
			if c.fails == "" {
				d.knows[c.bound] = nil
			}
			ctx, r := d.as(t, "a", c.statement)
			_, err = r.Bind(ctx, query.Statement{SQL: c.statement})
			r.End(err)
			asked := d.take()
			if c.bound != "" {
				assert.Equal(t, c.bound, asked[len(asked)-1])
			}
			if c.fails == "" {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			assert.Equal(t, c.fails, gwerr.From(err).Code, "%v", err)
			assert.Equal(t, c.position, gwerr.From(err).Position)
		})
	}
}

// TestCommandsBecomeStatements: what is bound in the place of a statement about others.
func TestCommandsBecomeStatements(t *testing.T) {
	t.Parallel()
	for command, c := range map[string]struct {
		asks  []string // what is bound, each with a part of it
		fails gwerr.Code
	}{
		"DESCRIBE Books":                                   {[]string{"Books", "list_value('NO', 'YES')"}, ""},
		"DESCRIBE " + allBooks:                             {[]string{allBooks, "list_value('YES', 'YES')"}, ""},
		"SUMMARIZE " + allBooks:                            {[]string{allBooks, "approx_count_distinct"}, ""},
		"EXPLAIN " + allBooks:                              {[]string{allBooks, "QUERY PLAN"}, ""},
		"EXPLAIN ANALYZE " + allBooks:                      {[]string{allBooks, allBooks, "QUERY PLAN"}, ""},
		"SHOW TABLES":                                      {[]string{"?"}, ""},
		"SHOW TABLES FROM Nowhere":                         {nil, gwerr.UnknownSchema},
		"EXPLAIN ANALYZE DELETE FROM Books WHERE Id = 'x'": {nil, gwerr.NotImplemented},
		"EXPLAIN ANALYZE CALL Purge()":                     {nil, gwerr.NotImplemented},
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			d := newCounter(t, nil)
			ctx, r := d.as(t, "a", command)
			d.lenient = true
			_, err := r.Bind(ctx, query.Statement{SQL: command})
			r.End(err)
			if c.fails != "" {
				require.Error(t, err)
				assert.Equal(t, c.fails, gwerr.From(err).Code, "%v", err)
				return
			}
			require.NoError(t, err)
			asked := d.take()
			require.Len(t, asked, len(c.asks), "%q", asked)
			for i, part := range c.asks {
				assert.Contains(t, asked[i], part)
			}
		})
	}
	d := newCounter(t, nil)
	ctx, r := d.as(t, "a", "SHOW TABLES")
	_, err := r.Bind(ctx, query.Statement{SQL: "SHOW TABLES", Positional: []query.Parameter{{}}})
	assert.True(t, gwerr.Is(err, gwerr.BadParameter), "%v", err)
	r.End(err)
}

// TestSessionsOfAnotherSchema: tables without a schema's name are those of the
// session's.
func TestSessionsOfAnotherSchema(t *testing.T) {
	t.Parallel()
	d := newCounter(t, nil)
	session := d.Open(auth.WithPrincipal(t.Context(), auth.NewAnonymous()), "", "wire")
	for schema, want := range map[string]string{"": "Town", "Information": "Information"} {
		_, r, err := session.In(schema).Begin(t.Context(), "SELECT 1")
		require.NoError(t, err)
		assert.Equal(t, want, r.Default())
		r.End(nil)
	}
}

// TestTheConnectionStaysOpenForRows: rows may outlive the request that began them.
func TestTheConnectionStaysOpenForRows(t *testing.T) {
	t.Parallel()
	held, released := 0, 0
	d := newCounter(t, func(_ *counter, cfg *service.Config) {
		pool := cfg.Pool.(one)
		pool.of.Hold = func() func() { held++; return func() { held-- } }
		pool.of.Release = func() { released++ }
		cfg.Pool = pool
	})
	ctx, r := d.as(t, "a", allBooks)
	rows, err := r.Query(ctx, d.all())
	require.NoError(t, err)
	assert.Equal(t, 1, held)
	assert.Zero(t, released)
	r.End(nil)
	assert.Equal(t, 1, held)
	assert.Equal(t, 1, released, "the request's own use ends with it")
	rows.Close()
	assert.Zero(t, held)

	ctx, r = d.as(t, "a", allBooks)
	broken := d.all()
	broken.Accesses[0].Table = &catalog.Table{Name: "Nothing", Schema: d.town}
	_, err = r.Query(ctx, broken)
	require.Error(t, err, "there is no path to it")
	assert.Zero(t, held, "what did not begin holds nothing")
	r.End(err)
}
