package sim

import (
	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// organization is the top of everything.
type organization struct {
	id, license data.ID
	name        string
	createdAt   int64
}

// The three environments, in the order in which they are listed.
const (
	administrators = "Administrators"
	customers      = "Customers"
	partners       = "Partner Portal Zürich"
)

// limitedPopulation is the population that AppPopulationOnly has roles for.
const limitedPopulation = 2

// identityProviderID is the external identity provider of an environment.
func identityProviderID(environment data.ID) data.ID {
	return data.NamedID("idp " + environment.String())
}

// build makes the organization and its environments.
func (s *Server) build() {
	s.organization = organization{
		id: data.NamedID("organization"), license: data.NamedID("license"), name: "Acme \"Simulated\" AG", createdAt: data.Epoch,
	}
	name := "Main"
	s.license.Store(&name)
	s.byID = make(map[data.ID]*environment)
	for _, spec := range []struct {
		name, description, kind, solution string
		users                             int
		products                          []string
	}{
		{administrators, "Administrators and staff", "SANDBOX", "WORKFORCE", s.opt.Users, []string{"PING_ONE_BASE", "PING_ONE_MFA", "PING_ONE_PROVISIONING"}},
		{customers, "Shop users", "PRODUCTION", "CUSTOMER", s.opt.Users / 5, []string{"PING_ONE_BASE", "PING_ONE_RISK", "PING_ONE_VERIFY", "PING_ONE_DAVINCI"}},
		{partners, "", "SANDBOX", "", s.opt.Users / 50, []string{"PING_ONE_BASE"}},
	} {
		e := &environment{
			id: data.NamedID("environment " + spec.name), name: spec.name, description: spec.description, kind: spec.kind,
			solution: spec.solution, products: spec.products, createdAt: data.Epoch + int64(len(s.environments))*86_400_132,
			unkind: &s.unkind,
		}
		s.fill(e, spec.users)
		s.environments = append(s.environments, e)
		s.byID[e.id] = e
	}
}

// fill makes the content of an environment from the seed.
func (s *Server) fill(e *environment, users int) {
	seed := data.Mix(s.opt.Seed ^ data.SaltOf(e.name))
	e.ids = idSpaces{
		populations: data.IDs(data.Mix(seed ^ data.SaltOf("populations"))),
		groups:      data.IDs(data.Mix(seed ^ data.SaltOf("groups"))),
		attributes:  data.IDs(data.Mix(seed ^ data.SaltOf("attributes"))),
	}
	e.schema = data.NamedID("schema " + e.id.String())
	e.written = make(map[uint32][]version)
	specs := data.Populations(e.name != administrators)
	shares := make([]data.Share, len(specs))
	for k, spec := range specs {
		shares[k] = spec.Share
		e.populations = append(e.populations, &population{
			id: e.ids.populations.ID(uint32(k)), name: spec.Name, description: spec.Description, isDefault: spec.Default,
			passwordPolicy: data.NamedID("policy " + e.id.String()).String(), preferredLanguage: spec.Language,
			alternative: spec.Alternative, createdAt: data.Epoch + int64(k)*7_000_123, updated: data.Epoch + int64(k)*9_000_456,
		})
	}
	e.people = data.NewPeople(seed, users, shares)
	e.nextUser = e.people.Count()
	e.attributes = seedAttributes(e)
	s.seedGroups(e, seed)
}

// seedGroups makes the groups and compiles their user filters.
func (s *Server) seedGroups(e *environment, seed uint64) {
	for k, spec := range data.Groups(len(e.populations)) {
		g := &group{
			id: e.ids.groups.ID(uint32(k)), name: spec.Name, description: spec.Description, externalID: spec.ExternalID,
			population: spec.Population, userFilter: spec.UserFilter, sourceType: spec.SourceType, customData: []byte(spec.CustomData),
			salt: data.Mix(seed + uint64(k)*3), share: spec.Share, parents: make(map[int]bool),
			createdAt: data.Epoch + int64(k)*86_400_777, updated: data.Epoch + int64(k)*96_400_777,
		}
		if g.sourceType != "" {
			g.sourceID = identityProviderID(e.id).String()
		}
		for _, p := range spec.Parents {
			g.parents[p] = true
		}
		e.groups = append(e.groups, g)
	}
	for _, g := range e.groups {
		if g.userFilter == "" {
			continue
		}
		if p, err := s.compileUserFilter(e, g.userFilter); err == nil {
			g.dynamic = p
		}
	}
}
