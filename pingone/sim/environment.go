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
	id     data.ID
	row    atomic.Pointer[resource.Row] // what it says of itself
	ids    idSpaces
	people *data.People
	unkind *atomic.Pointer[unkindness] // the server's

	mu         sync.RWMutex
	rows       *resource.Store // of the resources that are data
	groups     []*group
	attributes []*attribute
	written    map[uint32][]version // users that differ from the seed
	order      []uint32             // the keys of written, ascending
	nextUser   uint32
	writes     uint64 // counts every change
	structure  uint64 // counts changes that move seeded users between results
	past       []pastCounts
	recorded   []map[string]any        // audit activities of writes
	history    func() []map[string]any // and those before

	cache cache
}

// idSpaces turn slots of the environment's slices into UUIDs.
type idSpaces struct{ populations, groups data.IDs }

// version is a state of a written user. Lists see it from its time on.
type version struct {
	visible time.Time
	user    *user // nil: deleted
}

// fill makes the content of an environment from the seed. One without users has
// the default population alone.
func (s *Server) fill(e *environment, name string, users int) {
	seed := data.Mix(s.opt.Seed ^ data.SaltOf(name))
	e.ids = idSpaces{
		populations: data.IDs(data.Mix(seed ^ data.SaltOf("populations"))),
		groups:      data.IDs(data.Mix(seed ^ data.SaltOf("groups"))),
	}
	e.written = make(map[uint32][]version)
	empty := users == 0 && !slices.Contains([]string{administrators, customers, partners}, name)
	shares := data.Shares(name != administrators)
	if empty {
		shares = shares[:1]
	}
	e.people = data.NewPeople(seed, users, shares)
	e.nextUser = e.people.Count()
	e.rows = resource.NewStore()
	s.plant(e.rows, e, name, empty)
	s.compileGroups(e)
}

// fill makes the row of a seeded user.
func (e *environment) fill(i uint32, u *user) {
	p := e.people
	u.index = i
	for a := range data.NumTexts {
		u.text[a] = p.Text(i, a)
	}
	u.enabled, u.population, u.status, u.times = p.Enabled(i), p.Population(i), p.Status(i), p.Times(i)
	u.remoteIP, u.providerID, u.password, u.groups = "", "", "", nil
	if u.times.SignOn != 0 {
		u.remoteIP = p.RemoteIP(i)
	}
	if u.status.Provider != "PING_ONE" {
		u.providerID = data.NamedID(e.id.String() + "/identityProviders/partner").String()
	}
	u.custom = u.custom[:0]
	for k, a := range e.attributes {
		if a.seeded && !a.deleted {
			if values := p.Custom(nil, i, a.source); len(values) > 0 {
				u.custom = append(u.custom, customValue{k, values})
			}
		}
	}
}

// latest reads a user as single reads see it. The row may be shared: it must not
// be changed. scratch holds it when it comes from the seed.
func (e *environment) latest(i uint32, scratch *user) *user {
	if versions, ok := e.written[i]; ok {
		return versions[len(versions)-1].user
	}
	if i >= e.people.Count() {
		return nil
	}
	e.fill(i, scratch)
	return scratch
}

// searchable reads a written user as lists see it at a time. ok is false when
// the seeded row still stands there.
func (e *environment) searchable(i uint32, now time.Time) (u *user, ok bool) {
	versions := e.written[i]
	for k := len(versions) - 1; k >= 0; k-- {
		if !versions[k].visible.After(now) {
			return versions[k].user, true
		}
	}
	return nil, i >= e.people.Count()
}

// listed reads a row that a search found.
func (e *environment) listed(i uint32, now time.Time, scratch *user) *user {
	if _, ok := e.written[i]; ok {
		if u, ok := e.searchable(i, now); ok {
			return u
		}
	}
	e.fill(i, scratch)
	return scratch
}

// own copies a user so that it can be changed and stored.
func (e *environment) own(i uint32) *user {
	var u user
	src := e.latest(i, &u)
	if src == nil {
		return nil
	}
	out := *src
	out.custom = slices.Clone(src.custom)
	out.groups = make(map[int]bool)
	for g := range e.groups {
		if e.direct(&subject{environment: e, index: i, user: src}, g) {
			out.groups[g] = true
		}
	}
	return &out
}

// store keeps a new state of a user; nil deletes it.
func (e *environment) store(i uint32, u *user, now time.Time) {
	delay := e.unkind.Load().searchDelay
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
	e.written[i] = append(versions, version{now.Add(delay), u})
	e.writes++
}
