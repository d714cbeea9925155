package sim

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// cache holds what is derived from the seeded users: results and indexes. Each is made on first use. Its lock is taken inside the
// environment's.
type cache struct {
	mu        sync.Mutex
	structure uint64 // the state that results were made for
	results   *simplelru.LRU[string, *result]
	rows      int // in all results
	indexes   map[string][]indexEntry
}

// maxCachedRows bounds the cached results to 16 MiB.
const maxCachedRows = 4 << 20

// result is the sorted seeded users that match a filter.
type result struct {
	once sync.Once
	rows []uint32
	size int // what it adds to cache.rows
}

// reset drops what depends on the structure. The cache's lock is held.
func (c *cache) reset(structure uint64) {
	if c.results != nil && c.structure == structure {
		return
	}
	c.structure, c.rows = structure, 0
	c.results, _ = simplelru.NewLRU(math.MaxInt, func(_ string, r *result) { c.rows -= r.size }) // the size is valid
}

// result finds or adds the entry of a filter.
func (c *cache) result(key string, structure uint64) *result {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reset(structure)
	r, ok := c.results.Get(key)
	if !ok {
		r = &result{}
		c.results.Add(key, r)
	}
	return r
}

// keep accounts for a result that was computed and makes room.
func (c *cache) keep(key string, r *result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept, ok := c.results.Peek(key); !ok || kept != r {
		return
	}
	r.size = len(r.rows) + 64
	c.rows += r.size
	for c.rows > maxCachedRows && c.results.Len() > 1 {
		c.results.RemoveOldest()
	}
}

// indexEntry is a seeded user under the hash of an attribute's value.
type indexEntry struct{ hash, user uint32 }

// index is sorted by hash: 8 bytes a user.
func (e *environment) index(a string) []indexEntry {
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
	slices.SortFunc(idx, func(x, y indexEntry) int { return cmp.Or(cmp.Compare(x.hash, y.hash), cmp.Compare(x.user, y.user)) })
	if e.cache.indexes == nil {
		e.cache.indexes = make(map[string][]indexEntry)
	}
	e.cache.indexes[a] = idx
	return idx
}

// withText gives the seeded users who may have a folded text in an attribute:
// all who have it, and those whose text has the same hash.
func (e *environment) withText(a string, folded string) (users []uint32) {
	index, hash := e.index(a), foldHash(folded)
	at, _ := slices.BinarySearchFunc(index, hash, func(e indexEntry, h uint32) int { return cmp.Compare(e.hash, h) })
	for ; at < len(index) && index[at].hash == hash; at++ {
		users = append(users, index[at].user)
	}
	return users
}
