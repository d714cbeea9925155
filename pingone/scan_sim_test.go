package pingone_test

import (
	"context"
	"errors"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

func TestSequentialScan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 1000}, nil)
	r := w.request(w.table("Users"), "list")
	w.sim.ResetRequests()
	rows := w.rows(r)
	require.Len(t, w.unique(rows, 0), 1000)
	require.Equal(t, 5, w.apiCalls())
	env := w.sim.EnvironmentID(sim.EnvironmentAdministrators)
	for _, row := range rows {
		require.Equal(t, env, row[r.Table.Index("EnvironmentId")])
	}
}

func TestScanOfNoColumnsCountsRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 450}, nil)
	r := scan.Request{Table: w.table("Users"), Path: w.table("Users").Path("list")}
	s, err := w.conn.Scan(context.Background(), r)
	require.NoError(t, err)
	defer s.Close()
	total := int64(0)
	for {
		b, err := s.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		require.Zero(t, b.Record.NumCols())
		total += b.Record.NumRows()
		b.Record.Release()
	}
	require.EqualValues(t, 450, total)
}

func TestLimitAsksForNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 1000}, nil)
	for _, c := range []struct {
		limit int64
		calls int
		query string
	}{{5, 1, "limit=5"}, {200, 1, "limit=200"}, {201, 2, "limit=200"}, {450, 3, "limit=200"}, {5000, 5, "limit=200"}} {
		r := w.request(w.table("Users"), "list", "Id")
		r.Limit = c.limit
		w.sim.ResetRequests()
		require.Len(t, w.rows(r), int(min(c.limit, 1000)))
		require.Equal(t, c.calls, w.apiCalls(), "limit %d", c.limit)
		require.Equal(t, c.query, w.requests()[0].Query)
	}
}

func TestReadsByKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{}, nil)
	r := w.request(w.table("Users"), "by_id", "Id", "Username")
	r.Keys = [][]string{{w.sim.UserID(sim.EnvironmentAdministrators, 0)}, {"11111111-2222-4333-8444-555555555555"}, {w.sim.UserID(sim.EnvironmentAdministrators, 1)}}
	w.sim.ResetRequests()
	rows := w.rows(r)
	require.Equal(t, 3, w.apiCalls())
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[1], b[1]) })
	require.Equal(t, [][]string{{r.Keys[0][0], "ada.admin"}, {r.Keys[2][0], "rita.reader"}}, rows)
}

func TestSeveralFiltersAnswerEachRowOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 900}, nil)
	r := w.request(w.table("Users"), "list", "Username") // the key is not among the columns
	r.Filters = []string{`username sw "a"`, `enabled eq true`, `username sw "ad"`}
	rows := w.rows(r)
	w.unique(rows, 0)
	all := w.rows(w.request(w.table("Users"), "list", "Username", "IsEnabled"))
	want := 0
	for _, row := range all {
		if row[1] == "true" || strings.HasPrefix(strings.ToLower(row[0]), "a") {
			want++
		}
	}
	require.Len(t, rows, want)
}

// A scan goes on from any batch's cursor, in another process too.
func TestResume(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 700}, nil)
	r := w.request(w.table("Users"), "list", "Id")
	r.Filters = []string{"enabled eq true"}
	all := w.rows(r)
	for stop := 1; ; stop++ {
		s, err := w.conn.Scan(context.Background(), r)
		require.NoError(t, err)
		var got [][]string
		cursor := ""
		for range stop {
			b, err := s.Next(context.Background())
			require.NoError(t, err)
			got, cursor = append(got, texts(b.Record)...), b.Cursor
			b.Record.Release()
		}
		s.Close()
		if cursor == "" {
			require.Equal(t, all, got)
			break
		}
		another, err := pingone.New(pingone.Config{
			APIURL: w.url + "/v1", Authorizer: &worker{url: w.url + "/" + w.sim.EnvironmentID(sim.EnvironmentAdministrators) + "/as/token"},
		})
		require.NoError(t, err)
		next := r
		next.Resume = cursor
		rest, err := (&world{conn: another}).read(context.Background(), next)
		require.NoError(t, err)
		require.Equal(t, all, append(got, rest...))
		require.NoError(t, another.Close())
	}
}

func TestForgedCursorsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{}, nil)
	users := w.table("Users")
	other := w.sim.EnvironmentID(sim.EnvironmentCustomers)
	for _, cursor := range []string{
		"x", "environments", users.Path("list").List, "environments/" + other + "/users?cursor=a", "//evil/environments?cursor=a",
		"environments/" + users.Schema.ID + "/users/../groups?cursor=a", "environments/" + users.Schema.ID + "/users?cursor=forged",
		"http://evil/v1/environments/" + users.Schema.ID + "/users?cursor=a",
	} {
		r := w.request(users, "list", "Id")
		r.Resume = cursor
		_, err := w.read(context.Background(), r)
		require.True(t, gwerr.Is(err, gwerr.BadContinuation), "%s: %v", cursor, err)
	}
	r := w.request(users, "list", "Id")
	r.Resume, r.Filters = "environments/"+users.Schema.ID+"/users?cursor=a", []string{"a", "b"}
	_, err := w.read(context.Background(), r)
	require.True(t, gwerr.Is(err, gwerr.BadContinuation), "%v", err)
}

// What takes a call a row is a table of its own: its path reads one row, and
// runs for each row of the parent.
func TestRowsOfOneCallEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 120}, nil)
	passwords := w.table("UserPasswords")
	users := w.rows(w.request(w.table("Users"), "list", "Id"))
	w.sim.ResetRequests()
	all := w.rows(w.request(passwords, "all", "UserId", "Status", "LastChangedAt", "PasswordPolicyId"))
	with := w.unique(all, 0)
	require.Subset(t, w.unique(users, 0), with)
	require.InDelta(t, len(users), len(with), 10)
	require.Less(t, len(with), len(users), "some have no password: 404 is no row")
	require.Equal(t, 1+len(users), w.apiCalls(), "the users' page and one call each")
	for _, row := range all {
		require.NotEqual(t, "(null)", row[1])
	}

	one := w.request(passwords, "by_user", "UserId", "Status", "LastChangedAt", "PasswordPolicyId")
	one.Keys = [][]string{{all[0][0]}, {userID(1)}}
	require.Equal(t, all[:1], w.rows(one), "a user who doesn't exist has no row")

	totals := w.request(w.table("GroupTotals"), "all", "GroupId", "TotalUsersCount", "TotalChildGroupsCount")
	direct := map[string]string{}
	for _, row := range w.rows(w.request(w.table("Groups"), "list", "Id", "DirectUsersCount")) {
		direct[row[0]] = row[1]
	}
	found := w.rows(totals)
	require.Len(t, found, len(direct))
	for _, row := range found {
		least, err := strconv.Atoi(direct[row[0]])
		require.NoError(t, err)
		total, err := strconv.Atoi(row[1])
		require.NoError(t, err)
		require.GreaterOrEqual(t, total, least, row[0])
	}
}

func TestDescribeRowsOfOneCallEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{}, nil)
	env := w.sim.EnvironmentID(sim.EnvironmentAdministrators)
	var got []string
	for _, call := range w.conn.Describe(w.request(w.table("GroupTotals"), "all", "GroupId", "TotalUsersCount")) {
		got = append(got, strings.ReplaceAll(call.Address, env, "ENV"))
	}
	require.Equal(t, []string{"environments/ENV/groups?limit=1000", "environments/ENV/groups/…?include=totalMemberCounts"}, got)
}

// memberships reads all memberships user by user, the slow and certain way.
func (w *world) memberships() map[string]bool {
	w.t.Helper()
	out := map[string]bool{}
	for _, row := range w.rows(w.request(w.table("UserGroupAssociations"), "all_by_user", "UserId", "GroupId", "GroupName", "Type")) {
		out[strings.Join(row, " | ")] = true
	}
	return out
}

func TestMembershipsAreTheSameByEveryPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 400}, nil)
	want := w.memberships()
	require.NotEmpty(t, want)
	table := w.table("UserGroupAssociations")
	join := func(rows [][]string) map[string]bool {
		out := map[string]bool{}
		for _, r := range rows {
			text := strings.Join(r, " | ")
			require.False(t, out[text], "repeated: %s", text)
			out[text] = true
		}
		return out
	}
	w.sim.ResetRequests()
	require.Equal(t, want, join(w.rows(w.request(table, "all_by_group", "UserId", "GroupId", "GroupName", "Type"))))
	require.Less(t, w.apiCalls(), 400, "by group needs fewer calls than users")

	r := w.request(table, "by_group", "UserId", "GroupId", "GroupName", "Type")
	for _, id := range w.sim.Groups(sim.EnvironmentAdministrators) {
		r.Keys = append(r.Keys, []string{id})
	}
	require.Equal(t, want, join(w.rows(r)))

	for _, variant := range []string{"DIRECT", "INDIRECT"} {
		r.Variants = []string{variant}
		only := map[string]bool{}
		for text := range want {
			if strings.HasSuffix(text, "| "+variant) {
				only[text] = true
			}
		}
		require.NotEmpty(t, only, variant)
		require.Equal(t, only, join(w.rows(r)), variant)
	}

	for text := range want {
		part := strings.Split(text, " | ")
		one := w.request(table, "by_user_and_group", "UserId", "GroupId", "GroupName", "Type")
		one.Keys = [][]string{{part[0], part[1]}, {part[0], "11111111-2222-4333-8444-555555555555"}}
		require.Equal(t, [][]string{part}, w.rows(one))
		break
	}
}

// Members of 50 groups come in pages of users, names from one or two calls.
func TestMembersOfManyGroupsTakeFewCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 2000}, nil)
	r := w.request(w.table("UserGroupAssociations"), "by_group", "UserId", "GroupName")
	for _, id := range w.sim.Groups(sim.EnvironmentAdministrators) {
		r.Keys = append(r.Keys, []string{id})
	}
	w.sim.ResetRequests()
	rows := w.rows(r)
	pages := 0
	for _, q := range w.sim.Requests() {
		if strings.HasSuffix(q.Path, "/users") {
			pages++
		}
	}
	require.LessOrEqual(t, w.apiCalls()-pages, (len(r.Keys)+39)/40)
	require.LessOrEqual(t, pages, len(r.Keys)+len(rows)/200)
	for _, row := range rows {
		require.NotEqual(t, "(null)", row[1])
	}
}

func TestKeylessPathsOfOtherTables(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{}, nil)
	attributes := w.rows(w.request(w.table("SchemaAttributes"), "all", "SchemaId", "Name", "SchemaType"))
	require.NotEmpty(t, attributes)
	for _, a := range attributes {
		require.Equal(t, w.sim.SchemaID(sim.EnvironmentAdministrators), a[0])
	}
	licenses := w.rows(w.request(w.tableIn("information", "Licenses"), "all"))
	require.Len(t, licenses, 5, "of two organizations")
	require.True(t, slices.ContainsFunc(licenses, func(l []string) bool { return l[0] == w.sim.LicenseID() }))
}

func TestEnvironmentsWithTheirProducts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{}, nil)
	environments := w.tableIn("Information", "Environments")
	w.sim.ResetRequests()
	rows := w.rows(w.request(environments, "list", "Name", "SolutionType", "Products"))
	require.Len(t, rows, 4)
	require.Equal(t, 1, w.apiCalls())
	require.Contains(t, w.requests()[0].Query, "expand=billOfMaterials")
	for _, row := range rows {
		require.True(t, strings.HasPrefix(row[2], "[{"), row)
	}
	require.True(t, slices.ContainsFunc(rows, func(r []string) bool { return r[1] == "CUSTOMER" || r[1] == "WORKFORCE" }), rows)
	w.sim.ResetRequests()
	w.rows(w.request(environments, "list", "Name"))
	require.NotContains(t, w.requests()[0].Query, "expand")
	unknown := w.request(environments, "list", "Name")
	unknown.Filters = []string{`id eq "11111111-2222-4333-8444-555555555555"`}
	require.Empty(t, w.rows(unknown))
}

func TestCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 1500}, nil)
	users, groups := w.table("Users"), w.table("Groups")
	employees := w.sim.Populations(sim.EnvironmentAdministrators)["Employees"]
	filtered := w.request(users, "list", "Id")
	filtered.Filters = []string{`population.id eq "` + employees + `"`}
	within := w.request(users, "list", "Id")
	within.Within = []string{employees}
	limited := w.request(users, "list", "Id")
	limited.Limit = 7
	members := w.request(w.table("UserGroupAssociations"), "by_group", "UserId")
	for _, id := range w.sim.Groups(sim.EnvironmentAdministrators) {
		members.Keys = append(members.Keys, []string{id})
	}
	direct := members
	direct.Variants = []string{"DIRECT"}
	for _, c := range []struct {
		name  string
		r     scan.Request
		calls int
	}{
		{"users", w.request(users, "list", "Id"), 1},
		{"users of a filter", filtered, 1},
		{"users of a population", within, 1},
		{"limited", limited, 1},
		{"groups", w.request(groups, "list", "Id"), 1},
		{"populations", w.request(w.table("Populations"), "list", "Id"), 1},
		{"members", members, len(members.Keys)},
		{"direct members", direct, len(members.Keys)},
	} {
		w.sim.ResetRequests()
		got, known, err := w.conn.Count(context.Background(), c.r)
		require.NoError(t, err, c.name)
		require.True(t, known, c.name)
		require.Equal(t, c.calls, w.apiCalls(), c.name)
		c.r.Within = nil
		if c.name == "users of a population" {
			c.r.Filters = filtered.Filters
		}
		require.EqualValues(t, len(w.rows(c.r)), got, c.name)
	}
	for _, c := range []scan.Request{
		func() scan.Request { r := members; r.Variants = []string{"INDIRECT"}; return r }(),
		w.request(w.table("Schemas"), "list", "Id"),
		w.request(w.table("UserGroupAssociations"), "all_by_group", "UserId"),
	} {
		_, known, err := w.conn.Count(context.Background(), c)
		require.NoError(t, err)
		require.False(t, known)
	}
}

func TestCountWithoutACountIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 900, Unkind: "no-count=10"}, nil)
	r := w.request(w.table("Users"), "list", "Id")
	r.Filters = []string{"enabled eq true"}
	_, known, err := w.conn.Count(context.Background(), r)
	require.NoError(t, err)
	require.False(t, known)
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{}, nil)
	users, env := w.table("Users"), w.sim.EnvironmentID(sim.EnvironmentAdministrators)
	filtered := w.request(users, "list", "Id", "Username")
	filtered.Filters = []string{`type eq "Contractor"`}
	keyed := w.request(users, "by_id", "Id")
	keyed.Keys = [][]string{{userID(1)}, {userID(2)}}
	divided := w.request(users, "list", "Id")
	divided.Partition = true
	limited := filtered
	limited.Limit = 5
	w.sim.ResetRequests()
	for _, c := range []struct {
		name string
		r    scan.Request
		want []string
	}{
		{"filter", filtered, []string{`environments/ENV/users?filter=type eq "Contractor"&limit=200`}},
		{"limit", limited, []string{`environments/ENV/users?filter=type eq "Contractor"&limit=5`}},
		{"keys", keyed, []string{"environments/ENV/users/" + userID(1), "environments/ENV/users/" + userID(2)}},
		{"divided", divided, []string{"environments/ENV/users?limit=200", "environments/ENV/populations", `environments/ENV/users?filter=population.id eq "…"&limit=200`}},
		{"memberships", w.request(w.table("UserGroupAssociations"), "all_by_group", "UserId"), []string{
			"environments/ENV/groups?limit=1000", `environments/ENV/users?filter=memberOfGroups[id eq "…"]&limit=200`, `environments/ENV/users?filter=memberOfGroups[id eq "…"]&limit=1`,
		}},
	} {
		var got []string
		for _, call := range w.conn.Describe(c.r) {
			require.Equal(t, "GET", call.Method)
			got = append(got, strings.ReplaceAll(call.Address, env, "ENV"))
		}
		require.Equal(t, c.want, got, c.name)
	}
	require.Zero(t, w.apiCalls(), "describing makes no call")
}

// Every declared filter operator works at the simulator, which accepts what
// the API documents, and every other is refused there.
func TestDeclaredFiltersAreTheServices(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{}, nil)
	operators := []string{"eq", "sw", "ew", "co", "ge", "gt", "le", "lt"}
	// What the API takes beyond what is declared: pushing it would be no help.
	beyond := map[string]bool{"Users.IsEnabled sw": true}
	for _, schema := range []string{"Information", sim.EnvironmentAdministrators} {
		s, err := w.conn.Schema(context.Background(), schema)
		require.NoError(t, err)
		for _, table := range s.Tables {
			for i := range table.Paths {
				path := &table.Paths[i]
				for column, f := range path.Filters {
					for o, name := range operators {
						r := scan.Request{Table: table, Path: path, Limit: 1}
						for _, key := range path.Keys {
							of, _ := s.Table(table.Column(key).References.Table)
							r.Keys = [][]string{w.rows(w.request(of, "list", "Id"))[0]}
						}
						value := `"00000000-0000-4000-8000-000000000000"`
						if table.Column(column).Type == catalog.Bool {
							value = `"true"`
						}
						if table.Column(column).Type == catalog.Timestamp {
							value = `"2024-01-01T00:00:00.000Z"`
						}
						r.Filters = []string{f.Attribute + " " + name + " " + value}
						_, err := w.read(context.Background(), r)
						what := table.Name + "." + column + " " + name
						switch declared := slices.Contains(f.Operators, operatorOf(o)); {
						case declared:
							require.NoError(t, err, what)
						case !beyond[what]:
							require.True(t, gwerr.Is(err, gwerr.UpstreamRejected), "%s is not declared but works: %v", what, err)
						}
					}
				}
			}
		}
	}
}

func TestUnconfirmedFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Unconfirmed: true}, nil)
	users := w.table("Users")
	for column, f := range users.Path("list").Filters {
		for range f.Unconfirmed {
			r := w.request(users, "list", "Id")
			op := "co"
			if column == "Id" {
				op = "eq"
			}
			r.Filters = []string{f.Attribute + " " + op + " " + `"` + w.sim.UserID(sim.EnvironmentAdministrators, 0) + `"`}
			_, err := w.read(context.Background(), r)
			require.NoError(t, err, column)
		}
	}
}

func TestQueriesAreEncoded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{}, nil)
	r := w.request(w.table("Users"), "list", "Id")
	r.Filters = []string{`username eq "a&b=c #\"é\\ +%2B"`}
	w.sim.ResetRequests()
	require.Empty(t, w.rows(r))
	q, err := url.ParseQuery(w.requests()[0].Query)
	require.NoError(t, err)
	require.Equal(t, r.Filters[0], q.Get("filter"))
}
