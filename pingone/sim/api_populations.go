package sim

import (
	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// populationByID finds a living population by the text of its id.
func (e *environment) populationByID(text string) (int, bool) {
	id, ok := data.ParseID(text)
	if !ok {
		return 0, false
	}
	k, ok := e.ids.populations.Index(id)
	if !ok || int(k) >= len(e.populations) || e.populations[k].deleted {
		return 0, false
	}
	return int(k), true
}

func (e *environment) appendPopulation(dst []byte, base string, k, users int) []byte {
	p := e.populations[k]
	id, env := p.id.String(), e.id.String()
	o := open(dst)
	links := o.child("_links")
	links.link("self", base, "/environments/", env, "/populations/", id)
	links.link("environment", base, "/environments/", env)
	o.end(links)
	o.id(p.id)
	o.ref("environment", e.id)
	o.text("name", p.name)
	o.text("description", p.description)
	o.int("userCount", users)
	o.bool("default", p.isDefault)
	if p.passwordPolicy != "" {
		inner := o.child("passwordPolicy")
		inner.text("id", p.passwordPolicy)
		o.end(inner)
	}
	o.texts("alternativeIdentifiers", p.alternative)
	o.text("preferredLanguage", p.preferredLanguage)
	if p.theme != "" {
		inner := o.child("theme")
		inner.text("id", p.theme)
		o.end(inner)
	}
	o.time("createdAt", p.createdAt)
	o.time("updatedAt", p.updated)
	return o.close()
}

func (s *Server) listPopulations(c *call) (reply, error) {
	const most = 1000
	p, err := s.paging(c, most, most)
	if err != nil {
		return reply{}, err
	}
	var x *scim.Expr
	if p.at.Filter != "" {
		if x, err = c.parse(populationsSpec, p.at.Filter); err != nil {
			return reply{}, err
		}
	}
	e := c.environment
	matches := func(k int) bool {
		pop := e.populations[k]
		if pop.deleted || !c.access.seesPopulation(pop.id) {
			return false
		}
		return x == nil || evaluate(x, func(name string) []string {
			if name == "id" {
				return []string{pop.id.String()}
			}
			return []string{pop.name}
		})
	}
	l, shown := &listing{key: "populations"}, e.shown(c.now)
	return s.slots(c, p, l, len(e.populations), matches, func(dst []byte, k int) []byte {
		return e.appendPopulation(dst, c.base, k, shown.population(k))
	}), nil
}

// population finds the population that a call is about.
func (s *Server) population(c *call, text string) (int, error) {
	k, ok := c.environment.populationByID(text)
	if !ok {
		return 0, notFound("The population does not exist.")
	}
	if !c.access.seesPopulation(c.environment.populations[k].id) {
		return 0, forbidden()
	}
	return k, nil
}

func (s *Server) readPopulation(c *call) (reply, error) {
	k, err := s.population(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	return c.populationReply(k), nil
}

func (c *call) populationReply(k int) reply {
	e := c.environment
	return reply{body: e.appendPopulation(nil, c.base, k, e.shown(c.now).population(k))}
}
