//go:build duckdb_arrow

package reliability

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program that a test starts, stops, kills and starts again.
type process struct {
	t    testing.TB
	name string
	args []string
	env  []string
	log  string // file with everything it said

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// newProcess prepares a program; it ends with the test at the latest.
func newProcess(t testing.TB, name string, args ...string) *process {
	p := &process{t: t, name: name, args: args, log: filepath.Join(t.TempDir(), name+".log")}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("last words of %s:\n%s", name, p.lastWords())
		}
	})
	return p
}

// start runs the program. Several runs write to the same log.
func (p *process) start() {
	p.t.Helper()
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	done := make(chan struct{})
	p.mu.Lock()
	p.cmd, p.done = cmd, done
	p.mu.Unlock()
	go func() {
		err := cmd.Wait()
		_ = out.Close()
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		close(done)
	}()
}

func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(s)
	}
}

// wait returns how the process ended.
func (p *process) wait() error {
	p.t.Helper()
	p.mu.Lock()
	done := p.done
	p.mu.Unlock()
	select {
	case <-done:
	case <-time.After(patience):
		p.t.Fatalf("%s has not ended within %s", p.name, patience)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// kill ends the process as kill -9 does and waits for its end.
func (p *process) kill() {
	p.mu.Lock()
	done := p.done
	p.mu.Unlock()
	if done == nil {
		return
	}
	p.signal(syscall.SIGKILL)
	<-done
}

func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Pid
}

// status reads a number of /proc/PID/status, such as VmHWM in KiB.
func (p *process) status(field string) int {
	p.t.Helper()
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(p.pid()) + "/status")
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				p.t.Fatal(err)
			}
			return n
		}
	}
	p.t.Fatalf("there is no %s in the status of %s", field, p.name)
	return 0
}

// peakMiB is the most memory that the process had resident so far.
func (p *process) peakMiB() int { return p.status("VmHWM") / 1024 }

// residentMiB is the memory that it has resident now.
func (p *process) residentMiB() int { return p.status("VmRSS") / 1024 }

// lastWords are the last warnings and errors of the log, or its last lines if
// it has none: few, so that a report of bounded length still shows what the
// test complained about before them.
func (p *process) lastWords() string {
	const most = 8
	raw, _ := os.ReadFile(p.log)
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	grave := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.Contains(l, `"level":"INFO"`) })
	if len(grave) == 0 {
		grave = lines
	}
	return strings.Join(grave[max(0, len(grave)-most):], "\n")
}

// said counts the lines of the log that hold a text.
func (p *process) said(text string) int {
	raw, _ := os.ReadFile(p.log)
	return strings.Count(string(raw), text)
}

// needs finds a program. Where it is missing the test fails under CI and is
// skipped elsewhere.
func needs(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed; run: make deps", program)
	}
	t.Skipf("SKIPPED: %s is not installed; run: make deps", program)
	return ""
}
