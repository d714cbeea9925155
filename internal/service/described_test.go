//go:build duckdb_arrow

package service_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// shelf is a desk whose connection has procedures and properties.
type shelf struct {
	*desk
	readOnly bool
}

// Database implements service.Pool.
func (s *shelf) Database(context.Context, string, *auth.Principal) (*service.Database, error) {
	return &service.Database{
		Name: "main", ReadOnly: s.readOnly, Procedures: procedure.Set{{Name: "Look"}, {Name: "Reset", Writes: true}},
		Properties: []system.Property{{Name: "Region", Value: "EU"}},
	}, nil
}

// TestWhatSystemTablesShow looks at the catalog that a statement is bound over.
func TestWhatSystemTablesShow(t *testing.T) {
	t.Parallel()
	writes := &catalog.Table{Name: "Users", Writes: &catalog.Writes{}}
	cases := []struct {
		name, statement string
		readOnly        bool
		roles           []string
		connection      string
		procedures      int
		value           string
		writable        bool
	}{
		{name: "anybody", statement: "SELECT 1", connection: "main", writable: true},
		{name: "an administrator", statement: "SELECT 1", roles: []string{service.AdminRole}, connection: "main", procedures: 2, value: "EU", writable: true},
		{name: "no writes", statement: "SELECT 1", readOnly: true, roles: []string{service.AdminRole}, connection: "main", procedures: 1, value: "EU"},
		{name: "an alias", statement: "SELECT * FROM other.sys.sys_tables", connection: "Other", writable: true},
		{name: "the word alone", statement: "SELECT Other FROM sys_tables", connection: "main", writable: true},
		{name: "no text", statement: "SELECT '", connection: "main", writable: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, nil)
			s := service.New(service.Config{Pool: &shelf{d, c.readOnly}, Binder: d, Aliases: []string{"Other"}})
			t.Cleanup(s.Close)
			ctx, r, err := s.Open(auth.WithPrincipal(t.Context(), auth.NewAnonymous(c.roles...)), "", "sql").Begin(t.Context(), c.statement)
			require.NoError(t, err)
			defer r.End(nil)
			_, err = r.Bind(ctx, query.Statement{SQL: c.statement})
			require.ErrorIs(t, err, errUnplanned)
			shown, ok := d.bound[0].Provider.(*system.Catalog)
			require.True(t, ok)
			assert.Equal(t, c.connection, shown.Connection())
			assert.Len(t, shown.Procedures(), c.procedures)
			assert.Equal(t, c.value, shown.Properties()[0].Value)
			assert.Equal(t, c.writable, shown.Writable(&catalog.Schema{Name: "North"}, writes))
			assert.False(t, shown.Writable(&catalog.Schema{Name: "North"}, &catalog.Table{}))
		})
	}
}

// TestStatementsOfCallsAreNotKept keeps what may hold secrets out of the trail,
// behind EXPLAIN, too.
func TestStatementsOfCallsAreNotKept(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]string{
		"EXPLAIN CALL Reset('secret')":         "",
		"EXPLAIN ANALYZE CALL Reset('secret')": "",
		"EXPLAIN SELECT 1":                     "EXPLAIN SELECT 1",
	} {
		d := newDesk(t, nil)
		ctx, r, err := d.begin(t.Context(), statement)
		require.NoError(t, err)
		_, err = r.Bind(ctx, query.Statement{SQL: statement})
		require.Error(t, err)
		r.End(err)
		assert.Equal(t, want, d.records[0].Statement)
	}
}
