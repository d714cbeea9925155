package oauth

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
)

// Method is how a client authenticates at the token endpoint, in PingOne's
// words (tokenEndpointAuthMethod).
type Method string

// The methods that PingOne offers.
const (
	SecretBasic   Method = "CLIENT_SECRET_BASIC"
	SecretPost    Method = "CLIENT_SECRET_POST"
	SecretJWT     Method = "CLIENT_SECRET_JWT"
	PrivateKeyJWT Method = "PRIVATE_KEY_JWT"
	NoSecret      Method = "NONE"
)

// Credentials are those of the application.
type Credentials struct {
	// ClientID is the application's id.
	ClientID string
	// Secret is the client secret; with PrivateKeyJWT it is the private key in
	// PEM (PKCS #8, PKCS #1 or SEC 1).
	Secret tokens.Secret
	// KeyID is the kid that a PrivateKeyJWT assertion carries; it may be empty.
	KeyID string
	// Method is SecretBasic unless set.
	Method Method
}

// assertionType is the client_assertion_type of RFC 7523 section 2.2.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// assertionLife is how long an assertion is good for.
const assertionLife = time.Minute

// authenticator adds the client's proof to a request. PingOne wants the proof
// in exactly the place that the application's settings name.
type authenticator struct {
	id     string
	method Method
	secret tokens.Secret
	signer jose.Signer
}

func newAuthenticator(c Credentials) (*authenticator, error) {
	c.Method = cmp.Or(c.Method, SecretBasic)
	a := &authenticator{id: c.ClientID, method: Method(strings.ToUpper(string(c.Method))), secret: c.Secret}
	if c.ClientID == "" {
		return nil, gwerr.New(gwerr.Config, "OAuthClientId is missing.", "Set it to the application's client id.").On("OAuthClientId")
	}
	if a.method != NoSecret && c.Secret.IsZero() {
		return nil, gwerr.New(gwerr.Config, "OAuthClientSecret is missing.",
			"Set it, or set TokenEndpointAuthMethod to NONE for an application without a secret.").On("OAuthClientSecret")
	}
	var err error
	switch a.method {
	case SecretBasic, SecretPost, NoSecret:
	case SecretJWT:
		a.signer, err = newSigner(jose.HS256, []byte(c.Secret.Reveal()), c.KeyID)
	case PrivateKeyJWT:
		a.signer, err = privateKeySigner(c)
	default:
		return nil, gwerr.New(gwerr.Config, fmt.Sprintf("TokenEndpointAuthMethod %q is not known.", c.Method),
			"Use CLIENT_SECRET_BASIC, CLIENT_SECRET_POST, CLIENT_SECRET_JWT, PRIVATE_KEY_JWT or NONE.").On("TokenEndpointAuthMethod")
	}
	return a, err
}

func newSigner(alg jose.SignatureAlgorithm, key any, id string) (jose.Signer, error) {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: id}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, gwerr.Wrap(gwerr.Config, err, "OAuthClientSecret cannot sign.", "Check the key.").On("OAuthClientSecret")
	}
	return s, nil
}

func privateKeySigner(c Credentials) (jose.Signer, error) {
	block, _ := pem.Decode([]byte(c.Secret.Reveal()))
	if block == nil {
		return nil, gwerr.New(gwerr.Config, "OAuthClientSecret holds no private key in PEM.",
			"With PRIVATE_KEY_JWT give the key that belongs to the application's JWKS.").On("OAuthClientSecret")
	}
	switch key := parseKey(block.Bytes).(type) {
	case *rsa.PrivateKey:
		return newSigner(jose.RS256, key, c.KeyID)
	case *ecdsa.PrivateKey:
		if key.Curve == elliptic.P256() {
			return newSigner(jose.ES256, key, c.KeyID)
		}
	}
	return nil, gwerr.New(gwerr.Config, "OAuthClientSecret holds a private key of an unknown kind.",
		"Use an RSA key or an EC key on P-256.").On("OAuthClientSecret")
}

func parseKey(der []byte) any {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key
	}
	return nil
}

// addTo puts the proof into the form or the header. audience is the token
// endpoint, whatever endpoint is called (RFC 7523 section 3).
func (a *authenticator) addTo(form url.Values, header http.Header, audience string) error {
	switch a.method {
	case SecretBasic:
		r := http.Request{Header: header}
		// RFC 6749 section 2.3.1: both are form-encoded first.
		r.SetBasicAuth(url.QueryEscape(a.id), url.QueryEscape(a.secret.Reveal()))
		return nil
	case SecretPost:
		form.Set("client_secret", a.secret.Reveal())
	case SecretJWT, PrivateKeyJWT:
		assertion, err := a.assertion(audience)
		if err != nil {
			return err
		}
		form.Set("client_assertion_type", assertionType)
		form.Set("client_assertion", assertion)
	case NoSecret: // its id alone
	}
	form.Set("client_id", a.id)
	return nil
}

func (a *authenticator) assertion(audience string) (string, error) {
	now := time.Now()
	text, err := jwt.Signed(a.signer).Claims(jwt.Claims{
		Issuer: a.id, Subject: a.id, Audience: jwt.Audience{audience}, ID: uuid.NewString(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(assertionLife)),
	}).Serialize()
	if err != nil {
		return "", gwerr.Wrap(gwerr.Config, err, "OAuthClientSecret cannot sign.",
			"CLIENT_SECRET_JWT needs a secret of at least 32 characters.").On("OAuthClientSecret")
	}
	return text, nil
}
