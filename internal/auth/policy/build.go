package policy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// builder makes the visible form of one schema.
type builder struct {
	provider *provider
	base     *catalog.Schema
	grants   []*Grant
	// global is the schema above environments, read when a reference needs it.
	global *catalog.Schema
}

// build returns the base schema itself where nothing is withheld. Otherwise
// every table carries a Restriction, even one that is visible as a whole: its
// access paths may go through tables that are not, and only Base leads there.
func (b *builder) build(ctx context.Context) (*catalog.Schema, error) {
	out := &catalog.Schema{Name: b.base.Name, ID: b.base.ID, Label: b.base.Label}
	whole := true
	for _, t := range b.base.Tables {
		v, full, err := b.table(ctx, out, t)
		if err != nil {
			return nil, err
		}
		whole = whole && full
		if v != nil {
			out.Tables = append(out.Tables, v)
		}
	}
	if whole {
		return b.base, nil
	}
	return out, nil
}

// table returns the visible form of a table, nil if there is none; full is
// true when nothing of it is withheld.
func (b *builder) table(ctx context.Context, s *catalog.Schema, t *catalog.Table) (v *catalog.Table, full bool, err error) {
	about := grantsAbout(b.grants, t)
	if len(about) == 0 {
		return nil, false, nil
	}
	attributes := b.provider.caller.Attributes
	active := slices.DeleteFunc(slices.Clone(about), func(g *Grant) bool { return !g.active(attributes) })
	shown := active
	if len(active) == 0 {
		shown = about
	}
	shade := shades(t, shown)
	r := &catalog.Restriction{Base: t, Where: predicate.False, HashKey: b.provider.enforcer.cfg.HashKey}
	if len(active) > 0 {
		if err := b.filter(ctx, r, t, active); err != nil {
			return nil, false, err
		}
	}
	writing := slices.DeleteFunc(slices.Clone(active), func(g *Grant) bool { return !g.Write })
	writable := shades(t, writing)
	v, err = b.restrict(ctx, s, t, shade, writable, r)
	if err != nil || v == nil {
		return nil, false, err
	}
	c, isConst := r.Where.(predicate.Const)
	full = isConst && c.Truth && r.FilterSQL == "" && allClear(shade) && allClear(writable) && sameReferences(t, v)
	return v, full, nil
}

func grantsAbout(grants []*Grant, t *catalog.Table) []*Grant {
	return slices.DeleteFunc(slices.Clone(grants), func(g *Grant) bool { return !g.coversTable(t.Name) })
}

// filter sets the condition on rows: the filters of all grants, or-ed; none if
// a grant has none.
func (b *builder) filter(ctx context.Context, r *catalog.Restriction, t *catalog.Table, active []*Grant) error {
	var texts []string
	for _, g := range active {
		if g.Rows == nil {
			r.Where = predicate.True
			return nil
		}
		sql, err := g.Rows.Bind(b.provider.caller.Attributes)
		if err != nil {
			return err
		}
		texts = append(texts, "("+sql+")")
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	where, filterSQL, err := b.provider.enforcer.cfg.Binder.BindFilter(ctx, t, strings.Join(texts, " OR "))
	if err != nil {
		// The text holds the caller's values and names of hidden columns: both
		// are for the log alone.
		return gwerr.Wrap(gwerr.Config, err, fmt.Sprintf("A row filter of the policy does not fit the table %s.", t.Name),
			"Ask the administrator to run `gateway check`, which names the line.")
	}
	if where == nil {
		where = predicate.True
	}
	r.Where, r.FilterSQL = where, filterSQL
	if filterSQL != "" {
		r.FilterColumns = columnsOf(filterSQL, t)
	}
	return nil
}

// restrict copies the parts of a table that are not hidden. Access paths,
// hidden columns and sizes stay behind: they are the business of Base.
func (b *builder) restrict(ctx context.Context, s *catalog.Schema, t *catalog.Table, shade, writable []shade, r *catalog.Restriction) (*catalog.Table, error) {
	v := &catalog.Table{
		Name: t.Name, Entity: t.Entity, Doc: t.Doc, Scope: t.Scope, Permission: t.Permission,
		Schema: s, Restriction: r, ManyToMany: t.ManyToMany, Writes: t.Writes,
	}
	for i := range t.Columns {
		if shade[i] == hidden {
			continue
		}
		c := t.Columns[i]
		if shade[i] != clear || writable[i] != clear {
			c.Access = catalog.ReadOnly
		}
		if shade[i] != clear {
			if r.Masks == nil {
				r.Masks = map[string]catalog.Mask{}
			}
			r.Masks[c.Name] = shade[i].mask()
			c.Required = c.Required && c.Key
		}
		if c.References != nil {
			keep, err := b.clearTarget(ctx, c.References)
			if err != nil {
				return nil, err
			}
			if !keep || shade[i] != clear {
				c.References = nil
			}
		}
		v.Columns = append(v.Columns, c)
	}
	if len(v.Columns) == 0 {
		return nil, nil
	}
	return v, nil
}

// clearTarget reports whether the caller sees the values of the column that a
// reference points to.
func (b *builder) clearTarget(ctx context.Context, ref *catalog.Reference) (bool, error) {
	grants := b.grants
	t, ok := b.base.Table(ref.Table)
	if !ok {
		var err error
		if t, grants, err = b.globalTable(ctx, ref.Table); err != nil || t == nil {
			return false, err
		}
	}
	i := t.Index(ref.Column)
	return i >= 0 && shades(t, grantsAbout(grants, t))[i] == clear, nil
}

// globalTable finds a table of the schema above environments, which stands
// first in the list.
func (b *builder) globalTable(ctx context.Context, table string) (*catalog.Table, []*Grant, error) {
	names, err := b.provider.base.Names(ctx)
	if err != nil || len(names) == 0 {
		return nil, nil, err
	}
	grants := b.provider.grants(names[0])
	if len(grants) == 0 {
		return nil, nil, nil
	}
	if b.global == nil {
		if b.global, err = b.provider.base.Schema(ctx, cmp.Or(names[0].ID, names[0].Name)); err != nil {
			return nil, nil, err
		}
	}
	t, ok := b.global.Table(table)
	if !ok {
		return nil, nil, nil
	}
	return t, grants, nil
}

func allClear(s []shade) bool {
	return !slices.ContainsFunc(s, func(x shade) bool { return x != clear })
}

func sameReferences(a, b *catalog.Table) bool {
	for i := range a.Columns {
		if (a.Columns[i].References == nil) != (b.Columns[i].References == nil) {
			return false
		}
	}
	return true
}

func writeSized(b *strings.Builder, s string) {
	b.WriteString(strconv.Itoa(len(s)))
	b.WriteByte(':')
	b.WriteString(s)
}

// active reports whether the caller has every value that the grant needs.
func (g *Grant) active(have map[string]auth.Attribute) bool {
	return g.Rows == nil || g.Rows.satisfied(have)
}

// satisfied reports whether the caller has every value that the filter uses.
func (f *Filter) satisfied(have map[string]auth.Attribute) bool {
	_, err := f.literals(have)
	return err == nil || gwerr.Is(err, gwerr.LimitExceeded)
}
