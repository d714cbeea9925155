package oauth_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/oauth"
	"github.com/pingone-gateway/gateway/tokens/seal"
)

// signIn is a server that checks a code's redemption.
func signIn(t *testing.T) oauth.Endpoints {
	return endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		if f := r.PostForm; f.Get("grant_type") != "authorization_code" || f.Get("code") != "the code" || len(f.Get("code_verifier")) < 43 || f.Get("redirect_uri") == "" {
			reply(400, `{"error":"invalid_grant"}`)(w, r)
			return
		}
		reply(200, good)(w, r)
	})
}

func fetch(t *testing.T, c *http.Client, address string) (int, string) {
	t.Helper()
	resp, err := c.Get(address)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body)
}

func TestDesktopLogin(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		query func(state string) string
		code  gwerr.Code
	}{
		{"signed in", func(s string) string { return "code=the+code&state=" + s }, ""},
		{"wrong code", func(s string) string { return "code=other&state=" + s }, gwerr.UpstreamAuth},
		{"refused", func(s string) string { return "error=access_denied&state=" + s }, gwerr.UpstreamAuth},
		{"strange error", func(s string) string { return "error=%3Cscript%3E&state=" + s }, gwerr.UpstreamAuth},
		{"no code", func(s string) string { return "state=" + s }, gwerr.UpstreamAuth},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			flow := oauth.LoginFlow{Client: client(t, signIn(t), oauth.Credentials{Method: oauth.NoSecret}), CallbackURL: "http://localhost:0/cb"}
			browsed := make(chan struct{})
			flow.Open = func(address string) error {
				go func() {
					defer close(browsed)
					u, _ := url.Parse(address)
					back := u.Query().Get("redirect_uri")
					if status, _ := fetch(t, http.DefaultClient, back+"?code=evil&state=forged"); status != 400 {
						t.Errorf("a forged state: %d", status)
					}
					if status, _ := fetch(t, http.DefaultClient, strings.TrimSuffix(back, "/cb")+"/favicon.ico"); status != 404 {
						t.Errorf("another path: %d", status)
					}
					_, page := fetch(t, http.DefaultClient, back+"?"+c.query(u.Query().Get("state")))
					if strings.Contains(page, "<script>") || strings.Contains(page, "the code") {
						t.Errorf("page %s", page)
					}
				}()
				return nil
			}
			got, err := flow.Run(t.Context())
			<-browsed
			if c.code == "" && (err != nil || got.Refresh.Reveal() != "rt") || c.code != "" && !gwerr.Is(err, c.code) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestHeadlessLogin(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var told []string
	flow := oauth.LoginFlow{
		Client: client(t, signIn(t), oauth.Credentials{}), CallbackURL: "http://127.0.0.1:0",
		Open: func(string) error { return errors.New("no browser") },
		Tell: func(line string) {
			if told = append(told, line); len(told) == 2 {
				cancel()
			}
		},
	}
	if _, err := flow.Run(ctx); !gwerr.Is(err, gwerr.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(told) != 2 || !strings.Contains(told[1], "/as/authorize?") {
		t.Errorf("told %v", told)
	}
}

func TestCallbackMustBeLoopback(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "http://example.com", "https://localhost:1", "http://0.0.0.0:1", "http://user@localhost", "http://localhost/?x", ":"} {
		flow := oauth.LoginFlow{Client: client(t, signIn(t), oauth.Credentials{}), CallbackURL: address}
		if _, err := flow.Run(t.Context()); !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// web is a gateway with login pages, a browser, and what Done got.
func web(t *testing.T) (base string, browser *http.Client, done chan oauth.LoginResult) {
	t.Helper()
	done = make(chan oauth.LoginResult, 1)
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	l := &oauth.WebLogin{
		Client: client(t, signIn(t), oauth.Credentials{}), CallbackURL: s.URL + "/oauth/callback", Ring: seal.NewEphemeralRing(),
		Done: func(w http.ResponseWriter, _ *http.Request, r oauth.LoginResult) { done <- r; w.WriteHeader(204) },
	}
	mux.HandleFunc("GET /oauth/login", l.Login)
	mux.HandleFunc("GET /oauth/callback", l.Callback)
	return s.URL, newBrowser(t), done
}

func newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// begin starts a login and returns the state that goes to the server.
func begin(t *testing.T, base string, browser *http.Client, query string) string {
	t.Helper()
	resp, err := browser.Get(base + "/oauth/login" + query)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	to, err := resp.Location()
	if err != nil || resp.StatusCode != http.StatusSeeOther || to.Query().Get("code_challenge_method") != "S256" {
		t.Fatalf("%d to %v, %v", resp.StatusCode, to, err)
	}
	if c := resp.Cookies(); len(c) != 1 || !c[0].HttpOnly || c[0].SameSite != http.SameSiteLaxMode {
		t.Errorf("cookies %v", c)
	}
	return to.Query().Get("state")
}

func TestWebLogin(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"": "/", "?return_to=/odata/pingone/": "/odata/pingone/", "?return_to=https://evil.example": "/", "?return_to=//evil.example": "/", "?return_to=/%5Cevil.example": "/",
		"?return_to=javascript:alert(1)": "/",
	} {
		base, browser, done := web(t)
		state := begin(t, base, browser, query)
		if status, page := fetch(t, browser, base+"/oauth/callback?code=the+code&state="+state); status != 204 {
			t.Fatalf("%d %s", status, page)
		}
		got := <-done
		if got.ReturnTo != want || got.Token.Value.Reveal() != "at" || got.Nonce == "" {
			t.Errorf("%s: goes on with %q", query, got.ReturnTo)
		}
		if status, _ := fetch(t, browser, base+"/oauth/callback?code=the+code&state="+state); status != 400 {
			t.Errorf("the same answer again: %d", status)
		}
	}
}

func TestWebLoginRefuses(t *testing.T) {
	t.Parallel()
	base, victim, done := web(t)
	attacker := newBrowser(t)
	state := begin(t, base, attacker, "")
	begin(t, base, victim, "")
	cases := map[string]struct {
		browser *http.Client
		query   string
		status  int
	}{
		"another browser's state": {victim, "code=the+code&state=" + state, 400},
		"no cookie":               {newBrowser(t), "code=the+code&state=" + state, 400},
		"no state":                {victim, "code=the+code", 400},
		"forged state":            {victim, "code=the+code&state=" + strings.Repeat("A", 100), 400},
		"huge state":              {victim, "code=the+code&state=" + strings.Repeat("A", 8000), 400},
	}
	for name, c := range cases {
		if status, page := fetch(t, c.browser, base+"/oauth/callback?"+c.query); status != c.status || strings.Contains(page, "the code") {
			t.Errorf("%s: %d %s", name, status, page)
		}
	}
	fresh := newBrowser(t)
	if status, page := fetch(t, fresh, base+"/oauth/callback?error=access_denied&state="+begin(t, base, fresh, "")); status != 502 || !strings.Contains(page, "refused") {
		t.Errorf("refused by the person: %d %s", status, page)
	}
	select {
	case <-done:
		t.Error("a login was accepted")
	default:
	}
}

func TestFetchers(t *testing.T) {
	t.Parallel()
	var form url.Values
	e := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		form = r.PostForm
		reply(200, good)(w, r)
	})
	c := client(t, e, oauth.Credentials{})
	f := oauth.NewRefresh(c, tokens.NewSecret("initial"))
	if _, err := f.Fetch(t.Context(), tokens.Token{}); err != nil || form.Get("refresh_token") != "initial" {
		t.Errorf("first: %v, %v", form, err)
	}
	if _, err := f.Fetch(t.Context(), tokens.Token{Value: tokens.NewSecret("a"), Refresh: tokens.NewSecret("next")}); err != nil || form.Get("refresh_token") != "next" {
		t.Errorf("next: %v, %v", form, err)
	}
	if _, err := f.Fetch(t.Context(), tokens.Token{Value: tokens.NewSecret("a")}); !gwerr.Is(err, gwerr.UpstreamAuth) {
		t.Errorf("the initial token is redeemed again: %v", err)
	}
	if !f.SingleUse() || oauth.NewClientCredentials(c).SingleUse() || f.Grant() != "refresh_token" {
		t.Error("the grants do not say what they are")
	}
}
