//go:build duckdb_arrow

package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/sqlclient"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// agentOf connects the protocol's own client to a running gateway.
func agentOf(t *testing.T, base, key string) *mcp.ClientSession {
	t.Helper()
	s, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: base + "/mcp", HTTPClient: &http.Client{Transport: sqlclient.Signed{Key: key}},
	}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// tool calls one; its answer is JSON in a text.
func tool(t *testing.T, s *mcp.ClientSession, name string, arguments map[string]any) (answer map[string]any, isError bool) {
	t.Helper()
	r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: arguments})
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(r.Content[0].(*mcp.TextContent).Text), &answer))
	return answer, r.IsError
}

// TestAgents: who comes by the Model Context Protocol is the same caller as over SQL
// and OData, with the same rights, limits and records.
func TestAgents(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	key, busy := newKey(t, keys, "reporting", "staff"), newKey(t, keys, "busy", "staff", "slow")
	g := start(t, sim.Options{}, map[string]string{
		"auth.mode": "keys", "auth.keys_file": keys, "auth.policy_file": file(t, "policy.yaml", seesUsernames+slowRole),
	})
	s := agentOf(t, g.base, key)

	list, isError := tool(t, s, "list_tables", nil)
	require.False(t, isError, "%v", list)
	assert.Equal(t, "Administrators", list["schema"])
	users, isError := tool(t, s, "describe_table", map[string]any{"table": "Users"})
	require.False(t, isError, "%v", users)
	assert.Len(t, users["columns"], 2, "those that the role shows")
	rows, isError := tool(t, s, "run_sql", map[string]any{"sql": "SELECT Username FROM Users ORDER BY Username", "max_rows": 50})
	require.False(t, isError, "%v", rows)
	assert.Len(t, rows["rows"], 50)
	assert.Equal(t, true, rows["more"])
	rest, isError := tool(t, s, "run_sql", map[string]any{"sql": "SELECT Username FROM Users ORDER BY Username", "offset": rows["nextOffset"], "max_rows": 1000})
	require.False(t, isError, "%v", rest)
	assert.Equal(t, false, rest["more"])
	whole := g.sql(t, bearerToken(key), "SELECT Username FROM Users ORDER BY Username").rows(t)
	got, _ := rows["rows"].([]any)
	more, _ := rest["rows"].([]any)
	require.Len(t, append(got, more...), len(whole))
	for i, row := range append(got, more...) {
		assert.Equal(t, whole[i], row)
	}

	refused, isError := tool(t, s, "run_sql", map[string]any{"sql": "SELECT Email FROM Users"})
	assert.True(t, isError)
	assert.Contains(t, refused["error"].(map[string]any)["code"], "unknown_column")
	_, isError = tool(t, s, "run_sql", map[string]any{"sql": "UPDATE Users SET Username = 'x'"})
	assert.True(t, isError)
	for _, sql := range []string{"MERGE INTO Users USING Users ON true", "CREATE TABLE x AS SELECT 1", "DROP TABLE Users", "COPY Users TO '/tmp/x'", "SET threads = 1", "SELECT 1; SELECT 2"} {
		answer, isError := tool(t, s, "run_sql", map[string]any{"sql": sql})
		assert.True(t, isError, "%s: %v", sql, answer)
	}

	limited := agentOf(t, g.base, busy)
	_, isError = tool(t, limited, "list_tables", nil)
	assert.False(t, isError)
	answer, isError := tool(t, limited, "list_tables", nil)
	assert.True(t, isError)
	assert.Equal(t, "too_many_requests", answer["error"].(map[string]any)["code"])

	found := map[string]int{}
	for _, l := range g.audited(t, 15) {
		if l["front_end"] == "mcp" {
			action, _ := l["action"].(string)
			outcome, _ := l["outcome"].(string)
			found[action+" "+outcome]++
			who, _ := l["principal"].(map[string]any)
			assert.Contains(t, []any{"reporting", "busy"}, who["name"], "%v", l)
		}
	}
	assert.Equal(t, 2, found["query ok"], "%v", found)
	assert.Equal(t, 2, found["query read_only"], "%v", found)
	assert.Equal(t, 1, found["query unknown_column"], "%v", found)
	metrics := ask(t, http.DefaultClient, nobody, http.MethodGet, g.admin+"/metrics", "").body
	assert.Contains(t, metrics, `pingone_gateway_query_finished_total{code="ok",front_end="mcp"}`)
	assert.Contains(t, metrics, `front_end="mcp",route="run_sql",status="200"`)
}

// TestWhoMayNotReachTheAgentsAddress: neither strangers nor pages of others.
func TestWhoMayNotReachTheAgentsAddress(t *testing.T) {
	t.Parallel()
	const list = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	message := func(name, value string) credentials {
		return func(r *http.Request) {
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Accept", "application/json, text/event-stream")
			if name == "Host" {
				r.Host = value
			} else if name != "" {
				r.Header.Set(name, value)
			}
		}
	}
	open := start(t, sim.Options{}, map[string]string{"auth.mode": "none"})
	for name, c := range map[string]struct {
		who    credentials
		status int
		says   string
	}{
		"a program":                        {message("", ""), 200, "list_tables"},
		"a page of another origin":         {message("Origin", "https://evil.example"), 403, "page of another origin"},
		"a page whose name was bent to us": {message("Host", "evil.example"), 400, "does not answer under this host name"},
	} {
		got := open.send(t, c.who, http.MethodPost, "/mcp", list)
		assert.Equal(t, c.status, got.status, "%s: %s", name, got.body)
		assert.Contains(t, got.body, c.says, name)
	}
	assert.Equal(t, http.StatusMethodNotAllowed, open.send(t, message("", ""), http.MethodGet, "/mcp", "").status, "there is nothing to listen to")
	subscribed := open.send(t, message("", ""), http.MethodPost, "/mcp", `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{}}`)
	assert.Contains(t, subscribed.body, "error", "a stream that never ends is refused")

	keys := filepath.Join(t.TempDir(), "keys.json")
	newKey(t, keys, "reporting", "staff")
	off := start(t, sim.Options{}, map[string]string{"auth.mode": "keys", "auth.keys_file": keys, "mcp.enabled": "false"})
	assert.Equal(t, http.StatusNotFound, off.send(t, message("", ""), http.MethodPost, "/mcp", list).status)
	on := start(t, sim.Options{}, map[string]string{"auth.mode": "keys", "auth.keys_file": keys})
	for _, who := range []credentials{message("", ""), message("X-API-Key", "wrong")} {
		got := on.send(t, who, http.MethodPost, "/mcp", list)
		assert.Equal(t, http.StatusUnauthorized, got.status)
		assert.Equal(t, "unauthenticated", got.code(t))
	}
	remote := mcpFlags{server: on.base, key: "wrong"}
	in, w := io.Pipe()
	defer w.Close()
	err := remote.run(t.Context(), in, noClose{io.Discard})
	require.ErrorContains(t, err, "key")
	assert.Equal(t, 1, exitCode(err))
}

// TestAgentsOverStandardStreams: `gateway mcp`, of its own configuration and of a
// gateway that runs.
func TestAgentsOverStandardStreams(t *testing.T) {
	t.Parallel()
	s, address := simulator(t, sim.Options{})
	keys := filepath.Join(t.TempDir(), "keys.json")
	key := newKey(t, keys, "agent", "staff")
	g := start(t, sim.Options{}, map[string]string{"auth.mode": "keys", "auth.keys_file": keys})
	own := mcpFlags{}
	for name, value := range settings(t, s, address, map[string]string{"auth.mode": "none"}) {
		own.config.set = append(own.config.set, name+"="+value)
	}
	for name, f := range map[string]mcpFlags{"own": own, "remote": {server: g.base + "/", key: key}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fromClient, toServer := io.Pipe()
			fromServer, toClient := io.Pipe()
			done := make(chan error, 1)
			go func() { done <- f.run(context.WithoutCancel(t.Context()), fromClient, toClient) }()
			session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).
				Connect(t.Context(), &mcp.IOTransport{Reader: fromServer, Writer: toServer}, nil)
			require.NoError(t, err)
			answer, isError := tool(t, session, "run_sql", map[string]any{"sql": "SELECT count(*) AS n FROM Users"})
			assert.False(t, isError, "%v", answer)
			assert.Len(t, answer["rows"], 1)
			plan, isError := tool(t, session, "explain_sql", map[string]any{"sql": "SELECT Username FROM Users WHERE Username LIKE 'a%'"})
			assert.False(t, isError)
			assert.NotEmpty(t, plan["plan"])
			require.NoError(t, session.Close())
			assert.NoError(t, <-done)
		})
	}
}

// TestTheExamplesForAgents runs the calls of docs/agents.md, and reads its
// configurations of clients.
func TestTheExamplesForAgents(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "agents.md"))
	require.NoError(t, err)
	g := start(t, sim.Options{}, map[string]string{"auth.mode": "none"})
	s := agentOf(t, g.base, "")
	calls, clients := map[string]int{}, 0
	for i, block := range strings.Split(string(text), "```") {
		language, code, _ := strings.Cut(block, "\n")
		if i%2 == 0 || language != "json" {
			continue
		}
		var example struct {
			Name      string
			Arguments map[string]any
			// Servers as clients write them down.
			MCPServers, Servers map[string]struct {
				Command, URL string
				Args         []string
			}
		}
		require.NoError(t, json.Unmarshal([]byte(code), &example), code)
		if example.Name != "" {
			calls[example.Name]++
			answer, isError := tool(t, s, example.Name, example.Arguments)
			assert.False(t, isError, "%s: %v", code, answer)
			continue
		}
		servers := example.Servers
		if servers == nil {
			servers = example.MCPServers
		}
		require.NotEmpty(t, servers, code)
		for _, c := range servers {
			clients++
			if c.URL != "" {
				assert.True(t, strings.HasSuffix(c.URL, "/mcp"), code)
				continue
			}
			require.NotEmpty(t, c.Args, code)
			command, args, err := root().Find(c.Args)
			require.NoError(t, err, code)
			assert.Equal(t, "mcp", command.Name())
			require.NoError(t, command.ParseFlags(args), code)
		}
	}
	assert.Len(t, calls, 4, "an example of each tool: %v", calls)
	assert.GreaterOrEqual(t, clients, 4)
}
