package service

import (
	"context"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Browse returns a provider that shows the named schemas and tables alone;
// letter case is ignored, and an empty list means all. It bounds what a
// connection offers, whoever asks: a policy then narrows it for callers.
func Browse(base catalog.Provider, schemas, tables []string) catalog.Provider {
	if len(schemas) == 0 && len(tables) == 0 {
		return base
	}
	return &browsed{Provider: base, schemas: schemas, tables: tables}
}

type browsed struct {
	catalog.Provider
	schemas, tables []string
}

// Names implements catalog.Provider.
func (b *browsed) Names(ctx context.Context) ([]catalog.SchemaName, error) {
	names, err := b.Provider.Names(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(names), func(n catalog.SchemaName) bool { return !b.shows(n) }), nil
}

func (b *browsed) shows(n catalog.SchemaName) bool {
	return named(b.schemas, n.Name) || n.ID != "" && named(b.schemas, n.ID)
}

// Schema implements catalog.Provider. What it returns shares the tables of the
// whole schema, so that parents and look-ups still find theirs.
func (b *browsed) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	s, err := b.Provider.Schema(ctx, name)
	if err != nil {
		return nil, err
	}
	if !b.shows(catalog.SchemaName{Name: s.Name, ID: s.ID}) {
		names, err := b.Names(ctx)
		if err != nil {
			return nil, err
		}
		return nil, catalog.NoSchema(name, names)
	}
	if len(b.tables) == 0 {
		return s, nil
	}
	// One view for all requests, so that what is derived from it is kept.
	shown, _ := s.Derived(b, func() any {
		return s.Showing(slices.DeleteFunc(slices.Clone(s.Tables), func(t *catalog.Table) bool { return !named(b.tables, t.Name) }))
	}).(*catalog.Schema)
	return shown, nil
}

// named reports whether the list names it; an empty list names everything.
func named(list []string, name string) bool {
	return len(list) == 0 || slices.ContainsFunc(list, func(n string) bool { return strings.EqualFold(n, name) })
}
