//go:build duckdb_arrow

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth/apikey"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// patience bounds every wait for what has to come, on the busiest machine.
const patience = 3 * time.Minute

// buffer is a log that can be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// running is a whole gateway in the test's process, over a simulator.
type running struct {
	*app
	base      string // of the public listener
	admin     string
	logged    *buffer
	trailFile string
	sim       *sim.Server
	simAt     string
}

// simulator serves a small directory until the test ends.
func simulator(t *testing.T, o sim.Options) (*sim.Server, string) {
	t.Helper()
	if o.Users == 0 {
		o.Users = 120
	}
	s, err := sim.New(o)
	require.NoError(t, err)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return s, web.URL
}

// settings are a gateway over the simulator, with its own trail, everything
// logged.
func settings(t *testing.T, s *sim.Server, address string, set map[string]string) map[string]string {
	t.Helper()
	out := map[string]string{
		"listen.address": "127.0.0.1:0", "admin.address": "127.0.0.1:0", "listen.drain_delay": "0s", "listen.grace_time": "1s",
		"log.level": "debug", "audit.file": filepath.Join(t.TempDir(), "audit.jsonl"), "engine.memory": "512MiB", "engine.temp_dir": t.TempDir(),
		"connections.pingone.api_url":                   address + "/v1",
		"connections.pingone.oauth_client_id":           sim.AppWorker.ID,
		"connections.pingone.oauth_client_secret":       sim.AppWorker.Secret,
		"connections.pingone.worker_app_environment_id": s.EnvironmentID(sim.EnvironmentAdministrators),
		"connections.pingone.authorization_server_url":  address,
	}
	maps.Copy(out, set)
	return out
}

// start runs a gateway until the test ends.
func start(t *testing.T, o sim.Options, set map[string]string) *running {
	t.Helper()
	s, address := simulator(t, o)
	r := startOver(t, settings(t, s, address, set))
	r.sim, r.simAt = s, address
	return r
}

func startOver(t *testing.T, flags map[string]string) *running {
	t.Helper()
	cfg, err := config.Load(config.Sources{File: os.DevNull, Flags: flags})
	require.NoError(t, err)
	return startWith(t, cfg)
}

func startWith(t *testing.T, cfg *config.Config) *running {
	t.Helper()
	r := &running{logged: &buffer{}, trailFile: cfg.Audit.File}
	var err error
	r.app, err = newApp(t.Context(), cfg, r.logged)
	require.NoError(t, err)
	require.NoError(t, r.server.Listen(t.Context()))
	scheme := "http://"
	if cfg.Listen.TLSCertFile != "" {
		scheme = "https://"
	}
	r.base, r.admin = scheme+r.server.PublicAddr(), "http://"+r.server.AdminAddr()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// credentials put something on a request.
type credentials func(*http.Request)

func nobody(*http.Request) {}

func basic(user, password string) credentials {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

func bearerToken(token string) credentials {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// reply is an answer.
type reply struct {
	status int
	header http.Header
	body   string
}

// rows are those of an answer of /sql.
func (r reply) rows(t *testing.T) [][]any {
	t.Helper()
	require.Equal(t, http.StatusOK, r.status, r.body)
	var out struct {
		Rows [][]any `json:"rows"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &out), r.body)
	return out.Rows
}

// code is the error's code.
func (r reply) code(t *testing.T) string {
	t.Helper()
	var out struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &out), r.body)
	return out.Error.Code
}

func (r *running) sql(t *testing.T, who credentials, statement string) reply {
	t.Helper()
	return r.send(t, who, http.MethodPost, "/sql", statement)
}

func (r *running) get(t *testing.T, who credentials, path string) reply {
	t.Helper()
	return r.send(t, who, http.MethodGet, path, "")
}

func (r *running) send(t *testing.T, who credentials, method, path, body string) reply {
	t.Helper()
	return ask(t, http.DefaultClient, who, method, r.base+path, body)
}

func ask(t *testing.T, client *http.Client, who credentials, method, address, body string) reply {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	require.NoError(t, err)
	if body == "" {
		req.Body = http.NoBody
	}
	req.Header.Set("Content-Type", "application/sql")
	who(req)
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return reply{resp.StatusCode, resp.Header, string(raw)}
}

// audited waits until the trail holds so many lines and returns them.
func (r *running) audited(t *testing.T, lines int) []map[string]any {
	t.Helper()
	var out []map[string]any
	require.Eventually(t, func() bool {
		raw, err := os.ReadFile(r.trailFile)
		if err != nil {
			return false
		}
		out = nil
		for line := range strings.Lines(string(raw)) {
			var m map[string]any
			if json.Unmarshal([]byte(line), &m) == nil {
				out = append(out, m)
			}
		}
		return len(out) >= lines
	}, patience, 10*time.Millisecond)
	return out
}

// newKey makes an API key in the file.
func newKey(t *testing.T, file, name string, roles ...string) string {
	t.Helper()
	key, _, err := (&apikey.File{Path: file}).Create(t.Context(), apikey.NewKey{Name: name, Roles: roles})
	require.NoError(t, err)
	return key.Reveal()
}

// tokenOf gets an access token from the simulator, as somebody else would.
func tokenOf(t *testing.T, s *sim.Server, address string, app sim.App) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}.Encode()
	got := ask(t, http.DefaultClient, func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(url.QueryEscape(app.ID), url.QueryEscape(app.Secret))
	}, http.MethodPost, address+"/"+s.EnvironmentID(sim.EnvironmentAdministrators)+"/as/token", form)
	require.Equal(t, http.StatusOK, got.status, got.body)
	var out struct {
		Token string `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.body), &out))
	return out.Token
}

// file writes a file for the test.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}
