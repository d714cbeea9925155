package authserver

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	tests := map[string]struct {
		form   url.Values
		edit   func(*http.Request)
		status int
	}{
		"basic":                         {form(), basic("basic", "s3cret:/+"), 200},
		"basic, wrong secret":           {form(), basic("basic", "wrong"), 401},
		"basic, unknown client":         {form(), basic("who", "wrong"), 401},
		"basic with the id in the body": {form("client_id", "basic"), basic("basic", "s3cret:/+"), 200},
		"basic with another id":         {form("client_id", "post"), basic("basic", "s3cret:/+"), 401},
		"basic with a secret too":       {form("client_id", "basic", "client_secret", "s3cret:/+"), basic("basic", "s3cret:/+"), 401},
		"basic app in the body":         {form("client_id", "basic", "client_secret", "s3cret:/+"), nil, 401},
		"post":                          {form("client_id", "post", "client_secret", "secret"), nil, 200},
		"post, wrong secret":            {form("client_id", "post", "client_secret", "wrong"), nil, 401},
		"post, new secret":              {form("client_id", "rotated", "client_secret", "new"), nil, 200},
		"post, the secret before":       {form("client_id", "rotated", "client_secret", "old"), nil, 200},
		"post, a secret that expired":   {form("client_id", "rotated", "client_secret", "older"), nil, 401},
		"post app by Basic":             {form(), basic("post", "secret"), 401},
		"post without secret":           {form("client_id", "post"), nil, 401},
		"JWT app by Basic":              {form(), basic("secret-jwt", apps[2].Secrets[0]), 401},
		"nobody":                        {form(), nil, 401},
		"assertion of another type":     {form("client_assertion_type", "x", "client_assertion", "y"), nil, 401},
		"assertion that is no JWT":      {form("client_assertion_type", assertionType, "client_assertion", "y"), nil, 401},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.form.Set("grant_type", ClientCredentials)
			edits := []func(*http.Request){}
			if tt.edit != nil {
				edits = append(edits, tt.edit)
			}
			w := r.post("token", tt.form, edits...)
			if tt.status == http.StatusOK {
				assert.Equal(t, http.StatusOK, w.Code, w.Body)
				return
			}
			wantError(t, w, tt.status, "invalid_client")
			assert.Contains(t, w.Header().Get("WWW-Authenticate"), "Basic")
		})
	}
	t.Run("in another environment", func(t *testing.T) {
		t.Parallel()
		w := r.call(http.MethodPost, otherEnv, "token", form("grant_type", ClientCredentials), basic("basic", "s3cret:/+"))
		wantError(t, w, http.StatusUnauthorized, "invalid_client")
	})
}

func TestClientAssertions(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	block, _ := pem.Decode(r.ClientKey())
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	secret := []byte(apps[2].Secrets[0])
	issuer := "http://auth.test/" + env + "/as"
	good := func(app string) jwt.Claims {
		return jwt.Claims{Issuer: app, Subject: app, Audience: jwt.Audience{issuer + "/token"}, Expiry: jwt.NewNumericDate(r.now.Add(time.Minute)), ID: "unique " + app}
	}
	tests := map[string]struct {
		app    string
		alg    jose.SignatureAlgorithm
		key    any
		change func(*jwt.Claims)
		ok     bool
	}{
		"secret":             {"secret-jwt", jose.HS256, secret, nil, true},
		"secret, HS512":      {"secret-jwt", jose.HS512, secret, func(c *jwt.Claims) { c.ID = "" }, true},
		"private key":        {"key-jwt", jose.RS256, private, nil, true},
		"for the issuer":     {"key-jwt", jose.RS256, private, func(c *jwt.Claims) { c.Audience, c.ID = jwt.Audience{issuer}, "" }, true},
		"wrong secret":       {"secret-jwt", jose.HS256, []byte("0123456789012345678901234567890123456789"), nil, false},
		"wrong key":          {"key-jwt", jose.RS256, testKey(), nil, false},
		"secret for key app": {"key-jwt", jose.HS256, secret, nil, false},
		"key for secret app": {"secret-jwt", jose.RS256, private, nil, false},
		"basic app":          {"basic", jose.HS256, secret, nil, false},
		"unknown app":        {"who", jose.HS256, secret, nil, false},
		"expired":            {"key-jwt", jose.RS256, private, func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(r.now) }, false},
		"without expiry":     {"key-jwt", jose.RS256, private, func(c *jwt.Claims) { c.Expiry = nil }, false},
		"not yet":            {"key-jwt", jose.RS256, private, func(c *jwt.Claims) { c.NotBefore = jwt.NewNumericDate(r.now.Add(time.Hour)) }, false},
		"another audience":   {"key-jwt", jose.RS256, private, func(c *jwt.Claims) { c.Audience = jwt.Audience{"https://else"} }, false},
		"another issuer":     {"key-jwt", jose.RS256, private, func(c *jwt.Claims) { c.Issuer = "else" }, false},
	}
	send := func(text string) int {
		return r.post("token", form("grant_type", ClientCredentials, "client_assertion_type", assertionType, "client_assertion", text)).Code
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claims := good(tt.app)
			claims.ID = name
			if tt.change != nil {
				tt.change(&claims)
			}
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: tt.alg, Key: tt.key}, nil)
			require.NoError(t, err)
			text, err := jwt.Signed(signer).Claims(claims).Serialize()
			require.NoError(t, err)
			want := http.StatusUnauthorized
			if tt.ok {
				want = http.StatusOK
			}
			assert.Equal(t, want, send(text))
			if tt.ok && claims.ID != "" {
				assert.Equal(t, http.StatusUnauthorized, send(text), "an assertion works once")
			}
		})
	}
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	w := r.post("token", form("grant_type", ClientCredentials), basic("basic", "s3cret:/+"))
	body := decode(t, w)
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Equal(t, "Bearer", body["token_type"])
	assert.EqualValues(t, 3600, body["expires_in"])
	assert.NotContains(t, body, "refresh_token")
	assert.NotContains(t, body, "scope")

	claims, err := r.Verify(body["access_token"].(string))
	require.NoError(t, err)
	assert.Equal(t, "basic", claims.ClientID)
	assert.Equal(t, "http://auth.test/"+env+"/as", claims.Issuer)
	assert.Equal(t, []string{platformAudience}, claims.Audience)
	assert.Equal(t, env, claims.Environment)
	assert.Equal(t, "org", claims.Organization)
	assert.Equal(t, r.now.Unix(), claims.IssuedAt)
	assert.Equal(t, r.now.Add(time.Hour).Unix(), claims.Expiry)
	assert.NotEmpty(t, claims.ID)

	for name, tt := range map[string]struct {
		form   url.Values
		app    App
		status int
		code   string
	}{
		"no grant type":      {form(), apps[0], 400, "invalid_request"},
		"unknown grant type": {form("grant_type", "password"), apps[0], 400, "unsupported_grant_type"},
		"not allowed":        {form("grant_type", RefreshToken), apps[0], 400, "unauthorized_client"},
		"with a scope":       {form("grant_type", ClientCredentials, "scope", "openid"), apps[0], 400, "invalid_scope"},
		"without roles":      {form("grant_type", ClientCredentials), apps[4], 400, "invalid_request"},
		"by a web app":       {form("grant_type", ClientCredentials), apps[5], 400, "unauthorized_client"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantError(t, r.post("token", tt.form, basic(tt.app.ID, tt.app.Secrets[0])), tt.status, tt.code)
		})
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	grant := func(r *rig) string {
		return r.Grant("basic", env)
	}
	tests := map[string]struct {
		prepare func(r *rig) string
		want    error
	}{
		"good":           {grant, nil},
		"twice":          {func(r *rig) string { token := grant(r); _, _ = r.Verify(token); return token }, nil},
		"expired":        {func(r *rig) string { token := grant(r); r.advance(time.Hour); return token }, errExpired},
		"expired, known": {func(r *rig) string { token := grant(r); _, _ = r.Verify(token); r.advance(time.Hour); return token }, errExpired},
		"revoked":        {func(r *rig) string { token := grant(r); r.RevokeAll(); return token }, errRevoked},
		"revoked, known": {func(r *rig) string { token := grant(r); _, _ = r.Verify(token); r.RevokeAll(); return token }, errRevoked},
		"empty":          {func(*rig) string { return "" }, errMalformed},
		"unsigned": {func(*rig) string {
			return "eyJhbGciOiJub25lIn0.eyJjbGllbnRfaWQiOiJiYXNpYyJ9."
		}, errMalformed},
		"not from here": {func(r *rig) string { return grant(newRig(r.t, nil)) }, errMalformed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			_, err := r.Verify(tt.prepare(r))
			assert.ErrorIs(t, err, tt.want)
		})
	}
}

func TestOldTokensAreForgotten(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	for range 50 {
		r.Grant("basic", env)
	}
	r.advance(2 * time.Hour)
	r.Grant("basic", env)
	assert.Len(t, r.grants, 1)
}
