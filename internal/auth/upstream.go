package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"

	"github.com/pingone-gateway/gateway/tokens"
)

// Upstream is a caller's own PingOne credentials: either a client id and
// secret, or an access token. It names no host: calls go where the connection
// points. It lives as long as the request and prints as ***.
type Upstream struct {
	clientID string
	secret   tokens.Secret
	token    tokens.Secret
	pool     string
}

// NewUpstreamClient returns the credentials of a client. key keys PoolKey.
func NewUpstreamClient(key []byte, clientID string, secret tokens.Secret) *Upstream {
	u := &Upstream{clientID: clientID, secret: secret}
	u.pool = poolKey(key, "client", clientID, secret.Reveal())
	return u
}

// NewUpstreamToken returns an access token as credentials. key keys PoolKey.
func NewUpstreamToken(key []byte, token tokens.Secret) *Upstream {
	u := &Upstream{token: token}
	u.pool = poolKey(key, "token", token.Reveal())
	return u
}

// poolKey hashes the parts, each with its length in front so that no two lists
// of parts give the same input.
func poolKey(key []byte, parts ...string) string {
	m := hmac.New(sha256.New, key)
	for _, p := range parts {
		_, _ = fmt.Fprintf(m, "%d:", len(p))
		_, _ = io.WriteString(m, p)
	}
	return hex.EncodeToString(m.Sum(nil))
}

// Client returns the client id and secret; ok is false for a token.
func (u *Upstream) Client() (id string, secret tokens.Secret, ok bool) {
	return u.clientID, u.secret, u.clientID != ""
}

// AccessToken returns the token; ok is false for a client.
func (u *Upstream) AccessToken() (token tokens.Secret, ok bool) {
	return u.token, u.clientID == ""
}

// PoolKey identifies the credentials without revealing them: a keyed hash,
// under which sources of tokens and caches of one caller are kept.
func (u *Upstream) PoolKey() string { return u.pool }

// String returns ***.
func (u *Upstream) String() string { return "***" }

// GoString returns ***.
func (u *Upstream) GoString() string { return "***" }

// Format writes *** whatever the verb.
func (u *Upstream) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// MarshalJSON returns "***".
func (u *Upstream) MarshalJSON() ([]byte, error) { return []byte(`"***"`), nil }

// LogValue returns ***.
func (u *Upstream) LogValue() slog.Value { return slog.StringValue("***") }
