// Package store keeps sealed tokens where a restarted or another replica of
// the gateway finds them: in memory, in files, or in Redis.
//
// A store keeps bytes under names and lends locks with fencing tokens. It
// knows neither what the bytes mean nor how they are sealed.
package store

import (
	"context"
	"errors"
	"time"
)

// Errors that every store returns, for errors.Is.
var (
	// ErrNotFound says that nothing is stored under the name.
	ErrNotFound = errors.New("store: nothing is stored under this name")
	// ErrLocked says that another holder has the lock.
	ErrLocked = errors.New("store: another holder has the lock")
	// ErrFenced says that a later holder of the lock has written already, so
	// the value was not stored.
	ErrFenced = errors.New("store: a later holder of the lock has written")
	// ErrUnavailable says that the store cannot be reached or refuses writes.
	ErrUnavailable = errors.New("store: unavailable")
)

// Forever as the ttl of Put means that the value does not expire.
const Forever time.Duration = 0

// Store keeps values under names. Its methods are safe for concurrent use and
// return the errors above, wrapped, or the context's.
type Store interface {
	// Get returns the value under name.
	Get(ctx context.Context, name string) ([]byte, error)
	// Lock takes the lock of name for its holder to write. It does not wait:
	// ErrLocked if it is taken. The lock is renewed until Release and falls
	// free after ttl when its holder dies.
	Lock(ctx context.Context, name string, ttl time.Duration) (Lease, error)
	// Kind is "memory", "file" or "redis".
	Kind() string
	// Health tells whether the store works.
	Health() Health
	// Close frees what the store holds. Leases must have been released.
	Close() error
}

// Lease is a held lock: the right to write one name.
type Lease interface {
	// Put stores value for ttl, unless a later holder has written: ErrFenced.
	Put(ctx context.Context, value []byte, ttl time.Duration) error
	// Delete removes the value under the same condition.
	Delete(ctx context.Context) error
	// Fence is the fencing token: a later holder of the lock has a greater one.
	Fence() int64
	// Release frees the lock if it is still held. It is safe to call twice.
	Release(ctx context.Context)
}

// Health is the state of a store, for the readiness report.
type Health struct {
	Kind string `json:"kind"`
	// Up is false while the store cannot be used; tokens then come from
	// memory.
	Up bool `json:"up"`
	// Since is when Up last changed, zero if never.
	Since time.Time `json:"since,omitzero"`
	// Detail says what is wrong, without addresses or secrets.
	Detail string `json:"detail,omitempty"`
}
