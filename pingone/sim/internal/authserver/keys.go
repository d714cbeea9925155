package authserver

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"

	"github.com/go-jose/go-jose/v4"
)

// keyBits of every RSA key.
const keyBits = 2048

// maxKeys bounds the JWKS: rotation drops the oldest beyond it.
const maxKeys = 4

// RotateKeys makes a new signing key. Older ones stay published.
func (s *Server) RotateKeys() error {
	if _, err := s.published(); err != nil {
		return err
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, signing(key))
	s.keys = s.keys[max(0, len(s.keys)-maxKeys):]
	return nil
}

func newKey() (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return key, nil
}

func signing(key *rsa.PrivateKey) jose.JSONWebKey {
	return jose.JSONWebKey{Key: key, KeyID: randomText(12), Algorithm: string(jose.RS256), Use: "sig"}
}

// published are the signing keys, the present one last; the first call makes it.
func (s *Server) published() ([]jose.JSONWebKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.keys) == 0 {
		key, err := newKey()
		if err != nil {
			return nil, err
		}
		s.keys = []jose.JSONWebKey{signing(key)}
	}
	return s.keys, nil
}

// public are the keys that tokens are checked with.
func (s *Server) public() (*jose.JSONWebKeySet, error) {
	keys, err := s.published()
	set := &jose.JSONWebKeySet{}
	for _, k := range keys {
		set.Keys = append(set.Keys, k.Public())
	}
	return set, err
}

// jwks publishes the signing keys (RFC 7517).
func (s *Server) jwks(x *exchange) *refusal {
	set, err := s.public()
	if err != nil {
		return fault(err)
	}
	return x.json(http.StatusOK, set)
}

// ClientKey is the private key that goes with private_key_jwt, as PKCS #8 PEM.
func (s *Server) ClientKey() ([]byte, error) {
	key, err := s.clientKey()
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the client's key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// randomText is URL-safe text of n random bytes.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return urlSafe(b)
}

func urlSafe(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
