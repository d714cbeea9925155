// Package redistest runs real Redis servers for tests: started on loopback, killed,
// hung and started again.
package redistest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pingone-gateway/gateway/internal/testkit/loopback"
)

// Server is a running redis-server without persistence.
type Server struct {
	t    testing.TB
	addr string
	args []string
	cmd  *exec.Cmd
}

// Start runs a server until the test ends. Where the program is missing the
// test fails under CI and is skipped elsewhere.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("redis-server is not installed; run: apt-get install redis-server")
		}
		t.Skip("SKIPPED: redis-server is not installed; run: apt-get install redis-server")
	}
	addr := loopback.Address(t)
	host, port, _ := net.SplitHostPort(addr)
	s := &Server{t: t, addr: addr, args: append([]string{
		path, "--port", port, "--bind", host, "--cluster-announce-ip", host, "--save", "", "--appendonly", "no", "--dir", t.TempDir(), "--daemonize", "no",
	}, args...)}
	s.Run()
	t.Cleanup(s.Kill)
	return s
}

// URL is the server's address, user and password not included.
func (s *Server) URL() string { return "redis://" + s.addr + "/0" }

// Patient adds to an address of Redis how long to wait for it. The gateway's own
// patience is 50 ms for a connection and 200 ms for an answer; on a busy machine
// a healthy server is slower than that, and what is then done without it, as it
// should be, is not what most tests are about.
func Patient(url string, wait time.Duration) string {
	return fmt.Sprintf("%s?dial_timeout=%[2]s&read_timeout=%[2]s&write_timeout=%[2]s", url, wait)
}

// Addr is host and port.
func (s *Server) Addr() string { return s.addr }

// Run starts the server and waits until it answers.
func (s *Server) Run() {
	s.t.Helper()
	s.cmd = exec.Command(s.args[0], s.args[1:]...)
	out := &strings.Builder{}
	s.cmd.Stdout, s.cmd.Stderr = out, out
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.DialTimeout("tcp", s.Addr(), time.Second)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("redis-server does not start: %v\n%s", err, out)
		}
	}
}

// Kill ends the server as kill -9 does.
func (s *Server) Kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// Hang stops the server without closing its connections; Resume lets it go on.
func (s *Server) Hang() { s.signal(syscall.SIGSTOP) }

// Resume ends Hang.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// Do runs a command as an administrator.
func (s *Server) Do(args ...any) any {
	s.t.Helper()
	c := redis.NewClient(&redis.Options{Addr: s.Addr(), DialTimeout: 30 * time.Second, ReadTimeout: 30 * time.Second})
	defer func() { _ = c.Close() }()
	v, err := c.Do(context.Background(), args...).Result()
	if err != nil {
		s.t.Fatal(fmt.Errorf("%v: %w", args, err))
	}
	return v
}
