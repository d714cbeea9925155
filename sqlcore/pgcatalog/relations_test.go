package pgcatalog_test

import (
	"context"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/pgcatalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// library has a shared schema, a town whose books refer to authors, and another one
// alike.
type library []*catalog.Schema

func newLibrary() library {
	shared := &catalog.Schema{Name: "Information"}
	shared.Tables = []*catalog.Table{{Name: "Environments", Schema: shared, Columns: []catalog.Column{{Name: "Id", Type: catalog.GUID, Key: true}}}}
	out := library{shared}
	for _, name := range []string{"Town", "old town"} {
		s := &catalog.Schema{Name: name, ID: "id of " + name}
		s.Tables = []*catalog.Table{
			{Name: "Authors", Doc: "Who writes.", Schema: s, Columns: []catalog.Column{
				{Name: "Id", Type: catalog.GUID, Key: true, Required: true, Doc: "Identifier."},
				{Name: "born in", Type: catalog.String, Access: catalog.Writable},
				{Name: "EnvironmentId", Type: catalog.GUID, References: &catalog.Reference{Table: "Environments", Column: "Id"}},
			}, Writes: &catalog.Writes{Insert: &catalog.Write{}}},
			{Name: "books", Schema: s, Columns: []catalog.Column{
				{Name: "AuthorId", Type: catalog.GUID, Key: true, References: &catalog.Reference{Table: "Authors", Column: "Id"}},
				{Name: "number", Type: catalog.Int64, Key: true},
				{Name: "tags", Type: catalog.StringList},
			}},
			{Name: "Notes", Schema: s, Columns: []catalog.Column{{Name: "Text", Type: catalog.String}}},
		}
		out = append(out, s)
	}
	return out
}

// Names implements catalog.Provider.
func (l library) Names(context.Context) (out []catalog.SchemaName, _ error) {
	for _, s := range l {
		out = append(out, catalog.SchemaName{Name: s.Name, ID: s.ID})
	}
	return out, nil
}

// Schema implements catalog.Provider.
func (l library) Schema(_ context.Context, name string) (*catalog.Schema, error) {
	for _, s := range l {
		if s.ID == name || s.ID == "" && s.Name == name {
			return s, nil
		}
	}
	return nil, gwerr.New(gwerr.UnknownSchema, "There is none.", "")
}

// Default implements catalog.Provider.
func (l library) Default() string { return "Town" }

// reader reads relations of a library.
type reader struct {
	t       *testing.T
	catalog *system.Catalog
}

// read gives the rows of a relation by the path in that place, counted from the
// last one, which reads everything; columns by name, "-" for null.
func (r reader) read(relation string, path int, keys ...[]string) (out []map[string]string) {
	r.t.Helper()
	s, err := r.catalog.Schema(r.t.Context(), pgcatalog.Name)
	require.NoError(r.t, err)
	table, ok := s.Table(relation)
	require.True(r.t, ok, relation)
	request := scan.Request{Table: table, Path: &table.Paths[len(table.Paths)-1-path], Keys: keys}
	for i := range table.Columns {
		request.Columns = append(request.Columns, i)
	}
	rows, err := system.Over(nil).Scan(system.With(r.t.Context(), r.catalog), request)
	require.NoError(r.t, err)
	require.NoError(r.t, scan.Each(r.t.Context(), rows, func(rec arrow.RecordBatch) error {
		for i := range int(rec.NumRows()) {
			row := map[string]string{}
			for c := range table.Columns {
				if row[table.Columns[c].Name] = "-"; rec.Column(c).IsValid(i) {
					row[table.Columns[c].Name] = strings.Clone(rec.Column(c).ValueStr(i))
				}
			}
			out = append(out, row)
		}
		return nil
	}))
	return out
}

func newReader(t *testing.T) reader {
	return reader{t, &system.Catalog{
		Provider: newLibrary(), System: append(system.Schemas(), pgcatalog.Schema()), Connection: func() string { return "library" },
		Writable: func(s *catalog.Schema, _ *catalog.Table) bool { return s.Name == "Town" },
	}}
}

// Every object id that a relation refers to is one that another has, exactly once.
func TestRelationsReferToEachOther(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	ids := map[string]map[string]bool{}
	for relation, column := range map[string]string{
		"pg_class": "oid", "pg_namespace": "oid", "pg_constraint": "oid", "pg_type": "oid", "pg_index": "indexrelid", "pg_am": "oid", "pg_opclass": "oid", "pg_collation": "oid",
	} {
		ids[relation] = map[string]bool{}
		for _, row := range r.read(relation, 0) {
			assert.False(t, ids[relation][row[column]], "%s has %s twice", relation, row[column])
			ids[relation][row[column]] = true
		}
		require.NotEmpty(t, ids[relation], relation)
	}
	for _, c := range [][3]string{
		{"pg_class", "relnamespace", "pg_namespace"},
		{"pg_class", "relam", "pg_am"},
		{"pg_attribute", "attrelid", "pg_class"},
		{"pg_attribute", "atttypid", "pg_type"},
		{"pg_attribute", "attcollation", "pg_collation"},
		{"pg_index", "indexrelid", "pg_class"},
		{"pg_index", "indrelid", "pg_class"},
		{"pg_constraint", "conrelid", "pg_class"},
		{"pg_constraint", "confrelid", "pg_class"},
		{"pg_constraint", "conindid", "pg_index"},
		{"pg_constraint", "connamespace", "pg_namespace"},
		{"pg_attrdef", "adrelid", "pg_class"},
		{"pg_description", "objoid", "pg_class"},
		{"pg_description", "classoid", "pg_class"},
		{"pg_gateway_names_class", "gw_oid", "pg_class"},
		{"pg_gateway_names_index", "gw_oid", "pg_index"},
		{"pg_gateway_names_constraint", "gw_oid", "pg_constraint"},
		{"pg_gateway_names_visible", "gw_oid", "pg_class"},
		{"pg_gateway_names_namespace", "gw_oid", "pg_namespace"},
		{"pg_gateway_names_type", "gw_oid", "pg_type"},
	} {
		rows := r.read(c[0], 0)
		require.NotEmpty(t, rows, c[0])
		for _, row := range rows {
			if id := row[c[1]]; id != "0" && !ids[c[2]][id] {
				t.Errorf("%s.%s has %s, which %s does not: %v", c[0], c[1], id, c[2], row)
			}
		}
	}
}

// By a key, a relation gives the rows that have it, as the whole one does.
func TestRelationsByTheirKeys(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	for relation, keys := range map[string][]string{
		"pg_class": {"oid", "relnamespace"}, "pg_attribute": {"attrelid"}, "pg_attrdef": {"adrelid"}, "pg_constraint": {"oid", "conrelid", "connamespace"},
		"pg_index": {"indexrelid", "indrelid"}, "pg_description": {"objoid"}, "pg_tables": {"schemaname"},
	} {
		whole := r.read(relation, 0)
		for i, key := range keys {
			values := map[string]int{}
			for _, row := range whole {
				values[row[key]]++
			}
			for value, n := range values {
				rows := r.read(relation, len(keys)-i, []string{value})
				assert.Len(t, rows, n, "%s by %s %s", relation, key, value)
			}
			assert.Empty(t, r.read(relation, len(keys)-i, []string{"1"}), "%s by a value that none has", relation)
		}
	}
}

// Columns that a new row takes no value for have a default, where the caller may make rows.
func TestColumnsThatAreFilled(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	var filled, defaults []string
	for _, row := range r.read("pg_attribute", 0) {
		if row["atthasdef"] == "true" {
			filled = append(filled, row["attrelid"]+" "+row["attnum"]+" NULL")
		}
	}
	for _, row := range r.read("pg_attrdef", 0) {
		defaults = append(defaults, row["adrelid"]+" "+row["adnum"]+" "+row["adbin"])
	}
	assert.Len(t, filled, 2, "Id and EnvironmentId of Town's authors")
	assert.Equal(t, filled, defaults)
}

// What functions look up is written as PostgreSQL writes it.
func TestLookUps(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	names := func(kind string) (out []string) {
		for _, row := range r.read("pg_gateway_names_"+kind, 0) {
			out = append(out, row["gw_place"]+" "+row["gw_name"])
		}
		return out
	}
	assert.Subset(t, names("class"), []string{`0 "Authors"`, "0 books", `0 "old town"."Authors"`, `0 "old town".books`, `0 "pk_Authors"`, `0 "Information"."Environments"`, "0 pg_class", "0 -"})
	assert.Subset(t, names("index"), []string{
		`0 CREATE UNIQUE INDEX "pk_Authors" ON "Town"."Authors" USING btree ("Id")`, `1 "Id"`,
		`0 CREATE UNIQUE INDEX pk_books ON "old town".books USING btree ("AuthorId", number)`, `1 "AuthorId"`, "2 number",
	})
	assert.Subset(t, names("constraint"), []string{
		`0 PRIMARY KEY ("AuthorId", number)`, `0 FOREIGN KEY ("AuthorId") REFERENCES "Authors"("Id")`,
		`0 FOREIGN KEY ("AuthorId") REFERENCES "old town"."Authors"("Id")`, `0 FOREIGN KEY ("EnvironmentId") REFERENCES "Information"."Environments"("Id")`,
	})
	assert.Subset(t, names("type"), []string{"0 uuid", "0 bigint", "0 timestamp with time zone", "0 text[]", "0 -"})
	assert.Subset(t, names("namespace"), []string{`0 "Town"`, `0 "old town"`, "0 pg_catalog", "0 information_schema"})
	visible := names("visible")
	assert.Subset(t, visible, []string{"0 Authors", "0 books", "0 Notes", "0 pg_class"})
	assert.NotContains(t, visible, "0 Environments")
}
