package scan

import (
	"context"
	"sync"
)

// memoBytes bounds what a memo keeps.
const memoBytes = 4 << 20

// memo keeps answers of the source for other readings of the same request, so
// that equal listings are read once.
type memo struct {
	mu   sync.Mutex
	kept map[string]*answer
	room int
}

// answer is one that is being read, or kept.
type answer struct {
	ready chan struct{} // closed when it was read
	value any
	good  bool
}

type memoKey struct{}

// WithMemo returns a context under which readings share answers. It belongs to
// one request of a caller.
func WithMemo(ctx context.Context) context.Context {
	return context.WithValue(ctx, memoKey{}, &memo{kept: map[string]*answer{}, room: memoBytes})
}

// Fresh returns a context under which every answer is the source's own, for what
// proves by a second look that nothing has changed.
func Fresh(ctx context.Context) context.Context { return context.WithValue(ctx, memoKey{}, nil) }

// Once gives the answer of that name: by read, or as another reading of the
// context's request got it; shared is true then. read tells the answer's size in
// bytes. What failed, or is too large to be kept, is read anew by each.
func Once[T any](ctx context.Context, name string, read func() (value T, size int, err error)) (value T, shared bool, err error) {
	m, ok := ctx.Value(memoKey{}).(*memo)
	if !ok {
		value, _, err = read()
		return value, false, err
	}
	for {
		a, mine := m.claim(name)
		if mine {
			return keep(m, name, a, read)
		}
		select {
		case <-a.ready:
		case <-ctx.Done():
			return value, false, ctx.Err()
		}
		if value, ok := a.value.(T); ok && a.good {
			return value, true, nil
		}
	}
}

// claim gives the answer of that name; mine is true if the caller has to read it.
func (m *memo) claim(name string) (a *answer, mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a = m.kept[name]; a == nil {
		a, mine = &answer{ready: make(chan struct{})}, true
		m.kept[name] = a
	}
	return a, mine
}

// keep reads an answer for everybody who waits for it.
func keep[T any](m *memo, name string, a *answer, read func() (T, int, error)) (value T, shared bool, err error) {
	size := 0
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if a.good = a.value != nil && size <= m.room; a.good {
			m.room -= size
		} else {
			delete(m.kept, name)
		}
		close(a.ready)
	}()
	if value, size, err = read(); err == nil {
		a.value = value
	}
	return value, false, err
}
