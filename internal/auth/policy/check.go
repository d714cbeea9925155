package policy

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Check compares the policy with a connection's catalog: names that match
// nothing, and row filters that don't fit their tables. A name may match
// nothing for a good reason, such as an environment that is yet to come; a
// filter that doesn't fit makes its schema unusable for the role. The error is
// that of reading the catalog.
func (e *Enforcer) Check(ctx context.Context, connection string, base catalog.Provider) (Problems, error) {
	names, err := base.Names(ctx)
	if err != nil {
		return nil, err
	}
	c := &checker{binder: e.cfg.Binder, connection: connection, names: names, base: base}
	for _, r := range e.policy.Load().Roles {
		for i := range r.Grants {
			if err := c.grant(ctx, r, &r.Grants[i]); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(c.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(c.problems), nil
}

type checker struct {
	binder     Binder
	connection string
	names      []catalog.SchemaName
	base       catalog.Provider
	problems   Problems
}

func (c *checker) fail(g *Grant, format string, args ...any) {
	c.problems = append(c.problems, Problem{Line: g.Line, Message: fmt.Sprintf(format, args...)})
}

func (c *checker) grant(ctx context.Context, r *Role, g *Grant) error {
	if !anyMatch(g.Connections, c.connection) {
		return nil
	}
	var tables []*catalog.Table
	for _, n := range c.names {
		if !g.coversSchema(c.connection, n) {
			continue
		}
		s, err := c.base.Schema(ctx, cmp.Or(n.ID, n.Name))
		if err != nil {
			return err
		}
		for _, t := range s.Tables {
			if !g.coversTable(t.Name) {
				continue
			}
			tables = append(tables, t)
			c.filter(ctx, r, g, t)
		}
	}
	if len(tables) == 0 {
		c.fail(g, "role %s: no table of the connection %s matches the grant", r.Name, c.connection)
		return nil
	}
	c.columns(r, g, tables)
	return nil
}

func (c *checker) filter(ctx context.Context, r *Role, g *Grant, t *catalog.Table) {
	if g.Rows == nil {
		return
	}
	if _, _, err := c.binder.BindFilter(ctx, t, "("+g.Rows.template()+")"); err != nil {
		c.fail(g, "role %s: rows does not fit the table %s: %s", r.Name, t.Name, gwerr.From(err))
	}
}

// columns reports patterns that match no column of any table of the grant, and
// key columns that will be shown as hashes.
func (c *checker) columns(r *Role, g *Grant, tables []*catalog.Table) {
	patterns := slices.Concat(g.Columns, g.Hide)
	for _, m := range g.Masks {
		patterns = append(patterns, m.Column)
	}
	for _, p := range patterns {
		if !slices.ContainsFunc(tables, func(t *catalog.Table) bool {
			return slices.ContainsFunc(t.Columns, func(c catalog.Column) bool { return p.Match(c.Name) })
		}) {
			c.fail(g, "role %s: no column matches %q", r.Name, p)
		}
	}
	for _, t := range tables {
		for i, s := range shades(t, []*Grant{g}) {
			if n := t.Columns[i].Name; t.Columns[i].Key && s == asHash && g.column(n) != asHash {
				c.fail(g, "role %s: %s.%s is a key and will be shown as a hash", r.Name, t.Name, n)
			}
		}
	}
}
