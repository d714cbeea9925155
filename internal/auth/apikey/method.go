package apikey

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/scram"
	"github.com/pingone-gateway/gateway/tokens"
)

// Config configures the checking of keys. Zero values take the defaults named.
type Config struct {
	// Path is the file of keys.
	Path string
	// Every is the time between looks at the file and between writes of the
	// times of last use (2 s and 1 min are the usual; 2 s is the default for
	// looks, thirty looks make a write).
	Every time.Duration
	// Now is the clock (time.Now).
	Now func() time.Time
	// Failed is told when the file can't be read anew; the keys read before
	// stay in force. nil ignores it.
	Failed func(error)
	// Ends is told when the first of the keys that work ends, each time that this
	// changes; the zero time says that none does. nil ignores it.
	Ends func(next time.Time)
}

// Method checks API keys. It implements auth.Method: a key is taken as bearer
// token, as X-API-Key, or as the password of any user name; the secret alone
// is taken as the password of the user named by the id.
type Method struct {
	cfg Config

	mu   sync.RWMutex
	keys map[string]entry
	next time.Time // told to Ends

	used struct {
		sync.Mutex
		at map[string]time.Time
	}
	seen os.FileInfo // owned by Run and Reload's caller
}

type entry struct {
	record    Record
	hash      [sha256.Size]byte
	principal *auth.Principal
}

// New reads the file and returns the method. The error is gwerr.Config.
func New(cfg Config) (*Method, error) {
	cfg.Every = cmp.Or(cfg.Every, 2*time.Second)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Failed == nil {
		cfg.Failed = func(error) {}
	}
	if cfg.Ends == nil {
		cfg.Ends = func(time.Time) {}
	}
	m := &Method{cfg: cfg}
	m.used.at = map[string]time.Time{}
	m.seen, _ = os.Stat(cfg.Path)
	if err := m.Reload(); err != nil {
		return nil, err
	}
	return m, nil
}

// Name implements auth.Method.
func (m *Method) Name() string { return "api_key" }

// Authenticate implements auth.Method.
func (m *Method) Authenticate(_ context.Context, c auth.Credentials) (*auth.Principal, error) {
	if c.Scheme == auth.Proved {
		return m.use(m.find(c.User))
	}
	id, secret, ok := identify(c)
	if !ok {
		if c.Scheme == auth.APIKey || strings.HasPrefix(c.Secret.Reveal(), prefix) {
			// Meant as a key, but mistyped: no other method shall see it.
			return nil, auth.Rejected(nil)
		}
		return nil, auth.ErrNotMine
	}
	e := m.find(id)
	// An unknown id has a hash of zeros: the same work is done for it.
	sum := hashOf(secret)
	same := subtle.ConstantTimeCompare(sum[:], e.hash[:]) == 1
	if !same {
		return nil, auth.Rejected(nil)
	}
	return m.use(e)
}

// find gives the key of an id, with or without what keys begin with.
func (m *Method) find(id string) entry {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.keys[strings.TrimPrefix(id, prefix)]
}

// use gives the caller of a key that was proved.
func (m *Method) use(e entry) (*auth.Principal, error) {
	now := m.cfg.Now()
	if e.principal == nil || e.record.State(now) != "active" {
		return nil, auth.Rejected(nil)
	}
	m.used.Lock()
	m.used.at[e.record.ID] = now.UTC().Truncate(time.Minute)
	m.used.Unlock()
	return e.principal, nil
}

// Verifier gives what proves the key that a user name is the id of, where the
// key works and was made with a verifier.
func (m *Method) Verifier(user string) (v scram.Verifier, ok bool) {
	e := m.find(user)
	if e.record.SCRAM == "" || e.record.State(m.cfg.Now()) != "active" {
		return v, false
	}
	v, err := scram.Parse(e.record.SCRAM)
	return v, err == nil
}

// identify finds the id and the secret in the credentials.
func identify(c auth.Credentials) (id string, secret tokens.Secret, ok bool) {
	if id, secret, ok = Parse(c.Secret.Reveal()); ok {
		return id, secret, true
	}
	if c.Scheme != auth.Basic && c.Scheme != auth.Password {
		return "", tokens.Secret{}, false
	}
	return parts(strings.TrimPrefix(c.User, prefix), c.Secret.Reveal())
}

// Reload reads the file anew; the keys read before stay in force if it fails.
func (m *Method) Reload() error {
	d, err := read(m.cfg.Path)
	if err != nil {
		return err
	}
	keys := make(map[string]entry, len(d.Keys))
	for _, r := range d.Keys {
		e := entry{record: r, principal: principalOf(r)}
		// decode has checked the hash.
		_, _ = hex.Decode(e.hash[:], []byte(r.Hash))
		keys[r.ID] = e
	}
	m.mu.Lock()
	m.keys = keys
	m.mu.Unlock()
	m.ends()
	return nil
}

// ends tells when the first of the keys that work ends, if that has changed.
func (m *Method) ends() {
	now, next := m.cfg.Now(), time.Time{}
	m.mu.Lock()
	for _, e := range m.keys {
		if at := e.record.Expires; at != nil && e.record.State(now) == "active" && (next.IsZero() || at.Before(next)) {
			next = *at
		}
	}
	changed := !next.Equal(m.next)
	m.next = next
	m.mu.Unlock()
	if changed {
		m.cfg.Ends(next)
	}
}

func principalOf(r Record) *auth.Principal {
	p := &auth.Principal{Name: r.Name, Kind: auth.Key, ID: r.ID, Roles: r.Roles, Attributes: map[string]auth.Attribute{}}
	for name, values := range r.Attributes {
		p.Attributes[name] = auth.Text(values...)
	}
	p.Attributes["name"] = auth.Text(r.Name)
	return p
}

// Run looks at the file from time to time, reads it when it has changed, and
// writes the times of last use, until the context ends; then it writes them
// once more.
func (m *Method) Run(ctx context.Context) {
	ticker := time.NewTicker(m.cfg.Every)
	defer ticker.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			m.Flush()
			return
		case <-ticker.C:
			m.look()
			if n%30 == 0 {
				m.Flush()
			}
		}
	}
}

// look reloads the file if it is another one than before.
func (m *Method) look() {
	m.ends()
	now, err := os.Stat(m.cfg.Path)
	if err != nil {
		m.cfg.Failed(err)
		return
	}
	if m.seen != nil && os.SameFile(now, m.seen) && now.ModTime().Equal(m.seen.ModTime()) && now.Size() == m.seen.Size() {
		return
	}
	if err := m.Reload(); err != nil {
		m.cfg.Failed(err)
		return
	}
	m.seen = now
}

// Flush writes the times of last use. Where the folder can't be written, they
// are kept in memory and tried again.
func (m *Method) Flush() {
	m.used.Lock()
	used := m.used.at
	m.used.at = map[string]time.Time{}
	m.used.Unlock()
	if len(used) == 0 || writeUsed(m.cfg.Path, used) == nil {
		return
	}
	m.used.Lock()
	defer m.used.Unlock()
	for id, at := range used {
		if m.used.at[id].Before(at) {
			m.used.at[id] = at
		}
	}
}
