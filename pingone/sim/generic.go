package sim

import (
	"maps"
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
	if name, a, ok := g.kind.Action(http.MethodPost, c.mediaOf(), true); ok {
		sent, err := p.sent(a.Media)
		if err == nil {
			err = resourceActions[g.kind.Name+" "+name](p, nil, sent)
		}
		return reply{status: http.StatusNoContent}, err
	}
	sent, err := p.sent(mediaJSON, g.kind.Imports)
	if err != nil {
		return reply{}, err
	}
	members, problem := g.kind.Take(p.shape(), sent, nil)
	if problem != nil {
		return reply{}, invalidData(*problem)
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
	row, err := p.keep(old, func() (map[string]any, *resource.Detail) {
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

// act does what the media type of a call says.
func (p *place) act(old *resource.Row) (reply, error) {
	kind, media := p.generic.kind, p.call.mediaOf()
	name, a, ok := kind.Action(p.call.request.Method, media, false)
	if !ok {
		return reply{}, unsupportedMedia(p.call.request.Header.Get("Content-Type"))
	}
	var sent map[string]any
	if strings.HasSuffix(media, "json") && p.call.request.ContentLength != 0 {
		var err error
		if sent, err = p.call.sent(kind.Bytes, media); err != nil {
			return reply{}, err
		}
	}
	row := copied(old)
	if err := p.do(a, row, sent); err != nil {
		return reply{}, err
	}
	if code := resourceActions[kind.Name+" "+name]; code != nil {
		if err := code(p, row, sent); err != nil {
			return reply{}, err
		}
	}
	if !reflect.DeepEqual(old, row) {
		p.stamp(kind.Members, row.Members, resource.Updated)
		p.put(row)
	}
	return p.one(row), nil
}

// do makes the changes that an action declares. A row that has what the action
// sets stays as it is.
func (p *place) do(a resource.Action, row *resource.Row, sent map[string]any) error {
	if code, _ := textOf(sent, a.Code); a.Code != "" && code != OneTimeCode {
		return invalidData(detail{Code: "INVALID_OTP", Target: a.Code, Message: "The code is wrong or has expired."})
	}
	made := make(map[string]any)
	for path, text := range a.Sets {
		if text == "now" {
			text = instant(p.call.now.UnixMilli())
		}
		setPath(made, path, text)
	}
	for _, name := range a.Takes {
		if sent[name] != nil {
			made[name] = sent[name]
		}
	}
	for path, text := range a.Sets {
		if len(a.Takes) > 0 || text != "now" && resource.First(row.Members, path) != text {
			maps.Copy(row.Members, made)
		}
	}
	return nil
}

// setPath puts a value into an object, at most one object deep.
func setPath(members map[string]any, path string, v any) {
	outer, name, nested := strings.Cut(path, ".")
	switch inner, ok := members[outer].(map[string]any); {
	case !nested:
		members[path] = v
	case ok:
		inner[name] = v
	default:
		members[outer] = map[string]any{name: v}
	}
}

// replacePart makes the method that sets some members of a row.
func (g *generic) replacePart(part resource.Part) func(p *place, old *resource.Row) (reply, error) {
	return func(p *place, old *resource.Row) (reply, error) {
		sent, err := p.call.sent(g.kind.Bytes, mediaJSON)
		if err != nil {
			return reply{}, err
		}
		row, err := p.keep(old, func() (map[string]any, *resource.Detail) {
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
