package sim

import (
	"encoding/json"
	"net/http"
)

// applyGroup reads a group from a body: everything that is not in it is cleared,
// but for the population, which a group keeps.
func (s *Server) applyGroup(c *call, g *group, b *body) error {
	e := c.environment
	g.name, g.description = b.text("name", 256), b.text("description", 1024)
	g.externalID, g.userFilter = b.text("externalId", 1024), b.text("userFilter", 4096)
	var custom map[string]json.RawMessage
	b.value("customData", &custom, "an object")
	g.customData = nil
	if custom != nil {
		g.customData = b.members["customData"]
	}
	switch {
	case b.err != nil:
		return b.err
	case g.name == "":
		return required("name")
	}
	g.dynamic = nil
	if g.userFilter != "" {
		p, err := s.compileUserFilter(e, g.userFilter)
		if err != nil {
			refused := *asAPIError(err)
			refused.details[0].Target = "userFilter"
			return &refused
		}
		g.dynamic = p
	}
	for _, other := range e.groups {
		same := !other.deleted && other.id != g.id && other.population == g.population
		if same && fold(other.name) == fold(g.name) {
			return notUnique("name", other.id.String())
		}
	}
	return nil
}

func (s *Server) createGroup(c *call) (reply, error) {
	b, err := c.readBody("application/json")
	if err != nil {
		return reply{}, err
	}
	e := c.environment
	k := len(e.groups)
	g := &group{
		id: e.ids.groups.ID(uint32(k)), population: -1, parents: make(map[int]bool),
		createdAt: c.now.UnixMilli(), updated: c.now.UnixMilli(),
	}
	if id := b.refer("population"); id != "" {
		p, ok := e.populationByID(id)
		if !ok {
			return reply{}, invalidValue("population.id", "The population does not exist.")
		}
		g.population = p
	}
	if c.access.populations != nil && (g.population < 0 || !c.access.seesPopulation(e.populationID(g.population))) {
		return reply{}, forbidden()
	}
	if err := s.applyGroup(c, g, b); err != nil {
		return reply{}, err
	}
	e.groups = append(e.groups, g)
	e.restructure()
	return reply{status: http.StatusCreated, body: s.appendWholeGroup(c, k), location: c.address() + "/" + g.id.String()}, nil
}

func (s *Server) replaceGroup(c *call) (reply, error) {
	k, err := s.group(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	b, err := c.readBody("application/json")
	if err != nil {
		return reply{}, err
	}
	e := c.environment
	changed := *e.groups[k]
	if id := b.refer("population"); id != "" {
		if p, ok := e.populationByID(id); !ok || p != changed.population {
			return reply{}, constraint("population.id", "A group cannot be moved to another population.")
		}
	}
	if err := s.applyGroup(c, &changed, b); err != nil {
		return reply{}, err
	}
	changed.updated = c.now.UnixMilli()
	*e.groups[k] = changed
	e.restructure()
	return reply{body: s.appendWholeGroup(c, k)}, nil
}

func (s *Server) deleteGroup(c *call) (reply, error) {
	k, err := s.group(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	c.environment.groups[k].deleted = true
	c.environment.restructure()
	return reply{status: http.StatusNoContent}, nil
}
