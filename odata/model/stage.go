package model

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// stage is one SELECT of those that $apply and $compute become. It reads from the
// stage before it, or the resource's table. Its rows are entities, with all columns
// of the table, or have nothing but fields.
type stage struct {
	scopes *scopes
	// from is what the first stage reads; "" for the stage before.
	from string
	// linkage is the condition of the link by which an address leads to the first
	// stage's rows.
	linkage *linkage
	where   []string
	fields  []field
	entity  bool
	// groups is its GROUP BY, without the words.
	groups string
	// aggregates says that one row is made of all, or of each group.
	aggregates    bool
	order         []string
	limit, offset int64 // limit is negative for none
	// windows says that fields are computed over other rows, too.
	windows bool
	// union are stages whose rows these are, one after the other.
	union []*stage
	// keys are the fields by which rows differ that are no entities.
	keys []string
	// sets are those of which each row has an entity, nil but for a $crossjoin.
	sets []*catalog.Table
	// shaped says that a stage must follow for whatever comes next.
	shaped bool
	// below is the number of SELECTs that the text of the stage before has.
	below int
}

// linkage is a condition that is known only when rows before were read.
type linkage struct {
	scope *scope
	sql   string
}

// field is what a stage's rows have beside the columns of a table.
type field struct {
	// path is the property, such as "Total" or "Population/Name".
	path string
	kind kind
	// column is the column whose values these are, nil for what was computed.
	column *catalog.Column
	// whole says that a decimal has no fraction.
	whole bool
	// expr is its SQL in the stage's own scopes.
	expr string
	// rows are those of a nested collection, nil for all else.
	rows *Resource
	// hidden fields are the gateway's own.
	hidden bool
	// absent is the path of the hidden field that is true where rows lack this one;
	// "" if all have it.
	absent string
	// lacks is the SQL of that, while branches are put together.
	lacks string
}

// linkField is the hidden field that holds Resource.LinkColumn.
const linkField = "$link"

// firstStage reads the rows that the path leads to.
func (w *walker) firstStage() *stage {
	r := w.resource
	root := r.scopes.root()
	if r.sets != nil {
		return w.crossStage()
	}
	s := &stage{scopes: r.scopes, entity: true, limit: -1}
	var linked *scope
	s.from, linked = r.from()
	if c := r.LinkColumn(); c != nil { // tells whose row it is
		s.fields = []field{{path: linkField, kind: kinds[c.Type], column: c, expr: linked.sql(c.Name), hidden: true}}
	}
	r.linkage = &linkage{scope: linked}
	s.linkage = r.linkage
	for _, e := range predicate.Conjuncts(predicate.AllOf(r.where)) {
		s.where = append(s.where, whereSQL(root, r.scopes.values, e))
	}
	return s
}

// asRead tells whether the rows are those of one table, one for one, in the order in
// which they were read.
func (s *stage) asRead() bool {
	for ; s != nil; s = s.scopes.root().rows {
		if !s.entity || s.aggregates || s.windows || s.groups != "" || len(s.order) > 0 || s.limit >= 0 || s.offset > 0 || len(s.union) > 0 || s.sets != nil || s.scopes.related() {
			return false
		}
	}
	return true
}

// follow makes the stage that reads the rows of s.
func (s *stage) follow(n int, table *catalog.Table) *stage {
	scopes := newScopes(s.scopes.schema, table)
	scopes.values, scopes.roots = s.scopes.values, s.scopes.roots
	root := scopes.root()
	root.alias, root.rows, root.fields = "s"+itoa(n)+"_", s, s.fields
	out := &stage{scopes: scopes, entity: s.entity, keys: s.keys, sets: s.sets, limit: -1, below: s.selects()}
	for _, t := range s.sets {
		root.views = append(root.views, root.view(t))
	}
	for _, f := range s.fields {
		f.expr = root.sql(f.path)
		out.fields = append(out.fields, f)
	}
	return out
}

// selects is the number of SELECTs in the stage's text.
func (s *stage) selects() int {
	n := 1 + s.below
	for _, u := range s.union {
		n += u.selects()
	}
	return n
}

// sql is the SELECT, with those columns and fields that the stage behind needs.
func (s *stage) sql(needs func(path string) bool) string {
	if len(s.union) > 0 {
		parts := make([]string, len(s.union))
		for i, u := range s.union {
			parts[i] = u.sql(needs)
		}
		return strings.Join(parts, " UNION ALL ")
	}
	var list []string
	root := s.scopes.root()
	if s.entity {
		for i := range root.table.Columns {
			if name := root.table.Columns[i].Name; needs(name) {
				list = append(list, root.sql(name)+" AS "+sqltext.Quote(name))
			}
		}
	}
	for _, f := range s.fields {
		if needs(f.path) {
			list = append(list, f.expr+" AS "+sqltext.Quote(f.path))
		}
	}
	return s.selecting(list)
}

// selecting is the SELECT of a list.
func (s *stage) selecting(list []string) string {
	switch {
	case len(list) > 0:
	case s.aggregates: // one row of all rows, even if nobody wants its fields
		list = []string{"count(*) AS one"}
	default:
		list = []string{"1 AS one"}
	}
	var rest strings.Builder
	root := s.scopes.root()
	s.scopes.joins(&rest, root)
	where := s.where
	if s.linkage != nil && s.linkage.sql != "" {
		where = append(slices.Clip(where), s.linkage.sql)
	}
	if len(where) > 0 {
		rest.WriteString(" WHERE " + strings.Join(where, " AND "))
	}
	if s.groups != "" {
		rest.WriteString(" GROUP BY " + s.groups)
	}
	if len(s.order) > 0 {
		rest.WriteString(" ORDER BY " + strings.Join(s.order, ", "))
	}
	if s.limit >= 0 {
		rest.WriteString(" LIMIT " + strconv.FormatInt(s.limit, 10))
	}
	if s.offset > 0 {
		rest.WriteString(" OFFSET " + strconv.FormatInt(s.offset, 10))
	}
	head, from := "SELECT "+strings.Join(list, ", ")+" FROM ", s.from
	if root.rows != nil {
		text := head + rest.String()
		from = "(" + root.rows.sql(func(path string) bool { return strings.Contains(text, root.sql(path)) }) + ") AS " + root.alias
	}
	return head + from + rest.String()
}

// total makes an order of rows a total one: by the key, or what rows are grouped by.
func (s *stage) total() []string {
	var out []string
	root := s.scopes.root()
	if s.entity {
		for _, k := range root.table.Key() {
			out = append(out, root.sql(root.table.Columns[k].Name)+ascending)
		}
		return out
	}
	for _, f := range s.fields {
		if slices.Contains(s.keys, f.path) {
			out = append(out, f.expr+ascending)
		}
	}
	return out
}

// Null stands before every value.
const ascending, descending = " ASC NULLS FIRST", " DESC NULLS LAST"

// field finds a field that a path names.
func (c *compiler) field(e *uri.PathExpr) (term, bool) {
	s := c.instance
	if e.Start == c.self {
		s = c.scopes.root()
	}
	if v, _ := c.variableOf(e); v != nil || e.Start != uri.FromInstance && e.Start != c.self {
		return term{}, false
	}
	path, ok := plainPath(e.Segments)
	if !ok {
		return term{}, false
	}
	for _, f := range s.fields {
		if f.path == path && !f.hidden {
			return term{
				sql: s.sql(path), kind: f.kind, nullable: true, nan: f.kind == doubleKind, pos: e.Offset, column: f.column, whole: f.whole,
			}, true
		}
	}
	return term{}, false
}

// plainPath spells a path of nothing but names.
func plainPath(segments []uri.Segment) (string, bool) {
	names := make([]string, len(segments))
	for i, s := range segments {
		n, ok := s.(*uri.NameSegment)
		if !ok || n.Args != nil {
			return "", false
		}
		names[i] = n.Name
	}
	return strings.Join(names, "/"), len(names) > 0
}

// Statement is the SQL of the resource's rows, at most limit of them; negative for
// all. link is the condition that the address, or the parents of an expanded
// entity, put on them, nil for none.
func (r *Resource) Statement(link predicate.Expr, limit int64) query.Statement {
	if r.stage == nil {
		return r.scopes.statement(r.sql(link, limit))
	}
	r.linkTo(link)
	s := *r.stage
	s.limit = limit
	if r.orderBy != "" {
		s.order = []string{r.orderBy}
	}
	var list []string
	root := s.scopes.root()
	for _, i := range r.Columns {
		name := root.table.Columns[i].Name
		list = append(list, root.sql(name)+" AS "+sqltext.Quote(name))
	}
	if c := r.LinkColumn(); c != nil {
		list = append(list, root.sql(linkField)+" AS "+sqltext.Quote(linkField))
	}
	for _, o := range r.outputs {
		name := o.Name
		if o.CountOf {
			name += "@count"
		}
		list = append(list, o.sql+" AS "+sqltext.Quote(name))
	}
	return s.statement(list)
}

// linkTo puts the link's condition on the rows of the first stage.
func (r *Resource) linkTo(link predicate.Expr) {
	if r.linkage.sql = ""; link != nil {
		r.linkage.sql = whereSQL(r.linkage.scope, r.scopes.values, link)
	}
}

func (s *stage) statement(list []string) query.Statement {
	return s.scopes.statement(s.selecting(list))
}

// statement has the texts that it names as parameters.
func (s *scopes) statement(sql string) query.Statement {
	return query.Statement{SQL: sql, Safe: true, Named: s.values.of(sql)}
}
