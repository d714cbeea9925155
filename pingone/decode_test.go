package pingone

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// things is a table with a column of every type.
var things = &catalog.Table{
	Name: "Things",
	Columns: []catalog.Column{
		{Name: "Id", Type: catalog.GUID, Source: "id", Key: true, Required: true},
		{Name: "Text", Type: catalog.String, Source: "text"},
		{Name: "Deep", Type: catalog.String, Source: "a.b.c"},
		{Name: "Flag", Type: catalog.Bool, Source: "flag"},
		{Name: "Small", Type: catalog.Int32, Source: "small"},
		{Name: "Big", Type: catalog.Int64, Source: "big"},
		{Name: "Real", Type: catalog.Float64, Source: "real"},
		{Name: "At", Type: catalog.Timestamp, Source: "at"},
		{Name: "Json", Type: catalog.JSON, Source: "json"},
		{Name: "List", Type: catalog.StringList, Source: "list"},
		{Name: "Ids", Type: catalog.StringList, Source: "refs[].id"},
		{Name: "Whole", Type: catalog.JSON, Source: "a"},
		{Name: "Either", Type: catalog.String, Source: "first|second.x"},
		{Name: "Dotted", Type: catalog.String, Source: "x..y"},
		{Name: "Barred", Type: catalog.String, Source: "x||y|z"},
		{Name: "Open", Type: catalog.JSON, Source: "json", Without: []string{"key", "password"}},
		{Name: "Names", Type: catalog.StringList, Source: "json", Names: true},
	},
}

const someID = "57de9478-0000-4383-ab62-4e086c741dff"

func decodeThings(t *testing.T, body string) (map[string]string, error) {
	t.Helper()
	all := make([]int, len(things.Columns))
	for i := range all {
		all[i] = i
	}
	d := newDecoder(newLayout(things, "", nil, all), memory.DefaultAllocator)
	defer d.release()
	p, err := d.decode([]byte(body))
	if err != nil {
		return nil, err
	}
	defer p.release()
	out := map[string]string{}
	for i, c := range things.Columns {
		out[c.Name] = p.arrays[i].ValueStr(0)
	}
	return out, nil
}

func TestDecodeValues(t *testing.T) {
	t.Parallel()
	const null = "(null)"
	cases := []struct{ name, members, column, want string }{
		{"text", `"text":"ada"`, "Text", "ada"},
		{"escapes", `"text":"a\"\\\/\b\n\u00e9\ud83d\ude00"`, "Text", "a\"\\/\b\né😀"},
		{"half a surrogate", `"text":"a\ud83db"`, "Text", "a\uFFFDb"},
		{"bytes that are no UTF-8", "\"text\":\"a\xffb\"", "Text", "a\uFFFDb"},
		{"empty text", `"text":""`, "Text", ""},
		{"number for a text", `"text":7`, "Text", "7"},
		{"number longer than any type", `"text":92233720368547758070`, "Text", "92233720368547758070"},
		{"fraction for a text", `"text":2.50`, "Text", "2.50"},
		{"fraction of zero for a text", `"text":70e1`, "Text", "700"},
		{"true for a text", `"text":true`, "Text", null},
		{"object for a text", `"text":{"text":"x"}`, "Text", null},
		{"null", `"text":null`, "Text", null},
		{"missing", `"other":1`, "Text", null},
		{"first of two", `"text":"a","text":"b"`, "Text", "a"},
		{"deep", `"a":{"x":1,"b":{"c":"here"},"y":[{}]}`, "Deep", "here"},
		{"deep without its end", `"a":{"b":7}`, "Deep", null},
		{"whole of what is also taken apart", `"a": {"b": {"c": "here"}, "n": [1, 2]}`, "Whole", `{"b":{"c":"here"},"n":[1,2]}`},
		{"part of what is also taken whole", `"a":{"b":{"c":"here"}}`, "Deep", "here"},
		{"true", `"flag":true`, "Flag", "true"},
		{"text for a flag", `"flag":"true"`, "Flag", null},
		{"int32", `"small":-5`, "Small", "-5"},
		{"int32 with a fraction of zero", `"small":5.0`, "Small", "5"},
		{"int32 too large", `"small":4294967296`, "Small", null},
		{"fraction for an int", `"small":5.5`, "Small", null},
		{"int64", `"big":9007199254740993`, "Big", "9007199254740993"},
		{"int64 too large", `"big":92233720368547758070`, "Big", null},
		{"text of digits for an int", `"big":"12"`, "Big", null},
		{"float", `"real":2.5e3`, "Real", "2500"},
		{"float too large", `"real":1e999`, "Real", null},
		{"guid in capitals", `"id":"57DE9478-0000-4383-AB62-4E086C741DFF"`, "Id", someID},
		{"time in seconds", `"at":1714521600`, "At", "2024-05-01T00:00:00Z"},
		{"time in seconds too late", `"at":99999999999999`, "At", null},
		{"time in parts of seconds", `"at":1714521600.5`, "At", null},
		{"json", `"json":{"a" : [1, "x"] }`, "Json", `{"a":[1,"x"]}`},
		{"json text", `"json":"x"`, "Json", `"x"`},
		{"secrets at any depth", `"json": {"a": [{"key": "s", "b": 1}, [{"Password": {"x": 1}}]], "key": "s", "c\"d" : {"pass": 2.50}}`, "Open", `{"a":[{"b":1},[{}]],"c\"d":{"pass":2.50}}`},
		{"a secret in another spelling", `"json":{"k\u0065y":"s","PASSWORD":"s"}`, "Open", `{}`},
		{"secrets in no object", `"json":["key",true,null]`, "Open", `["key",true,null]`},
		{"names of members", `"json":{"a":{"x":1},"b\n":2}`, "Names", `["a","b\n"]`},
		{"names of no object", `"json":["a"]`, "Names", null},
		{"list", `"list":["a","b"]`, "List", `["a","b"]`},
		{"empty list", `"list":[]`, "List", `[]`},
		{"single value for a list", `"list":"a"`, "List", `["a"]`},
		{"null in a list", `"list":["a",null]`, "List", `["a"]`},
		{"number in a list", `"list":["a",1]`, "List", null},
		{"object for a list", `"list":{"a":1}`, "List", null},
		{"ids of objects", `"refs":[{"id":"1","n":2},{"n":3},{"id":"4"}]`, "Ids", `["1","4"]`},
		{"first way", `"first":"1","second":{"x":"2"}`, "Either", "1"},
		{"second way", `"second":{"x":"2"}`, "Either", "2"},
		{"point in a name", `"x.y":"dot"`, "Dotted", "dot"},
		{"bar in a name", `"x":"1","y":"2","x|y":"bar"`, "Barred", "bar"},
		{"way behind a bar in a name", `"z":"last"`, "Barred", "last"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			body := `{"_links":{"self":{"href":"x"}},` + c.members + `}`
			if c.column != "Id" {
				body = `{"id":"` + someID + `",` + c.members + `}`
			}
			got, err := decodeThings(t, body)
			require.NoError(t, err)
			require.Equal(t, c.want, got[c.column])
		})
	}
}

func TestDecodeTimes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"2024-04-26T16:42:05.051Z", "2024-02-29T23:59:59.999Z", "1969-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z",
		"2024-04-26T16:42:05Z", "2024-04-26T16:42:05.051234Z", "2024-04-26T18:42:05.051+02:00", "2024-04-26T16:42:05.1Z", "9999-12-31T23:59:59.999Z",
	} {
		want, err := time.Parse(time.RFC3339Nano, text)
		require.NoError(t, err)
		got, ok := parseTime([]byte(text))
		require.True(t, ok, text)
		require.Equal(t, want.UnixMilli(), got, text)
	}
	for _, text := range []string{"", "2024-04-26", "2024-13-01T00:00:00.000Z", "2024-02-30T00:00:00.000Z", "2024-01-01T24:00:00.000Z", "yesterday", "2024-01-01T00:00:00.0000"} {
		_, ok := parseTime([]byte(text))
		require.False(t, ok, text)
	}
	for day := range 366 * 8 { // the fast way agrees with the library on every day
		at := time.Date(2019, 1, 1, 12, 34, 56, 789e6, time.UTC).AddDate(0, 0, day)
		got, ok := parseTime([]byte(at.Format("2006-01-02T15:04:05.000Z")))
		require.True(t, ok)
		require.Equal(t, at.UnixMilli(), got)
	}
}

func TestDecodeRefusesWhatIsNotComplete(t *testing.T) {
	t.Parallel()
	page := string(halPage(3))
	for _, c := range []struct{ name, body string }{
		{"nothing", ""},
		{"last bracket missing", page[:len(page)-1]},
		{"half a page", page[:len(page)/2]},
		{"after a whole row", page[:strings.Index(page, `},{"_links"`)+1]},
		{"text instead of JSON", "<html>Bad gateway</html>"},
		{"an array", "[]"},
		{"bytes behind the end", page + "}"},
		{"half a text behind the end", page + `"`},
		{"no collection", `{"_links":{}}`},
		{"collection of another name", `{"_embedded":{"groups":[]},"size":0}`},
		{"collection that is not an array", `{"_embedded":{"users":{}}}`},
		{"row that is not an object", `{"_embedded":{"users":[7]}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			table := usersTable(t)
			d := newDecoder(newLayout(table, "users", nil, positions(t, table, "Id", "Username")), memory.DefaultAllocator)
			_, err := d.decode([]byte(c.body))
			require.True(t, gwerr.Is(err, gwerr.UpstreamCutShort), "%v", err)
			p, err := d.decode([]byte(page)) // the decoder can be used again
			require.NoError(t, err)
			require.Equal(t, 3, p.rows)
			require.Equal(t, 3, p.arrays[0].Len())
		})
	}
}

func TestEveryCutIsSeen(t *testing.T) {
	t.Parallel()
	table, page := usersTable(t), halPage(2)
	d := newDecoder(newLayout(table, "users", nil, positions(t, table, tenColumns...)), memory.DefaultAllocator)
	for n := range page {
		_, err := d.decode(page[:n])
		require.Error(t, err, "cut at %d of %d", n, len(page))
	}
}

func TestRowWithoutARequiredValueIsRefused(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"text":"a"}`, `{"id":"not-a-guid"}`, `{"id":null}`, `{"id":5}`} {
		_, err := decodeThings(t, body)
		require.True(t, gwerr.Is(err, gwerr.UpstreamRejected), "%s: %v", body, err)
		require.Contains(t, err.Error(), "Id")
		require.NotContains(t, err.Error(), "not-a-guid")
	}
}

func TestPageEnvelope(t *testing.T) {
	t.Parallel()
	table := usersTable(t)
	d := newDecoder(newLayout(table, "users", nil, nil), memory.DefaultAllocator)
	for _, c := range []struct {
		name, body, next string
		rows             int
		count            int64
	}{
		{"hal", string(halPage(2)), "https://api.pingone.eu/v1/environments/0b8c5f7e-2f6b-4f0e-9a39-0f6f5d0c7a10/users?cursor=abc&limit=200", 2, 14},
		{"links behind the rows", `{"_embedded":{"users":[{}]},"_links":{"next":{"href":"n"}}}`, "n", 1, -1},
		{"no rows", `{"_embedded":{"users":[]},"count":0,"size":0}`, "", 0, 0},
		{"no rows and no collection", `{"count":0,"size":0}`, "", 0, 0},
		{"odd members", `{"count":"7","_links":[],"_embedded":{"x":1,"users":[]}}`, "", 0, -1},
		{"space", " {\n\"_embedded\" : { \"users\" : [ { } ] } } \n", "", 1, -1},
	} {
		p, err := d.decode([]byte(c.body))
		require.NoError(t, err, c.name)
		require.Equal(t, c.next, p.next, c.name)
		require.Equal(t, c.rows, p.rows, c.name)
		require.Equal(t, c.count, p.count, c.name)
	}
}

// FuzzDecode feeds anything: the decoder must not panic, and must read what
// encoding/json reads of the same page.
func FuzzDecode(f *testing.F) {
	f.Add(halPage(2))
	f.Add([]byte(`{"_embedded":{"users":[{"id":"` + someID + `","username":"\ud83d\ude00","name":{"given":null}}]}}`))
	f.Add([]byte(`{"_embedded":{"users":[{"id":1}]}}`))
	f.Add([]byte("{\"_embedded\":{\"users\":[{\"username\":\"\xff\"}]}}"))
	table := &catalog.Table{Name: "T", Columns: []catalog.Column{
		{Name: "Username", Type: catalog.String, Source: "username"},
		{Name: "Given", Type: catalog.String, Source: "name.given"},
		{Name: "Enabled", Type: catalog.Bool, Source: "enabled"},
	}}
	f.Fuzz(func(t *testing.T, body []byte) {
		d := newDecoder(newLayout(table, "users", nil, []int{0, 1, 2}), memory.DefaultAllocator)
		defer d.release()
		p, err := d.decode(body)
		if err != nil {
			return
		}
		defer p.release()
		rows, ok := plainRows(body)
		if !ok {
			return // the envelope is odd in a way that only encoding/json minds
		}
		if len(rows) != p.rows {
			t.Fatalf("%d rows, encoding/json has %d", p.rows, len(rows))
		}
		for i, row := range rows {
			for c, want := range []any{row["username"], given(row), row["enabled"]} {
				got := p.arrays[c].ValueStr(i)
				text, isText := want.(string)
				flag, isFlag := want.(bool)
				switch {
				case c < 2 && isText && got != text, c == 2 && isFlag && got != fmt.Sprint(flag):
					t.Fatalf("row %d column %d: %q, encoding/json has %v", i, c, got, want)
				case c < 2 && !isText && p.arrays[c].IsValid(i), c == 2 && !isFlag && p.arrays[c].IsValid(i):
					t.Fatalf("row %d column %d: %q, encoding/json has %v", i, c, got, want)
				}
			}
		}
	})
}

// plainRows reads a page in the usual way; ok is false for pages with repeated
// members, of which encoding/json takes the last.
func plainRows(body []byte) (rows []map[string]any, ok bool) {
	var top map[string]json.RawMessage
	if json.Unmarshal(body, &top) != nil || repeats(body) {
		return nil, false
	}
	var embedded map[string]json.RawMessage
	if json.Unmarshal(top["_embedded"], &embedded) != nil {
		return nil, false
	}
	return rows, json.Unmarshal(embedded["users"], &rows) == nil
}

func given(row map[string]any) any {
	name, _ := row["name"].(map[string]any)
	return name["given"]
}

// repeats reports whether an object anywhere has a member twice.
func repeats(body []byte) bool {
	dec := json.NewDecoder(strings.NewReader(string(body)))
	var walk func() bool
	walk = func() bool {
		tok, err := dec.Token()
		if err != nil {
			return true
		}
		switch tok {
		case json.Delim('{'):
			seen := map[string]bool{}
			for dec.More() {
				key, err := dec.Token()
				if err != nil || seen[key.(string)] {
					return true
				}
				seen[key.(string)] = true
				if walk() {
					return true
				}
			}
			_, err = dec.Token()
		case json.Delim('['):
			for dec.More() {
				if walk() {
					return true
				}
			}
			_, err = dec.Token()
		}
		return err != nil
	}
	return walk()
}

// TestDeepJSONIsRefused: whoever writes an attribute in PingOne may not end the
// engine that reads it.
func TestDeepJSONIsRefused(t *testing.T) {
	t.Parallel()
	lists := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	objects := func(n int) string { return strings.Repeat(`{"a": `, n) + "1" + strings.Repeat("}", n) }
	for name, c := range map[string]struct {
		json string
		good bool
	}{
		"as deep as can be":      {lists(maxDepth), true},
		"one level more":         {lists(maxDepth + 1), false},
		"objects":                {objects(maxDepth), true},
		"one object more":        {objects(maxDepth + 1), false},
		"very deep":              {lists(9000), false},
		"wide":                   {"[" + strings.Repeat("[],", 5000) + "{}]", true},
		"brackets in texts":      {`["` + strings.Repeat("[{", 500) + `","\"[[\\", "` + strings.Repeat(`\"[`, 500) + `"]`, true},
		"behind a text with end": {`["\\",` + lists(maxDepth) + `]`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeThings(t, `{"id":"`+someID+`","json":`+c.json+`}`)
			if c.good {
				require.NoError(t, err)
				require.Equal(t, strings.ReplaceAll(strings.ReplaceAll(c.json, ": ", ":"), ", ", ","), got["Json"])
				return
			}
			require.True(t, gwerr.Is(err, gwerr.UpstreamRejected), "%v", err)
			require.ErrorContains(t, err, "Json")
			require.NotContains(t, err.Error(), "[[")
		})
	}
}
