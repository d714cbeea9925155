// Package held has values that goroutines share, guarded by locks.
//
// The simulator has no use for sync/atomic and sync.Once, which are quicker: the
// tests of others build it out of the race detector's sight (UNWATCHED in the
// Makefile). There the compiler turns atomic operations into instructions that the
// detector doesn't know of, and it goes on seeing what the runtime does to maps and
// slices: what they order would pass for a race. Locks tell it by themselves.
package held

import "sync"

// Value is one that is replaced as a whole. The zero value holds that of T.
type Value[T any] struct {
	mu sync.Mutex
	v  T
}

// Load tells the value.
func (h *Value[T]) Load() T {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.v
}

// Store replaces the value.
func (h *Value[T]) Store(v T) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.v = v
}

// Counter counts from one.
type Counter struct {
	mu sync.Mutex
	n  int64
}

// Next is the next number.
func (c *Counter) Next() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return c.n
}

// Once makes a value when it is first asked for, while others who ask wait. It
// panics whenever making it panics.
func Once[T any](make func() T) func() T {
	var (
		mu   sync.Mutex
		made bool
		v    T
	)
	return func() T {
		mu.Lock()
		defer mu.Unlock()
		if !made {
			v, made = make(), true
		}
		return v
	}
}
