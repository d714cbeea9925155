package config

import (
	"net/netip"
	"slices"
	"time"

	"github.com/pingone-gateway/gateway/tokens"
)

// Config is the whole configuration. Load returns it complete: defaults are
// filled in. It is not changed after that; a reload makes a new one.
type Config struct {
	// File is the path of the YAML file that was read, "" for none.
	File     string
	Listen   Listen
	Admin    Admin
	Postgres Postgres
	// PublicURL is the base that clients use, without a final slash; "" means
	// that it is taken from each request.
	PublicURL      string
	TrustedProxies []netip.Prefix
	// ForwardedHeader is "x-forwarded" or "forwarded": what the proxies set.
	ForwardedHeader string
	// CORSOrigins are the origins whose pages may read answers.
	CORSOrigins []string
	// HSTS is how long browsers shall use https alone; 0 for not at all.
	HSTS     time.Duration
	AllowIPs []netip.Prefix
	Auth     Auth
	// DefaultConnection names the connection that CData and unqualified names
	// mean.
	DefaultConnection string
	// Connections holds the connections by name.
	Connections map[string]*Connection
	Tokens      Tokens
	Redis       Redis
	// Replicas is the number of gateways that share PingOne's rate limits when
	// no Redis divides them.
	Replicas  int
	Readiness Readiness
	Limits    Limits
	OData     OData
	MCP       MCP
	Engine    Engine
	Log       Log
	Audit     Audit
	Tracing   Tracing
	Metrics   Metrics

	// Warnings are things worth saying that don't stop the service.
	Warnings []Problem

	origins map[string]string
}

// Listen is the public listener.
type Listen struct {
	Address string
	// TLSCertFile and TLSKeyFile turn on TLS; both or none.
	TLSCertFile string
	TLSKeyFile  string
	// TLSClientCAFile asks clients for certificates of these authorities.
	TLSClientCAFile string
	// TLSClientAuth is "require" or "optional".
	TLSClientAuth string
	// TLSMinVersion is "1.2" or "1.3".
	TLSMinVersion     string
	ReadHeaderTimeout time.Duration
	IdleTimeout       time.Duration
	// AllowedHosts are the host names that requests may be for.
	AllowedHosts []string
	// DrainDelay is the time between turning not ready and refusing new
	// connections; GraceTime is what running requests then have.
	DrainDelay time.Duration
	GraceTime  time.Duration
}

// Admin is the listener for metrics and health.
type Admin struct {
	// Address is "" when the listener is off.
	Address string
	// Token is needed for everything but health; empty for no token.
	Token tokens.Secret
	// AllowedHosts are names with a dot that the listener answers to.
	AllowedHosts []string
	Pprof        bool
}

// Postgres is the listener of the PostgreSQL wire protocol.
type Postgres struct {
	// Address is "" when the listener is off.
	Address string
	// RequireTLS refuses passwords of other hosts that come without TLS.
	RequireTLS bool
	// Connections bounds the clients at a time.
	Connections int
}

// The ways callers can be authenticated.
const (
	AuthNone        = "none"
	AuthKeys        = "keys"
	AuthOIDC        = "oidc"
	AuthPassThrough = "passthrough"
	AuthCertificate = "certificates"
)

// Auth says who may call.
type Auth struct {
	// Modes is a set of the Auth constants; AuthNone stands alone.
	Modes      []string
	KeysFile   string
	PolicyFile string
	// OIDC holds the token issuers by name.
	OIDC map[string]*Issuer
	// PassThroughEnvironments are the PingOne environments whose applications
	// may sign in with their own credentials; empty means those of the
	// connections.
	PassThroughEnvironments []string
	// PassThroughRoles are the roles of callers with PingOne credentials.
	PassThroughRoles []string
	// AnonymousRoles are those of the caller of AuthNone.
	AnonymousRoles []string
	// BearerAuthorizationURI is where Power Query signs in; "" for nowhere.
	BearerAuthorizationURI string
	// KeyParameter is the query parameter that may hold a key; "" for none.
	KeyParameter string
	// Certificates holds the callers known by client certificate, by name.
	Certificates map[string]*CertificateSubject
	// MaxFailures bounds wrong credentials per minute and address.
	MaxFailures int
}

// AnonymousRole is what the caller of AuthNone has unless configured.
const AnonymousRole = "anonymous"

// CertificateSubject is the owner of a client certificate. One of the first
// four is compared.
type CertificateSubject struct {
	Subject, DNSName, Email, URI string
	Roles                        []string
	Attributes                   []string // "name=value" each
}

// Has reports whether the mode is on.
func (a Auth) Has(mode string) bool {
	return slices.Contains(a.Modes, mode)
}

// Issuer is an OpenID Connect issuer whose tokens are accepted.
type Issuer struct {
	Issuer string
	// Audiences that a token may name; one must match.
	Audiences  []string
	JWKSURL    string
	NameClaim  string
	RolesClaim string
	// RoleValues are "value=role" each; empty takes values as roles.
	RoleValues []string
	// Attributes are "name=claim path" each.
	Attributes []string
	// Tenants of Entra ID that are let in.
	Tenants []string
	// RequiredScopes must all be in the token.
	RequiredScopes []string
}

// Tokens says where PingOne access tokens are kept.
type Tokens struct {
	// Store is a redis://, rediss://, file:// or memory:// address; "" means
	// Redis if there is one, else memory.
	Store string
	// EncryptionKeys seal what a store keeps: "id:base64 of 32 bytes" each. The
	// first one seals, all open.
	EncryptionKeys []tokens.Secret
	// NameKey keys the names of stored tokens: base64; empty means the last of
	// EncryptionKeys.
	NameKey tokens.Secret
	// RefreshAhead is how long before its end a token is renewed.
	RefreshAhead time.Duration
}

// Redis is the store that replicas share.
type Redis struct {
	// URL is redis:// or rediss://; empty means no Redis.
	URL       tokens.Secret
	Password  tokens.Secret
	TLSCAFile string
	Prefix    string
	Timeout   time.Duration
	// Required makes readiness and the start depend on Redis.
	Required bool
}

// Readiness says when the service calls itself ready.
type Readiness struct {
	// Degraded lets it be ready before any connection works.
	Degraded bool
	Interval time.Duration
}

// Limits bound what callers can cost. Zero means no bound where a field says
// so.
type Limits struct {
	RequestBytes int64
	URLBytes     int64
	HeaderBytes  int64
	QueryTime    time.Duration
	// Queries run at once; Queue more wait up to QueueTime, the rest is told to
	// come back.
	Queries   int
	Queue     int
	QueueTime time.Duration
	// CallerShare is the part of Queries that a caller can have if it is alone.
	CallerShare float64
	// Rows bounds one result; 0 means no bound.
	Rows int64
	// ResultBytes bounds the results kept for callers who accept an age.
	ResultBytes int64
	// PingOne are PingOne's limits, "group=calls" each.
	PingOne []string
	// RequestsPerMinute bounds one caller; 0 means no bound.
	RequestsPerMinute int
}

// MCP is the front end for language models.
type MCP struct{ Enabled bool }

// OData is the OData front end.
type OData struct {
	// PageSize is the number of entities after which a feed continues at a next
	// link, for clients that ask for no size; 0 means never.
	PageSize    int
	MaxPageSize int
	// LinkKeys sign next links: "id:base64 of 32 bytes" each; empty means keys
	// made from Tokens.EncryptionKeys or, without those, at the start.
	LinkKeys []tokens.Secret
}

// Engine is the SQL engine, which runs in processes of its own.
type Engine struct {
	// MemoryBytes, of all processes, and Threads, of each, are 0 to size them by
	// the host or the container.
	MemoryBytes int64
	Threads     int
	// Workers is the most processes, WorkerBytes the memory of each; 0 sizes
	// them by MemoryBytes.
	Workers     int
	WorkerBytes int64
	// Time bounds how long the engine works on one query.
	Time time.Duration
	// TempDir is where the engine spills; "" means a directory made for the
	// process. TempBytes bounds it.
	TempDir   string
	TempBytes int64
}

// Log is the service's log.
type Log struct {
	Level  string // debug, info, warn, error
	Format string // json, text
}

// Audit is the trail of who asked for what.
type Audit struct {
	// File is a path, "stdout" or "" for none.
	File string
	// MaxBytes, MaxAge and MaxBackups bound the files kept; 0 means no bound.
	MaxBytes   int64
	MaxAge     time.Duration
	MaxBackups int
	Compress   bool
	// Syslog is the receiver's URL, in place of File; "" for none.
	Syslog string
	// Required refuses requests that can't be recorded.
	Required bool
	// Statements says how query texts appear: redacted, hash, none or text.
	Statements string
}

// Tracing is OpenTelemetry.
type Tracing struct {
	// Endpoint is the OTLP/HTTP address; "" means off.
	Endpoint    string
	Headers     []tokens.Secret // "name=value" each
	SampleRatio float64
	ServiceName string
}

// Metrics is what /metrics shows.
type Metrics struct {
	NativeHistograms bool
	Exemplars        bool
}
