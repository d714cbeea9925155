package sim

import (
	"net/http"
	"slices"
)

// applyPopulation reads a population from a body: everything that is not in it
// is cleared.
func (e *environment) applyPopulation(p *population, b *body) error {
	p.name, p.description = b.text("name", 256), b.text("description", 1024)
	p.passwordPolicy, p.theme = b.refer("passwordPolicy"), b.refer("theme")
	p.alternative, p.preferredLanguage = b.texts("alternativeIdentifiers"), b.text("preferredLanguage", 64)
	wasDefault := p.isDefault
	p.isDefault = b.bool("default", wasDefault)
	switch {
	case b.err != nil:
		return b.err
	case p.name == "":
		return required("name")
	case wasDefault && !p.isDefault:
		return constraint("default", "Another population must become the default one instead.")
	}
	for _, other := range e.populations {
		if !other.deleted && other.id != p.id && fold(other.name) == fold(p.name) {
			return notUnique("name", other.id.String())
		}
	}
	return nil
}

// putPopulation stores a population in a slot.
func (e *environment) putPopulation(k int, p population) {
	if p.isDefault {
		for _, other := range e.populations {
			if other.isDefault && other.id != p.id {
				other.isDefault, other.updated = false, p.updated
			}
		}
	}
	*e.populations[k] = p
	e.writes++
}

func (s *Server) createPopulation(c *call) (reply, error) {
	b, err := c.readBody("application/json")
	if err != nil {
		return reply{}, err
	}
	if c.access.populations != nil {
		return reply{}, forbidden()
	}
	e := c.environment
	k := len(e.populations)
	p := population{id: e.ids.populations.ID(uint32(k)), createdAt: c.now.UnixMilli(), updated: c.now.UnixMilli()}
	if err := e.applyPopulation(&p, b); err != nil {
		return reply{}, err
	}
	e.populations = append(e.populations, &population{})
	e.putPopulation(k, p)
	e.restructure()
	out := c.populationReply(k)
	out.status, out.location = http.StatusCreated, c.address()+"/"+p.id.String()
	return out, nil
}

func (s *Server) replacePopulation(c *call) (reply, error) {
	k, err := s.population(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	b, err := c.readBody("application/json")
	if err != nil {
		return reply{}, err
	}
	e := c.environment
	p := *e.populations[k]
	if err := e.applyPopulation(&p, b); err != nil {
		return reply{}, err
	}
	p.updated = c.now.UnixMilli()
	e.putPopulation(k, p)
	return c.populationReply(k), nil
}

// deletePopulation refuses while there are users. The population's groups go with it.
func (s *Server) deletePopulation(c *call) (reply, error) {
	k, err := s.population(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	e := c.environment
	switch {
	case e.populations[k].isDefault:
		return reply{}, constraint("default", "The default population cannot be deleted.")
	case e.counts().populations[k] > 0:
		return reply{}, constraint("id", "The population still has users.")
	}
	e.populations[k].deleted = true
	for _, g := range e.groups {
		if g.population == k {
			g.deleted = true
		}
	}
	e.restructure()
	return reply{status: http.StatusNoContent}, nil
}

// defaultPopulation is where users without a population go.
func (e *environment) defaultPopulation() (int, bool) {
	k := slices.IndexFunc(e.populations, func(p *population) bool { return p.isDefault && !p.deleted })
	return k, k >= 0
}

// defaultProviderReply is {"id", "type"}: PingOne's own when none was set.
func (c *call) defaultProviderReply(p *population) reply {
	o := open(nil)
	links := o.child("_links")
	links.link("self", c.address())
	links.link("environment", c.base, "/environments/", c.environment.id.String())
	o.end(links)
	o.text("id", p.identityProvider)
	if p.identityProvider == "" {
		o.text("type", "PING_ONE")
	} else {
		o.text("type", "OPENID_CONNECT")
	}
	return reply{body: o.close()}
}

func (s *Server) readDefaultProvider(c *call) (reply, error) {
	k, err := s.population(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	return c.defaultProviderReply(c.environment.populations[k]), nil
}

func (s *Server) putDefaultProvider(c *call) (reply, error) {
	k, err := s.population(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	b, err := c.readBody(mediaJSON)
	if err != nil {
		return reply{}, err
	}
	id := b.id()
	switch {
	case b.err != nil:
		return reply{}, b.err
	case id != "" && id != identityProviderID(c.environment.id).String():
		return reply{}, invalidValue("id", "The identity provider does not exist.")
	}
	p := c.environment.populations[k]
	p.identityProvider, p.updated = id, c.now.UnixMilli()
	return c.defaultProviderReply(p), nil
}
