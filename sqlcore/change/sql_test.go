package change_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/change"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

const cars = `table: Cars
entity: Car
doc: Cars.
collection: environments/{EnvironmentId}/cars
examples: [SELECT 1]
columns:
  - {name: Id, type: guid, key: true, required: true, doc: Key.}
  - {name: Name, type: string, write: both, needed: true, required: true, max_length: 10, doc: Name.}
  - {name: Make, type: string, from: maker.name, write: insert, doc: Maker.}
  - {name: Doors, type: int32, write: both, doc: Doors.}
  - {name: Notes, type: json, write: both, doc: Notes.}
  - {name: InUse, type: bool, from: use.on, write: both, doc: Whether it is used.}
  - {name: Lock, type: string, write: update, doc: Lock.}
  - {name: Kind, type: string, doc: Kind.}
writes:
  insert: {}
  update: {call: PATCH}
  delete: {}
  only: {Kind: OWN}
  parts:
    - {columns: [InUse], call: 'PUT environments/{EnvironmentId}/cars/{Id}/use', body: {InUse: on}, unless: 'true'}
    - {columns: [Lock], call: 'POST environments/{EnvironmentId}/cars/{Id}', types: {SHUT: a/shut, OPEN: a/open}, body: {}}
`

func carTable(t testing.TB) *catalog.Table {
	t.Helper()
	tables, err := catalog.Load(fstest.MapFS{"cars.yaml": &fstest.MapFile{Data: []byte(cars)}})
	require.NoError(t, err)
	return tables[0]
}

// The rows to change are a query made of the statement's own parts, whose errors
// point into the statement.
func TestStatementsBecomeQueries(t *testing.T) {
	t.Parallel()
	cases := []struct {
		sql, query string
		reads      []string
	}{
		{
			"INSERT INTO Cars (Name, Doors) VALUES ('x', 3), ('y', 1+1);",
			`SELECT CAST((new_1) AS VARCHAR) AS new_1, CAST((new_2) AS INTEGER) AS new_2 FROM (VALUES ('x', 3), ('y', 1+1)) AS new_rows (new_1, new_2)`, nil,
		},
		{
			`insert into c.s."Cars" ("Name") with v as (select 'a') select * from v returning *`,
			`SELECT CAST((new_1) AS VARCHAR) AS new_1 FROM (with v as (select 'a') select * from v) AS new_rows (new_1)`, nil,
		},
		{
			"UPDATE [Cars] SET Name = upper(Name), Doors = (SELECT max(Doors) FROM Cars WHERE Doors < 9) WHERE Doors > 2 RETURNING Name",
			`SELECT "Cars"."Id", "Cars"."Kind", CAST((upper(Name)) AS VARCHAR) AS new_1, CAST(((SELECT max(Doors) FROM Cars WHERE Doors < 9)) AS INTEGER) AS new_2 FROM [Cars] WHERE Doors > 2`,
			[]string{"Id", "Kind"},
		},
		{
			"UPDATE Cars c SET c.Notes = '{\"where\": 1}' WHERE c.Name = 'where'",
			`SELECT "c"."Id", "c"."Kind", CAST(('{"where": 1}') AS JSON) AS new_1 FROM Cars c WHERE c.Name = 'where'`,
			[]string{"Id", "Kind"},
		},
		{
			"DELETE FROM s.Cars AS [my car] WHERE Name IN (SELECT Name FROM Cars WHERE true) RETURNING Make",
			`SELECT "my car"."Id", "my car"."Make", "my car"."Kind" FROM s.Cars AS [my car] WHERE Name IN (SELECT Name FROM Cars WHERE true)`,
			[]string{"Id", "Make", "Kind"},
		},
	}
	for _, c := range cases {
		s, err := change.Parse(c.sql)
		require.NoError(t, err, c.sql)
		var sent string
		made, err := s.Bind(t.Context(), carTable(t), func(_ context.Context, sql string) (*query.Query, error) {
			if sent == "" {
				sent = sql
			}
			return rowsFor(c.sql), nil
		})
		require.NoError(t, err, c.sql)
		assert.Equal(t, c.query, sent)
		var reads []string
		for _, at := range made.Reads {
			reads = append(reads, made.Table.Columns[at].Name)
		}
		assert.Equal(t, c.reads, reads, c.sql)
		// Whatever stands once in both texts is pointed at in the statement.
		for _, word := range []string{"upper", "max(", "VALUES", "> 2", "'where'", "IN (", "with v"} {
			at := strings.Index(sent, word)
			if at < 0 || strings.Count(c.sql, word) != 1 || strings.Count(sent, word) != 1 {
				continue
			}
			_, err := s.Bind(t.Context(), carTable(t), func(context.Context, string) (*query.Query, error) {
				return nil, gwerr.New(gwerr.Syntax, "A slip.", "").At(at)
			})
			assert.Equal(t, strings.Index(c.sql, word), gwerr.From(err).Position, "%s in %s", word, c.sql)
		}
	}
}

func TestColumnsOfTheAnswer(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string][]string{
		`INSERT INTO Cars (Name) VALUES ('x')`:                                                   {"Id"},
		`INSERT INTO Cars (Name) VALUES ('x') RETURNING Name, Doors`:                             {"Name", "Doors"},
		`UPDATE Cars SET Name = 'x' WHERE true RETURNING "Cars"."Id" AS x, Name, Doors as "N 1"`: {"x", "Name", "N 1"},
		`DELETE FROM Cars WHERE true RETURNING *`:                                                {"Id", "Name", "Make", "Doors", "Notes", "InUse", "Lock", "Kind"},
	} {
		s, err := change.Parse(sql)
		require.NoError(t, err, sql)
		c, err := s.Bind(t.Context(), carTable(t), func(context.Context, string) (*query.Query, error) { return rowsFor(sql), nil })
		require.NoError(t, err, sql)
		var names []string
		for _, col := range c.Columns() {
			names = append(names, col.Name)
		}
		assert.Equal(t, want, names, sql)
	}
}

// A value that doesn't fit is told with its column and its place.
func TestValuesThatDoNotFit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, sql, at, said, target, want string }{
		{"its place in the query", "UPDATE Cars SET Name = 'x', Doors = 'y' WHERE true", "CAST(('y'", "'y' is not of type INTEGER.", "Doors", "'y' is not of type INTEGER, which Doors takes."},
		{"in the middle of it", "UPDATE Cars SET Doors = 1 + 'y', Name = 'x' WHERE true", "'y'", "'y' is not of type INTEGER.", "Doors", "'y' is not of type INTEGER, which Doors takes."},
		{"in the condition", "UPDATE Cars SET Name = 'x' WHERE Doors = 'y'", "'y'", "'y' is not of type INTEGER.", "", "'y' is not of type INTEGER."},
		{"by its place in new rows", "INSERT INTO Cars (Name, Doors) SELECT 'x', 'y'", "", "Could not convert string … when casting from source column new_2.", "Doors", "A value for Doors of Cars is not of type INTEGER."},
		{"of what was not assigned", "INSERT INTO Cars (Name) SELECT 'x'", "", "Could not convert new_2.", "", "Could not convert new_2."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := change.Parse(c.sql)
			require.NoError(t, err)
			_, err = s.Bind(t.Context(), carTable(t), func(_ context.Context, sql string) (*query.Query, error) {
				e := gwerr.New(gwerr.TypeMismatch, c.said, "")
				if c.at != "" {
					e = e.At(strings.Index(sql, c.at))
				}
				return nil, e
			})
			e := gwerr.From(err)
			assert.Equal(t, c.want, e.Message)
			assert.Equal(t, c.target, e.Target)
			if c.at != "" {
				assert.Equal(t, strings.Index(c.sql, "'y'"), e.Position)
			}
		})
	}
}

// rowsFor are rows with a value for each column that an INSERT names.
func rowsFor(sql string) *query.Query {
	_, list, _ := strings.Cut(sql, "(")
	list, _, _ = strings.Cut(list, ")")
	return &query.Query{Columns: make([]query.Column, 1+strings.Count(list, ","))}
}

// Rows with another number of values than there are columns are refused.
func TestNewRowsHaveAValueForEachColumn(t *testing.T) {
	t.Parallel()
	s, err := change.Parse("INSERT INTO Cars (Name) VALUES ('x', 'y')")
	require.NoError(t, err)
	var all string
	_, err = s.Bind(t.Context(), carTable(t), func(_ context.Context, sql string) (*query.Query, error) {
		all = sql
		return rowsFor("(a, b)"), nil
	})
	assert.Equal(t, "SELECT * FROM (VALUES ('x', 'y')) AS new_rows", all)
	require.ErrorContains(t, err, "2 values for 1 columns")
	assert.Equal(t, strings.Index("INSERT INTO Cars (Name) VALUES", "VALUES"), gwerr.From(err).Position)
}

// The calls for a row, in order and with their bodies.
func TestCallsOfARow(t *testing.T) {
	t.Parallel()
	table := carTable(t)
	raw := func(s string) json.RawMessage {
		if s == "" {
			return nil
		}
		return json.RawMessage(s)
	}
	cases := []struct {
		name    string
		kind    change.Kind
		columns []string
		values  []string
		is      []string // Id and Kind
		want    []string
		refused string
	}{
		{"a new row", change.Insert, []string{"Name", "Make", "Doors"}, []string{`"x"`, `"M"`, ""}, nil, []string{"POST cars [name=\"x\" maker.name=\"M\"]"}, ""},
		{"a new row as rows are anyway", change.Insert, []string{"Name", "InUse"}, []string{`"x"`, "true"}, nil, []string{`POST cars [name="x"]`}, ""},
		{"a new row that is otherwise", change.Insert, []string{"Name", "InUse"}, []string{`"x"`, "false"}, nil, []string{`POST cars [name="x"]`, "PUT cars/{id}/use [on=false]"}, ""},
		{"a row", change.Update, []string{"Name", "Notes"}, []string{`"y"`, ""}, []string{`"1"`, `"OWN"`}, []string{`PATCH cars/{id} [name="y" notes=null]`}, ""},
		{"all of a row", change.Update, []string{"Lock", "Name", "InUse"}, []string{`"SHUT"`, `"y"`, "false"}, []string{`"1"`, `"OWN"`}, []string{`PATCH cars/{id} [name="y"]`, "PUT cars/{id}/use [on=false]", "POST cars/{id} a/shut []"}, ""},
		{"a part of a row", change.Update, []string{"Lock"}, []string{`"OPEN"`}, []string{`"1"`, `"OWN"`}, []string{"POST cars/{id} a/open []"}, ""},
		{"a row that goes", change.Delete, nil, nil, []string{`"1"`, `"OWN"`}, []string{"DELETE cars/{id} nothing"}, ""},
		{"somebody else's row", change.Delete, nil, nil, []string{`"1"`, `"HIRED"`}, nil, "Only rows of Cars whose Kind is OWN can be changed."},
		{"a name too long", change.Update, []string{"Name"}, []string{`"01234567890"`}, []string{`"1"`, `"OWN"`}, nil, "Name takes 10 characters at most."},
		{"a name of ten letters", change.Update, []string{"Name"}, []string{`"ÄÖÜÄÖÜÄÖÜÄ"`}, []string{`"1"`, `"OWN"`}, []string{`PATCH cars/{id} [name="ÄÖÜÄÖÜÄÖÜÄ"]`}, ""},
		{"no name", change.Insert, []string{"Name"}, []string{""}, nil, nil, "Name of Cars can't be null."},
		{"a lock of no kind", change.Update, []string{"Lock"}, []string{`"AJAR"`}, []string{`"1"`, `"OWN"`}, nil, "Lock can be set to OPEN or SHUT only."},
		{"no lock", change.Update, []string{"Lock"}, []string{""}, []string{`"1"`, `"OWN"`}, nil, "Lock of Cars can't be null."},
	}
	for _, c := range cases {
		var assigned []int
		var row change.Row
		for i, name := range c.columns {
			assigned = append(assigned, table.Index(name))
			row.Becomes = append(row.Becomes, raw(c.values[i]))
		}
		for _, v := range c.is {
			row.Is = append(row.Is, raw(v))
		}
		made, err := change.New(c.kind, table, assigned, nil, func(int) int { return 0 })
		require.NoError(t, err, c.name)
		w := &writer{}
		_, err = made.Run(t.Context(), w, []change.Row{row}, nil, nil)
		if c.refused != "" {
			require.Error(t, err, c.name)
			assert.Equal(t, c.refused, gwerr.From(err).Message, c.name)
			assert.Empty(t, w.calls, c.name)
			continue
		}
		require.NoError(t, err, c.name)
		assert.Equal(t, c.want, w.calls, c.name)
	}
}

// writer notes calls. Every new row is number 7.
type writer struct{ calls []string }

func (w *writer) Write(_ context.Context, c change.Call, columns []int) ([]json.RawMessage, error) {
	text := c.Method + " " + c.Endpoint
	if c.Type != "" {
		text += " " + c.Type
	}
	var members []string
	for _, m := range c.Body {
		v := string(m.Value)
		if m.Value == nil {
			v = "null"
		}
		members = append(members, m.Place+"="+v)
	}
	if c.Body == nil {
		text += " nothing"
	} else {
		text += " [" + strings.Join(members, " ") + "]"
	}
	w.calls = append(w.calls, text)
	out := make([]json.RawMessage, len(columns))
	for i, at := range columns {
		if c.Table.Columns[at].Key {
			out[i] = json.RawMessage(`"7"`)
		}
	}
	return out, nil
}

// A table that an insert gave its key is known by it to what follows.
func TestNewRowIsKnownByItsKey(t *testing.T) {
	t.Parallel()
	table := carTable(t)
	c, err := change.New(change.Insert, table, []int{table.Index("Name"), table.Index("InUse")}, nil, func(int) int { return 0 })
	require.NoError(t, err)
	keys := &keyed{}
	done, err := c.Run(t.Context(), keys, []change.Row{{Becomes: []json.RawMessage{json.RawMessage(`"x"`), json.RawMessage("false")}}}, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"", "7"}, keys.ids)
	assert.JSONEq(t, `"7"`, string(done.Rows[0][0]))
}

type keyed struct {
	writer
	ids []string
}

func (k *keyed) Write(ctx context.Context, c change.Call, columns []int) ([]json.RawMessage, error) {
	k.ids = append(k.ids, c.Keys["Id"])
	return k.writer.Write(ctx, c, columns)
}

// No text makes the parser fail otherwise than by an error with a place.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"INSERT INTO Cars (Name) VALUES ('x') RETURNING *", "UPDATE Cars c SET Name = 'a', Doors = f(1, 2) WHERE x", "DELETE FROM a.b.c AS [d] WHERE true",
		"UPDATE Cars SET", "INSERT INTO", "DELETE FROM Cars WHERE", "UPDATE Cars SET a = (b WHERE c", "INSERT INTO Cars () VALUES ()",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		s, err := change.Parse(sql)
		if err != nil {
			if e := gwerr.From(err); e.Position > len(sql) {
				t.Fatalf("the place %d is outside the text", e.Position)
			}
			return
		}
		_, _ = s.Bind(t.Context(), carTable(t), func(_ context.Context, text string) (*query.Query, error) {
			for at := range len(text) + 1 {
				_, err := s.Bind(t.Context(), carTable(t), func(context.Context, string) (*query.Query, error) {
					return nil, gwerr.New(gwerr.Syntax, "A slip.", "").At(at)
				})
				if e := gwerr.From(err); e.Position < 0 || e.Position > len(sql) {
					t.Fatalf("place %d of %q became %d of %q", at, text, e.Position, sql)
				}
			}
			return &query.Query{}, nil
		})
	})
}

// Statements that can't be read say where, and those that would do too much are not
// done.
func TestStatementsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sql  string // with ^ where the error is
		says string
	}{
		{"^SELECT 1", "begins with INSERT"},
		{"INSERT ^Cars (Name) VALUES (1)", "INTO is expected"},
		{"INSERT INTO ^(Name) VALUES (1)", "name of a table"},
		{"INSERT INTO ^a.b.c.Cars (Name) VALUES (1)", "name of a table"},
		{"INSERT INTO Cars ^VALUES (1)", "columns are expected"},
		{"INSERT INTO Cars (^) VALUES (1)", "name of a column"},
		{"INSERT INTO Cars (Name ^Doors) VALUES (1)", "comma"},
		{"INSERT INTO Cars (Name)^", "VALUES or SELECT"},
		{"INSERT INTO Cars (Name) ^DELETE FROM x", "VALUES or SELECT"},
		{"INSERT INTO Cars (Name) VALUES (^DEFAULT)", "DEFAULT is not offered"},
		{"INSERT INTO Cars (Name) VALUES (1) ^ON CONFLICT DO NOTHING", "ON is not offered"},
		{"INSERT INTO Cars (Name) VALUES (1) RETURNING ^1", "name of a column"},
		{"INSERT INTO Cars (Name) VALUES (1) RETURNING Name ^Doors", "RETURNING takes names"},
		{"INSERT INTO Cars (Name) VALUES (1) RETURNING Name AS ^, Doors", "After AS a name is expected"},
		{"INSERT INTO Cars (Name) VALUES (1)^; DELETE FROM Cars WHERE true", "Only one statement"},
		{"UPDATE Cars ^WHERE true", "SET is expected"},
		{"UPDATE Cars SET Name^", "= is expected"},
		{"UPDATE Cars SET Name = ^WHERE true", "value is missing"},
		{"UPDATE Cars SET Name = ^, Doors = 1 WHERE true", "value is missing"},
		{"UPDATE Cars SET ^WHERE true", "name of a column"},
		{"UPDATE Cars SET Name = 'a', ^WHERE true", "name of a column"},
		{"UPDATE Cars SET Name = ^DEFAULT WHERE true", "DEFAULT is not offered"},
		{"UPDATE Cars SET Name = 'x' WHERE Id IN (SELECT Id FROM Cars LIMIT 1) ^LIMIT 1 RETURNING Id", "LIMIT is not offered"},
		{"DELETE FROM Cars WHERE Name = 'x' ^UNION SELECT Id FROM Cars", "UNION is not offered"},
		{"DELETE FROM Cars WHERE Name = 'x' ^order BY Name LIMIT 1", "ORDER is not offered"},
		{"DELETE FROM Cars WHERE true ^USING SAMPLE 1", "USING is not offered"},
		{"UPDATE Cars SET Name = x.Name ^FROM x WHERE true", "FROM is not offered"},
		{"^UPDATE Cars SET Name = 'a'", "without WHERE would change every row"},
		{"^UPDATE Cars SET Name = (SELECT a FROM b WHERE c)", "without WHERE would change every row"},
		{"DELETE ^Cars WHERE true", "FROM is expected"},
		{"DELETE FROM ^", "name of a table"},
		{"DELETE FROM Cars ^USING x WHERE true", "WHERE is expected"},
		{"DELETE FROM Cars c ^d WHERE true", "WHERE is expected"},
		{"^DELETE FROM Cars", "without WHERE would change every row"},
		{"DELETE FROM Cars WHERE Name = ^'a", ""},
	} {
		sql := strings.Replace(c.sql, "^", "", 1)
		_, err := change.Parse(sql)
		e := gwerr.From(err)
		require.Error(t, err, sql)
		assert.Contains(t, e.Message, c.says, sql)
		at := strings.Index(c.sql, "^")
		if left := strings.TrimLeft(sql[at:], " "); left != "" {
			at = len(sql) - len(left)
		}
		assert.Equal(t, at, e.Position, "%s: %s", sql, e.Message)
	}
	for sql, want := range map[string]bool{"insert into x": true, " /* a */ UPDATE x": true, "Delete": true, "SELECT 'INSERT'": false, "WITH a AS (SELECT 1) SELECT 1": false, "": false} {
		assert.Equal(t, want, change.Is(sql), sql)
	}
}

// Names of columns are looked for before anything is read.
func TestUnknownColumns(t *testing.T) {
	t.Parallel()
	for sql, hint := range map[string]string{
		"INSERT INTO Cars (^Nmae) VALUES ('x')":                    "Did you mean Name?",
		"UPDATE Cars SET ^Dors = 1 WHERE true":                     "Did you mean Doors?",
		"DELETE FROM Cars WHERE true RETURNING Id, ^Zebra":         "The documentation of the table lists them; so does SELECT * FROM it.",
		"UPDATE Cars c SET c.Name = 'x', c.^Wheels = 1 WHERE true": "The documentation of the table lists them; so does SELECT * FROM it.",
	} {
		s, err := change.Parse(strings.Replace(sql, "^", "", 1))
		require.NoError(t, err, sql)
		_, err = s.Bind(t.Context(), carTable(t), func(context.Context, string) (*query.Query, error) {
			t.Error("bound nevertheless")
			return &query.Query{}, nil
		})
		e := gwerr.From(err)
		require.Error(t, err, sql)
		assert.Equal(t, gwerr.UnknownColumn, e.Code, sql)
		assert.Equal(t, strings.Index(sql, "^"), e.Position, sql)
		assert.Equal(t, hint, e.Hint, sql)
	}
}
