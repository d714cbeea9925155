package tables_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/pingone/tables"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scim"
)

// modelTable is a table as testdata/model.yaml has it.
type modelTable struct {
	Table, Entity, Schema string
	// Changes are what can be done to rows, Keys the columns by which they are
	// read, and Filters the operators that PingOne answers, by column.
	Changes, Keys []string
	Filters       map[string]string
	// One and Many are navigation properties.
	One, Many       []string
	Hidden, Columns []string
}

// TestDeclarationsFollowTheModel holds every declared table against the model.
func TestDeclarationsFollowTheModel(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "model.yaml"))
	require.NoError(t, err)
	var model []modelTable
	require.NoError(t, yaml.UnmarshalWithOptions(text, &model, yaml.DisallowUnknownField()))
	declared, err := tables.All()
	require.NoError(t, err)
	assert.Len(t, declared, len(model))
	schemas := map[catalog.Scope]*catalog.Schema{catalog.Global: {}, catalog.PerEnvironment: {}}
	for _, table := range declared {
		schemas[table.Scope].Tables = append(schemas[table.Scope].Tables, table)
	}
	for _, want := range model {
		t.Run(want.Table, func(t *testing.T) {
			t.Parallel()
			at := slices.IndexFunc(declared, func(d *catalog.Table) bool { return d.Name == want.Table })
			require.GreaterOrEqual(t, at, 0)
			slices.Sort(want.Keys)
			slices.Sort(want.One)
			slices.Sort(want.Many)
			got := modelled(declared[at], schemas[declared[at].Scope])
			for i, line := range want.Columns { // one by one: the whole would be too much to read
				if i < len(got.Columns) {
					assert.Equal(t, line, got.Columns[i])
				}
			}
			assert.Len(t, got.Columns, len(want.Columns))
			want.Columns, got.Columns = nil, nil
			assert.Equal(t, want, got)
		})
	}
}

// modelled writes a declaration in the model's words.
func modelled(d *catalog.Table, s *catalog.Schema) modelTable {
	out := modelTable{Table: d.Name, Entity: d.Entity, Schema: "environment"}
	if d.Scope == catalog.Global {
		out.Schema = "information"
	}
	if w := d.Writes; w != nil {
		for i, there := range []bool{w.Insert != nil, w.Update != nil || len(w.Parts) > 0, w.Delete != nil} {
			if there {
				out.Changes = append(out.Changes, []string{"insert", "update", "delete"}[i])
			}
		}
	}
	for i := range d.Paths {
		p := &d.Paths[i]
		keys := slices.DeleteFunc(slices.Clone(p.Keys), func(key string) bool { return slices.Contains(p.Each, key) })
		out.Keys = append(out.Keys, strings.Join(keys, " "))
		for column, f := range p.Filters {
			if out.Filters == nil {
				out.Filters = map[string]string{}
			}
			out.Filters[column] = filterWords(f)
		}
	}
	slices.Sort(out.Keys)
	out.Keys = slices.Compact(out.Keys)
	for _, n := range edm.Navigations(s, d) {
		if n.Many {
			out.Many = append(out.Many, n.Name)
		} else {
			out.One = append(out.One, n.Name)
		}
	}
	slices.Sort(out.One)
	slices.Sort(out.Many)
	for _, h := range d.Hidden {
		out.Hidden = append(out.Hidden, h.Name)
	}
	for i := range d.Columns {
		out.Columns = append(out.Columns, columnWords(d, &d.Columns[i]))
	}
	return out
}

// filterWords are the operators of a filter, the unconfirmed ones in brackets.
func filterWords(f catalog.Filter) string {
	var words []string
	for _, o := range f.Operators {
		words = append(words, scim.Word(o))
	}
	for _, o := range f.Unconfirmed {
		words = append(words, "("+scim.Word(o)+")")
	}
	slices.Sort(words)
	if f.Exact {
		words = append(words, "exact")
	}
	return strings.Join(words, " ")
}

// columnWords describe a column: name, type, properties, member and reference.
func columnWords(d *catalog.Table, c *catalog.Column) string {
	words := []string{c.Name, c.Type.String()}
	for _, w := range []struct {
		is   bool
		word string
	}{
		{c.Key, "key"},
		{c.Required, "required"},
		{c.Needed, "needed"},
		{c.Access == catalog.Writable, "both"},
		{c.Access == catalog.OnInsert, "insert"},
		{c.Access == catalog.OnUpdate, "update"},
	} {
		if w.is {
			words = append(words, w.word)
		}
	}
	source := c.Source
	if inner := d.Derived.InElement(source); inner != "" {
		source = inner
	}
	if source != strings.ToLower(c.Name[:1])+c.Name[1:] {
		words = append(words, "from", source)
	}
	if r := c.References; r != nil && c.Name != catalog.EnvironmentID || r != nil && d.Scope == catalog.Global {
		words = append(words, "to", r.Table+"."+r.Column)
	}
	return strings.Join(words, " ")
}
