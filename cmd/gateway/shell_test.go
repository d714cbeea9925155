//go:build duckdb_arrow

package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// asProgram makes the test binary the program.
const asProgram = "GATEWAY_TEST_PROGRAM"

// program is the gateway's program with arguments, at home in a folder of its own.
func program(t *testing.T, home string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, os.Args[0], args...)
	c.Env = append(os.Environ(), asProgram+"=1", "HOME="+home, "XDG_CONFIG_HOME="+home, "TERM=xterm", "PAGER=cat", "GATEWAY_KEY=")
	return c
}

// screen is a program at a terminal.
type screen struct {
	t    *testing.T
	cmd  *exec.Cmd
	tty  *os.File
	seen buffer
	over chan struct{} // closed once the terminal says no more
}

func onScreen(t *testing.T, cmd *exec.Cmd) *screen {
	t.Helper()
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 200})
	require.NoError(t, err)
	s := &screen{t: t, cmd: cmd, tty: tty, over: make(chan struct{})}
	go func() {
		defer close(s.over)
		_, _ = io.Copy(&s.seen, tty) // ends with an error when the program does
	}()
	t.Cleanup(func() { _ = tty.Close(); <-s.over })
	return s
}

// types sends keys, once the program shows a text behind what was typed last.
func (s *screen) types(keys string) {
	s.t.Helper()
	_, err := io.WriteString(s.tty, keys)
	require.NoError(s.t, err)
}

// shows waits until a text stands on the screen so many times.
func (s *screen) shows(text string, times int) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return strings.Count(s.seen.String(), text) >= times }, patience, 5*time.Millisecond,
		"%q is not shown %d times", text, times)
}

func TestTheShellAtATerminal(t *testing.T) {
	r := start(t, sim.Options{}, map[string]string{"auth.mode": "none"})
	home := t.TempDir()
	s := onScreen(t, program(t, home, "sql", "--server", r.base))
	s.shows("gateway=> ", 1)
	s.types("SELECT 40 + 2\n")
	s.shows("gateway-> ", 1)
	s.types("AS answer;\n")
	s.shows("(1 rows)", 1)
	s.types("SELECT count(*) FROM UserGroupA\t;\n") // completed
	s.shows("(1 rows)", 2)
	assert.Contains(t, s.seen.String(), "FROM UserGroupAssociations")
	s.types("\\d Populations\n")
	s.shows("UserCount", 1)

	s.types("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b;\n")
	require.Eventually(t, func() bool {
		return strings.Contains(ask(t, http.DefaultClient, nobody, http.MethodGet, r.admin+"/metrics", "").body, `pingone_gateway_query_inflight{what="queries"} 1`)
	}, patience, 10*time.Millisecond)
	s.types("\x03") // Ctrl-C
	s.shows("error: The query was cancelled.", 1)
	require.Eventually(t, func() bool {
		return strings.Contains(ask(t, http.DefaultClient, nobody, http.MethodGet, r.admin+"/metrics", "").body, `pingone_gateway_query_inflight{what="queries"} 0`)
	}, patience, 10*time.Millisecond, "the query goes on")

	s.types("SELECT 'after';\n")
	s.shows("(1 rows)", 3)
	s.types("\x04") // Ctrl-D
	require.NoError(t, s.cmd.Wait())
	history, err := os.ReadFile(filepath.Join(home, "pingone-gateway", "sql_history"))
	require.NoError(t, err)
	assert.Contains(t, string(history), "SELECT 40 + 2 AS answer;\n")
}

func TestOneShot(t *testing.T) {
	r := start(t, sim.Options{}, map[string]string{"auth.mode": "none"})
	folder := t.TempDir()
	for name, c := range map[string]struct {
		args     []string
		in       string
		out, err string
		code     int
	}{
		"a table":           {[]string{"SELECT 1 AS one"}, "", "one\n---\n1\n(1 rows)\n", "", 0},
		"CSV":               {[]string{"SELECT 1 AS one", "--format", "csv"}, "", "one\r\n1\r\n", "", 0},
		"a script":          {nil, "SELECT 1 AS one;\nSELECT 2 AS two", "one\n---\n1\n(1 rows)\ntwo\n---\n2\n(1 rows)\n", "", 0},
		"a plan":            {[]string{"SELECT Id FROM Users", "--explain"}, "", `"engine": "none"`, "", 0},
		"into a file":       {[]string{"SELECT Username FROM Users", "--format", "xlsx", "-o", filepath.Join(folder, "rows.xlsx")}, "", "", "", 0},
		"an error":          {[]string{"SELECT nope FROM Users"}, "", "", "nope", 1},
		"in a script":       {nil, "SELECT nope FROM Users;\nSELECT 1", "", "nope", 1},
		"of another format": {[]string{"SELECT 1", "--format", "xml"}, "", "", `"xml" is not known`, 1},
		"no file for it":    {[]string{"SELECT 1", "-o", filepath.Join(folder, "no", "file")}, "", "", "can't be written", 1},
		"nothing in a file": {[]string{"SELECT nope FROM Users", "-o", filepath.Join(folder, "nothing.csv")}, "", "", "nope", 1},
		"no configuration":  {[]string{"SELECT 1", "--config", filepath.Join(folder, "none.yaml"), "--server", ""}, "", "", "none.yaml", 2},
	} {
		t.Run(name, func(t *testing.T) {
			p := program(t, folder, append([]string{"sql", "--server", r.base}, c.args...)...)
			var out, said strings.Builder
			p.Stdin, p.Stdout, p.Stderr = strings.NewReader(c.in), &out, &said
			err := p.Run()
			var exit *exec.ExitError
			if c.code == 0 {
				require.NoError(t, err, said.String())
			} else {
				require.ErrorAs(t, err, &exit)
				assert.Equal(t, c.code, exit.ExitCode(), said.String())
			}
			assert.Contains(t, out.String(), c.out)
			assert.Contains(t, said.String(), c.err)
		})
	}
	f, err := excelize.OpenFile(filepath.Join(folder, "rows.xlsx"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := f.GetRows("Rows")
	require.NoError(t, err)
	assert.Greater(t, len(rows), 100)
	left, err := filepath.Glob(filepath.Join(folder, "*nothing*"))
	require.NoError(t, err)
	assert.Empty(t, left, "a failed query leaves no file")
}

// A query that is interrupted says so by its exit code.
func TestOneShotInterrupted(t *testing.T) {
	r := start(t, sim.Options{}, map[string]string{"auth.mode": "none"})
	p := program(t, t.TempDir(), "sql", "--server", r.base, "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b")
	var said buffer
	p.Stderr = &said
	require.NoError(t, p.Start())
	require.Eventually(t, func() bool {
		return strings.Contains(ask(t, http.DefaultClient, nobody, http.MethodGet, r.admin+"/metrics", "").body, `pingone_gateway_query_inflight{what="queries"} 1`)
	}, patience, 10*time.Millisecond)
	require.NoError(t, p.Process.Signal(os.Interrupt))
	var exit *exec.ExitError
	require.ErrorAs(t, p.Wait(), &exit)
	assert.Equal(t, 130, exit.ExitCode(), said.String())
	assert.Contains(t, said.String(), "The query was cancelled.")
}
