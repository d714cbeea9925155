package catalog

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/pingone-gateway/gateway/internal/yamlnode"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// declarationKeys lists the keys that each kind of mapping in the file of a table
// or of procedures may have, in the order of the documentation.
var declarationKeys = map[string][]string{
	"table": {
		"table", "entity", "schema", "doc", "permission", "examples", "group", "collection", "one", "of", "from", "where", "unnest",
		"size", "many_to_many", "discover", "changed", "option", "columns", "hidden", "paths", "writes",
	},
	"size": {"table", "column", "path"},
	"many": {"from", "to", "names"},
	"column": {
		"name", "type", "from", "doc", "key", "required", "write", "needed", "values", "sensitive", "references", "max_length",
		"without", "names", "position", "unless",
	},
	"unless":    {"column", "text"},
	"hidden":    {"name", "table", "key", "column", "list"},
	"reference": {"table", "column", "forward", "backward"},
	"path": {
		"name", "doc", "get", "list", "items", "sources", "page", "page_max", "count",
		"filter", "filters", "join", "group", "shown", "unique", "variant", "partition", "parent", "lookup", "query",
		"each", "range", "order",
	},
	"writes":    {"insert", "update", "delete", "parts", "only", "without", "secrets", "refreshes"},
	"write":     {"call", "type", "body", "listed", "allowed_by"},
	"part":      {"columns", "call", "type", "types", "body", "values", "unless", "allowed_by"},
	"range":     {"column", "days", "days_for", "option", "whole_days", "slices"},
	"filter":    {"operators", "exact", "unconfirmed"},
	"variant":   {"column", "filters"},
	"value":     {"value", "filter", "empty_when"},
	"partition": {"column", "table", "key", "size", "split", "above"},
	"parent":    {"table", "path", "rows", "empty_when"},
	"lookup":    {"table", "key", "by", "column"},

	"procedures": {"permission", "group", "procedures"},
	"procedure":  {"name", "doc", "call", "type", "whole", "idempotent", "set", "each", "inputs", "outputs", "example"},
	"input":      {"name", "type", "from", "doc", "required", "default", "values", "sensitive", "right"},
	"output":     {"name", "type", "from", "doc", "values", "when", "refused", "count"},
	"each":       {"list", "items", "key", "where"},
}

// DeclarationKeys returns the keys that each kind of mapping in a declaration
// may have. A JSON schema of the files is tested against it.
func DeclarationKeys() map[string][]string {
	out := make(map[string][]string, len(declarationKeys))
	for kind, keys := range declarationKeys {
		out[kind] = slices.Clone(keys)
	}
	return out
}

// Load reads the table declarations at the root of files: every *.yaml, one
// table each, in the order of the table names. Unknown keys, wrong types and
// names that lead nowhere are errors, each with its file and line. All that can't
// be read are returned, joined; if there are none, all that don't fit together.
func Load(files fs.FS) ([]*Table, error) {
	p := &problems{}
	var found []declared
	if err := p.documents(files, func(body ast.Node) { found = append(found, p.read(body)) }); err != nil {
		return nil, err
	}
	if len(p.list) == 0 { // what was not read would only cause misleading follow-ups
		p.check(found)
	}
	if len(p.list) > 0 {
		return nil, errors.Join(p.list...)
	}
	tables := make([]*Table, len(found))
	for i, d := range found {
		tables[i] = d.table
	}
	slices.SortFunc(tables, func(a, b *Table) int { return cmp.Compare(a.Name, b.Name) })
	return tables, nil
}

// declared is a table with the places of its parts, for checks across tables.
type declared struct {
	table   *Table
	file    string
	line    int
	keys    map[string]ast.Node // of the file
	columns []int               // lines
	paths   []int
	hidden  []int
	// more completes the paths of a derived table, by name; moreLines are places.
	more      map[string]Path
	moreLines map[string]int
}

// documents reads every *.yaml at the root of files. Files that are no YAML are
// problems, too.
func (p *problems) documents(files fs.FS, read func(body ast.Node)) error {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return err
	}
	for _, name := range names {
		p.file = path.Base(name)
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		doc, problem := yamlnode.Parse(text)
		switch {
		case problem != nil:
			p.atLine(problem.Line, "%s", problem.Message)
		case doc == nil:
			p.atLine(1, "the file must hold one document")
		default:
			read(doc)
		}
	}
	return nil
}

// read turns one file into a table.
func (p *problems) read(body ast.Node) (d declared) {
	m := p.mapping(body, "table")
	d = declared{file: p.file, line: m.line(), keys: m.values}
	d.table = &Table{
		Name: m.must("table"), Entity: m.must("entity"), Doc: m.must("doc"),
		Scope:      []Scope{PerEnvironment, Global}[m.choice("schema", "environment", "information")],
		Permission: m.str("permission"), Examples: m.texts("examples"), Discover: m.str("discover"), Changed: m.str("changed"),
		Group: m.str("group"), Option: m.str("option"),
	}
	if m.has("from") || m.has("unnest") {
		d.table.Derived = &Derived{Table: m.str("from"), Where: m.textMap("where"), Unnest: m.str("unnest")}
	}
	if m.has("where") && !m.has("from") {
		p.at(m.values["where"], `"where" needs "from", the table that it is about`)
	}
	if m.has("size") {
		s := p.mapping(m.values["size"], "size")
		d.table.Size = &Size{Table: s.str("table"), Column: s.str("column"), Path: s.str("path")}
	}
	if m.has("many_to_many") {
		d.table.ManyToMany = p.manyToMany(p.mapping(m.values["many_to_many"], "many"))
	}
	for _, n := range m.items("columns") {
		c := p.mapping(n, "column")
		d.table.Columns = append(d.table.Columns, p.column(c, d.table.Name))
		d.columns = append(d.columns, c.line())
	}
	for _, n := range m.items("hidden") {
		c := p.mapping(n, "hidden")
		d.table.Hidden = append(d.table.Hidden, Hidden{
			Name: c.must("name"), Table: c.must("table"), Key: c.must("key"), Column: c.must("column"), List: c.flag("list"),
		})
		d.hidden = append(d.hidden, c.line())
	}
	p.pathsOf(m, &d)
	p.writes(m, d.table)
	return d
}

// pathsOf reads the paths. One that has the name of a usual path completes it;
// the other usual ones come first.
func (p *problems) pathsOf(m fields, d *declared) {
	if ways := []string{"collection", "one", "from"}; m.several(ways...) {
		p.at(m.node, "a table has at most one of %s", strings.Join(ways, ", "))
	}
	if m.has("from") {
		p.completions(m, d)
		return
	}
	usual := p.usual(m, d.table)
	lines, set := make([]int, len(usual)), make([]map[string]ast.Node, len(usual))
	for i := range usual {
		lines[i] = d.line
	}
	for _, n := range m.items("paths") {
		c := p.mapping(n, "path")
		path := p.path(c, d.table)
		at := slices.IndexFunc(usual, func(u Path) bool { return u.Name == path.Name })
		if at >= 0 && lines[at] == d.line {
			if of := usual[at].Parent; of != nil && path.Parent != nil && path.Parent.Table != of.Table {
				p.at(c.values["parent"], `path %s reads the rows of %s, but "of" says that these are those of %s`, path.Name, path.Parent.Table, of.Table)
			}
			complete(&path, usual[at])
			usual[at], lines[at], set[at] = path, c.line(), c.values
			continue
		}
		usual, lines, set = append(usual, path), append(lines, c.line()), append(set, c.values)
	}
	for i := range usual {
		p.finish(d.table, &usual[i], lines[i], set[i])
	}
	d.table.Paths, d.paths = usual, lines
}

// completions reads what a derived table adds to the other one's paths.
func (p *problems) completions(m fields, d *declared) {
	d.more, d.moreLines = map[string]Path{}, map[string]int{}
	for _, n := range m.items("paths") {
		c := p.mapping(n, "path")
		for key, node := range c.values {
			if key != "name" && key != "filters" {
				p.at(node, "the paths of %s are those of %s; only filters can be added to them", d.table.Name, d.table.Derived.Table)
			}
		}
		path := p.path(c, d.table)
		d.more[path.Name], d.moreLines[path.Name] = path, c.line()
	}
}

// manyToMany reads which tables the rows link, and the names of the navigation
// properties there and back.
func (p *problems) manyToMany(m fields) *ManyToMany {
	out := &ManyToMany{From: m.must("from"), To: m.must("to")}
	names := m.texts("names")
	if len(names) != 2 {
		p.at(m.node, `"names" must hold the names of two navigation properties`)
		return out
	}
	out.Forward, out.Backward = names[0], names[1]
	return out
}

func (p *problems) column(m fields, table string) Column {
	c := Column{
		Name: m.must("name"), Source: m.str("from"), Doc: m.must("doc"),
		Key: m.flag("key"), Required: m.flag("required"), Needed: m.flag("needed"),
		Access: []Access{ReadOnly, Writable, OnInsert, OnUpdate}[m.choice("write", "never", "both", "insert", "update")],
		Values: m.texts("values"), Sensitive: m.flag("sensitive"), MaxLength: int(m.number("max_length")),
		Without: m.texts("without"), Names: m.flag("names"), Position: m.flag("position"),
	}
	if m.has("unless") {
		u := p.mapping(m.values["unless"], "unless")
		c.Unless = &Unless{Column: u.must("column"), Text: u.must("text")}
	}
	if c.Source == "" && c.Name != "" {
		c.Source = strings.ToLower(c.Name[:1]) + c.Name[1:]
	}
	if name := m.must("type"); name != "" {
		var err error
		if c.Type, err = ParseType(name); err != nil {
			p.at(m.values["type"], "%s", err)
		}
	}
	if m.has("references") {
		r := p.mapping(m.values["references"], "reference")
		c.References = &Reference{Table: r.must("table"), Column: r.str("column"), Forward: r.str("forward"), Backward: r.str("backward")}
		c.References.Column = cmp.Or(c.References.Column, "Id")
		c.References.Forward = cmp.Or(c.References.Forward, strings.TrimSuffix(c.Name, "Id"))
		c.References.Backward = cmp.Or(c.References.Backward, table)
	}
	return c
}

func (p *problems) path(m fields, t *Table) Path {
	out := Path{
		Name: m.must("name"), Doc: m.str("doc"), Get: m.str("get"), List: m.str("list"), Items: m.str("items"),
		Sources: m.textMap("sources"), Page: int(m.number("page")), PageMax: int(m.number("page_max")),
		CountExact: m.choice("count", "none", "exact") > 0, Group: m.str("group"),
		Filter: m.str("filter"), Filters: p.filters(m, t), Unique: m.texts("unique"), Query: m.textMap("query"),
	}
	for _, word := range m.texts("join") {
		switch word {
		case "and":
			out.And = true
		case "or":
			out.Or = true
		default:
			p.at(m.values["join"], "%q must hold and, or, or both", "join")
		}
	}
	out.Each, out.Order = m.texts("each"), m.textMap("order")
	if !out.And && m.has("filters") {
		for _, pair := range p.pairs(m.values["filters"], "filters") {
			out.Prefer = append(out.Prefer, pair.Key.GetToken().Value)
		}
	}
	p.structures(m, &out)
	return out
}

// structures reads the parts of a path that are mappings of their own.
func (p *problems) structures(m fields, out *Path) {
	if m.has("variant") {
		v := p.mapping(m.values["variant"], "variant")
		out.Variant = &Variant{Column: v.must("column"), Filters: map[string]string{}, EmptyWhen: map[string][]string{}}
		for _, n := range v.items("filters") {
			f := p.mapping(n, "value")
			value := f.must("value")
			if slices.Contains(out.Variant.Values, value) {
				p.at(n, "the variants of path %s have the value %s twice", out.Name, value)
			}
			out.Variant.Values = append(out.Variant.Values, value)
			out.Variant.Filters[value], out.Variant.EmptyWhen[value] = f.must("filter"), f.texts("empty_when")
		}
	}
	if m.has("range") {
		c := p.mapping(m.values["range"], "range")
		out.Range = &Range{Column: c.must("column"), Days: c.number("days"), Option: c.str("option"), WholeDays: c.flag("whole_days"), Slices: c.flag("slices")}
		if c.has("days_for") {
			out.Range.DaysFor = map[string]int64{}
			for _, pair := range p.pairs(c.values["days_for"], "days_for") {
				out.Range.DaysFor[pair.Key.GetToken().Value] = p.integer(pair.Value, "days_for")
			}
		}
	}
	if m.has("partition") {
		c := p.mapping(m.values["partition"], "partition")
		out.Partition = &Partition{
			Column: c.must("column"), Table: c.must("table"), Key: c.must("key"), Size: c.must("size"),
			Split: c.str("split"), Above: c.number("above"),
		}
	}
	if m.has("parent") {
		c := p.mapping(m.values["parent"], "parent")
		out.Parent = &Parent{
			Table: c.must("table"), Path: c.must("path"), Rows: c.str("rows"), EmptyWhen: c.texts("empty_when"),
		}
	}
	if m.has("shown") {
		out.Shown = &Shown{Key: m.str("shown")}
	}
	if m.has("lookup") {
		out.Lookup = map[string]Lookup{}
		for _, pair := range p.pairs(m.values["lookup"], "lookup") {
			c := p.mapping(pair.Value, "lookup")
			out.Lookup[pair.Key.GetToken().Value] = Lookup{
				Table: c.must("table"), Key: c.must("key"), By: c.must("by"), Column: c.must("column"),
			}
		}
	}
}

func (p *problems) filters(m fields, t *Table) map[string]Filter {
	if !m.has("filters") {
		return nil
	}
	out := map[string]Filter{}
	for _, pair := range p.pairs(m.values["filters"], "filters") {
		name, c := pair.Key.GetToken().Value, p.mapping(pair.Value, "filter")
		f := Filter{Exact: c.flag("exact"), Operators: p.operators(c, "operators"), Unconfirmed: p.operators(c, "unconfirmed")}
		if col := t.Column(name); col != nil {
			f.Attribute = strings.ReplaceAll(col.Source, "[]", "")
		}
		if len(f.Operators)+len(f.Unconfirmed) == 0 {
			p.at(c.node, "the filter on %s has no operators", name)
		}
		out[name] = f
	}
	return out
}

var operatorNames = []string{"eq", "sw", "ew", "co", "ge", "gt", "le", "lt"}

func (p *problems) operators(m fields, key string) []predicate.Operator {
	var out []predicate.Operator
	for _, n := range m.items(key) {
		i := slices.Index(operatorNames, p.text(n, key))
		if i < 0 {
			p.at(n, "unknown operator; use one of %s", strings.Join(operatorNames, ", "))
			continue
		}
		out = append(out, predicate.Operator(i))
	}
	return out
}
