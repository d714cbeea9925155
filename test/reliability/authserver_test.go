//go:build duckdb_arrow

package reliability

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// authServer stands between the gateways and the token endpoint. It counts
// requests and can hold one back, so that the moment can be met at which a
// process waits for its token.
type authServer struct {
	*httptest.Server
	mu    sync.Mutex
	times []time.Time
	held  chan string // if set, the next request sends its peer and waits for its client to go
	news  chan struct{}
}

func startAuthServer(t testing.TB, s *simulator) *authServer {
	t.Helper()
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	a := &authServer{news: make(chan struct{}, 1000)}
	forward := httputil.NewSingleHostReverseProxy(target)
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/as/token") {
			forward.ServeHTTP(w, r)
			return
		}
		a.mu.Lock()
		held := a.held
		a.held = nil
		a.times = append(a.times, time.Now())
		a.mu.Unlock()
		if held != nil {
			_ = r.ParseForm() // with the body read, the server notices that the client has gone
			held <- r.RemoteAddr
			<-r.Context().Done()
			return
		}
		forward.ServeHTTP(w, r)
		a.news <- struct{}{}
	}))
	t.Cleanup(a.Close)
	return a
}

// requests are the times at which tokens were asked for.
func (a *authServer) requests() []time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]time.Time(nil), a.times...)
}

// next waits for the next token that is given.
func (a *authServer) next(t testing.TB) {
	t.Helper()
	for len(a.news) > 0 {
		<-a.news
	}
	select {
	case <-a.news:
	case <-time.After(patience):
		t.Fatalf("no token was asked for within %s", patience)
	}
}

// hold keeps the next request from being answered and returns the gateway
// that waits for it.
func (a *authServer) hold(t testing.TB, gateways []*gateway) *gateway {
	t.Helper()
	held := make(chan string, 1)
	a.mu.Lock()
	a.held = held
	a.mu.Unlock()
	select {
	case peer := <-held:
		for _, g := range gateways {
			if owns(g.pid(), peer) {
				return g
			}
		}
		t.Fatalf("no gateway has the connection from %s", peer)
	case <-time.After(patience):
		t.Fatalf("no token was asked for within %s", patience)
	}
	return nil
}

// owns reports whether a process has the socket with that local address of
// IPv4, from what Linux tells in /proc.
func owns(pid int, address string) bool {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	number, _ := strconv.Atoi(port)
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return false
	}
	want := ":" + strings.ToUpper(strconv.FormatInt(int64(number)+0x10000, 16)[1:])
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) > 9 && strings.HasSuffix(f[1], want) && hasSocket(pid, f[9]) {
			return true
		}
	}
	return false
}

func hasSocket(pid int, inode string) bool {
	files, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/fd/*")
	for _, f := range files {
		if to, err := os.Readlink(f); err == nil && to == "socket:["+inode+"]" {
			return true
		}
	}
	return false
}
