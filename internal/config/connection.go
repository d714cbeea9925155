package config

import (
	"time"

	"github.com/pingone-gateway/gateway/tokens"
)

// The values of Connection.AuthScheme.
const (
	SchemeOAuthClient = "OAuthClient"
	SchemeOAuth       = "OAuth"
	SchemeOAuthDevice = "OAuthDevice"
	SchemeToken       = "Token"
	SchemePassThrough = "PassThrough"
)

// Connection is one connection to PingOne. The fields stand in the order of
// the connection properties of docs/configuration.md, which explains them.
type Connection struct {
	Name string

	AuthScheme              string
	Region                  string // NA, CA, EU, AU, SG, AP
	WorkerAppEnvironmentID  string
	AuthorizationServerURL  string
	APIURL                  string // ends in /v1
	DaVinciAPIURL           string
	AllowPlainHTTP          bool
	OAuthClientID           string
	OAuthClientSecret       tokens.Secret
	TokenEndpointAuthMethod string
	OAuthPrivateKey         tokens.Secret // PEM
	OAuthPrivateKeyID       string

	InitiateOAuth         string
	OAuthAccessToken      tokens.Secret
	OAuthRefreshToken     tokens.Secret
	OAuthExpiresIn        time.Duration
	OAuthTokenTimestamp   int64 // milliseconds since 1970
	OAuthVerifier         tokens.Secret
	OAuthSettingsLocation tokens.Secret // may hold a password
	CallbackURL           string

	Schema           string
	BrowsableSchemas []string
	Tables           []string
	Views            []string
	UserDefinedViews string // file

	Pagesize          int   // 0: each path's own
	MaxRows           int64 // -1: no bound
	Timeout           time.Duration
	Readonly          bool
	BatchSize         int
	PseudoColumns     string
	MaxParallel       int
	MaxFanout         int64 // 0: no bound
	MaxAffectedRows   int64
	PushUnconfirmed   bool
	ActivityDays      int
	MetricsDays       int
	SchemaTTL         time.Duration
	ListFormat        string // array, comma
	RateShare         float64
	SkipForbidden     bool
	AllowSchemaDelete bool
	ShowFlowGraph     bool

	Compression     bool
	SSLServerCert   string // PEM text or a file
	ProxyServer     string
	ProxyPort       int
	ProxyUser       string
	ProxyPassword   tokens.Secret
	ProxyExceptions []string

	Logfile   string
	Verbosity int // 0: the service's own level
}
