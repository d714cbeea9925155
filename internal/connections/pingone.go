package connections

import (
	"context"
	"net/http"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/limiter"
)

// Bearer gives the tokens of a source to calls of PingOne's API.
type Bearer struct{ Source tokens.Source }

// Token implements pingone.Authorizer.
func (b Bearer) Token(ctx context.Context) (pingone.Token, error) {
	t, err := b.Source.Token(ctx)
	if err != nil {
		return nil, err
	}
	return &heldToken{source: b.Source, token: t}, nil
}

// heldToken is a pingone.Token, as a header of RFC 6750.
type heldToken struct {
	source tokens.Source
	token  tokens.Token
}

func (t *heldToken) Set(h http.Header) { h.Set("Authorization", "Bearer "+t.token.Value.Reveal()) }

func (t *heldToken) Refused(ctx context.Context) { t.source.Invalidate(ctx, t.token) }

func (t *heldToken) Valid(now time.Time) bool {
	return t.token.Expiry.IsZero() || now.Before(t.token.Expiry)
}

// paced asks the rate budget for calls on behalf of the context's caller.
type paced struct {
	budget limiter.Limiter
	config *config.Connection
}

// license stands for what pays for the calls: the environment that owns the
// application, since the license itself may not be readable.
func (p paced) license() string { return p.config.Name + "/" + p.config.WorkerAppEnvironmentID }

// Acquire implements pingone.Limiter.
func (p paced) Acquire(ctx context.Context, permit pingone.Permit) (func(), error) {
	r := limiter.Request{License: p.license(), Group: permit.Group, Caller: auth.FromContext(ctx).Identity()}
	if permit.Bulk {
		r.Priority = limiter.Bulk
	}
	return p.budget.Acquire(ctx, r)
}

// Report implements pingone.Limiter.
func (p paced) Report(ctx context.Context, permit pingone.Permit, status int, retryAfter time.Duration) {
	p.budget.Report(ctx, p.license(), permit.Group, limiter.Outcome{Status: status, RetryAfter: retryAfter})
}
