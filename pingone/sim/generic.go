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
func (g *generic) list(c *call) reply {
	at := g.place(c)
	at.owned()
	def, most := min(g.kind.Page.Default, g.most), g.most
	if most == 0 {
		def = max(1, at.rows.Len())
		most = def
		c.query.Del("limit")
	}
	p := g.server.paging(c, def, most)
	at.listing, at.include, at.expand = true, "", p.at.Expand // what include asks for is in single rows alone
	found := at.search(p.at)
	if len(g.kind.Whole) > 0 && names(at.filter(p.at.Filter), g.kind.Whole) {
		p.limit = most
	}
	l := &listing{key: g.kind.Key, uncounted: !g.kind.Count, plain: g.most == 0 && !p.continued}
	rows := g.server.turn(c, p, l, found)
	if l.count >= 0 && g.hooks.count != nil {
		l.count = g.hooks.count(at)
	}
	return c.page(l, rows, at.writeNumbered)
}

// names reports whether a filter compares any of some attributes.
func names(x *scim.Expr, attributes []string) (any bool) {
	eachComparison(x, func(x *scim.Expr) { any = any || slices.Contains(attributes, x.Attr) })
	return any
}

// onRow makes the handler of a method of rows.
func (g *generic) onRow(method func(p *place, row *resource.Row) reply) handler {
	return func(c *call) reply {
		p := g.place(c)
		return method(p, p.row())
	}
}

func (g *generic) create(c *call) reply {
	p := g.place(c)
	p.owned()
	if name, a, ok := g.kind.Action(http.MethodPost, c.mediaOf(), true); ok {
		resourceActions[g.kind.Name+" "+name](p, nil, p.sent(a.Media))
		return reply{status: http.StatusNoContent}
	}
	members := taken(g.kind.Take(p.shape(), p.sent(mediaJSON, g.kind.Imports), nil, p.exists))
	row := &resource.Row{ID: g.server.newID(), Members: members}
	if g.hooks.newID != nil {
		row.ID = g.hooks.newID(c, p.rows)
	}
	if id, ok := members[g.kind.IDFrom].(string); ok {
		row.ID = canonical(id)
	}
	members["id"] = row.ID
	p.stamp(g.kind.Members, members, resource.Created, resource.Updated)
	p.save(nil, row)
	p.created = true
	answer := p.one(row)
	answer.status, answer.location = http.StatusCreated, p.self+"/"+row.ID
	return answer
}

// taken are the members of a row that a client sent, unless they are refused.
func taken(members map[string]any, problem *resource.Detail) map[string]any {
	if problem != nil {
		panic(invalidData(*problem))
	}
	return members
}

// change makes the row that a body describes of an old one, or of the old one
// merged with it.
func (p *place) change(old *resource.Row, merge bool) reply {
	sent := p.sent(mediaJSON)
	if merge {
		sent = p.shape().Merge(old.Members, sent)
	}
	return p.one(p.keep(old, taken(p.generic.kind.Take(p.shape(), sent, old.Members, p.exists))))
}

func (p *place) delete(row *resource.Row) reply {
	var kept *resource.Row
	if hook := p.generic.hooks.remove; hook != nil {
		kept = hook(p, row)
	}
	if kept != nil {
		p.put(kept)
	} else {
		p.remove(row)
	}
	return reply{status: http.StatusNoContent}
}

// act does what the media type of a call says.
func (p *place) act(old *resource.Row) reply {
	kind, media := p.generic.kind, p.call.mediaOf()
	name, a, ok := kind.Action(p.call.request.Method, media, false)
	if !ok {
		panic(unsupportedMedia(p.call.request.Header.Get("Content-Type")))
	}
	var sent map[string]any
	if strings.HasSuffix(media, "json") && p.call.request.ContentLength != 0 {
		sent = p.call.sent(kind.Bytes, media)
	}
	row := copied(old)
	p.do(a, row, sent)
	if code := resourceActions[kind.Name+" "+name]; code != nil {
		code(p, row, sent)
	}
	if !reflect.DeepEqual(old, row) {
		p.stamp(kind.Members, row.Members, resource.Updated)
		p.put(row)
	}
	return p.one(row)
}

// do makes the changes that an action declares. A row that has what the action
// sets stays as it is.
func (p *place) do(a resource.Action, row *resource.Row, sent map[string]any) {
	if code, _ := textOf(sent, a.Code); a.Code != "" && code != OneTimeCode {
		panic(invalidData(detail{Code: "INVALID_OTP", Target: a.Code, Message: "The code is wrong or has expired."}))
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
func (g *generic) replacePart(part resource.Part) func(p *place, old *resource.Row) reply {
	return func(p *place, old *resource.Row) reply {
		members := taken(g.kind.TakePart(part, p.call.sent(g.kind.Bytes, mediaJSON), old.Members, p.exists))
		if inner, ok := members[part.Of].(map[string]any); ok {
			p.stamp(g.kind.Members.Child(part.Of), inner, resource.Updated)
		}
		return p.part(p.keep(old, members), part)
	}
}
