package model

import (
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

func itoa(n int) string { return strconv.Itoa(n) }

// path compiles a property, a lambda variable, any, all or $count of a
// collection, or the key behind a navigation property.
func (c *compiler) path(e *uri.PathExpr) (term, error) {
	switch e.Start {
	case uri.FromInstance, uri.FromIt:
	case uri.FromAlias:
		return term{}, c.unsupported(e.Offset, "a path behind a parameter alias")
	default:
		return term{}, c.unsupported(e.Offset, "$root, $this and $these")
	}
	if len(e.Segments) == 0 {
		return term{}, c.unsupported(e.Offset, "the instance as a value")
	}
	first, ok := e.Segments[0].(*uri.NameSegment)
	if !ok {
		return term{}, c.unsupported(e.Segments[0].Pos(), "this path")
	}
	rest := e.Segments[1:]
	if first.Qualified() && first.Args == nil && len(rest) > 0 && first.Name == c.typeName() {
		return c.path(&uri.PathExpr{Offset: e.Offset, Start: uri.FromIt, Segments: rest})
	}
	if first.Args != nil || first.Qualified() {
		return term{}, c.fail(gwerr.UnknownFunction, first.Offset, "There is no function or type %s.", first.Name)
	}
	if e.Start == uri.FromInstance {
		if t, ok := c.variable(first); ok {
			if len(rest) > 0 {
				return term{}, c.fail(gwerr.TypeMismatch, rest[0].Pos(), "The variable %s is a string and has no properties.", first.Name)
			}
			return t, nil
		}
	}
	i := exactIndex(c.table, first.Name)
	if i < 0 {
		return c.navigation(first, rest)
	}
	return c.property(first, i, rest)
}

func (c *compiler) typeName() string { return c.namespace + "." + c.table.Entity }

func (c *compiler) variable(s *uri.NameSegment) (term, bool) {
	for i := len(c.variables) - 1; i >= 0; i-- {
		if v := c.variables[i]; v.name == s.Name {
			return term{sql: v.sql, kind: textKind, pos: s.Offset}, true
		}
	}
	return term{}, false
}

// exactIndex finds a column by its name as $metadata spells it.
func exactIndex(t *catalog.Table, name string) int {
	if i := t.Index(name); i >= 0 && t.Columns[i].Name == name {
		return i
	}
	return -1
}

func (c *compiler) property(s *uri.NameSegment, i int, rest []uri.Segment) (term, error) {
	col := &c.table.Columns[i]
	c.used[i] = true
	t := term{sql: quoteName(col.Name), kind: kinds[col.Type], nullable: true, pos: s.Offset}
	switch col.Type {
	case catalog.JSON:
		t.sql = "CAST(" + t.sql + " AS VARCHAR)"
	case catalog.StringList:
		t.sql, t.nullable = "COALESCE("+t.sql+", [])", false
	}
	if len(rest) == 0 {
		return t, nil
	}
	if t.kind != listKind || len(rest) > 1 {
		return term{}, c.fail(gwerr.UnknownColumn, rest[0].Pos(), "The property %s has no properties of its own.", col.Name)
	}
	switch r := rest[0].(type) {
	case *uri.CountSegment:
		if r.Options != nil {
			return term{}, c.unsupported(r.Offset, "options of $count")
		}
		return term{sql: "len(" + t.sql + ")", kind: intKind, pos: s.Offset}, nil
	case *uri.LambdaSegment:
		return c.lambda(t, r)
	default:
		return term{}, c.unsupported(rest[0].Pos(), "this path behind a collection")
	}
}

// lambda compiles any and all over a collection of strings.
//
// Source: OData 4.01 Part 2, section 5.1.1.13.
func (c *compiler) lambda(list term, s *uri.LambdaSegment) (term, error) {
	out := term{kind: boolKind, pos: s.Offset}
	if s.Body == nil {
		out.sql = "(len(" + list.sql + ") > 0)"
		return out, nil
	}
	v := variable{name: s.Variable, sql: "lambda_" + itoa(len(c.variables)+1) + "_"}
	c.variables = append(c.variables, v)
	defer func() { c.variables = c.variables[:len(c.variables)-1] }()
	body, err := c.condition(s.Body)
	if err != nil {
		return out, err
	}
	body = "COALESCE(" + body + ", FALSE)"
	if s.All {
		out.sql = "(len(list_filter(" + list.sql + ", lambda " + v.sql + ": NOT " + body + ")) = 0)"
		return out, nil
	}
	out.sql = "(len(list_filter(" + list.sql + ", lambda " + v.sql + ": " + body + ")) > 0)"
	return out, nil
}

// navigation compiles what needs no other table's rows: `Nav/Key` is the
// foreign key itself, and `Nav` compares with null as that does.
func (c *compiler) navigation(s *uri.NameSegment, rest []uri.Segment) (term, error) {
	n, ok := edm.Find(c.schema, c.table, s.Name)
	if !ok {
		return term{}, unknownProperty(c.schema, c.table, s.Name).At(s.Offset).On(c.option)
	}
	if n.Dependent && len(rest) == 0 {
		return c.property(s, exactIndex(c.table, n.Column), nil)
	}
	if n.Dependent && len(rest) == 1 {
		if r, ok := rest[0].(*uri.NameSegment); ok && r.Args == nil && r.Name == n.TargetColumn {
			return c.property(s, exactIndex(c.table, n.Column), nil)
		}
	}
	return term{}, c.unsupported(s.Offset, "properties behind the navigation property "+s.Name)
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
	e := gwerr.Newf(gwerr.UnknownColumn, "%s has no property %s.", t.Name, name)
	if near := nearest(name, names); near != "" {
		e.Mend = "Did you mean " + near + "?"
	}
	return e
}

// nearest returns the name with the least edits from the given one, if they
// are few enough for a slip.
func nearest(name string, names []string) string {
	const longest = 64
	if len(name) > longest {
		return ""
	}
	best, bestDistance := "", 1+max(2, len(name)/3)
	if len(name) < 4 {
		bestDistance = 2
	}
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return n
		}
		if len(n) > longest {
			continue
		}
		if d := distance(strings.ToLower(name), strings.ToLower(n)); d < bestDistance {
			best, bestDistance = n, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
