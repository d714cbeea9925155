package service

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// SavedView is a query of the configuration, and the name by which it is a view.
type SavedView struct{ Name, SQL string }

// Views are the views of a connection. What a caller sees of them is what the
// queries read of the caller's own view of the catalog.
type Views struct {
	saved []SavedView

	mu    sync.Mutex
	built []*builtViews // the latest first
}

// maxBuilt bounds the views of callers with different rights.
const maxBuilt = 16

// builtViews are views over schemas as one caller sees them.
type builtViews struct {
	defaults string
	over     map[string]*catalog.Schema // by name; nil for one that isn't in sight
	schema   *catalog.Schema
}

// NewViews checks the texts of views, as far as that takes no catalog; nil for
// none. Errors are gwerr.Config.
func NewViews(saved []SavedView) (*Views, error) {
	if len(saved) == 0 {
		return nil, nil
	}
	for _, v := range saved {
		tokens, err := sqltext.Lex(v.SQL)
		if err == nil {
			_, err = sqltext.One(tokens)
		}
		if err != nil {
			return nil, gwerr.Newf(gwerr.Config, "The view %s is not a query: %s", v.Name, gwerr.From(err).Message).WithHint("Write a SELECT statement.")
		}
	}
	return &Views{saved: slices.Clone(saved)}, nil
}

// CheckViews tells of each view whether it can be read. names may stand before
// those of schemas.
func (c *Database) CheckViews(ctx context.Context, binder Binder, names []string, tell func(view string, err error)) {
	if c.Views == nil {
		return
	}
	provider := (&Service{config: Config{Sink: observe.Discard}}).withAll(c, c.Provider)
	v := &viewing{Provider: provider, views: c.Views, binder: binder, system: system.Schemas(), names: names}
	_, problems, err := v.bind(ctx)
	for _, saved := range c.Views.saved {
		tell(saved.Name, cmp.Or(err, problems[saved.Name]))
	}
}

// viewing adds the schema of the views to what a caller sees.
type viewing struct {
	catalog.Provider
	views  *Views
	binder Binder
	// system are the schemas of system tables that views may read.
	system []*system.Schema
	names  []string // by which statements may call the connection
	// veiled is true where callers see parts of the catalog, and must not be told
	// of others.
	veiled bool
}

// withViews adds the schema of views, if the connection has any.
func (s *Service) withViews(c *Database, p catalog.Provider) catalog.Provider {
	if c.Views == nil {
		return p
	}
	return &viewing{Provider: p, views: c.Views, binder: s.config.Binder, system: s.system, names: s.catalogs(c), veiled: s.config.Policy != nil}
}

// Names implements catalog.Provider.
func (v *viewing) Names(ctx context.Context) ([]catalog.SchemaName, error) {
	names, err := v.Provider.Names(ctx)
	if err != nil || len(names) == 0 {
		return names, err
	}
	return append(slices.Clip(names), catalog.SchemaName{Name: catalog.UserViews}), nil
}

// Schema implements catalog.Provider.
func (v *viewing) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	if !strings.EqualFold(name, catalog.UserViews) {
		return v.Provider.Schema(ctx, name)
	}
	v.views.mu.Lock()
	built := slices.Clone(v.views.built)
	v.views.mu.Unlock()
	for _, b := range built {
		if v.holds(ctx, b) {
			return b.schema, nil
		}
	}
	b, err := v.build(ctx)
	if err != nil {
		return nil, err
	}
	v.views.mu.Lock()
	defer v.views.mu.Unlock()
	v.views.built = append([]*builtViews{b}, v.views.built[:min(len(v.views.built), maxBuilt-1)]...)
	return b.schema, nil
}

// holds tells whether the caller sees what the views were built over.
func (v *viewing) holds(ctx context.Context, b *builtViews) bool {
	if b.defaults != v.Default() {
		return false
	}
	for name, was := range b.over {
		if now, err := v.Provider.Schema(ctx, name); was != now || was != nil && err != nil {
			return false
		}
	}
	return true
}

// build makes the schema. A view that reads what the caller may not see, or what
// isn't there, is not in it.
func (v *viewing) build(ctx context.Context) (*builtViews, error) {
	b, problems, err := v.bind(ctx)
	if err != nil {
		return nil, err
	}
	for _, saved := range v.views.saved {
		problem := problems[saved.Name]
		switch {
		case problem == nil:
		case v.veiled:
			b.schema.Notes = append(b.schema.Notes, "The view "+saved.Name+" is left out: it reads what is not there, or what you may not see.")
		default:
			b.schema.Notes = append(b.schema.Notes, "The view "+saved.Name+" is left out: "+gwerr.From(problem).Message)
		}
	}
	return b, nil
}

// bind makes the views that can be read, and tells of the others why not. Views
// may read those that are made already, so that it goes on as long as another one
// finds what it reads, and none reads itself.
func (v *viewing) bind(ctx context.Context) (*builtViews, map[string]error, error) {
	b := &builtViews{defaults: v.Default(), over: map[string]*catalog.Schema{}, schema: &catalog.Schema{Name: catalog.UserViews}}
	left, problems := v.views.saved, map[string]error{}
	for before := len(left) + 1; len(left) < before; {
		before = len(left)
		var missing []SavedView
		for _, saved := range left {
			q, view, err := v.binder.View(ctx, duck.BindRequest{SQL: saved.SQL, Catalogs: v.names, Provider: v.sight(b)})
			if problems[saved.Name] = err; err == nil {
				b.schema.Tables = append(b.schema.Tables, viewTable(b.schema, saved.Name, q, view))
				continue
			}
			if status := gwerr.From(err).Kind().HTTP; status >= http.StatusTooManyRequests && status != http.StatusNotImplemented {
				return nil, nil, err
			}
			missing = append(missing, saved)
		}
		left = missing
	}
	v.sort(b.schema)
	for _, saved := range left {
		named := gwerr.From(problems[saved.Name]).Target
		if slices.ContainsFunc(left, func(o SavedView) bool { return strings.EqualFold(o.Name, named) }) {
			problems[saved.Name] = gwerr.Newf(gwerr.UnknownTable, "It reads the view %s, which can't be read, or which reads this one.", named).On(named)
		}
	}
	return b, problems, nil
}

// sort puts the views into the order of the configuration.
func (v *viewing) sort(s *catalog.Schema) {
	place := func(t *catalog.Table) int {
		return slices.IndexFunc(v.views.saved, func(saved SavedView) bool { return saved.Name == t.Name })
	}
	slices.SortFunc(s.Tables, func(a, b *catalog.Table) int { return place(a) - place(b) })
}

// sight is what views see: what the caller does, system tables, and the views that
// are made already.
func (v *viewing) sight(b *builtViews) catalog.Provider {
	return &system.Catalog{Provider: &watching{v.Provider, b}, System: v.system}
}

// watching notes which schemas are asked for.
type watching struct {
	catalog.Provider
	built *builtViews
}

// Names implements catalog.Provider.
func (w *watching) Names(ctx context.Context) ([]catalog.SchemaName, error) {
	names, err := w.Provider.Names(ctx)
	return append(slices.Clip(names), catalog.SchemaName{Name: catalog.UserViews}), err
}

// Schema implements catalog.Provider.
func (w *watching) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	if strings.EqualFold(name, catalog.UserViews) {
		return w.built.schema, nil
	}
	s, err := w.Provider.Schema(ctx, name)
	w.built.over[name] = s
	return s, err
}

// viewTable describes a view as a table.
func viewTable(s *catalog.Schema, name string, q *query.Query, view *catalog.View) *catalog.Table {
	t := &catalog.Table{Name: name, Entity: name, Doc: "View of the configuration.", Schema: s, View: view}
	for _, c := range q.Columns {
		t.Columns = append(t.Columns, catalog.Column{Name: c.Name, Type: c.Type})
	}
	restrict(t, q)
	return t
}

// restrict makes the view of some columns and rows of one table readable as a part
// of that, for those who don't write SQL. Others stay as they are.
func restrict(t *catalog.Table, q *query.Query) {
	if q.Plain == nil || q.Plain.Limit > 0 || q.Plain.Offset > 0 || len(q.Accesses) != 1 {
		return
	}
	a := &q.Accesses[0]
	base, r := a.Table, catalog.Restriction{Base: a.Table.Whole()}
	if base.Members != nil || !a.WhereComplete || a.Limit > 0 {
		return
	}
	if own := base.Restriction; own != nil {
		r = *own
		for _, name := range predicate.Columns(a.Where) {
			if _, masked := own.Masks[name]; masked {
				return // what the mask hides would show
			}
		}
	}
	columns := make([]catalog.Column, len(t.Columns))
	keys := 0
	for i, at := range q.Plain.Project {
		c := base.Columns[a.Columns[at]]
		if c.Name != t.Columns[i].Name {
			return
		}
		c.Access, c.Needed, c.References = catalog.ReadOnly, false, nil
		if columns[i] = c; c.Key {
			keys++
		}
	}
	if keys == 0 || keys < len(base.Key()) {
		return
	}
	if r.Where == nil {
		r.Where = predicate.True
	}
	r.Where = predicate.And{Args: []predicate.Expr{r.Where, a.Where}}
	t.Columns, t.Scope, t.Permission, t.Restriction = columns, base.Scope, base.Permission, &r
}
