// Package apikey makes, keeps and checks API keys.
//
// A key reads pgw_<id>_<secret>. The id is public and finds the key; the
// secret holds 256 random bits and ends in a checksum, so that scanners
// recognise leaked keys without asking the gateway. The file of keys holds
// SHA-256 hashes: a secret of 256 random bits can't be guessed from its hash,
// which is why neither salt nor a slow hash would add anything. Those protect
// secrets that people choose.
package apikey

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"

	"github.com/pingone-gateway/gateway/tokens"
)

// Pattern is a regular expression for scanners: it matches every key.
const Pattern = `pgw_[a-z2-7]{10}_[a-z2-7]{59}`

const (
	prefix      = "pgw_"
	idLength    = 10 // characters
	randLength  = 52 // 256 bits
	sumLength   = 7  // 32 bits
	secretBytes = 32
)

var alphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// generate makes a key from a source of randomness.
func generate(random io.Reader) (id string, secret tokens.Secret, err error) {
	raw := make([]byte, 7+secretBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", tokens.Secret{}, err
	}
	id = alphabet.EncodeToString(raw[:7])[:idLength]
	text := alphabet.EncodeToString(raw[7:])
	return id, tokens.NewSecret(text + checksum(id, text)), nil
}

// checksum gives the last characters of a secret. It finds slips of the pen
// and tells keys from other texts; it protects nothing.
func checksum(id, secret string) string {
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], crc32.ChecksumIEEE([]byte(prefix+id+"_"+secret)))
	return alphabet.EncodeToString(sum[:])
}

// Parse splits a whole key; ok is false for what can't be one.
func Parse(key string) (id string, secret tokens.Secret, ok bool) {
	rest, found := strings.CutPrefix(key, prefix)
	if !found || len(rest) != idLength+1+randLength+sumLength || rest[idLength] != '_' {
		return "", tokens.Secret{}, false
	}
	return parts(rest[:idLength], rest[idLength+1:])
}

// parts checks an id and a secret given apart.
func parts(id, secret string) (string, tokens.Secret, bool) {
	if len(id) != idLength || len(secret) != randLength+sumLength || !plain(id) || !plain(secret) {
		return "", tokens.Secret{}, false
	}
	if checksum(id, secret[:randLength]) != secret[randLength:] {
		return "", tokens.Secret{}, false
	}
	return id, tokens.NewSecret(secret), true
}

func plain(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// join gives the whole key.
func join(id string, secret tokens.Secret) tokens.Secret {
	return tokens.NewSecret(prefix + id + "_" + secret.Reveal())
}

func hashOf(secret tokens.Secret) [sha256.Size]byte {
	return sha256.Sum256([]byte(secret.Reveal()))
}
