package sim

import (
	"maps"
	"slices"

	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// mediaImport is the media type of creations that may bring a password along.
const mediaImport = "application/vnd.pingidentity.user.import+json"

// userRows are the users of an environment: made from the seed when they are
// asked for, or kept because they were written. Beside what their file declares
// a row has the groups that the user was put into, unless they are those of the
// seed.
type userRows struct{ *place }

// find implements source.
func (r *userRows) find(id string) *resource.Row {
	if _, ok := data.ParseID(id); !ok {
		panic(invalidRequest(detail{Code: "INVALID_VALUE", Target: "userId", Message: "The id of a user must be a UUID."}))
	}
	return r.call.environment.userOf(id)
}

// userOf finds a user by the text of its id; nil when there is none.
func (e *environment) userOf(text string) *resource.Row {
	if i, ok := e.people.Index(text); ok {
		return e.latest(i)
	}
	return nil
}

func (r *userRows) search(at cursor) []uint32 {
	return r.call.environment.find(r.server.query(r.call, at.Filter), r.call.now)
}

// writeNumbered implements source. What expand asks for follows from rows.
func (r *userRows) writeNumbered(e *jx.Encoder, i uint32) {
	switch row, _ := r.call.environment.searchable(i, r.call.now); {
	case row != nil:
		r.write(e, row)
	case r.expand != "":
		r.write(e, r.call.environment.fromSeed(i))
	default:
		r.writeSeeded(e, i)
	}
}

func (r *userRows) remove(row *resource.Row) {
	i, _ := r.call.environment.people.Index(row.ID)
	r.call.environment.store(i, nil, r.call.now)
}

// put implements source. Who leaves a population leaves its groups.
func (r *userRows) put(row *resource.Row) {
	e := r.call.environment
	i, _ := e.people.Index(row.ID)
	e.nextUser = max(e.nextUser, i+1)
	groups := e.directGroups(&subject{environment: e, index: i, row: row})
	population := resource.First(row.Members, "population.id")
	maps.DeleteFunc(groups, func(g int, _ bool) bool {
		of := e.groups()[g].population
		return of != "" && of != population
	})
	row.Members["groups"] = groups
	e.store(i, row, r.call.now)
}

// storeUser holds a user against the rules.
func storeUser(p *place, old, row *resource.Row) {
	e, m := p.call.environment, row.Members
	if old == nil {
		beginUser(p, m)
	}
	if m["population"] == nil {
		usual := firstWith(e.populations(), "default")
		if usual == nil {
			panic(required("population.id"))
		}
		m["population"] = map[string]any{"id": usual.ID}
	}
	if !seesPopulationOf(p.call, row) {
		panic(forbidden())
	}
	if id := resource.First(m, "identityProvider.id"); old == nil || id != resource.First(old.Members, "identityProvider.id") {
		if old != nil && id == "" {
			panic(required("id"))
		}
		m["identityProvider"] = map[string]any{"type": e.providerType(id)}
		if id != "" {
			setPath(m, "identityProvider.id", id)
		}
	}
	e.checkUnique(row)
}

// beginUser completes a new user.
func beginUser(p *place, m map[string]any) {
	password := map[string]any{"status": "NO_PASSWORD"}
	if resource.First(m, "identityProvider.id") != "" {
		password["status"] = "EXTERNAL"
	}
	if value := resource.First(m, "password.value"); value != "" && p.call.mediaOf() == mediaImport {
		password = map[string]any{"status": "OK", "value": value}
		if resource.First(m, "password.forceChange") == "true" {
			password["status"] = "MUST_CHANGE_PASSWORD"
		}
	}
	m["password"] = password
}

// checkUnique looks for other users with the username or with the value of a
// unique attribute.
func (e *environment) checkUnique(row *resource.Row) {
	index, _ := e.people.Index(row.ID)
	if other, ok := e.userByUsername(resource.First(row.Members, "username")); ok && other != index {
		panic(notUnique("username", e.people.ID(other)))
	}
	for name, a := range e.schema().attributes {
		value, ok := row.Members[name].(string)
		if !ok || !a.unique {
			continue
		}
		same := func(s *subject) bool { return slices.Contains(s.values(name), value) }
		if other, ok := e.holder(same, index); ok {
			panic(notUnique(name, e.people.ID(other)))
		}
	}
}

// holder finds another user that a predicate takes.
func (e *environment) holder(want predicate, except uint32) (uint32, bool) {
	for _, i := range e.scan(want, nil) {
		if _, changed := e.written[i]; !changed && i != except {
			return i, true
		}
	}
	for _, i := range e.order {
		row := e.latest(i)
		if i != except && row != nil && want(&subject{environment: e, index: i, row: row}) {
			return i, true
		}
	}
	return 0, false
}

// canAuthenticate tells whether a user may sign in.
func canAuthenticate(_ *place, row *resource.Row) any {
	account, _ := row.Members["account"].(map[string]any)
	return row.Members["enabled"] == true && account["status"] == "OK"
}

// populations are the populations of an environment.
func (e *environment) populations() *resource.Collection { return e.rows.Read("populations") }

// seededPopulation is the id of the population that the seed puts a user into,
// which may be gone since.
func (e *environment) seededPopulation(user uint32) string {
	return e.homes[e.people.Population(user)]
}

// firstWith is the first row that a member is true in; nil when there is none.
func firstWith(rows *resource.Collection, member string) *resource.Row {
	all := rows.All()
	if k := slices.IndexFunc(all, func(row *resource.Row) bool { return row.Members[member] == true }); k >= 0 {
		return all[k]
	}
	return nil
}

// storePopulation: there is always a default population, and callers with roles
// for populations make none.
func storePopulation(p *place, old, row *resource.Row) {
	c := p.call
	switch {
	case old == nil && c.access.populations != nil:
		panic(forbidden())
	case old != nil && old.Members["default"] == true && row.Members["default"] != true:
		panic(constraint("default", "Another population must become the default one instead."))
	}
}

// removePopulation refuses while there are users. The population's groups go with it.
func removePopulation(p *place, row *resource.Row) *resource.Row {
	e := p.call.environment
	switch {
	case row.Members["default"] == true:
		panic(constraint("default", "The default population cannot be deleted."))
	case e.counts().users[row.ID] > 0:
		panic(constraint("id", "The population still has users."))
	}
	for _, g := range e.groups() {
		if g.Row != nil && g.population == row.ID {
			p.store.At("groups").Delete(g.ID)
		}
	}
	return nil
}

// providerType is what an identity provider is: PingOne's own when there is none.
func (e *environment) providerType(id string) string {
	if row := e.rows.Read("identityProviders").Find(id); row != nil {
		return resource.First(row.Members, "type")
	}
	return "PING_ONE"
}

// passwordPolicy is the policy of a population's users: the environment's
// default one when the population names none.
func (e *environment) passwordPolicy(population string) string {
	if row := e.populations().Find(population); row != nil {
		if id := resource.First(row.Members, "passwordPolicy.id"); id != "" {
			return id
		}
	}
	if policy := firstWith(e.rows.Read("passwordPolicies"), "default"); policy != nil {
		return policy.ID
	}
	return ""
}
