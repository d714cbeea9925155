package system

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

//go:embed tables.txt
var tablesFile string

// declarations are the tables of the file, by schema. It is read when it is first
// needed, which is never in an engine process.
var declarations = sync.OnceValue(func() map[string][]Table {
	out := map[string][]Table{}
	for _, text := range strings.Split(tablesFile, "\n\n")[1:] {
		lines := strings.Split(strings.TrimSpace(text), "\n")
		head, doc, _ := strings.Cut(lines[0], ": ")
		name, key, keyed := strings.Cut(strings.TrimSuffix(head, "]"), " [")
		schema, name, _ := strings.Cut(name, ".")
		t := Table{Name: name, Doc: doc}
		if keyed {
			t.Keys = []Key{{Column: key, Named: func(n catalog.SchemaName) string { return n.Name }}}
		}
		for _, line := range lines[1:] {
			head, doc, _ := strings.Cut(strings.TrimSpace(line), ": ")
			name, kind, _ := strings.Cut(head, " ")
			c := catalog.Column{Name: name, Doc: doc}
			var err error
			if c.Type, err = catalog.ParseType(kind); err != nil {
				panic(err) // a defect of the build
			}
			t.Columns = append(t.Columns, c)
		}
		out[schema] = append(out[schema], t)
	}
	return out
})

// tablesOf are the tables of a schema as they are declared, with what makes their
// rows, by name.
func tablesOf(schema string, rows map[string]Table) []Table {
	out := slices.Clone(declarations()[schema])
	for i := range out {
		made := rows[out[i].Name]
		out[i].Each, out[i].All = made.Each, made.All
	}
	return out
}

// Schemas are those of every connection: information_schema, as SQL:2003 has it,
// and sys, whose views need no schema's name before theirs and leave system tables
// out.
func Schemas() []*Schema {
	return []*Schema{
		NewSchema("information_schema", false, tablesOf("information_schema", informationRows)...),
		NewSchema("sys", true, tablesOf("sys", sysRows)...),
	}
}

// orNull is the text, or null for none.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// yesNo is how the SQL standard writes truth.
func yesNo(yes bool) string {
	if yes {
		return "YES"
	}
	return "NO"
}
