//go:build duckdb_arrow

package console

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/console"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

var update = flag.Bool("update", false, "take the pictures of docs/images anew")

// met is what browser/walk.cjs has met.
type met struct {
	Steps struct {
		Home, Table           struct{ URL, Title string }
		AddressOfHome, Python string
		Found                 []string
		Filtered              struct {
			URL, Field, SQL string
			Kinds           []string
			Rows            int
		}
		Address, Next, Previous, Sorted, Wrong, Skipped string
		Stops                                           []struct {
			What   string
			Marked bool
		}
		Bare struct {
			URL string
			Ada bool
		}
	}
	Accessibility, Overflow, Console []string
	Bytes                            map[string]int
}

// browse is a program of browser/ with Chromium and further arguments.
func browse(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	modules := filepath.Join(testkit.Installed(t, "browser"), "node_modules")
	chromium, node := testkit.Program(t, "chromium-headless-shell", "chromium"), testkit.Program(t, "node")
	cmd := exec.CommandContext(t.Context(), node, append([]string{filepath.Join("browser", program), chromium}, args...)...)
	cmd.Env = append(cmd.Environ(), "NODE_PATH="+modules)
	return cmd
}

// TestInABrowser has Chromium walk through the console, with the mouse, by keyboard, without
// script, on a telephone and in the dark; axe examines each page.
func TestInABrowser(t *testing.T) {
	t.Parallel()
	users := 400
	if *update {
		users = 5000
	}
	site := &console.Site{BaseURL: server.BaseURL}
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: users}}).Serve(t, testkit.WebOptions{
		Console: func(c *console.Config) {
			c.States = func() []console.State {
				return []console.State{{Name: "Gateway", Text: "ready", Known: true, Good: true}, {Name: "PingOne", Text: "answers", Known: true, Good: true}}
			}
		},
		Server: func(c *server.Config) {
			c.Mounts = append(c.Mounts, server.Mount{Pattern: "/test/sign-in", Open: true, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				site.Fail(w, r, gwerr.New(gwerr.Unauthenticated, "No valid credentials were given.", "Send an API key."))
			})})
		},
	})
	args := []string{w.URL}
	if *update {
		at, err := url.Parse(w.URL)
		require.NoError(t, err)
		args = append(args, at.Port(), filepath.Join("..", "..", "docs", "images"))
	}
	cmd := browse(t, "walk.cjs", args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, said.String())
	var m met
	require.NoError(t, json.Unmarshal(out, &m), string(out))

	assert.Empty(t, m.Accessibility)
	assert.Empty(t, m.Overflow, "a page is wider than its window")
	assert.Empty(t, m.Console, "errors, or what the policy refuses")
	for page, bytes := range m.Bytes {
		assert.Less(t, bytes, 150<<10, page)
	}
	walked(t, w.URL, &m)
}

// walked holds the steps against what a person should have met.
func walked(t *testing.T, base string, m *met) {
	t.Helper()
	s, service := &m.Steps, base+"/odata/pingone/Administrators/"
	assert.Equal(t, base+"/odata/pingone/", s.Home.URL, "the printed address leads to the first page")
	assert.Equal(t, service, s.AddressOfHome)
	assert.Contains(t, s.Python, service+"Users?$format=csv")
	assert.Equal(t, []string{"Users"}, s.Found)
	assert.Equal(t, service+"Users", s.Table.URL)
	assert.Equal(t, "Users", s.Table.Title)
	assert.Equal(t, "Contractor", s.Filtered.Field)
	assert.Equal(t, []string{"Contractor"}, s.Filtered.Kinds, "every row is one")
	assert.Equal(t, 50, s.Filtered.Rows)
	assert.Equal(t, `SELECT * FROM "Administrators"."Users" WHERE "EmployeeType" = 'Contractor'`, s.Filtered.SQL)
	assert.Equal(t, service+"Users?$filter=EmployeeType%20eq%20'Contractor'", s.Address)
	assert.Equal(t, decoded(t, s.Address), decoded(t, s.Filtered.URL), "the page's address is the feed's")
	assert.Contains(t, s.Next, "Rows 51 to ")
	assert.Equal(t, "Rows 1 to 50", s.Previous)
	assert.True(t, strings.HasPrefix(s.Sorted, "ascending Username"), s.Sorted)
	assert.Contains(t, s.Wrong, "f.CreatedAt: yesterday is not a time.")
	assert.Equal(t, "content", s.Skipped, "the first stop leads past the bar")
	for _, stop := range s.Stops {
		assert.True(t, stop.Marked, "the focus on %q is not to be seen", stop.What)
	}
	assert.True(t, s.Bare.Ada, "fields work without script")
	assert.Contains(t, decoded(t, s.Bare.URL), "$filter=startswith(Username,'ada')")
}

func decoded(t *testing.T, address string) string {
	t.Helper()
	out, err := url.PathUnescape(address)
	require.NoError(t, err)
	return out
}
