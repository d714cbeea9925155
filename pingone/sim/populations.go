package sim

import (
	"slices"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

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
