// Package pool keeps what is expensive to open and serves many at once, such as
// the connections of callers.
//
// Nothing is closed under its users: what leaves the pool closes when the last
// of them is done. No lock is held while something opens or closes. The package
// knows nothing of what it keeps.
package pool

import "sync"

// Item is something open that counts its users. It is safe for concurrent use.
type Item[T any] struct {
	Value T

	close   func()
	mu      sync.Mutex
	users   int
	retired bool
	closed  bool
}

func newItem[T any](value T, close func()) *Item[T] { return &Item[T]{Value: value, close: close} }

// Use counts a user, who calls release in the end, once or more often. ok is
// false where the item is closed.
func (i *Item[T]) Use() (release func(), ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return func() {}, false
	}
	i.users++
	return sync.OnceFunc(func() { i.change(func() { i.users-- }) }), true
}

// Retire closes the item as soon as it has no users.
func (i *Item[T]) Retire() { i.change(func() { i.retired = true }) }

// Close closes the item whoever uses it.
func (i *Item[T]) Close() { i.change(func() { i.users, i.retired = 0, true }) }

// change closes the item if it is retired and without users after the change.
func (i *Item[T]) change(f func()) {
	i.mu.Lock()
	f()
	last := i.retired && i.users <= 0 && !i.closed
	i.closed = i.closed || last
	i.mu.Unlock()
	if last {
		i.close()
	}
}
