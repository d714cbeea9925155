package sim

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// The resources that are data; docs/simulator.md describes the files.
//
//go:embed resources/*.yaml
var resourceFiles embed.FS

// declared reads the files once for all simulators.
var declared = sync.OnceValues(func() (*resource.Set, error) {
	files, err := fs.Sub(resourceFiles, "resources")
	if err != nil {
		return nil, err
	}
	set, err := resource.Load(files, "users", "groups", "environments")
	if err != nil {
		return nil, err
	}
	for _, t := range set.Types {
		for _, a := range t.Actions {
			if resourceActions[t.Name()+" "+a.Name] == nil {
				return nil, fmt.Errorf("no code does the action %s of %s", a.Name, t.Path)
			}
		}
	}
	return set, nil
})

// compute works out a member.
type compute func(s *Server, c *call, row *resource.Row) any

// resourceHooks are what a declaration cannot say of a resource.
type resourceHooks struct {
	visible  func(c *call, row *resource.Row) bool                                        // nil: each
	owner    func(row *resource.Row) bool                                                 // whether a row can own rows of the resource; nil: each
	computed map[string]compute                                                           // members of the kind computed
	store    func(s *Server, c *call, rows *resource.Collection, row *resource.Row) error // before a row is stored
	remove   func(s *Server, c *call, row *resource.Row) error                            // before a row is deleted
	newID    func(c *call, rows *resource.Collection) string                              // of a new row; nil: any
	hidden   bool                                                                         // a row that is not there is 403, as one that is not visible always is
}

// plant fills the store of an environment, or of what is above environments.
func (s *Server) plant(into *resource.Store, e *environment, name string, empty bool) {
	s.resources.Plant(into, name, empty, func(address string) string { return s.seedID(e, address) }, func(t *resource.Type, row map[string]any) {
		at := data.Epoch + int64(data.SaltOf(row["id"].(string))%uint64(300*day))
		for _, m := range t.Members.Children {
			switch {
			case row[m.Name] != nil:
			case m.Kind == resource.Created:
				row[m.Name] = instant(at)
			case m.Kind == resource.Updated:
				row[m.Name] = instant(at + 9*day)
			}
		}
	})
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
		return e.id.String()
	case head == "environments":
		return data.NamedID("environment " + tail).String()
	case e == nil || err != nil:
	case head == "users":
		return e.people.ID(at).String()
	case head == "groups":
		return e.ids.groups.ID(at).String()
	case head == "populations":
		return e.ids.populations.ID(at).String()
	}
	if e != nil {
		address = e.id.String() + "/" + address
	}
	return data.NamedID(address).String()
}

// addResources registers the addresses of the declared resources.
func (s *Server) addResources(n *node) {
	s.generics = make(map[string]*generic)
	for _, t := range s.resources.Types {
		g := &generic{server: s, kind: t, hooks: hooksOf[t.Name()]}
		g.links()
		s.generics[t.Name()] = g
		read, write := g.guarded(t.Permission.Read, false), g.guarded(t.Permission.Write, true)
		one := t.Path
		if !t.Single() {
			one += "/{id}"
		}
		for method, h := range map[string]struct {
			endpoint string
			handle   handler
		}{
			"list": {"GET " + t.Path, read(g.list)}, "create": {"POST " + t.Path, write(g.create)}, "read": {"GET " + one, read(g.read)},
			"replace": {"PUT " + one, write(g.replace)}, "patch": {"PATCH " + one, write(g.patch)}, "delete": {"DELETE " + one, write(g.delete)},
		} {
			if t.Can(method) {
				group := t.Group[1]
				if strings.HasPrefix(h.endpoint, "GET") {
					group = t.Group[0]
				}
				n.add(h.endpoint, group, h.handle)
			}
		}
		if len(t.Actions) > 0 {
			n.add("POST "+one, t.Group[1], write(g.act))
		}
		for _, p := range t.Parts {
			if slices.Contains(p.Value.Methods, "read") {
				n.add("GET "+one+"/"+p.Name, t.Group[0], read(g.readPart(p.Value)))
			}
			if slices.Contains(p.Value.Methods, "replace") {
				n.add("PUT "+one+"/"+p.Name, t.Group[1], write(g.replacePart(p.Value)))
			}
		}
	}
}

// guarded makes a wrapper that checks the permission and holds the lock.
func (g *generic) guarded(classes []string, changes bool) func(h handler) handler {
	return func(h handler) handler {
		locked := g.server.aboveEnvironments(h, changes)
		if g.kind.InEnvironment() {
			if locked = inEnvironment(h); changes {
				locked = writing(h)
			}
		}
		return func(c *call) (reply, error) {
			if !c.access.may(classes) {
				return reply{}, forbidden()
			}
			return locked(c)
		}
	}
}

// aboveEnvironments runs a handler under the lock of what is above environments.
func (s *Server) aboveEnvironments(h handler, changes bool) handler {
	return func(c *call) (reply, error) {
		if !changes {
			s.storeMu.RLock()
			defer s.storeMu.RUnlock()
			return h(c)
		}
		if !c.access.write {
			return reply{}, forbidden()
		}
		s.storeMu.Lock()
		defer s.storeMu.Unlock()
		return h(c)
	}
}
