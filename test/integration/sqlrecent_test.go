//go:build duckdb_arrow

package integration

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/policy"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
	sqlquery "github.com/pingone-gateway/gateway/sqlcore/query"
)

// A repeated statement is answered without a call where its caller accepts the
// age, and nowhere else.
func TestRepeatedStatements(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64 // of the clock
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 300}, Service: func(c *service.Config) {
		c.ResultBytes = 16 << 20
		c.Now = func() time.Time { return time.Unix(1_700_000_000, 0).Add(time.Duration(ahead.Load())) }
	}})
	web := s.Serve(t, testkit.WebOptions{})
	send := func(t *testing.T, method, path, control, body string) (calls int, age, text string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, web.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Cache-Control", control)
		before := s.Calls()
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Less(t, resp.StatusCode, 300, string(raw))
		return s.Calls() - before, resp.Header.Get("Age"), string(raw)
	}
	const one = `{"query": "SELECT Username FROM Users WHERE IsEnabled = ?", "parameters": [true]}`
	_, _, want := send(t, http.MethodPost, "/sql?format=csv", "max-age=60", one)
	require.Greater(t, strings.Count(want, "\n"), 100)
	for _, c := range []struct {
		name, path, control, body string
		after                     time.Duration
		age                       string // "" for a new reading
	}{
		{"the same", "/sql?format=csv", "max-age=60", one, 0, "0"},
		{"some time later", "/sql?format=csv", "max-age=60", one, 40 * time.Second, "40"},
		{"in another form", "/sql?format=xlsx", "no-transform, max-age=60", one, 0, "40"},
		{"younger than that", "/sql?format=csv", "max-age=30", one, 0, ""},
		{"which was kept", "/sql?format=csv", "max-age=60", one, 0, "0"},
		{"without an age", "/sql?format=csv", "", one, 0, ""},
		{"with none", "/sql?format=csv", "max-age=0", one, 0, ""},
		{"forbidden by the client", "/sql?format=csv", "max-age=60, no-cache", one, 0, ""},
		{"another parameter", "/sql?format=csv", "max-age=60", strings.Replace(one, "true", "false", 1), 0, ""},
		{"another text", "/sql?format=csv", "max-age=60", strings.Replace(one, "FROM", "from", 1), 0, ""},
		{"too old", "/sql?format=csv", "max-age=60", one, 61 * time.Second, ""},
		{"by the engine", "/sql?format=csv", "max-age=60", `{"query": "SELECT now(), count(*) FROM Groups GROUP BY ALL"}`, 0, ""},
		{"with now()", "/sql?format=csv", "max-age=60", `{"query": "SELECT now(), count(*) FROM Groups GROUP BY ALL"}`, 0, "0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ahead.Add(int64(c.after))
			calls, age, text := send(t, http.MethodPost, c.path, c.control, c.body)
			assert.Equal(t, c.age, age)
			assert.Equal(t, c.age == "", calls > 0, "%d calls", calls)
			if c.body == one && strings.HasSuffix(c.path, "csv") {
				assert.Equal(t, want, text)
			}
		})
	}

	t.Run("the catalogue", func(t *testing.T) {
		for range 2 {
			_, age, _ := send(t, http.MethodPost, "/sql", "max-age=60", `{"query": "SELECT table_name FROM information_schema.tables"}`)
			assert.Empty(t, age)
		}
	})
	t.Run("after a change", func(t *testing.T) {
		user := s.Query(t, "SELECT Id FROM Users LIMIT 1")[0][0]
		for name, change := range map[string]func(){
			"in SQL": func() {
				send(t, http.MethodPost, "/sql", "", `{"query": "UPDATE Users SET Nickname = 'x' WHERE Id = ?", "parameters": ["`+user+`"]}`)
			},
			"in OData": func() {
				send(t, http.MethodPatch, "/odata/pingone/Administrators/Users("+user+")", "", `{"Nickname": "y"}`)
			},
		} {
			send(t, http.MethodPost, "/sql?format=csv", "max-age=60", one)
			_, age, _ := send(t, http.MethodPost, "/sql?format=csv", "max-age=60", one)
			assert.Equal(t, "0", age, name)
			change()
			_, age, _ = send(t, http.MethodPost, "/sql?format=csv", "max-age=60", one)
			assert.Empty(t, age, name)
		}
	})
}

// What is kept is for the caller who asked for it, and for the rights it had.
func TestKeptResultsFollowTheCallersRights(t *testing.T) {
	t.Parallel()
	rights := func(grants string) *policy.Policy {
		p, err := policy.Parse("policy.yaml", []byte("version: 1\nroles:\n  reader:\n    grants:\n"+grants))
		require.NoError(t, err)
		return p
	}
	const all = "      - {connections: ['*'], schemas: ['*'], tables: ['*']}\n"
	const some = "      - {connections: ['*'], schemas: ['*'], tables: [Users], rows: IsEnabled}\n"
	engine := testkit.OpenEngine(t)
	enforcer, err := policy.New(policy.Config{Policy: rights(all), Binder: engine, HashKey: bytes.Repeat([]byte{7}, 32)})
	require.NoError(t, err)
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 100}, Engine: engine, Service: func(c *service.Config) {
		c.ResultBytes, c.Policy = 1<<20, enforcer
	}})
	// ask gives the number of users, and whether it was kept.
	ask := func(name string) (users string, kept bool) {
		caller := auth.WithPrincipal(t.Context(), &auth.Principal{Name: name, ID: name, Kind: auth.Anonymous, Roles: []string{"reader"}})
		ctx, r, err := s.Service.Open(caller, "", "sql").Begin(caller, "")
		require.NoError(t, err)
		answer, err := r.SQL(ctx, sqlquery.Statement{SQL: "SELECT count(*) FROM Users", MaxAge: time.Minute})
		require.NoError(t, err)
		for {
			b, err := answer.Rows.Next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			users = testkit.Texts(b.Record)[0][0]
			b.Record.Release()
		}
		answer.Rows.Close()
		r.End(nil)
		return users, answer.Age != nil
	}
	everybody, kept := ask("ann")
	assert.False(t, kept)
	_, kept = ask("ann")
	assert.True(t, kept)
	_, kept = ask("bob")
	assert.False(t, kept, "of somebody else")
	enforcer.Replace(rights(some))
	enabled, kept := ask("ann")
	assert.False(t, kept, "of other rights")
	assert.NotEqual(t, everybody, enabled)
	enforcer.Replace(rights(all))
	users, kept := ask("ann")
	assert.True(t, kept, "of the rights it has again")
	assert.Equal(t, everybody, users)
}
