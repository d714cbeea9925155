package sim

import "github.com/pingone-gateway/gateway/pingone/sim/internal/resource"

// Populations are data, but users and groups know them by their place in the
// collection, which is also the index of their id.

// populations are the populations of an environment.
func (e *environment) populations() *resource.Collection { return e.rows.Read("populations") }

// populationID is the id of the population in a place.
func (e *environment) populationID(k int) string { return e.seedID("populations", uint32(k)) }

// populationByID finds a living population by the text of its id.
func (e *environment) populationByID(text string) (int, bool) {
	return e.populations().Place(canonical(text))
}

// defaultPopulation is where users without a population go.
func (e *environment) defaultPopulation() (int, bool) {
	for k := range e.populations().Len() {
		if row := e.populations().Row(k); row != nil && row.Members["default"] == true {
			return k, true
		}
	}
	return 0, false
}

func countUsers(p *place, row *resource.Row) any {
	k, _ := p.call.environment.populationByID(row.ID)
	return at(p.call.environment.shown("stale-user-counts", p.call.now).populations, k)
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
	k, _ := e.populationByID(row.ID)
	switch {
	case row.Members["default"] == true:
		panic(constraint("default", "The default population cannot be deleted."))
	case e.counts().populations[k] > 0:
		panic(constraint("id", "The population still has users."))
	}
	for _, g := range e.groups() {
		if g.Row != nil && g.population == row.ID {
			p.store.At("groups").Delete(g.ID)
		}
	}
	return nil
}

func typeOfProvider(p *place, row *resource.Row) any {
	return p.call.environment.providerType(resource.First(row.Members, "id"))
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
	for _, policy := range e.rows.Read("passwordPolicies").All() {
		if policy.Members["default"] == true {
			return policy.ID
		}
	}
	return ""
}
