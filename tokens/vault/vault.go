// Package vault opens where the tokens of a process are kept: a store, the keys
// that seal what is in it, and the Redis that replicas share.
package vault

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/redisconn"
	"github.com/pingone-gateway/gateway/tokens/seal"
	"github.com/pingone-gateway/gateway/tokens/store"
)

// Config says where tokens are kept. The zero value keeps them in memory.
type Config struct {
	// Store is redis (the one of Redis), file:///directory or memory; "" means
	// Redis if there is one, else memory.
	Store string
	// Keys seal what the store keeps, as package seal writes them: the first one
	// seals, all open. Without any the vault makes one, which ends with it.
	Keys []tokens.Secret
	// NameKey keys the names of stored tokens: base64; empty means the last of
	// Keys, so that names outlive the first rotation.
	NameKey tokens.Secret
	// Redis is shared by replicas; without a URL there is none.
	Redis redisconn.Config
}

// Vault is an opened place for tokens.
type Vault struct {
	Store store.Store
	Ring  *seal.Ring
	// Redis is nil where there is none.
	Redis *redisconn.Conn

	secret []byte
}

// Open opens what the configuration names. Errors are gwerr.Config.
func Open(ctx context.Context, c Config) (*Vault, error) {
	v := &Vault{}
	if err := v.openRing(c); err != nil {
		return nil, err
	}
	if c.Redis.URL != "" {
		var err error
		if v.Redis, err = redisconn.New(ctx, c.Redis); err != nil {
			return nil, err
		}
		if c.Redis.Sink != nil {
			// Changes are told by themselves; a gauge needs the state before the first.
			c.Redis.Sink.Observe(ctx, observe.StoreState{Store: "redis", Up: v.Redis.State().Up})
		}
	}
	if err := v.openStore(c.Store); err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return v, nil
}

func (v *Vault) openRing(c Config) (err error) {
	var keys []seal.Key
	for _, text := range c.Keys {
		key, err := seal.ParseKey(text.Reveal())
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		keys = append(keys, seal.GenerateKey("process"))
	}
	v.secret = keys[len(keys)-1].Secret
	if !c.NameKey.IsZero() {
		if v.secret, err = seal.ParseSecret(c.NameKey.Reveal()); err != nil {
			return err
		}
	}
	v.Ring, err = seal.NewRing(keys, v.secret)
	return err
}

func (v *Vault) openStore(address string) (err error) {
	address = tokens.StoreAddress(address)
	directory, file := strings.CutPrefix(address, "file://")
	switch {
	case file:
		v.Store, err = store.NewFile(directory)
	case v.Redis != nil && (address == "" || strings.HasPrefix(address, "redis")):
		v.Store = store.NewRedis(v.Redis)
	case strings.HasPrefix(address, "redis"):
		return gwerr.New(gwerr.Config, "Tokens are to be kept in Redis, but no Redis is configured.", "Set redis.url.").On("tokens.store")
	default:
		v.Store = store.NewMemory()
	}
	return err
}

// Derive gives 32 bytes for one purpose, the same on all replicas that share
// the keys.
func (v *Vault) Derive(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, v.secret, nil, "pingone-gateway "+purpose, 32)
}

// Close closes the store and Redis.
func (v *Vault) Close() error {
	var err error
	if v.Store != nil {
		err = v.Store.Close()
	}
	if v.Redis != nil {
		err = errors.Join(err, v.Redis.Close())
	}
	return err
}
