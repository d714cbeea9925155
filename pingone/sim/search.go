package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// query is a search for users: a filter and what the caller may see.
type query struct {
	key    string     // the same for equal queries
	match  predicate  // nil: everyone
	filter *scim.Expr // all that match satisfy it; nil: any
}

// find answers a query: the indexes of users in ascending order. Users that were
// written to are tried, seeded ones come from the cache. The environment's lock is
// held.
func (e *environment) find(q query, now time.Time) []uint32 {
	seeded := e.matches(q)
	if len(e.order) == 0 {
		return seeded
	}
	out := make([]uint32, 0, len(seeded)+len(e.order))
	for _, i := range e.order {
		row, ok := e.searchable(i, now)
		if !ok {
			continue // not yet visible: the seeded row stands
		}
		at, had := slices.BinarySearch(seeded, i)
		if out, seeded = append(out, seeded[:at]...), seeded[at:]; had {
			seeded = seeded[1:]
		}
		if row != nil && (q.match == nil || q.match(&subject{environment: e, index: i, row: row})) {
			out = append(out, i)
		}
	}
	return append(out, seeded...)
}

// matches gives the seeded users that a filter takes, from the cache if it can.
func (e *environment) matches(q query) []uint32 {
	r := e.cache.result(q.key, e.structure)
	r.once.Do(func() {
		r.rows = e.scan(q.match, q.filter)
		e.cache.keep(q.key, r)
	})
	return r.rows
}

// scan tries a predicate on the seeded users that can satisfy a filter.
func (e *environment) scan(match predicate, filter *scim.Expr) []uint32 {
	s := &subject{environment: e}
	var rows []uint32
	try := func(i uint32) {
		if s.is(i); match == nil || match(s) {
			rows = append(rows, i)
		}
	}
	if few, ok := e.candidates(filter); ok {
		for _, i := range few {
			try(i)
		}
		return rows
	}
	for i := range e.people.Count() {
		try(i)
	}
	return slices.Clip(rows)
}

// userByUsername finds a user by name, in any case.
func (e *environment) userByUsername(name string) (uint32, bool) {
	want := fold(name)
	for _, i := range slices.Concat(e.withText("username", want), e.order) {
		if row := e.latest(i); row != nil && strings.EqualFold(resource.First(row.Members, "username"), want) {
			return i, true
		}
	}
	return 0, false
}

// query compiles a filter on users for what a caller may see.
func (s *Server) query(c *call, filter string) query {
	e := c.environment
	x := c.parse(e.usersSpec(), filter)
	if x == nil && c.access.populations == nil {
		return query{}
	}
	match := e.compile(x)
	if c.access.populations == nil {
		return query{filter, match, x}
	}
	return query{fmt.Sprint(c.access.populations, filter), func(u *subject) bool { return c.access.populations[u.population()] && match(u) }, x}
}

// compileUserFilter compiles the userFilter of a dynamic group. It may use what
// a search for users may, other groups excepted.
func (e *environment) compileUserFilter(text string) predicate {
	spec := e.usersSpec()
	spec.target = "userFilter"
	delete(spec.attributes, memberOfGroups)
	return e.compile(spec.parse(text))
}

// predicate is a compiled filter on users.
type predicate func(s *subject) bool

// compile turns a checked filter on users into a predicate. The environment's
// lock is held.
func (e *environment) compile(x *scim.Expr) predicate { return compile(joinPrefixes(x), e.compileLeaf) }

func (e *environment) compileLeaf(x *scim.Expr) func(*subject) bool {
	if x.Kind == scim.Path {
		return e.compileGroupPath(x)
	}
	custom := e.schema().attributes[x.Attr] != nil // compared with case
	return leaf(x, e.schema().shape, custom, (*subject).values)
}

// joinPrefixes makes one comparison of all beginnings of an attribute that an Or
// names: clients divide a large listing by long chains of them.
func joinPrefixes(x *scim.Expr) *scim.Expr {
	if x == nil || x.Kind != scim.And && x.Kind != scim.Or {
		return x
	}
	out := &scim.Expr{Kind: x.Kind}
	joined := make(map[string]*scim.Expr)
	for _, child := range x.Children {
		if x.Kind == scim.And || data.Texts[child.Attr] == nil || child.Op != "sw" || child.Value.Text == "" {
			out.Children = append(out.Children, joinPrefixes(child))
			continue
		}
		if joined[child.Attr] == nil {
			joined[child.Attr] = &scim.Expr{Kind: scim.Compare, Attr: child.Attr, Op: "sw"}
			out.Children = append(out.Children, joined[child.Attr])
		}
		joined[child.Attr].Children = append(joined[child.Attr].Children, child)
	}
	return out
}

// startsWithAny tests all beginnings of a text at once.
func startsWithAny(comparisons []*scim.Expr) func(v string) bool {
	values := make(map[rune][]string) // folded, by their first character
	for _, x := range comparisons {
		want := fold(x.Value.Text)
		first, _ := utf8.DecodeRuneInString(want)
		values[first] = append(values[first], want)
	}
	return func(v string) bool {
		first, _ := utf8.DecodeRuneInString(v)
		return v != "" && slices.ContainsFunc(values[foldRune(first)], func(want string) bool { return foldPrefix(v, want) })
	}
}

func (e *environment) compileGroupPath(x *scim.Expr) predicate {
	id, kind := groupPath(x)
	g := e.groupByID(id)
	if g == nil {
		return func(*subject) bool { return false }
	}
	return func(s *subject) bool {
		how := s.in(g)
		return how != outside && (kind == "" || how.String() == kind)
	}
}

// candidates narrows a filter to few seeded users by index, if it can.
func (e *environment) candidates(x *scim.Expr) ([]uint32, bool) {
	switch {
	case x == nil:
	case x.Kind == scim.And:
		for _, child := range x.Children {
			if rows, ok := e.candidates(child); ok {
				return rows, true
			}
		}
	case x.Kind == scim.Or:
		var all []uint32
		for _, child := range x.Children {
			rows, ok := e.candidates(child)
			if !ok {
				return nil, false
			}
			all = append(all, rows...)
		}
		slices.Sort(all)
		return slices.Compact(all), true
	case x.Kind != scim.Compare || x.Op != "eq":
	case x.Attr == "id":
		if i, ok := e.people.Index(x.Value.Text); ok && i < e.people.Count() {
			return []uint32{i}, true
		}
		return nil, true
	default:
		if slices.Contains([]string{"username", "email", "externalId", "accountId"}, x.Attr) {
			return e.withText(x.Attr, fold(x.Value.Text)), true
		}
	}
	return nil, false
}

// cache holds what is derived from the seeded users: results and indexes. Each is
// made on first use. Its lock is taken inside the environment's.
type cache struct {
	mu        sync.Mutex
	structure uint64 // the state that results were made for
	results   map[string]*result
	rows      int // in all results
	indexes   map[string][]indexEntry
}

// maxCachedRows bounds the cached results to 16 MiB.
const maxCachedRows = 4 << 20

// result is the sorted seeded users that match a filter.
type result struct {
	once sync.Once
	rows []uint32
}

// result finds or adds the entry of a filter.
func (c *cache) result(key string, structure uint64) *result {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.results == nil || c.structure != structure {
		c.structure, c.rows, c.results = structure, 0, make(map[string]*result)
	}
	if c.results[key] == nil {
		c.results[key] = &result{}
	}
	return c.results[key]
}

// keep accounts for a result that was computed; when there is no room it begins
// again with that.
func (c *cache) keep(key string, r *result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows += len(r.rows) + 64; c.rows > maxCachedRows {
		c.rows, c.results = len(r.rows), map[string]*result{key: r}
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
