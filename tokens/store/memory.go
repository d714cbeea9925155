package store

import (
	"context"
	"sync"
	"time"
)

// Memory is a store of one process; it ends with it.
type Memory struct {
	mu      sync.Mutex
	entries map[string]*memoryEntry
	fence   int64
}

type memoryEntry struct {
	value   []byte
	expires time.Time // zero: never
	fence   int64     // of the last write
	holder  int64     // fence of the lock's holder, 0 if free
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{entries: map[string]*memoryEntry{}} }

// Get returns the value under name.
func (m *Memory) Get(ctx context.Context, name string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entries[name]
	if e == nil || e.value == nil || e.expired(time.Now()) {
		return nil, ErrNotFound
	}
	return append([]byte(nil), e.value...), nil
}

func (e *memoryEntry) expired(now time.Time) bool {
	return !e.expires.IsZero() && !now.Before(e.expires)
}

// Lock takes the lock of name.
func (m *Memory) Lock(ctx context.Context, name string, ttl time.Duration) (Lease, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	e := m.entries[name]
	if e == nil {
		e = &memoryEntry{}
		m.entries[name] = e
	}
	if e.holder != 0 {
		return nil, ErrLocked
	}
	m.fence++
	e.holder = m.fence
	return &memoryLease{m: m, name: name, fence: m.fence}, nil
}

// sweep drops what expired, now and then, so that callers who never come back
// do not fill the memory.
func (m *Memory) sweep() {
	if m.fence%64 != 0 {
		return
	}
	now := time.Now()
	for name, e := range m.entries {
		if e.holder == 0 && (e.value == nil || e.expired(now)) {
			delete(m.entries, name)
		}
	}
}

// Kind is "memory".
func (m *Memory) Kind() string { return "memory" }

// Health is always up.
func (m *Memory) Health() Health { return Health{Kind: "memory", Up: true} }

// Close does nothing.
func (m *Memory) Close() error { return nil }

// memoryLease needs no renewal: its holder cannot die alone.
type memoryLease struct {
	m     *Memory
	name  string
	fence int64
}

func (l *memoryLease) Fence() int64 { return l.fence }

func (l *memoryLease) Put(ctx context.Context, value []byte, ttl time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	expires := time.Time{}
	if ttl > 0 {
		expires = time.Now().Add(ttl)
	}
	return l.write(append([]byte{}, value...), expires)
}

func (l *memoryLease) Delete(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.write(nil, time.Time{})
}

func (l *memoryLease) write(value []byte, expires time.Time) error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	e := l.m.entries[l.name]
	if e == nil {
		e = &memoryEntry{}
		l.m.entries[l.name] = e
	}
	if e.fence > l.fence {
		return ErrFenced
	}
	e.value, e.expires, e.fence = value, expires, l.fence
	return nil
}

func (l *memoryLease) Release(context.Context) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if e := l.m.entries[l.name]; e != nil && e.holder == l.fence {
		e.holder = 0
	}
}
