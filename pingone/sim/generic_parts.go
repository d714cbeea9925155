package sim

import (
	"maps"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// readPart makes the handler that shows some members of a row.
func (g *generic) readPart(part resource.Part) handler {
	return func(c *call) (reply, error) {
		p, row, err := g.row(c)
		if err != nil {
			return reply{}, err
		}
		return reply{body: g.appendPart(c, p, row, part)}, nil
	}
}

// replacePart makes the handler that sets some members of a row.
func (g *generic) replacePart(part resource.Part) handler {
	return func(c *call) (reply, error) {
		p, old, err := g.row(c)
		if err != nil {
			return reply{}, err
		}
		var sent map[string]any
		if _, err := c.decode(&sent, mediaJSON); err != nil {
			return reply{}, err
		}
		all := maps.Clone(old.Members)
		for _, name := range part.Members {
			all[name] = sent[name]
		}
		row, err := g.write(c, p, old, all)
		if err != nil {
			return reply{}, err
		}
		return reply{body: g.appendPart(c, p, row, part)}, nil
	}
}

func (g *generic) appendPart(c *call, p *place, row *resource.Row, part resource.Part) []byte {
	if part.Answers == "row" {
		return g.append(nil, c, p, row)
	}
	o := open(nil)
	links := o.child("_links")
	links.link("self", c.address())
	o.end(links)
	for _, name := range part.Members {
		g.member(&o, c, p, row, g.kind.Members.Child(name), row.Members)
	}
	return o.close()
}
