package sim

import (
	"cmp"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// The resources that are data; docs/simulator.md describes the files.
//
//go:embed resources/*.yaml
var resourceFiles embed.FS

// declared reads the files once for all simulators.
var declared = sync.OnceValue(func() *resource.Set {
	files, err := fs.Sub(resourceFiles, "resources")
	set, wrong := resource.Load(files)
	if err = errors.Join(err, wrong); err != nil {
		panic(err) // the files are part of the program
	}
	return set
})

// compute works out a member.
type compute func(p *place, row *resource.Row) any

// action does to a row what its declaration cannot say, with what was sent along;
// the row is nil for what is for the whole collection.
type action func(p *place, row *resource.Row, sent map[string]any)

// resourceHooks are what a declaration cannot say of a resource.
type resourceHooks struct {
	visible    func(c *call, row *resource.Row) bool                  // nil: each
	hidden     bool                                                   // a row that is not there is 403, as one that is not visible always is
	owner      func(row *resource.Row) bool                           // whether a row can own rows of the resource; nil: each
	computed   map[string]compute                                     // members of the kind computed
	store      func(p *place, old, row *resource.Row)                 // before a row is stored; old is nil for a new one
	put        func(p *place, row *resource.Row)                      // stores a row; nil: in the collection
	remove     func(p *place, row *resource.Row) *resource.Row        // before a row is deleted, or replaced by another
	newID      func(c *call, rows *resource.Collection) string        // of a new row; nil: any
	rows       func(p *place) *resource.Collection                    // the rows when they follow from others; nil: they are in a store
	source     func(p *place) source                                  // nil: the rows are in a collection
	shape      func(e *environment) *resource.Member                  // the members; nil: those declared
	check      func(spec filterSpec, x *scim.Expr)                    // what a filter must be beyond what is declared
	leaf       func(x *scim.Expr) func(row *resource.Row) bool        // what a comparison in a filter means; nil: of the member
	count      func(p *place) int                                     // of a list; nil: of its rows
	structural bool                                                   // writes of rows change which users a search finds
	groups     func(c *call, row *resource.Row, kind string) []string // the groups that a filter finds rows by; nil: it cannot
}

// plant fills the store of an environment, or of what is above environments.
func (s *Server) plant(into *resource.Store, e *environment, name string, empty bool) {
	s.resources.Plant(into, name, empty, func(address string) string { return s.seedID(e, address) }, func(t *resource.Type, row, makes map[string]any) {
		at := data.Epoch + int64(data.SaltOf(resource.First(row, "id"))%uint64(300*day))
		for _, m := range t.Members.Children {
			switch {
			case row[m.Name] != nil:
			case m.Kind == resource.Created:
				row[m.Name] = instant(at)
			case m.Kind == resource.Updated:
				row[m.Name] = instant(at + 9*day)
			}
		}
		nameItems(t.Shape(row), row, resource.First(row, "id"))
		if makes != nil {
			row["makes"] = makes
		}
	})
}

// nameItems gives the objects in the lists of a row the ids that they lack, where
// they have ids of their own.
func nameItems(shape *resource.Member, of map[string]any, row string) {
	for _, m := range shape.Children {
		switch v := of[m.Name].(type) {
		case map[string]any:
			nameItems(m, v, row)
		case []any:
			id := m.Child("id")
			for _, item := range v {
				if item, ok := item.(map[string]any); ok && id != nil && id.Kind == resource.ID && item["id"] == nil {
					item["id"] = data.NamedID(row + cmp.Or(resource.First(item, "name"), resource.First(item, "type")))
				}
			}
		}
	}
}

// instant writes Unix milliseconds as the API does.
func instant(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// seedID is the id of a seeded row by its address. Rows of the directory go by
// their number.
func (s *Server) seedID(e *environment, address string) string {
	head, tail, _ := strings.Cut(address, "/")
	number, err := strconv.ParseUint(tail, 10, 32)
	switch at := uint32(number); {
	case head == "environments" && tail == "this":
		return e.id
	case head == "environments":
		return data.NamedID("environment " + tail)
	case e == nil || err != nil:
	case head == "users":
		return e.people.ID(at)
	case head == "groups" || head == "populations":
		return e.seedID(head, at)
	}
	if e != nil {
		address = e.id + "/" + address
	}
	return data.NamedID(address)
}

// seedID is the id of a group or population by its number.
func (e *environment) seedID(collection string, number uint32) string {
	return data.IDs(data.Mix(e.salt ^ data.SaltOf(collection))).ID(number)
}

// endpoints lists the endpoints of the API.
func (s *Server) endpoints() *router {
	n := &router{http.NewServeMux(), make(map[string]route)}
	s.generics = make(map[string]*generic)
	for _, t := range s.resources.Types {
		g := &generic{server: s, kind: t, hooks: hooks[t.Name], most: t.Page.Most}
		if t.Name == "users" {
			g.most = s.opt.MaxUsersPage
		}
		g.filters = specOf(t, g.hooks.groups != nil)
		g.links()
		s.generics[t.Name] = g
		g.register(n)
	}
	return n
}

// register adds the addresses of a resource.
func (g *generic) register(n *router) {
	t := g.kind
	one := t.Path
	if !t.Single() {
		one += "/{id}"
	}
	add := func(method, path, group string, h handler) {
		reads := method == http.MethodGet
		classes := t.Permission.Write
		if reads {
			classes = t.Permission.Read
		}
		group = cmp.Or(group, t.Group(reads))
		h = g.guarded(classes, !reads, h)
		if t.Name == "/environments" && !reads {
			h = g.recorded(h)
		}
		n.add(method+" "+path, group, h)
	}
	for _, m := range []struct {
		name, method, path string
		handle             handler
	}{
		{"list", http.MethodGet, t.Path, g.list},
		{"create", http.MethodPost, t.Path, g.create},
		{"read", http.MethodGet, one, g.onRow((*place).one)},
		{"replace", http.MethodPut, one, g.onRow(func(p *place, row *resource.Row) reply { return p.change(row, false) })},
		{"patch", http.MethodPatch, one, g.onRow(func(p *place, row *resource.Row) reply { return p.change(row, true) })},
		{"delete", http.MethodDelete, one, g.onRow((*place).delete)},
	} {
		if t.Can(m.name) {
			add(m.method, m.path, "", m.handle)
		}
	}
	for _, a := range t.Actions {
		if !a.All {
			add(cmp.Or(a.Method, http.MethodPost), one, "", g.onRow((*place).act))
		}
	}
	for name, p := range t.Parts {
		if slices.Contains(p.Methods, "read") {
			add(http.MethodGet, one+"/"+name, p.Group, g.onRow(func(at *place, row *resource.Row) reply { return at.part(row, p) }))
		}
		if slices.Contains(p.Methods, "replace") {
			add(http.MethodPut, one+"/"+name, p.Group, g.onRow(g.replacePart(p)))
		}
	}
}

// guarded is a handler that checks the permission and holds the lock of the
// environment, or of what is above environments.
func (g *generic) guarded(classes []string, changes bool, h handler) handler {
	return func(c *call) reply {
		if !c.access.may(classes) || changes && !c.access.write {
			panic(forbidden())
		}
		mu := &g.server.storeMu
		if g.kind.InEnvironment() {
			mu = &c.environment.mu
		}
		lock := sync.Locker(mu)
		if !changes {
			lock = mu.RLocker()
		}
		lock.Lock()
		defer lock.Unlock()
		if !changes || !g.kind.InEnvironment() {
			return h(c)
		}
		c.environment.remember(c.now)
		answer := h(c)
		c.environment.record(c, g.kind, answer)
		return answer
	}
}

// recorded is a handler of writes to environments, which are activities of their
// own.
func (g *generic) recorded(h handler) handler {
	return func(c *call) reply {
		answer, e := h(c), c.environment
		if e == nil { // a new one
			e = g.server.environment(answer.location[strings.LastIndexByte(answer.location, '/')+1:])
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.record(c, g.kind, answer)
		return answer
	}
}

// handler answers one call, or panics with the *apiError that refuses it.
type handler func(c *call) reply

// route is what one method of a path does.
type route struct {
	endpoint string // method and pattern, for counters
	group    string // rate-limit group
	handle   handler
}

// router finds the routes of the API by the patterns of net/http.
type router struct {
	mux    *http.ServeMux
	routes map[string]route // by endpoint; by path, for the methods that it has not
}

// add registers "METHOD /a/{b}/c", once.
func (r *router) add(endpoint, group string, h handler) {
	_, path, _ := strings.Cut(endpoint, " ")
	for pattern, of := range map[string]route{endpoint: {endpoint, group, h}, path: {}} {
		if _, twice := r.routes[pattern]; !twice {
			r.routes[pattern] = of
			r.mux.Handle(pattern, http.NotFoundHandler())
		}
	}
}

// find gives the route of a path and the values of its parameters; known tells
// whether there is one for any method.
func (r *router) find(method, path string) (found route, params []string, known bool) {
	_, endpoint := r.mux.Handler(&http.Request{Method: method, URL: &url.URL{Path: path}})
	pattern := endpoint[strings.IndexByte(endpoint, ' ')+1:]
	names, values := strings.Split(pattern, "/"), strings.Split(path, "/")
	switch {
	case len(names) != len(values): // none, or the path is not clean
		return found, nil, false
	case !strings.HasPrefix(endpoint, method+" "):
		return found, nil, true
	}
	for k, name := range names {
		if strings.HasPrefix(name, "{") {
			params = append(params, values[k])
		}
	}
	return r.routes[endpoint], params, true
}
