package sim_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// fixture is a running simulator with a client that holds the worker's token.
type fixture struct {
	*sim.Server
	t     *testing.T
	url   string
	token string
	admin string // id of Administrators
}

// sharedKey saves most tests from making a key of their own.
var sharedKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func start(t *testing.T, opt sim.Options) *fixture {
	t.Helper()
	if opt.SigningKey == nil {
		opt.SigningKey = sharedKey()
	}
	if opt.Users == 0 {
		opt.Users = 600
	}
	s, err := sim.New(opt)
	require.NoError(t, err)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	f := &fixture{Server: s, t: t, url: server.URL, admin: s.EnvironmentID(sim.EnvironmentAdministrators)}
	f.token = f.tokenOf(sim.AppWorker)
	return f
}

// tokenOf gets a token by Basic authentication.
func (f *fixture) tokenOf(app sim.App) string {
	f.t.Helper()
	status, body := f.form("/"+f.admin+"/as/token", url.Values{"grant_type": {"client_credentials"}}, app)
	require.Equal(f.t, http.StatusOK, status, body)
	return body["access_token"].(string)
}

// form posts a form, with Basic authentication when the app has a secret.
func (f *fixture) form(path string, form url.Values, app sim.App) (int, map[string]any) {
	f.t.Helper()
	req, err := http.NewRequest(http.MethodPost, f.url+path, strings.NewReader(form.Encode()))
	require.NoError(f.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if app.Secret != "" {
		req.SetBasicAuth(app.ID, app.Secret)
	}
	return f.send(req)
}

func (f *fixture) send(req *http.Request) (int, map[string]any) {
	f.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	require.NoError(f.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(f.t, err)
	var body map[string]any
	if len(bytes.TrimSpace(raw)) > 0 {
		require.NoError(f.t, json.Unmarshal(raw, &body), string(raw))
	}
	return resp.StatusCode, body
}

// request makes an API request; the path may be absolute.
func (f *fixture) request(method, path string, body any) *http.Request {
	f.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = f.url + "/v1" + path
	}
	var r io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		require.NoError(f.t, err)
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, path, r)
	require.NoError(f.t, err)
	req.Header.Set("Authorization", "Bearer "+f.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

func (f *fixture) do(method, path string, body any) (int, map[string]any) {
	f.t.Helper()
	return f.send(f.request(method, path, body))
}

// get reads what must be there.
func (f *fixture) get(path string) map[string]any {
	f.t.Helper()
	status, body := f.do(http.MethodGet, path, nil)
	require.Equal(f.t, http.StatusOK, status, "%s: %v", path, body)
	return body
}

// env is a path in Administrators.
func (f *fixture) env(path string) string { return "/environments/" + f.admin + path }

// all follows the next links of a collection.
func (f *fixture) all(path, key string) []map[string]any {
	f.t.Helper()
	var out []map[string]any
	for path != "" {
		page := f.get(path)
		out = append(out, members(page, key)...)
		path = href(page, "next")
	}
	return out
}

func members(page map[string]any, key string) []map[string]any {
	var out []map[string]any
	for _, row := range page["_embedded"].(map[string]any)[key].([]any) {
		out = append(out, row.(map[string]any))
	}
	return out
}

func href(body map[string]any, rel string) string {
	link, _ := body["_links"].(map[string]any)[rel].(map[string]any)
	text, _ := link["href"].(string)
	return text
}

// users reads all users that a filter finds.
func (f *fixture) users(filter string) []map[string]any {
	f.t.Helper()
	path := f.env("/users")
	if filter != "" {
		path += "?filter=" + url.QueryEscape(filter)
	}
	return f.all(path, "users")
}

// path digs into nested objects.
func path(body any, names ...string) any {
	for _, name := range names {
		object, ok := body.(map[string]any)
		if !ok {
			return nil
		}
		body = object[name]
	}
	return body
}
