package catalog_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pingone-gateway/gateway/internal/testkit/seed"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// seeded is a source of the test's seed.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(seed.Of(t), 0))
}

// world are tables whose paths name each other, rightly or not.
type world struct{ tables []*worldTable }

// worldTable has the columns Id, Text, Kind (of the values A and B), Number and Boss,
// and OfN for each table N that it refers to.
type worldTable struct {
	name   string
	global bool
	refers []int // numbers of tables
	paths  []worldPath
}

// worldPath is a path as it is declared, and what is known of it.
type worldPath struct {
	name, rest string
	keys       []string // that its address names
	list, each bool
	// answers is the column by whose values it reads several rows.
	answers string
	// parent is the number of a table, -1 for none; child the path of this table.
	parent int
	child  string
	// needs are tables that it looks into, each with what it asks of it.
	needs map[int]string
	wrong bool // by itself
}

// randomWorld makes a few tables.
func randomWorld(r *rand.Rand) *world {
	w := &world{}
	n := 2 + r.IntN(3)
	for i := range n {
		t := &worldTable{name: fmt.Sprintf("T%d", i), global: r.IntN(20) == 0}
		for k := range n {
			if r.IntN(3) == 0 && k != i {
				t.refers = append(t.refers, k)
			}
		}
		w.tables = append(w.tables, t)
	}
	for _, t := range w.tables {
		for range 1 + r.IntN(3) {
			t.add(r, n)
		}
	}
	return w
}

// add adds a path of a kind.
func (t *worldTable) add(r *rand.Rand, tables int) {
	p := worldPath{name: fmt.Sprintf("p%d", len(t.paths)), parent: -1, needs: map[int]string{}}
	place := strings.ToLower(t.name) + "s"
	other := r.IntN(tables)
	key := []string{"Text", "Id", "Boss", "Number", "Nothing"}[min(r.IntN(12), r.IntN(5))]
	if len(t.refers) > 0 && r.IntN(3) > 0 {
		other = t.refers[r.IntN(len(t.refers))]
		key = fmt.Sprint("Of", other)
	}
	bad := key == "Number" || key == "Nothing"
	switch r.IntN(8) {
	case 0:
		p.rest, p.keys, p.answers = "get: '"+place+"/{Id}'", []string{"Id"}, "Id"
	case 1:
		p.rest, p.list = "list: "+place, true
	case 2:
		p.rest, p.list, p.keys, p.wrong = "list: '"+place+"/{"+key+"}/rows'", true, []string{key}, bad
	case 3:
		p.rest, p.list, p.each, p.keys = "list: '"+place+"/{Kind}/rows', each: [Kind]", true, true, []string{"Kind"}
	case 4:
		p.rest, p.keys, p.wrong = "get: '"+place+"/{"+key+"}/{Id}'", []string{key, "Id"}, bad
		if key == "Id" {
			p.keys, p.answers = []string{"Id"}, "Id"
		}
	case 5:
		p.rest, p.list, p.answers = "list: "+place+", join: [or], filters: {Text: {operators: [eq, sw]}}", true, "Text"
	case 6:
		p.rest, p.list = fmt.Sprintf("list: %s, lookup: {Text: {table: T%d, key: Boss, by: Text, column: Id}}", place, other), true
		p.needs[other] = "Text"
	case 7:
		if len(t.paths) == 0 {
			t.add(r, tables)
			return
		}
		p.parent, p.child = other, t.paths[r.IntN(len(t.paths))].name
		p.rest = fmt.Sprintf("parent: {table: T%d, path: %s}", other, p.child)
	}
	t.paths = append(t.paths, p)
}

// text is the file of a table; each path has a line.
func (t *worldTable) text() string {
	var b strings.Builder
	schema := "environment"
	if t.global {
		schema = "information"
	}
	fmt.Fprintf(&b, "table: %s\nentity: E%s\nschema: %s\ndoc: d\nexamples: [SELECT 1]\ncolumns:\n", t.name, t.name, schema)
	b.WriteString("  - {name: Id, type: guid, key: true, required: true, doc: d}\n  - {name: Text, type: string, doc: d}\n")
	b.WriteString("  - {name: Kind, type: string, doc: d, values: [A, B]}\n  - {name: Number, type: int32, doc: d}\n  - {name: Boss, type: string, doc: d}\n")
	for _, k := range t.refers {
		fmt.Fprintf(&b, "  - {name: Of%d, type: guid, doc: d, references: {table: T%d, forward: '-', backward: '-'}}\n", k, k)
	}
	b.WriteString("paths:\n")
	for _, p := range t.paths {
		fmt.Fprintf(&b, "  - {name: %s, doc: d, %s}\n", p.name, p.rest)
	}
	return b.String()
}

// reaches tells, by table, those whose rows are read before its own.
func (w *world) reaches() [][]bool {
	out := make([][]bool, len(w.tables))
	for i, t := range w.tables {
		out[i] = make([]bool, len(w.tables))
		for _, p := range t.paths {
			if p.parent >= 0 {
				out[i][p.parent] = true
			}
		}
	}
	for k := range out {
		for i := range out {
			for j := range out {
				out[i][j] = out[i][j] || out[i][k] && out[k][j]
			}
		}
	}
	return out
}

// wrong are the places of the paths that nobody could read, as file:line.
func (w *world) wrong() []string {
	reaches := w.reaches()
	found := map[string]bool{}
	for i, t := range w.tables {
		for at, p := range t.paths {
			if !p.wrong && w.answered(i, p, reaches) {
				continue
			}
			line := 1 + slices.Index(strings.Split(t.text(), "\n"), fmt.Sprintf("  - {name: %s, doc: d, %s}", p.name, t.paths[at].rest))
			found[fmt.Sprintf("%s.yaml:%d", strings.ToLower(t.name), line)] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// answered tells whether the path finds in the other tables what it needs there.
func (w *world) answered(i int, p worldPath, reaches [][]bool) bool {
	t := w.tables[i]
	for k, by := range p.needs {
		other := w.tables[k]
		if other.global != t.global || !slices.ContainsFunc(other.paths, func(q worldPath) bool { return q.answers == by }) {
			return false
		}
	}
	if p.parent < 0 {
		return true
	}
	up := w.tables[p.parent]
	child := t.paths[slices.IndexFunc(t.paths, func(q worldPath) bool { return q.name == p.child })]
	if up.global != t.global || len(child.keys) == 0 || p.parent == i || reaches[p.parent][i] {
		return false
	}
	if !slices.ContainsFunc(up.paths, func(q worldPath) bool { return q.parent >= 0 || q.list && (q.each || len(q.keys) == 0) }) {
		return false
	}
	for _, key := range child.keys {
		own := fmt.Sprint("Of", p.parent)                                    // which the parent's Id gives
		same := slices.Contains([]string{"Id", "Text", "Boss", "Kind"}, key) // which a column of that name gives
		for _, k := range up.refers {
			same = same || key == fmt.Sprint("Of", k)
		}
		if !(key == own || same || child.each) {
			return false
		}
	}
	return true
}

// answer reads a path as its declaration says, of a service that has three rows at
// every address, and gives their Ids. It fails where something is not told.
func answer(t *testing.T, s map[string]*catalog.Table, table *catalog.Table, p *catalog.Path, keys map[string]string, depth int) []map[string]string {
	t.Helper()
	if depth > len(s) {
		t.Fatalf("%s.%s reads on and on", table.Name, p.Name)
	}
	if p.Parent != nil {
		up, child := s[p.Parent.Table], table.Path(p.Parent.Path)
		first := slices.IndexFunc(up.Paths, func(q catalog.Path) bool { return q.Keyless() })
		if up.Scope != table.Scope || first < 0 || child == nil || len(p.Parent.Columns) != len(child.Keys) {
			t.Fatalf("%s.%s can't be read by the rows of %s: %+v", table.Name, p.Name, up.Name, p.Parent)
		}
		var out []map[string]string
		for _, row := range answer(t, s, up, &up.Paths[first], nil, depth+1)[:1] {
			given := map[string]string{}
			for i, column := range p.Parent.Columns {
				given[child.Keys[i]] = row[column]
			}
			out = append(out, answer(t, s, table, child, given, depth+1)...)
		}
		return out
	}
	var out []map[string]string
	addresses := []string{p.Get + p.List}
	for _, key := range p.Keys {
		values := []string{keys[key]}
		if slices.Contains(p.Each, key) && keys[key] == "" {
			values = table.Column(key).Values
		}
		var more []string
		for _, address := range addresses {
			for _, value := range values {
				if value == "" {
					t.Fatalf("%s.%s has no value for %s", table.Name, p.Name, key)
				}
				more = append(more, strings.ReplaceAll(address, "{"+key+"}", value))
			}
		}
		addresses = more
	}
	for _, address := range addresses {
		if strings.ContainsAny(address, "{}") || p.List != "" && (p.Items == "" || strings.ContainsAny(p.Items, "{}")) {
			t.Fatalf("%s.%s asks for %s under %q", table.Name, p.Name, address, p.Items)
		}
		row := map[string]string{}
		for _, c := range table.Columns {
			row[c.Name] = "<" + c.Source + " at " + address + ">"
		}
		for _, key := range p.Supplies {
			row[key] = keys[key]
		}
		for column, look := range p.Lookup {
			other := s[look.Table]
			if other.Scope != table.Scope || !slices.ContainsFunc(other.Paths, func(q catalog.Path) bool {
				_, filtered := q.Filters[look.By]
				return q.Get != "" && fmt.Sprint(q.Keys) == "["+look.By+"]" || q.List != "" && len(q.Keys) == 0 && filtered && q.Or
			}) {
				t.Fatalf("%s.%s finds no %s in %s", table.Name, p.Name, column, other.Name)
			}
		}
		out = append(out, row)
	}
	return out
}

// TestWhatIsLoadedAnswers: random declarations are refused at the very lines that
// nobody could read, and all that are not refused can be read by every path.
func TestWhatIsLoadedAnswers(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	loads, read := 0, map[string]int{}
	for range 600 {
		w := randomWorld(r)
		files, text := fstest.MapFS{}, ""
		for _, table := range w.tables {
			text += table.text()
			files[strings.ToLower(table.name)+".yaml"] = &fstest.MapFile{Data: []byte(table.text())}
		}
		tables, err := catalog.Load(files)
		at := map[string]bool{}
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				place, _, _ := strings.Cut(line, ": ")
				at[place] = true
			}
		}
		if got, want := slices.Sorted(maps.Keys(at)), w.wrong(); !slices.Equal(got, want) {
			t.Fatalf("refused at %v, wrong at %v: %v\n%s", got, want, err, text)
		}
		if err != nil {
			continue
		}
		loads++
		s := map[string]*catalog.Table{}
		for _, table := range tables {
			s[table.Name] = table
		}
		for _, table := range tables {
			for i := range table.Paths {
				p, given := &table.Paths[i], map[string]string{}
				for _, key := range p.Keys {
					given[key] = "value"
				}
				if p.Keyless() {
					given = nil
				}
				if len(answer(t, s, table, p, given, 0)) == 0 {
					t.Fatalf("%s.%s has no rows", table.Name, p.Name)
				}
				switch {
				case p.Parent != nil:
					read["parent"]++
				case p.Lookup != nil:
					read["lookup"]++
				case p.Each != nil:
					read["each"]++
				}
			}
		}
	}
	if loads < 60 || loads > 540 || len(read) < 3 {
		t.Errorf("%d of the declarations load, with %v", loads, read)
	}
}
