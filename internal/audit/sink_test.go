package audit_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

func TestStream(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	s := audit.Stream(&b)
	if err := s.Write([]byte("a\n")); err != nil || b.String() != "a\n" || s.Close() != nil {
		t.Errorf("%q, %v", b.String(), err)
	}
}

func TestFileRotatesAndIsPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.log")
	if err := os.WriteFile(path, []byte("before\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := audit.File(audit.FileConfig{Path: path, MaxMegabytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	line := []byte(strings.Repeat("x", 1<<19) + "\n")
	for range 2 {
		if err := s.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "audit*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	var total int64
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", f, info.Mode(), err)
		}
		total += info.Size()
	}
	if want := int64(2*len(line) + len("before\n")); total != want {
		t.Errorf("%d bytes, want %d", total, want)
	}
	if _, err := audit.File(audit.FileConfig{Path: filepath.Join(path, "below")}); !gwerr.Is(err, gwerr.Config) {
		t.Errorf("impossible path: %v", err)
	}
}

var message = regexp.MustCompile(`^<110>1 2026-01-02T03:04:05.000Z \S+ gate_way \d+ audit - \{"a":1\}$`)

func syslogSink(t *testing.T, network, address string) audit.Sink {
	t.Helper()
	s, err := audit.Syslog(audit.SyslogConfig{
		Network: network, Address: address, App: "gate way",
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestSyslogDatagrams(t *testing.T) {
	t.Parallel()
	for network, address := range map[string]string{"udp": "127.0.0.1:0", "unixgram": filepath.Join(t.TempDir(), "log")} {
		conn, err := net.ListenPacket(network, address)
		if err != nil {
			t.Fatal(err)
		}
		s := syslogSink(t, network, conn.LocalAddr().String())
		if err := s.Write([]byte("{\"a\":1}\n")); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 1000)
		n, _, err := conn.ReadFrom(buf)
		if err != nil || !message.Match(buf[:n]) {
			t.Errorf("%s: %q, %v", network, buf[:n], err)
		}
		_ = conn.Close()
	}
}

// readFrame reads one message framed by its length.
func readFrame(r *bufio.Reader) (string, error) {
	var n int
	if _, err := fmt.Fscanf(r, "%d ", &n); err != nil {
		return "", err
	}
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return string(b), err
}

func TestSyslogStreamConnectsAgain(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := syslogSink(t, "tcp", ln.Addr().String())
	line := []byte("{\"a\":1}\n")
	for range 2 {
		if err := s.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	for range 2 {
		if got, err := readFrame(r); err != nil || !message.MatchString(got) {
			t.Errorf("%q, %v", got, err)
		}
	}
	// Both ends closed: the sink finds out when it writes, and connects anew.
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
	again := make(chan string, 1)
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			again <- err.Error()
			return
		}
		defer func() { _ = conn.Close() }()
		got, _ := readFrame(bufio.NewReader(conn))
		again <- got
	}()
	for {
		if err := s.Write(line); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-again:
			if !message.MatchString(got) {
				t.Errorf("%q", got)
			}
			_ = ln.Close()
			return
		case <-t.Context().Done():
			t.Fatal("the sink never connected again")
		default:
			runtime.Gosched()
		}
	}
}

func TestSyslogFailures(t *testing.T) {
	t.Parallel()
	for _, cfg := range []audit.SyslogConfig{{Network: "http", Address: "x"}, {Network: "udp"}} {
		if _, err := audit.Syslog(cfg); !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	s := syslogSink(t, "unix", filepath.Join(t.TempDir(), "nobody"))
	if err := s.Write([]byte("x\n")); err == nil {
		t.Error("a message to nobody was sent")
	}
}
