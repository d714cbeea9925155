//go:build duckdb_arrow

package odataclients

import (
	"flag"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
)

var update = flag.Bool("update", false, "make the pictures of docs/images anew, of what the clients print and show")

// public is the address in the pages, key the one that their reader has.
const (
	public = "http://127.0.0.1:8080/odata/pingone/Administrators/"
	key    = "pgw_of_a_reader"
)

// guide is a client's page in docs, as its reader follows it.
type guide struct {
	name     string
	title    string
	text     string
	files    map[string]string // blocks that begin with the name of a file in a comment
	commands []string          // lines of the blocks marked sh
}

var (
	block  = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	header = regexp.MustCompile(`^(?://|#|<!--) ([\w.]+)(?: -->)?\n`)
)

// follow reads docs/<name>.md.
func follow(t *testing.T, name string) guide {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", name+".md"))
	require.NoError(t, err)
	title, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
	g := guide{name: name, title: title, text: string(text), files: map[string]string{}}
	for _, b := range block.FindAllStringSubmatch(g.text, -1) {
		if file := header.FindStringSubmatch(b[2]); file != nil {
			g.files[file[1]] = b[2]
		} else if b[1] == "sh" {
			g.commands = append(g.commands, strings.Split(strings.TrimSpace(b[2]), "\n")...)
		}
	}
	return g
}

// write puts the page's files into a folder, for a service that is elsewhere.
func (g guide) write(t *testing.T, folder, service string) {
	t.Helper()
	require.NotEmpty(t, g.files, g.name)
	for name, text := range g.files {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(strings.ReplaceAll(text, public, service)), 0o600))
	}
}

// run runs the page's commands in a folder, and compares the picture of what they print
// with that in docs.
func (g guide) run(t *testing.T, folder, service string, environment ...string) {
	t.Helper()
	require.NotEmpty(t, g.commands, g.name)
	var session []line
	for _, c := range g.commands {
		session = append(session, line{text: c, typed: true})
		cmd := exec.CommandContext(t.Context(), testkit.Program(t, "bash"), "-c", strings.ReplaceAll(c, public, service))
		cmd.Dir = folder
		cmd.Env = append(append(cmd.Environ(), environment...), "GATEWAY_KEY="+key)
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.Output()
		require.NoError(t, err, "%s\n%s%s", c, out, said.String())
		for text := range strings.Lines(strings.ReplaceAll(string(out), service, public)) {
			session = append(session, line{text: strings.TrimRight(text, " \r\n")})
		}
	}
	at := filepath.Join("..", "..", "docs", "images", g.name+".svg")
	got := terminal(g.title, session)
	if *update {
		require.NoError(t, os.WriteFile(at, []byte(got), 0o600))
		return
	}
	want, err := os.ReadFile(at)
	require.NoError(t, err)
	assert.Equal(t, string(want), got, "the picture; -update makes it anew")
}

// locked is the service of a gateway over the demo's directory, which asks for the
// reader's key.
func locked(t *testing.T) string {
	t.Helper()
	return gateway(t, demoUsers, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, password, _ := r.BasicAuth(); password != key {
				w.Header().Set("WWW-Authenticate", `Basic realm="PingOne Gateway"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}).URL + "/odata/pingone/Administrators/"
}
