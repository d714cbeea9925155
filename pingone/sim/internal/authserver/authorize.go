package authserver

import (
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// codeLifetime of authorization codes.
const codeLifetime = time.Minute

// push keeps an authorization request and gives it a name (RFC 9126).
func (s *Server) push(x *exchange, app App) *refusal {
	const lifetime = 60 * time.Second
	uri := "urn:ietf:params:oauth:request_uri:" + randomText(16)
	s.keep(byRequest, uri, grant{app: app, params: x.r.PostForm}, lifetime)
	return x.json(http.StatusCreated, map[string]any{"request_uri": uri, "expires_in": int(lifetime.Seconds())})
}

// authorize shows the sign-in page for a valid request.
func (s *Server) authorize(x *exchange) *refusal {
	params, ok := s.requested(x.r.Form)
	if !ok {
		return x.problem("The request is not known or has expired.")
	}
	return s.authorization(x, params, func(app App) *refusal {
		return x.page(http.StatusOK, "signin", map[string]any{"Action": x.issuer + "/signin", "Params": params, "App": app.ID})
	})
}

// authorization goes on with an authorization request if that is valid.
func (s *Server) authorization(x *exchange, params url.Values, goOn func(App) *refusal) *refusal {
	app, ok := s.cfg.Directory.Apps(x.env)[params.Get("client_id")]
	if !ok || !slices.Contains(app.Grants, AuthorizationCode) {
		return x.problem("The application is not known or may not sign users in.")
	}
	if !redirectFits(app.RedirectURI, params.Get("redirect_uri")) {
		return x.problem("The redirect_uri is not registered.")
	}
	if code, description := checkAuthorization(params); code != "" {
		return x.redirect(params, url.Values{"error": {code}, "error_description": {description}})
	}
	return goOn(app)
}

// requested resolves a request_uri.
func (s *Server) requested(form url.Values) (url.Values, bool) {
	uri := form.Get("request_uri")
	if uri == "" {
		return form, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.find(byRequest, uri)
	if g == nil || g.app.ID != form.Get("client_id") {
		return nil, false
	}
	delete(s.grants, byRequest+uri)
	return g.params, true
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
func (s *Server) signIn(x *exchange) *refusal {
	params := x.r.PostForm
	return s.authorization(x, params, func(app App) *refusal {
		username := params.Get("username")
		subject, ok := s.cfg.Directory.SignIn(x.env, username, params.Get("password"))
		params.Del("username")
		params.Del("password")
		if !ok {
			return x.page(http.StatusOK, "signin", map[string]any{
				"Action": x.issuer + "/signin", "Params": params, "App": app.ID, "Username": username, "Problem": wrongCredentials,
			})
		}
		code := randomText(24)
		s.keep(byCode, code, grant{
			app: app, subject: subject, scope: params.Get("scope"), session: randomText(12), nonce: params.Get("nonce"),
			redirect: params.Get("redirect_uri"), challenge: params.Get("code_challenge"),
		}, codeLifetime)
		return x.redirect(params, url.Values{"code": {code}})
	})
}

// redirect sends the browser back to the client. The address was checked.
func (x *exchange) redirect(params, answer url.Values) *refusal {
	target, err := url.Parse(params.Get("redirect_uri"))
	if err != nil {
		return x.problem("The redirect_uri cannot be read.")
	}
	q := target.Query()
	maps.Copy(q, answer)
	if state := params.Get("state"); state != "" {
		q.Set("state", state)
	}
	q.Set("iss", x.issuer)
	target.RawQuery = q.Encode()
	x.w.Header().Set("Cache-Control", "no-store")
	http.Redirect(x.w, x.r, target.String(), http.StatusFound)
	return nil
}

// signOff ends nothing but shows the way back: sessions live in tokens only.
func (s *Server) signOff(x *exchange) *refusal {
	back := x.r.Form.Get("post_logout_redirect_uri")
	for _, app := range s.cfg.Directory.Apps(x.env) {
		if back != "" && redirectFits(app.RedirectURI, back) {
			if state := x.r.Form.Get("state"); state != "" && !strings.Contains(back, "?") {
				back += "?" + url.Values{"state": {state}}.Encode()
			}
			http.Redirect(x.w, x.r, back, http.StatusFound)
			return nil
		}
	}
	return x.message(http.StatusOK, "Signed off", "You are signed off.")
}
