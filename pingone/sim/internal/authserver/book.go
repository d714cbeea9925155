package authserver

import "time"

// book is what the server remembers by a name that it gave away, such as a code,
// until it expires. It has no lock of its own.
type book[T any] map[string]entry[T]

type entry[T any] struct {
	value  T
	expiry time.Time
}

func (b book[T]) put(name string, value T, expiry time.Time) { b[name] = entry[T]{value, expiry} }

// find gives what is known by a name and has not expired.
func (b book[T]) find(name string, now time.Time) (value T, ok bool) {
	e, ok := b[name]
	if !ok || now.After(e.expiry) {
		return value, false
	}
	return e.value, true
}

// sweep forgets what has expired.
func (b book[T]) sweep(now time.Time) {
	for name, e := range b {
		if now.After(e.expiry) {
			delete(b, name)
		}
	}
}

// sweep forgets what has expired, at most once a second. The lock is held.
func (s *Server) sweep(now time.Time) {
	if now.Sub(s.swept) < time.Second {
		return
	}
	s.swept = now
	for _, b := range []interface{ sweep(now time.Time) }{s.issued, s.assertions, s.codes, s.refresh, s.devices, s.requests} {
		b.sweep(now)
	}
}
