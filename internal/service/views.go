package service

import (
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
			return nil, gwerr.Newf(gwerr.Config, "The view %s is no query: %s", v.Name, gwerr.From(err).Message).WithHint("Write a SELECT statement.")
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
	for _, v := range c.Views.saved {
		_, _, err := binder.View(ctx, duck.BindRequest{SQL: v.SQL, Catalogs: names, Provider: provider})
		tell(v.Name, err)
	}
}

// viewing adds the schema of the views to what a caller sees.
type viewing struct {
	catalog.Provider
	views   *Views
	service *Service
	names   []string // by which statements may call the connection
}

// withViews adds the schema of views, if the connection has any.
func (s *Service) withViews(c *Database, p catalog.Provider) catalog.Provider {
	if c.Views == nil {
		return p
	}
	return &viewing{Provider: p, views: c.Views, service: s, names: s.catalogs(c)}
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
	b := &builtViews{defaults: v.Default(), over: map[string]*catalog.Schema{}, schema: &catalog.Schema{Name: catalog.UserViews}}
	watched := &watching{v.Provider, b.over}
	for _, saved := range v.views.saved {
		q, view, err := v.service.config.Binder.View(ctx, duck.BindRequest{SQL: saved.SQL, Catalogs: v.names, Provider: watched})
		if err != nil {
			if status := gwerr.From(err).Kind().HTTP; status >= http.StatusTooManyRequests && status != http.StatusNotImplemented {
				return nil, err
			}
			note := "The view " + saved.Name + " is left out: it reads what is not there, or what you may not see."
			if v.service.config.Policy == nil {
				note = "The view " + saved.Name + " is left out: " + gwerr.From(err).Message
			}
			b.schema.Notes = append(b.schema.Notes, note)
			continue
		}
		b.schema.Tables = append(b.schema.Tables, viewTable(b.schema, saved.Name, q, view))
	}
	return b, nil
}

// watching notes which schemas are asked for.
type watching struct {
	catalog.Provider
	over map[string]*catalog.Schema
}

// Schema implements catalog.Provider.
func (w *watching) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	s, err := w.Provider.Schema(ctx, name)
	w.over[name] = s
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
