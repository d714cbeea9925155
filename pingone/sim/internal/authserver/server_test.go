package authserver

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	env      = "11111111-1111-4111-8111-111111111111"
	otherEnv = "22222222-2222-4222-8222-222222222222"
	callback = "http://127.0.0.1/callback"
)

// apps under test, by id.
var apps = []App{
	{ID: "basic", Secrets: []string{"s3cret:/+"}, Method: methodBasic, Grants: []string{ClientCredentials}},
	{ID: "post", Secrets: []string{"secret"}, Method: methodPost, Grants: []string{ClientCredentials}},
	{ID: "secret-jwt", Secrets: []string{strings.Repeat("k", 64)}, Method: methodSecretJWT, Grants: []string{ClientCredentials}},
	{ID: "key-jwt", Method: methodKeyJWT, Grants: []string{ClientCredentials}},
	{ID: "no-roles", Secrets: []string{"secret"}, Method: methodBasic, Grants: []string{ClientCredentials}, NoRoles: true},
	{ID: "web", Secrets: []string{"secret"}, Method: methodBasic, Grants: []string{AuthorizationCode, RefreshToken}, RedirectURI: callback},
	{ID: "native", Method: methodNone, Grants: []string{AuthorizationCode, RefreshToken}, RedirectURI: callback},
	{ID: "remote", Method: methodNone, Grants: []string{AuthorizationCode}, RedirectURI: "https://app.example/cb?x=1"},
	{ID: "device", Method: methodNone, Grants: []string{DeviceCode, RefreshToken}},
	{ID: "rotated", Secrets: []string{"new", "old"}, Method: methodPost, Grants: []string{ClientCredentials}},
}

// people is a Directory with one user.
type people struct{}

func (people) User(environment, username string) (subject, password string, ok bool) {
	if environment != env || username != "ada" {
		return "", "", false
	}
	return "u-1", "right", true
}

func (people) Profile(_, subject string) (map[string]any, bool) {
	return map[string]any{"preferred_username": "ada", "email": "ada@example.com", "given_name": "Ada"}, subject == "u-1"
}

func (people) App(environment, id string) (App, bool) {
	k := slices.IndexFunc(apps, func(a App) bool { return a.ID == id })
	if k < 0 || environment != env {
		return App{}, false
	}
	return apps[k], true
}

var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// rig is a server with a clock that tests move.
type rig struct {
	*Server
	t   *testing.T
	mu  sync.Mutex
	now time.Time
}

func newRig(t *testing.T, change func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, now: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)}
	cfg := Config{
		Organization: "org", Directory: people{}, Key: testKey(),
		Clock: func() time.Time {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.now
		},
		Lifetime: time.Hour, RefreshLifetime: 24 * time.Hour,
	}
	if change != nil {
		change(&cfg)
	}
	r.Server = New(cfg)
	return r
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// call sends a form to an endpoint; edit may change the request.
func (r *rig) call(method, environment, path string, form url.Values, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r.t.Helper()
	target := "http://auth.test/" + environment + "/as/" + path
	var req *http.Request
	if method == http.MethodGet {
		req = httptest.NewRequest(method, target+"?"+form.Encode(), nil)
	} else {
		req = httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, e := range edit {
		e(req)
	}
	w := httptest.NewRecorder()
	r.Serve(w, req, environment, path)
	return w
}

func (r *rig) post(path string, form url.Values, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r.t.Helper()
	return r.call(http.MethodPost, env, path, form, edit...)
}

func basic(id, secret string) func(*http.Request) {
	return func(req *http.Request) { req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
}

func bearer(token string) func(*http.Request) {
	return func(req *http.Request) { req.Header.Set("Authorization", "Bearer "+token) }
}

func decode(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var body map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body), w.Body.String())
	return body
}

// wantError checks an OAuth error.
func wantError(t *testing.T, w *httptest.ResponseRecorder, status int, code string) {
	t.Helper()
	body := decode(t, w)
	assert.Equal(t, status, w.Code, body)
	assert.Equal(t, code, body["error"])
	assert.NotEmpty(t, body["error_description"])
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
}

func form(pairs ...string) url.Values {
	v := url.Values{}
	for k := 0; k < len(pairs); k += 2 {
		v.Set(pairs[k], pairs[k+1])
	}
	return v
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	tests := map[string]struct {
		method, path string
		status       int
	}{
		"unknown":          {http.MethodGet, "nothing", http.StatusNotFound},
		"GET on token":     {http.MethodGet, "token", http.StatusMethodNotAllowed},
		"POST on jwks":     {http.MethodPost, "jwks", http.StatusMethodNotAllowed},
		"discovery":        {http.MethodGet, ".well-known/openid-configuration", http.StatusOK},
		"jwks":             {http.MethodGet, "jwks", http.StatusOK},
		"device page":      {http.MethodGet, "device", http.StatusOK},
		"nobody's profile": {http.MethodGet, "userinfo", http.StatusUnauthorized},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.status, r.call(tt.method, env, tt.path, nil).Code)
			assert.Equal(t, tt.status != http.StatusNotFound, r.Knows(tt.path))
		})
	}
	t.Run("a body that is too large", func(t *testing.T) {
		t.Parallel()
		w := r.post("token", form("grant_type", strings.Repeat("x", maxForm)))
		wantError(t, w, http.StatusBadRequest, "invalid_request")
	})
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	body := decode(t, r.call(http.MethodGet, env, ".well-known/openid-configuration", nil))
	assert.Equal(t, "http://auth.test/"+env+"/as", body["issuer"])
	for name, path := range map[string]string{
		"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks", "userinfo_endpoint": "userinfo",
		"revocation_endpoint": "revoke", "device_authorization_endpoint": "device_authorization",
	} {
		assert.Equal(t, "http://auth.test/"+env+"/as/"+path, body[name])
		assert.True(t, r.Knows(path), "what is announced is there")
	}
}

func TestRotationBoundsTheKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	first := r.Grant("basic", env)
	for range maxKeys {
		r.RotateKeys()
	}
	keys := decode(t, r.call(http.MethodGet, env, "jwks", nil))["keys"].([]any)
	assert.Len(t, keys, maxKeys)
	for _, k := range keys {
		assert.Equal(t, "RS256", k.(map[string]any)["alg"])
		assert.NotContains(t, k, "d", "no private part")
	}
	_, err := r.Verify(first)
	assert.ErrorIs(t, err, errMalformed, "its key is gone")
}
