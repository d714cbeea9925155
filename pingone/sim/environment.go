package sim

import (
	"slices"
	"strings"
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
	salt   uint64 // of what is seeded in it
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

// idSpaces turn slots of the environment's slices into UUIDs.
type idSpaces struct{ populations, groups data.IDs }

// version is a state of a written user. Lists see it from its time on.
type version struct {
	visible time.Time
	row     *resource.Row // nil: deleted
}

// fill makes the content of an environment from the seed. One without users has
// the default population alone.
func (s *Server) fill(e *environment, name string, users int) {
	e.salt = data.Mix(s.opt.Seed ^ data.SaltOf(name))
	e.ids = idSpaces{
		populations: data.IDs(data.Mix(e.salt ^ data.SaltOf("populations"))),
		groups:      data.IDs(data.Mix(e.salt ^ data.SaltOf("groups"))),
	}
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

// scratch are the objects of a row, to make the next one of: lists of a million
// users make rows for the length of a line.
type scratch struct {
	row    map[string]any
	spares []map[string]any
}

// begin takes the last row apart.
func (s *scratch) begin() map[string]any {
	if s.row == nil {
		s.row = make(map[string]any)
	}
	for _, v := range s.row {
		if inner, ok := v.(map[string]any); ok {
			clear(inner)
			s.spares = append(s.spares, inner)
		}
	}
	clear(s.row)
	return s.row
}

// object makes an object with a member.
func (s *scratch) object(name string, v any) map[string]any {
	n := len(s.spares)
	if n == 0 {
		return map[string]any{name: v}
	}
	out := s.spares[n-1]
	out[name], s.spares = v, s.spares[:n-1]
	return out
}

// fromSeed makes the row of a seeded user, valid until the scratch is used again.
func (e *environment) fromSeed(i uint32, s *scratch) *resource.Row {
	m, p, id := s.begin(), e.people, e.userID(i).String()
	status, times := p.Status(i), p.Times(i)
	provider := s.object("type", status.Provider)
	if status.Provider != "PING_ONE" {
		provider["id"] = data.NamedID(e.id.String() + "/identityProviders/partner").String()
	}
	account := s.object("status", "OK")
	if status.Locked {
		account["status"], account["lockedAt"] = "LOCKED", instant(times.LockedAt)
		if times.UnlockAt > 0 {
			// As it was at the lock, so that a row reads the same each time.
			account["secondsUntilUnlock"], account["unlockAt"] = (times.UnlockAt-times.LockedAt)/1000, instant(times.UnlockAt)
		}
	}
	m["id"], m["population"] = id, s.object("id", e.populations().Row(p.Population(i)).ID)
	m["account"], m["identityProvider"], m["lifecycle"] = account, provider, s.object("status", status.Lifecycle)
	m["enabled"], m["mfaEnabled"], m["verifyStatus"] = p.Enabled(i), status.MFA, status.Verify
	m["createdAt"], m["updatedAt"] = instant(times.Created), instant(times.Updated)
	p.EachText(i, func(path, text string) { s.set(m, path, text) })
	if status.HasEmailVerified {
		m["emailVerified"] = status.EmailVerified
	}
	if times.SignOn != 0 {
		signOn := s.object("at", instant(times.SignOn))
		m["lastSignOn"], signOn["remoteIp"] = signOn, p.RemoteIP(i)
	}
	if status.Password != "" {
		password := s.object("status", status.Password)
		m["password"], password["lastChangedAt"] = password, instant(times.PasswordChanged)
	}
	if times.Start != 0 {
		m["startDate"] = instant(times.Start)
	}
	if times.End != 0 {
		m["endDate"] = instant(times.End)
	}
	for name, a := range e.schema() {
		if a.seeded != nil {
			if v := a.seeded(i); v != nil {
				m[name] = v
			}
		}
	}
	return &resource.Row{ID: id, Members: m}
}

// set gives a member of an object, or of one in it, a value.
func (s *scratch) set(object map[string]any, path string, v any) {
	outer, name, nested := strings.Cut(path, ".")
	if inner, ok := object[outer].(map[string]any); ok {
		inner[name] = v
	} else if nested {
		object[outer] = s.object(name, v)
	} else {
		object[outer] = v
	}
}

// latest reads a user as single reads see it; nil when there is none.
func (e *environment) latest(i uint32) *resource.Row {
	if versions, ok := e.written[i]; ok {
		return versions[len(versions)-1].row
	}
	if i >= e.people.Count() {
		return nil
	}
	return e.fromSeed(i, &scratch{})
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

// listed reads a row that a search found. It may use a scratch.
func (e *environment) listed(i uint32, now time.Time, s *scratch) *resource.Row {
	if _, ok := e.written[i]; ok {
		if row, ok := e.searchable(i, now); ok {
			return row
		}
	}
	return e.fromSeed(i, s)
}

// store keeps a new state of a user; nil deletes it.
func (e *environment) store(i uint32, row *resource.Row, now time.Time) {
	delay := e.server.unkind.Load().searchDelay
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
