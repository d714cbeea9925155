package authserver

import (
	"crypto/rand"
	_ "embed"
	"errors"
	"html/template"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// codeLifetime of authorization codes.
const codeLifetime = time.Minute

// authorize shows the sign-in page for a valid request.
func (s *Server) authorize(x *exchange) {
	if app, ok := s.authorization(x, x.r.Form); ok {
		x.page(http.StatusOK, "signin", map[string]any{"Action": x.issuer + "/signin", "Params": x.r.Form, "App": app.ID})
	}
}

// authorization is the application of an authorization request; false when that
// is not valid and has its answer.
func (s *Server) authorization(x *exchange, params url.Values) (app App, ok bool) {
	app, known := s.cfg.Directory.App(x.env, params.Get("client_id"))
	switch code, description := checkAuthorization(params); {
	case !known || !slices.Contains(app.Grants, AuthorizationCode):
		x.problem("The application is not known or may not sign users in.")
	case !redirectFits(app.RedirectURI, params.Get("redirect_uri")):
		x.problem("The redirect_uri is not registered.")
	case code != "":
		x.redirect(params, url.Values{"error": {code}, "error_description": {description}})
	default:
		return app, true
	}
	return app, false
}

// checkAuthorization gives the error to send back to the client, if any.
func checkAuthorization(p url.Values) (code, description string) {
	switch {
	case p.Get("response_type") != "code":
		return "unsupported_response_type", "Only the response type code is supported."
	case p.Get("code_challenge") == "":
		return "invalid_request", "code_challenge is missing: PKCE is required."
	case p.Get("code_challenge_method") != "S256":
		return "invalid_request", "code_challenge_method must be S256."
	case p.Get("prompt") == "none":
		return "login_required", "The user is not signed in."
	}
	return "", ""
}

// redirectFits compares with the registered address. Loopback addresses may
// have any port (RFC 8252 section 7.3).
func redirectFits(registered, asked string) bool {
	want, err := url.Parse(registered)
	if err != nil || registered == "" {
		return false
	}
	got, err := url.Parse(asked)
	if err != nil || got.Fragment != "" || got.User != nil {
		return false
	}
	loopback := got.Hostname() == "localhost" || net.ParseIP(got.Hostname()).IsLoopback()
	if net.ParseIP(want.Hostname()).IsLoopback() && loopback {
		return got.Scheme == want.Scheme && got.Path == want.Path
	}
	return asked == registered
}

// signIn takes the posted sign-in page and sends the user back with a code.
func (s *Server) signIn(x *exchange) {
	params := x.r.PostForm
	app, ok := s.authorization(x, params)
	if !ok {
		return
	}
	username := params.Get("username")
	subject, ok := s.user(x)
	params.Del("username")
	params.Del("password")
	if !ok {
		x.page(http.StatusOK, "signin", map[string]any{
			"Action": x.issuer + "/signin", "Params": params, "App": app.ID, "Username": username, "Problem": errCredentials,
		})
		return
	}
	code := rand.Text()
	s.keep(byCode, code, grant{
		app: app, subject: subject, scope: params.Get("scope"), session: rand.Text(), nonce: params.Get("nonce"),
		redirect: params.Get("redirect_uri"), challenge: params.Get("code_challenge"),
	}, codeLifetime)
	x.redirect(params, url.Values{"code": {code}})
}

// user is who posted a page with a username and a password.
func (s *Server) user(x *exchange) (subject string, ok bool) {
	subject, password, _ := s.cfg.Directory.User(x.env, x.r.PostForm.Get("username"))
	return subject, password != "" && password == x.r.PostForm.Get("password")
}

// redirect sends the browser back to the client. The address was checked.
func (x *exchange) redirect(params, answer url.Values) {
	target := made(url.Parse(params.Get("redirect_uri")))
	q := target.Query()
	maps.Copy(q, answer)
	if state := params.Get("state"); state != "" {
		q.Set("state", state)
	}
	q.Set("iss", x.issuer)
	target.RawQuery = q.Encode()
	x.w.Header().Set("Cache-Control", "no-store")
	http.Redirect(x.w, x.r, target.String(), http.StatusFound)
}

//go:embed pages.html
var pageText string

// pages are those that users see: signin, device and message.
var pages = template.Must(template.New("pages").Parse(pageText))

// page shows a page. It answers a browser, so nothing can be refused any more.
func (x *exchange) page(status int, name string, values any) {
	h := x.w.Header()
	h.Set("Content-Type", "text/html;charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	x.w.WriteHeader(status)
	_ = pages.ExecuteTemplate(x.w, name, values) // fails only when the client is gone
}

// message shows a sentence.
func (x *exchange) message(status int, title, text string) {
	x.page(status, "message", map[string]string{"Title": title, "Message": text})
}

// problem shows an error to the user: the client cannot be told.
func (x *exchange) problem(text string) {
	x.message(http.StatusBadRequest, "Sign-on failed", text)
}

// errCredentials does not tell which of them is wrong.
var errCredentials = errors.New("the username or the password is wrong, or the account cannot be used")
