package sim

import (
	"container/list"
	"slices"
	"sync"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// cache holds what is derived from a directory: results over the seeded users,
// indexes, counts. Each is made on first use. Its lock is taken inside the
// environment's.
type cache struct {
	mu        sync.Mutex
	structure uint64 // the state that results, tree and base were made for
	results   map[string]*list.Element
	recent    *list.List // of *result, newest first
	rows      int        // in all results
	indexes   map[data.Text][]indexEntry
	tree      *nesting
	base      *counts // over seeded users, as the seed has them

	current       *counts // with all writes
	currentWrites uint64
}

// maxCachedRows bounds the cached results to 16 MiB.
const maxCachedRows = 4 << 20

// result is the sorted seeded users that match a filter.
type result struct {
	key  string
	once sync.Once
	rows []uint32
	size int // what it adds to cache.rows
}

// reset drops what depends on the structure. The cache's lock is held.
func (c *cache) reset(structure uint64) {
	if c.results != nil && c.structure == structure {
		return
	}
	c.structure, c.results, c.recent, c.rows, c.tree = structure, make(map[string]*list.Element), list.New(), 0, nil
}

// result finds or adds the entry of a filter.
func (c *cache) result(key string, structure uint64) *result {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reset(structure)
	if el, ok := c.results[key]; ok {
		c.recent.MoveToFront(el)
		return el.Value.(*result)
	}
	r := &result{key: key}
	c.results[key] = c.recent.PushFront(r)
	return r
}

// keep accounts for a result that was computed and makes room.
func (c *cache) keep(r *result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.results[r.key]
	if !ok || el.Value.(*result) != r {
		return
	}
	r.size = len(r.rows) + 64
	c.rows += r.size
	for c.rows > maxCachedRows && c.recent.Len() > 1 {
		last := c.recent.Remove(c.recent.Back()).(*result)
		c.rows -= last.size
		delete(c.results, last.key)
	}
}

// indexEntry is a seeded user under the hash of an attribute's value.
type indexEntry struct{ hash, user uint32 }

// index is sorted by hash: 8 bytes a user.
func (e *environment) index(a data.Text) []indexEntry {
	e.cache.mu.Lock()
	defer e.cache.mu.Unlock()
	if idx, ok := e.cache.indexes[a]; ok {
		return idx
	}
	idx := make([]indexEntry, 0, e.people.Count())
	for i := range e.people.Count() {
		if v := e.people.Text(i, a); v != "" {
			idx = append(idx, indexEntry{foldHash(v), i})
		}
	}
	slices.SortFunc(idx, func(x, y indexEntry) int {
		if x.hash != y.hash {
			return cmpUint32(x.hash, y.hash)
		}
		return cmpUint32(x.user, y.user)
	})
	if e.cache.indexes == nil {
		e.cache.indexes = make(map[data.Text][]indexEntry)
	}
	e.cache.indexes[a] = idx
	return idx
}

func cmpUint32(a, b uint32) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
