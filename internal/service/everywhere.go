package service

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// everywhere adds the schema of all environments to what a caller sees: the rows
// of those that the provider shows the caller, as it shows them.
type everywhere struct {
	catalog.Provider
	connection catalog.Provider
	events     observe.Sink
}

// withAll adds the schema of all environments unless the connection does not
// offer it.
func (s *Service) withAll(c *Database, p catalog.Provider) catalog.Provider {
	if b, ok := c.Provider.(*browsed); ok && !named(b.schemas, catalog.AllEnvironments) {
		return p
	}
	return &everywhere{Provider: p, connection: c.Provider, events: s.config.Sink}
}

// Default implements catalog.Provider.
func (e *everywhere) Default() string {
	if name := e.connection.Default(); strings.EqualFold(name, catalog.AllEnvironments) {
		return name
	}
	return e.Provider.Default()
}

// Names implements catalog.Provider.
func (e *everywhere) Names(ctx context.Context) ([]catalog.SchemaName, error) {
	names, err := e.Provider.Names(ctx)
	if err != nil || len(environments(names)) == 0 {
		return names, err
	}
	at := 0
	if names[0].ID == "" { // Information stays first
		at = 1
	}
	return slices.Insert(slices.Clone(names), at, catalog.SchemaName{Name: catalog.AllEnvironments}), nil
}

// environments are the schemas that are united: those of environments that are
// not being deleted.
func environments(names []catalog.SchemaName) []catalog.SchemaName {
	return slices.DeleteFunc(slices.Clone(names), func(n catalog.SchemaName) bool { return n.ID == "" || n.Leaving })
}

// schemasAtOnce bounds the schemas that are read side by side.
const schemasAtOnce = 16

// unionKey tells the schemas that a union is made of.
type unionKey string

// Schema implements catalog.Provider.
func (e *everywhere) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	name = cmp.Or(name, e.Default())
	if !strings.EqualFold(name, catalog.AllEnvironments) {
		return e.Provider.Schema(ctx, name)
	}
	names, err := e.Provider.Names(ctx)
	if err != nil {
		return nil, err
	}
	members := environments(names)
	if len(members) == 0 {
		return e.Provider.Schema(ctx, name)
	}
	schemas := make([]*catalog.Schema, len(members))
	g, ctx := safely.NewGroup(ctx, e.events, observe.InSchema)
	g.SetLimit(schemasAtOnce)
	for i, n := range members {
		g.Go(func() (err error) {
			if schemas[i], err = e.Provider.Schema(ctx, n.ID); err != nil {
				return gwerr.In("The schema of the environment "+n.Name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var key strings.Builder
	for _, s := range schemas {
		fmt.Fprintf(&key, "%p ", s)
	}
	// One union for all requests that see the same, so that what is derived from
	// it is kept.
	union, _ := schemas[0].Derived(unionKey(key.String()), func() any { return catalog.Union(catalog.AllEnvironments, schemas) }).(*catalog.Schema)
	return union, nil
}
