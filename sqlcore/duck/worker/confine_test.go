//go:build duckdb_arrow && linux

package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
)

// insideVariable makes a process of this program shut itself in and try to get
// out; its value is the directory that it may use.
const insideVariable = "WORKER_TEST_INSIDE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(insideVariable); dir != "" {
		inside(dir)
		return
	}
	os.Exit(m.Run())
}

// attempts are what a process behind walls tries, each with what it needs: the
// files of others, or other calls of the kernel.
func attempts(dir string) map[string]func() error {
	return map[string]func() error{
		"files: read another's file":  func() error { _, err := os.ReadFile("/etc/passwd"); return err },
		"files: read the program":     func() error { _, err := os.Open("/proc/self/exe"); return err },
		"files: read the environment": func() error { _, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", os.Getppid())); return err },
		"files: list the root":        func() error { _, err := os.ReadDir("/"); return err },
		"files: write outside": func() error {
			return os.WriteFile(filepath.Join(filepath.Dir(dir), "outside"), nil, 0o600)
		},
		"files: link outside": func() error { return os.Link("/etc/passwd", filepath.Join(dir, "link")) },
		"calls: connect":      func() error { _, err := net.Dial("tcp", "127.0.0.1:1"); return err },
		"calls: listen":       func() error { _, err := net.Listen("tcp", "127.0.0.1:0"); return err },
		"calls: send":         func() error { _, err := net.Dial("udp", "127.0.0.1:53"); return err },
		"calls: unix socket":  func() error { _, err := net.Dial("unix", filepath.Join(dir, "socket")); return err },
		"calls: start a program": func() error {
			_, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
			return err
		},
		"calls: signal the service": func() error { return syscall.Kill(os.Getppid(), 0) },
		"calls: trace the service":  func() error { return unix.PtraceAttach(os.Getppid()) },
		"calls: new namespace":      func() error { return unix.Unshare(unix.CLONE_NEWUSER) },
		"calls: in another thread": func() error {
			failed := make(chan error)
			go func() {
				_, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
				failed <- err
			}()
			return <-failed
		},
	}
}

type tried struct {
	Walls   wire.Walls
	Badness string
	Refused map[string]bool
	Own     string // the error of using its own directory
}

// inside prints how the attempts went.
func inside(dir string) {
	var out tried
	// What must be read is opened before.
	badness, err := os.Open("/proc/self/oom_score_adj")
	if err == nil {
		defer badness.Close()
	}
	out.Walls, err = confine(wire.Setup{TempDir: dir})
	if err != nil {
		panic(err)
	}
	text := make([]byte, 16)
	n, _ := badness.Read(text)
	out.Badness = string(text[:n])
	out.Refused = map[string]bool{}
	for name, try := range attempts(dir) {
		err := try()
		out.Refused[name] = errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EXDEV)
	}
	name := filepath.Join(dir, "spill")
	if err := errors.Join(os.WriteFile(name, []byte("x"), 0o600), os.Rename(name, name+"2"), os.Remove(name+"2")); err != nil {
		out.Own = err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		panic(err)
	}
}

// TestWalls tries to get out of where an engine process is shut in.
func TestWalls(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "own")
	require.NoError(t, os.Mkdir(dir, 0o700))
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), insideVariable+"="+dir)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	require.NoError(t, err)
	var got tried
	require.NoError(t, json.Unmarshal(text, &got), "%s", text)
	assert.Equal(t, "1000\n", got.Badness)
	assert.Empty(t, got.Own, "the process can't use its own directory")
	if !got.Walls.Files || !got.Walls.Calls {
		t.Logf("this kernel has not all walls: %+v", got.Walls)
	}
	for name := range attempts(dir) {
		if name[0] == 'f' && !got.Walls.Files || name[0] == 'c' && !got.Walls.Calls {
			continue
		}
		assert.True(t, got.Refused[name], "%s: not refused", name)
	}
}
