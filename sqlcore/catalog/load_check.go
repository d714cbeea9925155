package catalog

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/yamlnode"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// check looks for what the tables say of each other and of themselves.
func (p *problems) check(found []declared) {
	byName, taken := map[string]*Table{}, map[string]bool{}
	for _, d := range found {
		p.file = d.file
		if name := strings.ToLower(d.table.Name); taken[name] {
			p.atLine(d.line, "table %s is declared twice", d.table.Name)
		} else {
			taken[name] = true
		}
		if entity := "entity " + d.table.Entity; taken[entity] {
			p.at(d.keys["entity"], "%s is declared twice", entity)
		} else {
			taken[entity] = true
		}
		byName[d.table.Name] = d.table
	}
	checkers := make([]*checker, len(found))
	for i, d := range found {
		p.file = d.file
		checkers[i] = &checker{problems: p, declared: d, all: byName}
		checkers[i].derive()
	}
	for _, c := range checkers {
		p.file = c.declared.file
		c.tableParts()
		for i := range c.table.Columns {
			c.column(i)
		}
		for i := range c.table.Hidden {
			c.hidden(i)
		}
		for i := range c.table.Paths {
			c.path(i)
		}
		c.writable()
	}
}

type checker struct {
	*problems
	declared
	all map[string]*Table
}

// place is the line of a key of the file.
func (c *checker) place(key string) int { return yamlnode.Line(c.keys[key]) }

func (c *checker) tableParts() {
	t := c.table
	if len(t.Columns) == 0 || len(t.Paths) == 0 && (t.Derived == nil || t.Derived.Table == "") {
		c.atLine(c.line, "table %s needs columns and paths", t.Name)
	}
	if len(t.Key()) == 0 {
		c.atLine(c.line, "table %s needs a key column", t.Name)
	}
	if len(t.Examples) == 0 {
		c.atLine(c.line, "table %s needs an example query", t.Name)
	}
	inside := func(col Column) bool { return col.Position || t.Derived.InElement(col.Source) != "" }
	if t.Derived != nil && t.Derived.Unnest != "" && !slices.ContainsFunc(t.Columns, inside) {
		c.atLine(c.place("unnest"), "no column of %s comes from the elements of %s; write %s[]. before its member", t.Name, t.Derived.Unnest, t.Derived.Unnest)
	}
	if t.Changed != "" {
		c.own(c.place("changed"), "changed", t.Changed)
		if col := t.Column(t.Changed); col != nil && col.Type != Timestamp {
			c.atLine(c.place("changed"), "changed of %s must name a timestamp column", t.Name)
		}
	}
	if s := t.Size; s != nil {
		switch {
		case s.Path != "" && s.Table+s.Column == "":
			if path := t.Path(s.Path); path == nil || !path.CountExact {
				c.atLine(c.place("size"), "the size of %s needs a path with an exact count, not %q", t.Name, s.Path)
			}
		case s.Path == "" && s.Table != "" && s.Column != "":
			c.other(c.place("size"), s.Table, s.Column)
			c.typed(c.place("size"), c.all[s.Table], []string{s.Column}, Int64)
			c.listable(c.place("size"), s.Table)
		default:
			c.atLine(c.place("size"), "the size of %s is either a path or a table and column", t.Name)
		}
	}
	if m := t.ManyToMany; m != nil {
		if near, far := t.Links(); near < 0 || far < 0 {
			c.atLine(c.place("many_to_many"), "%s needs two references, to %s and to %s, to link these many to many", t.Name, m.From, m.To)
		}
	}
}

// hidden checks that the values have a place, and the name no other meaning.
func (c *checker) hidden(i int) {
	h, line := &c.table.Hidden[i], c.declared.hidden[i]
	if c.table.Column(h.Name) != nil || c.table.HiddenColumn(h.Name) != h {
		c.atLine(line, "column %s stands twice", h.Name)
	}
	if len(c.table.Key()) != 1 {
		c.atLine(line, "a hidden column needs a table with one key column")
	}
	c.beside(line, h.Table)
	c.other(line, h.Table, h.Key, h.Column)
	if t := c.all[h.Table]; h.List && t != nil {
		if col := t.Column(h.Column); col != nil && col.Type != String && col.Type != GUID {
			c.atLine(line, "a list needs a column of the type string or guid, not %s", h.Column)
		}
	}
}

// other checks that another table has the columns.
func (c *checker) other(line int, table string, columns ...string) {
	t := c.all[table]
	if t == nil {
		c.atLine(line, "there is no table %q", table)
		return
	}
	for _, name := range columns {
		if name != "" && t.Column(name) == nil {
			c.atLine(line, "table %s has no column %q", table, name)
		}
	}
}

// beside checks that another table, if there is one, is found in this one's schema.
func (c *checker) beside(line int, table string) {
	if t := c.all[table]; t != nil && t.Scope != c.table.Scope {
		c.atLine(line, "%s and %s must stand in the same schema", c.table.Name, table)
	}
}

// own checks that the table has the columns.
func (c *checker) own(line int, what string, columns ...string) {
	for _, name := range columns {
		if name != "" && c.table.Column(name) == nil {
			c.atLine(line, "%s names %q, which is not a column of %s", what, name, c.table.Name)
		}
	}
}

func (c *checker) column(i int) {
	col, line := &c.table.Columns[i], c.columns[i]
	c.shaped(col, line)
	if twice(c.table.Columns[:i], col.Name) {
		c.atLine(line, "column %s stands twice", col.Name)
	}
	if col.Access != ReadOnly && (len(col.Without) > 0 || col.Names || col.Unless != nil) {
		c.atLine(line, `column %s does not show the whole value, so that sending it back would lose the rest; take "write" out`, col.Name)
	}
	if col.Key && !col.Required {
		c.atLine(line, "key column %s must be required", col.Name)
	}
	if r := col.References; r != nil {
		c.other(line, r.Table, r.Column)
		if t := c.all[r.Table]; t != nil && t.Scope != c.table.Scope && (r.Forward != "-" || r.Backward != "-") {
			c.atLine(line, "the reference of %s leaves its schema, so forward and backward must be '-'", col.Name)
		}
	}
}

// twice reports whether columns have the name already, in whatever letters.
func twice(before []Column, name string) bool {
	return slices.ContainsFunc(before, func(c Column) bool { return strings.EqualFold(c.Name, name) })
}

// shaped checks what a column says of its values.
func (c *checker) shaped(col *Column, line int) {
	if len(col.Without) > 0 && col.Type != JSON {
		c.atLine(line, "only a json column can be shown without some members, not %s", col.Name)
	}
	if col.Names && col.Type != StringList {
		c.atLine(line, "the names of members make a list; %s must have that type", col.Name)
	}
	if d := c.table.Derived; col.Position && (d == nil || d.Unnest == "" || col.Type != Int32 && col.Type != String) {
		c.atLine(line, `%s can say where an element stands only in a table with "unnest"; its type is int32 for an array and string for the members of an object`, col.Name)
	}
	if u := col.Unless; u != nil {
		c.own(line, "unless", u.Column)
		c.typed(line, c.table, []string{u.Column, col.Name}, String, JSON)
		if col.Required {
			c.atLine(line, "%s is null at times, so it can't be required", col.Name)
		}
	}
}

func (c *checker) path(i int) {
	path, line := &c.table.Paths[i], c.paths[i]
	if c.table.Path(path.Name) != path {
		c.atLine(line, "path %s stands twice", path.Name)
	}
	if key := c.table.Key(); path.Get != "" && len(path.Keys) == 0 && (len(key) != 1 || c.table.Columns[key[0]].Name != environment) {
		c.atLine(line, "path %s is a get whose address names no column, which reads one row for an environment; let %s alone be the key, or put a key column in braces into the address", path.Name, environment)
	}
	if (path.And || path.Or) && len(path.Filters) == 0 && path.Filter == "" {
		c.atLine(line, "path %s joins filters but has none", path.Name)
	}
	if path.PageMax > 0 && path.PageMax < path.Page {
		c.atLine(line, "page_max of path %s is less than its page", path.Name)
	}
	c.pathColumns(path, line)
	c.each(path, line)
	c.span(path, line)
	c.links(path, line)
}

// each checks that the values of keys that a condition may leave open are known.
func (c *checker) each(path *Path, line int) {
	for _, key := range path.Each {
		col := c.table.Column(key)
		if !slices.Contains(path.Keys, key) || col == nil || len(col.Values) == 0 {
			c.atLine(line, "path %s reads each value of %q, which must be a column in braces in its address that lists its values", path.Name, key)
		}
	}
}

// span checks that a path's filter names the bounds of its range.
func (c *checker) span(path *Path, line int) {
	r := path.Range
	if r == nil {
		if strings.Contains(path.Filter, FromSuffix+"}") || strings.Contains(path.Filter, ToSuffix+"}") {
			c.atLine(line, `the filter of path %s names bounds of time; say with "range" of which column, and how many days are read without a condition`, path.Name)
		}
		return
	}
	c.own(line, "range", r.Column)
	c.typed(line, c.table, []string{r.Column}, Timestamp)
	if r.Days <= 0 {
		c.atLine(line, `the range of path %s needs "days", which are read where no condition says from when`, path.Name)
	}
	from, to := "{"+r.Column+FromSuffix+"}", "{"+r.Column+ToSuffix+"}"
	if !strings.Contains(path.Filter, from) || r.Slices && !strings.Contains(path.Filter, to) {
		c.atLine(line, "the filter of path %s must send the range: %s for its first moment and, to be cut into slices, %s for the one after its last", path.Name, from, to)
	}
	if r.Slices && r.WholeDays {
		c.atLine(line, "the range of path %s can't be cut into slices, as it is widened to whole days", path.Name)
	}
	for value := range r.DaysFor {
		if !slices.ContainsFunc(path.Each, func(key string) bool {
			col := c.table.Column(key)
			return col != nil && slices.Contains(col.Values, value)
		}) {
			c.atLine(line, "days_for of path %s names %q, which is not a value of a key of \"each\"", path.Name, value)
		}
	}
}

func (c *checker) pathColumns(path *Path, line int) {
	c.own(line, "an address or condition of path "+path.Name, path.Keys...)
	c.own(line, "unique", path.Unique...)
	for name := range path.Sources {
		c.own(line, "sources", name)
	}
	for name := range path.Filters {
		c.own(line, "filters", name)
		if col := c.table.Column(name); col != nil && (col.Type == JSON || col.Type == StringList) {
			c.atLine(line, "column %s of the type %s can't be filtered", name, col.Type)
		}
	}
	for name := range path.Order {
		c.own(line, "order", name)
	}
	for name := range path.Query {
		c.own(line, "query", name)
	}
	if path.Variant != nil {
		c.own(line, "variant", path.Variant.Column)
		c.texts(line, path.Variant.Column)
	}
	c.texts(line, path.Supplies...)
	for name := range path.Lookup {
		c.texts(line, name)
	}
}

// texts checks that columns whose value no row holds are texts: that is what
// keys and filters are.
func (c *checker) texts(line int, columns ...string) {
	c.typed(line, c.table, columns, String, GUID)
}

// typed checks that columns of a table have one of the types.
func (c *checker) typed(line int, t *Table, columns []string, types ...Type) {
	for _, name := range columns {
		if t == nil || t.Column(name) == nil || slices.Contains(types, t.Column(name).Type) {
			continue
		}
		words := make([]string, len(types))
		for i := range types {
			words[i] = types[i].String()
		}
		c.atLine(line, "column %s of %s must be a %s to be used so", name, t.Name, strings.Join(words, " or "))
	}
}

// links checks what a path says of other tables.
func (c *checker) links(path *Path, line int) {
	if p := path.Partition; p != nil {
		c.own(line, "partition", p.Column, p.Split)
		c.other(line, p.Table, p.Key, p.Size)
		c.texts(line, p.Column)
		c.typed(line, c.table, []string{p.Split}, String)
		c.typed(line, c.all[p.Table], []string{p.Key}, String, GUID)
		c.typed(line, c.all[p.Table], []string{p.Size}, Int64)
		c.listable(line, p.Table)
		for _, column := range []string{p.Column, p.Split} {
			if _, ok := path.Filters[column]; column != "" && (!ok || !path.And) {
				c.atLine(line, "a partition needs a filter on %s that joins by and", column)
			}
		}
	}
	if path.Parent != nil {
		c.beside(line, path.Parent.Table)
		c.other(line, path.Parent.Table, append([]string{path.Parent.Rows}, path.Parent.Doubts(c.table.Path(path.Parent.Path))...)...)
		c.parent(path, line)
	}
	if path.Shown != nil {
		c.shown(path, line)
	}
	for name, l := range path.Lookup {
		c.own(line, "lookup", name, l.Key)
		c.beside(line, l.Table)
		c.other(line, l.Table, l.By, l.Column)
		c.typed(line, c.all[l.Table], []string{l.By, l.Column}, String, GUID)
		c.texts(line, l.Key)
		if t := c.all[l.Table]; t != nil && !slices.ContainsFunc(t.Paths, func(p Path) bool { return p.answers(l.By) }) {
			c.atLine(line, "table %s can't be read by %s; give it a get by that key, or a list with a filter on it that joins by or", l.Table, l.By)
		}
	}
}

// shown finds the table that lists the values of a key.
func (c *checker) shown(path *Path, line int) {
	s := path.Shown
	col := c.table.Column(s.Key)
	if col == nil || col.References == nil || !slices.Contains(path.Keys, s.Key) {
		c.atLine(line, "path %s says which values of %q are shown, which is not a key of its address that refers to another table", path.Name, s.Key)
		return
	}
	s.Table, s.Column = col.References.Table, col.References.Column
	c.listable(line, s.Table)
}

// answers reports whether the path reads rows by the values of one column.
func (p *Path) answers(column string) bool {
	f, ok := p.Filters[column]
	return p.Get != "" && slices.Equal(p.Keys, []string{column}) ||
		ok && p.Or && len(p.Keys) == 0 && len(f.Operators) > 0 && f.Operators[0] == predicate.OpEq
}

// listable checks that all rows of a table can be read in one listing of the schema.
func (c *checker) listable(line int, table string) {
	c.beside(line, table)
	if t := c.all[table]; t != nil && t.Listing() == nil {
		c.atLine(line, "table %s can't be listed in one go; give it a list path without keys", table)
	}
}

// parent finds the parent's columns that give the keys of the child's path:
// those that the key refers to, or else those of the same name. It checks that
// the parent's rows can be read at all.
func (c *checker) parent(path *Path, line int) {
	p, t := path.Parent, c.all[path.Parent.Table]
	child := c.table.Path(p.Path)
	if t == nil || child == nil || child.Parent != nil || len(child.Keys) == 0 {
		c.atLine(line, "the parent's path %q must be a path of %s with keys", p.Path, c.table.Name)
		return
	}
	for _, key := range child.Keys {
		if slices.Contains(child.Each, key) {
			p.Columns = append(p.Columns, "") // no column: each of its values
			continue
		}
		name := key
		if col := c.table.Column(key); col != nil && col.References != nil && col.References.Table == t.Name {
			name = col.References.Column
		}
		if t.Column(name) == nil {
			c.atLine(line, "the parent's table %s gives no value for the key %s of path %s; let the column %s refer to a column of %s", t.Name, key, p.Path, key, t.Name)
		}
		c.typed(line, t, []string{name}, String, GUID)
		p.Columns = append(p.Columns, name)
	}
	if c.ancestor(t, c.table, nil) {
		c.atLine(line, "%s and %s are each other's parents, so that neither can be read first", c.table.Name, t.Name)
	}
	if !slices.ContainsFunc(t.Paths, func(up Path) bool { return up.Keyless() }) {
		c.atLine(line, "the parent's table %s can't be listed; give it a list path without keys", t.Name)
	}
}

// ancestor reports whether the rows of t are read by those of a, at any depth.
func (c *checker) ancestor(t, a *Table, seen []*Table) bool {
	if t == nil || slices.Contains(seen, t) {
		return false
	}
	return t == a || slices.ContainsFunc(t.Paths, func(p Path) bool {
		return p.Parent != nil && c.ancestor(c.all[p.Parent.Table], a, append(seen, t))
	})
}
