//go:build duckdb_arrow

package service_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/change"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// pen is a writer that notes what it writes, and fails at one call.
type pen struct {
	wrote  []string
	breaks int // the number of the call, from 1
	panics bool
}

// Write implements change.Writer.
func (p *pen) Write(_ context.Context, c change.Call, columns []int) ([]json.RawMessage, error) {
	text := c.Method
	for _, key := range c.Write.Keys {
		text += " " + c.Keys[key]
	}
	for _, m := range c.Body {
		text += " " + m.Place + "=" + string(m.Value)
	}
	p.wrote = append(p.wrote, text)
	if len(p.wrote) == p.breaks {
		if p.panics {
			panic("a defect")
		}
		return nil, gwerr.New(gwerr.Conflict, "It is lent.", "Wait.")
	}
	return make([]json.RawMessage, len(columns)), nil
}

// written is a counter whose books can be changed by a pen, by all callers.
func written(t *testing.T, p *pen, more func(*service.Database)) *counter {
	t.Helper()
	d := newCounter(t, func(_ *counter, cfg *service.Config) {
		cfg.ResultBytes = 1 << 20
		pool := cfg.Pool.(one)
		pool.of.Writer, pool.of.Allows = p, map[string]bool{"AllowBurning": true}
		if more != nil {
			more(&pool.of)
		}
		cfg.Pool = pool
	})
	d.lenient = true
	d.books.Columns[1].Access = catalog.Writable
	d.books.Columns[0].Access = catalog.OnInsert
	d.books.Writes = &catalog.Writes{
		Insert: &catalog.Write{Method: "POST", Address: "books"},
		Update: &catalog.Write{Method: "PUT", Address: "books/{Id}", Keys: []string{"Id"}, Allowed: "AllowPrinting"},
		Delete: &catalog.Write{Method: "DELETE", Address: "books/{Id}", Keys: []string{"Id"}, Allowed: "AllowBurning"},
	}
	return d
}

// TestChanges: what a statement writes, answers and leaves on the trail.
func TestChanges(t *testing.T) {
	t.Parallel()
	const remove, rename, add = "DELETE FROM Books WHERE Id > 'b0'", "UPDATE Books SET Title = 'x' WHERE Id > 'b0'", "INSERT INTO Books (Id, Title) VALUES ('b9', 'New')"
	allowed := func(c *service.Database) { c.Allows["AllowPrinting"] = true }
	for name, c := range map[string]struct {
		sql      string
		pen      pen
		more     func(*service.Database)
		safe     bool
		writes   string
		answer   string
		code     gwerr.Code
		says     string
		affected int64
	}{
		"rows are removed":            {remove, pen{}, nil, false, "DELETE b1; DELETE b2; DELETE b3", "[[b1] [b2] [b3]]", "", "", 3},
		"and returned":                {remove + " RETURNING Title", pen{}, nil, false, "DELETE b1; DELETE b2; DELETE b3", "[[Emma] [Ulysses] [Walden]]", "", "", 3},
		"rows are changed":            {rename, pen{}, allowed, false, `PUT b1 ="Emma"; PUT b2 ="Ulysses"; PUT b3 ="Walden"`, "[[b1] [b2] [b3]]", "", "", 3},
		"and read again":              {rename + " RETURNING Title, Id", pen{}, allowed, false, `PUT b1 ="Emma"; PUT b2 ="Ulysses"; PUT b3 ="Walden"`, "[[Emma b1] [Ulysses b2] [Walden b3]]", "", "", 3},
		"rows are added":              {add, pen{}, nil, false, `POST ="b1" ="Emma"; POST ="b2" ="Ulysses"; POST ="b3" ="Walden"`, "[[b1] [b2] [b3]]", "", "", 3},
		"as many as may be":           {remove, pen{}, func(c *service.Database) { c.MaxAffected = 3 }, false, "DELETE b1; DELETE b2; DELETE b3", "[[b1] [b2] [b3]]", "", "", 3},
		"more than may be":            {remove, pen{}, func(c *service.Database) { c.MaxAffected = 2 }, false, "", "", gwerr.LimitExceeded, "The statement would change 3 rows; 2 are allowed. Nothing was changed.", 0},
		"by a call that only reads":   {remove, pen{}, nil, true, "", "", gwerr.MethodNotAllowed, "Nothing is changed by GET.", 0},
		"a change that is not wanted": {rename, pen{}, nil, false, "", "", gwerr.ReadOnly, "The connection main does not allow this change of Books.", 0},
		"a connection to read":        {remove, pen{}, func(c *service.Database) { c.ReadOnly = true }, false, "", "", gwerr.ReadOnly, "The connection main allows no writes.", 0},
		"one of them fails":           {remove, pen{breaks: 2}, nil, false, "DELETE b1; DELETE b2", "", gwerr.Conflict, "1 of 3 rows were changed. The one after it was not tried. Row 2: It is lent.", 1},
		"the first one fails":         {remove, pen{breaks: 1}, nil, false, "DELETE b1", "", gwerr.Conflict, "0 of 3 rows were changed. The 2 after it were not tried. Row 1: It is lent.", 0},
		"a defect":                    {remove, pen{breaks: 2, panics: true}, nil, false, "DELETE b1; DELETE b2", "", gwerr.Internal, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := written(t, &c.pen, c.more)
			rows, a, err := d.ask(t, "a", query.Statement{SQL: c.sql, Safe: c.safe})
			assert.Equal(t, c.writes, strings.Join(c.pen.wrote, "; "))
			require.Len(t, d.records, 1)
			assert.Equal(t, "write", d.records[0].Action)
			assert.Equal(t, c.affected, d.records[0].Affected)
			if c.code == "" {
				require.NoError(t, err)
				assert.Equal(t, c.answer, fmt.Sprint(rows))
				assert.Len(t, a.Columns, strings.Count(c.sql, ",")*strings.Count(c.sql, "RETURNING")+1)
				assert.EqualValues(t, len(rows), d.records[0].Rows)
				assert.Equal(t, []string{"Town.Books"}, d.records[0].Tables)
				return
			}
			require.Error(t, err)
			assert.Equal(t, c.code, gwerr.From(err).Code, "%v", err)
			if c.says != "" {
				assert.Equal(t, c.says, gwerr.From(err).Message)
			}
		})
	}
}

// TestChangesForgetResults: who takes an old result gets none from before a change,
// even where that failed.
func TestChangesForgetResults(t *testing.T) {
	t.Parallel()
	p := &pen{}
	d := written(t, p, nil)
	minute := query.Statement{SQL: allBooks, MaxAge: time.Minute}
	for _, step := range []struct {
		name, sql string
		fresh     bool // the next result is
	}{
		{"the first", "", true},
		{"the next", "", false},
		{"a change", "DELETE FROM Books WHERE Id > 'b0'", true},
		{"a plan of one", "EXPLAIN DELETE FROM Books WHERE Id > 'b0'", false},
		{"one that is refused", "UPDATE Books SET Title = 'x' WHERE Id > 'b0'", false},
		{"one that fails", "DELETE FROM Books WHERE true", true},
	} {
		p.breaks = 0
		if step.name == "one that fails" {
			p.breaks = len(p.wrote) + 1
		}
		if step.sql != "" {
			_, _, _ = d.ask(t, "a", query.Statement{SQL: step.sql})
		}
		_, a, err := d.ask(t, "a", minute)
		require.NoError(t, err, step.name)
		assert.Equal(t, step.fresh, a.Age == nil, step.name)
	}
}

// TestPlansOfChanges change nothing, and the trail says so.
func TestPlansOfChanges(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{"DELETE FROM Books WHERE Id > 'b0'", "UPDATE Books SET Title = 'x' WHERE Id > 'b0'", "DELETE FROM Maps WHERE true"} {
		p := &pen{}
		d := written(t, p, nil)
		ctx, r := d.as(t, "a", sql)
		e, err := r.Explain(ctx, query.Statement{SQL: sql})
		r.End(err)
		assert.Empty(t, p.wrote)
		assert.Equal(t, "explain", d.records[0].Action, sql)
		if strings.Contains(sql, "Maps") {
			assert.True(t, gwerr.Is(err, gwerr.UnknownTable), "%v", err)
			continue
		}
		require.NoError(t, err)
		require.NotEmpty(t, e.(*exec.Explanation).Changes)
		assert.Equal(t, "books/{Id}", e.(*exec.Explanation).Changes[0].Address)
		assert.Equal(t, []string{"Town.Books"}, d.records[0].Tables)
	}
}

// TestColumnsOfStatements are told without running them.
func TestColumnsOfStatements(t *testing.T) {
	t.Parallel()
	for sql, c := range map[string]struct {
		want string
		code gwerr.Code
	}{
		allBooks:                       {"[Id Title]", ""},
		"DELETE FROM Books WHERE true": {"[]", ""},
		"DELETE FROM Books WHERE true RETURNING Title": {"[Title]", ""},
		"DELETE FROM Books WHERE true RETURNING *":     {"[Id Title]", ""},
		"DELETE FROM Maps WHERE true RETURNING *":      {"", gwerr.UnknownTable},
		"CALL GetIt('x')":                         {"[Success It]", ""},
		"CALL GetThat('x')":                       {"", gwerr.UnknownFunction},
		"CALL GetIt('x'":                          {"", gwerr.Syntax},
		"UPDATE Books SET Nothing = 1 WHERE true": {"", gwerr.UnknownColumn},
		"INSERT INTO Books (Id) SELECT 1 + 1":     {"", gwerr.BadRequest},
	} {
		var called []procedure.Inputs
		p := &pen{}
		d := written(t, p, func(c *service.Database) { c.Procedures = procedures(&called) })
		ctx, r := d.as(t, "a", sql)
		columns, err := r.Columns(ctx, query.Statement{SQL: sql})
		r.End(err)
		assert.Empty(t, p.wrote)
		assert.Empty(t, called)
		if c.code != "" {
			require.Error(t, err, sql)
			assert.Equal(t, c.code, gwerr.From(err).Code, "%s: %v", sql, err)
			continue
		}
		require.NoError(t, err, sql)
		names := []string{}
		for _, column := range columns {
			names = append(names, column.Name)
		}
		assert.Equal(t, c.want, fmt.Sprint(names), sql)
		assert.Equal(t, "metadata", d.records[0].Action, sql)
	}
}

// TestProceduresOfSchemas: those of an environment stand in its schema and in that of
// all, the others in Information; who looks for what it may call sees no other.
func TestProceduresOfSchemas(t *testing.T) {
	t.Parallel()
	admin, reader := auth.NewAnonymous(service.AdminRole), auth.NewAnonymous("reader")
	town, all, information := &catalog.Schema{Name: "Town", ID: "t1"}, &catalog.Schema{Name: catalog.AllEnvironments}, &catalog.Schema{Name: "Information"}
	for name, c := range map[string]struct {
		caller   *auth.Principal
		policy   service.Policy
		readOnly bool
		schema   *catalog.Schema
		callable bool
		want     string
	}{
		"all of Information":               {reader, nil, false, information, false, "[GetIt Fail Break]"},
		"all of an environment":            {reader, nil, false, town, false, "[Purge]"},
		"all of all environments":          {reader, nil, false, all, false, "[Purge]"},
		"an administrator's":               {admin, nil, false, information, true, "[GetIt Fail Break]"},
		"a reader's":                       {reader, nil, false, information, true, "[]"},
		"a role's":                         {reader, rights{calls: []string{"Fail", "Purge"}}, false, information, true, "[Fail]"},
		"a role's in an environment":       {reader, rights{calls: []string{"Fail", "Purge"}}, false, town, true, "[Purge]"},
		"where nobody writes":              {admin, nil, true, town, true, "[]"},
		"where nobody writes, all of them": {admin, nil, true, town, false, "[Purge]"},
		"where nobody writes, to read":     {admin, nil, true, information, true, "[GetIt Fail Break]"},
	} {
		var called []procedure.Inputs
		d := newDesk(t, func(cfg *service.Config) {
			cfg.Policy, cfg.Pool = c.policy, one{service.Database{Name: "main", Provider: quays{}, ReadOnly: c.readOnly, Procedures: procedures(&called)}}
		})
		ctx, r, err := d.Open(auth.WithPrincipal(t.Context(), c.caller), "", "odata").Begin(t.Context(), "/")
		require.NoError(t, err)
		names := []string{}
		for _, p := range r.Procedures(c.schema, c.callable) {
			names = append(names, p.Name)
			assert.Equal(t, c.schema == all, len(p.Inputs) > 0 && p.Inputs[0].Name == "EnvironmentId", name)
		}
		assert.Equal(t, c.want, fmt.Sprint(names), name)
		if name == "an administrator's" {
			text := "x"
			a, err := r.Call(ctx, procedure.NewCall("", "GetIt", map[string]*string{"Code": &text}))
			require.NoError(t, err)
			var rows [][]string
			require.NoError(t, scan.Each(ctx, a.Rows, func(rec arrow.RecordBatch) error { rows = append(rows, testkit.Texts(rec)...); return nil }))
			assert.Equal(t, "[[true a] [true NULL]]", fmt.Sprint(rows))
			assert.Equal(t, "x", called[0].Text("Code"))
		}
		r.End(nil)
		if len(called) > 0 {
			assert.Equal(t, "call", d.records[0].Action)
			assert.Equal(t, "CALL GetIt(Code => ?)", d.records[0].Statement)
		}
	}
}

// TestRowsToChangeAreThoseOfTheRightToWrite: who reads more than it writes looks for the
// rows of a change among those that it may write; other tables stay as it reads them.
func TestRowsToChangeAreThoseOfTheRightToWrite(t *testing.T) {
	t.Parallel()
	narrow := &catalog.Schema{Name: "Town", ID: "t1"}
	books := &catalog.Table{
		Name: "Books", Schema: narrow, Columns: []catalog.Column{{Name: "Id", Key: true, Required: true}, {Name: "Title"}},
		Writes: &catalog.Writes{Delete: &catalog.Write{Method: "DELETE", Address: "books/{Id}", Keys: []string{"Id"}}},
	}
	narrow.Tables = []*catalog.Table{books}
	d := newCounter(t, func(_ *counter, cfg *service.Config) {
		cfg.Policy = rights{writes: []string{"Town.Books"}, shown: only{narrow}}
	})
	d.lenient = true
	maps := &catalog.Table{Name: "Maps", Schema: d.town}
	d.town.Tables = append(d.town.Tables, maps)
	var over catalog.Provider
	d.seen = func(p catalog.Provider) { over = p }
	const remove = "DELETE FROM Books WHERE Id IN (SELECT Id FROM Maps)"
	ctx, r := d.as(t, "a", remove)
	defer r.End(nil)
	_, err := r.BindChange(ctx, query.Statement{SQL: remove})
	require.NoError(t, err)
	for name, want := range map[string]*catalog.Table{"Books": books, "Maps": maps} {
		s, err := over.Schema(ctx, "Town")
		require.NoError(t, err)
		got, _ := s.Table(name)
		assert.Same(t, want, got, name)
	}
	_, err = over.Schema(ctx, "Nowhere")
	assert.True(t, gwerr.Is(err, gwerr.UnknownSchema), "%v", err)
	read, _ := d.town.Table("Books")
	assert.Same(t, d.books, read, "what it reads is as before")
}
