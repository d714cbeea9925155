//go:build duckdb_arrow

package access

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/policy"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/sqlhttp"
)

// world is a directory and the gateway in front of it, as one restricted
// caller sees it.
type world struct {
	*testkit.Stack
	token   string
	caller  *auth.Principal
	handler http.Handler
}

// frozen is the simulators' time: when a row was changed must not tell what.
func frozen() time.Time { return time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC) }

func newWorld(t *testing.T, engine *duck.Engine, seed uint64, users int, text string) *world {
	t.Helper()
	p, err := policy.Parse("policy.yaml", []byte(text))
	require.NoError(t, err, text)
	enforcer, err := policy.New(policy.Config{Policy: p, Binder: engine, HashKey: bytes.Repeat([]byte{7}, 32)})
	require.NoError(t, err)
	w := &world{caller: auth.NewAnonymous("restricted")}
	w.Stack = testkit.Start(t, testkit.Options{
		Sim: sim.Options{Users: users, Seed: seed, Clock: frozen}, Engine: engine,
		Service: func(c *service.Config) { c.Policy = enforcer },
	})
	w.token = w.getToken(t)
	mux := http.NewServeMux()
	sql := sqlhttp.New(sqlhttp.Config{Begin: w.BeginSQL, Now: frozen})
	mux.HandleFunc("/sql", sql.Query)
	mux.HandleFunc("/sql/explain", sql.Explain)
	const prefix = "/odata/pingone/"
	o, err := odata.New(odata.Config{
		Prefix: prefix, Namespace: "PingOne", Begin: w.BeginOData,
		BaseURL: func(*http.Request) string { return "http://gateway.test" },
		Caller:  func(ctx context.Context) string { return auth.FromContext(ctx).Identity() },
		Key:     bytes.Repeat([]byte{9}, 32), PageRows: 50, MaxPageRows: 1000,
	})
	require.NoError(t, err)
	mux.Handle(prefix, o)
	w.handler = mux
	return w
}

// answer is what the caller gets to see.
type answer struct {
	status int
	body   string
}

var changing = regexp.MustCompile(`"requestId": ?"[^"]*",?|skiptoken=[^"&]*`)

// ask sends a request of the restricted caller; a body makes it a POST of SQL.
func (w *world) ask(t *testing.T, target, sql string) answer {
	t.Helper()
	method, body := http.MethodGet, ""
	if sql != "" {
		method, body = http.MethodPost, sql
	}
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/sql")
	ctx, cancel := context.WithTimeout(auth.WithPrincipal(t.Context(), w.caller), 10*time.Minute)
	defer cancel()
	rec := httptest.NewRecorder()
	func() {
		defer func() {
			if p := recover(); p != nil {
				if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
					panic(p)
				}
				rec.Body.WriteString("…broken off")
			}
		}()
		w.handler.ServeHTTP(rec, r.WithContext(ctx))
	}()
	return answer{rec.Code, changing.ReplaceAllString(rec.Body.String(), "")}
}

// getToken gets a token that may write, for changing the directory.
func (w *world) getToken(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/"+w.EnvironmentID(sim.EnvironmentAdministrators)+"/as/token",
		strings.NewReader("grant_type=client_credentials"))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(sim.AppWorker.ID), url.QueryEscape(sim.AppWorker.Secret))
	var out struct {
		Token string `json:"access_token"`
	}
	w.send(t, r, &out)
	require.NotEmpty(t, out.Token)
	return out.Token
}

// write changes or creates a user.
func (w *world) write(t *testing.T, method, id string, user map[string]any) {
	t.Helper()
	body, err := json.Marshal(user)
	require.NoError(t, err)
	address := fmt.Sprintf("%s/v1/environments/%s/users", w.URL, w.EnvironmentID(sim.EnvironmentAdministrators))
	if id != "" {
		address += "/" + id
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+w.token)
	w.send(t, r, nil)
}

func (w *world) send(t *testing.T, r *http.Request, into any) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(resp.Body)
	require.NoError(t, err)
	require.Less(t, resp.StatusCode, 300, "%s %s: %s", r.Method, r.URL, b.String())
	if into != nil {
		require.NoError(t, json.Unmarshal(b.Bytes(), into))
	}
}
