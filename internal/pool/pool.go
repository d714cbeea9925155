package pool

import (
	"errors"
	"maps"
	"slices"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

// ErrClosed says that the pool was closed.
var ErrClosed = errors.New("pool: closed")

// Pool keeps items by key, up to a number; the one that was asked for longest
// ago makes room. It is safe for concurrent use.
type Pool[T any] struct {
	opening singleflight.Group

	mu     sync.Mutex
	kept   *lru.Cache[string, *Item[T]]
	closed bool
	// left are items that left the pool and have to be retired, once mu is free;
	// open are all that are not closed.
	left []*Item[T]
	open map[*Item[T]]bool
}

// New returns a pool of up to size items, at least one.
func New[T any](size int) *Pool[T] {
	p := &Pool[T]{open: map[*Item[T]]bool{}}
	// The cache calls back from Add and Purge, which run under mu. Its error is
	// for sizes below one.
	p.kept, _ = lru.NewWithEvict(max(1, size), func(_ string, i *Item[T]) { p.left = append(p.left, i) })
	return p
}

// Keys lists the keys of the items kept.
func (p *Pool[T]) Keys() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kept.Keys()
}

// Peek gives the item of the key without keeping it any longer.
func (p *Pool[T]) Peek(key string) (*Item[T], bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kept.Peek(key)
}

// Use gives the item of the key to a user, who calls release in the end. Where
// there is none it is opened, once for all who ask for it, and kept. Errors are
// those of open, and ErrClosed.
func (p *Pool[T]) Use(key string, open func() (value T, close func(), err error)) (item *Item[T], release func(), err error) {
	for {
		p.mu.Lock()
		item, ok := p.kept.Get(key)
		p.mu.Unlock()
		if ok {
			if release, ok := item.Use(); ok {
				return item, release, nil
			}
		}
		_, err, _ := p.opening.Do(key, func() (any, error) {
			if _, ok := p.Peek(key); ok {
				return nil, nil // opened by somebody who was faster
			}
			value, closing, err := open()
			if err != nil {
				return nil, err
			}
			return nil, p.Put(key, value, closing)
		})
		if err != nil {
			return nil, func() {}, err
		}
	}
}

// Put keeps a value under the key, in the place of the one that has it. After
// Close it is closed at once, and the error is ErrClosed.
func (p *Pool[T]) Put(key string, value T, close func()) error {
	var item *Item[T]
	item = newItem(value, func() {
		p.mu.Lock()
		delete(p.open, item)
		p.mu.Unlock()
		close()
	})
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.open[item] = true
		p.kept.Remove(key) // Add would replace it without a call
		p.kept.Add(key, item)
	}
	left := p.left
	p.left = nil
	p.mu.Unlock()
	for _, i := range left {
		i.Retire()
	}
	if closed {
		close()
		return ErrClosed
	}
	return nil
}

// Close closes all items, also those that are used.
func (p *Pool[T]) Close() {
	p.mu.Lock()
	p.closed = true
	p.kept.Purge()
	p.left = nil
	all := slices.Collect(maps.Keys(p.open))
	p.mu.Unlock()
	for _, i := range all {
		i.Close()
	}
}
