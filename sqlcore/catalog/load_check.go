package catalog

import (
	"regexp"
	"slices"
	"strings"
)

// check looks for what the tables say of each other and of themselves.
func (p *problems) check(found []declared) {
	byName := map[string]*Table{}
	for _, d := range found {
		p.file = d.file
		if byName[d.table.Name] != nil {
			p.atLine(d.line, "table %s is declared twice", d.table.Name)
		}
		byName[d.table.Name] = d.table
	}
	for _, d := range found {
		p.file = d.file
		c := checker{problems: p, declared: d, all: byName}
		c.tableParts()
		for i := range d.table.Columns {
			c.column(i)
		}
		for i := range d.table.Hidden {
			c.hidden(i)
		}
		for i := range d.table.Paths {
			c.path(i)
		}
	}
}

type checker struct {
	*problems
	declared
	all map[string]*Table
}

func (c *checker) tableParts() {
	t := c.table
	if len(t.Columns) == 0 || len(t.Paths) == 0 {
		c.atLine(c.line, "table %s needs columns and paths", t.Name)
	}
	if len(t.Key()) == 0 {
		c.atLine(c.line, "table %s needs a key column", t.Name)
	}
	if t.Changed != "" {
		c.own(c.line, "changed", t.Changed)
		if col := t.Column(t.Changed); col != nil && col.Type != Timestamp {
			c.atLine(c.line, "changed of %s must name a timestamp column", t.Name)
		}
	}
	if s := t.Size; s != nil {
		switch {
		case s.Path != "" && s.Table == "":
			if path := t.Path(s.Path); path == nil || !path.CountExact {
				c.atLine(c.line, "the size of %s needs a path with an exact count, not %q", t.Name, s.Path)
			}
		case s.Path == "" && s.Table != "":
			c.other(c.line, s.Table, s.Column)
		default:
			c.atLine(c.line, "the size of %s is either a path or a table and column", t.Name)
		}
	}
	if m := t.ManyToMany; m != nil {
		if near, far := t.Links(); near < 0 || far < 0 || len(t.Key()) != 2 || !t.Columns[near].Key || !t.Columns[far].Key {
			c.atLine(c.line, "the key of %s must be two references, to %s and to %s, to link these many to many", t.Name, m.From, m.To)
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

// own checks that the table has the columns.
func (c *checker) own(line int, what string, columns ...string) {
	for _, name := range columns {
		if name != "" && c.table.Column(name) == nil {
			c.atLine(line, "%s names %q, which is no column of %s", what, name, c.table.Name)
		}
	}
}

func (c *checker) column(i int) {
	col, line := &c.table.Columns[i], c.columns[i]
	if first := c.table.Column(col.Name); first != col {
		c.atLine(line, "column %s stands twice", col.Name)
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

func (c *checker) path(i int) {
	path, line := &c.table.Paths[i], c.paths[i]
	if c.table.Path(path.Name) != path {
		c.atLine(line, "path %s stands twice", path.Name)
	}
	ways := 0
	for _, set := range []bool{path.Get != "", path.List != "", path.Parent != nil} {
		if set {
			ways++
		}
	}
	if ways != 1 {
		c.atLine(line, "path %s needs exactly one of get, list and parent", path.Name)
	}
	if path.Get != "" && len(path.Keys) == 0 {
		c.atLine(line, "path %s is a get without keys, which would read no row; name the keys in its address, or make it a list", path.Name)
	}
	if path.Parent == nil && (path.Endpoint == "" || path.Group == "") {
		c.atLine(line, "path %s needs an endpoint and a group", path.Name)
	}
	if (path.List != "") != (path.Items != "") {
		c.atLine(line, "path %s needs items if and only if it is a list", path.Name)
	}
	c.pathColumns(path, line)
	for _, t := range append(variantFilters(path), path.Get, path.List, path.Filter) {
		c.template(line, t)
	}
	c.unused(path, line)
	c.links(path, line)
}

func (c *checker) pathColumns(path *Path, line int) {
	c.own(line, "keys", path.Keys...)
	c.own(line, "supplies", path.Supplies...)
	c.own(line, "unique", path.Unique...)
	for name := range path.Sources {
		c.own(line, "sources", name)
	}
	for name := range path.Filters {
		c.own(line, "filters", name)
	}
	for name := range path.Query {
		c.own(line, "query", name)
	}
	for _, name := range path.Supplies {
		if !slices.Contains(path.Keys, name) {
			c.atLine(line, "path %s supplies %s, which is not one of its keys", path.Name, name)
		}
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
	for _, name := range columns {
		if col := c.table.Column(name); col != nil && col.Type != String && col.Type != GUID {
			c.atLine(line, "column %s must be a string or guid to be filled by a path", name)
		}
	}
}

// links checks what a path says of other tables.
func (c *checker) links(path *Path, line int) {
	if p := path.Partition; p != nil {
		c.own(line, "partition", p.Column, p.Split)
		c.other(line, p.Table, p.Key, p.Size)
		if _, ok := path.Filters[p.Column]; !ok || !path.And {
			c.atLine(line, "a partition needs a filter on %s that joins by and", p.Column)
		}
	}
	if p := path.Parent; p != nil {
		c.other(line, p.Table, append([]string{p.Column, p.Rows}, p.EmptyWhen...)...)
		c.parent(p, line)
	}
	if s := path.Shown; s != nil {
		c.other(line, s.Table, s.Column)
		if !slices.Contains(path.Keys, s.Key) {
			c.atLine(line, "path %s says which values of %q are shown, which is not one of its keys", path.Name, s.Key)
		}
		c.listed("table of shown keys", s.Table, line)
	}
	for name, l := range path.Lookup {
		c.own(line, "lookup", name, l.Key)
		c.other(line, l.Table, l.By, l.Column)
	}
}

// parent checks that a parent's rows give all that the child's path needs, and
// that there is a way to list them.
func (c *checker) parent(p *Parent, line int) {
	child := c.table.Path(p.Path)
	if child == nil || !slices.Contains(child.Keys, p.Key) {
		c.atLine(line, "the parent's path %q must be a path of %s with the key %s", p.Path, c.table.Name, p.Key)
		return
	}
	for _, key := range child.Keys {
		if key != p.Key {
			c.atLine(line, "the parent gives %s alone, but its path %s needs %s too; name a path whose only key is %s", p.Key, p.Path, key, p.Key)
		}
	}
	c.listed("parent's table", p.Table, line)
}

// listed checks that a table can be read whole; what says why it must be.
func (c *checker) listed(what, table string, line int) {
	if t := c.all[table]; t != nil && !slices.ContainsFunc(t.Paths, func(p Path) bool { return p.Get == "" && len(p.Keys) == 0 }) {
		c.atLine(line, "the %s %s can't be listed; give it a list path without keys", what, table)
	}
}

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// template checks that a template names columns.
func (c *checker) template(line int, text string) {
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if m[1] != "EnvironmentId" {
			c.own(line, "a template", m[1])
		}
	}
}

// unused checks that every key of a path goes into its address or filter.
func (c *checker) unused(path *Path, line int) {
	text := strings.Join(append(variantFilters(path), path.Get, path.List, path.Filter), " ")
	for _, key := range path.Keys {
		if !strings.Contains(text, "{"+key+"}") {
			c.atLine(line, "path %s needs the key %s but does not use it", path.Name, key)
		}
	}
}

func variantFilters(path *Path) []string {
	if path.Variant == nil {
		return nil
	}
	out := make([]string, 0, len(path.Variant.Filters))
	for _, v := range path.Variant.Values {
		out = append(out, path.Variant.Filters[v])
	}
	return out
}
