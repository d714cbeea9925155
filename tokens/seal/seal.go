// Package seal encrypts what token stores keep and names it without revealing
// whose it is.
//
// Values are sealed with AES-256-GCM under keys derived by HKDF-SHA-256 from
// the configured key ring; names are HMAC-SHA-256. The package knows neither
// tokens nor stores.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Errors of Open, for errors.Is.
var (
	// ErrCorrupt says that a value was not sealed by this scheme, was changed,
	// or was stored under another name.
	ErrCorrupt = errors.New("seal: the value cannot be opened")
	// ErrUnknownKey says that a value names a key that the ring lacks. It may
	// be good for a replica with a newer configuration.
	ErrUnknownKey = errors.New("seal: the value was sealed with a key that is not in the ring")
)

// Limits of keys.
const (
	minKeyBytes = 32
	maxIDBytes  = 64
)

// magic marks the format: magic, length of the key id, key id, nonce, sealed
// text. Everything before the nonce is authenticated, as is the name.
const magic = "pgw1"

// Key is one secret of the ring.
type Key struct {
	// ID names the key inside sealed values, 1-64 bytes; it is not secret.
	ID string
	// Secret is at least 32 random bytes.
	Secret []byte
}

// String shows the id alone.
func (k Key) String() string { return "key " + k.ID }

// GoString shows the id alone.
func (k Key) GoString() string { return k.String() }

// Ring seals with its first key and opens with all. It is safe for concurrent
// use.
type Ring struct {
	current string
	aeads   map[string]cipher.AEAD
	name    []byte
}

// NewRing makes a ring. nameKey, at least 32 bytes, keys the names; it must
// stay the same while keys rotate, or stored tokens are no longer found. It
// may be empty for a ring of one key. Errors are gwerr.Config.
func NewRing(keys []Key, nameKey []byte) (*Ring, error) {
	if len(keys) == 0 {
		return nil, gwerr.New(gwerr.Config, "There is no key to seal tokens with.",
			"Create one with: gateway keys seal.")
	}
	if len(nameKey) == 0 {
		if len(keys) > 1 {
			return nil, gwerr.New(gwerr.Config, "The key ring has several keys but no name key.",
				"Set the name key to the secret of the oldest key, so that stored tokens keep their names.")
		}
		nameKey = keys[0].Secret
	}
	r := &Ring{current: keys[0].ID, aeads: make(map[string]cipher.AEAD, len(keys))}
	for _, k := range keys {
		if err := r.add(k); err != nil {
			return nil, err
		}
	}
	var err error
	r.name, err = derive(Key{ID: "name", Secret: nameKey}, "pingone-gateway name v1")
	return r, err
}

// NewEphemeralRing makes a ring of a random key that lives as long as the
// process.
func NewEphemeralRing() *Ring {
	r, err := NewRing([]Key{GenerateKey("memory")}, nil)
	if err != nil {
		panic(err) // a generated key is valid
	}
	return r
}

func (r *Ring) add(k Key) error {
	if k.ID == "" || len(k.ID) > maxIDBytes {
		return gwerr.New(gwerr.Config, "A sealing key has no id, or one longer than 64 bytes.", "Name it, for instance by its date.")
	}
	if _, ok := r.aeads[k.ID]; ok {
		return gwerr.New(gwerr.Config, fmt.Sprintf("Two sealing keys have the id %q.", k.ID), "Give each key an id of its own.")
	}
	secret, err := derive(k, "pingone-gateway seal v1")
	if err != nil {
		return err
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return err
	}
	r.aeads[k.ID], err = cipher.NewGCM(block)
	return err
}

func derive(k Key, info string) ([]byte, error) {
	if len(k.Secret) < minKeyBytes {
		return nil, gwerr.New(gwerr.Config, fmt.Sprintf("The sealing key %q is shorter than 32 bytes.", k.ID),
			"Create one with: gateway keys seal.")
	}
	return hkdf.Key(sha256.New, k.Secret, nil, info, 32)
}

// Current is the id of the key that seals.
func (r *Ring) Current() string { return r.current }

// Seal encrypts plain for storage under name.
func (r *Ring) Seal(name string, plain []byte) []byte {
	aead := r.aeads[r.current]
	out := make([]byte, 0, len(magic)+1+len(r.current)+aead.NonceSize()+len(plain)+aead.Overhead())
	out = append(out, magic...)
	out = append(out, byte(len(r.current)))
	out = append(out, r.current...)
	ad := additional(out, name)
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails, see crypto/rand
	out = append(out, nonce...)
	return aead.Seal(out, nonce, plain, ad)
}

// Open decrypts what Seal made for the same name and says which key had sealed
// it. Errors are ErrCorrupt and ErrUnknownKey.
func (r *Ring) Open(name string, sealed []byte) (plain []byte, keyID string, err error) {
	header := len(magic) + 1
	if len(sealed) < header || string(sealed[:len(magic)]) != magic {
		return nil, "", ErrCorrupt
	}
	header += int(sealed[len(magic)])
	if len(sealed) < header {
		return nil, "", ErrCorrupt
	}
	keyID = string(sealed[len(magic)+1 : header])
	aead, ok := r.aeads[keyID]
	if !ok {
		return nil, keyID, ErrUnknownKey
	}
	body := sealed[header:]
	if len(body) < aead.NonceSize() {
		return nil, keyID, ErrCorrupt
	}
	plain, err = aead.Open(nil, body[:aead.NonceSize()], body[aead.NonceSize():], additional(sealed[:header], name))
	if err != nil {
		return nil, keyID, ErrCorrupt
	}
	return plain, keyID, nil
}

func additional(header []byte, name string) []byte {
	return append(append(make([]byte, 0, len(header)+len(name)), header...), name...)
}

// Name derives a name from parts: the same parts give the same name, other
// parts another one, and the name says nothing of them.
func (r *Ring) Name(parts ...string) string {
	mac := hmac.New(sha256.New, r.name)
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		mac.Write(n[:])
		mac.Write([]byte(p))
	}
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
