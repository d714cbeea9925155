package sim

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// generic answers the calls of a resource that is data.
type generic struct {
	server   *Server
	kind     *resource.Type
	hooks    resourceHooks
	children []string // relations to what its rows own
}

// links finds the resources that rows of this one own.
func (g *generic) links() {
	for _, t := range g.server.resources.Types {
		if below, ok := strings.CutPrefix(t.Path, g.kind.Path+"/{"); ok && strings.Count(below, "/") == 1 {
			g.children = append(g.children, t.Path[strings.LastIndexByte(t.Path, '/')+1:])
		}
	}
	for _, p := range g.kind.Parts {
		g.children = append(g.children, p.Name)
	}
}

// place is the collection that a call is about.
type place struct {
	store  *resource.Store
	rows   *resource.Collection
	at     string   // address in the store
	owners []string // ids, the environment's first if there is one
	self   string   // address of the collection
	id     string   // of the row; empty for collections
}

// canonical writes an id in a path as rows have it.
func canonical(id string) string {
	if uuid, ok := data.ParseID(id); ok {
		return uuid.String()
	}
	return id
}

// place finds the collection in a path; each row that owns it must be there.
func (g *generic) place(c *call) (*place, error) {
	t, p := g.kind, &place{store: g.server.store}
	ids := make([]string, 0, len(c.params)+1)
	if t.InEnvironment() {
		p.store = c.environment.rows
		ids = append(ids, c.environment.id.String())
	}
	for _, id := range c.params {
		ids = append(ids, canonical(id))
	}
	n := len(t.Owners())
	p.owners = ids[:n]
	if len(ids) > n {
		p.id = ids[n]
	}
	if err := g.checkOwners(c, p); err != nil {
		return nil, err
	}
	p.at = t.At(p.owners)
	p.rows = p.store.Read(p.at)
	p.self = c.base + fillPath(t.Path, p.owners)
	return p, nil
}

// fillPath puts ids into a path.
func fillPath(path string, ids []string) string {
	parts := strings.Split(path, "/")
	k := 0
	for at, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[at] = ids[k]
			k++
		}
	}
	return strings.Join(parts, "/")
}

// checkOwners refuses a path through rows that are not there.
func (g *generic) checkOwners(c *call, p *place) error {
	ids := p.owners
	if g.kind.InEnvironment() {
		ids = ids[1:]
	}
	for name := g.kind.Parent(); name != ""; {
		owner := g.server.resources.Type(name)
		if owner == nil {
			return g.server.checkDirectory(c, name, ids[0])
		}
		rows := p.store.Read(owner.At(ids[:len(ids)-1]))
		row := rows.Find(ids[len(ids)-1])
		hooks := hooksOf[name]
		if err := hooks.check(c, owner, row); err != nil {
			return err
		}
		if g.hooks.owner != nil && !g.hooks.owner(row) {
			return notFound("The " + owner.One + " has none.")
		}
		ids, name = ids[:len(ids)-1], owner.Parent()
	}
	return nil
}

// checkDirectory looks for a row that code serves.
func (s *Server) checkDirectory(c *call, collection, id string) (err error) {
	switch collection {
	case "users":
		_, _, err = s.user(c, id)
	case "groups":
		_, err = s.group(c, id)
	}
	return err
}

// row finds the row that a call is about.
func (g *generic) row(c *call) (*place, *resource.Row, error) {
	p, err := g.place(c)
	if err != nil {
		return nil, nil, err
	}
	var row *resource.Row
	if g.kind.Single() {
		if row = p.rows.Only(); row == nil {
			members, _ := g.kind.Take(map[string]any{}, nil)
			row = &resource.Row{ID: g.kind.Name(), Members: members}
		}
	} else {
		row = p.rows.Find(p.id)
	}
	return p, row, g.hooks.check(c, g.kind, row)
}

// check refuses a row that is not there, or not for the caller.
func (h resourceHooks) check(c *call, t *resource.Type, row *resource.Row) error {
	switch {
	case row == nil && !h.hidden:
		return notFound("The " + t.One + " does not exist.")
	case row == nil, h.visible != nil && !h.visible(c, row):
		return forbidden()
	}
	return nil
}

func (g *generic) read(c *call) (reply, error) {
	p, row, err := g.row(c)
	if err != nil {
		return reply{}, err
	}
	return reply{body: g.append(nil, c, p, row)}, nil
}

func (g *generic) create(c *call) (reply, error) {
	p, err := g.place(c)
	if err != nil {
		return reply{}, err
	}
	var sent map[string]any
	if _, err := c.decode(&sent, mediaJSON); err != nil {
		return reply{}, err
	}
	members, problem := g.kind.Take(sent, nil)
	if problem != nil {
		return reply{}, refusedRow(problem)
	}
	row := &resource.Row{ID: g.server.newID(), Members: members}
	if g.hooks.newID != nil {
		row.ID = g.hooks.newID(c, p.rows)
	}
	if name, ok := members["name"].(string); ok && g.kind.IDs == "name" {
		row.ID = name
	}
	members["id"] = row.ID
	g.stamp(c, members, resource.Created)
	p.rows = p.store.At(p.at)
	if err := g.store(c, p, row); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusCreated, body: g.append(nil, c, p, row), location: p.self + "/" + row.ID}, nil
}

// newID is the id of a row that a call makes.
func (s *Server) newID() string {
	return data.IDs(data.Mix(s.opt.Seed ^ data.SaltOf("resources"))).ID(s.rowsMade.Add(1)).String()
}

// stamp sets the times of a row that is written now.
func (g *generic) stamp(c *call, members map[string]any, kinds ...resource.Kind) {
	for _, m := range g.kind.Members.Children {
		if m.Kind == resource.Updated || slices.Contains(kinds, m.Kind) {
			members[m.Name] = instant(c.now.UnixMilli())
		}
	}
}

// store puts a row into its collection unless something is against it.
func (g *generic) store(c *call, p *place, row *resource.Row) error {
	if problem := p.rows.Clash(g.kind, row); problem != nil {
		return refusedRow(problem)
	}
	if g.hooks.store != nil {
		if err := g.hooks.store(g.server, c, p.rows, row); err != nil {
			return err
		}
	}
	p.rows.Put(row)
	p.rows.Yield(g.kind, row)
	return nil
}

func (g *generic) replace(c *call) (reply, error) {
	return g.change(c, func(_, sent map[string]any) map[string]any { return sent })
}

func (g *generic) patch(c *call) (reply, error) { return g.change(c, resource.Merge) }

// change reads a body, makes the new row of it and the old one, and answers with it.
func (g *generic) change(c *call, make func(old, sent map[string]any) map[string]any) (reply, error) {
	p, old, err := g.row(c)
	if err != nil {
		return reply{}, err
	}
	var sent map[string]any
	if _, err := c.decode(&sent, mediaJSON); err != nil {
		return reply{}, err
	}
	p.rows = p.store.At(p.at)
	row, err := g.write(c, p, old, make(old.Members, sent))
	if err != nil {
		return reply{}, err
	}
	return reply{body: g.append(nil, c, p, row)}, nil
}

// write stores a changed row.
func (g *generic) write(c *call, p *place, old *resource.Row, sent map[string]any) (*resource.Row, error) {
	members, problem := g.kind.Take(sent, old.Members)
	if problem != nil {
		return nil, refusedRow(problem)
	}
	if m := g.kind.Members.Child("id"); m != nil && m.Kind == resource.ID {
		members["id"] = old.ID
	}
	g.stamp(c, members)
	row := &resource.Row{ID: old.ID, Members: members}
	return row, g.store(c, p, row)
}

func (g *generic) delete(c *call) (reply, error) {
	p, row, err := g.row(c)
	if err != nil {
		return reply{}, err
	}
	if g.hooks.remove != nil {
		if err := g.hooks.remove(g.server, c, row); err != nil {
			return reply{}, err
		}
	}
	p.rows.Delete(row.ID)
	p.store.Forget(p.at + "/" + row.ID)
	return reply{status: http.StatusNoContent}, nil
}

// act does the action that the media type of a POST names.
func (g *generic) act(c *call) (reply, error) {
	p, old, err := g.row(c)
	if err != nil {
		return reply{}, err
	}
	got, _, _ := strings.Cut(c.request.Header.Get("Content-Type"), ";")
	k := slices.IndexFunc(g.kind.Actions, func(a resource.Entry[string]) bool { return strings.EqualFold(a.Value, strings.TrimSpace(got)) })
	if k < 0 {
		return reply{}, unsupportedMedia(got)
	}
	row := &resource.Row{ID: old.ID, Members: maps.Clone(old.Members)}
	if err := resourceActions[g.kind.Name()+" "+g.kind.Actions[k].Name](g.server, c, row); err != nil {
		return reply{}, err
	}
	g.stamp(c, row.Members)
	p.rows.Put(row)
	return reply{body: g.append(nil, c, p, row)}, nil
}

// refusedRow is the answer to a row that cannot be stored.
func refusedRow(p *resource.Problem) *apiError {
	d := detail{Code: p.Code, Target: p.Target, Message: p.Message}
	if p.Allowed != nil || p.Min != nil || p.Max != nil || p.Existing != "" {
		d.InnerError = &innerError{AllowedValues: p.Allowed, RangeMinimumValue: p.Min, RangeMaximumValue: p.Max, ExistingID: p.Existing}
	}
	return invalidData(d)
}
