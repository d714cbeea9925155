//go:build duckdb_arrow

package service_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// TestProgress: how far a request is; of tables that a caller sees in part, what it got
// alone.
func TestProgress(t *testing.T) {
	t.Parallel()
	restricted := func(q *query.Query) {
		table := *q.Accesses[0].Table
		table.Restriction = &catalog.Restriction{Base: q.Accesses[0].Table, Where: predicate.True}
		q.Accesses[0].Table = &table
	}
	for name, c := range map[string]struct {
		change             func(*query.Query)
		before, open, read string
	}{
		"of a whole table": {
			nil, `{"calls":0,"rowsRead":0,"rowsSent":0,"budgetWaitSeconds":0}`, `{"calls":0,"expectedCalls":1,"rowsRead":0,"rowsSent":0,"budgetWaitSeconds":0}`,
			`{"calls":0,"expectedCalls":1,"rowsRead":3,"rowsSent":3,"budgetWaitSeconds":0}`,
		},
		"of a part": {
			restricted, `{"calls":0,"rowsRead":0,"rowsSent":0,"budgetWaitSeconds":0}`, `{"rowsSent":0,"budgetWaitSeconds":0}`, `{"rowsSent":3,"budgetWaitSeconds":0}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newCounter(t, nil)
			d.knows[allBooks] = c.change
			ctx, r := d.as(t, "a", allBooks)
			told := func() string {
				text, err := json.Marshal(r.Progress())
				require.NoError(t, err)
				return string(text)
			}
			assert.JSONEq(t, c.before, told())
			a, err := r.SQL(ctx, query.Statement{SQL: allBooks})
			require.NoError(t, err)
			assert.JSONEq(t, c.open, told())
			b, err := a.Rows.Next(ctx)
			require.NoError(t, err)
			b.Record.Release()
			assert.JSONEq(t, c.read, told())
			a.Rows.Close()
			r.End(nil)
		})
	}
}

// TestNotesOfSystemTables are those of the answer, each once and in order, and not
// without end.
func TestNotesOfSystemTables(t *testing.T) {
	t.Parallel()
	d := newCounter(t, nil)
	d.lenient = true
	var shown *system.Catalog
	ctx, r := d.as(t, "a", allBooks)
	d.seen = func(p catalog.Provider) { shown, _ = p.(*system.Catalog) }
	_, err := r.Bind(ctx, query.Statement{SQL: allBooks})
	require.NoError(t, err)
	require.NotNil(t, shown)
	assert.Empty(t, r.Notes())
	for _, note := range []string{"b is missing", "a is missing", "b is missing"} {
		shown.Note(note)
	}
	assert.Equal(t, []string{"a is missing", "b is missing"}, r.Notes())
	for i := range 200 {
		shown.Note(fmt.Sprintf("%03d", i))
	}
	notes := r.Notes()
	assert.Len(t, notes, 99, "a hundred, of which one came twice")
	assert.Equal(t, "096", notes[96])
	r.End(nil)
}

// TestTablesThatACallerMayChange: a union where one of its members may be.
func TestTablesThatACallerMayChange(t *testing.T) {
	t.Parallel()
	town, quay := &catalog.Schema{Name: "Town", ID: "t1"}, &catalog.Schema{Name: "Quay", ID: "q1"}
	books := func(s *catalog.Schema, w *catalog.Writes) *catalog.Table {
		return &catalog.Table{Name: "Books", Schema: s, Writes: w}
	}
	written := &catalog.Writes{}
	union := func(members ...*catalog.Table) *catalog.Table {
		return &catalog.Table{Name: "Books", Writes: written, Members: members}
	}
	role := rights{writes: []string{"Quay.Books"}}
	for name, c := range map[string]struct {
		policy   service.Policy
		readOnly bool
		table    *catalog.Table
		want     bool
	}{
		"a table":                        {nil, false, books(town, written), true},
		"a table without writes":         {nil, false, books(town, nil), false},
		"of a connection to read":        {nil, true, books(town, written), false},
		"by a role":                      {role, false, books(quay, written), true},
		"of another schema":              {role, false, books(town, written), false},
		"a union":                        {nil, false, union(books(town, written)), true},
		"a union, one by a role":         {role, false, union(books(town, written), books(quay, written)), true},
		"a union, none by a role":        {role, false, union(books(town, written)), false},
		"a union whose one has no write": {role, false, union(books(quay, nil), books(town, written)), false},
	} {
		d := newCounter(t, func(d *counter, cfg *service.Config) {
			pool := cfg.Pool.(one)
			pool.of.ReadOnly = c.readOnly
			cfg.Pool, cfg.Policy = pool, c.policy
		})
		d.lenient = true
		var shown *system.Catalog
		d.seen = func(p catalog.Provider) { shown, _ = p.(*system.Catalog) }
		ctx, r, err := d.Open(auth.WithPrincipal(t.Context(), auth.NewAnonymous()), "", "sql").Begin(t.Context(), allBooks)
		require.NoError(t, err)
		_, err = r.Bind(ctx, query.Statement{SQL: allBooks})
		require.NoError(t, err)
		s := c.table.Schema
		if s == nil {
			s = &catalog.Schema{Name: catalog.AllEnvironments}
		}
		assert.Equal(t, c.want, shown.Writable(s, c.table), name)
		r.End(nil)
	}
}
