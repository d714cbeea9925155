package authserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// codeLifetime of authorization codes.
const codeLifetime = time.Minute

// pushed is an authorization request that came by /as/par (RFC 9126).
type pushed struct {
	client string
	params url.Values
	expiry time.Time
}

// verifierFits checks PKCE with S256 (RFC 7636 section 4.6).
func verifierFits(verifier, challenge string) bool {
	if challenge == "" {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(urlSafe(sum[:])), []byte(challenge)) == 1
}

// push keeps an authorization request and gives it a name.
func (s *Server) push(x *exchange) {
	app, refused := s.client(x)
	if refused != nil {
		x.fail(refused.status, refused.code, refused.description)
		return
	}
	const lifetime = 60 * time.Second
	uri := "urn:ietf:params:oauth:request_uri:" + randomText(16)
	s.mu.Lock()
	s.sweep(s.cfg.Clock())
	s.requests[uri] = pushed{app.ID, x.r.PostForm, s.cfg.Clock().Add(lifetime)}
	s.mu.Unlock()
	x.json(http.StatusCreated, map[string]any{"request_uri": uri, "expires_in": int(lifetime.Seconds())})
}

// authorize shows the sign-in page for a valid request.
func (s *Server) authorize(x *exchange) {
	params, ok := s.requested(x.r.Form)
	if !ok {
		x.problem("The request is not known or has expired.")
		return
	}
	app, ok := s.apps[x.env][params.Get("client_id")]
	if !ok || !slices.Contains(app.Grants, AuthorizationCode) {
		x.problem("The application is not known or may not sign users in.")
		return
	}
	if !redirectFits(app.RedirectURI, params.Get("redirect_uri")) {
		x.problem("The redirect_uri is not registered.")
		return
	}
	if code, description := checkAuthorization(params); code != "" {
		x.redirect(params, url.Values{"error": {code}, "error_description": {description}})
		return
	}
	x.page(signInPage, map[string]any{"Action": x.issuer + "/signin", "Params": params, "App": app.ID})
}

// requested resolves a request_uri.
func (s *Server) requested(form url.Values) (url.Values, bool) {
	uri := form.Get("request_uri")
	if uri == "" {
		return form, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.requests[uri]
	if !ok || p.client != form.Get("client_id") || s.cfg.Clock().After(p.expiry) {
		return nil, false
	}
	delete(s.requests, uri)
	return p.params, true
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
	app, ok := s.apps[x.env][params.Get("client_id")]
	if !ok || !slices.Contains(app.Grants, AuthorizationCode) || !redirectFits(app.RedirectURI, params.Get("redirect_uri")) {
		x.problem("The application or its redirect_uri is not known.")
		return
	}
	if code, description := checkAuthorization(params); code != "" {
		x.redirect(params, url.Values{"error": {code}, "error_description": {description}})
		return
	}
	subject, ok := s.cfg.Directory.SignIn(x.env, params.Get("username"), params.Get("password"))
	username := params.Get("username")
	params.Del("username")
	params.Del("password")
	if !ok {
		x.page(signInPage, map[string]any{
			"Action": x.issuer + "/signin", "Params": params, "App": app.ID, "Username": username,
			"Problem": "The username or the password is wrong, or the account cannot be used.",
		})
		return
	}
	code := randomText(24)
	now := s.cfg.Clock()
	s.mu.Lock()
	s.sweep(now)
	s.codes[code] = &grant{
		app: app, subject: subject, scope: params.Get("scope"), session: randomText(12), nonce: params.Get("nonce"),
		redirect: params.Get("redirect_uri"), challenge: params.Get("code_challenge"), expiry: now.Add(codeLifetime),
	}
	s.mu.Unlock()
	x.redirect(params, url.Values{"code": {code}})
}

// redirect sends the browser back to the client. The address was checked.
func (x *exchange) redirect(params, answer url.Values) {
	target, err := url.Parse(params.Get("redirect_uri"))
	if err != nil {
		x.problem("The redirect_uri cannot be read.")
		return
	}
	q := target.Query()
	for name, values := range answer {
		q[name] = values
	}
	if state := params.Get("state"); state != "" {
		q.Set("state", state)
	}
	q.Set("iss", x.issuer)
	target.RawQuery = q.Encode()
	x.w.Header().Set("Cache-Control", "no-store")
	http.Redirect(x.w, x.r, target.String(), http.StatusFound)
}

// problem shows an error to the user: the client cannot be told.
func (x *exchange) problem(message string) {
	x.w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	x.w.WriteHeader(http.StatusBadRequest)
	_ = messagePage.Execute(x.w, map[string]string{"Title": "Sign-on failed", "Message": message})
}

// page shows a page.
func (x *exchange) page(t *template.Template, values any) {
	h := x.w.Header()
	h.Set("Content-Type", "text/html;charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	_ = t.Execute(x.w, values) // fails only when the client is gone
}

// signOff ends nothing but shows the way back: sessions live in tokens only.
func (s *Server) signOff(x *exchange) {
	back := x.r.Form.Get("post_logout_redirect_uri")
	for _, app := range s.apps[x.env] {
		if back != "" && redirectFits(app.RedirectURI, back) {
			if state := x.r.Form.Get("state"); state != "" && !strings.Contains(back, "?") {
				back += "?" + url.Values{"state": {state}}.Encode()
			}
			http.Redirect(x.w, x.r, back, http.StatusFound)
			return
		}
	}
	x.page(messagePage, map[string]string{"Title": "Signed off", "Message": "You are signed off."})
}
