package agent_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/agent"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
)

// overStreams connects the SDK's client to a server over a pair of streams. The
// server must end well when the client closes its side.
func overStreams(t *testing.T, o *mcp.ClientOptions, serve func(context.Context, io.ReadCloser, io.WriteCloser) error) *mcp.ClientSession {
	t.Helper()
	fromClient, toServer := io.Pipe()
	fromServer, toClient := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- serve(context.WithoutCancel(t.Context()), fromClient, toClient) }()
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, o).
		Connect(t.Context(), &mcp.IOTransport{Reader: fromServer, Writer: toServer}, nil)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = session.Close()
		assert.NoError(t, <-done)
	})
	return session
}

func TestStreams(t *testing.T) {
	t.Parallel()
	g := &gateway{schema: people(), rows: numbered(3), store: reading.NewStore(reading.Options{Sink: observe.Discard})}
	t.Cleanup(g.store.Close)
	s := overStreams(t, nil, agent.New(agent.Config{Begin: g.begin, Connections: []string{"main"}}).Serve)
	assert.NotContains(t, s.InitializeResult().Instructions, "connections")
	var p page
	require.False(t, call(t, s, "run_sql", map[string]any{"sql": "SELECT 1"}, &p))
	assert.Len(t, p.Rows, 3)
}

// TestRemote speaks to a gateway elsewhere: its tools, rows, errors and news of
// progress arrive, also after it was away.
func TestRemote(t *testing.T) {
	t.Parallel()
	told := make(chan struct{})
	g := &gateway{rows: numbered(3), binding: func(_ context.Context, sql string) error {
		if sql == "SELECT slowly" {
			<-told
		}
		return nil
	}}
	behind := server(t, g)
	var away atomic.Bool
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			panic(http.ErrAbortHandler)
		}
		behind.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)

	remote := &agent.Remote{Server: front.URL, HTTP: http.DefaultClient, Version: "1"}
	heard := make(chan struct{}, 1000)
	s := overStreams(t, &mcp.ClientOptions{ProgressNotificationHandler: func(context.Context, *mcp.ProgressNotificationClientRequest) {
		if len(heard) == 0 {
			heard <- struct{}{}
			close(told)
		}
	}}, remote.Serve)
	assert.Contains(t, s.InitializeResult().Instructions, "several connections")

	var p page
	require.False(t, call(t, s, "run_sql", map[string]any{"sql": "SELECT 1", "max_rows": 2}, &p))
	assert.Len(t, p.Rows, 2)
	assert.True(t, p.More)
	var got said
	require.True(t, call(t, s, "run_sql", map[string]any{"sql": "DELETE FROM People"}, &got))
	assert.Equal(t, "read_only", got.Error.Code)

	params := &mcp.CallToolParams{Name: "run_sql", Arguments: map[string]any{"sql": "SELECT slowly"}}
	params.SetProgressToken("1")
	r, err := s.CallTool(t.Context(), params)
	require.NoError(t, err)
	assert.False(t, r.IsError)

	away.Store(true)
	require.True(t, call(t, s, "list_tables", nil, &got))
	assert.Equal(t, "upstream_failed", got.Error.Code)
	assert.Contains(t, got.Error.Message, "can't be reached")
	away.Store(false)
	var list struct{ Schema string }
	require.False(t, call(t, s, "list_tables", nil, &list), "it is back")
	assert.Equal(t, "Main", list.Schema)
}

// Who can't begin says why.
func TestRemoteThatRefuses(t *testing.T) {
	t.Parallel()
	nothing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(nothing.Close)
	refused := gwerr.New(gwerr.Unauthenticated, "The key is not known.", "Ask for one.")
	for name, c := range map[string]struct {
		remote *agent.Remote
		code   gwerr.Code
	}{
		"no gateway":       {&agent.Remote{Server: nothing.URL, HTTP: http.DefaultClient}, gwerr.UpstreamFailed},
		"an unknown key":   {&agent.Remote{Server: nothing.URL, HTTP: &http.Client{Transport: refusing{refused}}}, gwerr.Unauthenticated},
		"nobody listening": {&agent.Remote{Server: "http://127.0.0.1:1", HTTP: http.DefaultClient}, gwerr.UpstreamFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, w := io.Pipe()
			defer w.Close()
			_, out := io.Pipe()
			err := c.remote.Serve(t.Context(), in, out)
			assert.True(t, gwerr.Is(err, c.code), "%v", err)
		})
	}
}

type refusing struct{ err error }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }
