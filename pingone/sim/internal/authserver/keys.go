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

type signingKey struct {
	id  string
	key *rsa.PrivateKey
}

// RotateKeys makes a new signing key. Older ones stay published.
func (s *Server) RotateKeys() error {
	if _, err := s.signer(); err != nil {
		return err
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, signingKey{randomText(12), key})
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

// signer is the present signing key; the first call makes it.
func (s *Server) signer() (signingKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.keys) == 0 {
		key, err := newKey()
		if err != nil {
			return signingKey{}, err
		}
		s.keys = []signingKey{{randomText(12), key}}
	}
	return s.keys[len(s.keys)-1], nil
}

// publicKey finds a published key.
func (s *Server) publicKey(id string) *rsa.PublicKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.keys {
		if k.id == id {
			return &k.key.PublicKey
		}
	}
	return nil
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

// jwks publishes the signing keys (RFC 7517).
func (s *Server) jwks(x *exchange) *refusal {
	if _, err := s.signer(); err != nil {
		return fault(err)
	}
	var set jose.JSONWebKeySet
	s.mu.Lock()
	for _, k := range s.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: &k.key.PublicKey, KeyID: k.id, Algorithm: "RS256", Use: "sig"})
	}
	s.mu.Unlock()
	return x.json(http.StatusOK, set)
}

// randomText is URL-safe text of n random bytes.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return urlSafe(b)
}

func urlSafe(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
