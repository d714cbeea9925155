package sim

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// generic answers the calls of a declared resource. What is peculiar to one is
// in its hooks, and in its source when its rows are not in a store.
type generic struct {
	server   *Server
	kind     *resource.Type
	hooks    resourceHooks
	children []string // relations to what its rows own
	most     int      // rows of the largest page; 0: the whole collection at once
	filters  filterSpec
}

// links finds the resources that rows of this one own, unless their relations
// are declared.
func (g *generic) links() {
	if slices.ContainsFunc(g.kind.Links, func(l resource.Text) bool { return strings.HasPrefix(l.Text, ".") }) {
		return
	}
	for _, t := range g.server.resources.Types {
		if below, ok := strings.CutPrefix(t.Path, g.kind.Path+"/{"); ok && strings.Count(below, "/") == 1 {
			g.children = append(g.children, t.Path[strings.LastIndexByte(t.Path, '/')+1:])
		}
	}
	g.children = append(g.children, sortedKeys(g.kind.Parts)...)
}

// newID is the id of a row that a call makes.
func (s *Server) newID() string {
	return data.IDs(data.Mix(s.opt.Seed ^ data.SaltOf("resources"))).ID(s.rowsMade.Add(1)).String()
}

func (g *generic) read(c *call) (reply, error) {
	p := g.place(c)
	row, err := p.row()
	if err != nil {
		return reply{}, err
	}
	return reply{body: p.single(nil, row)}, nil
}

func (g *generic) create(c *call) (reply, error) {
	p := g.place(c)
	if err := p.owned(); err != nil {
		return reply{}, err
	}
	sent, err := c.sent(g.kind.Bytes, mediaJSON, g.kind.Imports)
	if err != nil {
		return reply{}, err
	}
	members, problem := g.kind.Take(p.shape(), sent, nil)
	if problem != nil {
		return reply{}, refusedRow(problem)
	}
	row := &resource.Row{ID: g.server.newID(), Members: members}
	if g.hooks.newID != nil {
		row.ID = g.hooks.newID(c, p.rows)
	}
	if id, ok := members[g.kind.IDFrom].(string); ok {
		row.ID = canonical(id)
	}
	members["id"] = row.ID
	p.stamp(g.kind.Members, members, resource.Created, resource.Updated)
	if err := p.save(nil, row); err != nil {
		return reply{}, err
	}
	p.created = true
	return reply{status: http.StatusCreated, body: p.single(nil, row), location: p.self + "/" + row.ID}, nil
}

func (g *generic) replace(c *call) (reply, error) { return g.change(c, false) }

func (g *generic) patch(c *call) (reply, error) { return g.change(c, true) }

// change reads a body, makes the new row of it, or of the old one merged with
// it, and answers with that.
func (g *generic) change(c *call, merge bool) (reply, error) {
	p := g.place(c)
	old, err := p.row()
	if err != nil {
		return reply{}, err
	}
	sent, err := c.sent(g.kind.Bytes, mediaJSON)
	if err != nil {
		return reply{}, err
	}
	old = p.whole(old)
	if merge {
		sent = p.shape().Merge(old.Members, sent)
	}
	members, problem := g.kind.Take(p.shape(), sent, old.Members)
	if problem != nil {
		return reply{}, refusedRow(problem)
	}
	row, err := p.write(old, members)
	if err != nil {
		return reply{}, err
	}
	return reply{body: p.single(nil, row)}, nil
}

func (g *generic) delete(c *call) (reply, error) {
	p := g.place(c)
	row, err := p.row()
	if err != nil {
		return reply{}, err
	}
	if g.hooks.remove != nil {
		kept, err := g.hooks.remove(p, row)
		if err != nil {
			return reply{}, err
		}
		if kept != nil {
			p.put(kept)
			return reply{status: http.StatusNoContent}, nil
		}
	}
	p.remove(row)
	return reply{status: http.StatusNoContent}, nil
}

// act makes the handler that does the action which the media type of a call names.
func (g *generic) act(method string) handler {
	return func(c *call) (reply, error) {
		p := g.place(c)
		row, err := p.row()
		if err != nil {
			return reply{}, err
		}
		media := c.mediaOf()
		k := slices.IndexFunc(g.kind.Actions, func(a resource.Text) bool {
			by, chosen := resource.Action(a.Text)
			return by == method && strings.EqualFold(chosen, media)
		})
		if k < 0 {
			return reply{}, unsupportedMedia(c.request.Header.Get("Content-Type"))
		}
		var sent map[string]any
		if strings.HasSuffix(media, "json") && c.request.ContentLength != 0 {
			if sent, err = c.sent(g.kind.Bytes, media); err != nil {
				return reply{}, err
			}
		}
		old := p.whole(row)
		row = copied(old)
		if err := resourceActions[g.kind.Name()+" "+g.kind.Actions[k].Name](p, row, sent); err != nil {
			return reply{}, err
		}
		if !reflect.DeepEqual(old, row) {
			p.stamp(g.kind.Members, row.Members, resource.Updated)
			p.put(row)
		}
		return reply{body: p.single(nil, row)}, nil
	}
}

// readPart makes the handler that shows some members of a row.
func (g *generic) readPart(part resource.Part) handler {
	return func(c *call) (reply, error) {
		p := g.place(c)
		row, err := p.row()
		if err != nil {
			return reply{}, err
		}
		return reply{body: p.appendPart(p.whole(row), part)}, nil
	}
}

// replacePart makes the handler that sets some members of a row.
func (g *generic) replacePart(part resource.Part) handler {
	return func(c *call) (reply, error) {
		p := g.place(c)
		old, err := p.row()
		if err != nil {
			return reply{}, err
		}
		sent, err := c.sent(g.kind.Bytes, mediaJSON)
		if err != nil {
			return reply{}, err
		}
		old = p.whole(old)
		members, problem := g.kind.TakePart(part, sent, old.Members)
		if problem != nil {
			return reply{}, refusedRow(problem)
		}
		if inner, ok := members[part.Of].(map[string]any); ok {
			p.stamp(g.kind.Members.Child(part.Of), inner, resource.Updated)
		}
		row, err := p.write(old, members)
		if err != nil {
			return reply{}, err
		}
		return reply{body: p.appendPart(row, part)}, nil
	}
}

// refusedRow is the answer to a row that cannot be stored.
func refusedRow(p *resource.Problem) *apiError {
	d := detail{Code: p.Code, Target: p.Target, Message: p.Message}
	if p.Allowed != nil || p.Min != nil || p.Max != nil || p.Existing != "" {
		d.InnerError = &innerError{AllowedValues: p.Allowed, RangeMinimumValue: p.Min, RangeMaximumValue: p.Max, ExistingID: p.Existing}
	}
	return invalidData(d)
}
