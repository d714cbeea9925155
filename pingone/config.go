package pingone

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/pingone/procedures"
	"github.com/pingone-gateway/gateway/pingone/tables"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Authorizer gives access tokens.
type Authorizer interface {
	// Token returns a token that can be used now. Errors are of package gwerr.
	Token(ctx context.Context) (Token, error)
}

// Token is an access token. Values are comparable with ==, and its methods are
// safe for concurrent use.
type Token interface {
	// Set puts the token on a request.
	Set(h http.Header)
	// Refused tells that the API answered 401 to a request with the token.
	Refused(ctx context.Context)
	// Valid reports whether the token has not expired at now.
	Valid(now time.Time) bool
}

// Permit is the right to make one call.
type Permit struct {
	// Group is the rate-limit group that pays: rlgDirAccessRps, rlgConfigRpm and
	// the like, as tables declare it.
	Group string
	// Bulk calls wait behind the others.
	Bulk bool
}

// Limiter hands out permits from the rate budget.
type Limiter interface {
	// Acquire waits until the call may be made; release must be called once it
	// is over. Errors are of package gwerr or the context's.
	Acquire(ctx context.Context, p Permit) (release func(), err error)
	// Report tells the outcome of a call: its HTTP status, and what a 429 asked
	// to wait.
	Report(ctx context.Context, p Permit, status int, retryAfter time.Duration)
}

// Clock tells the time and waits, so that tests need not.
type Clock interface {
	Now() time.Time
	// Sleep waits for d, or returns the context's error if that ends first.
	Sleep(ctx context.Context, d time.Duration) error
}

// Config describes a connection. Only Authorizer must be set; everything else
// has a default for its zero value.
type Config struct {
	// Region chooses the API's host: NA (also US), CA, EU, AU, SG, AP.
	// Default NA.
	Region string
	// APIURL is the API's base with /v1; it overrides Region.
	APIURL string
	// WorkerAppEnvironmentID names the default schema where DefaultSchema is
	// empty.
	WorkerAppEnvironmentID string
	// DefaultSchema is the schema of unqualified tables: a name or id.
	DefaultSchema string
	// Tables are the declared tables; default tables.All.
	Tables []*catalog.Table
	// Procedures are the declared procedures; default procedures.All.
	Procedures []*catalog.Procedure
	// ShowFlowGraph adds the tables with that option.
	ShowFlowGraph bool
	// Days are the windows of time, by catalog.Range.Option, that are read where
	// no condition says from when; 0 for those of the tables.
	Days map[string]int

	Authorizer Authorizer
	// Limiter paces calls; nil lets every call pass.
	Limiter Limiter
	// Sink receives observations; nil drops them.
	Sink observe.Sink
	// Clock and Jitter (uniform in [0,1)) are for tests.
	Clock  Clock
	Jitter func() float64

	// MaxParallel is the number of calls in flight. Default 32.
	MaxParallel int
	// CallTimeout bounds one call with its body. Default 60 s; negative for no
	// bound.
	CallTimeout time.Duration
	// IdleTimeout bounds the wait for the next bytes of a body. Default 30 s.
	IdleTimeout time.Duration
	// SilentFor is after what silence a connection is given up and its calls are
	// made again on another one: one of HTTP/2 when it answers no ping, one of
	// HTTP/1.1 that was used before when it answers no call. Default 8 s.
	SilentFor time.Duration
	// MaxBody bounds an answer, in bytes after decompression. Default 64 MiB.
	MaxBody int64
	// MaxAttempts bounds the attempts of a call that fails for other reasons
	// than the rate limit. Default 5.
	MaxAttempts int
	// MaxRetryTime bounds the time from a call's first attempt to the start of
	// its last. Default 2 min.
	MaxRetryTime time.Duration
	// SchemaTTL is how long environments and custom attributes are kept.
	// Default 300 s.
	SchemaTTL time.Duration

	// ProxyURL is an HTTP proxy; empty for the environment's settings.
	// NoProxy lists hosts that are reached without it, separated by commas.
	ProxyURL string
	NoProxy  string
	// CAPEM holds further trusted certificates.
	CAPEM []byte
	// DisableCompression asks for answers that are not compressed.
	DisableCompression bool
	// UserAgent is sent with every call. Default pingone-gateway.
	UserAgent string
	// Transport replaces the HTTP transport, for tests.
	Transport http.RoundTripper
	// Wrap goes around the HTTP transport, for traces; nil for nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
}

func (c Config) withDefaults() (Config, error) {
	if c.Authorizer == nil {
		return c, gwerr.New(gwerr.Config, "The PingOne connection has no credentials.", "Configure AuthScheme and what it needs.").On("AuthScheme")
	}
	if c.Tables == nil {
		var err error
		if c.Tables, err = tables.All(); err != nil {
			return c, err
		}
	}
	if c.Procedures == nil {
		var err error
		if c.Procedures, err = procedures.All(); err != nil {
			return c, err
		}
	}
	for _, d := range c.Procedures {
		if d.Call == nil && ownProcedures[d.Signature.Name] == nil {
			return c, gwerr.New(gwerr.Internal, "The procedure "+d.Signature.Name+" declares no call, and the gateway has no code for it.", "")
		}
	}
	c.Tables = slices.DeleteFunc(slices.Clone(c.Tables), func(t *catalog.Table) bool {
		return t.Option == "ShowFlowGraph" && !c.ShowFlowGraph
	})
	for i, t := range c.Tables {
		c.Tables[i] = windowed(t, c.Days)
	}
	if c.Limiter == nil {
		c.Limiter = unlimited{}
	}
	c.Sink = cmp.Or(c.Sink, observe.Discard)
	if c.Clock == nil {
		c.Clock = systemClock{}
	}
	if c.Jitter == nil {
		c.Jitter = rand.Float64 // spreads retries; needs no secrecy
	}
	c.UserAgent = cmp.Or(c.UserAgent, "pingone-gateway")
	c.MaxParallel = cmp.Or(c.MaxParallel, 32)
	c.CallTimeout = cmp.Or(c.CallTimeout, time.Minute)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, 30*time.Second)
	c.SilentFor = cmp.Or(c.SilentFor, 8*time.Second)
	c.MaxBody = cmp.Or(c.MaxBody, 64<<20)
	c.MaxAttempts = cmp.Or(c.MaxAttempts, 5)
	c.MaxRetryTime = cmp.Or(c.MaxRetryTime, 2*time.Minute)
	c.SchemaTTL = cmp.Or(c.SchemaTTL, 300*time.Second)
	if c.MaxParallel < 1 || c.MaxParallel > 256 {
		return c, gwerr.New(gwerr.Config, "MaxParallel is "+strconv.Itoa(c.MaxParallel)+".", "Use a number from 1 to 256.").On("MaxParallel")
	}
	return c, nil
}

type unlimited struct{}

func (unlimited) Acquire(ctx context.Context, _ Permit) (func(), error) {
	return func() {}, ctx.Err()
}

func (unlimited) Report(context.Context, Permit, int, time.Duration) {}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// windowed is the table with the windows of time that the connection sets.
func windowed(t *catalog.Table, days map[string]int) *catalog.Table {
	sets := func(p catalog.Path) bool { return p.Range != nil && days[p.Range.Option] > 0 }
	if !slices.ContainsFunc(t.Paths, sets) {
		return t
	}
	own := *t
	own.Paths = slices.Clone(t.Paths)
	for i := range own.Paths {
		if p := &own.Paths[i]; sets(*p) {
			span := *p.Range
			span.Days = int64(days[span.Option])
			p.Range = &span
		}
	}
	return &own
}
