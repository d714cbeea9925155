package auth

import (
	"cmp"
	"context"
	"errors"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// Authenticator decides who a caller is.
//
// Errors are of package gwerr: Unauthenticated when the credentials are
// missing or wrong, TooManyRequests with RetryAfter when the caller must wait,
// and codes of the upstream when an identity provider could not be asked.
type Authenticator interface {
	Authenticate(ctx context.Context, c Credentials) (*Principal, error)
}

// ErrNotMine is what a Method returns for credentials of a form that it does
// not know; the next method is tried.
var ErrNotMine = errors.New("auth: credentials of another kind")

// Method recognises one kind of credentials. It returns ErrNotMine for others.
type Method interface {
	// Name is a word from a closed set for metrics, such as "api_key".
	Name() string
	Authenticate(ctx context.Context, c Credentials) (*Principal, error)
}

// Config configures an authenticator.
type Config struct {
	// Methods are tried in order; the first that knows the form decides.
	Methods []Method
	// Damper slows down guessing; nil for none.
	Damper *Damper
	// Anonymous is the caller of requests without credentials; nil to refuse
	// them. The configuration allows one on loopback alone.
	Anonymous *Principal
	// Sink receives observe.Authenticated events; nil discards them.
	Sink observe.Sink
}

// New returns an authenticator. The error is gwerr.Config where nobody could
// ever be let in.
func New(cfg Config) (Authenticator, error) {
	if len(cfg.Methods) == 0 && cfg.Anonymous == nil {
		return nil, gwerr.New(gwerr.Config, "No way to authenticate is configured.",
			"Configure API keys, OIDC or pass-through; on loopback `auth: none` is possible too.")
	}
	cfg.Sink = cmp.Or(cfg.Sink, observe.Discard)
	return &chain{cfg: cfg}, nil
}

type chain struct{ cfg Config }

// Authenticate implements Authenticator.
func (a *chain) Authenticate(ctx context.Context, c Credentials) (*Principal, error) {
	if c.Empty() {
		return a.withoutCredentials(ctx)
	}
	if wait := a.cfg.Damper.Wait(c.Remote, c.User); wait > 0 {
		a.report(ctx, "", "damped")
		return nil, gwerr.New(gwerr.TooManyRequests, "Too many failed sign-ins.",
			"Wait as long as Retry-After says, then try again with the right credentials.").After(wait)
	}
	p, method, err := a.try(ctx, c)
	switch {
	case err == nil:
		a.cfg.Damper.Succeeded(c.User)
		a.report(ctx, method, "ok")
		return p, nil
	case gwerr.Is(err, gwerr.Unauthenticated):
		// Only wrong credentials count: a caller isn't to blame for an identity
		// provider that can't be reached.
		a.cfg.Damper.Failed(c.Remote, c.User)
		a.report(ctx, method, "rejected")
	default:
		a.report(ctx, method, "failed")
	}
	return nil, err
}

func (a *chain) withoutCredentials(ctx context.Context) (*Principal, error) {
	if a.cfg.Anonymous != nil {
		a.report(ctx, "none", "ok")
		return a.cfg.Anonymous, nil
	}
	a.report(ctx, "none", "challenged")
	return nil, gwerr.New(gwerr.Unauthenticated, "Credentials are needed.",
		"Send an API key as Basic password or X-API-Key, or a bearer token.")
}

func (a *chain) try(ctx context.Context, c Credentials) (*Principal, string, error) {
	for _, m := range a.cfg.Methods {
		p, err := m.Authenticate(ctx, c)
		if errors.Is(err, ErrNotMine) {
			continue
		}
		if err != nil {
			return nil, m.Name(), err
		}
		return p, m.Name(), nil
	}
	return nil, "", Rejected(nil)
}

func (a *chain) report(ctx context.Context, method, outcome string) {
	a.cfg.Sink.Observe(ctx, observe.Authenticated{Method: method, Outcome: outcome})
}

// Rejected returns the error for wrong credentials. It says the same whatever
// was wrong, so that it helps nobody to guess; cause is for the log.
func Rejected(cause error) error {
	return gwerr.Wrap(gwerr.Unauthenticated, cause, "The credentials are not valid.",
		"Check the key, token or password; it may have expired or been revoked.")
}
