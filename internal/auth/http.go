package auth

import (
	"cmp"
	"crypto/tls"
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/tokens"
)

// maxSecret bounds credentials in a header, in bytes.
const maxSecret = 24 << 10

// HTTPConfig configures the HTTP adapter.
type HTTPConfig struct {
	// Realm is the realm of the Basic challenge, "PingOne Gateway" if empty.
	Realm string
	// BearerAuthorizationURI is the address that Power Query's "Organizational
	// account" signs in at, such as
	// https://login.microsoftonline.com/<tenant>/oauth2/authorize; "" for no
	// such challenge.
	BearerAuthorizationURI string
	// Bearer adds a Bearer challenge without an address, for other clients.
	Bearer bool
	// KeyParameter is the query parameter that may hold an API key, for Power
	// Query's "Web API" credential with ApiKeyName; "" for none.
	KeyParameter string
	// ClientIP gives the caller's address; nil takes that of the connection.
	ClientIP func(*http.Request) netip.Addr
}

// HTTP takes credentials out of requests and asks for them. It keeps no state.
type HTTP struct {
	cfg        HTTPConfig
	challenges []string
}

// NewHTTP returns the adapter. The error is gwerr.Config for values that
// can't stand in a header.
func NewHTTP(cfg HTTPConfig) (*HTTP, error) {
	cfg.Realm = cmp.Or(cfg.Realm, "PingOne Gateway")
	if cfg.ClientIP == nil {
		cfg.ClientIP = connectionIP
	}
	for _, s := range []string{cfg.Realm, cfg.BearerAuthorizationURI} {
		if strings.ContainsAny(s, "\"\\\r\n") || !utf8.ValidString(s) {
			return nil, gwerr.New(gwerr.Config, "The realm or the authorization address has characters that a header can't hold.", "")
		}
	}
	h := &HTTP{cfg: cfg}
	switch {
	case cfg.BearerAuthorizationURI != "":
		u, err := url.Parse(cfg.BearerAuthorizationURI)
		if err != nil || u.Scheme != "https" || u.Host == "" || strings.ContainsAny(cfg.BearerAuthorizationURI, " ,") {
			return nil, gwerr.Newf(gwerr.Config, "The authorization address %q must be a whole https address.", cfg.BearerAuthorizationURI)
		}
		// Without quotes, as Power Query's documentation has it.
		h.challenges = append(h.challenges, "Bearer authorization_uri="+cfg.BearerAuthorizationURI)
	case cfg.Bearer:
		h.challenges = append(h.challenges, `Bearer realm="`+cfg.Realm+`"`)
	}
	h.challenges = append(h.challenges, `Basic realm="`+cfg.Realm+`", charset="UTF-8"`)
	return h, nil
}

func connectionIP(r *http.Request) netip.Addr {
	a, _ := netip.ParseAddrPort(r.RemoteAddr)
	return a.Addr().Unmap()
}

// Challenge adds the WWW-Authenticate headers of a 401 answer, one for each
// scheme. It never redirects: data clients don't follow to a sign-in page.
func (h *HTTP) Challenge(w http.ResponseWriter) {
	for _, c := range h.challenges {
		w.Header().Add("WWW-Authenticate", c)
	}
}

// Credentials takes the credentials out of the request and returns the request
// without the parameter that held a key, so that no link, log or context
// repeats it. The error is gwerr.BadRequest for credentials given twice, and
// gwerr.Unauthenticated for a header that can't be read.
func (h *HTTP) Credentials(r *http.Request) (Credentials, *http.Request, error) {
	c := Credentials{Remote: h.cfg.ClientIP(r), Certificate: CertificateOf(r.TLS)}
	key, r := h.takeKey(r)
	given := len(r.Header.Values("Authorization")) + len(r.Header.Values("X-Api-Key")) + len(key)
	if given > 1 {
		return c, r, gwerr.New(gwerr.BadRequest, "Credentials are given more than once.",
			"Send one Authorization header, or X-API-Key, or the key parameter.")
	}
	switch {
	case len(key) == 1:
		c.Scheme, c.Secret = APIKey, tokens.NewSecret(key[0])
	case len(r.Header.Values("X-Api-Key")) == 1:
		c.Scheme, c.Secret = APIKey, tokens.NewSecret(r.Header.Get("X-Api-Key"))
	case given == 1:
		var err error
		c.Scheme, c.User, c.Secret, err = parseAuthorization(r.Header.Get("Authorization"))
		return c, r, err
	}
	return c, r, nil
}

// parseAuthorization reads the value of an Authorization header (RFC 9110
// section 11.6.2, RFC 7617, RFC 6750).
func parseAuthorization(value string) (scheme Scheme, user string, secret tokens.Secret, err error) {
	malformed := gwerr.New(gwerr.Unauthenticated, "The Authorization header can't be read.",
		"Send `Basic` with user:password in Base64, or `Bearer` with a token.")
	if len(value) > maxSecret {
		return "", "", secret, malformed
	}
	name, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	rest = strings.TrimLeft(rest, " ")
	switch strings.ToLower(name) {
	case "bearer":
		if strings.ContainsAny(rest, " ,\t") {
			return "", "", secret, malformed
		}
		return Bearer, "", tokens.NewSecret(rest), nil
	case "basic":
		raw, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			raw, err = base64.RawStdEncoding.DecodeString(rest)
		}
		user, password, ok := strings.Cut(string(raw), ":")
		if err != nil || !ok || !utf8.Valid(raw) || strings.ContainsRune(string(raw), 0) {
			return "", "", secret, malformed
		}
		return Basic, user, tokens.NewSecret(password), nil
	default:
		return "", "", secret, malformed
	}
}

// takeKey removes the key parameter from the address.
func (h *HTTP) takeKey(r *http.Request) (keys []string, without *http.Request) {
	if h.cfg.KeyParameter == "" || r.URL.RawQuery == "" {
		return nil, r
	}
	var kept []string
	for _, p := range strings.Split(r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(p, "=")
		if n, err := url.QueryUnescape(name); err != nil || n != h.cfg.KeyParameter {
			kept = append(kept, p)
			continue
		}
		v, err := url.QueryUnescape(value)
		if err != nil {
			v = "invalid"
		}
		keys = append(keys, v)
	}
	if len(keys) == 0 {
		return nil, r
	}
	c := *r
	u := *r.URL
	u.RawQuery = strings.Join(kept, "&")
	c.URL = &u
	c.RequestURI = u.RequestURI()
	return keys, &c
}

// CertificateOf returns the client certificate that TLS has verified; nil for
// none.
func CertificateOf(s *tls.ConnectionState) *ClientCertificate {
	if s == nil || len(s.VerifiedChains) == 0 || len(s.VerifiedChains[0]) == 0 {
		return nil
	}
	leaf := s.VerifiedChains[0][0]
	c := &ClientCertificate{
		Subject: leaf.Subject.String(), DNSNames: leaf.DNSNames, Emails: leaf.EmailAddresses,
	}
	for _, u := range leaf.URIs {
		c.URIs = append(c.URIs, u.String())
	}
	return c
}

// Middleware authenticates every request and puts the caller into its context.
// fail writes an error answer; the challenge headers are there already when the
// code is gwerr.Unauthenticated.
func (h *HTTP) Middleware(a Authenticator, fail func(http.ResponseWriter, *http.Request, error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, r, err := h.Credentials(r)
			var p *Principal
			if err == nil {
				p, err = a.Authenticate(r.Context(), c)
			}
			if err != nil {
				if gwerr.Is(err, gwerr.Unauthenticated) {
					h.Challenge(w)
				}
				fail(w, r, err)
				return
			}
			observe.RequestOf(r.Context()).SetCaller(p.Name)
			next.ServeHTTP(w, r.WithContext(WithPrincipal(r.Context(), p)))
		})
	}
}
