//go:build duckdb_arrow

package console

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/console"
	"github.com/pingone-gateway/gateway/internal/console/admin"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

var queryPictures = flag.String("query-pictures", "", "a folder for pictures of the Query page and those beside it")

// queried is what test/console/browser/query.mjs finds.
type queried struct {
	Title, Plan, Problem, Underlined, More, Big, Progress, Shared, Tried, Admin string
	Join                                                                        [][]string
	Bars, Shown, History, Wide, WideDocument                                    int
	Completions, Problems                                                       []string
	Rules                                                                       map[string][]string
}

// administration is the administrator's page as the gateway would show it.
func administration(t *testing.T) string {
	t.Helper()
	site := &console.Site{}
	ring := &admin.Ring{}
	now := time.Now()
	for i, r := range []audit.Record{
		{Action: "query", FrontEnd: "sql", Language: audit.SQL, Statement: "SELECT Username FROM Users WHERE Email = 'ada@example.com'", Calls: 1, Rows: 1, Duration: 90 * time.Millisecond},
		{Action: "query", FrontEnd: "sql", Language: audit.SQL, Statement: "SELECT u.Username, d.Type FROM Users u JOIN UserMFADevices d ON d.UserId = u.Id", Calls: 5012, Rows: 811, Duration: 71 * time.Second},
	} {
		r.Started, r.Principal = now.Add(-time.Duration(i)*time.Hour), &auth.Principal{Name: "reports"}
		ring.Keep(r)
	}
	page := admin.New(admin.Config{
		Site: site, Ring: ring,
		Checks: func() (bool, []admin.Check) {
			return true, []admin.Check{{Name: "engine", OK: true, At: now}, {Name: "connection:pingone", Message: "PingOne refuses the client's secret.", Hint: "Set OAuthClientSecret to the secret of the worker application.", At: now}}
		},
		Budgets: func() []admin.Budget {
			return []admin.Budget{{Name: "rlgDirAccessRps of this license", PerSecond: 12, Rate: 35, InFlight: 4}}
		},
	})
	mux := http.NewServeMux()
	mux.Handle("/", page)
	mux.Handle(console.AssetPath, site.Assets())
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL + "/"
}

// A person writes a query, sees what it costs, cancels another one and downloads a file,
// in Chromium; every page keeps the rules of accessibility.
func TestQueryInTheBrowser(t *testing.T) {
	t.Parallel()
	stack := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 400, Faults: []sim.Fault{
		{Match: "GET /v1/environments/*/users/*/devices", Times: -1, Do: "slow", For: sim.Duration(time.Hour)},
	}}})
	w := stack.Serve(t, testkit.WebOptions{})
	downloads := t.TempDir()
	cmd := browse(t, "query.mjs", w.URL, administration(t), downloads, *queryPictures)
	var said, trouble bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &trouble
	require.NoError(t, cmd.Run(), trouble.String())
	var found queried
	require.NoError(t, json.Unmarshal(said.Bytes(), &found), said.String())

	assert.Contains(t, found.Title, "Query")
	assert.Contains(t, found.Join, []string{"Employees", "32"}, "the join of the example")
	assert.Equal(t, len(found.Join), found.Bars)
	for _, part := range []string{"About ", " calls to PingOne", "Pushed to PingOne", "EmployeeType = 'Contractor'", "GET environments/"} {
		assert.Contains(t, found.Plan, part)
	}
	file, err := excelize.OpenFile(filepath.Join(downloads, "query.xlsx"))
	require.NoError(t, err)
	defer file.Close()
	rows, err := file.GetRows(file.GetSheetName(0))
	require.NoError(t, err)
	assert.Equal(t, append([][]string{{"Population", "Contractors"}}, found.Join...), rows)

	assert.Contains(t, found.Problem, "no column Nope")
	assert.Equal(t, "Nope", found.Underlined)
	assert.Contains(t, found.More, "The first 1,000 rows")
	assert.Equal(t, 1000, found.Shown)
	assert.Equal(t, "9007199254740993", found.Big, "exactly")
	assert.Contains(t, found.Progress, " of about ")
	assert.Contains(t, found.Shared, "UserMFADevices")
	assert.Equal(t, 4, found.History)
	assert.Contains(t, strings.Join(found.Completions, " "), "Username")

	assert.Contains(t, found.Tried, `"rows"`)
	assert.Contains(t, found.Admin, "OAuthClientSecret")
	assert.Contains(t, found.Admin, "Email = ?", "without its value")
	assert.NotContains(t, found.Admin, "ada@example.com")
	assert.LessOrEqual(t, found.Wide, 390)
	assert.LessOrEqual(t, found.WideDocument, 390)
	assert.Empty(t, found.Problems)
	assert.Len(t, found.Rules, 8)
	for name, broken := range found.Rules {
		assert.Empty(t, broken, name)
	}
	t.Logf("%s", found.Plan)
}
