package sim

import (
	"math"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// The environments, in the order in which they are listed. The last is deleted
// but can still be brought back.
const (
	administrators = "Administrators"
	customers      = "Customers"
	partners       = "Partner Portal Zürich"
	retired        = "Old Shop"
)

// The organization and the license of all environments from the start, as their
// files give them.
const (
	organizationID = "71f0a429-0d1a-46b0-8048-e001c291093c"
	licenseID      = "677c92ea-f66a-459c-8fb7-870723c8e037"
)

const (
	day  = 86_400_000 // milliseconds
	year = 365 * day
)

// limitedPopulation is the population that AppPopulationOnly has roles for.
const limitedPopulation = 2

// identityProviderID is the external identity provider of an environment.
func identityProviderID(environment data.ID) string {
	return data.NamedID(environment.String() + "/identityProviders/partner").String()
}

// build makes the organizations and the environments of the first.
func (s *Server) build() {
	s.store = resource.NewStore()
	s.plant(s.store, nil, "", false)
	for k, spec := range []struct {
		users    int
		products []string
		info     environmentInfo
	}{
		{s.opt.Users, []string{"PING_ONE_BASE", "PING_ONE_MFA", "PING_ONE_PROVISIONING"}, environmentInfo{
			name: administrators, description: "Administrators and staff", kind: "SANDBOX", solution: "WORKFORCE", account: "610000042",
		}},
		{s.opt.Users / 5, []string{"PING_ONE_BASE", "PING_ONE_RISK", "PING_ONE_VERIFY", "PING_ONE_DAVINCI"}, environmentInfo{
			name: customers, description: "Shop users", kind: "PRODUCTION", solution: "CUSTOMER", icon: "https://shop.example/icon.png",
		}},
		{s.opt.Users / 50, []string{"PING_ONE_BASE"}, environmentInfo{name: partners, kind: "SANDBOX", subtype: "DEVELOPMENT"}},
		{0, []string{"PING_ONE_BASE"}, environmentInfo{
			name: retired, kind: "PRODUCTION", status: "DELETE_PENDING", softDeleted: data.Epoch + 9*year + 240*day,
		}},
	} {
		info := spec.info
		info.createdAt = data.Epoch + int64(k)*(day+132)
		info.updated = max(info.createdAt+75, info.softDeleted)
		info.productsUpdated = info.createdAt + 75
		info.region = "EU"
		info.license, _ = s.activeLicense(licenseID)
		setDefault(&info.status, "ACTIVE")
		for _, kind := range spec.products {
			info.products = append(info.products, seedProduct(info.name, kind))
		}
		s.addEnvironment(data.NamedID("environment "+info.name), info, spec.users)
	}
}

func seedProduct(environment, kind string) product {
	p := product{
		ID: data.NamedID("product " + environment + kind).String(), Type: kind, Description: "Product " + strings.ToLower(kind),
		Console: &console{"https://console.pingone.example/?product=" + kind},
	}
	switch kind {
	case "PING_ONE_BASE":
		p.Bookmarks = []bookmark{{"Status \"page\"", "https://status.example"}}
	case "PING_ONE_DAVINCI":
		p.Tags = []string{"DAVINCI_MINIMAL"}
	case "PING_ONE_MFA":
		p.Deployment = &deployment{data.NamedID("deployment " + environment).String()}
	}
	return p
}

// addEnvironment makes an environment with a number of seeded users.
func (s *Server) addEnvironment(id data.ID, info environmentInfo, users int) *environment {
	e := &environment{id: id, unkind: &s.unkind}
	e.info.Store(&info)
	s.fill(e, info.name, users)
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*environment
	if old := s.all.Load(); old != nil {
		all = *old
	}
	all = append(slices.Clip(all), e)
	s.all.Store(&all)
	return e
}

// removeEnvironment forgets an environment.
func (s *Server) removeEnvironment(e *environment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := slices.DeleteFunc(slices.Clone(s.environments()), func(other *environment) bool { return other == e })
	s.all.Store(&left)
}

// environments are all that there are at the moment.
func (s *Server) environments() []*environment { return *s.all.Load() }

// environment finds an environment by id; nil when there is none.
func (s *Server) environment(id data.ID) *environment {
	for _, e := range s.environments() {
		if e.id == id {
			return e
		}
	}
	return nil
}

// fill makes the content of an environment from the seed. One without users has
// the default population alone.
func (s *Server) fill(e *environment, name string, users int) {
	seed := data.Mix(s.opt.Seed ^ data.SaltOf(name))
	e.ids = idSpaces{
		populations: data.IDs(data.Mix(seed ^ data.SaltOf("populations"))),
		groups:      data.IDs(data.Mix(seed ^ data.SaltOf("groups"))),
		attributes:  data.IDs(data.Mix(seed ^ data.SaltOf("attributes"))),
	}
	e.schema = data.NamedID("schema " + e.id.String())
	e.written = make(map[uint32][]version)
	empty := users == 0 && !slices.Contains([]string{administrators, customers, partners}, name)
	shares := data.Shares(name != administrators)
	if empty {
		shares = shares[:1]
	}
	e.people = data.NewPeople(seed, users, shares)
	e.nextUser = e.people.Count()
	e.attributes = seedAttributes(e)
	e.rows = resource.NewStore()
	s.plant(e.rows, e, name, empty)
	if !empty {
		s.seedGroups(e, seed)
	}
}

// seedGroups makes the groups and compiles their user filters.
func (s *Server) seedGroups(e *environment, seed uint64) {
	for k, spec := range data.Groups(e.populations().Len()) {
		g := &group{
			id: e.ids.groups.ID(uint32(k)), name: spec.Name, description: spec.Description, externalID: spec.ExternalID,
			population: -1, userFilter: spec.UserFilter, sourceType: spec.SourceType, customData: []byte(spec.CustomData),
			salt: data.Mix(seed + uint64(k)*3), share: uint64(spec.Share * math.MaxUint64), parents: make(map[int]bool),
			createdAt: data.Epoch + int64(k)*86_400_777, updated: data.Epoch + int64(k)*96_400_777,
		}
		if g.sourceType != "" {
			g.sourceID = identityProviderID(e.id)
		}
		if spec.Population != nil {
			g.population = *spec.Population
		}
		for _, name := range spec.Parents {
			g.parents[slices.IndexFunc(e.groups, func(p *group) bool { return p.name == name })] = true
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
