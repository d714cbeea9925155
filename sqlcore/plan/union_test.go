package plan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// Conditions on the environment decide which members of a union are read; all
// others are each member's own.
func TestUnions(t *testing.T) {
	t.Parallel()
	north, south := directory(t), directory(t)
	south.Name, south.ID = "Customers", "0b8c5f7e-2f6b-4f0e-9a39-0f6f5d0c7a11"
	for _, s := range []*catalog.Schema{north, south} {
		for _, d := range s.Tables {
			d.Schema = s
		}
	}
	users := table(t, catalog.Union(catalog.AllEnvironments, []*catalog.Schema{north, south}), "Users")
	within := func(s *catalog.Schema) predicate.Expr {
		return eq(catalog.EnvironmentID, predicate.UUIDValue(s.ID))
	}
	named := eq("Username", text("ada"))
	for name, c := range map[string]struct {
		where   predicate.Expr
		columns []string
		of      string // the environments read, each with its filters
		exact   bool
	}{
		"all":                        {nil, []string{"Id"}, "Administrators[] Customers[]", true},
		"one by its id":              {within(south), []string{"Id"}, "Customers[]", true},
		"one by its name":            {eq(catalog.EnvironmentName, text("Administrators")), []string{"Id"}, "Administrators[]", true},
		"none of that name":          {eq(catalog.EnvironmentName, text("nowhere")), []string{"Id"}, "", true},
		"not one":                    {predicate.Not{Arg: within(north)}, []string{"Id"}, "Customers[]", true},
		"a condition of rows":        {eq("IsEnabled", predicate.BoolValue(true)), []string{"Id"}, "Administrators[enabled eq \"true\"] Customers[enabled eq \"true\"]", true},
		"one that is tested again":   {named, []string{"Id"}, `Administrators[username eq "ada"] Customers[username eq "ada"]`, false},
		"of one environment's rows":  {predicate.AllOf(named, within(north)), []string{"Id"}, `Administrators[username eq "ada"]`, false},
		"of either":                  {predicate.AnyOf(predicate.AllOf(named, within(north)), within(south)), []string{"Id"}, `Administrators[username eq "ada"] Customers[]`, false},
		"the environment is no cell": {nil, []string{catalog.EnvironmentID, catalog.EnvironmentName}, "Administrators[] Customers[]", true},
	} {
		r, err := plan.New(plan.Options{}, nil).Read(t.Context(), query.Access{Table: users, Columns: positions(t, users, c.columns...), Where: c.where, WhereComplete: true}, nil)
		require.NoError(t, err, name)
		var of []string
		calls := int64(0)
		for _, part := range r.Parts {
			of = append(of, part.Access.Table.Schema.Name+"["+strings.Join(part.Request.Filters, "|")+"]")
			calls += part.Estimate.Calls
			for _, i := range part.Access.Columns {
				assert.NotContains(t, []string{catalog.EnvironmentID, catalog.EnvironmentName}, part.Access.Table.Columns[i].Name, name)
			}
		}
		assert.Equal(t, c.of, strings.Join(of, " "), name)
		assert.Equal(t, c.exact, r.Exact, name)
		assert.Equal(t, c.of == "", r.Empty, name)
		assert.Equal(t, calls, r.Estimate.Calls, name)
	}
}

// Each member's rows may be enough where nothing is left to test, and all take the
// path of the first.
func TestLimitsAndPathsOfUnions(t *testing.T) {
	t.Parallel()
	users := table(t, catalog.Union(catalog.AllEnvironments, []*catalog.Schema{directory(t), directory(t)}), "Users")
	p := plan.New(plan.Options{}, nil)
	for name, c := range map[string]struct {
		where predicate.Expr
		limit int64
	}{
		"nothing is left":    {nil, 5},
		"a test that is all": {eq("IsEnabled", predicate.BoolValue(true)), 5},
		"one that is not":    {eq("Nickname", text("ada")), 0},
	} {
		r, err := p.Read(t.Context(), query.Access{Table: users, Columns: positions(t, users, "Id"), Where: c.where, WhereComplete: true, Limit: 5}, nil)
		require.NoError(t, err, name)
		require.Len(t, r.Parts, 2, name)
		for _, part := range r.Parts {
			assert.Equal(t, c.limit, part.Request.Limit, name)
			assert.Equal(t, r.Path(), part.Request.Path.Name, name)
		}
		r.Order()
		assert.True(t, r.Parts[1].Request.Ordered, name)
	}
}
