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
		{Name: "Old Shop", ID: w.sim.EnvironmentID(sim.EnvironmentRetired), Leaving: true},
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

// Tables whose values may be secret are there only where the connection says so.
func TestTablesWithAnOption(t *testing.T) {
	t.Parallel()
	for _, shown := range []bool{false, true} {
		w := newWorld(t, sim.Options{Users: 10}, func(c *pingone.Config) { c.ShowFlowGraph = shown })
		s, err := w.conn.Schema(context.Background(), "Administrators")
		require.NoError(t, err)
		_, there := s.Table("DaVinciFlowGraphs")
		require.Equal(t, shown, there)
		_, there = s.Table("DaVinciFlows")
		require.True(t, there)
	}
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
	listed                            atomic.Int64 // status of environments; 0 means 200
	passes                            atomic.Int64 // after so many of those both are 200; 0 for never
	broken                            atomic.Bool
	calls                             atomic.Int64
}

func (a *customAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.calls.Add(1)
	switch {
	case a.broken.Load():
		w.WriteHeader(http.StatusBadRequest)
	case a.listed.Load() != 0 && strings.HasSuffix(r.URL.Path, "/environments"):
		a.refuse(w, &a.listed)
	case strings.HasSuffix(r.URL.Path, "/environments"):
		fmt.Fprintf(w, `{"_embedded":{"environments":[%s]}}`, a.environments)
	case a.status.Load() != 0:
		a.refuse(w, &a.status)
	case strings.HasSuffix(r.URL.Path, "/schemas"):
		fmt.Fprintf(w, `{"_embedded":{"schemas":[{"id":"s1","name":"Other"},{"id":"s2","name":"User"%s}]}}`, a.schemas)
	case strings.HasSuffix(r.URL.Path, "/s2/attributes"):
		fmt.Fprintf(w, `{"_embedded":{"attributes":[%s]}}`, a.attributes)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// refuse answers with a status, for the last time if it passes now.
func (a *customAPI) refuse(w http.ResponseWriter, status *atomic.Int64) {
	w.WriteHeader(int(status.Load()))
	if a.passes.Load() > 0 && a.passes.Add(-1) == 0 {
		status.Store(0)
	}
}

type openDoor struct{}

func (openDoor) Token(context.Context) (pingone.Token, error) { return openDoor{}, nil }
func (openDoor) Set(http.Header)                              {}
func (openDoor) Refused(context.Context)                      {}
func (openDoor) Valid(time.Time) bool                         { return true }

func connectTo(t *testing.T, a *customAPI) (*pingone.Directory, *fakeClock) {
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
	api := &customAPI{environments: strings.Join([]string{env(1, "Twin"), env(2, "twin"), env(3, "information"), env(4, "sys"), env(5, "Fine"), env(6, strings.ToUpper(id(5)))}, ",")}
	c, _ := connectTo(t, api)
	names, err := c.Names(context.Background())
	require.NoError(t, err)
	require.Equal(t, []catalog.SchemaName{
		{Name: "Information"}, {Name: id(1), ID: id(1), Label: "Twin"}, {Name: id(2), ID: id(2), Label: "twin"}, {Name: id(3), ID: id(3), Label: "information"}, {Name: id(4), ID: id(4), Label: "sys"}, {Name: id(6), ID: id(6), Label: strings.ToUpper(id(5))}, {Name: "Fine", ID: id(5)},
	}, names)
	_, err = c.Schema(context.Background(), "twin")
	require.True(t, gwerr.Is(err, gwerr.UnknownSchema), "%v", err)
	fine, err := c.Schema(context.Background(), id(5))
	require.NoError(t, err)
	require.Equal(t, id(5), fine.ID, "nobody takes an id by taking it as a name")
}

// TestSchemasFollowTheirNames: two environments may change names, and each stays
// itself.
func TestSchemasFollowTheirNames(t *testing.T) {
	t.Parallel()
	const other = "00000000-0000-4000-8000-000000000007"
	api := &customAPI{environments: main + `,{"id":"` + other + `","name":"Other"}`}
	c, clock := connectTo(t, api)
	schema := func(name string) *catalog.Schema {
		s, err := c.Schema(context.Background(), name)
		require.NoError(t, err)
		return s
	}
	require.Equal(t, envID, schema("Main").ID)
	clock.advance(200 * time.Second)
	require.Equal(t, other, schema("Other").ID)
	api.environments = strings.NewReplacer("Main", "Other", "Other", "Main").Replace(api.environments)
	clock.advance(150 * time.Second) // the list is old now, the schema of the second one is not
	for name, id := range map[string]string{"Main": other, "Other": envID, envID: envID, other: other} {
		s := schema(name)
		require.Equal(t, id, s.ID, name)
		require.Equal(t, map[string]string{envID: "Other", other: "Main"}[id], s.Name, name)
	}
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

// own names the columns of an environment's own attributes.
func own(t *testing.T, s *catalog.Schema) (out []string) {
	t.Helper()
	users, ok := s.Table("Users")
	require.True(t, ok)
	for _, c := range users.Columns {
		if c.Custom {
			out = append(out, c.Name)
		}
	}
	return out
}

const badge = `{"name":"badge","type":"STRING"}`

// PingOne answers 403 or 404 for up to a minute about new environments, and to
// applications without the right for good.
func TestRefusedAttributes(t *testing.T) {
	t.Parallel()
	for _, status := range []int64{403, 404} {
		t.Run(fmt.Sprint(status, " passes at once"), func(t *testing.T) {
			t.Parallel()
			api := &customAPI{environments: main, attributes: badge}
			api.status.Store(status)
			api.passes.Store(2)
			c, clock := connectTo(t, api)
			s, err := c.Schema(context.Background(), "Main")
			require.NoError(t, err)
			require.Empty(t, s.Notes)
			require.Equal(t, []string{"badge"}, own(t, s))
			require.LessOrEqual(t, clock.total(), 2*time.Second)
		})
		t.Run(fmt.Sprint(status, " passes later"), func(t *testing.T) {
			t.Parallel()
			api := &customAPI{environments: main, attributes: badge}
			api.status.Store(status)
			c, clock := connectTo(t, api)
			for range 3 {
				s, err := c.Schema(context.Background(), "Main")
				require.NoError(t, err)
				require.Len(t, s.Notes, 1)
				require.Empty(t, own(t, s))
				require.LessOrEqual(t, clock.total(), 2*time.Second, "patient only once")
				clock.advance(16 * time.Second)
			}
			api.status.Store(0)
			s, err := c.Schema(context.Background(), "Main")
			require.NoError(t, err)
			require.Empty(t, s.Notes)
			require.Equal(t, []string{"badge"}, own(t, s))
		})
		t.Run(fmt.Sprint(status, " after a good answer"), func(t *testing.T) {
			t.Parallel()
			api := &customAPI{environments: main, attributes: badge}
			c, clock := connectTo(t, api)
			_, err := c.Schema(context.Background(), "Main")
			require.NoError(t, err)
			api.status.Store(status)
			clock.advance(301 * time.Second)
			before := api.calls.Load()
			s, err := c.Schema(context.Background(), "Main")
			require.NoError(t, err)
			require.Greater(t, api.calls.Load(), before)
			require.Empty(t, s.Notes)
			require.Equal(t, []string{"badge"}, own(t, s))
			api.status.Store(0)
			api.attributes += `,{"name":"more","type":"STRING"}`
			clock.advance(16 * time.Second)
			s, err = c.Schema(context.Background(), "Main")
			require.NoError(t, err)
			require.Equal(t, []string{"badge", "more"}, own(t, s), "tried again soon")
		})
	}
}

// Where the environments can't be listed, a name that is not known is no
// proof that there is no such environment.
func TestRefusedEnvironments(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	t.Run("passes at once", func(t *testing.T) {
		t.Parallel()
		api := &customAPI{environments: main}
		api.listed.Store(403)
		api.passes.Store(3)
		c, _ := connectTo(t, api)
		_, err := c.Schema(ctx, "Main")
		require.NoError(t, err)
	})
	t.Run("passes later", func(t *testing.T) {
		t.Parallel()
		api := &customAPI{environments: main}
		api.listed.Store(403)
		c, clock := connectTo(t, api)
		_, err := c.Schema(ctx, "Main")
		require.True(t, gwerr.Is(err, gwerr.UpstreamForbidden), "%v", err)
		require.ErrorContains(t, err, "orgmgt:read:environment")
		_, err = c.Schema(ctx, envID)
		require.NoError(t, err, "the application's own environment is known")
		api.listed.Store(0)
		clock.advance(16 * time.Second)
		_, err = c.Schema(ctx, "Main")
		require.NoError(t, err)
		_, err = c.Schema(ctx, "Other")
		require.True(t, gwerr.Is(err, gwerr.UnknownSchema), "%v", err)
	})
	t.Run("after a good answer", func(t *testing.T) {
		t.Parallel()
		api := &customAPI{environments: main}
		c, clock := connectTo(t, api)
		good, err := c.Names(ctx)
		require.NoError(t, err)
		api.listed.Store(403)
		clock.advance(301 * time.Second)
		names, err := c.Names(ctx)
		require.NoError(t, err)
		require.Equal(t, good, names)
	})
}

func TestClosedConnection(t *testing.T) {
	t.Parallel()
	c, _ := connectTo(t, &customAPI{environments: main})
	require.NoError(t, c.Close())
	_, err := c.Names(context.Background())
	requireClosed(t, err)
}

// requireClosed wants an error of a connection that was closed, for a caller who
// is still there.
func requireClosed(t *testing.T, err error) {
	t.Helper()
	require.True(t, gwerr.Is(err, gwerr.Busy), "%v", err)
	require.NotErrorIs(t, err, context.Canceled)
	require.NotEmpty(t, gwerr.From(err).Hint)
}

// TestClosedWhileReading closes a connection while its first schemas are read.
func TestClosedWhileReading(t *testing.T) {
	t.Parallel()
	asked, done := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-done
	}))
	t.Cleanup(server.Close)
	defer close(done)
	c, err := pingone.New(pingone.Config{APIURL: server.URL + "/v1", Authorizer: openDoor{}, WorkerAppEnvironmentID: envID})
	require.NoError(t, err)
	failed := make(chan error)
	go func() {
		_, err := c.Names(context.Background())
		failed <- err
	}()
	<-asked
	require.NoError(t, c.Close())
	requireClosed(t, <-failed)
}
