package pingone

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// freezer is a listener whose connections can be frozen: they take what is
// sent and never answer, as behind a firewall that has forgotten them.
type freezer struct {
	net.Listener
	mu    sync.Mutex
	conns []*frozen
}

type frozen struct {
	net.Conn
	now atomic.Bool
}

func (l *freezer) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	f := &frozen{Conn: c}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, f)
	return f, nil
}

func (f *frozen) Write(b []byte) (int, error) {
	if f.now.Load() {
		return len(b), nil
	}
	return f.Conn.Write(b)
}

// freeze stops the connections that are open now.
func (l *freezer) freeze() (open int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		c.now.Store(true)
	}
	return len(l.conns)
}

// overTLS starts a server with HTTP/2 or HTTP/1.1 and a client that trusts it.
func overTLS(t *testing.T, http2 bool, cfg Config, handler http.HandlerFunc) (*freezer, *client) {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	l := &freezer{Listener: s.Listener}
	s.Listener, s.EnableHTTP2 = l, http2
	if !http2 {
		s.TLS = &tls.Config{NextProtos: []string{"http/1.1"}}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	cfg.APIURL, cfg.Authorizer = s.URL+"/v1", &minted{life: time.Hour}
	cfg.CAPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return l, clientOf(t, cfg)
}

// limited is a context that ends long before a call's own timeout.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// patient is how often calls are made whose connections are given up soon: on a busy
// machine good ones take long as well.
const patient = 20

var someCall = call{address: address{path: "/x"}}

func ignore([]byte) error { return nil }

// Connections that were good once and then swallow everything cost a call no
// more than the time of their health check.
func TestFrozenConnections(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		http2 bool
	}{{"HTTP/2", true}, {"HTTP/1.1", false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var protocol atomic.Int64
			l, client := overTLS(t, c.http2, Config{SilentFor: 400 * time.Millisecond, CallTimeout: time.Minute, MaxAttempts: patient}, func(_ http.ResponseWriter, r *http.Request) {
				protocol.Store(int64(r.ProtoMajor))
			})
			ctx := limited(t)
			_, err := client.get(ctx, someCall, ignore)
			require.NoError(t, err)
			before := l.freeze()
			var wait sync.WaitGroup
			for range 5 {
				wait.Go(func() {
					_, err := client.get(ctx, someCall, ignore)
					require.NoError(t, err)
				})
			}
			wait.Wait()
			require.Greater(t, l.freeze(), before, "new connections were opened")
			require.Equal(t, c.http2, protocol.Load() == 2)
		})
	}
}

// A connection may answer pings while its requests hang. The attempt after a
// timeout takes another one.
func TestATimeoutLeavesTheConnection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		write func(http.ResponseWriter)
	}{
		{"no answer", func(http.ResponseWriter) {}},
		{"half an answer", func(w http.ResponseWriter) {
			_, _ = w.Write([]byte("{"))
			w.(http.Flusher).Flush()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var bad atomic.Value // the address of the client's first connection
			_, client := overTLS(t, true, Config{CallTimeout: 500 * time.Millisecond, MaxAttempts: patient}, func(w http.ResponseWriter, r *http.Request) {
				if bad.CompareAndSwap(nil, r.RemoteAddr); bad.Load() == r.RemoteAddr {
					c.write(w)
					<-r.Context().Done()
				}
			})
			_, err := client.get(limited(t), someCall, ignore)
			require.NoError(t, err)
		})
	}
}

// A service that is slow but alive is waited for, on the same connection.
func TestSlowAnswersAreWaitedFor(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	_, client := overTLS(t, true, Config{SilentFor: 6 * time.Second}, func(_ http.ResponseWriter, r *http.Request) {
		if calls.Add(1) > 1 {
			<-time.After(7 * time.Second)
		}
	})
	for range 2 {
		_, err := client.get(limited(t), someCall, ignore)
		require.NoError(t, err)
	}
	require.EqualValues(t, 2, calls.Load())
}
