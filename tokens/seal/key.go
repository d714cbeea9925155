package seal

import (
	"crypto/rand"
	"encoding/base64"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// GenerateKey makes a random key of 32 bytes.
func GenerateKey(id string) Key {
	secret := make([]byte, minKeyBytes)
	_, _ = rand.Read(secret) // never fails, see crypto/rand
	return Key{ID: id, Secret: secret}
}

// Reveal returns the key as a configuration holds it: id, colon, base64.
func (k Key) Reveal() string {
	return k.ID + ":" + base64.StdEncoding.EncodeToString(k.Secret)
}

// ParseKey reads what Reveal wrote; the base64 may be standard or URL-safe,
// padded or not. Errors are gwerr.Config and do not repeat the text.
func ParseKey(text string) (Key, error) {
	id, secret, ok := strings.Cut(strings.TrimSpace(text), ":")
	if !ok || id == "" {
		return Key{}, gwerr.New(gwerr.Config, "A sealing key is not of the form id:base64.", "Create one with: gateway keys seal.")
	}
	raw, err := ParseSecret(secret)
	if err != nil {
		return Key{}, err
	}
	return Key{ID: id, Secret: raw}, nil
}

// ParseSecret reads the base64 of a key or name key.
func ParseSecret(text string) ([]byte, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(raw) < minKeyBytes {
		return nil, gwerr.New(gwerr.Config, "A sealing key is not the base64 of at least 32 bytes.", "Create one with: gateway keys seal.")
	}
	return raw, nil
}
