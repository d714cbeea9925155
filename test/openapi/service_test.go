//go:build duckdb_arrow

package openapi_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit/loopback"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/test/built"
)

// service is the gateway as users run it, over a simulated PingOne.
type service struct {
	public, admin string
	key           string
	user          string // id of one
}

// TestTheServiceFollowsTheDescription runs the binary and tries every
// operation, with the engine and the simulator behind it.
func TestTheServiceFollowsTheDescription(t *testing.T) {
	if testing.Short() {
		t.Skip("whole processes are not started with -short")
	}
	t.Parallel()
	doc, _ := description(t)
	s := startService(t)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	tried := map[string]bool{}
	for _, x := range s.exchanges() {
		if x.method == "" {
			x.method = http.MethodGet
		}
		tried[x.method+" "+x.path] = true
		t.Run(x.name, func(t *testing.T) {
			item := doc.Paths.Value(x.path)
			require.NotNil(t, item, x.path)
			host := s.public
			if len(item.Servers) > 0 {
				host = s.admin
			}
			check(t, doc, item, x, func(r *http.Request) (int, http.Header, []byte) {
				r.RequestURI, r.URL.Scheme, r.URL.Host, r.Host = "", "http", host, host
				r.Header.Set("Accept-Encoding", "identity")
				if item.GetOperation(x.method).Security == nil {
					r.SetBasicAuth("check", s.key)
				}
				resp, err := client.Do(r)
				require.NoError(t, err)
				defer func() { _ = resp.Body.Close() }()
				body, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				return resp.StatusCode, resp.Header, body
			})
		})
	}
	allTried(t, doc, tried)
}

// exchanges are those of the library, over PingOne's tables, and those that
// only the whole service can answer.
func (s *service) exchanges() []exchange {
	schema := map[string]string{"connection": "pingone", "schema": "Administrators"}
	users := map[string]string{"connection": "pingone", "schema": "Administrators", "entitySet": "Users"}
	one := map[string]string{"connection": "pingone", "schema": "Administrators", "entitySet": "Users", "key": s.user, "property": "Username"}
	at := "/odata/pingone/Administrators/"
	key := "Users('" + s.user + "')"
	asJSON := map[string]string{"Content-Type": "application/json"}
	asAgent := map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
	sql := func(statement string) string { return `{"query":"` + statement + `"}` }
	return []exchange{
		{name: "services", path: "/odata/{connection}/", params: schema, target: "/odata/pingone/", status: 200},
		{name: "service document", path: "/odata/{connection}/{schema}/", params: schema, target: at, status: 200},
		{name: "unknown schema", path: "/odata/{connection}/{schema}/", params: schema, target: "/odata/pingone/Nothing/", status: 404},
		{name: "metadata as XML", path: "/odata/{connection}/{schema}/$metadata", params: schema, target: at + "$metadata", status: 200},
		{name: "metadata as JSON", path: "/odata/{connection}/{schema}/$metadata", params: schema, target: at + "$metadata?$format=json", status: 200},
		{name: "feed", path: "/odata/{connection}/{schema}/{entitySet}", params: users, target: at + "Users?$top=3&$count=true&$filter=IsEnabled%20eq%20true&$select=Id,Username", status: 200},
		{name: "sorted by the engine", path: "/odata/{connection}/{schema}/{entitySet}", params: users, target: at + "Users?$top=3&$orderby=Username%20desc", status: 200},
		{name: "page", path: "/odata/{connection}/{schema}/{entitySet}", params: users, target: at + "Users", headers: map[string]string{"Prefer": "odata.maxpagesize=20"}, status: 200},
		{name: "bad filter", path: "/odata/{connection}/{schema}/{entitySet}", params: users, target: at + "Users?$filter=Username%20eq", status: 400},
		{name: "forged next link", path: "/odata/{connection}/{schema}/{entitySet}", params: users, target: at + "Users?$skiptoken=forged", status: 410},
		{name: "batch", path: "/odata/{connection}/{schema}/$batch", params: schema, method: "POST", target: at + "$batch", headers: asJSON, body: `{"requests":[{"id":"1","method":"GET","url":"Users/$count"}]}`, status: 200},
		{name: "batch that is none", path: "/odata/{connection}/{schema}/$batch", params: schema, method: "POST", target: at + "$batch", headers: asJSON, body: `{}`, status: 400, invalid: true},
		{name: "count", path: "/odata/{connection}/{schema}/{entitySet}/$count", params: users, target: at + "Users/$count", status: 200},
		{name: "entity", path: "/odata/{connection}/{schema}/{entitySet}({key})", params: one, target: at + key, status: 200},
		{name: "a new entity where none may be made", path: "/odata/{connection}/{schema}/{entitySet}", params: users, method: "POST", target: at + "Users", headers: asJSON, body: `{"Username":"x"}`, status: 403},
		{name: "a change where none is allowed", path: "/odata/{connection}/{schema}/{entitySet}({key})", params: one, method: "PATCH", target: at + key, headers: asJSON, body: `{"Title":"x"}`, status: 403},
		{name: "a replacement where none is allowed", path: "/odata/{connection}/{schema}/{entitySet}({key})", params: one, method: "PUT", target: at + key, headers: asJSON, body: `{"Username":"x"}`, status: 403},
		{name: "a deletion where none is allowed", path: "/odata/{connection}/{schema}/{entitySet}({key})", params: one, method: "DELETE", target: at + key, status: 403},
		{name: "property", path: "/odata/{connection}/{schema}/{entitySet}({key})/{property}", params: one, target: at + key + "/Username", status: 200},
		{name: "value", path: "/odata/{connection}/{schema}/{entitySet}({key})/{property}/$value", params: one, target: at + key + "/Username/$value", status: 200},
		{name: "SQL", path: "/sql", method: "POST", target: "/sql", headers: asJSON, body: `{"query":"SELECT Username, CreatedAt, IsEnabled FROM Users WHERE Username <> ? LIMIT 3","parameters":["x"]}`, status: 200},
		{name: "SQL, a join", path: "/sql", method: "POST", target: "/sql", headers: asJSON, body: sql("SELECT p.Name, count(*) AS n FROM Users u JOIN Populations p ON p.Id = u.PopulationId GROUP BY 1"), status: 200},
		{name: "SQL as CSV", path: "/sql", method: "POST", target: "/sql?format=csv", headers: asJSON, body: sql("SELECT Id FROM Users LIMIT 2"), status: 200},
		{name: "SQL as NDJSON", path: "/sql", method: "POST", target: "/sql?format=ndjson", headers: asJSON, body: sql("SELECT Id FROM Users LIMIT 2"), status: 200},
		{name: "SQL as Arrow", path: "/sql", method: "POST", target: "/sql?format=arrow", headers: asJSON, body: sql("SELECT Id FROM Users LIMIT 2"), status: 200},
		{name: "SQL by link", path: "/sql", target: "/sql?query=SELECT%201", status: 200},
		{name: "unknown column", path: "/sql", method: "POST", target: "/sql", headers: asJSON, body: sql("SELECT Nothing FROM Users"), status: 400},
		{name: "bad syntax", path: "/sql", method: "POST", target: "/sql", headers: asJSON, body: sql("SELEC 1"), status: 400},
		{name: "SQL as Parquet", path: "/sql", method: "POST", target: "/sql?format=parquet", headers: asJSON, body: sql("SELECT Id FROM Users LIMIT 2"), status: 200},
		{name: "SQL as a workbook", path: "/sql", method: "POST", target: "/sql?format=xlsx", headers: asJSON, body: sql("SELECT Id FROM Users LIMIT 2"), status: 200},
		{name: "progress of no query", path: "/sql/{id}", params: map[string]string{"id": "my-query-1"}, target: "/sql/my-query-1", status: 404},
		{name: "the end of no query", path: "/sql/{id}", params: map[string]string{"id": "my-query-1"}, method: "DELETE", target: "/sql/my-query-1", status: 404},
		{name: "explain", path: "/sql/explain", method: "POST", target: "/sql/explain", headers: asJSON, body: sql("SELECT Username FROM Users WHERE Username LIKE 'a%'"), status: 200},
		{name: "an agent's tools", path: "/mcp", method: "POST", target: "/mcp", headers: asAgent, body: `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, status: 200},
		{name: "an agent's notification", path: "/mcp", method: "POST", target: "/mcp", headers: asAgent, body: `{"jsonrpc":"2.0","method":"notifications/initialized"}`, status: 202},
		{name: "sign-in", path: "/oauth/login", target: "/oauth/login?connection=people&return_to=/docs", status: 303},
		{name: "sign-in to nothing", path: "/oauth/login", target: "/oauth/login?connection=nobody", status: 404},
		{name: "a foreign sign-in comes back", path: "/oauth/callback/{connection}", params: map[string]string{"connection": "people"}, target: "/oauth/callback/people?state=forged&code=x", status: 400},
		{name: "a sign-in to a worker's connection", path: "/oauth/callback", target: "/oauth/callback?error=access_denied", status: 404},
		{name: "description", path: "/openapi.yaml", target: "/openapi.yaml", status: 200},
		{name: "documentation", path: "/docs", target: "/docs", status: 308},
		{name: "first page", path: "/", target: "/", status: 302},
		{name: "health", path: "/healthz", target: "/healthz", status: 200},
		{name: "readiness", path: "/readyz", target: "/readyz", status: 200},
		{name: "readiness in words", path: "/readyz", target: "/readyz?verbose", status: 200},
		{name: "metrics", path: "/metrics", target: "/metrics", status: 200},
		{name: "OpenMetrics", path: "/metrics", target: "/metrics", headers: map[string]string{"Accept": "application/openmetrics-text; version=1.0.0"}, status: 200},
		{name: "log level", path: "/loglevel", target: "/loglevel", status: 200},
		{name: "change of the log level", path: "/loglevel", method: "POST", target: "/loglevel", headers: asJSON, body: `{"level":"warn"}`, status: 200},
	}
}

// startService starts a simulator and the gateway. The default connection is a
// worker's; the other one, people, is signed in by people.
func startService(t *testing.T) *service {
	t.Helper()
	bin, remove, err := built.Gateway()
	require.NoError(t, err)
	t.Cleanup(remove)
	model, err := sim.New(sim.Options{})
	require.NoError(t, err)
	environment := model.EnvironmentID(sim.EnvironmentAdministrators)
	s := &service{public: loopback.Address(t), admin: loopback.Address(t)}
	simulator, keys := loopback.Address(t), filepath.Join(t.TempDir(), "keys.json")
	create := exec.CommandContext(t.Context(), bin, "keys", "create", "check", "--role", "admin", "--file", keys)
	create.Env = clean()
	key, err := create.Output()
	require.NoError(t, err)
	s.key = strings.TrimSpace(string(key))

	run(t, bin, "simulate", "--listen", simulator, "--users", "300")
	args := []string{
		"serve", "--set", "listen.address=" + s.public, "--set", "admin.address=" + s.admin, "--set", "listen.drain_delay=0s",
		"--set", "auth.mode=keys", "--set", "auth.keys_file=" + keys, "--set", "default_connection=pingone",
	}
	connection := func(name, scheme string, app sim.App) {
		for option, value := range map[string]string{
			"auth_scheme": scheme, "api_url": "http://" + simulator + "/v1", "authorization_server_url": "http://" + simulator + "/" + environment + "/as",
			"worker_app_environment_id": environment, "oauth_client_id": app.ID, "oauth_client_secret": app.Secret,
		} {
			args = append(args, "--set", "connections."+name+"."+option+"="+value)
		}
	}
	connection("pingone", "OAuthClient", sim.AppWorker)
	connection("people", "OAuth", sim.AppWeb)
	run(t, bin, args...)
	s.wait(t)
	return s
}

// wait until the gateway is ready, and learn the id of a user.
func (s *service) wait(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if resp, err := http.Get("http://" + s.admin + "/readyz"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		require.True(t, time.Now().Before(end), "the gateway is not ready")
	}
	query := url.QueryEscape("SELECT Id FROM Users LIMIT 1")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.public+"/sql?format=csv&query="+query, nil)
	require.NoError(t, err)
	r.SetBasicAuth("check", s.key)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	var lines []string
	for scanner := bufio.NewScanner(resp.Body); scanner.Scan(); {
		lines = append(lines, scanner.Text())
	}
	require.Len(t, lines, 2, "%v", lines)
	s.user = lines[1]
}

// clean is an environment without options for the gateway.
func clean() []string { return []string{"HOME=" + os.TempDir()} }

// run starts a program until the test ends.
func run(t *testing.T, program string, args ...string) {
	t.Helper()
	var said bytes.Buffer
	c := exec.Command(program, args...)
	c.Stdout, c.Stderr, c.Env = &said, &said, clean()
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		assert.NoError(t, c.Process.Signal(os.Interrupt))
		err := c.Wait()
		if t.Failed() {
			t.Logf("%s ended (%v) and had said:\n%s", args[0], err, said.String())
		}
	})
}
