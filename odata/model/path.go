package model

import (
	"slices"
	"strconv"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

func itoa(n int) string { return strconv.Itoa(n) }

// place is where a path leads: to a column, or to a collection of entities.
type place struct {
	scope *scope
	// column is the position in the scope's table, -1 for a collection.
	column int
	// many is the navigation property to a collection.
	many edm.Navigation
	at   *uri.NameSegment
	rest []uri.Segment
}

// path compiles a property, a lambda variable, any, all or $count of a
// collection, each perhaps behind navigation properties.
func (c *compiler) path(e *uri.PathExpr) (term, error) {
	if c.constantsOnly {
		return term{}, c.unsupported(e.Offset, "a path here")
	}
	if t, ok, err := c.listItem(e); ok || err != nil {
		return t, err
	}
	if t, ok := c.field(e); ok && t.kind != rowsKind {
		return t, nil
	}
	if e.Start == uri.FromRoot {
		return c.fromRoot(e)
	}
	p, err := c.locate(e)
	switch {
	case err != nil:
		return term{}, err
	case p.column < 0:
		return c.collection(p.scope, p.many, p.at, p.rest)
	case c.betweenRows(p.scope):
		return term{}, c.unsupported(p.at.Offset, "properties of two entities in a condition on the items of a list")
	default:
		return c.property(p.scope, p.at, p.column, p.rest)
	}
}

// listItem compiles the variable of a condition on the items of a list.
func (c *compiler) listItem(e *uri.PathExpr) (t term, ok bool, err error) {
	v, behind := c.variableOf(e)
	if v == nil || v.scope != nil {
		return t, false, nil
	}
	if len(behind) > 0 {
		return t, false, c.fail(gwerr.TypeMismatch, behind[0].Pos(), "The variable %s is a string and has no properties.", v.name)
	}
	return term{sql: v.sql, kind: textKind, pos: e.Offset}, true, nil
}

// variableOf returns the lambda variable, $this or $it that a path begins with where one
// stands for it, and what is behind; nil where there is none.
func (c *compiler) variableOf(e *uri.PathExpr) (*variable, []uri.Segment) {
	name, behind := this, e.Segments
	switch {
	case e.Start == uri.FromInstance && len(e.Segments) > 0:
		first, ok := e.Segments[0].(*uri.NameSegment)
		if !ok || first.Args != nil {
			return nil, nil
		}
		name, behind = first.Name, e.Segments[1:]
	case e.Start == uri.FromIt:
		name = it
	case e.Start != uri.FromThis:
		return nil, nil
	}
	for i := len(c.variables) - 1; i >= 0; i-- {
		if c.variables[i].name == name {
			return &c.variables[i], behind
		}
	}
	return nil, nil
}

// locate follows a path. Single-valued navigation properties are joined.
func (c *compiler) locate(e *uri.PathExpr) (place, error) {
	switch v, _ := c.variableOf(e); {
	case v != nil, e.Start == uri.FromInstance, e.Start == c.self:
	case e.Start == uri.FromIt: // the entity that the address names
		return place{}, c.unsupported(e.Offset, "$it within $expand; the expanded entity is $this")
	case e.Start == uri.FromAlias:
		return place{}, c.unsupported(e.Offset, "a path behind a parameter alias")
	default:
		return place{}, c.unsupported(e.Offset, "$this and $these")
	}
	s, rest := c.instance, e.Segments
	if e.Start == c.self {
		s = c.scopes.root()
	}
	if v, behind := c.variableOf(e); v != nil {
		s, rest = v.scope, behind
	}
	for len(rest) > 0 {
		at, ok := rest[0].(*uri.NameSegment)
		if !ok {
			return place{}, c.unsupported(rest[0].Pos(), "this path")
		}
		rest = rest[1:]
		if at.Args == nil && len(rest) > 0 && at.Name == c.namespace+"."+s.table.Entity {
			continue
		}
		if at.Args != nil || at.Qualified() {
			return place{}, c.fail(gwerr.UnknownFunction, at.Offset, "There is no function or type %s.", at.Name)
		}
		if v := s.viewed(at); v != nil {
			s = v
			continue
		}
		if i := exactIndex(s.table, at.Name); i >= 0 {
			return place{scope: s, column: i, at: at, rest: rest}, nil
		}
		n, ok := edm.Find(c.scopes.schema, s.table, at.Name)
		if !ok {
			return place{}, c.unknown(s, at)
		}
		if n.Many {
			return place{scope: s, column: -1, many: n, at: at, rest: rest}, nil
		}
		if n.Dependent && leadsToKey(n, rest) {
			return place{scope: s, column: exactIndex(s.table, n.Column), at: at}, nil
		}
		var err error
		if s, err = c.follow(s, n, at.Offset); err != nil {
			return place{}, err
		}
		if len(rest) == 0 { // compares with null as the key does
			return place{scope: s, column: exactIndex(s.table, n.TargetColumn), at: at}, nil
		}
	}
	return place{}, c.unsupported(e.Offset, "the instance as a value")
}

// leadsToKey tells whether a path needs no other table's rows: `Nav/Key` is
// the foreign key itself, and `Nav` compares with null as that does.
func leadsToKey(n edm.Navigation, rest []uri.Segment) bool {
	if len(rest) == 0 {
		return true
	}
	key, ok := rest[0].(*uri.NameSegment)
	return ok && len(rest) == 1 && key.Args == nil && key.Name == n.TargetColumn
}

func (c *compiler) typeName() string { return c.namespace + "." + c.instance.table.Entity }

// fromRoot compiles a property of an entity that its key names, whatever the row:
// `$root/Users(…)/Name`.
//
// Source: OData 4.01 Part 2, section 5.1.1.14.4.
func (c *compiler) fromRoot(e *uri.PathExpr) (term, error) {
	set, ok := e.Segments[0].(*uri.NameSegment)
	if !ok || set.Args == nil || len(e.Segments) < 2 {
		return term{}, c.unsupported(e.Offset, "$root but for a property of an entity with a key")
	}
	if slices.ContainsFunc(c.variables, func(v variable) bool { return v.scope == nil }) { // the engine has no SELECT there
		return term{}, c.unsupported(e.Offset, "$root in a condition on the items of a list")
	}
	in := &walker{schema: c.scopes.schema, options: Options{Namespace: c.namespace, Now: c.now}, aliases: c.aliases, resource: newResource(c.scopes.schema)}
	if err := in.entitySet(&uri.NameSegment{Offset: set.Offset, Name: set.Name, Args: set.Args}); err != nil {
		return term{}, gwerr.From(err).On(c.option)
	}
	if in.resource.Kind != Entity {
		return term{}, c.unsupported(e.Offset, "$root without a key")
	}
	alias := "root" + itoa(*c.scopes.roots) + "_"
	*c.scopes.roots++
	scopes := newScopes(c.scopes.schema, in.resource.Table)
	scopes.root().alias, scopes.values, scopes.roots = alias, c.scopes.values, c.scopes.roots
	one := *c
	one.scopes, one.instance, one.variables = scopes, scopes.root(), nil
	t, err := one.path(&uri.PathExpr{Offset: e.Offset, Segments: e.Segments[1:]})
	if err != nil {
		return t, err
	}
	s := &stage{scopes: scopes, limit: -1, from: sqltext.Quote(c.scopes.schema.Name) + "." + sqltext.Quote(in.resource.Table.Name) + " AS " + alias}
	s.where = []string{whereSQL(scopes.root(), scopes.values, predicate.AllOf(in.resource.where))}
	t.sql, t.nullable, t.column, t.pos = "("+s.selecting([]string{t.sql})+")", true, nil, e.Offset
	return t, nil
}

// exactIndex finds a column by its name as $metadata spells it.
func exactIndex(t *catalog.Table, name string) int {
	if i := t.Index(name); i >= 0 && t.Columns[i].Name == name {
		return i
	}
	return -1
}

func (c *compiler) property(in *scope, s *uri.NameSegment, i int, rest []uri.Segment) (term, error) {
	col := &in.table.Columns[i]
	in.used[i] = true
	t := term{sql: in.sql(col.Name), kind: kinds[col.Type], nullable: true, pos: s.Offset}
	switch col.Type {
	case catalog.JSON:
		t.sql = "CAST(" + t.sql + " AS VARCHAR)"
	case catalog.StringList:
		t.sql, t.nullable = "COALESCE("+t.sql+", [])", false
	default: // the column as it is
	}
	if len(rest) == 0 {
		t.column = col
		return t, nil
	}
	if t.kind != listKind || len(rest) > 1 {
		return term{}, c.fail(gwerr.UnknownColumn, rest[0].Pos(), "The property %s has no properties of its own.", col.Name)
	}
	switch r := rest[0].(type) {
	case *uri.CountSegment:
		count := "len(" + t.sql + ")"
		var err error
		if r.Options != nil {
			_, count, err = c.narrowed(in, t.sql, r.Options, r.Offset)
		}
		return term{sql: count, kind: intKind, pos: s.Offset}, err
	case *uri.LambdaSegment:
		return c.lambda(in, t, r)
	default:
		return term{}, c.unsupported(rest[0].Pos(), "this path behind a collection")
	}
}

// lambda compiles any and all over a collection of strings.
//
// Source: OData 4.01 Part 2, section 5.1.1.13.
func (c *compiler) lambda(in *scope, list term, s *uri.LambdaSegment) (term, error) {
	out := term{kind: boolKind, pos: s.Offset}
	if s.Body == nil {
		out.sql = "(len(" + list.sql + ") > 0)"
		return out, nil
	}
	kept, err := c.filtered(in, list.sql, s.Variable, s.Body, s.All)
	if out.sql = "(len(" + kept + ") > 0)"; s.All {
		out.sql = "(len(" + kept + ") = 0)"
	}
	return out, err
}

// unknown refuses a name that is not a property of the scope.
func (c *compiler) unknown(s *scope, at *uri.NameSegment) error {
	if s.rows != nil && !s.rows.entity {
		if slices.ContainsFunc(s.fields, func(f field) bool { return f.path == at.Name && f.rows != nil }) {
			return c.unsupported(at.Offset, "the nested collection "+at.Name+" in expressions")
		}
		return unknownField(s, at.Name, at.Offset, c.option)
	}
	return unknownProperty(c.scopes.schema, s.table, at.Name).At(at.Offset).On(c.option)
}

// unknownProperty names the nearest property.
func unknownProperty(s *catalog.Schema, t *catalog.Table, name string) *gwerr.Error {
	var names []string
	for i := range t.Columns {
		names = append(names, t.Columns[i].Name)
	}
	for _, n := range edm.Navigations(s, t) {
		names = append(names, n.Name)
	}
	return gwerr.New(gwerr.UnknownColumn, t.Name+" has no property "+name+".", gwerr.DidYouMean(name, names, ""))
}
