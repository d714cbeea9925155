//go:build duckdb_arrow

package service_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/quota"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/tokens"
)

// quays is a library whose schema Information belongs to no environment.
type quays struct{ library }

func (quays) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	switch name {
	case "Information":
		return &catalog.Schema{Name: "Information"}, nil
	case "00000000-0000-4000-8000-000000000001":
		return &catalog.Schema{Name: "Town", ID: name}, nil
	case "Nowhere":
		return nil, gwerr.Newf(gwerr.UnknownSchema, "There is no schema %s.", name)
	}
	return library{}.Schema(ctx, name)
}

// one is a pool of one connection.
type one struct{ of service.Database }

// Default implements service.Pool.
func (o one) Default() string { return o.of.Name }

// Database implements service.Pool.
func (o one) Database(_ context.Context, name string, _ *auth.Principal) (*service.Database, error) {
	if name != "" && name != o.of.Name {
		return nil, gwerr.Newf(gwerr.NotFound, "There is no connection named %q.", name)
	}
	return &o.of, nil
}

// rights are a policy in which callers may call what is listed, and write to tables
// named so.
type rights struct {
	limits
	calls  []string
	writes []string
	// shown are the tables that a caller may write to, as its roles show them.
	shown catalog.Provider
}

// MayCall implements service.Policy.
func (r rights) MayCall(name string, _ *auth.Principal) error {
	for _, c := range r.calls {
		if c == name {
			return nil
		}
	}
	return gwerr.Newf(gwerr.Forbidden, "%s is not for you.", name)
}

// MayWrite implements service.Policy.
func (r rights) MayWrite(_ string, s catalog.SchemaName, table string, _ *auth.Principal) error {
	for _, w := range r.writes {
		if w == s.Name+"."+table {
			return nil
		}
	}
	return gwerr.Newf(gwerr.ReadOnly, "%s is not written by you.", table)
}

// Writable implements service.Policy.
func (r rights) Writable(_ string, base catalog.Provider, _ *auth.Principal) catalog.Provider {
	if r.shown != nil {
		return r.shown
	}
	return base
}

// theft is a procedure without side effects, purge one that writes.
func procedures(called *[]procedure.Inputs) procedure.Set {
	run := func(rows []procedure.Row, err error) func(context.Context, procedure.Inputs) ([]procedure.Row, error) {
		return func(_ context.Context, in procedure.Inputs) ([]procedure.Row, error) {
			*called = append(*called, in)
			return rows, err
		}
	}
	return procedure.Set{
		{
			Name: "GetIt", Outputs: []procedure.Output{{Name: "It", Type: catalog.String}},
			Inputs: []procedure.Input{{Name: "Code", Required: true}, {Name: "Times", Type: catalog.Int32, Default: "2"}, {Name: "Deep", Type: catalog.Bool, Right: true}, {Name: "Loud", Type: catalog.Bool}},
			Run:    run([]procedure.Row{{"a"}, {nil}}, nil),
		},
		{Name: "Purge", Writes: true, InEnvironment: true, Run: run(nil, nil)},
		{Name: "Fail", Run: run(nil, gwerr.New(gwerr.UpstreamFailed, "PingOne is down.", ""))},
		{Name: "Break", Run: func(context.Context, procedure.Inputs) ([]procedure.Row, error) { panic("a defect") }},
	}
}

// TestCallsOfProcedures: who may call what, with which inputs, and what the trail
// says of it.
func TestCallsOfProcedures(t *testing.T) {
	t.Parallel()
	admin, reader := auth.NewAnonymous(service.AdminRole), auth.NewAnonymous("reader")
	own := &auth.Principal{Name: "own", Kind: auth.PassThrough, Upstream: auth.NewUpstreamToken([]byte("key"), tokens.NewSecret("t"))}
	value := func(text string) query.Parameter { return query.Parameter{Value: predicate.StringValue(text)} }
	for name, c := range map[string]struct {
		caller    *auth.Principal
		policy    service.Policy
		readOnly  bool
		statement query.Statement
		code      gwerr.Code // "" where the call is made
		text      string     // what the procedure got as Code
		record    string     // the statement on the trail
	}{
		"an administrator":           {admin, nil, false, query.Statement{SQL: "CALL GetIt('x')"}, "", "x", "CALL GetIt(Code => ?)"},
		"with its own rights":        {own, nil, false, query.Statement{SQL: "CALL GetIt('x')"}, "", "x", "CALL GetIt(Code => ?)"},
		"somebody else":              {reader, nil, false, query.Statement{SQL: "CALL GetIt('x')"}, gwerr.Forbidden, "", "CALL GetIt(Code => ?)"},
		"a role that may":            {reader, rights{calls: []string{"GetIt"}}, false, query.Statement{SQL: "CALL GetIt('x')"}, "", "x", "CALL GetIt(Code => ?)"},
		"no role that may":           {admin, rights{}, false, query.Statement{SQL: "CALL GetIt('x')"}, gwerr.Forbidden, "", "CALL GetIt(Code => ?)"},
		"an input without its right": {reader, rights{calls: []string{"GetIt"}}, false, query.Statement{SQL: "CALL GetIt('x', Deep => true)"}, gwerr.Forbidden, "", "CALL GetIt(Code => ?, Deep => ?)"},
		"an input with its right":    {reader, rights{calls: []string{"GetIt", "GetIt.Deep"}}, false, query.Statement{SQL: "CALL GetIt('x', Deep => true)"}, "", "x", "CALL GetIt(Code => ?, Deep => ?)"},
		"an input that is false":     {reader, rights{calls: []string{"GetIt"}}, false, query.Statement{SQL: "CALL GetIt('x', Deep => false)"}, "", "x", "CALL GetIt(Code => ?, Deep => ?)"},
		"an input that needs none":   {reader, rights{calls: []string{"GetIt"}}, false, query.Statement{SQL: "CALL GetIt('x', Loud => true)"}, "", "x", "CALL GetIt(Code => ?, Loud => ?)"},
		"a parameter by position":    {admin, nil, false, query.Statement{SQL: "CALL GetIt(?)", Positional: []query.Parameter{value("x")}}, "", "x", "CALL GetIt(Code => ?)"},
		"a parameter by name":        {admin, nil, false, query.Statement{SQL: "EXEC GetIt @Code = :c", Named: map[string]query.Parameter{"c": value("x")}}, "", "x", "CALL GetIt(Code => ?)"},
		"a list":                     {admin, nil, false, query.Statement{SQL: "CALL GetIt(?)", Positional: []query.Parameter{{List: []query.Parameter{value("x")}}}}, gwerr.BadParameter, "", "CALL GetIt(Code => ?)"},
		"a list by name":             {admin, nil, false, query.Statement{SQL: "CALL GetIt(:c)", Named: map[string]query.Parameter{"c": {List: []query.Parameter{}}}}, gwerr.BadParameter, "", "CALL GetIt(Code => ?)"},
		"no required input":          {admin, nil, false, query.Statement{SQL: "CALL GetIt()"}, gwerr.BadParameter, "", "CALL GetIt()"},
		"null for a required input":  {admin, nil, false, query.Statement{SQL: "CALL GetIt(?)", Positional: []query.Parameter{{Null: true}}}, gwerr.BadParameter, "", "CALL GetIt(Code => ?)"},
		"by GET":                     {admin, nil, false, query.Statement{SQL: "CALL GetIt('x')", Safe: true}, gwerr.MethodNotAllowed, "", ""},
		"an unknown procedure":       {admin, nil, false, query.Statement{SQL: "CALL GetThat('sec-ret')"}, gwerr.UnknownFunction, "", ""},
		"a connection that is none":  {admin, nil, false, query.Statement{SQL: "CALL nope.Town.GetIt('x')"}, gwerr.NotFound, "", ""},
		"this connection":            {admin, nil, false, query.Statement{SQL: "CALL main.Town.GetIt('x')"}, "", "x", "CALL GetIt(Code => ?)"},
		"no call":                    {admin, nil, false, query.Statement{SQL: "CALL GetIt('sec-ret'"}, gwerr.Syntax, "", ""},
		"writes":                     {admin, nil, false, query.Statement{SQL: "CALL Purge()"}, "", "", "CALL Purge()"},
		"writes, but nobody may":     {admin, nil, true, query.Statement{SQL: "CALL Purge()"}, gwerr.ReadOnly, "", "CALL Purge()"},
		"reads where nobody writes":  {admin, nil, true, query.Statement{SQL: "CALL GetIt('x')"}, "", "x", "CALL GetIt(Code => ?)"},
		"in an environment":          {admin, nil, false, query.Statement{SQL: "CALL Quay.Purge()"}, "", "", "CALL Purge()"},
		"in one of all environments": {admin, nil, false, query.Statement{SQL: "CALL AllEnvironments.Purge('00000000-0000-4000-8000-000000000001')"}, "", "", "CALL Purge(EnvironmentId => ?)"},
		"in all environments":        {admin, nil, false, query.Statement{SQL: "CALL AllEnvironments.Purge()"}, gwerr.BadParameter, "", "CALL Purge()"},
		"in no environment":          {admin, nil, false, query.Statement{SQL: "CALL Information.Purge()"}, gwerr.UnknownSchema, "", "CALL Purge()"},
		"in a schema that is none":   {admin, nil, false, query.Statement{SQL: "CALL Nowhere.Purge()"}, gwerr.UnknownSchema, "", "CALL Purge()"},
		"that fails":                 {admin, nil, false, query.Statement{SQL: "CALL Fail()"}, gwerr.UpstreamFailed, "", "CALL Fail()"},
		"with a defect":              {admin, nil, false, query.Statement{SQL: "CALL Break()"}, gwerr.Internal, "", "CALL Break()"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var called []procedure.Inputs
			d := newDesk(t, func(cfg *service.Config) {
				cfg.Policy = c.policy
				cfg.Pool = one{service.Database{Name: "main", Provider: quays{}, ReadOnly: c.readOnly, Procedures: procedures(&called)}}
			})
			ctx, r, err := d.Open(auth.WithPrincipal(t.Context(), c.caller), "", "sql").Begin(t.Context(), c.statement.SQL)
			require.NoError(t, err)
			answer, err := r.SQL(ctx, c.statement)
			if err == nil {
				answer.Rows.Close()
			}
			r.End(err)
			require.Len(t, d.records, 1)
			assert.Equal(t, c.record, d.records[0].Statement)
			assert.Equal(t, "call", d.records[0].Action)
			if c.code != "" {
				require.Error(t, err)
				assert.Equal(t, c.code, gwerr.From(err).Code, "%v", err)
				assert.NotContains(t, err.Error(), "sec-ret")
				if c.code != gwerr.UpstreamFailed {
					assert.Empty(t, called, "nothing was done")
				}
				return
			}
			require.NoError(t, err)
			require.Len(t, called, 1)
			if c.text != "" {
				assert.Equal(t, c.text, called[0].Text("Code"))
				assert.EqualValues(t, 2, called[0].Int("Times"), "by default")
			}
		})
	}
}

// TestRowsOfProceduresCount: they are an answer as any other.
func TestRowsOfProceduresCount(t *testing.T) {
	t.Parallel()
	for most, whole := range map[int64]bool{0: true, 2: true, 1: false} {
		var called []procedure.Inputs
		d := newDesk(t, func(cfg *service.Config) {
			cfg.Pool = one{service.Database{Name: "main", Provider: quays{}, MaxRows: most, Procedures: procedures(&called)}}
		})
		ctx, r, err := d.Open(auth.WithPrincipal(t.Context(), auth.NewAnonymous(service.AdminRole)), "", "sql").Begin(t.Context(), "CALL GetIt('x')")
		require.NoError(t, err)
		answer, err := r.SQL(ctx, query.Statement{SQL: "CALL GetIt('x')"})
		require.NoError(t, err)
		assert.Equal(t, []query.Column{{Name: "Success", Type: catalog.Bool}, {Name: "It", Type: catalog.String}}, answer.Columns)
		b, err := answer.Rows.Next(ctx)
		if !whole {
			assert.True(t, gwerr.Is(err, gwerr.LimitExceeded), "%v", err)
			answer.Rows.Close()
			r.End(err)
			assert.Zero(t, d.records[0].Rows)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, [][]string{{"true", "a"}, {"true", "NULL"}}, testkit.Texts(b.Record))
		b.Record.Release()
		_, err = answer.Rows.Next(ctx)
		require.ErrorIs(t, err, io.EOF)
		answer.Rows.Close()
		r.End(nil)
		assert.EqualValues(t, 2, d.records[0].Rows)
	}
}

func TestProceduresHaveNoPlan(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	ctx, r, err := d.begin(t.Context(), "CALL GetIt('sec-ret')")
	require.NoError(t, err)
	_, err = r.Explain(ctx, query.Statement{SQL: "CALL GetIt('sec-ret')"})
	assert.True(t, gwerr.Is(err, gwerr.NotImplemented), "%v", err)
	r.End(err)
	assert.Equal(t, audit.Record{Action: "explain"}.Action, d.records[0].Action)
	assert.Empty(t, d.records[0].Statement)
}

// TestWritable: which table of which schema a caller may change.
func TestWritable(t *testing.T) {
	t.Parallel()
	books := &catalog.Table{Name: "Books"}
	shown := &catalog.Schema{Name: "Town", ID: "t1", Tables: []*catalog.Table{books}}
	for name, c := range map[string]struct {
		policy        service.Policy
		readOnly      bool
		schema, table string
		code          gwerr.Code
		restricted    bool // the table is the one that the caller's roles show
	}{
		"without a policy":             {nil, false, "Town", "Books", "", false},
		"in any letter case":           {nil, false, "Town", "BOOKS", "", false},
		"no such schema":               {nil, false, "Nowhere", "Books", gwerr.UnknownSchema, false},
		"no such table":                {nil, false, "Town", "Maps", gwerr.UnknownTable, false},
		"of all environments":          {nil, false, catalog.AllEnvironments, "Books", "", false},
		"of those that a role writes":  {rights{writes: []string{"Town.Books"}}, false, catalog.AllEnvironments, "Books", "", false},
		"of none that a role writes":   {rights{}, false, catalog.AllEnvironments, "Books", gwerr.ReadOnly, false},
		"a connection to read":         {nil, true, "Town", "Books", gwerr.ReadOnly, false},
		"a role that writes":           {rights{writes: []string{"Town.Books"}}, false, "Town", "Books", "", false},
		"as the role shows it":         {rights{writes: []string{"Town.Books"}, shown: only{shown}}, false, "Town", "Books", "", true},
		"a role that does not show it": {rights{writes: []string{"Town.Loans"}, shown: only{shown}}, false, "Town", "Loans", gwerr.ReadOnly, false},
		"a role that reads":            {rights{}, false, "Town", "Books", gwerr.ReadOnly, false},
		"a role for another schema":    {rights{writes: []string{"Quay.Books"}}, false, "Town", "Books", gwerr.ReadOnly, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, func(cfg *service.Config) {
				cfg.Policy, cfg.Pool = c.policy, one{service.Database{Name: "main", Provider: quays{}, ReadOnly: c.readOnly}}
			})
			ctx, r, err := d.begin(t.Context(), "")
			require.NoError(t, err)
			defer r.End(nil)
			table, err := r.Writable(ctx, c.schema, c.table)
			if c.code != "" {
				require.Error(t, err)
				assert.Equal(t, c.code, gwerr.From(err).Code, "%v", err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "Books", table.Name)
			assert.Equal(t, c.restricted, table == books)
		})
	}
}

// only is a provider of one schema.
type only struct{ schema *catalog.Schema }

func (o only) Names(context.Context) ([]catalog.SchemaName, error) {
	return []catalog.SchemaName{{Name: o.schema.Name, ID: o.schema.ID}}, nil
}
func (o only) Schema(context.Context, string) (*catalog.Schema, error) { return o.schema, nil }
func (o only) Default() string                                         { return o.schema.Name }

// TestChangesNameTheirTable: a statement names the connection and the schema that
// it is for, or leaves them out.
func TestChangesNameTheirTable(t *testing.T) {
	t.Parallel()
	for statement, code := range map[string]gwerr.Code{
		"DELETE FROM Books WHERE Id = 'x'":                     "",
		"DELETE FROM Town.Books WHERE Id = 'x'":                "",
		"DELETE FROM main.Town.Books WHERE Id = 'x'":           "",
		"DELETE FROM MAIN.Town.Books WHERE Id = 'x'":           "",
		"DELETE FROM Other.Town.Books WHERE Id = 'x'":          "", // an alias of the default connection
		"DELETE FROM nope.Town.Books WHERE Id = 'x'":           gwerr.NotFound,
		"DELETE FROM Nowhere.Books WHERE Id = 'x'":             gwerr.UnknownSchema,
		"DELETE FROM Maps WHERE Id = 'x'":                      gwerr.UnknownTable,
		"DELETE FROM":                                          gwerr.Syntax,
		"DELETE FROM information_schema.tables WHERE true":     gwerr.ReadOnly,
		"UPDATE Information_Schema.Maps SET a = 1 WHERE a = 2": gwerr.ReadOnly,
		"INSERT INTO sys_tables (a) VALUES (1)":                gwerr.ReadOnly,
		"DELETE FROM tables WHERE a = 1":                       gwerr.UnknownTable,
	} {
		t.Run(statement, func(t *testing.T) {
			t.Parallel()
			s := &catalog.Schema{Name: "Town", ID: "t1"}
			s.Tables = []*catalog.Table{{
				Name: "Books", Schema: s, Columns: []catalog.Column{{Name: "Id", Key: true, Required: true}},
				Writes: &catalog.Writes{Delete: &catalog.Write{Method: "DELETE", Address: "books/{Id}", Keys: []string{"Id"}}},
			}}
			d := newDesk(t, func(cfg *service.Config) {
				cfg.Pool = one{service.Database{Name: "main", Provider: nowhereElse{only{s}}}}
			})
			ctx, r, err := d.begin(t.Context(), statement)
			require.NoError(t, err)
			_, err = r.BindChange(ctx, query.Statement{SQL: statement})
			r.End(err)
			assert.Equal(t, "write", d.records[0].Action)
			if code == "" {
				require.ErrorIs(t, err, errUnplanned, "the rows are looked for")
				require.Len(t, d.bound, 1)
				assert.Equal(t, []string{"main", "Other"}, d.bound[0].Catalogs)
				return
			}
			assert.Equal(t, code, gwerr.From(err).Code, "%v", err)
			assert.Empty(t, d.bound)
		})
	}
}

// nowhereElse is a provider that knows no schema Nowhere.
type nowhereElse struct{ only }

func (n nowhereElse) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	if name == "Nowhere" {
		return nil, gwerr.New(gwerr.UnknownSchema, "There is no schema Nowhere.", "")
	}
	return n.only.Schema(ctx, name)
}

// TestTheTightestBoundOfRowsHolds: a policy's, the configuration's and the
// connection's.
func TestTheTightestBoundOfRowsHolds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ policy, config, connection, most int64 }{
		{0, 0, 0, 0}, {5, 0, 0, 5}, {0, 5, 0, 5}, {0, 0, 5, 5}, {5, 6, 7, 5}, {7, 5, 6, 5}, {6, 7, 5, 5},
	} {
		d := newDesk(t, func(cfg *service.Config) {
			cfg.Policy, cfg.MaxRows = limits{RowsPerQuery: c.policy}, c.config
			cfg.Pool = one{service.Database{Name: "main", MaxRows: c.connection}}
		})
		_, r, err := d.begin(t.Context(), "")
		require.NoError(t, err)
		if c.most == 0 {
			require.NoError(t, r.Returned(1<<40))
		} else {
			require.NoError(t, r.Returned(c.most), "%+v", c)
			assert.True(t, gwerr.Is(r.Returned(1), gwerr.LimitExceeded), "%+v", c)
			require.NoError(t, r.Returned(0), "nothing more is no more")
		}
		r.End(nil)
	}
}

// TestRequestsAMinute: the configuration bounds each caller, and a policy may only
// be stricter. A minute's requests may come at once.
func TestRequestsAMinute(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config int
		policy limits
		atOnce int
	}{
		"no bound":                  {0, limits{}, 1000},
		"the configuration's":       {60, limits{}, 60},
		"a stricter policy's":       {60, limits{RequestsPerSecond: 0.5, Burst: 3}, 3},
		"a policy's that is looser": {60, limits{RequestsPerSecond: 100, Burst: 500}, 60},
		"a policy's alone":          {0, limits{RequestsPerSecond: 2}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := fixedClock()
			d := newDesk(t, func(cfg *service.Config) {
				cfg.RequestsPerMinute, cfg.Policy, cfg.Quota = c.config, c.policy, quotaAt(clock)
			})
			got := 0
			for range 1000 {
				_, r, err := d.begin(t.Context(), "")
				if err != nil {
					assert.True(t, gwerr.Is(err, gwerr.TooManyRequests), "%v", err)
					continue
				}
				r.End(nil)
				got++
			}
			assert.Equal(t, c.atOnce, got)
			assert.Len(t, d.records, 1000, "who is refused is on the trail, too")
		})
	}
}

// TestErrorsOfAnswersThatEnd: what came of the end of a request is told as its
// end; anything else stays what it is.
func TestErrorsOfAnswersThatEnd(t *testing.T) {
	t.Parallel()
	broken, refused := errors.New("write: broken pipe"), gwerr.New(gwerr.UpstreamFailed, "PingOne is down.", "")
	for name, c := range map[string]struct {
		ended bool
		err   error
		code  gwerr.Code
	}{
		"a client that went away":       {true, broken, gwerr.Canceled},
		"an answer that can't be sent":  {false, broken, gwerr.Internal},
		"an error before the end":       {true, refused, gwerr.UpstreamFailed},
		"an answer whole before it":     {true, nil, ""},
		"an answer as it should be":     {false, nil, ""},
		"an error that is no accident":  {false, refused, gwerr.UpstreamFailed},
		"the end itself, as it is told": {true, context.Canceled, gwerr.Canceled},
	} {
		d := newDesk(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		_, r, err := d.begin(ctx, "/x")
		require.NoError(t, err)
		require.NoError(t, r.Returned(1))
		if c.ended {
			cancel()
		}
		r.End(c.err)
		cancel()
		code := gwerr.Code("")
		if d.records[0].Err != nil {
			code = gwerr.From(d.records[0].Err).Code
		}
		assert.Equal(t, c.code, code, name)
		assert.EqualValues(t, 1, d.records[0].Rows, name)
	}
}

// fixedClock stands still.
func fixedClock() func() time.Time {
	at := time.Unix(1_000_000, 0)
	return func() time.Time { return at }
}

func quotaAt(now func() time.Time) *quota.Keeper { return quota.New(quota.Config{Now: now}) }
