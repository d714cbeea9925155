package system_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// library is a directory of two environments. It counts what is asked of it.
type library struct {
	schemas []*catalog.Schema
	read    []string
	fail    string   // the schema that can't be read
	gone    string   // the schema that went after it was listed
	notes   []string // that were given
}

func newLibrary() *library {
	shared := &catalog.Schema{Name: "Information"}
	shared.Tables = []*catalog.Table{{Name: "Environments", Doc: "Environments.", Schema: shared, Columns: []catalog.Column{
		{Name: "Id", Type: catalog.GUID, Key: true, Required: true, Doc: "Identifier."},
	}}}
	return &library{schemas: []*catalog.Schema{shared, town("North"), town("South")}}
}

func town(name string) *catalog.Schema {
	s := &catalog.Schema{Name: name, ID: "id-of-" + name}
	authors := &catalog.Table{
		Name: "Authors", Doc: "Who writes.", Schema: s, Group: "reads",
		Columns: []catalog.Column{
			{Name: "Id", Type: catalog.GUID, Key: true, Required: true, Doc: "Identifier."},
			{Name: "Name", Type: catalog.String, Access: catalog.Writable, Required: true, MaxLength: 80, Doc: "Name."},
			{Name: "Tags", Type: catalog.StringList, Access: catalog.Writable},
			{Name: "EnvironmentId", Type: catalog.GUID, References: &catalog.Reference{Table: "Environments", Column: "Id"}},
		},
		Writes: &catalog.Writes{Insert: &catalog.Write{Method: "POST"}, Update: &catalog.Write{Method: "PUT"}},
		Paths: []catalog.Path{
			{Name: "by_id", Get: "authors/{Id}", Keys: []string{"Id"}},
			{
				Name: "list", List: "authors", Page: 100, CountExact: true, Partition: &catalog.Partition{Column: "Name"},
				Filters: map[string]catalog.Filter{"Name": {Attribute: "name", Operators: []predicate.Operator{predicate.OpSw, predicate.OpEq}}},
			},
		},
	}
	books := &catalog.Table{
		Name: "Books", Doc: "What was written.", Schema: s,
		Columns: []catalog.Column{
			{Name: "AuthorId", Type: catalog.GUID, Key: true, References: &catalog.Reference{Table: "Authors", Column: "Id"}},
			{Name: "Number", Type: catalog.Int64, Key: true, Doc: "Number among the author's."},
			{Name: "Title", Type: catalog.String, References: &catalog.Reference{Table: "Authors", Column: "Name"}},
			{Name: "Printed", Type: catalog.Timestamp, References: &catalog.Reference{Table: "Hidden", Column: "Id"}},
			{Name: "Price", Type: catalog.Float64},
			{Name: "Pages", Type: catalog.Int32},
			{Name: "Sold", Type: catalog.Bool},
			{Name: "Extra", Type: catalog.JSON},
		},
		Paths: []catalog.Path{
			{Name: "all", Parent: &catalog.Parent{Table: "Authors", Path: "by_author", Columns: []string{"Id"}}},
			{Name: "by_author", List: "authors/{AuthorId}/books", Keys: []string{"AuthorId"}, Group: "slow"},
		},
	}
	s.Tables = []*catalog.Table{authors, books}
	return s
}

// Names implements catalog.Provider.
func (l *library) Names(context.Context) (out []catalog.SchemaName, err error) {
	for _, s := range l.schemas {
		out = append(out, catalog.SchemaName{Name: s.Name, ID: s.ID})
	}
	return out, nil
}

// Schema implements catalog.Provider.
func (l *library) Schema(_ context.Context, name string) (*catalog.Schema, error) {
	for _, s := range l.schemas {
		if s.Name == name && s.ID == "" || s.ID == name {
			switch l.read = append(l.read, s.Name); s.Name {
			case l.fail:
				return nil, gwerr.New(gwerr.UpstreamForbidden, "It can't be read.", "")
			case l.gone:
				return nil, gwerr.New(gwerr.UnknownSchema, "It is gone.", "")
			}
			return s, nil
		}
	}
	return nil, gwerr.New(gwerr.UnknownSchema, "There is none.", "")
}

// Default implements catalog.Provider.
func (l *library) Default() string { return "North" }

// shown is the library as a caller's catalog.
func (l *library) shown(more ...*system.Schema) *system.Catalog {
	return &system.Catalog{
		Provider: l, System: append(system.Schemas(), more...),
		Connection: func() string { return "library" },
		Procedures: func() procedure.Set {
			return procedure.Set{
				{Name: "Lend", Doc: "Lends a book.", InEnvironment: true, Writes: true, Inputs: []procedure.Input{
					{Name: "BookId", Type: catalog.GUID, Required: true, Doc: "Which one."}, {Name: "Days", Type: catalog.Int32, Default: "14"},
				}, Outputs: []procedure.Output{{Name: "Until", Type: catalog.Timestamp, Doc: "When it is due."}}},
				{Name: "Ping"},
			}
		},
		Writable: func(s *catalog.Schema, t *catalog.Table) bool { return t.Writes != nil && s.Name == "North" },
		Note:     func(text string) { l.notes = append(l.notes, text) },
		Properties: func() []system.Property {
			return []system.Property{
				{Name: "Region", Doc: "Where.", Type: "text", Default: "NA", Values: []string{"NA", "EU"}, Value: "EU", Category: "Connection"},
				{Name: "Password", Type: "text", Value: "***", Category: "Connection", Secret: true},
			}
		},
	}
}

// table finds a system table.
func table(t *testing.T, c *system.Catalog, schema, name string) *catalog.Table {
	t.Helper()
	s, err := c.Schema(t.Context(), schema)
	require.NoError(t, err)
	found, ok := s.Table(name)
	require.True(t, ok, "%s.%s", schema, name)
	return found
}

// read reads all columns by a path, the one without keys for nil.
func read(ctx context.Context, c *system.Catalog, of *catalog.Table, keys [][]string) (out [][]string, err error) {
	path := &of.Paths[0]
	if keys == nil {
		path = &of.Paths[len(of.Paths)-1]
	}
	r := scan.Request{Table: of, Path: path, Keys: keys}
	for i := range of.Columns {
		r.Columns = append(r.Columns, i)
	}
	return drain(ctx, c, r)
}

func drain(ctx context.Context, c *system.Catalog, r scan.Request) (out [][]string, err error) {
	rows, err := system.Over(nil).Scan(system.With(ctx, c), r)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for {
		b, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		for i := range int(b.Record.NumRows()) {
			cells := []string{}
			for _, col := range b.Record.Columns() {
				if col.IsNull(i) {
					cells = append(cells, "-")
				} else {
					cells = append(cells, col.ValueStr(i))
				}
			}
			out = append(out, cells)
		}
		b.Record.Release()
	}
}

// TestRows holds every system table over the library against a file.
func TestRows(t *testing.T) {
	t.Parallel()
	c := newLibrary().shown()
	for _, schema := range []string{"information_schema", "sys"} {
		s, err := c.Schema(t.Context(), schema)
		require.NoError(t, err)
		for _, of := range s.Tables {
			t.Run(of.Name, func(t *testing.T) {
				rows, err := read(t.Context(), c, of, nil)
				require.NoError(t, err)
				var b strings.Builder
				for i := range of.Columns {
					fmt.Fprintf(&b, "# %s %s\n", of.Columns[i].Name, of.Columns[i].Type.SQL())
					assert.NotEmpty(t, of.Columns[i].Doc)
				}
				for _, r := range rows {
					if !slices.Contains(r, "information_schema") && !slices.Contains(r, "sys") || of.Name == "schemata" {
						b.WriteString(strings.Join(r, " | ") + "\n")
					}
				}
				file := filepath.Join("testdata", schema+"."+of.Name+".golden")
				if *update {
					require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o600))
				}
				want, err := os.ReadFile(file)
				require.NoError(t, err)
				assert.Equal(t, string(want), b.String())
			})
		}
	}
}

// TestOnlyWantedSchemasAreRead reads no schema that a condition leaves out.
func TestOnlyWantedSchemasAreRead(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	c := l.shown()
	of := table(t, c, "information_schema", "tables")
	rows, err := read(t.Context(), c, of, [][]string{{"South"}, {"South"}, {"Nowhere"}})
	require.NoError(t, err)
	assert.Len(t, rows, 2)
	assert.Equal(t, []string{"South"}, l.read)

	l.read = nil
	_, err = read(t.Context(), c, table(t, c, "information_schema", "schemata"), nil)
	require.NoError(t, err)
	assert.Empty(t, l.read, "names are enough")
}

func TestSystemTablesListThemselves(t *testing.T) {
	t.Parallel()
	c := newLibrary().shown()
	rows, err := read(t.Context(), c, table(t, c, "information_schema", "columns"), [][]string{{"sys"}})
	require.NoError(t, err)
	assert.Contains(t, rows[0], "sys_catalogs")
	assert.Contains(t, rows[0], "CatalogName")
}

func TestSchemasThatFail(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	c := l.shown()
	of := table(t, c, "sys", "sys_tables")
	l.gone = "North"
	rows, err := read(t.Context(), c, of, nil)
	require.NoError(t, err)
	assert.Len(t, rows, 3, "those of the others")
	l.fail = "South"
	_, err = read(t.Context(), c, of, nil)
	require.ErrorContains(t, err, "The schema South: It can't be read.")
}

// TestNotes tells what is missing from a schema that was read.
func TestNotes(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	l.schemas[2].Notes = []string{"Columns are missing."}
	c := l.shown()
	of := table(t, c, "sys", "sys_tables")
	_, err := read(t.Context(), c, of, [][]string{{"North"}})
	require.NoError(t, err)
	assert.Empty(t, l.notes)
	_, err = read(t.Context(), c, of, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"South: Columns are missing."}, l.notes)
}

// TestLimit makes no rows of schemas behind the limit.
func TestLimit(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	c := l.shown()
	of := table(t, c, "sys", "sys_tables")
	rows, err := drain(t.Context(), c, scan.Request{Table: of, Path: &of.Paths[1], Columns: []int{2}, Limit: 2})
	require.NoError(t, err)
	assert.Equal(t, [][]string{{"Environments"}, {"Authors"}}, rows)
	assert.Equal(t, []string{"Information", "North"}, l.read)
}

// TestRestrictedTables lists no path, filter or partition of columns that the
// caller does not see as they are.
func TestRestrictedTables(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	s := l.schemas[1]
	authors, books := s.Tables[0], s.Tables[1]
	s.Tables = []*catalog.Table{
		{Name: "Authors", Schema: s, Columns: authors.Columns[:2], Restriction: &catalog.Restriction{Base: authors, Masks: map[string]catalog.Mask{"Name": catalog.MaskHash}}},
		{Name: "Books", Schema: s, Columns: books.Columns[1:], Restriction: &catalog.Restriction{Base: books}},
	}
	c := l.shown()
	rows, err := read(t.Context(), c, table(t, c, "sys", "sys_accesspaths"), [][]string{{"North"}})
	require.NoError(t, err)
	assert.Equal(t, [][]string{
		{"North", "Authors", "by_id", `["Id"]`, `[]`, "GET authors/{Id}", "-", "reads", "false", "-"},
		{"North", "Authors", "list", `[]`, `[]`, "GET authors", "100", "reads", "true", "-"},
	}, rows)
}

// TestKeysOfAllEnvironments has references within the environment of a row.
func TestKeysOfAllEnvironments(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	l.schemas = append(l.schemas, catalog.Union(catalog.AllEnvironments, l.schemas[1:]))
	c := l.shown()
	for _, want := range []struct {
		schema, table string
		rows          []string // without the connection's name
	}{
		{"information_schema", "table_constraints", []string{
			"AllEnvironments pk_Authors AllEnvironments Authors PRIMARY KEY NO NO",
			"AllEnvironments fk_Authors_EnvironmentId AllEnvironments Authors FOREIGN KEY NO NO",
			"AllEnvironments pk_Books AllEnvironments Books PRIMARY KEY NO NO",
			"AllEnvironments fk_Books_AuthorId AllEnvironments Books FOREIGN KEY NO NO",
			"AllEnvironments fk_Books_Title AllEnvironments Books FOREIGN KEY NO NO",
		}},
		{"information_schema", "key_column_usage", []string{
			"AllEnvironments pk_Authors AllEnvironments Authors Id 1 -",
			"AllEnvironments pk_Authors AllEnvironments Authors EnvironmentId 2 -",
			"AllEnvironments fk_Authors_EnvironmentId AllEnvironments Authors EnvironmentId 1 1",
			"AllEnvironments pk_Books AllEnvironments Books AuthorId 1 -",
			"AllEnvironments pk_Books AllEnvironments Books Number 2 -",
			"AllEnvironments pk_Books AllEnvironments Books EnvironmentId 3 -",
			"AllEnvironments fk_Books_AuthorId AllEnvironments Books AuthorId 1 1",
			"AllEnvironments fk_Books_AuthorId AllEnvironments Books EnvironmentId 2 2",
			"AllEnvironments fk_Books_Title AllEnvironments Books Title 1 -",
			"AllEnvironments fk_Books_Title AllEnvironments Books EnvironmentId 2 -",
		}},
		{"information_schema", "referential_constraints", []string{
			"AllEnvironments fk_Authors_EnvironmentId Information pk_Environments NONE NO ACTION NO ACTION",
			"AllEnvironments fk_Books_AuthorId AllEnvironments pk_Authors NONE NO ACTION NO ACTION",
			"AllEnvironments fk_Books_Title AllEnvironments - NONE NO ACTION NO ACTION",
		}},
		{"sys", "sys_keycolumns", []string{
			"AllEnvironments Authors Id true false pk_Authors - - - - -",
			"AllEnvironments Authors EnvironmentId true true pk_Authors fk_Authors_EnvironmentId Information Environments Id",
			"AllEnvironments Books AuthorId true true pk_Books fk_Books_AuthorId AllEnvironments Authors Id",
			"AllEnvironments Books Number true false pk_Books - - - - -",
			"AllEnvironments Books Title false true - fk_Books_Title AllEnvironments Authors Name",
			"AllEnvironments Books EnvironmentId true true pk_Books fk_Books_AuthorId AllEnvironments Authors EnvironmentId",
			"AllEnvironments Books EnvironmentId true true pk_Books fk_Books_Title AllEnvironments Authors EnvironmentId",
		}},
		{"sys", "sys_primarykeys", []string{
			"AllEnvironments Authors Id 1 pk_Authors", "AllEnvironments Authors EnvironmentId 2 pk_Authors",
			"AllEnvironments Books AuthorId 1 pk_Books", "AllEnvironments Books Number 2 pk_Books", "AllEnvironments Books EnvironmentId 3 pk_Books",
		}},
		{"sys", "sys_foreignkeys", []string{
			"AllEnvironments Authors EnvironmentId pk_Environments fk_Authors_EnvironmentId Information Environments Id IMPORT",
			"AllEnvironments Books AuthorId pk_Authors fk_Books_AuthorId AllEnvironments Authors Id IMPORT",
			"AllEnvironments Books Title - fk_Books_Title AllEnvironments Authors Name IMPORT",
			"AllEnvironments Books EnvironmentId pk_Authors fk_Books_AuthorId AllEnvironments Authors EnvironmentId IMPORT",
			"AllEnvironments Books EnvironmentId - fk_Books_Title AllEnvironments Authors EnvironmentId IMPORT",
		}},
	} {
		rows, err := read(t.Context(), c, table(t, c, want.schema, want.table), [][]string{{catalog.AllEnvironments}})
		require.NoError(t, err)
		got := make([]string, len(rows))
		for i, r := range rows {
			got[i] = strings.ReplaceAll(strings.Join(r, " "), "library ", "")
		}
		assert.Equal(t, want.rows, got, want.table)
	}
	keys, err := system.ForeignKeys(t.Context(), c, l.schemas[3])
	require.NoError(t, err)
	require.Len(t, keys, 2, "those to primary keys")
	assert.Equal(t, []int{0, 8}, keys[1].Columns)
	assert.Equal(t, []int{0, 3}, keys[1].Targets)
}

// TestAddingATable is all that another system table takes.
func TestAddingATable(t *testing.T) {
	t.Parallel()
	more := system.NewSchema("pg_catalog", true, system.Table{
		Name: "pg_namespace", Doc: "Schemas.", Columns: []catalog.Column{{Name: "oid", Type: catalog.Int64}, {Name: "nspname", Type: catalog.String}},
		Each: func(_ context.Context, _ *system.Catalog, s *catalog.Schema) ([]system.Row, error) {
			return []system.Row{{int64(len(s.Name)), s.Name}}, nil
		},
	})
	c := newLibrary().shown(more)
	rows, err := read(t.Context(), c, table(t, c, "pg_catalog", "pg_namespace"), nil)
	require.NoError(t, err)
	assert.Equal(t, [][]string{
		{"11", "Information"}, {"5", "North"}, {"5", "South"}, {"18", "information_schema"}, {"3", "sys"}, {"10", "pg_catalog"},
	}, rows)
}

// TestKeysOfATable looks at no schema that holds none of the values, and passes on
// no other rows.
func TestKeysOfATable(t *testing.T) {
	t.Parallel()
	var asked []string
	rows := func(_ context.Context, _ *system.Catalog, s *catalog.Schema) (out []system.Row, err error) {
		asked = append(asked, s.Name)
		for _, t := range s.Tables {
			out = append(out, system.Row{int64(len(s.Name + t.Name)), s.Name, t.Name}, system.Row{nil, s.Name, t.Name})
		}
		return out, nil
	}
	more := system.NewSchema("more", true, system.Table{
		Name: "more", Columns: []catalog.Column{{Name: "oid", Type: catalog.Int64}, {Name: "schema", Type: catalog.String}, {Name: "name", Type: catalog.String}}, Each: rows,
		Keys: []system.Key{
			{Column: "oid", Holds: func(s *catalog.Schema, value string) bool { return s.ID != "" && value != "0" }},
			{Column: "schema", Named: func(n catalog.SchemaName) string { return n.Name }},
		},
	})
	c := newLibrary().shown(more)
	of := table(t, c, "more", "more")
	read := func(path int, keys ...[]string) [][]string {
		asked = nil
		rows, err := drain(t.Context(), c, scan.Request{Table: of, Path: &of.Paths[path], Keys: keys, Columns: []int{2}})
		require.NoError(t, err)
		return rows
	}
	assert.Equal(t, [][]string{{"Authors"}, {"Authors"}}, read(0, []string{"12"}, []string{"0"}), "len of North and of South, and Authors")
	assert.Equal(t, []string{"North", "South"}, asked)
	assert.Empty(t, read(0, []string{"0"}))
	assert.Empty(t, asked)
	assert.Len(t, read(1, []string{"South"}), 4)
	assert.Equal(t, []string{"South"}, asked)
	assert.Len(t, read(2), 2*(1+2+2+len(tables(t, c, "information_schema"))+len(tables(t, c, "sys"))+1))
}

// tables are those of a schema.
func tables(t *testing.T, c *system.Catalog, schema string) []*catalog.Table {
	t.Helper()
	s, err := c.Schema(t.Context(), schema)
	require.NoError(t, err)
	return s.Tables
}

// TestRowsThatDoNotFit fails visibly where a row function breaks its declaration,
// and where nobody said whose catalog it is.
func TestRowsThatDoNotFit(t *testing.T) {
	t.Parallel()
	of := func(cells ...any) *system.Schema {
		return system.NewSchema("odd", true, system.Table{
			Name: "odd", Columns: []catalog.Column{{Name: "n", Type: catalog.Int32}},
			All: func(context.Context, *system.Catalog) ([]system.Row, error) { return []system.Row{cells}, nil },
		})
	}
	for name, s := range map[string]*system.Schema{"too many": of(int64(1), int64(2)), "of another type": of("one")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newLibrary().shown(s)
			_, err := read(t.Context(), c, table(t, c, "odd", "odd"), nil)
			assert.True(t, gwerr.Is(err, gwerr.Internal), "%v", err)
		})
	}
	c := newLibrary().shown()
	_, err := system.Over(nil).Scan(t.Context(), scan.Request{Table: table(t, c, "sys", "sys_tables")})
	assert.True(t, gwerr.Is(err, gwerr.Internal), "%v", err)
}
