// Package authserver is an OAuth 2.0 and OpenID Connect authorization server as
// PingOne runs one per environment. It knows applications and grants; who the
// users are, what they may do and which applications there are is the business of
// its Directory.
package authserver

import (
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	lru "github.com/hashicorp/golang-lru/v2"
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
	ID          string
	Secrets     []string // that are good now
	Method      string   // tokenEndpointAuthMethod
	Grants      []string // allowed grant types
	RedirectURI string   // for authorization_code; loopback addresses match on any port
	NoRoles     bool     // a worker without roles gets no token
}

// Directory knows the users of an environment.
type Directory interface {
	// User gives the id and the password of a user; no password when the user may
	// not sign in.
	User(environment, username string) (subject, password string, ok bool)
	// Profile gives the user's OpenID Connect claims.
	Profile(environment, subject string) (claims map[string]any, ok bool)
	// App gives the application of a client id as it is now.
	App(environment, id string) (app App, ok bool)
}

// Config is what a Server needs.
type Config struct {
	Organization    string
	Directory       Directory
	Clock           func() time.Time
	Key             *rsa.PrivateKey // the first signing key; nil: made when it is needed
	Lifetime        time.Duration   // of access and ID tokens
	RefreshLifetime time.Duration
}

// Server issues and checks tokens. It is safe for concurrent use.
type Server struct {
	cfg       Config
	clientKey func() *rsa.PrivateKey     // key pair of the application with private_key_jwt
	verified  *lru.Cache[string, Claims] // by token text, so that each signature is checked once

	mu     sync.Mutex
	keys   []jose.JSONWebKey // the last one signs
	grants map[string]*grant // by what they are remembered by
	swept  time.Time
}

// maxVerified bounds the cache of checked signatures.
const maxVerified = 10_000

// New makes a server. Keys are made when they are first needed.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg, verified: made(lru.New[string, Claims](maxVerified)), clientKey: sync.OnceValue(newKey), grants: make(map[string]*grant)}
	if cfg.Key != nil {
		s.keys = []jose.JSONWebKey{signing(cfg.Key)}
	}
	return s
}

// exchange is one request with where it came in.
type exchange struct {
	w      http.ResponseWriter
	r      *http.Request
	env    string
	issuer string
}

// endpoint answers a request, or panics with the *refusal that says why not.
type endpoint func(s *Server, x *exchange)

// forClients makes an endpoint that applications prove themselves at.
func forClients(answer func(s *Server, x *exchange, app App)) endpoint {
	return func(s *Server, x *exchange) { answer(s, x, s.client(x)) }
}

// endpoints by path below /{environmentID}/as/ and by method.
var endpoints = map[string]map[string]endpoint{
	"token":                            {http.MethodPost: forClients((*Server).token)},
	"authorize":                        {http.MethodGet: (*Server).authorize, http.MethodPost: (*Server).authorize},
	"signin":                           {http.MethodPost: (*Server).signIn},
	"device_authorization":             {http.MethodPost: forClients((*Server).authorizeDevice)},
	"device":                           {http.MethodGet: (*Server).devicePage, http.MethodPost: (*Server).deviceSignIn},
	"revoke":                           {http.MethodPost: forClients((*Server).revoke)},
	"userinfo":                         {http.MethodGet: (*Server).userInfo, http.MethodPost: (*Server).userInfo},
	"jwks":                             {http.MethodGet: (*Server).jwks},
	".well-known/openid-configuration": {http.MethodGet: (*Server).discovery},
}

// Knows reports whether there is an endpoint at a path below /as/.
func (s *Server) Knows(path string) bool { return endpoints[path] != nil }

// maxForm bounds a request body, in bytes.
const maxForm = 64 << 10

// Serve answers a request under /{environment}/as/.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, environment, path string) {
	answer := endpoints[path][r.Method]
	switch {
	case !s.Knows(path):
		http.NotFound(w, r)
		return
	case answer == nil:
		http.Error(w, "The method is not allowed.", http.StatusMethodNotAllowed)
		return
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	x := &exchange{w: w, r: r, env: environment, issuer: scheme + "://" + r.Host + "/" + environment + "/as"}
	defer x.refused()
	if r.ParseForm() != nil {
		panic(badRequest("invalid_request", "The form cannot be read."))
	}
	answer(s, x)
}

// refused ends a request that was refused, from however deep below.
func (x *exchange) refused() {
	switch p := recover().(type) {
	case nil:
	case *refusal:
		if p.code == "invalid_client" {
			x.w.Header().Set("WWW-Authenticate", `Basic realm="PingOne"`)
		}
		x.json(p.status, map[string]string{"error": p.code, "error_description": p.description})
	default:
		panic(p)
	}
}

// json sends an answer that must not be stored.
func (x *exchange) json(status int, body any) {
	x.w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	x.w.Header().Set("Cache-Control", "no-store")
	x.w.Header().Set("Pragma", "no-cache")
	x.w.WriteHeader(status)
	_ = json.NewEncoder(x.w).Encode(body) // fails only when the client is gone
}

// refusal is an OAuth error (RFC 6749 section 5.2).
type refusal struct {
	status            int
	code, description string
}

func badRequest(code, description string) *refusal {
	return &refusal{http.StatusBadRequest, code, description}
}

func invalidClient(description string) *refusal {
	return &refusal{http.StatusUnauthorized, "invalid_client", description}
}

// notAllowed refuses a grant type that an application is not registered for.
var notAllowed = badRequest("unauthorized_client", "The application may not use this grant type.")
