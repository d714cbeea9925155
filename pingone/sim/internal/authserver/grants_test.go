package authserver

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const verifier = "a-verifier-that-is-long-enough-for-the-rules-of-RFC-7636"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// request is a good authorization request of the native app.
func request(change ...string) url.Values {
	v := form(
		"client_id", "native", "response_type", "code", "redirect_uri", "http://127.0.0.1:53682/callback", "scope", "openid profile",
		"state", "s t", "nonce", "n", "code_challenge", challenge(), "code_challenge_method", "S256",
	)
	for k := 0; k < len(change); k += 2 {
		if change[k+1] == "" {
			v.Del(change[k])
		} else {
			v.Set(change[k], change[k+1])
		}
	}
	return v
}

// signInAs posts the sign-in page of a request and gives the query of the redirect.
func (r *rig) signInAs(v url.Values, password string) url.Values {
	r.t.Helper()
	v.Set("username", "ada")
	v.Set("password", password)
	w := r.post("signin", v)
	require.Equal(r.t, http.StatusFound, w.Code, w.Body)
	target, err := url.Parse(w.Header().Get("Location"))
	require.NoError(r.t, err)
	return target.Query()
}

// redeem exchanges a code of the native app.
func redeem(code string, change ...string) url.Values {
	v := form("grant_type", AuthorizationCode, "client_id", "native", "code", code, "redirect_uri", "http://127.0.0.1:53682/callback", "code_verifier", verifier)
	for k := 0; k < len(change); k += 2 {
		v.Set(change[k], change[k+1])
	}
	return v
}

func TestAuthorizeRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	tests := map[string]struct {
		request url.Values
		want    string // error sent back; empty: shown to the user
	}{
		"unknown client":          {request("client_id", "who"), ""},
		"worker":                  {request("client_id", "basic"), ""},
		"other redirect":          {request("redirect_uri", "https://evil.example/callback"), ""},
		"other path":              {request("redirect_uri", "http://127.0.0.1/else"), ""},
		"other scheme":            {request("redirect_uri", "https://127.0.0.1/callback"), ""},
		"redirect with fragment":  {request("redirect_uri", "http://127.0.0.1/callback#x"), ""},
		"redirect with user":      {request("redirect_uri", "http://a@127.0.0.1/callback"), ""},
		"no redirect":             {request("redirect_uri", ""), ""},
		"remote app by loopback":  {request("client_id", "remote"), ""},
		"implicit":                {request("response_type", "token"), "unsupported_response_type"},
		"no PKCE":                 {request("code_challenge", ""), "invalid_request"},
		"plain PKCE":              {request("code_challenge_method", "plain"), "invalid_request"},
		"PKCE without its method": {request("code_challenge_method", ""), "invalid_request"},
		"silent":                  {request("prompt", "none"), "login_required"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, w := range []interface {
				Header() http.Header
			}{r.call(http.MethodGet, env, "authorize", tt.request), r.post("authorize", tt.request), r.post("signin", tt.request)} {
				target, err := url.Parse(w.Header().Get("Location"))
				require.NoError(t, err)
				assert.Equal(t, tt.want, target.Query().Get("error"))
				if tt.want != "" {
					assert.Equal(t, "s t", target.Query().Get("state"))
				}
			}
		})
	}
}

func TestSignInPage(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	w := r.call(http.MethodGet, env, "authorize", request("state", `"><script>alert(1)</script>`))
	page := w.Body.String()
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Contains(t, w.Header().Get("Content-Type"), "text/html")
	assert.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
	assert.Contains(t, page, `action="http://auth.test/`+env+`/as/signin"`)
	assert.Contains(t, page, `name="code_challenge" value="`+challenge()+`"`)
	assert.NotContains(t, page, "<script>")

	v := request()
	v.Set("username", "ada")
	v.Set("password", "wrong")
	w = r.post("signin", v)
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Contains(t, w.Body.String(), "username or the password is wrong")
	assert.NotContains(t, w.Body.String(), `value="wrong"`, "the password does not come back")
}

func TestAuthorizationCode(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	answer := r.signInAs(request("scope", "openid profile email"), "right")
	assert.Equal(t, "s t", answer.Get("state"))
	assert.Equal(t, "http://auth.test/"+env+"/as", answer.Get("iss"))
	body := decode(t, r.post("token", redeem(answer.Get("code"))))
	assert.Equal(t, "openid profile email", body["scope"])
	assert.NotEmpty(t, body["refresh_token"])

	access, err := r.Verify(body["access_token"].(string))
	require.NoError(t, err)
	assert.Equal(t, "u-1", access.Subject)
	assert.Equal(t, "openid profile email", access.Scope)

	id, err := jwt.ParseSigned(body["id_token"].(string), []jose.SignatureAlgorithm{jose.RS256})
	require.NoError(t, err)
	claims := map[string]any{}
	require.NoError(t, id.Claims(&testKey().PublicKey, &claims))
	assert.Equal(t, "native", claims["aud"])
	assert.Equal(t, "n", claims["nonce"])
	assert.Equal(t, "ada@example.com", claims["email"])
	assert.Equal(t, "Ada", claims["given_name"])
	_, err = r.Verify(body["id_token"].(string))
	require.ErrorIs(t, err, errMalformed, "an ID token is no access token")

	info := decode(t, r.call(http.MethodGet, env, "userinfo", nil, bearer(body["access_token"].(string))))
	assert.Equal(t, "u-1", info["sub"])
	assert.Equal(t, "ada", info["preferred_username"])
}

func TestScopesReleaseClaims(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	body := decode(t, r.post("token", redeem(r.signInAs(request("scope", "openid email"), "right").Get("code"))))
	info := decode(t, r.post("userinfo", nil, bearer(body["access_token"].(string))))
	assert.Equal(t, "ada@example.com", info["email"])
	assert.NotContains(t, info, "given_name")

	body = decode(t, r.post("token", redeem(r.signInAs(request("scope", "profile"), "right").Get("code"))))
	assert.NotContains(t, body, "id_token")
	wantError(t, r.post("userinfo", nil, bearer(body["access_token"].(string))), http.StatusForbidden, "insufficient_scope")
	worker := r.Grant("basic", env)
	wantError(t, r.post("userinfo", nil, bearer(worker)), http.StatusUnauthorized, "invalid_token")
}

func TestCodeRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		form func(code string) url.Values
		wait time.Duration
		edit func(*http.Request)
	}{
		"unknown":          {func(string) url.Values { return redeem("x") }, 0, nil},
		"too late":         {func(code string) url.Values { return redeem(code) }, codeLifetime + time.Second, nil},
		"wrong verifier":   {func(code string) url.Values { return redeem(code, "code_verifier", "x") }, 0, nil},
		"no verifier":      {func(code string) url.Values { return redeem(code, "code_verifier", "") }, 0, nil},
		"other redirect":   {func(code string) url.Values { return redeem(code, "redirect_uri", callback) }, 0, nil},
		"another client's": {func(code string) url.Values { return redeem(code, "client_id", "") }, 0, basic("web", "secret")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			code := r.signInAs(request(), "right").Get("code")
			r.advance(tt.wait)
			edits := []func(*http.Request){}
			if tt.edit != nil {
				edits = append(edits, tt.edit)
			}
			wantError(t, r.post("token", tt.form(code), edits...), http.StatusBadRequest, "invalid_grant")
		})
	}
	t.Run("a code used twice ends the session", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, nil)
		code := r.signInAs(request(), "right").Get("code")
		first := decode(t, r.post("token", redeem(code)))
		wantError(t, r.post("token", redeem(code)), http.StatusBadRequest, "invalid_grant")
		wantError(t, r.post("token", form("grant_type", RefreshToken, "client_id", "native", "refresh_token", first["refresh_token"].(string))), http.StatusBadRequest, "invalid_grant")
	})
}

func TestRefreshRotation(t *testing.T) {
	t.Parallel()
	refresh := func(r *rig, token any, extra ...string) map[string]any {
		v := form("grant_type", RefreshToken, "client_id", "native", "refresh_token", token.(string))
		for k := 0; k < len(extra); k += 2 {
			v.Set(extra[k], extra[k+1])
		}
		return decode(t, r.post("token", v))
	}
	begin := func(t *testing.T) (*rig, any) {
		r := newRig(t, nil)
		return r, decode(t, r.post("token", redeem(r.signInAs(request(), "right").Get("code"))))["refresh_token"]
	}
	t.Run("each token works once", func(t *testing.T) {
		t.Parallel()
		r, first := begin(t)
		second := refresh(r, first)["refresh_token"]
		require.NotNil(t, second)
		assert.NotEqual(t, first, second)
		third := refresh(r, second)["refresh_token"]
		require.NotNil(t, third)
		assert.Equal(t, "invalid_grant", refresh(r, first)["error"], "reuse")
		assert.Equal(t, "invalid_grant", refresh(r, third)["error"], "reuse ends the session")
	})
	t.Run("expiry rolls", func(t *testing.T) {
		t.Parallel()
		r, token := begin(t)
		for range 3 {
			r.advance(23 * time.Hour)
			token = refresh(r, token)["refresh_token"]
			require.NotNil(t, token)
		}
		r.advance(24*time.Hour + time.Second)
		assert.Equal(t, "invalid_grant", refresh(r, token)["error"])
	})
	t.Run("scope", func(t *testing.T) {
		t.Parallel()
		r, first := begin(t)
		second := refresh(r, first, "scope", "openid")
		assert.Equal(t, "openid", second["scope"])
		assert.Equal(t, "invalid_scope", refresh(r, second["refresh_token"], "scope", "openid email")["error"])
	})
	t.Run("another client", func(t *testing.T) {
		t.Parallel()
		r, first := begin(t)
		w := r.post("token", form("grant_type", RefreshToken, "refresh_token", first.(string)), basic("web", "secret"))
		wantError(t, w, http.StatusBadRequest, "invalid_grant")
	})
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	me, other := basic("basic", "s3cret:/+"), basic("web", "secret")
	token := r.Grant("basic", env)

	assert.Equal(t, http.StatusOK, r.post("revoke", form("token", token), other).Code)
	_, err := r.Verify(token)
	require.NoError(t, err, "others cannot revoke it")
	assert.Equal(t, http.StatusOK, r.post("revoke", form("token", token), me).Code)
	_, err = r.Verify(token)
	require.ErrorIs(t, err, errRevoked)
	assert.Equal(t, http.StatusOK, r.post("revoke", form("token", "x"), me).Code)
	wantError(t, r.post("revoke", form("token", token)), http.StatusUnauthorized, "invalid_client")

	body := decode(t, r.post("token", redeem(r.signInAs(request(), "right").Get("code"))))
	refresh := body["refresh_token"].(string)
	r.post("revoke", form("token", refresh, "client_id", "native"))
	wantError(t, r.post("token", form("grant_type", RefreshToken, "client_id", "native", "refresh_token", refresh)), http.StatusBadRequest, "invalid_grant")
}

func TestDeviceFlow(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T) (*rig, map[string]any, func() map[string]any) {
		r := newRig(t, nil)
		d := decode(t, r.post("device_authorization", form("client_id", "device", "scope", "openid")))
		return r, d, func() map[string]any {
			return decode(t, r.post("token", form("grant_type", DeviceCode, "client_id", "device", "device_code", d["device_code"].(string))))
		}
	}
	t.Run("answer", func(t *testing.T) {
		t.Parallel()
		_, d, _ := begin(t)
		assert.Regexp(t, `^[B-Z]{4}-[B-Z]{4}$`, d["user_code"])
		assert.Equal(t, "http://auth.test/"+env+"/as/device", d["verification_uri"])
		assert.Contains(t, d["verification_uri_complete"], d["user_code"])
		assert.EqualValues(t, 600, d["expires_in"])
		assert.EqualValues(t, 5, d["interval"])
	})
	t.Run("approved in a browser", func(t *testing.T) {
		t.Parallel()
		r, d, poll := begin(t)
		assert.Equal(t, "authorization_pending", poll()["error"])
		code := strings.ToLower(strings.ReplaceAll(d["user_code"].(string), "-", " "))
		w := r.call(http.MethodGet, env, "device", form("user_code", d["user_code"].(string)))
		assert.Contains(t, w.Body.String(), d["user_code"])
		w = r.post("device", form("user_code", code, "username", "ada", "password", "wrong"))
		assert.Contains(t, w.Body.String(), "password is wrong")
		w = r.post("device", form("user_code", "AAAA", "username", "ada", "password", "right"))
		assert.Contains(t, w.Body.String(), "no device with this code is waiting")
		w = r.post("device", form("user_code", code, "username", "ada", "password", "right", "decision", "allow"))
		assert.Contains(t, w.Body.String(), "go back to the device")
		r.advance(5 * time.Second)
		body := poll()
		require.NotEmpty(t, body["access_token"], body)
		assert.NotEmpty(t, body["refresh_token"])
		assert.NotEmpty(t, body["id_token"])
		r.advance(10 * time.Second)
		assert.Equal(t, "invalid_grant", poll()["error"], "it works once")
	})
	t.Run("polling too fast", func(t *testing.T) {
		t.Parallel()
		r, d, poll := begin(t)
		assert.Equal(t, "authorization_pending", poll()["error"])
		r.advance(4 * time.Second)
		assert.Equal(t, "slow_down", poll()["error"])
		r.advance(9 * time.Second)
		assert.Equal(t, "slow_down", poll()["error"], "the interval grew by five seconds")
		require.NoError(t, r.ApproveDevice(d["user_code"].(string), "ada"))
		r.advance(15 * time.Second)
		assert.NotEmpty(t, poll()["access_token"])
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		r, d, poll := begin(t)
		require.NoError(t, r.ApproveDevice(d["user_code"].(string), ""))
		assert.Equal(t, "access_denied", poll()["error"])
		require.Error(t, r.ApproveDevice(d["user_code"].(string), "ada"), "it is settled")
	})
	t.Run("expired", func(t *testing.T) {
		t.Parallel()
		r, d, poll := begin(t)
		r.advance(deviceLifetime + time.Second)
		assert.Equal(t, "expired_token", poll()["error"])
		require.Error(t, r.ApproveDevice(d["user_code"].(string), "ada"))
	})
	t.Run("unknown user", func(t *testing.T) {
		t.Parallel()
		r, d, _ := begin(t)
		require.ErrorContains(t, r.ApproveDevice(d["user_code"].(string), "nobody"), "username")
	})
	t.Run("other clients", func(t *testing.T) {
		t.Parallel()
		r, d, _ := begin(t)
		wantError(t, r.post("device_authorization", form("client_id", "native")), http.StatusBadRequest, "unauthorized_client")
		wantError(t, r.post("device_authorization", form("client_id", "who")), http.StatusUnauthorized, "invalid_client")
		wantError(t, r.post("token", form("grant_type", DeviceCode, "client_id", "device", "device_code", "x")), http.StatusBadRequest, "invalid_grant")
		assert.NotEmpty(t, d)
	})
}
