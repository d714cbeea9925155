package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"
)

// environment is the placeholder for the id of a table's schema, and the column
// that holds it.
const environment = "EnvironmentId"

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// keysOf lists the columns that templates name, each once.
func keysOf(templates ...string) []string {
	var out []string
	for _, t := range templates {
		for _, m := range placeholder.FindAllStringSubmatch(t, -1) {
			bound := strings.HasSuffix(m[1], FromSuffix) || strings.HasSuffix(m[1], ToSuffix)
			if m[1] != environment && !bound && !slices.Contains(out, m[1]) {
				out = append(out, m[1])
			}
		}
	}
	return out
}

// keys lists the columns that the templates of a path name. In Information an
// environment's id is a key as any other.
func (t *Table) keys(templates ...string) []string {
	out := keysOf(templates...)
	if t.Scope == Global && strings.Contains(strings.Join(templates, ""), "{"+environment+"}") {
		out = slices.Insert(out, 0, environment)
	}
	return out
}

// useless lists, by the kind of a path, the keys that would do nothing in it.
var useless = map[string][]string{
	"get":    {"items", "page", "page_max", "count", "filter", "filters", "join", "unique", "variant", "partition", "each", "range", "order"},
	"parent": {"items", "page", "page_max", "count", "filter", "filters", "join", "unique", "variant", "partition", "sources", "lookup", "query", "each", "range", "order"},
}

// finish works out what a path's address says of it.
func (p *problems) finish(t *Table, out *Path, line int, set map[string]ast.Node) {
	kind := "list"
	switch {
	case out.Get != "" && out.List == "" && out.Parent == nil:
		kind = "get"
	case out.Parent != nil && out.Get == "" && out.List == "":
		kind = "parent"
	case out.List == "" || out.Get != "" || out.Parent != nil:
		p.atLine(line, "path %s needs exactly one of get, list and parent", out.Name)
	}
	for _, key := range useless[kind] {
		if set[key] != nil {
			p.at(set[key], "%q does nothing in path %s, which is a %s; take it out", key, out.Name, kind)
		}
	}
	if out.Doc == "" {
		p.atLine(line, `"doc" is missing in path %s`, out.Name)
	}
	address := out.Get + out.List
	out.Keys = t.keys(append([]string{address, out.Filter}, variantFilters(out)...)...)
	place, _, _ := strings.Cut(address, "?")
	out.Endpoint = endpoint(address)
	if len(t.keys(place)) > 0 {
		out.Missing = []int{http.StatusNotFound}
	}
	out.Supplies = slices.Clone(out.Keys)
	if out.List != "" && out.Items == "" {
		out.Items = place[strings.LastIndexByte(place, '/')+1:]
	}
	if last := place[strings.LastIndexByte(place, '/')+1:]; out.Get != "" {
		out.Supplies = slices.DeleteFunc(out.Supplies, func(key string) bool { return "{"+key+"}" == last })
	}
}

// usual gives the paths that a table's collection has, or its only row: the
// lines that nearly every declaration would repeat. An address that names keys
// belongs to the rows of another table.
func (p *problems) usual(m fields, t *Table) []Path {
	address, of := m.str("collection"), m.str("of")
	single := address == ""
	if single {
		address = m.str("one")
	}
	if address == "" {
		if of != "" {
			p.at(m.values["of"], `"of" says whose rows the addresses of collection or one belong to; there is none`)
		}
		return nil
	}
	keys, rows := t.keys(address), words(t.Name)
	name, whose := "", ""
	if n := len(keys); n > 0 {
		parent := words(strings.TrimSuffix(keys[n-1], "Id"))
		name, whose = "by_"+strings.ReplaceAll(strings.ToLower(parent), " ", "_"), " of one "+parent
		if of == "" {
			p.at(m.node, `the address of %s names %s; say with "of" which table's rows these are`, t.Name, keys[n-1])
		}
	} else if of != "" {
		p.at(m.values["of"], "the address names no key of %s; put one in braces, such as {%sId}", of, strings.TrimSuffix(of, "s"))
	}
	all := Path{Name: "all", Doc: "All " + rows + ".", Parent: &Parent{Table: of, Path: name}}
	switch {
	case single && name == "":
		return []Path{{Name: "one", Doc: "The only row.", Get: address}}
	case single:
		return []Path{{Name: name, Doc: "The row" + whose + ".", Get: address}, all}
	}
	own := ""
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Key && !slices.Contains(keys, c.Name) {
			own += "{" + c.Name + "}"
		}
	}
	if len(keysOf(own)) != 1 {
		p.at(m.node, "the rows of a collection need one key column of their own; list the paths instead")
	}
	get := Path{Name: "by_id", Doc: fmt.Sprintf("One %s by its id.", words(t.Entity)), Get: address + "/" + own}
	if name == "" {
		return []Path{get, {Name: "list", Doc: "All " + rows + ".", List: address}}
	}
	get.Name, get.Doc = name+"_and_id", fmt.Sprintf("One %s%s.", words(t.Entity), whose)
	return []Path{get, {Name: name, Doc: "The " + rows + whose + ".", List: address}, all}
}

// complete adds to a declared path what the usual one of that name says.
func complete(out *Path, usual Path) {
	if out.Get+out.List != "" || out.Parent != nil {
		return
	}
	out.Get, out.List, out.Parent = usual.Get, usual.List, usual.Parent
	out.Doc = cmp.Or(out.Doc, usual.Doc)
}

// words writes a name such as GatewayInstances as it is spoken.
func words(name string) string {
	var out []string
	letters := []rune(name)
	for from, i := 0, 1; i <= len(letters); i++ {
		small := func(at int) bool { return at < len(letters) && unicode.IsLower(letters[at]) }
		if i < len(letters) && !(unicode.IsUpper(letters[i]) && (small(i-1) || small(i+1))) {
			continue
		}
		word := string(letters[from:i])
		if strings.ToUpper(word) != word {
			word = strings.ToLower(word)
		}
		out = append(out, word)
		from = i
	}
	return strings.Join(out, " ")
}

// derive makes the paths of a table whose rows come from another one's.
func (c *checker) derive() {
	d := c.table.Derived
	if d == nil || d.Table == "" {
		return
	}
	base := c.all[d.Table]
	switch {
	case base == nil:
		c.atLine(c.place("from"), "there is no table %q", d.Table)
		return
	case base.Derived != nil:
		c.atLine(c.place("from"), "%s is itself made from another table; name that one", d.Table)
		return
	case d.Unnest == "" && len(d.Where) == 0:
		c.atLine(c.place("from"), `say with "where" or "unnest" which rows of %s become rows of %s`, base.Name, c.table.Name)
	}
	c.beside(c.place("from"), base.Name)
	where := map[string]string{}
	for name, value := range d.Where {
		c.other(c.place("where"), base.Name, name)
		if col := base.Column(name); col != nil {
			where[col.Source] = value
			if col.Type != String {
				c.atLine(c.place("where"), "a condition needs a column of the type string, not %s", name)
			}
		}
	}
	d.Where = where
	c.table.Group = base.Group
	c.table.Permission = cmp.Or(c.table.Permission, base.Permission)
	for i := range base.Paths {
		if p, ok := c.derived(base, base.Paths[i]); ok {
			c.table.Paths = append(c.table.Paths, p)
			c.paths = append(c.paths, c.line)
		}
	}
	if len(c.table.Paths) == 0 {
		c.atLine(c.place("from"), "no path of %s can be read for %s; give it columns like those whose values their addresses name", base.Name, c.table.Name)
	}
	for name, line := range c.moreLines {
		if p := base.Path(name); p == nil || p.List == "" {
			c.atLine(line, "%s has no path %q that reads a list", base.Name, name)
		}
	}
}

// derived is a path of the base as one of this table; ok is false where this
// one has no column for a key. Its counts would count the base's rows.
func (c *checker) derived(base *Table, p Path) (out Path, ok bool) {
	own := map[string]string{}
	for _, key := range p.Keys {
		if own[key] = c.like(base, key); own[key] == "" {
			return p, false
		}
	}
	if r := p.Range; r != nil {
		span := *r
		if span.Column = c.like(base, r.Column); span.Column == "" {
			c.atLine(c.line, "rows of %s are read by a span of time; give %s a column from the member of %s, too", base.Name, c.table.Name, r.Column)
		}
		p.Range = &span
		for _, end := range []string{FromSuffix, ToSuffix} {
			own[r.Column+end] = span.Column + end
		}
	}
	for _, t := range []*string{&p.Get, &p.List, &p.Filter} { // at once: a name may be another one's new one
		*t = placeholder.ReplaceAllStringFunc(*t, func(m string) string { return "{" + cmp.Or(own[m[1:len(m)-1]], m[1:len(m)-1]) + "}" })
	}
	p.Keys, p.Supplies, p.Each = renamed(p.Keys, own), renamed(p.Supplies, own), renamed(p.Each, own)
	d, filters := c.table.Derived, map[string]Filter{}
	for name, f := range p.Filters {
		if own := c.like(base, name); own != "" {
			filters[own] = f
		}
	}
	p.Query = c.parameters(base, p.Query)
	p.Doc = fmt.Sprintf("The %s in what %s of %s reads.", words(c.table.Name), p.Name, base.Name)
	prefer := slices.Clone(c.more[p.Name].Prefer)
	for name, f := range c.more[p.Name].Filters {
		if filters[name] = f; f.Exact && d.InElement(c.table.columnSource(name)) != "" {
			c.atLine(c.moreLines[p.Name], "a filter on %s keeps rows of %s with all their elements, so it can't be exact", name, base.Name)
		}
	}
	p.Filters, p.Unique, p.CountExact, p.Order = filters, nil, false, nil
	for _, name := range p.Prefer {
		if own := c.like(base, name); own != "" {
			prefer = append(prefer, own)
		}
	}
	p.Prefer = prefer
	if len(filters) == 0 && p.Filter == "" {
		p.And, p.Or = false, false
	}
	if p.Parent != nil {
		parent := *p.Parent
		p.Parent = &parent
	}
	if p.Variant != nil || p.Partition != nil || p.Lookup != nil || p.Shown != nil || p.Sources != nil {
		c.atLine(c.line, "path %s of %s takes more than addresses and filters, which a table made from it can't", p.Name, base.Name)
		p.Variant, p.Partition, p.Lookup, p.Shown, p.Sources = nil, nil, nil, nil, nil
	}
	return p, true
}

// parameters are those of the base's columns that this table reads: always what
// its rows stand in, else what an own column needs.
func (c *checker) parameters(base *Table, query map[string]string) map[string]string {
	var out map[string]string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		q, own := query[name], c.like(base, name)
		if col := base.Column(name); name == "" || col != nil && col.Source == c.table.Derived.Unnest {
			own = ""
		} else if own == "" {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		if out[own] != "" {
			q = out[own] + "&" + q // both are sent always
		}
		out[own] = q
	}
	return out
}

// columnSource is the source of the column of that name; "" if there is none.
func (t *Table) columnSource(name string) string {
	if col := t.Column(name); col != nil {
		return col.Source
	}
	return ""
}

// like names the own column that holds what the base's column does.
func (c *checker) like(base *Table, name string) string {
	col := base.Column(name)
	for i := range c.table.Columns {
		if own := &c.table.Columns[i]; col != nil && own.Source == col.Source && own.Type == col.Type {
			return own.Name
		}
	}
	return ""
}

func renamed(list []string, names map[string]string) []string {
	out := slices.Clone(list)
	for i, name := range out {
		out[i] = names[name]
	}
	return out
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
