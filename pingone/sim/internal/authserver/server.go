// Package authserver is an OAuth 2.0 and OpenID Connect authorization server as
// PingOne runs one per environment. It knows applications and grants; who the
// users are, and what they may do, is the business of its Directory.
package authserver

import (
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// The grant types of applications.
const (
	ClientCredentials = "client_credentials"
	AuthorizationCode = "authorization_code"
	RefreshToken      = "refresh_token"
	DeviceCode        = "urn:ietf:params:oauth:grant-type:device_code"
)

// The ways in which a client proves itself at the token endpoint.
const (
	methodNone      = "NONE"
	methodBasic     = "CLIENT_SECRET_BASIC"
	methodPost      = "CLIENT_SECRET_POST"
	methodSecretJWT = "CLIENT_SECRET_JWT"
	methodKeyJWT    = "PRIVATE_KEY_JWT"
)

// App is a registered application.
type App struct {
	ID, Secret  string
	Method      string   // tokenEndpointAuthMethod
	Grants      []string // allowed grant types
	RedirectURI string   // for authorization_code; loopback addresses match on any port
	NoRoles     bool     // a worker without roles gets no token
}

// Directory knows the users of an environment.
type Directory interface {
	// SignIn gives the id of the user whose password this is.
	SignIn(environment, username, password string) (subject string, ok bool)
	// UserByName gives the id of a user.
	UserByName(environment, username string) (subject string, ok bool)
	// Profile gives the user's OpenID Connect claims.
	Profile(environment, subject string) (claims map[string]any, ok bool)
}

// Config is what a Server needs.
type Config struct {
	Organization    string
	Apps            map[string][]App // by environment id
	Directory       Directory
	Clock           func() time.Time
	Key             *rsa.PrivateKey // the first signing key; nil: made when it is needed
	Lifetime        time.Duration   // of access and ID tokens
	RefreshLifetime time.Duration
	RefreshGrace    time.Duration // in which a rotated refresh token still works
}

// Server issues and checks tokens. It is safe for concurrent use.
type Server struct {
	cfg  Config
	apps map[string]map[string]App // by environment and client id

	mu        sync.Mutex
	keys      []signingKey // the last one signs
	clientKey *rsa.PrivateKey
	issued    map[string]*issuedToken // by jti
	verified  map[string]Claims       // by token text; a cache
	swept     time.Time
	codes     map[string]*grant
	refresh   map[string]*grant
	devices   map[string]*device // by device code
	requests  map[string]pushed  // by request_uri
	used      map[string]time.Time
}

// New makes a server. Keys are made when they are first needed.
func New(cfg Config) (*Server, error) {
	s := &Server{
		cfg: cfg, apps: make(map[string]map[string]App),
		issued: make(map[string]*issuedToken), verified: make(map[string]Claims),
		codes: make(map[string]*grant), refresh: make(map[string]*grant),
		devices: make(map[string]*device), requests: make(map[string]pushed), used: make(map[string]time.Time),
	}
	if cfg.Key != nil {
		s.keys = []signingKey{{id: randomText(12), key: cfg.Key}}
	}
	for env, apps := range cfg.Apps {
		s.apps[env] = make(map[string]App)
		for _, a := range apps {
			s.apps[env][a.ID] = a
		}
	}
	return s, nil
}

// exchange is one request with where it came in.
type exchange struct {
	w      http.ResponseWriter
	r      *http.Request
	env    string
	issuer string
}

// endpoints by path below /{environmentID}/as/.
var endpoints = map[string]map[string]func(*Server, *exchange){
	"token":                            {http.MethodPost: (*Server).token},
	"authorize":                        {http.MethodGet: (*Server).authorize, http.MethodPost: (*Server).authorize},
	"signin":                           {http.MethodPost: (*Server).signIn},
	"par":                              {http.MethodPost: (*Server).push},
	"device_authorization":             {http.MethodPost: (*Server).authorizeDevice},
	"device":                           {http.MethodGet: (*Server).devicePage, http.MethodPost: (*Server).deviceSignIn},
	"introspect":                       {http.MethodPost: (*Server).introspect},
	"revoke":                           {http.MethodPost: (*Server).revoke},
	"userinfo":                         {http.MethodGet: (*Server).userInfo, http.MethodPost: (*Server).userInfo},
	"jwks":                             {http.MethodGet: (*Server).jwks},
	".well-known/openid-configuration": {http.MethodGet: (*Server).discovery},
	"signoff":                          {http.MethodGet: (*Server).signOff},
}

// Knows reports whether there is an endpoint at a path below /as/.
func (s *Server) Knows(path string) bool { return endpoints[path] != nil }

// maxForm bounds a request body, in bytes.
const maxForm = 64 << 10

// Serve answers a request under /{environment}/as/.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, environment, path string) {
	methods, ok := endpoints[path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	handle, ok := methods[r.Method]
	if !ok {
		http.Error(w, "The method is not allowed.", http.StatusMethodNotAllowed)
		return
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	x := &exchange{w: w, r: r, env: environment, issuer: scheme + "://" + r.Host + "/" + environment + "/as"}
	if err := r.ParseForm(); err != nil {
		x.fail(http.StatusBadRequest, "invalid_request", "The form cannot be read.")
		return
	}
	handle(s, x)
}

// json sends an answer that must not be stored.
func (x *exchange) json(status int, body any) {
	x.w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	x.w.Header().Set("Cache-Control", "no-store")
	x.w.Header().Set("Pragma", "no-cache")
	x.w.WriteHeader(status)
	_ = json.NewEncoder(x.w).Encode(body) // fails only when the client is gone
}

// fail sends an OAuth error (RFC 6749 section 5.2).
func (x *exchange) fail(status int, code, description string) {
	if status == http.StatusUnauthorized && code == "invalid_client" {
		x.w.Header().Set("WWW-Authenticate", `Basic realm="PingOne"`)
	}
	x.json(status, map[string]string{"error": code, "error_description": description})
}

// oauthError is a refusal with its place in the protocol.
type oauthError struct {
	status            int
	code, description string
}

// Error implements error.
func (e *oauthError) Error() string { return e.code + ": " + e.description }

func badRequest(code, description string) *oauthError {
	return &oauthError{http.StatusBadRequest, code, description}
}

func invalidClient(description string) *oauthError {
	return &oauthError{http.StatusUnauthorized, "invalid_client", description}
}
