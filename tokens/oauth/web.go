package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/seal"
)

// loginLife is how long a person may take to sign in.
const loginLife = 10 * time.Minute

// stateName is what sealed states are bound to.
const stateName = "oauth login state v1"

// WebLogin signs people in through the gateway's own pages: Login sends the
// browser to PingOne, Callback takes it back. It keeps nothing between the
// two: PKCE verifier and nonce travel sealed inside the state, and the state
// is bound to the browser by a cookie. Any replica can serve either.
type WebLogin struct {
	Client *Client
	// CallbackURL is the public address under which Callback is mounted.
	CallbackURL string
	// Scopes default to openid.
	Scopes []string
	// Ring seals the state; replicas share it.
	Ring *seal.Ring
	// Done takes over a finished login and answers the request.
	Done func(w http.ResponseWriter, r *http.Request, l LoginResult)
	// Fail answers a request whose login failed. Default: a plain page.
	Fail func(w http.ResponseWriter, r *http.Request, err *gwerr.Error)
}

// LoginResult is a finished login.
type LoginResult struct {
	Token tokens.Token
	// Nonce must be compared with the ID token's before its claims are used.
	Nonce string
	// ReturnTo is the local path to go on with, "/" if none was asked for.
	ReturnTo string
}

// webState is what the state parameter holds, sealed.
type webState struct {
	Verifier string `json:"v"`
	Nonce    string `json:"n"`
	Browser  string `json:"b"` // hash of the cookie
	ReturnTo string `json:"r"`
	Expiry   int64  `json:"e"`
}

func (l *WebLogin) cookieName() string {
	if strings.HasPrefix(l.CallbackURL, "https:") {
		return "__Host-gateway-login"
	}
	return "gateway-login"
}

// Login sends the browser to PingOne. Its query may hold return_to, a path of
// this host.
func (l *WebLogin) Login(w http.ResponseWriter, r *http.Request) {
	browser := oauth2.GenerateVerifier()
	s := webState{
		Verifier: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Browser: hashed(browser),
		ReturnTo: localPath(r.URL.Query().Get("return_to")), Expiry: time.Now().Add(loginLife).Unix(),
	}
	plain, err := json.Marshal(s)
	if err != nil {
		l.fail(w, r, err)
		return
	}
	attempt, err := l.Client.NewAttempt(AuthorizeRequest{
		RedirectURL: l.CallbackURL, Scopes: l.Scopes, Verifier: s.Verifier, Nonce: s.Nonce,
		State: base64.RawURLEncoding.EncodeToString(l.Ring.Seal(stateName, plain)),
	})
	if err != nil {
		l.fail(w, r, err)
		return
	}
	l.setCookie(w, browser, int(loginLife.Seconds()))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, attempt.URL, http.StatusSeeOther)
}

// Callback takes the browser back, redeems the code and calls Done.
func (l *WebLogin) Callback(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s, err := l.open(r, q.Get("state"))
	l.setCookie(w, "", -1)
	if err != nil {
		l.fail(w, r, err)
		return
	}
	code, err := codeOf(q, q.Get("state"))
	if err != nil {
		l.fail(w, r, err)
		return
	}
	t, err := l.Client.Exchange(r.Context(), code, s.Verifier, l.CallbackURL)
	if err != nil {
		l.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	l.Done(w, r, LoginResult{Token: t, Nonce: s.Nonce, ReturnTo: s.ReturnTo})
}

// open checks that the state is ours, young, and of this browser.
func (l *WebLogin) open(r *http.Request, text string) (webState, error) {
	var s webState
	foreign := gwerr.New(gwerr.BadRequest, "This answer does not belong to a sign-in of this browser.", "Start again at /oauth/login.")
	if len(text) > 4096 {
		return s, foreign
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return s, foreign
	}
	plain, _, err := l.Ring.Open(stateName, sealed)
	if err != nil || json.Unmarshal(plain, &s) != nil {
		return s, foreign
	}
	cookie, err := r.Cookie(l.cookieName())
	if err != nil || subtle.ConstantTimeCompare([]byte(hashed(cookie.Value)), []byte(s.Browser)) != 1 {
		return s, foreign
	}
	if time.Now().Unix() > s.Expiry {
		return s, gwerr.New(gwerr.BadRequest, "The sign-in took too long.", "Start again at /oauth/login.")
	}
	return s, nil
}

func (l *WebLogin) setCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // secure wherever the callback is; plain http is for loopback
		Name: l.cookieName(), Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true,
		Secure: strings.HasPrefix(l.CallbackURL, "https:"), SameSite: http.SameSiteLaxMode,
	})
}

func (l *WebLogin) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := gwerr.From(err)
	if l.Fail != nil {
		l.Fail(w, r, e)
		return
	}
	page(w, e.Kind().HTTP, e.Message+" "+e.Hint)
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// localPath returns path if it leads to this host only, else "/".
func localPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") ||
		strings.ContainsAny(path, "\\\r\n\t") || len(path) > 1024 {
		return "/"
	}
	return path
}
