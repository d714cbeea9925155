package auth

import (
	"net/netip"

	"github.com/pingone-gateway/gateway/tokens"
)

// Scheme says in which form a caller presented itself.
type Scheme string

// The schemes.
const (
	NoScheme Scheme = ""         // nothing was presented
	Basic    Scheme = "basic"    // HTTP Basic: user and secret
	Bearer   Scheme = "bearer"   // HTTP Bearer: a token or an API key
	APIKey   Scheme = "api_key"  // X-API-Key or the query parameter
	Password Scheme = "password" // the PostgreSQL wire: user and password
	// Proved says that a front end has proof, by Method.Verifier, that the caller
	// knows the key of which User is the id; there is no secret. No front end
	// takes it from a caller's words.
	Proved Scheme = "proved"
)

// Credentials are what a caller presented, whatever the front end.
type Credentials struct {
	Scheme Scheme
	// User is the user name of Basic and Password; "" otherwise.
	User string
	// Secret is the password, token or key.
	Secret tokens.Secret
	// Remote is the caller's address, behind trusted proxies the client's own.
	Remote netip.Addr
	// Certificate is the verified client certificate, or nil.
	Certificate *ClientCertificate
}

// Empty reports whether the caller presented nothing at all. A Bearer scheme
// without a token counts as nothing: Power Query sends it to be challenged.
func (c Credentials) Empty() bool {
	return c.Certificate == nil && c.Secret.IsZero() && c.User == ""
}

// ClientCertificate is what a verified client certificate says of its owner.
type ClientCertificate struct {
	// Subject is the distinguished name in the form of RFC 2253.
	Subject  string
	DNSNames []string
	Emails   []string
	URIs     []string
}
