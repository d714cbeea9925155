package connect_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/testkit/redistest"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/connect"
	"github.com/pingone-gateway/gateway/tokens/oauth"
	"github.com/pingone-gateway/gateway/tokens/seal"
)

// pingOne is a simulator on loopback.
type pingOne struct {
	*sim.Server
	t        *testing.T
	url, env string
}

func simulator(t *testing.T, opt sim.Options) *pingOne {
	t.Helper()
	opt.Users = 50
	s, err := sim.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &pingOne{s, t, server.URL, s.EnvironmentID(sim.EnvironmentAdministrators)}
}

func (p *pingOne) properties(app sim.App, scheme string) connect.Properties {
	secret := app.Secret
	if app.Method == "PRIVATE_KEY_JWT" {
		secret = string(p.WorkerKey())
	}
	return connect.Properties{
		AuthScheme: scheme, WorkerAppEnvironmentID: p.env, AuthorizationServerURL: p.url, OAuthClientID: app.ID,
		OAuthClientSecret: tokens.NewSecret(secret), TokenEndpointAuthMethod: app.Method,
	}
}

func (p *pingOne) connect(props connect.Properties, tools connect.Tools) *connect.Tokens {
	p.t.Helper()
	c, err := connect.New(props, tools)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = c.Close() })
	return c
}

// status calls the API with the connection's token.
func (p *pingOne) status(c *connect.Tokens) int {
	p.t.Helper()
	token, err := c.Source.Token(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	r, _ := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+"/v1/environments", nil)
	r.Header.Set("Authorization", "Bearer "+token.Value.Reveal())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode == http.StatusUnauthorized {
		c.Source.Invalidate(p.t.Context(), token)
	}
	return resp.StatusCode
}

func TestWorkers(t *testing.T) {
	t.Parallel()
	p := simulator(t, sim.Options{})
	for _, app := range []sim.App{sim.AppWorker, sim.AppWorkerPost, sim.AppWorkerSecretJWT, sim.AppWorkerKeyJWT} {
		c := p.connect(p.properties(app, "OAuthClient"), connect.Tools{})
		if got := p.status(c); got != 200 {
			t.Errorf("%s: %d", app.Name, got)
		}
		grant, err := c.GetOAuthAccessToken(t.Context(), connect.AccessTokenInput{})
		if err != nil || grant.AccessToken.IsZero() || grant.ExpiresIn < 3500 || !grant.RefreshToken.IsZero() {
			t.Errorf("%s: GetOAuthAccessToken: %v, %v", app.Name, grant, err)
		}
	}
	wrong := p.properties(sim.AppWorker, "")
	wrong.TokenEndpointAuthMethod = "CLIENT_SECRET_POST"
	if _, err := p.connect(wrong, connect.Tools{}).Source.Token(t.Context()); !gwerr.Is(err, gwerr.UpstreamAuth) || !strings.Contains(err.Error(), "CLIENT_SECRET_POST") {
		t.Errorf("the wrong method: %v", err)
	}
	if _, err := p.connect(p.properties(sim.AppNoRoles, ""), connect.Tools{}).Source.Token(t.Context()); !gwerr.Is(err, gwerr.UpstreamAuth) {
		t.Errorf("no roles: %v", err)
	}
}

func TestRevokedToken(t *testing.T) {
	t.Parallel()
	p := simulator(t, sim.Options{})
	c := p.connect(p.properties(sim.AppWorker, ""), connect.Tools{})
	for range 3 {
		if got := p.status(c); got != 200 {
			t.Fatalf("status %d", got)
		}
	}
	p.RevokeTokens()
	if first, second := p.status(c), p.status(c); first != 401 || second != 200 {
		t.Errorf("after revocation: %d, then %d", first, second)
	}
}

// The device flow, then refresh tokens that the server rotates, kept in each
// kind of store over restarts.
func TestDeviceLoginAndRotation(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	for name, location := range map[string]string{"memory": "memory://", "file": "file://" + filepath.Join(t.TempDir(), "tokens"), "redis": redistest.Patient(redis.URL(), time.Minute)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := simulator(t, sim.Options{})
			place, err := connect.OpenLocation(t.Context(), tokens.NewSecret(location), true, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = place.Close() })
			tools := connect.Tools{Store: place.Store, Ring: seal.NewEphemeralRing()}
			props := p.properties(sim.AppDevice, "OAuthDevice")
			props.Scopes = []string{"openid"}
			c := p.connect(props, tools)
			if err := c.Adopt(t.Context(), p.deviceLogin(c)); err != nil {
				t.Fatal(err)
			}
			p.rotate(c)
			_ = c.Close()
			again := p.connect(props, tools)
			p.rotate(again)
			if h, ok := again.Health(); !ok || !h.Store.Up || h.Unsaved || h.Failure != "" {
				t.Errorf("health %+v", h)
			}
		})
	}
}

// rotate uses the connection, makes it redeem its refresh token, and uses it
// again.
func (p *pingOne) rotate(c *connect.Tokens) {
	p.t.Helper()
	old, err := c.Source.Token(p.t.Context())
	if err != nil || p.status(c) != 200 {
		p.t.Fatalf("before the rotation: %v", err)
	}
	c.Source.Invalidate(p.t.Context(), old)
	if got := p.status(c); got != 200 {
		p.t.Fatalf("after the rotation: %d", got)
	}
	if now, _ := c.Source.Token(p.t.Context()); now.Value.Equal(old.Value) {
		p.t.Error("the token is the old one")
	}
}

func (p *pingOne) username() string {
	p.t.Helper()
	c := p.connect(p.properties(sim.AppWorker, ""), connect.Tools{})
	token, err := c.Source.Token(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	r, _ := http.NewRequestWithContext(p.t.Context(), http.MethodGet, fmt.Sprintf("%s/v1/environments/%s/users/%s", p.url, p.env, p.UserID(sim.EnvironmentAdministrators, 1)), nil)
	r.Header.Set("Authorization", "Bearer "+token.Value.Reveal())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var user struct{ Username string }
	if err := json.NewDecoder(resp.Body).Decode(&user); err != nil || user.Username == "" {
		p.t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	return user.Username
}

func (p *pingOne) deviceLogin(c *connect.Tokens) tokens.Token {
	p.t.Helper()
	d, err := c.Client.StartDevice(p.t.Context(), "openid")
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.ApproveDevice(d.UserCode, p.username()); err != nil {
		p.t.Fatal(err)
	}
	token, err := c.Client.PollDevice(p.t.Context(), d)
	if err != nil || token.Refresh.IsZero() {
		p.t.Fatalf("no login: %v", err)
	}
	return token
}

// browse signs in on the simulator's page and follows it to the callback.
func (p *pingOne) browse(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	form := u.Query()
	form.Set("username", p.username())
	form.Set("password", sim.UserPassword)
	u.Path, u.RawQuery = strings.TrimSuffix(u.Path, "/authorize")+"/signin", ""
	r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, u.String(), strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != 200 {
		return fmt.Errorf("the sign-in ends with status %d at %s", resp.StatusCode, resp.Request.URL.Path)
	}
	return nil
}

func TestDesktopLogin(t *testing.T) {
	t.Parallel()
	p := simulator(t, sim.Options{})
	c := p.connect(p.properties(sim.AppNative, "OAuth"), connect.Tools{})
	if _, err := c.Source.Token(t.Context()); !gwerr.Is(err, gwerr.UpstreamAuth) || !strings.Contains(err.Error(), "gateway login") {
		t.Errorf("before the login: %v", err)
	}
	browsed := make(chan error, 1)
	flow := oauth.LoginFlow{Client: c.Client, CallbackURL: "http://127.0.0.1:0/callback", Open: func(address string) error {
		go func() { browsed <- p.browse(address) }()
		return nil
	}}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	token, err := flow.Run(ctx)
	if err != nil {
		t.Fatalf("%v; browser: %v", err, <-browsed)
	}
	if err := <-browsed; err != nil {
		t.Error(err)
	}
	if err := c.Adopt(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if got := p.status(c); got != 200 {
		t.Errorf("status %d", got)
	}
	if token.IDToken.IsZero() {
		t.Error("no ID token")
	}
}

// The procedures: address, code, token, refresh.
func TestProcedures(t *testing.T) {
	t.Parallel()
	p := simulator(t, sim.Options{})
	c := p.connect(p.properties(sim.AppWeb, "OAuth"), connect.Tools{})
	codes := make(chan url.Values, 1)
	callback := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { codes <- r.URL.Query() }))
	defer callback.Close()
	back := callback.URL + "/callback"
	address, err := c.GetOAuthAuthorizationURL(back, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.browse(address); err != nil {
		t.Fatal(err)
	}
	q := <-codes
	for name, in := range map[string]connect.AccessTokenInput{
		"APP": {Verifier: "x", State: "y"}, "no code": {AuthMode: "WEB", State: "y"}, "no state": {AuthMode: "WEB", Verifier: "x"},
	} {
		if _, err := c.GetOAuthAccessToken(t.Context(), in); !gwerr.Is(err, gwerr.BadParameter) {
			t.Errorf("%s: %v", name, err)
		}
	}
	grant, err := c.GetOAuthAccessToken(t.Context(), connect.AccessTokenInput{AuthMode: "web", CallbackURL: back, State: q.Get("state"), Verifier: q.Get("code")})
	if err != nil || grant.RefreshToken.IsZero() || grant.ExpiresIn != 3600 {
		t.Fatalf("%+v, %v", grant, err)
	}
	if got := p.status(c); got != 200 {
		t.Errorf("the connection does not use the login: %d", got)
	}
	next, err := c.RefreshOAuthAccessToken(t.Context(), grant.RefreshToken)
	if err != nil || next.AccessToken.IsZero() || next.RefreshToken.Equal(grant.RefreshToken) {
		t.Errorf("%+v, %v", next, err)
	}
	if _, err := c.RefreshOAuthAccessToken(t.Context(), grant.RefreshToken); !gwerr.Is(err, gwerr.UpstreamAuth) {
		t.Errorf("the same again: %v", err)
	}
	if _, err := c.RefreshOAuthAccessToken(t.Context(), tokens.Secret{}); !gwerr.Is(err, gwerr.BadParameter) {
		t.Errorf("none: %v", err)
	}
	given := p.connect(connect.Properties{AuthScheme: "Token", OAuthAccessToken: grant.AccessToken}, connect.Tools{})
	if _, err := given.GetOAuthAuthorizationURL("", ""); !gwerr.Is(err, gwerr.BadRequest) {
		t.Errorf("a given token has no server: %v", err)
	}
}

// InitiateOAuth: OFF never asks, REFRESH and GETANDREFRESH start from a given
// token and go on.
func TestInitiateOAuth(t *testing.T) {
	t.Parallel()
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = fmt.Fprintf(w, `{"access_token":"fetched","expires_in":3600}`)
	}))
	defer s.Close()
	base := connect.Properties{WorkerAppEnvironmentID: "e", AuthorizationServerURL: s.URL, OAuthClientID: "id", OAuthClientSecret: tokens.NewSecret("x"), OAuthAccessToken: tokens.NewSecret("given")}
	now := time.Now()
	cases := []struct {
		name   string
		change func(*connect.Properties)
		want   string
		code   gwerr.Code
	}{
		{"OFF", func(p *connect.Properties) { p.InitiateOAuth = "off" }, "given", ""},
		{"OFF, expired", func(p *connect.Properties) {
			p.InitiateOAuth, p.OAuthExpiresIn, p.OAuthTokenTimestamp = "OFF", time.Hour, now.Add(-2*time.Hour)
		}, "", gwerr.UpstreamAuth},
		{"REFRESH, alive", func(p *connect.Properties) {
			p.InitiateOAuth, p.OAuthExpiresIn, p.OAuthTokenTimestamp = "REFRESH", time.Hour, now
		}, "given", ""},
		{"REFRESH, expired", func(p *connect.Properties) {
			p.InitiateOAuth, p.OAuthExpiresIn, p.OAuthTokenTimestamp = "REFRESH", time.Hour, now.Add(-2*time.Hour)
		}, "fetched", ""},
		{"GETANDREFRESH", func(p *connect.Properties) { p.OAuthAccessToken = tokens.Secret{} }, "fetched", ""},
		{"OAuth with refresh token", func(p *connect.Properties) { p.AuthScheme, p.OAuthRefreshToken = "OAuth", tokens.NewSecret("r") }, "fetched", ""},
		{"Token", func(p *connect.Properties) { p.AuthScheme = "token" }, "given", ""},
	}
	for _, c := range cases {
		props := base
		c.change(&props)
		conn, err := connect.New(props, connect.Tools{})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		got, err := conn.Source.Token(t.Context())
		if got.Value.Reveal() != c.want || c.code == "" && err != nil || c.code != "" && !gwerr.Is(err, c.code) {
			t.Errorf("%s: %q, %v", c.name, got.Value.Reveal(), err)
		}
		_ = conn.Close()
	}
	if asked != 3 {
		t.Errorf("the server was asked %d times", asked)
	}
}

func TestPropertiesAreChecked(t *testing.T) {
	t.Parallel()
	good := connect.Properties{WorkerAppEnvironmentID: "e", OAuthClientID: "id", OAuthClientSecret: tokens.NewSecret("hush")}
	for name, change := range map[string]func(*connect.Properties){
		"scheme": func(p *connect.Properties) { p.AuthScheme = "Magic" }, "initiate": func(p *connect.Properties) { p.InitiateOAuth = "MAYBE" },
		"region": func(p *connect.Properties) { p.Region = "MOON" }, "environment": func(p *connect.Properties) { p.WorkerAppEnvironmentID = "" },
		"client": func(p *connect.Properties) { p.OAuthClientID = "" }, "method": func(p *connect.Properties) { p.TokenEndpointAuthMethod = "x" },
	} {
		props := good
		change(&props)
		if _, err := connect.New(props, connect.Tools{}); !gwerr.Is(err, gwerr.Config) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, location := range []string{"ftp://x", "file://host/x", "file:relative", "redis://h:1,h:2", "memory", "/var/lib"} {
		l, err := connect.OpenLocation(t.Context(), tokens.NewSecret(location), false, nil)
		if location == "memory" {
			continue
		}
		if !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%s: %v, %v", location, l, err)
		}
	}
}
