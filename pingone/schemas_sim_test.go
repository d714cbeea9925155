package pingone_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

func TestSchemasAreNamedAfterEnvironments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{}, nil)
	names, err := w.conn.Names(context.Background())
	require.NoError(t, err)
	admin := w.sim.EnvironmentID(sim.EnvironmentAdministrators)
	require.Equal(t, []catalog.SchemaName{
		{Name: "Information"},
		{Name: "Administrators", ID: admin},
		{Name: "Customers", ID: w.sim.EnvironmentID(sim.EnvironmentCustomers)},
		{Name: "Partner Portal Zürich", ID: w.sim.EnvironmentID(sim.EnvironmentPartners)},
	}, names)
	require.Equal(t, admin, w.conn.Default())
	for _, name := range []string{"administrators", "ADMINISTRATORS", admin, strings.ToUpper(admin)} {
		s, err := w.conn.Schema(context.Background(), name)
		require.NoError(t, err)
		require.Equal(t, "Administrators", s.Name)
		require.Empty(t, s.Notes)
	}
	_, err = w.conn.Schema(context.Background(), "Nowhere")
	require.True(t, gwerr.Is(err, gwerr.UnknownSchema), "%v", err)
}

func TestCustomAttributesAreColumns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 800}, nil)
	users := w.table("Users")
	got := map[string]catalog.Type{}
	var order []string
	for _, c := range users.Columns {
		if c.Custom {
			got[c.Name] = c.Type
			order = append(order, c.Source)
		}
	}
	for name, want := range map[string]catalog.Type{
		"badge": catalog.String, "cost_center": catalog.String, "skills": catalog.StringList, "clearance": catalog.String, "_2ndPhone": catalog.String,
		"userName_Custom": catalog.String, "employeetype_Custom": catalog.String, "b_ro_nr": catalog.String, "preferences": catalog.JSON, "vehicles": catalog.JSON,
	} {
		typ, ok := got[name]
		require.True(t, ok, "%s is missing in %v", name, got)
		require.Equal(t, want, typ, name)
	}
	require.IsIncreasing(t, order)
	require.NotEmpty(t, users.Column("clearance").Values)

	rows := w.rows(w.request(users, "list", "badge", "skills", "preferences", "cost_center", "EmployeeType", "employeetype_Custom"))
	some := make([]bool, len(rows[0]))
	for _, row := range rows {
		for i, v := range row {
			some[i] = some[i] || v != "(null)"
		}
	}
	require.NotContains(t, some, false)

	filters := users.Path("list").Filters
	require.Equal(t, "cost-center", filters["cost_center"].Attribute)
	for _, column := range []string{"skills", "preferences", "vehicles"} {
		require.NotContains(t, filters, column)
	}
	r := w.request(users, "list", "badge")
	r.Filters = []string{`badge eq "B-7"`}
	for _, row := range w.rows(r) {
		require.Equal(t, "B-7", row[0])
	}
}

// customAPI is an API whose environments and attributes a test sets.
type customAPI struct {
	environments, schemas, attributes string
	status                            atomic.Int64 // of schemas; 0 means 200
	broken                            atomic.Bool
	calls                             atomic.Int64
}

func (a *customAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.calls.Add(1)
	switch {
	case a.broken.Load():
		w.WriteHeader(http.StatusBadRequest)
	case strings.HasSuffix(r.URL.Path, "/environments"):
		fmt.Fprintf(w, `{"_embedded":{"environments":[%s]}}`, a.environments)
	case a.status.Load() != 0:
		w.WriteHeader(int(a.status.Load()))
	case strings.HasSuffix(r.URL.Path, "/schemas"):
		fmt.Fprintf(w, `{"_embedded":{"schemas":[{"id":"s1","name":"Other"},{"id":"s2","name":"User"%s}]}}`, a.schemas)
	case strings.HasSuffix(r.URL.Path, "/s2/attributes"):
		fmt.Fprintf(w, `{"_embedded":{"attributes":[%s]}}`, a.attributes)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

type openDoor struct{}

func (openDoor) Token(context.Context) (pingone.Token, error) { return openDoor{}, nil }
func (openDoor) Set(http.Header)                              {}
func (openDoor) Refused(context.Context)                      {}
func (openDoor) Valid(time.Time) bool                         { return true }

func connectTo(t *testing.T, a *customAPI) (*pingone.Connection, *fakeClock) {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	clock := &fakeClock{now: time.Unix(1_750_000_000, 0)}
	c, err := pingone.New(pingone.Config{APIURL: server.URL + "/v1", Authorizer: openDoor{}, Clock: clock, WorkerAppEnvironmentID: envID})
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c, clock
}

const main = `{"id":"` + envID + `","name":"Main"}`

func TestAttributeRules(t *testing.T) {
	t.Parallel()
	api := &customAPI{environments: main, attributes: strings.Join([]string{
		`{"name":"Id","type":"STRING","enabled":true}`,
		`{"name":"ID","type":"STRING","enabled":true}`,
		`{"name":"off","type":"STRING","enabled":false}`,
		`{"name":"username","type":"STRING","enabled":true,"schemaType":"CORE"}`,
		`{"name":"name","type":"COMPLEX","enabled":true,"subAttributes":[{"name":"given","type":"STRING"}]}`,
		`{"name":"office","type":"COMPLEX","enabled":true,"subAttributes":[{"name":"room","type":"STRING"},{"name":"plan","type":"JSON"},{"name":"old","type":"STRING","enabled":false}]}`,
		`{"name":"offices","type":"COMPLEX","multiValued":true,"enabled":true,"subAttributes":[{"name":"room","type":"STRING"}]}`,
		`{"name":"vip","type":"BOOLEAN","enabled":true}`,
		`{"name":"population","type":"STRING","enabled":true}`,
		`{"name":"UserGroupAssociations","type":"STRING","enabled":true}`,
		`{"name":"note","type":"STRING","enabled":true,"required":true,"allowsContainsOperator":true,"displayName":"Note","description":"Free text.","enumeratedValues":[{"value":"a"},{"value":"b","archived":true}]}`,
	}, ",")}
	c, _ := connectTo(t, api)
	s, err := c.Schema(context.Background(), "Main")
	require.NoError(t, err)
	users, _ := s.Table("Users")
	var got []string
	for _, col := range users.Columns {
		if col.Custom {
			got = append(got, col.Name+" "+col.Type.String()+" "+col.Source)
		}
	}
	require.Equal(t, []string{
		"ID_Custom string ID", "Id_Custom2 string Id", "UserGroupAssociations_Custom string UserGroupAssociations", "note string note",
		"office_room string office.room", "office_plan json office.plan", "offices json offices", "vip bool vip",
	}, got)
	note := users.Column("note")
	require.Equal(t, "Note: Free text.", note.Doc)
	require.Equal(t, []string{"a"}, note.Values)
	require.True(t, note.NeededOnInsert)
	filters := users.Path("list").Filters
	require.Len(t, filters["note"].Operators, 3)
	require.Len(t, filters["ID_Custom"].Operators, 2)
	for _, column := range []string{"office_room", "offices", "vip"} {
		require.NotContains(t, filters, column)
	}
}

func TestAmbiguousAndReservedNamesAreIDs(t *testing.T) {
	t.Parallel()
	id := func(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }
	env := func(n int, name string) string { return fmt.Sprintf(`{"id":%q,"name":%q}`, id(n), name) }
	api := &customAPI{environments: strings.Join([]string{env(1, "Twin"), env(2, "twin"), env(3, "information"), env(4, "sys"), env(5, "Fine")}, ",")}
	c, _ := connectTo(t, api)
	names, err := c.Names(context.Background())
	require.NoError(t, err)
	require.Equal(t, []catalog.SchemaName{
		{Name: "Information"}, {Name: id(1), ID: id(1)}, {Name: id(2), ID: id(2)}, {Name: id(3), ID: id(3)}, {Name: id(4), ID: id(4)}, {Name: "Fine", ID: id(5)},
	}, names)
	_, err = c.Schema(context.Background(), "twin")
	require.True(t, gwerr.Is(err, gwerr.UnknownSchema), "%v", err)
}

func TestSchemasAreKeptAndServedWhenTheAPIFails(t *testing.T) {
	t.Parallel()
	api := &customAPI{environments: main}
	c, clock := connectTo(t, api)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			_, err := c.Schema(context.Background(), "Main")
			require.NoError(t, err)
		})
	}
	wait.Wait()
	first := api.calls.Load()
	require.LessOrEqual(t, first, int64(3*8))
	_, err := c.Schema(context.Background(), "Main")
	require.NoError(t, err)
	require.Equal(t, first, api.calls.Load(), "kept")

	clock.advance(301 * time.Second)
	api.broken.Store(true)
	_, err = c.Schema(context.Background(), "Main")
	require.NoError(t, err, "the old one serves")
	failed := api.calls.Load()
	require.Greater(t, failed, first)
	_, err = c.Schema(context.Background(), "Main")
	require.NoError(t, err)
	require.Equal(t, failed, api.calls.Load(), "not tried again at once")

	clock.advance(16 * time.Second)
	api.broken.Store(false)
	_, err = c.Schema(context.Background(), "Main")
	require.NoError(t, err)
	require.Greater(t, api.calls.Load(), failed)
}

func TestFirstFailureIsAnError(t *testing.T) {
	t.Parallel()
	api := &customAPI{environments: main}
	api.broken.Store(true)
	c, _ := connectTo(t, api)
	_, err := c.Schema(context.Background(), "Main")
	require.True(t, gwerr.Is(err, gwerr.UpstreamRejected), "%v", err)
	api.broken.Store(false)
	_, err = c.Schema(context.Background(), "Main")
	require.NoError(t, err)
}

func TestWithoutTheRightToReadSchemas(t *testing.T) {
	t.Parallel()
	api := &customAPI{environments: main}
	api.status.Store(403)
	c, _ := connectTo(t, api)
	s, err := c.Schema(context.Background(), "Main")
	require.NoError(t, err)
	require.Len(t, s.Notes, 1)
	users, ok := s.Table("Users")
	require.True(t, ok)
	require.Len(t, users.Columns, 45)
}

func TestClosedConnection(t *testing.T) {
	t.Parallel()
	c, _ := connectTo(t, &customAPI{environments: main})
	require.NoError(t, c.Close())
	_, err := c.Names(context.Background())
	require.True(t, gwerr.Is(err, gwerr.Canceled), "%v", err)
}
