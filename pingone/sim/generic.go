package sim

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
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
	return data.IDs(data.Mix(s.opt.Seed ^ data.SaltOf("resources"))).ID(s.rowsMade.Add(1))
}

// list answers a page, or the whole collection when it has no page size: then
// limit means nothing.
func (g *generic) list(c *call) (reply, error) {
	at := g.place(c)
	if err := at.owned(); err != nil {
		return reply{}, err
	}
	def, most := min(g.kind.Page.Default, g.most), g.most
	if most == 0 {
		def = max(1, at.rows.Len())
		most = def
		c.query.Del("limit")
	}
	p, err := g.server.paging(c, def, most)
	if err != nil {
		return reply{}, err
	}
	at.listing, at.include, at.expand = true, "", p.at.Expand // what include asks for is in single rows alone
	found, err := at.search(p.at)
	if err != nil {
		return reply{}, err
	}
	if x, err := at.filter(p.at.Filter); err == nil && names(x, g.kind.Whole) {
		p.limit = most
	}
	l := &listing{key: g.kind.Key, uncounted: !g.kind.Count, plain: g.most == 0 && !p.continued}
	rows := g.server.turn(c, p, l, found)
	if l.count >= 0 && g.hooks.count != nil {
		l.count = g.hooks.count(at)
	}
	return c.page(l, rows, at.writeNumbered), nil
}

// names reports whether a filter compares any of some attributes.
func names(x *scim.Expr, attributes []string) (any bool) {
	eachComparison(x, func(x *scim.Expr) { any = any || slices.Contains(attributes, x.Attr) })
	return any
}

// onRow makes the handler of a method of rows.
func (g *generic) onRow(method func(p *place, row *resource.Row) (reply, error)) handler {
	return func(c *call) (reply, error) {
		p := g.place(c)
		row, err := p.row()
		if err != nil {
			return reply{}, err
		}
		return method(p, row)
	}
}

func (g *generic) create(c *call) (reply, error) {
	p := g.place(c)
	if err := p.owned(); err != nil {
		return reply{}, err
	}
	if k := slices.IndexFunc(g.kind.Together, func(a resource.Text) bool { return strings.EqualFold(a.Text, c.mediaOf()) }); k >= 0 {
		sent, err := p.sent(g.kind.Together[k].Text)
		if err == nil {
			err = togetherActions[g.kind.Name()+" "+g.kind.Together[k].Name](p, sent)
		}
		return reply{status: http.StatusNoContent}, err
	}
	sent, err := p.sent(mediaJSON, g.kind.Imports)
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
	answer := p.one(row)
	answer.status, answer.location = http.StatusCreated, p.self+"/"+row.ID
	return answer, nil
}

// change makes the row that a body describes of an old one, or of the old one
// merged with it.
func (p *place) change(old *resource.Row, merge bool) (reply, error) {
	sent, err := p.sent(mediaJSON)
	if err != nil {
		return reply{}, err
	}
	if merge {
		sent = p.shape().Merge(old.Members, sent)
	}
	row, err := p.keep(old, func() (map[string]any, *resource.Problem) {
		return p.generic.kind.Take(p.shape(), sent, old.Members)
	})
	if err != nil {
		return reply{}, err
	}
	return p.one(row), nil
}

func (p *place) delete(row *resource.Row) (reply, error) {
	done := reply{status: http.StatusNoContent}
	if hook := p.generic.hooks.remove; hook != nil {
		kept, err := hook(p, row)
		if err != nil {
			return reply{}, err
		}
		if kept != nil {
			p.put(kept)
			return done, nil
		}
	}
	p.remove(row)
	return done, nil
}

// act makes the method that does the action which the media type of a call names.
func (g *generic) act(method string) func(p *place, old *resource.Row) (reply, error) {
	return func(p *place, old *resource.Row) (reply, error) {
		media := p.call.mediaOf()
		k := slices.IndexFunc(g.kind.Actions, func(a resource.Text) bool {
			by, chosen := resource.Action(a.Text)
			return by == method && strings.EqualFold(chosen, media)
		})
		if k < 0 {
			return reply{}, unsupportedMedia(p.call.request.Header.Get("Content-Type"))
		}
		var sent map[string]any
		if strings.HasSuffix(media, "json") && p.call.request.ContentLength != 0 {
			var err error
			if sent, err = p.call.sent(g.kind.Bytes, media); err != nil {
				return reply{}, err
			}
		}
		row := copied(old)
		if err := resourceActions[g.kind.Name()+" "+g.kind.Actions[k].Name](p, row, sent); err != nil {
			return reply{}, err
		}
		if !reflect.DeepEqual(old, row) {
			p.stamp(g.kind.Members, row.Members, resource.Updated)
			p.put(row)
		}
		return p.one(row), nil
	}
}

// replacePart makes the method that sets some members of a row.
func (g *generic) replacePart(part resource.Part) func(p *place, old *resource.Row) (reply, error) {
	return func(p *place, old *resource.Row) (reply, error) {
		sent, err := p.call.sent(g.kind.Bytes, mediaJSON)
		if err != nil {
			return reply{}, err
		}
		row, err := p.keep(old, func() (map[string]any, *resource.Problem) {
			members, problem := g.kind.TakePart(part, sent, old.Members)
			if inner, ok := members[part.Of].(map[string]any); ok {
				p.stamp(g.kind.Members.Child(part.Of), inner, resource.Updated)
			}
			return members, problem
		})
		if err != nil {
			return reply{}, err
		}
		return p.part(row, part), nil
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
