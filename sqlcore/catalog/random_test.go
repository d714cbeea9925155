package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// madeColumn is a column as a test declares it.
type madeColumn struct {
	name, typ, from, write, refers   string
	key, required, needed, sensitive bool
	values                           []string
	length                           int
}

// madeTable is a table as a test declares it.
type madeTable struct {
	name, entity, spoken string // "DoorLocks", "DoorLock", "door lock"
	information, single  bool
	parent               *madeTable
	columns              []madeColumn
	page                 int
	filters              []string // columns of the list
}

// own is the name of the key that other tables have of this one's rows.
func (m *madeTable) own() string { return m.entity + "Id" }

// keys are the columns that the address of the collection names, from the root on.
func (m *madeTable) keys() []string {
	if m.parent == nil {
		return nil
	}
	return append(m.parent.keys(), m.parent.own())
}

// address is that of the collection, or of the only row.
func (m *madeTable) address() string {
	last := strings.ReplaceAll(m.spoken, " ", "-")
	if m.parent == nil {
		return last
	}
	return m.parent.address() + "/{" + m.parent.own() + "}/" + last
}

// randomTables makes tables that follow the rules of declarations: some belong to
// the rows of others, some have one row.
func randomTables(r *rand.Rand) []*madeTable {
	nouns := []string{"Door", "Lock", "Window", "Roof", "Wall", "Stair", "Floor", "Attic", "Cellar", "Garden"}
	r.Shuffle(len(nouns), func(i, j int) { nouns[i], nouns[j] = nouns[j], nouns[i] })
	var out []*madeTable
	for i := range 1 + r.IntN(6) {
		m := &madeTable{entity: nouns[i], spoken: strings.ToLower(nouns[i])}
		if r.IntN(2) == 0 {
			second := nouns[len(nouns)-1-r.IntN(4)]
			m.entity, m.spoken = m.entity+second, m.spoken+" "+strings.ToLower(second)
		}
		m.name = m.entity + "s"
		if k := r.IntN(2 * (i + 1)); k < i && !out[k].single {
			m.parent = out[k]
			m.information = m.parent.information
		} else {
			m.information = r.IntN(4) == 0
		}
		m.single = !m.information && r.IntN(5) == 0
		m.addColumns(r, out)
		if !m.single {
			m.page = r.IntN(3) * 50
		}
		out = append(out, m)
	}
	return out
}

func (m *madeTable) addColumns(r *rand.Rand, others []*madeTable) {
	switch {
	case m.parent != nil:
		for _, key := range m.keys() {
			c := madeColumn{name: key, typ: "guid", required: true, key: m.single && key == m.parent.own()}
			for up := m.parent; up != nil; up = up.parent {
				if up.own() == key {
					c.refers = up.name
				}
			}
			m.columns = append(m.columns, c)
		}
	case m.single:
		m.columns = append(m.columns, madeColumn{name: "EnvironmentId", typ: "guid", key: true, required: true})
	}
	if !m.single {
		m.columns = append(m.columns, madeColumn{name: m.own(), typ: "guid", from: "id", key: true, required: true})
	}
	for i, typ := range []string{"string", "bool", "int32", "int64", "float64", "timestamp", "guid", "json", "list"} {
		if r.IntN(2) == 0 {
			continue
		}
		c := madeColumn{name: "Col" + string(rune('A'+i)), typ: typ, required: r.IntN(3) == 0, sensitive: r.IntN(3) == 0, length: r.IntN(2) * (1 + r.IntN(99))}
		if r.IntN(3) == 0 {
			c.from = "deep." + strings.ToLower(c.name)
		}
		if typ == "string" && r.IntN(2) == 0 {
			c.values = []string{"RED", "GREEN"}
		}
		if typ == "guid" && len(others) > 0 && r.IntN(2) == 0 {
			if to := others[r.IntN(len(others))]; !to.single && to.information == m.information {
				c.refers = to.name
			}
		}
		if !m.single && typ != "json" && typ != "list" && r.IntN(2) == 0 {
			m.filters = append(m.filters, c.name)
		}
		m.columns = append(m.columns, c)
	}
	if m.parent == nil && !m.single { // written at its collection
		for i := range m.columns {
			if c := &m.columns[i]; !c.key && c.refers == "" {
				c.write = []string{"", "both", "insert", "update"}[r.IntN(4)]
				c.needed = (c.write == "both" || c.write == "insert") && r.IntN(2) == 0
			}
		}
	}
}

// yaml is the declaration.
func (m *madeTable) yaml() string {
	var b strings.Builder
	fmt.Fprintf(&b, "table: %s\nentity: %s\ndoc: d\nexamples: [SELECT 1]\n", m.name, m.entity)
	if m.information {
		b.WriteString("schema: information\n")
	}
	if m.single {
		fmt.Fprintf(&b, "one: %s\n", m.address())
	} else {
		fmt.Fprintf(&b, "collection: %s\n", m.address())
	}
	if m.parent != nil {
		fmt.Fprintf(&b, "of: %s\n", m.parent.name)
	}
	b.WriteString("columns:\n")
	writes := false
	for _, c := range m.columns {
		fmt.Fprintf(&b, "  - {name: %s, type: %s, doc: d, key: %v, required: %v, needed: %v, sensitive: %v, max_length: %d, values: [%s]",
			c.name, c.typ, c.key, c.required, c.needed, c.sensitive, c.length, strings.Join(c.values, ", "))
		if c.from != "" {
			fmt.Fprintf(&b, ", from: %s", c.from)
		}
		if c.write != "" {
			writes = true
			fmt.Fprintf(&b, ", write: %s", c.write)
		}
		if c.refers != "" {
			b.WriteString(", references: " + refersTo(c))
		}
		b.WriteString("}\n")
	}
	if writes {
		b.WriteString("writes: {insert: {}, update: {}, delete: {}}\n")
	}
	if m.page > 0 || len(m.filters) > 0 {
		fmt.Fprintf(&b, "paths:\n  - name: %s\n    page: %d\n", m.listName(), m.page)
		if len(m.filters) > 0 {
			b.WriteString("    join: [and]\n    filters:\n")
			for _, f := range m.filters {
				fmt.Fprintf(&b, "      %s: {operators: [eq, ge]}\n", f)
			}
		}
	}
	return b.String()
}

// refersTo is a reference: a column of another name than Id must be said.
func refersTo(c madeColumn) string {
	return fmt.Sprintf("{table: %s, column: %sId}", c.refers, strings.TrimSuffix(c.refers, "s"))
}

// listName is the name of the path that lists the rows, of one parent if there is one.
func (m *madeTable) listName() string {
	if m.parent == nil {
		return "list"
	}
	return "by_" + strings.ReplaceAll(m.parent.spoken, " ", "_")
}

// want says in words what the table must be, and told what a loaded one is.
func (m *madeTable) want() string {
	var b strings.Builder
	scope := catalog.PerEnvironment
	if m.information {
		scope = catalog.Global
	}
	fmt.Fprintf(&b, "%s %s scope %d\n", m.name, m.entity, scope)
	for _, c := range m.columns {
		from := c.from
		if from == "" {
			from = strings.ToLower(c.name[:1]) + c.name[1:]
		}
		access := map[string]catalog.Access{"": catalog.ReadOnly, "both": catalog.Writable, "insert": catalog.OnInsert, "update": catalog.OnUpdate}[c.write]
		fmt.Fprintf(&b, "%s %s from %s %v %v %v %v %d %d %v", c.name, c.typ, from, c.key, c.required, c.needed, c.sensitive, access, c.length, c.values)
		if c.refers != "" {
			fmt.Fprintf(&b, " -> %s.%sId %s %s", c.refers, strings.TrimSuffix(c.refers, "s"), strings.TrimSuffix(c.name, "Id"), m.name)
		}
		b.WriteString("\n")
	}
	keys, list := m.keys(), m.listName()
	path := func(name, get, list string, keys, supplies []string, page int, filters []string) {
		items := ""
		if list != "" {
			items = strings.ReplaceAll(m.spoken, " ", "-")
		}
		fmt.Fprintf(&b, "%s get %q list %q items %q keys %v supplies %v page %d filters %v\n", name, get, list, items, keys, supplies, page, filters)
	}
	name := "by_id"
	if m.parent != nil {
		name = list + "_and_id"
	}
	switch {
	case m.single && m.parent == nil:
		path("one", m.address(), "", nil, nil, 0, nil)
	case m.single:
		path(list, m.address(), "", keys, keys, 0, nil)
	default:
		path(name, m.address()+"/{"+m.own()+"}", "", append(slices.Clone(keys), m.own()), keys, 0, nil)
		path(list, "", m.address(), keys, keys, m.page, m.filters)
	}
	if m.parent != nil {
		fmt.Fprintf(&b, "all by the rows of %s: %s with %v\n", m.parent.name, list, keys)
	}
	writes := slices.ContainsFunc(m.columns, func(c madeColumn) bool { return c.write != "" })
	if writes {
		row := m.address() + "/{" + m.own() + "}"
		fmt.Fprintf(&b, "POST %s PUT %s DELETE %s\n", m.address(), row, row)
	}
	return b.String()
}

func told(t *catalog.Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s scope %d\n", t.Name, t.Entity, t.Scope)
	for _, c := range t.Columns {
		fmt.Fprintf(&b, "%s %s from %s %v %v %v %v %d %d %v", c.Name, c.Type, c.Source, c.Key, c.Required, c.Needed, c.Sensitive, c.Access, c.MaxLength, c.Values)
		if r := c.References; r != nil {
			fmt.Fprintf(&b, " -> %s.%s %s %s", r.Table, r.Column, r.Forward, r.Backward)
		}
		b.WriteString("\n")
	}
	for _, p := range t.Paths {
		if p.Parent != nil {
			fmt.Fprintf(&b, "%s by the rows of %s: %s with %v\n", p.Name, p.Parent.Table, p.Parent.Path, p.Parent.Columns)
			continue
		}
		var filters []string
		for _, c := range t.Columns {
			if f, ok := p.Filters[c.Name]; ok && f.Attribute == c.Source && slices.Equal(f.Operators, []predicate.Operator{predicate.OpEq, predicate.OpGe}) && p.And && !p.Or {
				filters = append(filters, c.Name)
			}
		}
		fmt.Fprintf(&b, "%s get %q list %q items %q keys %v supplies %v page %d filters %v\n", p.Name, p.Get, p.List, p.Items, p.Keys, p.Supplies, p.Page, filters)
	}
	if w := t.Writes; w != nil {
		fmt.Fprintf(&b, "%s %s %s %s %s %s\n", w.Insert.Method, w.Insert.Address, w.Update.Method, w.Update.Address, w.Delete.Method, w.Delete.Address)
	}
	return b.String()
}

// TestRandomDeclarations: what is declared is what is loaded, with all that the
// short forms stand for.
func TestRandomDeclarations(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	for range 100 {
		made := randomTables(r)
		files := fstest.MapFS{}
		want := map[string]string{}
		for i, m := range made {
			files[fmt.Sprintf("%d.yaml", r.IntN(1000)*10+i)] = &fstest.MapFile{Data: []byte(m.yaml())}
			want[m.name] = m.want()
		}
		tables, err := catalog.Load(files)
		if err != nil {
			t.Fatalf("%v\n%s", err, made[0].yaml())
		}
		if !slices.IsSortedFunc(tables, func(a, b *catalog.Table) int { return strings.Compare(a.Name, b.Name) }) || len(tables) != len(made) {
			t.Fatalf("%d tables of %d, or out of order", len(tables), len(made))
		}
		for _, table := range tables {
			if got := told(table); got != want[table.Name] {
				t.Fatalf("got\n%s\nwant\n%s", got, want[table.Name])
			}
		}
	}
}

// TestOneFaultAmongRandomDeclarations breaks one rule in one of many tables: the
// error is about that table's file and line alone.
func TestOneFaultAmongRandomDeclarations(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	for name, c := range map[string]struct {
		breaks func(m *madeTable)
		says   string // %d is the line of the column that is added
	}{
		"two columns of a name": {func(m *madeTable) { m.columns = append(m.columns, madeColumn{name: m.columns[0].name, typ: "string"}) }, "%d: column %s stands twice"},
		"a key that may be null": {func(m *madeTable) {
			m.columns = append(m.columns, madeColumn{name: "EnvironmentId", typ: "guid", key: true})
		}, "%d: key column EnvironmentId must be required"},
		"no such type": {func(m *madeTable) { m.columns = append(m.columns, madeColumn{name: "X", typ: "text"}) }, `%d: unknown type "text"; use one of [string bool int32 int64 float64 timestamp guid json list]`},
		"no such table": {func(m *madeTable) {
			m.columns = append(m.columns, madeColumn{name: "XId", typ: "guid", refers: "Boats"})
		}, `%d: there is no table "Boats"`},
	} {
		t.Run(name, func(t *testing.T) {
			for range 25 {
				made := randomTables(r)
				broken := made[r.IntN(len(made))]
				if broken.single && strings.Contains(name, "null") { // it has that column
					continue
				}
				c.breaks(broken)
				files := fstest.MapFS{}
				for _, m := range made {
					files[strings.ToLower(m.entity)+".yaml"] = &fstest.MapFile{Data: []byte(m.yaml())}
				}
				_, err := catalog.Load(files)
				line := slices.Index(strings.Split(broken.yaml(), "\n"), "columns:") + 1 + len(broken.columns)
				want := strings.ToLower(broken.entity) + ".yaml:" + strings.Replace(strings.Replace(c.says, "%d", fmt.Sprint(line), 1), "%s", broken.columns[0].name, 1)
				if err == nil || strings.Split(err.Error(), "\n")[0] != want {
					t.Fatalf("got %v\nwant %s\n%s", err, want, broken.yaml())
				}
			}
		})
	}
}
