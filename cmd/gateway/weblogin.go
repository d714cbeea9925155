package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/httpguard"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/tokens/oauth"
)

// signInRight is the procedure whose callers may sign a connection in: both
// give it a token.
const signInRight = "GetOAuthAccessToken"

// callbackPath is where PingOne sends browsers back to; connections other than
// the default one have their name after it.
const callbackPath = "/oauth/callback"

// loginMounts are the pages at which people sign in connections of AuthScheme
// OAuth. There are none without such a connection.
func (a *app) loginMounts() ([]server.Mount, error) {
	logins := map[string]string{} // callback addresses by connection
	var out []server.Mount
	only := httpguard.Methods(a.fail, http.MethodGet)
	for _, name := range a.pool.Names() {
		c, _ := a.pool.Get(name)
		if a.config.Connections[name].AuthScheme != config.SchemeOAuth || c.Tokens.Client == nil {
			continue
		}
		address, err := a.callback(name)
		if err != nil {
			return nil, err
		}
		logins[name] = address.String()
		// The way back needs no credentials: the state is sealed, belongs to
		// the browser, and was given to a caller with the right.
		out = append(out, server.Mount{Pattern: address.Path, FrontEnd: "oauth", Open: true, Handler: only(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a.webLogin(name, address.String()).Callback(w, r)
		}))})
	}
	if len(logins) == 0 {
		return nil, nil
	}
	start := func(w http.ResponseWriter, r *http.Request) { a.startLogin(w, r, logins) }
	return append(out, server.Mount{Pattern: "/oauth/login", FrontEnd: "oauth", Handler: only(http.HandlerFunc(start))}), nil
}

// callback is the address of a connection's callback page: CallbackURL where
// it leads here, else one of ours. It must be registered with the application.
func (a *app) callback(name string) (*url.URL, error) {
	base := a.config.PublicURL
	if base == "" {
		scheme := "http"
		if a.config.Listen.TLSCertFile != "" {
			scheme = "https"
		}
		base = scheme + "://" + a.config.Listen.Address
	}
	public, err := url.Parse(base)
	if err != nil {
		return nil, gwerr.Wrap(gwerr.Config, err, "public_url can't be read.", "").On("public_url")
	}
	if given, err := url.Parse(a.config.Connections[name].CallbackURL); err == nil && given.Host == public.Host && strings.Trim(given.Path, "/") != "" {
		return given, nil
	}
	path := callbackPath
	if name != a.config.DefaultConnection {
		path += "/" + name
	}
	if public.Path == "" {
		public.Path = "/" // JoinPath would make a relative one
	}
	return public.JoinPath(path), nil
}

// webLogin is made for each request, because a reload may bring the
// application a new secret.
func (a *app) webLogin(name, address string) *oauth.WebLogin {
	c, _ := a.pool.Get(name)
	return &oauth.WebLogin{
		Client: c.Tokens.Client, CallbackURL: address, Ring: a.vault.Ring,
		Fail: func(w http.ResponseWriter, r *http.Request, err *gwerr.Error) {
			a.recordLogin(r, name, nil, err)
			a.fail(w, r, err)
		},
		Done: func(w http.ResponseWriter, r *http.Request, l oauth.LoginResult) {
			err := c.Tokens.Adopt(r.Context(), l.Token)
			a.recordLogin(r, name, nil, err)
			switch {
			case err != nil:
				a.fail(w, r, err)
			case l.ReturnTo != "/":
				http.Redirect(w, r, l.ReturnTo, http.StatusSeeOther)
			default:
				w.Header().Set("Content-Type", "text/plain; charset=utf-8")
				_, _ = fmt.Fprintf(w, "Signed in. The connection %s keeps its tokens from now on.\n", name) //nolint:gosec // plain text, and a name of the configuration
			}
		},
	}
}

// startLogin sends the browser of a caller with the right to PingOne.
func (a *app) startLogin(w http.ResponseWriter, r *http.Request, logins map[string]string) {
	name := cmp.Or(r.URL.Query().Get("connection"), a.config.DefaultConnection)
	caller := auth.FromContext(r.Context())
	err := a.service.MayCall(signInRight, caller)
	if err == nil && caller.Upstream != nil {
		err = gwerr.New(gwerr.Forbidden, "Callers with PingOne credentials of their own sign in no connection.", "Use an API key of an administrator.")
	}
	address, ok := logins[name]
	if err == nil && !ok {
		err = gwerr.New(gwerr.NotFound, "There is no connection of that name to sign in to.", "Only connections of AuthScheme OAuth take a sign-in.")
	}
	if err != nil {
		a.recordLogin(r, name, caller, err)
		a.fail(w, r, err)
		return
	}
	a.recordLogin(r, name, caller, nil)
	a.webLogin(name, address).Login(w, r)
}

// recordLogin puts a step of a sign-in on the trail: its start with the
// caller, its end without, since the browser comes back without credentials.
func (a *app) recordLogin(r *http.Request, connection string, caller *auth.Principal, err error) {
	if a.trail == nil {
		return
	}
	ctx := r.Context()
	// A trail that is required and can't be kept already refuses callers at
	// the door.
	_ = a.trail.Record(ctx, audit.Record{
		Action: "sign_in", FrontEnd: "oauth", Principal: caller, Remote: addressOf(server.ClientIP(r)),
		RequestID: observe.RequestID(ctx), Connection: connection, Err: err, Started: time.Now(),
	})
}
