package oauth

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
)

// LoginFlow signs a person in at a desktop: it listens on the callback
// address, opens the browser and redeems the code (RFC 8252).
type LoginFlow struct {
	Client *Client
	// CallbackURL is a loopback address registered with the application, such
	// as http://localhost:33333. Port 0 takes any free port.
	CallbackURL string
	// Scopes default to openid.
	Scopes []string
	// Open opens the address in a browser. If it is nil or fails, Tell's
	// address must be opened by hand.
	Open func(address string) error
	// Tell shows a line to the person.
	Tell func(line string)
}

// Run waits until the person has signed in, or ctx ends.
func (l *LoginFlow) Run(ctx context.Context) (tokens.Token, error) {
	callback, listener, err := l.listen(ctx)
	if err != nil {
		return tokens.Token{}, err
	}
	attempt, err := l.Client.NewAttempt(AuthorizeRequest{RedirectURL: callback.String(), Scopes: l.Scopes})
	if err != nil {
		_ = listener.Close()
		return tokens.Token{}, err
	}
	codes := make(chan codeOrError, 1)
	server := &http.Server{Handler: callbackHandler(callback.Path, attempt.State, codes), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 1 << 16}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(end) != nil {
			_ = server.Close()
		}
		<-served
	}()
	l.invite(attempt.URL)
	select {
	case <-ctx.Done():
		return tokens.Token{}, gwerr.From(ctx.Err())
	case got := <-codes:
		if got.err != nil {
			return tokens.Token{}, got.err
		}
		return l.Client.Exchange(ctx, got.code, attempt.Verifier, attempt.RedirectURL)
	}
}

func (l *LoginFlow) invite(address string) {
	tell := l.Tell
	if tell == nil {
		tell = func(string) {}
	}
	if l.Open != nil && l.Open(address) == nil {
		tell("Sign in with the browser that has just opened. If none has, open this address:")
	} else {
		tell("Open this address in a browser on this machine and sign in:")
	}
	tell(address)
}

// listen opens the callback address and returns it with the port in use.
func (l *LoginFlow) listen(ctx context.Context) (*url.URL, net.Listener, error) {
	u, err := url.Parse(l.CallbackURL)
	if err != nil || u.Scheme != "http" || !isLoopback(u.Hostname()) || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, nil, gwerr.New(gwerr.Config, "CallbackURL is not an http address of this machine.",
			"Use http://localhost:33333 and register it with the application, or sign in by device code.").On("CallbackURL")
	}
	port := cmp.Or(u.Port(), "80")
	host := u.Hostname()
	if host == "localhost" {
		host = "127.0.0.1"
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, nil, gwerr.Wrap(gwerr.Config, err, fmt.Sprintf("Cannot listen on %s.", l.CallbackURL),
			"Close the program that uses the port, or set another CallbackURL.").On("CallbackURL")
	}
	if _, actual, err := net.SplitHostPort(listener.Addr().String()); err == nil {
		u.Host = net.JoinHostPort(u.Hostname(), actual)
	}
	return u, listener, nil
}

type codeOrError struct {
	code string
	err  error
}

// callbackHandler takes the one redirect that carries the right state.
func callbackHandler(path, state string, codes chan<- codeOrError) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != path && (path != "" || r.URL.Path != "/") {
			http.NotFound(w, r)
			return
		}
		code, err := codeOf(r.URL.Query(), state)
		if errors.Is(err, errForeignState) {
			page(w, http.StatusBadRequest, "This answer belongs to another sign-in.")
			return
		}
		select {
		case codes <- codeOrError{code, err}:
		default: // an answer has come already
		}
		if err != nil {
			page(w, http.StatusForbidden, gwerr.From(err).Message)
			return
		}
		page(w, http.StatusOK, "You are signed in. You can close this window.")
	})
}

var errForeignState = errors.New("oauth: the state is not that of this login")

// codeOf reads an authorization response (RFC 6749 section 4.1.2).
func codeOf(q url.Values, state string) (string, error) {
	if state == "" || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(state)) != 1 {
		return "", errForeignState
	}
	if code := q.Get("error"); code != "" {
		if e, ok := refusals[code]; ok {
			return "", gwerr.New(gwerr.UpstreamAuth, fmt.Sprintf(e.message, grantCode), e.hint)
		}
		return "", gwerr.New(gwerr.UpstreamAuth, "PingOne refused the sign-in.", "Check the application in PingOne, and sign in again.")
	}
	if q.Get("code") == "" {
		return "", gwerr.New(gwerr.UpstreamAuth, "The sign-in brought no authorization code.", "Start it again.")
	}
	return q.Get("code"), nil
}

var pageTemplate = template.Must(template.New("").Parse(
	`<!doctype html><html lang="en"><meta charset="utf-8"><title>PingOne Gateway</title><p>{{.}}</p></html>` + "\n"))

func page(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = pageTemplate.Execute(w, text)
}

// RunDevice signs a person in by device code: for machines without a browser.
func (l *LoginFlow) RunDevice(ctx context.Context) (tokens.Token, error) {
	d, err := l.Client.StartDevice(ctx, l.Scopes...)
	if err != nil {
		return tokens.Token{}, err
	}
	if l.Tell != nil {
		l.Tell(fmt.Sprintf("Open %s on any device and enter the code %s.", d.VerificationURI, d.UserCode))
		if d.VerificationURIComplete != "" {
			l.Tell("Or open " + d.VerificationURIComplete)
		}
	}
	return l.Client.PollDevice(ctx, d)
}
