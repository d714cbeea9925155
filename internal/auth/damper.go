package auth

import (
	"cmp"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// DamperConfig configures the damping of guesses. Zero values take the
// defaults named.
type DamperConfig struct {
	// Free is the number of failures from one address before it must wait (5).
	Free int
	// FreeUser is the same for one user name (20). It is larger, and MaxUser
	// smaller, so that a stranger can't lock a user out for long.
	FreeUser int
	// Base is the first wait (1 s); each further failure doubles it.
	Base time.Duration
	// Max is the longest wait of an address (15 min), MaxUser of a user (30 s).
	Max, MaxUser time.Duration
	// Halve is the time after which half of the failures are forgotten (10 min).
	Halve time.Duration
	// Size is the number of addresses and of users remembered (10,000 each);
	// those that failed longest ago are forgotten first.
	Size int
	// Now is the clock (time.Now).
	Now func() time.Time
}

// Damper slows down guessing: after some failures, an address or a user has to
// wait, each time twice as long. Its memory is bounded, and user names are kept
// as hashes. A nil *Damper never makes anybody wait.
type Damper struct {
	cfg   DamperConfig
	mu    sync.Mutex
	addrs *lru.Cache[netip.Prefix, failures]
	users *lru.Cache[[sha256.Size]byte, failures]
}

type failures struct {
	count int
	last  time.Time
	until time.Time
}

// NewDamper returns a damper.
func NewDamper(cfg DamperConfig) *Damper {
	cfg.Free, cfg.FreeUser, cfg.Size = cmp.Or(cfg.Free, 5), cmp.Or(cfg.FreeUser, 20), cmp.Or(cfg.Size, 10_000)
	cfg.Base, cfg.Halve = cmp.Or(cfg.Base, time.Second), cmp.Or(cfg.Halve, 10*time.Minute)
	cfg.Max, cfg.MaxUser = cmp.Or(cfg.Max, 15*time.Minute), cmp.Or(cfg.MaxUser, 30*time.Second)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	// lru.New fails for sizes below one only.
	addrs, _ := lru.New[netip.Prefix, failures](cfg.Size)
	users, _ := lru.New[[sha256.Size]byte, failures](cfg.Size)
	return &Damper{cfg: cfg, addrs: addrs, users: users}
}

// Wait returns how long the address or user must wait before it may try again;
// 0 if not at all. Right credentials have to wait too: otherwise the answer
// would tell them from wrong ones.
func (d *Damper) Wait(addr netip.Addr, user string) time.Duration {
	if d == nil {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.cfg.Now()
	var until time.Time
	if f, ok := d.addrs.Peek(network(addr)); ok && addr.IsValid() {
		until = f.until
	}
	if f, ok := d.users.Peek(sha256.Sum256([]byte(user))); ok && user != "" && f.until.After(until) {
		until = f.until
	}
	return max(0, until.Sub(now))
}

// Failed records wrong credentials.
func (d *Damper) Failed(addr netip.Addr, user string) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if addr.IsValid() {
		old, _ := d.addrs.Get(network(addr))
		d.addrs.Add(network(addr), d.next(old, d.cfg.Free, d.cfg.Max))
	}
	if user != "" {
		key := sha256.Sum256([]byte(user))
		old, _ := d.users.Get(key)
		d.users.Add(key, d.next(old, d.cfg.FreeUser, d.cfg.MaxUser))
	}
}

// Succeeded forgets the failures of the user. Those of the address stay: who
// holds one valid key could otherwise guess others without end.
func (d *Damper) Succeeded(user string) {
	if d == nil || user == "" {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.users.Remove(sha256.Sum256([]byte(user)))
}

// next adds one failure.
func (d *Damper) next(f failures, free int, longest time.Duration) failures {
	now := d.cfg.Now()
	f.count = f.count>>min(now.Sub(f.last)/d.cfg.Halve, 62) + 1
	f.last = now
	if over := f.count - free; over > 0 {
		wait := longest
		if shift := over - 1; shift < 30 && d.cfg.Base<<shift < longest {
			wait = d.cfg.Base << shift
		}
		f.until = now.Add(wait)
	}
	return f
}

// network is what counts as one address: an IPv4 address, or the /64 network
// that one IPv6 host usually has to itself.
func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}
