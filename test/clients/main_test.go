//go:build duckdb_arrow && unix

// Package clients_test runs the clients that the gateway is made for, as their
// users have them, against one demo; and it holds the PostgreSQL catalogue
// against a PostgreSQL 15 that has the same tables.
package clients_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/test/built"
)

// demo is the one `gateway demo` of all tests, started by the first.
type demo struct {
	// wire is its address for drivers, and web that of HTTP.
	wire, web string
	binary    string // the program
	remove    func() // it, in the end
	err       error
	cmd       *exec.Cmd
	dir       string
	trouble   bytes.Buffer
}

var (
	started sync.Once
	running demo
)

func TestMain(m *testing.M) {
	code := m.Run()
	running.stop()
	os.Exit(code)
}

// startDemo gives the demo, or skips in short runs, which build nothing.
func startDemo(t *testing.T) *demo {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and starts the gateway")
	}
	started.Do(func() { running.err = running.start() })
	require.NoError(t, running.err, "%s", running.trouble.String())
	return &running
}

var listening = regexp.MustCompile(`(?:http|postgresql)://(127\.0\.0\.1:\d+)/(odata/|pingone)`)

func (d *demo) start() (err error) {
	if d.dir, err = os.MkdirTemp("", "clients"); err != nil {
		return err
	}
	if d.binary, d.remove, err = built.Gateway(); err != nil {
		return err
	}
	d.cmd = exec.Command(d.binary, "demo", "--users", "300", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--simulator", "127.0.0.1:0", "--postgres", "127.0.0.1:0")
	d.cmd.Stderr = &d.trouble
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := d.cmd.Start(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(out); d.web == "" || d.wire == ""; {
		if !lines.Scan() {
			return fmt.Errorf("the demo doesn't say where it listens: %w", lines.Err())
		}
		if m := listening.FindStringSubmatch(lines.Text()); m != nil && m[2] == "pingone" {
			d.wire = m[1]
		} else if m != nil {
			d.web = m[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
	return nil
}

func (d *demo) stop() {
	if d.cmd != nil && d.cmd.Process != nil {
		_ = d.cmd.Process.Signal(syscall.SIGTERM)
		_ = d.cmd.Wait()
	}
	_ = os.RemoveAll(d.dir)
	if d.remove != nil {
		d.remove()
	}
}

func (d *demo) url() string { return "postgresql://anna@" + d.wire + "/pingone?sslmode=disable" }

// connect opens a connection without any of pgx's own caches.
func connect(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	c, err := pgconn.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// program finds what a test needs. CI has it; elsewhere the test is skipped.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: scripts/install-test-deps.sh installs it", names[0])
	}
	t.Skipf("%s is missing: scripts/install-test-deps.sh installs it", names[0])
	return ""
}
