//go:build duckdb_arrow

package tables_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/pingone/tables"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

var update = flag.Bool("update", false, "write docs/tables from the declarations")

const docsFolder = "../../docs/tables"

// The pages of docs/tables are written from the declarations.
func TestDocumentationIsCurrent(t *testing.T) {
	t.Parallel()
	found, err := tables.All()
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{"README.md": overview(found)}
	schemas := map[catalog.Scope]*catalog.Schema{catalog.Global: {}, catalog.PerEnvironment: {}}
	for _, table := range found {
		s := schemas[table.Scope]
		s.Tables = append(s.Tables, table)
	}
	now := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 300}})
	later := testkit.Start(t, testkit.Options{Engine: now.Engine, Sim: sim.Options{Users: 300, Clock: func() time.Time { return time.Now().Add(4000 * time.Hour) }}})
	for _, table := range found {
		pages[table.Name+".md"] = document(table, edm.Navigations(schemas[table.Scope], table), examples(t, now, later, table))
	}
	if *update {
		if err := os.MkdirAll(docsFolder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range pages {
		file := filepath.Join(docsFolder, name)
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil || string(got) != want {
			t.Errorf("%s is not current; run go generate ./pingone/tables", name)
		}
	}
	files, err := filepath.Glob(filepath.Join(docsFolder, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if pages[filepath.Base(f)] == "" {
			t.Errorf("%s documents no table", f)
		}
	}
}

func overview(found []*catalog.Table) string {
	var b strings.Builder
	b.WriteString("# Tables\n\nWritten from the declarations in `pingone/tables`.\n")
	for _, scope := range []catalog.Scope{catalog.Global, catalog.PerEnvironment} {
		title := "## In the schema `Information`"
		if scope == catalog.PerEnvironment {
			title = "## In the schema of every environment"
		}
		fmt.Fprintf(&b, "\n%s\n\n| table | rows |\n| --- | --- |\n", title)
		for _, t := range found {
			if t.Scope == scope {
				fmt.Fprintf(&b, "| [%s](%s.md) | %s |\n", t.Name, t.Name, t.Doc)
			}
		}
	}
	return b.String()
}

func document(t *catalog.Table, navigations []edm.Navigation, examples map[string]string) string {
	var b strings.Builder
	where := "the schema of every environment"
	if t.Scope == catalog.Global {
		where = "the schema `Information`"
	}
	if t.Option != "" {
		where += ", where the connection says `" + t.Option + "=true`"
	}
	fmt.Fprintf(&b, "# %s\n\n%s Stands in %s.\n\nReading needs %s.\n", t.Name, t.Doc, where, t.Permission)
	b.WriteString("\n## Columns\n\n| column | meaning | example | SQL | OData |\n| --- | --- | --- | --- | --- |\n")
	for i := range t.Columns {
		c := &t.Columns[i]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", c.Name, meaning(t, c), examples[c.Name], c.Type.SQL(), c.Type.Edm())
	}
	if t.Discover != "" {
		b.WriteString("\nAttributes of the environment's own schema follow as further columns.\n")
	}
	for i, h := range t.Hidden {
		if i == 0 {
			b.WriteString("\nSQL may also select these, which are no part of `*`; they are read for the rows of the result alone. For conditions, join their tables.\n\n")
		}
		fmt.Fprintf(&b, "- `%s`: `%s` of [%s](%s.md)\n", h.Name, h.Column, h.Table, h.Table)
	}
	b.WriteString(pushes(t))
	b.WriteString(related(navigations))
	b.WriteString("\n## How rows are read\n\n")
	for i := range t.Paths {
		b.WriteString(way(&t.Paths[i]))
	}
	b.WriteString(changed(t))
	if len(t.Examples) > 0 {
		fmt.Fprintf(&b, "\n## Examples\n\n```sql\n%s;\n```\n", strings.Join(t.Examples, ";\n"))
	}
	return b.String()
}

// related lists the OData navigation properties.
func related(navigations []edm.Navigation) string {
	ways := map[bool][]string{}
	for _, n := range navigations {
		ways[n.Many] = append(ways[n.Many], fmt.Sprintf("`%s` ([%s](%s.md))", n.Name, n.Target.Name, n.Target.Name))
	}
	out := ""
	for _, many := range []bool{false, true} {
		if len(ways[many]) > 0 {
			sort.Strings(ways[many])
			out += fmt.Sprintf("- to %s: %s\n", map[bool]string{false: "one", true: "many"}[many], strings.Join(ways[many], ", "))
		}
	}
	if out == "" {
		return ""
	}
	return "\n## Navigation in OData\n\n" + out
}

func meaning(t *catalog.Table, c *catalog.Column) string {
	out := []string{c.Doc}
	if len(c.Values) > 0 {
		out = append(out, "Known values: "+strings.Join(c.Values, ", ")+".")
	}
	if c.Key {
		out = append(out, "Key.")
	}
	if !c.Required {
		out = append(out, "May be null.")
	}
	if word := written(t, c); word != "" {
		out = append(out, word)
	}
	if c.References != nil {
		out = append(out, fmt.Sprintf("Refers to [%s](%s.md).", c.References.Table, c.References.Table))
	}
	return strings.ReplaceAll(strings.Join(out, " "), "|", "\\|")
}

// written says how a column is written.
func written(t *catalog.Table, c *catalog.Column) string {
	if t.Writes == nil || c.Access == catalog.ReadOnly {
		return ""
	}
	onUpdate := t.Writes.Update != nil || t.Writes.Part(c.Name) != nil
	switch insert := t.Writes.Insert != nil && c.Access != catalog.OnUpdate; {
	case insert && c.Needed && onUpdate && c.Access != catalog.OnInsert:
		return "Needed on INSERT; can be updated."
	case insert && c.Needed:
		return "Needed on INSERT, and not changed afterwards."
	case insert && onUpdate && c.Access != catalog.OnInsert:
		return "Can be written."
	case insert:
		return "Can be given on INSERT."
	case onUpdate:
		return "Can be updated."
	}
	return ""
}

// changed lists the calls that change rows.
func changed(t *catalog.Table) string {
	w := t.Writes
	if w == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n## How rows are changed\n\n")
	line := func(what string, c *catalog.Write) {
		if c == nil {
			return
		}
		fmt.Fprintf(&b, "- %s `%s %s`", what, c.Method, c.Address)
		if c.Whole {
			b.WriteString(" of the row as it was just read, with the changes in place")
		}
		if c.Allowed != "" {
			fmt.Fprintf(&b, "; needs the property `%s` of the connection", c.Allowed)
		}
		b.WriteString("\n")
	}
	line("INSERT:", w.Insert)
	line("UPDATE:", w.Update)
	for i := range w.Parts {
		line("UPDATE of "+strings.Join(w.Parts[i].Columns, ", ")+":", &w.Parts[i])
	}
	line("DELETE:", w.Delete)
	for _, name := range slices.Sorted(maps.Keys(w.Only)) {
		fmt.Fprintf(&b, "\nOnly rows whose `%s` is `%s` are updated or deleted.\n", name, w.Only[name])
	}
	for _, beside := range slices.Sorted(maps.Keys(w.Secrets)) {
		fmt.Fprintf(&b, "\nA row that has `%s` has a secret (`%s`): it is updated only if PingOne shows that, and such a row can't be inserted.\n", beside, strings.ReplaceAll(w.Secrets[beside], "|", "` or `"))
	}
	return b.String()
}

var operatorWords = map[predicate.Operator]string{
	predicate.OpEq: "=", predicate.OpSw: "LIKE 'a%'", predicate.OpEw: "LIKE '%a'", predicate.OpCo: "LIKE '%a%'",
	predicate.OpLt: "<", predicate.OpLe: "<=", predicate.OpGt: ">", predicate.OpGe: ">=",
}

func pushed(t *catalog.Table, column string) string {
	words := map[string]bool{}
	for i := range t.Paths {
		p := &t.Paths[i]
		for _, k := range p.Keys {
			if k == column {
				words["="] = true
			}
		}
		if p.Range != nil && p.Range.Column == column {
			words["="], words[">="], words["<"] = true, true, true
		}
		for _, o := range p.Filters[column].Operators {
			words[operatorWords[o]] = true
		}
	}
	var out []string
	for w := range words {
		out = append(out, "`"+w+"`")
	}
	sort.Strings(out)
	return strings.Join(out, ", ")
}

// pushes tells which conditions PingOne tests.
func pushes(t *catalog.Table) string {
	var b strings.Builder
	for i := range t.Columns {
		if words := pushed(t, t.Columns[i].Name); words != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", t.Columns[i].Name, words)
		}
	}
	if b.Len() == 0 {
		return "\n## Conditions\n\nThe gateway tests all of them, on rows that it has read.\n"
	}
	return "\n## Conditions\n\nPingOne tests these, so that it sends fewer rows. The gateway tests all others, on rows that it has read.\n\n| column | conditions |\n| --- | --- |\n" + b.String()
}

func way(p *catalog.Path) string {
	switch {
	case p.Parent != nil:
		return fmt.Sprintf("- %s A call or more for each row of [%s](%s.md).\n", p.Doc, p.Parent.Table, p.Parent.Table)
	case p.Get != "":
		return fmt.Sprintf("- %s `GET %s`\n", p.Doc, p.Get)
	}
	address := p.List
	if p.Filter != "" {
		address += "?filter=" + p.Filter
	}
	return fmt.Sprintf("- %s `GET %s`\n", p.Doc, address)
}
