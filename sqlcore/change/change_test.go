package change_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/change"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// vans are sent back as a whole, and have a secret and values of every type.
const vans = `table: Vans
entity: Van
doc: Vans.
collection: environments/{EnvironmentId}/vans
examples: [SELECT 1]
columns:
  - {name: Id, type: guid, key: true, required: true, doc: Key.}
  - {name: Name, type: string, write: both, required: true, doc: Name.}
  - {name: Alarm, type: string, from: alarm.kind, write: both, doc: Kind of alarm.}
  - {name: Share, type: float64, write: both, doc: Share.}
  - {name: Since, type: timestamp, write: both, doc: Since when.}
  - {name: Tags, type: list, write: both, doc: Tags.}
  - {name: Made, type: timestamp, doc: When it was made.}
writes:
  insert: {}
  update: {}
  delete: {allowed_by: AllowScrapping}
  secrets: {alarm.kind: alarm.code}
`

func declared(t testing.TB, text string) *catalog.Table {
	t.Helper()
	tables, err := catalog.Load(fstest.MapFS{"t.yaml": &fstest.MapFile{Data: []byte(text)}})
	require.NoError(t, err)
	return tables[0]
}

func noPlace(int) int { return gwerr.NoPosition }

// made is a change of the columns with these names.
func made(t testing.TB, kind change.Kind, table *catalog.Table, columns ...string) *change.Change {
	t.Helper()
	c, err := change.New(kind, table, positions(table, columns...), nil, noPlace)
	require.NoError(t, err)
	return c
}

func positions(table *catalog.Table, columns ...string) (out []int) {
	for _, name := range columns {
		out = append(out, table.Index(name))
	}
	return out
}

func raws(values ...string) (out []json.RawMessage) {
	for _, v := range values {
		if v == "" {
			out = append(out, nil)
		} else {
			out = append(out, json.RawMessage(v))
		}
	}
	return out
}

// breaking fails at its n-th call, from 1.
type breaking struct {
	writer
	at   int
	with error
}

func (b *breaking) Write(ctx context.Context, c change.Call, columns []int) ([]json.RawMessage, error) {
	if len(b.calls)+1 == b.at {
		return nil, b.with
	}
	return b.writer.Write(ctx, c, columns)
}

// What was done before a failure is told row by row.
func TestFailuresTellWhatWasDone(t *testing.T) {
	t.Parallel()
	table := carTable(t)
	refused := func() error { return gwerr.New(gwerr.Conflict, "No.", "Hint.").On("Name").After(7) }
	unknown := func() error { return gwerr.New(gwerr.OutcomeUnknown, "Who knows.", "") }
	for _, c := range []struct {
		name       string
		rows, fail int // rows of two calls each, and the call that fails
		with       func() error
		want       string
	}{
		{"the only row", 1, 1, refused, "No."},
		{"the only row, in part", 1, 2, refused, "0 of 1 rows were changed. Of row 1, [PATCH cars/{id}] was done. Row 1: No."},
		{"the first of three", 3, 1, refused, "0 of 3 rows were changed. The 2 after it were not tried. Row 1: No."},
		{"the second, in part", 3, 4, refused, "1 of 3 rows were changed. Of row 2, [PATCH cars/{id}] was done. The one after it was not tried. Row 2: No."},
		{"the last", 3, 5, refused, "2 of 3 rows were changed. Row 3: No."},
		{"one that is never answered", 2, 3, unknown, "1 of 2 rows are known to be changed. Row 2: Who knows."},
		{"the only one, never answered", 1, 1, unknown, "Who knows."},
	} {
		w := &breaking{at: c.fail, with: c.with()}
		var rows []change.Row
		for i := range c.rows {
			rows = append(rows, change.Row{Is: raws(fmt.Sprintf(`"%d"`, i), `"OWN"`), Becomes: raws(`"x"`, "false")})
		}
		done, err := made(t, change.Update, table, "Name", "InUse").Run(t.Context(), w, rows, nil, nil)
		e := gwerr.From(err)
		require.Error(t, err, c.name)
		assert.Equal(t, c.want, e.Message, c.name)
		was := gwerr.From(c.with())
		assert.Equal(t, []any{was.Code, was.Hint, was.Target, was.RetryAfter}, []any{e.Code, e.Hint, e.Target, e.RetryAfter}, c.name)
		assert.Len(t, w.calls, c.fail-1, "%s: nothing comes after it", c.name)
		assert.Equal(t, c.fail-1, done.Calls, c.name)
		assert.Len(t, done.Rows, (c.fail-1)/2, c.name)
	}
}

// Every row is looked at before the first call.
func TestNothingIsDoneForRowsOfWhichOneIsWrong(t *testing.T) {
	t.Parallel()
	table := carTable(t)
	w := &writer{}
	rows := []change.Row{{Becomes: raws(`"a"`)}, {Becomes: raws(`"b"`)}, {Becomes: raws("")}}
	done, err := made(t, change.Insert, table, "Name").Run(t.Context(), w, rows, nil, nil)
	require.ErrorContains(t, err, "Nothing was changed, because of row 3 of 3: Name of Cars can't be null.")
	assert.Equal(t, "Name", gwerr.From(err).Target)
	assert.Nil(t, done)
	assert.Empty(t, w.calls)
}

// Values that PingOne can't have, and rows that it would not take, are refused.
func TestValuesThatAreRefused(t *testing.T) {
	t.Parallel()
	table := declared(t, vans)
	for _, c := range []struct {
		name, column, value string
		kind                change.Kind
		code                gwerr.Code // "" for none
	}{
		{"a number", "Share", "0.5", change.Insert, ""},
		{"no number", "Share", `"Infinity"`, change.Insert, gwerr.InvalidValue},
		{"a time", "Since", `"2024-03-01T09:12:42.000Z"`, change.Insert, ""},
		{"no time", "Since", `"Infinity"`, change.Insert, gwerr.InvalidValue},
		{"a year of five digits", "Since", `"12024-03-01T09:12:42.000Z"`, change.Update, gwerr.InvalidValue},
		{"a list", "Tags", `["a",""]`, change.Insert, ""},
		{"no items", "Tags", `[]`, change.Update, ""},
		{"a null in a list", "Tags", `["a",null]`, change.Update, gwerr.InvalidValue},
		{"null", "Tags", "", change.Update, ""},
		{"null where there must be a value", "Name", "", change.Update, gwerr.InvalidValue},
		{"a new row with a secret", "Alarm", `"loud"`, change.Insert, gwerr.NotImplemented},
		{"a new row without", "Alarm", "", change.Insert, ""},
		{"a row that may have it", "Alarm", `"loud"`, change.Update, ""},
	} {
		row := change.Row{Becomes: raws(c.value)}
		if c.kind == change.Update {
			row.Is = raws(`"1"`)
		}
		w := &writer{}
		_, err := made(t, c.kind, table, c.column).Run(t.Context(), w, []change.Row{row}, nil, nil)
		if c.code == "" {
			require.NoError(t, err, c.name)
			continue
		}
		require.True(t, gwerr.Is(err, c.code), "%s: %v", c.name, err)
		assert.Equal(t, c.column, gwerr.From(err).Target, c.name)
		assert.Empty(t, w.calls, c.name)
	}
}

// What a caller may not change, or nobody can, is refused with its place.
func TestChangesThatAreNotOffered(t *testing.T) {
	t.Parallel()
	cars, own := carTable(t), declared(t, vans)
	mute := *own
	mute.Writes = nil
	fixed := *own
	fixed.Writes = &catalog.Writes{Insert: own.Writes.Insert}
	seen := func(t *catalog.Table, r catalog.Restriction) *catalog.Table {
		out := *t
		r.Base = t
		out.Restriction = &r
		return &out
	}
	hashed := catalog.Restriction{Masks: map[string]catalog.Mask{"Name": catalog.MaskHash}}
	some := catalog.Restriction{Where: predicate.IsNull{Column: "Doors"}}
	byKey := catalog.Restriction{Masks: map[string]catalog.Mask{"Id": catalog.MaskHash}}
	for _, c := range []struct {
		name      string
		kind      change.Kind
		table     *catalog.Table
		columns   []string
		returning []string
		code      gwerr.Code
		says      string
	}{
		{"a table that nobody writes", change.Insert, &mute, []string{"Name"}, nil, gwerr.MethodNotAllowed, "no way to insert rows of Vans"},
		{"rows that stay", change.Delete, &fixed, nil, nil, gwerr.MethodNotAllowed, "no way to delete rows of Vans"},
		{"rows that stay as they are", change.Update, &fixed, []string{"Name"}, nil, gwerr.MethodNotAllowed, "no way to update rows of Vans"},
		{"what PingOne sets", change.Update, own, []string{"Made"}, nil, gwerr.BadRequest, "Made of Vans can't be written"},
		{"what is given once", change.Update, cars, []string{"Make"}, nil, gwerr.BadRequest, "Make of Cars is given once"},
		{"what is not given", change.Insert, cars, []string{"Name", "Lock"}, nil, gwerr.BadRequest, "Lock of Cars can be changed, but not given"},
		{"two values", change.Update, own, []string{"Name", "Name"}, nil, gwerr.BadRequest, "Name is given two values"},
		{"no value", change.Insert, cars, []string{"Doors"}, nil, gwerr.BadRequest, "needs a value for Name"},
		{"what is masked", change.Update, seen(cars, hashed), []string{"Name"}, nil, gwerr.Forbidden, "Your roles mask Name"},
		{"what would be shown", change.Insert, seen(own, hashed), []string{"Share"}, []string{"Name"}, gwerr.Forbidden, "a new row can't return it"},
		{"what rows are chosen by", change.Update, seen(cars, some), []string{"Doors"}, nil, gwerr.Forbidden, "choose the rows of Cars by Doors"},
		{"rows of others", change.Insert, seen(cars, some), []string{"Name"}, nil, gwerr.Forbidden, "so you can't insert any"},
		{"rows without their key", change.Delete, seen(own, byKey), nil, nil, gwerr.Forbidden, "don't show Id of Vans"},
	} {
		_, err := change.New(c.kind, c.table, positions(c.table, c.columns...), positions(c.table, c.returning...), func(i int) int { return 10 + i })
		e := gwerr.From(err)
		require.Error(t, err, c.name)
		assert.Equal(t, c.code, e.Code, c.name)
		assert.Contains(t, e.Message, c.says, c.name)
		if at := e.Position; at >= 0 {
			assert.Equal(t, c.columns[at-10], e.Target, "%s: the place is that of the column", c.name)
			assert.NotEmpty(t, e.Hint, c.name)
		}
	}
}

// EXPLAIN shows the calls for a row, and connections what they must allow.
func TestExplain(t *testing.T) {
	t.Parallel()
	cars, own := carTable(t), declared(t, vans)
	for _, c := range []struct {
		change *change.Change
		want   []scan.Call
		allow  []string
	}{
		{made(t, change.Insert, cars, "Name", "InUse"), []scan.Call{
			{Method: "POST", Address: "environments/{EnvironmentId}/cars", Note: "once for each row"},
			{Method: "PUT", Address: "environments/{EnvironmentId}/cars/{Id}/use", Note: "once for each row that has another InUse than true"},
		}, nil},
		{made(t, change.Update, own, "Name"), []scan.Call{
			{Method: "GET", Address: "environments/{EnvironmentId}/vans/{Id}", Note: "once for each row, whose other members are sent again"},
			{Method: "PUT", Address: "environments/{EnvironmentId}/vans/{Id}", Note: "once for each row"},
		}, nil},
		{made(t, change.Delete, own), []scan.Call{{Method: "DELETE", Address: "environments/{EnvironmentId}/vans/{Id}", Note: "once for each row"}}, []string{"AllowScrapping"}},
	} {
		assert.Equal(t, c.want, c.change.Explain())
		assert.Equal(t, c.allow, c.change.Allowed())
	}
}

// rowsOf are batches of the table's columns, two rows each.
func rowsOf(t *testing.T, table *catalog.Table, columns []int, rows ...[]any) scan.Batches {
	t.Helper()
	var out []scan.Batch
	for len(rows) > 0 {
		n := min(2, len(rows))
		rec, err := cell.Record(table.ArrowSchema(columns), rows[:n])
		require.NoError(t, err)
		out, rows = append(out, scan.Batch{Record: rec}), rows[n:]
	}
	return scan.Of(out...)
}

// The rows to change are read whole before anything is done, within the limit.
func TestRowsAreCollected(t *testing.T) {
	t.Parallel()
	table := declared(t, vans)
	c := made(t, change.Update, table, "Share", "Tags")
	columns := append(append([]int{}, c.Reads...), c.Assigned...)
	read := func(limit int64, rows ...[]any) ([]change.Row, error) {
		return c.Collect(t.Context(), rowsOf(t, table, columns, rows...), change.Limits{Rows: limit})
	}
	three := [][]any{{"1", 0.5, []string{"a", "b"}}, {"2", nil, nil}, {"3", 1e300, []string{}}}
	got, err := read(3, three...)
	require.NoError(t, err)
	assert.Equal(t, []change.Row{
		{Is: raws(`"1"`), Becomes: raws("0.5", `["a","b"]`)}, {Is: raws(`"2"`), Becomes: raws("", "")}, {Is: raws(`"3"`), Becomes: raws("1e+300", "[]")},
	}, got)
	_, err = read(2, three...)
	require.True(t, gwerr.Is(err, gwerr.LimitExceeded), "%v", err)
	assert.Contains(t, err.Error(), "would change 3 rows; 2 are allowed")
	got, err = read(0, three...)
	require.NoError(t, err, "0 is no limit")
	assert.Len(t, got, 3)
	c.Values = raws("1", "")
	got, err = c.Collect(t.Context(), nil, change.Limits{Rows: 1})
	require.NoError(t, err)
	assert.Equal(t, []change.Row{{Becomes: c.Values}}, got, "one row of given values")
	got, err = c.Collect(t.Context(), rowsOf(t, table, c.Reads, []any{"1"}, []any{"2"}), change.Limits{})
	require.NoError(t, err)
	assert.Equal(t, []change.Row{{Is: raws(`"1"`), Becomes: c.Values}, {Is: raws(`"2"`), Becomes: c.Values}}, got, "the same values for all rows")
}

// RETURNING answers rows as they are afterwards.
func TestAnswers(t *testing.T) {
	t.Parallel()
	table := declared(t, vans)
	returning := positions(table, "Name", "Made", "Tags")
	update, err := change.New(change.Update, table, positions(table, "Name"), returning, noPlace)
	require.NoError(t, err)
	rows := []change.Row{{Is: raws(`"1"`), Becomes: raws(`"x"`)}, {Is: raws(`"2"`), Becomes: raws(`"y"`)}}
	asked := ""
	read := func(_ context.Context, key map[string]string, columns []int) ([]json.RawMessage, error) {
		asked += key["Id"]
		assert.Equal(t, returning, columns)
		return raws(`"now"`, "", `["t"]`), nil
	}
	done, err := update.Run(t.Context(), &writer{}, rows, read, nil)
	require.NoError(t, err)
	assert.Equal(t, "12", asked)
	assert.Equal(t, [][]json.RawMessage{raws(`"now"`, "", `["t"]`), raws(`"now"`, "", `["t"]`)}, done.Rows)
	answer, err := update.Result(done)
	require.NoError(t, err)
	assert.Equal(t, "UPDATE", answer.Changed.Verb)
	assert.Equal(t, int64(2), answer.Changed.Rows)
	assert.Equal(t, []string{"now|(null)|[\"t\"]", "now|(null)|[\"t\"]"}, texts(t, answer.Rows))

	lost := func(context.Context, map[string]string, []int) ([]json.RawMessage, error) {
		return nil, gwerr.New(gwerr.UpstreamFailed, "Gone.", "")
	}
	done, err = update.Run(t.Context(), &writer{}, rows, lost, nil)
	require.ErrorContains(t, err, "1 of 2 rows were changed. The one after it was not tried. Row 1 can't be read again: Gone.")
	assert.Equal(t, 1, done.Calls)

	gone := made(t, change.Delete, table)
	done, err = gone.Run(t.Context(), &writer{}, rows[:1], nil, nil)
	require.NoError(t, err)
	assert.Equal(t, [][]json.RawMessage{raws(`"1"`)}, done.Rows, "without RETURNING it is the key")
}

// texts writes each row.
func texts(t *testing.T, rows scan.Rows) (out []string) {
	t.Helper()
	defer rows.Close()
	for {
		b, err := rows.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		for i := range int(b.Record.NumRows()) {
			out = append(out, lineOf(b.Record, i))
		}
		b.Record.Release()
	}
}

func lineOf(rec arrow.RecordBatch, i int) string {
	var all []string
	for _, c := range rec.Columns() {
		all = append(all, c.ValueStr(i))
	}
	return strings.Join(all, "|")
}

// Calls print what they do, never with which values.
func TestCallsDoNotPrintValues(t *testing.T) {
	t.Parallel()
	c := change.Call{
		Write: &catalog.Write{Method: "PUT", Endpoint: "vans/{id}"}, Keys: map[string]string{"Id": "secret"},
		Body: []change.Member{{Place: "pin", Value: json.RawMessage(`"secret"`)}},
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.Equal(t, "PUT vans/{id}", fmt.Sprintf(verb, c), verb)
	}
}

// entering notes the environment of each call.
type entering struct {
	writer
	entered []string
}

func (e *entering) Write(ctx context.Context, c change.Call, columns []int) ([]json.RawMessage, error) {
	e.entered = append(e.entered, c.Table.Schema.ID+" "+c.Keys["Id"])
	return e.writer.Write(ctx, c, columns)
}

// Rows of all environments are changed each in its own.
func TestRowsOfAllEnvironments(t *testing.T) {
	t.Parallel()
	const first, second, third = "b4a6bc99-9a3e-4071-86c0-60c53141a91d", "0b8c5f7e-2f6b-4f0e-9a39-0f6f5d0c7a11", "7d0f2a54-3c55-4d3a-9d0c-000000000001"
	var schemas []*catalog.Schema
	own := map[string]*catalog.Table{}
	for _, id := range []string{first, second, third} {
		s := &catalog.Schema{Name: "S" + id[:1], ID: id}
		table := *declared(t, vans)
		table.Schema, s.Tables = s, []*catalog.Table{&table}
		own[id], schemas = &table, append(schemas, s)
	}
	own[third].Columns = own[third].Columns[:3] // the caller sees less of it there
	union := catalog.Union(catalog.AllEnvironments, schemas).Tables[0]
	asked := 0
	tables := func(_ context.Context, id string) (*catalog.Table, error) {
		asked++
		if own[id] == nil {
			return nil, gwerr.New(gwerr.UnknownSchema, "There is no such environment.", "")
		}
		return own[id], nil
	}
	update := made(t, change.Update, union, "Share")
	row := func(environment, id string) change.Row {
		r := change.Row{Becomes: raws("0.5")}
		for _, at := range update.Reads {
			r.Is = append(r.Is, raws(map[string]string{"Id": id, "EnvironmentId": environment}[union.Columns[at].Name])...)
		}
		return r
	}
	w := &entering{}
	done, err := update.Run(t.Context(), w, []change.Row{row(`"`+first+`"`, `"1"`), row(`"`+second+`"`, `"2"`), row(`"`+first+`"`, `"3"`)}, nil, tables)
	require.NoError(t, err)
	assert.Equal(t, []string{first + " 1", second + " 2", first + " 3"}, w.entered)
	assert.Equal(t, "PUT vans/{id} [share=0.5]", w.calls[0])
	assert.Equal(t, 2, asked, "once for each environment")
	assert.Equal(t, raws(`"2"`, `"`+second+`"`), done.Rows[1], "the key has the environment")

	for name, c := range map[string]struct{ environment, says string }{
		"no environment":         {"", "EnvironmentId of Vans can't be null."},
		"an unknown one":         {`"7d0f2a54-3c55-4d3a-9d0c-000000000002"`, "In the environment 7d0f2a54-3c55-4d3a-9d0c-000000000002: There is no such environment."},
		"one without the column": {`"` + third + `"`, "Vans has no column Share."},
	} {
		w := &entering{}
		_, err := update.Run(t.Context(), w, []change.Row{row(`"`+first+`"`, `"1"`), row(c.environment, `"2"`)}, nil, tables)
		require.ErrorContains(t, err, "Nothing was changed, because of row 2 of 2", name)
		require.ErrorContains(t, err, c.says, name)
		assert.Empty(t, w.calls, name)
	}
}
