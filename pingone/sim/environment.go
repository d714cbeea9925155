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
	homes  []string // ids of the populations of seeded users
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

	cache   cache
	schemas derived[*schema]
	tree    derived[[]*group]
	seeded  derived[*counts]
	current derived[*counts]
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

// The environments of every simulator, as their file names them.
const (
	EnvironmentAdministrators = "Administrators"
	EnvironmentCustomers      = "Customers"
	EnvironmentPartners       = "Partner Portal Zürich"
	EnvironmentRetired        = "Old Shop"
)

// The organization and the license of all environments from the start, as their
// files give them.
const (
	organizationID = "71f0a429-0d1a-46b0-8048-e001c291093c"
	licenseID      = "677c92ea-f66a-459c-8fb7-870723c8e037"
)

const day = 86_400_000 // milliseconds

// build makes the organizations and the environments of the first.
func (s *Server) build() {
	s.store = resource.NewStore()
	s.plant(s.store, nil, "", false)
	users := map[string]int{EnvironmentAdministrators: s.opt.Users, EnvironmentCustomers: s.opt.Users / 5, EnvironmentPartners: s.opt.Users / 50}
	for _, row := range s.store.Read("/environments").All() {
		name, _ := row.Members["name"].(string)
		s.addEnvironment(row, name, users[name])
	}
}

// addEnvironment makes an environment with a number of seeded users. The name
// chooses its content; one that is not seeded has the default population alone.
func (s *Server) addEnvironment(row *resource.Row, name string, users int) {
	e := &environment{server: s, id: row.ID, salt: data.Mix(s.opt.Seed ^ data.SaltOf(name)), written: make(map[uint32][]version), rows: resource.NewStore()}
	e.cache.indexes = make(map[string][]indexEntry)
	e.row.Store(row)
	empty := users == 0 && !slices.Contains([]string{EnvironmentAdministrators, EnvironmentCustomers, EnvironmentPartners}, name)
	shares := data.Shares(name != EnvironmentAdministrators)
	if empty {
		shares = shares[:1]
	}
	for k := range shares {
		e.homes = append(e.homes, e.seedID("populations", uint32(k)))
	}
	e.people = data.NewPeople(e.salt, users, shares)
	e.nextUser = e.people.Count()
	s.plant(e.rows, e, name, empty)
	now, apps := s.opt.Clock(), e.signsOn()
	e.history = sync.OnceValue(func() []map[string]any { return e.seedActivities(now, apps) })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(slices.Clip(s.all), e)
}

// forget drops an environment.
func (s *Server) forget(e *environment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = slices.DeleteFunc(slices.Clone(s.all), func(other *environment) bool { return other == e })
}

// environments are all that there are at the moment.
func (s *Server) environments() []*environment {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.all
}

// environment finds an environment by id; nil when there is none.
func (s *Server) environment(id string) *environment {
	for _, e := range s.environments() {
		if e.id == id {
			return e
		}
	}
	return nil
}

// says gives a text of an environment's row.
func (e *environment) says(path string) string {
	return resource.First(e.row.Load().Members, path)
}

// created is when an environment came to be.
func (e *environment) created() time.Time {
	at, _ := time.Parse(time.RFC3339, e.says("createdAt")) // the simulator wrote it
	return at
}

// storeEnvironment: the license is an active one of the organization. A new environment is made with what belongs to it.
func storeEnvironment(p *place, old, row *resource.Row) {
	m, now := row.Members, instant(p.call.now.UnixMilli())
	license := resource.First(m, "license.id") // required
	found := p.store.Read("/organizations/" + organizationID + "/licenses").Find(license)
	switch {
	case old == nil && !p.call.access.organization:
		panic(forbidden())
	case m["region"] == nil:
		panic(required("region"))
	case found == nil || found.Members["status"] != "ACTIVE":
		panic(invalidValue("license.id", "The license does not exist or is not active."))
	}
	m["license"] = map[string]any{"id": license, "package": found.Members["package"]}
	if old == nil {
		m["organization"] = map[string]any{"id": organizationID}
		p.server.addEnvironment(row, row.ID, 0)
		return
	}
	if m["status"] != old.Members["status"] {
		setStatus(m, m["status"], now)
	}
	p.call.environment.row.Store(row)
}

// setStatus deletes an environment softly or brings it back.
func setStatus(members map[string]any, status any, now string) {
	members["status"] = status
	delete(members, "softDeletedAt")
	if status == "DELETE_PENDING" {
		members["softDeletedAt"] = now
	}
}

// deletable is when an environment that is deleted softly can be deleted for
// good; false when it is not deleted.
func deletable(row *resource.Row) (time.Time, bool) {
	text, ok := row.Members["softDeletedAt"].(string)
	at, _ := time.Parse(time.RFC3339, text)
	return at.Add(30 * day * time.Millisecond), ok
}

func hardDeletedAllowedAt(_ *place, row *resource.Row) any {
	if at, deleted := deletable(row); deleted {
		return instant(at.UnixMilli())
	}
	return nil
}

// removeEnvironment: a production environment can be brought back for a while.
func removeEnvironment(p *place, row *resource.Row) *resource.Row {
	e := p.call.environment
	at, deleted := deletable(row)
	switch {
	case e == p.server.environments()[0]:
		panic(constraint("id", "The environment holds the applications that call the API."))
	case row.Members["type"] != "SANDBOX" && !deleted:
		kept := copied(row)
		setStatus(kept.Members, "DELETE_PENDING", instant(p.call.now.UnixMilli()))
		kept.Members["updatedAt"] = kept.Members["softDeletedAt"]
		e.row.Store(kept)
		return kept
	case row.Members["type"] != "SANDBOX" && p.call.now.Before(at):
		panic(constraint("hardDeletedAllowedAt", "The environment cannot be deleted for good yet."))
	}
	p.server.forget(e)
	return nil
}

// licenseQuantities are the rate limits of the license, in the unit that the
// name of the group ends in.
func licenseQuantities(p *place, _ *resource.Row) any {
	out := make(map[string]any)
	for name, rate := range rateGroups {
		if own, ok := p.server.opt.RateLimits[name]; ok {
			rate = own
		}
		out[name] = map[string]int{"limit": max(1, int(float64(rate.Limit)*float64(rateGroups[name].Per)/float64(rate.Per)))}
	}
	return out
}
