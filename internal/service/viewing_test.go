//go:build duckdb_arrow

package service_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// savedViews are views of which two can be read, one over the other.
var savedViews = []service.SavedView{
	{Name: "Late", SQL: "SELECT * FROM Early"},
	{Name: "Early", SQL: allBooks},
	{Name: "Lost", SQL: "SELECT * FROM Maps"},
	{Name: "Self", SQL: "SELECT * FROM Self"},
	{Name: "One", SQL: "SELECT * FROM Other"},
	{Name: "Other", SQL: "SELECT * FROM One"},
}

// withViews is a counter whose connection has views.
func withViews(t *testing.T, policy service.Policy, saved ...service.SavedView) *counter {
	t.Helper()
	return newCounter(t, func(_ *counter, cfg *service.Config) {
		views, err := service.NewViews(saved)
		require.NoError(t, err)
		pool := cfg.Pool.(one)
		pool.of.Views = views
		cfg.Pool, cfg.Policy = pool, policy
	})
}

// viewsOf is the schema of views as a caller sees it.
func (c *counter) viewsOf(t *testing.T) (*catalog.Schema, error) {
	t.Helper()
	ctx, r := c.as(t, "a", "/")
	defer r.End(nil)
	names, err := r.Names(ctx)
	require.NoError(t, err)
	assert.Equal(t, catalog.UserViews, names[len(names)-1].Name)
	return r.Schema(ctx, "userviews")
}

func tablesOf(s *catalog.Schema) (names []string) {
	for _, t := range s.Tables {
		names = append(names, t.Name)
	}
	return names
}

// TestViewsOfViews: views may read others, whatever their order, and stand in that of
// the configuration; what can't be read is left out and told.
func TestViewsOfViews(t *testing.T) {
	t.Parallel()
	d := withViews(t, nil, savedViews...)
	s, err := d.viewsOf(t)
	require.NoError(t, err)
	assert.Equal(t, []string{"Late", "Early"}, tablesOf(s))
	assert.Equal(t, []string{
		"The view Lost is left out: There is no table Maps.",
		"The view Self is left out: It reads the view Self, which can't be read, or which reads this one.",
		"The view One is left out: It reads the view Other, which can't be read, or which reads this one.",
		"The view Other is left out: It reads the view One, which can't be read, or which reads this one.",
	}, s.Notes)

	veiled := withViews(t, limits{}, savedViews...)
	s, err = veiled.viewsOf(t)
	require.NoError(t, err)
	assert.Equal(t, []string{"Late", "Early"}, tablesOf(s))
	require.Len(t, s.Notes, 4)
	assert.Equal(t, "The view Lost is left out: it reads what is not there, or what you may not see.", s.Notes[0])
}

// TestViewsAreMadeOnce: for as long as what they read is the same.
func TestViewsAreMadeOnce(t *testing.T) {
	t.Parallel()
	d := withViews(t, nil, savedViews[1])
	first, err := d.viewsOf(t)
	require.NoError(t, err)
	require.Len(t, d.take(), 1)
	again, err := d.viewsOf(t)
	require.NoError(t, err)
	assert.Same(t, first, again)
	assert.Empty(t, d.take())
	d.shelve()
	other, err := d.viewsOf(t)
	require.NoError(t, err)
	assert.NotSame(t, first, other)
	assert.Len(t, d.take(), 1)
}

// TestViewsWait: what fails for now is no reason to leave a view out.
func TestViewsWait(t *testing.T) {
	t.Parallel()
	d := withViews(t, nil, savedViews[1], service.SavedView{Name: "Sunk", SQL: "SELECT * FROM Down"})
	for range 2 {
		_, err := d.viewsOf(t)
		assert.True(t, gwerr.Is(err, gwerr.UpstreamFailed), "%v", err)
		assert.Contains(t, d.take(), "SELECT * FROM Down", "it is tried again")
	}
}

// TestCheckedViews tells of each view what is wrong with it.
func TestCheckedViews(t *testing.T) {
	t.Parallel()
	d := newCounter(t, nil)
	views, err := service.NewViews(savedViews)
	require.NoError(t, err)
	told := map[string]gwerr.Code{}
	tell := func(view string, err error) {
		told[view] = ""
		if err != nil {
			told[view] = gwerr.From(err).Code
		}
	}
	(&service.Database{Name: "main", Provider: inTown{d}}).CheckViews(t.Context(), d, nil, tell)
	assert.Empty(t, told)
	(&service.Database{Name: "main", Provider: inTown{d}, Views: views}).CheckViews(t.Context(), d, []string{"main"}, tell)
	assert.Equal(t, map[string]gwerr.Code{
		"Late": "", "Early": "", "Lost": gwerr.UnknownTable, "Self": gwerr.UnknownTable, "One": gwerr.UnknownTable, "Other": gwerr.UnknownTable,
	}, told)
}

// TestViewsOfOneTable: a view of some columns and rows of a table, key and all, is read
// as a part of it; any other is not.
func TestViewsOfOneTable(t *testing.T) {
	t.Parallel()
	title := predicate.Cmp{Column: "Title", Op: predicate.Eq, Value: predicate.StringValue("Emma")}
	masked := func(q *query.Query) {
		table := *q.Accesses[0].Table
		table.Restriction = &catalog.Restriction{Base: q.Accesses[0].Table, Where: predicate.IsNull{Column: "Id"}, Masks: map[string]catalog.Mask{"Title": catalog.MaskHash}}
		q.Accesses[0].Table = &table
	}
	for name, c := range map[string]struct {
		change func(*query.Query)
		where  string // "" where it is no part
	}{
		"the whole":                {nil, "TRUE AND TRUE"},
		"some rows":                {func(q *query.Query) { q.Accesses[0].Where = title }, "TRUE AND Title = 'Emma'"},
		"its key alone":            {func(q *query.Query) { q.Columns, q.Plain.Project = q.Columns[:1], []int{0} }, "TRUE AND TRUE"},
		"without its key":          {titles, ""},
		"a limit":                  {func(q *query.Query) { q.Plain.Limit = 1 }, ""},
		"an offset":                {func(q *query.Query) { q.Plain.Offset = 1 }, ""},
		"a limit of what is read":  {func(q *query.Query) { q.Accesses[0].Limit = 1 }, ""},
		"a condition left over":    {func(q *query.Query) { q.Accesses[0].WhereComplete = false }, ""},
		"a column by another name": {func(q *query.Query) { q.Columns[1].Name = "Name" }, ""},
		"of the engine":            {func(q *query.Query) { q.Plain = nil }, ""},
		"of two readings":          {func(q *query.Query) { q.Accesses = append(q.Accesses, q.Accesses[0]) }, ""},
		"of all environments": {func(q *query.Query) {
			q.Accesses[0].Table = &catalog.Table{Name: "Books", Columns: q.Accesses[0].Table.Columns, Members: []*catalog.Table{{}}}
		}, ""},
		"of a part":         {masked, "Id IS NULL AND TRUE"},
		"by what is masked": {func(q *query.Query) { masked(q); q.Accesses[0].Where = title }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := withViews(t, nil, savedViews[1])
			d.knows[allBooks] = c.change
			s, err := d.viewsOf(t)
			require.NoError(t, err)
			require.Len(t, s.Tables, 1)
			view := s.Tables[0]
			assert.Equal(t, "Early", view.Name)
			assert.Equal(t, allBooks, view.View.SQL)
			if c.where == "" {
				assert.Nil(t, view.Restriction)
				assert.Empty(t, view.Key())
				return
			}
			require.NotNil(t, view.Restriction)
			assert.Equal(t, c.where, view.Restriction.Where.String())
			assert.Len(t, view.Key(), 1)
			for _, column := range view.Columns {
				assert.Equal(t, catalog.ReadOnly, column.Access, column.Name)
			}
		})
	}
}
