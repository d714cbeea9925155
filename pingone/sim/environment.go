package sim

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// environment is one PingOne environment with its directory. Its lock guards
// everything below it; people and the identifiers never change, and its row is
// replaced as a whole.
type environment struct {
	id     string
	row    atomic.Pointer[resource.Row] // what it says of itself
	salt   uint64                       // of what is seeded in it
	people *data.People
	server *Server

	mu        sync.RWMutex
	rows      *resource.Store      // of the resources that are data
	written   map[uint32][]version // users that differ from the seed
	order     []uint32             // the keys of written, ascending
	nextUser  uint32
	writes    uint64 // counts every change
	structure uint64 // counts changes that move seeded users between results
	past      []pastCounts
	recorded  []map[string]any        // audit activities of writes
	history   func() []map[string]any // and those before

	cache      cache
	attributes derived[map[string]*attribute]
	members    derived[*resource.Member] // of users
	making     derived[[]seededMember]   // and what makes them
	tree       derived[[]*group]
	seeded     derived[*counts]
	current    derived[*counts]
}

// derived is what follows from the rows of an environment. It is made again when
// they have changed.
type derived[T any] struct {
	mu    sync.Mutex
	made  bool
	of    uint64 // the state that the value was made for
	value T
}

func (d *derived[T]) get(state uint64, make func() T) T {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.made || d.of != state {
		d.value, d.of, d.made = make(), state, true
	}
	return d.value
}

// version is a state of a written user. Lists see it from its time on.
type version struct {
	visible time.Time
	row     *resource.Row // nil: deleted
}

// fill makes the content of an environment from the seed. One without users has
// the default population alone.
func (s *Server) fill(e *environment, name string, users int) {
	e.salt = data.Mix(s.opt.Seed ^ data.SaltOf(name))
	e.written = make(map[uint32][]version)
	empty := users == 0 && !slices.Contains([]string{administrators, customers, partners}, name)
	shares := data.Shares(name != administrators)
	if empty {
		shares = shares[:1]
	}
	e.people = data.NewPeople(e.salt, users, shares)
	e.nextUser = e.people.Count()
	e.rows = resource.NewStore()
	s.plant(e.rows, e, name, empty)
}

// latest reads a user as single reads see it; nil when there is none.
func (e *environment) latest(i uint32) *resource.Row {
	if versions, ok := e.written[i]; ok {
		return versions[len(versions)-1].row
	}
	if i >= e.people.Count() {
		return nil
	}
	return e.fromSeed(i)
}

// searchable reads a written user as lists see it at a time. ok is false when
// the seeded row still stands there.
func (e *environment) searchable(i uint32, now time.Time) (row *resource.Row, ok bool) {
	versions := e.written[i]
	for k := len(versions) - 1; k >= 0; k-- {
		if !versions[k].visible.After(now) {
			return versions[k].row, true
		}
	}
	return nil, i >= e.people.Count()
}

// asWritten reads the row that a list shows of a user; nil when it is the seeded one.
func (e *environment) asWritten(i uint32, now time.Time) *resource.Row {
	if _, ok := e.written[i]; ok {
		row, _ := e.searchable(i, now)
		return row
	}
	return nil
}

// store keeps a new state of a user; nil deletes it.
func (e *environment) store(i uint32, row *resource.Row, now time.Time) {
	delay := e.server.unkind.Load().of("search-delay").span
	versions, ok := e.written[i]
	if !ok {
		at, _ := slices.BinarySearch(e.order, i)
		e.order = slices.Insert(e.order, at, i)
	}
	if delay == 0 {
		versions = versions[:0]
	}
	for len(versions) > 1 && !versions[1].visible.After(now) {
		versions = versions[1:]
	}
	e.written[i] = append(versions, version{now.Add(delay), row})
	e.writes++
}

// restructure notes a change that moves seeded users between results.
func (e *environment) restructure() {
	e.structure++
	e.writes++
}
