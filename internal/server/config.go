package server

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth/httpguard"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/tokens"
)

// Config is what New needs. Zero limits mean the defaults named with them.
type Config struct {
	Public Listener
	Admin  Admin
	// Further listeners are public as well, such as that of another protocol.
	Further []Endpoint
	// Mounts are the front ends.
	Mounts []Mount
	// Guard authenticates callers of mounts that are not Open; nil for none.
	Guard func(http.Handler) http.Handler
	// Refused is told of requests to a data front end, odata, sql or mcp, that end
	// before it sees them; nil for nobody.
	Refused func(r *http.Request, frontEnd string, err error)
	// Page shows an error of the public listener to a person; it returns false where a
	// program asks, and writes nothing then. nil leaves all errors to programs.
	Page func(w http.ResponseWriter, r *http.Request, e *gwerr.Error) bool
	// Trace starts a trace for each request; nil for none.
	Trace func(http.Handler) http.Handler
	// Proxies says whom to believe about who calls, and by which address.
	Proxies httpguard.ProxyConfig
	// CORSOrigins are the origins whose pages may read answers.
	CORSOrigins []string
	// HSTS is how long browsers shall use https alone; 0 for not at all.
	HSTS time.Duration
	// AllowHosts are the only host names answered for; empty for all.
	AllowHosts []string
	// AllowIPs are the only addresses served; empty for all.
	AllowIPs []netip.Prefix
	Limits   Limits
	// Checks decide readiness; nil means ready once listening.
	Checks *Checks
	// OpenAPI is the description served at /openapi.yaml; nil for none.
	OpenAPI []byte
	// Home is the path that / leads to; "" for /docs.
	Home string
	// DrainDelay passes between not ready and refusing connections; GraceTime
	// is what running requests then have.
	DrainDelay, GraceTime time.Duration
	Sink                  observe.Sink
	// Now and After are the clock; nil means the real one.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
}

// Listener is the public listener.
type Listener struct {
	Address string
	// TLS is nil for plain HTTP.
	TLS *TLS
	// ReadHeaderTimeout is 10 s and IdleTimeout 2 min by default.
	ReadHeaderTimeout, IdleTimeout time.Duration
}

// Protocol is what is spoken on a listener; *http.Server is one.
type Protocol interface {
	// Serve takes connections until Shutdown, and returns http.ErrServerClosed
	// then.
	Serve(net.Listener) error
	// Shutdown takes no more connections and waits for those at work, as long as
	// its context allows.
	Shutdown(context.Context) error
	// Close cuts all connections.
	Close() error
}

// Endpoint is an address where a protocol is spoken.
type Endpoint struct {
	// Name is told when it listens, Option names the setting of Address.
	Name, Option, Address string
	Protocol              Protocol
}

// TLS names the files of a listener's certificate, all PEM.
type TLS struct {
	CertFile, KeyFile string
	// ClientCAFile asks for client certificates of these authorities; "" does
	// not ask. ClientRequired refuses clients without one.
	ClientCAFile   string
	ClientRequired bool
	// MinVersion is "1.2", the default, or "1.3".
	MinVersion string
}

// Admin is the listener for operators.
type Admin struct {
	// Address is "" to go without.
	Address string
	// Token is needed for everything but health. Without one /loglevel and
	// /debug/pprof are for this host alone.
	Token tokens.Secret
	// AllowHosts are names with a dot under which the listener answers.
	AllowHosts []string
	Pprof      bool
	// Metrics serves /metrics.
	Metrics http.Handler
	// Page serves / and what it needs below /console/; nil for none. Browsers send the
	// token as a password.
	Page http.Handler
	// Level serves /loglevel; nil for none.
	Level LevelSetter
}

// LevelSetter is a log whose level can change.
type LevelSetter interface {
	Level() string
	SetLevel(string) error
}

// Mount is a front end at an address.
type Mount struct {
	// Pattern is a chi pattern, such as /odata/*.
	Pattern string
	// FrontEnd labels its observations: odata, sql, oauth, console.
	FrontEnd string
	Handler  http.Handler
	// Open marks addresses that need no credentials.
	Open bool
}

// Limits bound what requests may cost.
type Limits struct {
	RequestBytes int64         // 1 MiB by default
	URLBytes     int64         // 16 KiB
	HeaderBytes  int64         // 32 KiB
	BodyTime     time.Duration // 30 s to send a body
	AnswerTime   time.Duration // 15 min until an answer has been taken
}

func (c *Config) defaults() {
	l := &c.Limits
	l.RequestBytes = cmp.Or(l.RequestBytes, 1<<20)
	l.URLBytes = cmp.Or(l.URLBytes, 16<<10)
	l.HeaderBytes = cmp.Or(l.HeaderBytes, 32<<10)
	l.BodyTime = cmp.Or(l.BodyTime, 30*time.Second)
	l.AnswerTime = cmp.Or(l.AnswerTime, 15*time.Minute)
	c.Public.ReadHeaderTimeout = cmp.Or(c.Public.ReadHeaderTimeout, 10*time.Second)
	c.Public.IdleTimeout = cmp.Or(c.Public.IdleTimeout, 2*time.Minute)
	c.Sink = cmp.Or(c.Sink, observe.Discard)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = time.After
	}
}

func (c *Config) check() error {
	if c.Public.Address == "" {
		return gwerr.New(gwerr.Config, "The public listener has no address.", "Set listen.address.")
	}
	for _, m := range c.Mounts {
		if m.Handler == nil || m.Pattern == "" {
			return gwerr.Newf(gwerr.Internal, "The mount %q has no handler or pattern.", m.Pattern)
		}
	}
	return nil
}
