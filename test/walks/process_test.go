//go:build duckdb_arrow

// Package walks goes the ways of those who use the program, as they do: it is built
// once, started as a process, and asked over its listeners. README.md has the list.
package walks

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/test/built"
)

// program is the gateway's.
var program string

// patience bounds every wait, for a machine that is busy with other things.
const patience = 3 * time.Minute

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var remove func()
	var err error
	if program, remove, err = built.Gateway(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer remove()
	return m.Run()
}

// environment is that of a user who has set nothing for the gateway.
func environment() []string {
	var out []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "GATEWAY_") {
			out = append(out, kv)
		}
	}
	return out
}

// cli runs the program to its end.
func cli(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, program, args...)
	c.Env = environment()
	c.Dir = t.TempDir()
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

// process is a service that runs until Stop.
type process struct {
	cmd   *exec.Cmd
	lines chan string
	ended chan error
}

func launch(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program, args...), lines: make(chan string, 1000), ended: make(chan error, 1)}
	p.cmd.Env = environment()
	p.cmd.Dir = t.TempDir()
	r, w := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(r); s.Scan(); {
			select {
			case p.lines <- s.Text():
			default: // nobody reads any more
			}
		}
	}()
	go func() { p.ended <- p.cmd.Wait(); _ = w.Close() }()
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
		}
	})
	return p
}

// find waits for a line that matches and gives what the parentheses hold.
func (p *process) find(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	var seen []string
	limit := time.After(patience)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				t.Fatalf("the program ended without %s:\n%s", pattern, strings.Join(seen, "\n"))
			}
			if m := re.FindStringSubmatch(line); m != nil {
				return m[1]
			}
			seen = append(seen, line)
		case <-limit:
			t.Fatalf("no line matches %s:\n%s", pattern, strings.Join(seen, "\n"))
		}
	}
}

// stop asks the process to end and waits for it.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("SIGTERM ends the program with %v", err)
		}
	case <-time.After(patience):
		t.Error("SIGTERM does not end the program")
	}
}

// demo is a running `gateway demo`, by the addresses that it prints.
type demo struct {
	*process
	// page is for a browser, wire for drivers of PostgreSQL's protocol.
	page, sql, wire, admin string
}

func startDemo(t *testing.T, more ...string) *demo {
	t.Helper()
	d := &demo{process: launch(t, append([]string{"demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--simulator", "127.0.0.1:0", "--postgres", "127.0.0.1:0"}, more...)...)}
	d.page, d.sql = d.find(t, `In a browser +(http://\S+)`), d.find(t, `SQL +(http://\S+)`)
	d.wire = d.find(t, `SQL for psql and drivers +postgresql://([^/]+)/`)
	d.admin = strings.TrimSuffix(d.find(t, `Metrics and health +(http://\S+)`), "/metrics")
	ready(t, d.admin+"/readyz")
	return d
}

// ready waits until an address answers 200.
func ready(t *testing.T, address string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		resp, err := http.Get(address)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is not ready: %v", address, err)
		}
		time.Sleep(20 * time.Millisecond) // between two looks
	}
}

// ask sends a request; keys are header names and values.
func ask(t *testing.T, method, address, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

// eventually looks until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("not so: %s", what)
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}
