package console

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// people is a table whose service looks names up, and nothing else.
var people = &catalog.Table{Name: "People", Columns: []catalog.Column{
	{Name: "Name", Type: catalog.String},
	{Name: "Motto", Type: catalog.String},
	{Name: "Kind", Type: catalog.String, Values: []string{"A", "B"}},
	{Name: "Id", Type: catalog.GUID},
	{Name: "Age", Type: catalog.Int32},
	{Name: "Weight", Type: catalog.Float64},
	{Name: "Since", Type: catalog.Timestamp},
	{Name: "Active", Type: catalog.Bool},
	{Name: "Tags", Type: catalog.StringList},
	{Name: "More", Type: catalog.JSON},
}, Paths: []catalog.Path{
	{Name: "list", List: "people", Filters: map[string]catalog.Filter{"Name": {Operators: []predicate.Operator{predicate.OpEq, predicate.OpSw}}}},
}}

func fieldsOf(t *catalog.Table) (out []field) {
	for i := range t.Columns {
		if f, ok := fieldOf(t, &t.Columns[i]); ok {
			out = append(out, f)
		}
	}
	return out
}

const id = "5e1f0000-0000-4000-8000-000000000001"

// What is typed becomes a condition; the condition, read again, stands in the field.
func TestFields(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, column, typed, want string
		// again is what the field holds when the address is read; "" for typed.
		again string
	}{
		{"nothing", "Name", "  ", "", ""},
		{"a name is looked up", "Name", "Ada", "Name eq 'Ada'", ""},
		{"a quote", "Name", "O'Hara", "Name eq 'O''Hara'", ""},
		{"a text that can't be looked up is searched", "Motto", "carpe", "contains(Motto,'carpe')", ""},
		{"known values are whole", "Kind", "A", "Kind eq 'A'", ""},
		{"the beginning", "Name", "Ad*", "startswith(Name,'Ad')", ""},
		{"the end", "Name", "*da", "endswith(Name,'da')", ""},
		{"a part", "Name", "*d*", "contains(Name,'d')", ""},
		{"exactly", "Motto", "=carpe", "Motto eq 'carpe'", ""},
		{"exactly where that is meant anyway", "Name", "=Ada", "Name eq 'Ada'", "Ada"},
		{"a star itself", "Name", "=a*b", "Name eq 'a*b'", ""},
		{"another text", "Name", "!Ada", "Name ne 'Ada'", ""},
		{"the word null", "Name", "=null", "Name eq 'null'", ""},
		{"no value", "Name", "null", "Name eq null", ""},
		{"any value", "Age", "!null", "Age ne null", ""},
		{"a number", "Age", "42", "Age eq 42", ""},
		{"a larger number", "Age", ">42", "Age gt 42", ""},
		{"not larger", "Age", "<= 42", "Age le 42", "<=42"},
		{"another number", "Age", "!42", "Age ne 42", ""},
		{"a range", "Age", "18..65", "Age ge 18 and Age le 65", ""},
		{"a fraction", "Weight", ">=1.5", "Weight ge 1.5", ""},
		{"a day", "Since", "2026-01-31", "Since ge 2026-01-31T00:00:00Z and Since lt 2026-02-01T00:00:00Z", ""},
		{"after a day", "Since", ">2026-01-31", "Since gt 2026-01-31T00:00:00Z", ">2026-01-31T00:00:00Z"},
		{"a time elsewhere", "Since", "<2026-01-31T12:00:00+01:00", "Since lt 2026-01-31T11:00:00Z", "<2026-01-31T11:00:00Z"},
		{"a truth", "Active", "true", "Active eq true", ""},
		{"an id", "Id", id, "Id eq " + id, ""},
		{"an item", "Tags", "go", "Tags/any(x:x eq 'go')", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			column := people.Column(c.column)
			f, ok := fieldOf(people, column)
			require.True(t, ok)
			f.Value = c.typed
			got, err := f.condition(column)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
			if got == "" {
				return
			}
			e, err := uri.ParseFilter(got, uri.DefaultLimits())
			require.NoError(t, err)
			fields := fieldsOf(people)
			assert.Empty(t, filled(fields, people, e), "nothing is left over")
			if c.again == "" {
				c.again = c.typed
			}
			for _, f := range fields {
				if f.Column == c.column {
					assert.Equal(t, c.again, f.Value)
				} else {
					assert.Empty(t, f.Value, f.Column)
				}
			}
		})
	}
	_, ok := fieldOf(people, people.Column("More"))
	assert.False(t, ok, "JSON has no field")
}

func TestFieldsRefuse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ column, typed, want string }{
		{"Name", "a*b", "A * stands at the beginning or the end."},
		{"Name", "*a*b*", "A * stands at the beginning or the end."},
		{"Age", "old", "old is not a whole number."},
		{"Age", "1..old", "old is not a whole number."},
		{"Age", "x..2", "x is not a whole number."},
		{"Age", ">", "is not a whole number."},
		{"Weight", "heavy", "heavy is not a number."},
		{"Since", "yesterday", "yesterday is not a time."},
		{"Active", "perhaps", "perhaps is neither true nor false."},
		{"Id", "7", "7 is not an id."},
		{"Id", "'" + id + "'", "is not an id."},
		{"Id", id + " or true", "is not an id."},
	} {
		column := people.Column(c.column)
		f, _ := fieldOf(people, column)
		f.Value = c.typed
		_, err := f.condition(column)
		assert.ErrorContains(t, err, c.want, c.typed)
	}
}

// Conditions that no field can say stay as they are.
func TestRestOfAFilter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ filter, name, age, rest string }{
		{"Name eq 'Ada' and Age gt 3", "Ada", ">3", ""},
		{"Name eq 'Ada' or Age gt 3", "", "", "Name eq 'Ada' or Age gt 3"},
		{"Name eq 'Ada' and (Age gt 3 or Age eq null)", "Ada", "", "(Age gt 3 or Age eq null)"},
		{"Name eq 'Ada' and Name ne 'Bob'", "Ada", "", "Name ne 'Bob'"},
		{"Age ge 3 and Name eq 'Ada' and Age le 5", "Ada", ">=3", "Age le 5"},
		{"Age gt 3 and Age lt 9", "", ">3", "Age lt 9"},
		{"Boss/Name eq 'Ada'", "", "", "Boss/Name eq 'Ada'"},
		{"tolower(Name) eq 'ada'", "", "", "tolower(Name) eq 'ada'"},
		{"'Ada' eq Name", "", "", "'Ada' eq Name"},
		{"Name eq 'a' and not (Age eq 3)", "a", "", "not (Age eq 3)"},
		{"Tags/any(t:t ne 'go')", "", "", "Tags/any(t:t ne 'go')"},
		{"Name in ('a','b')", "", "", "Name in ('a','b')"},
	} {
		e, err := uri.ParseFilter(c.filter, uri.DefaultLimits())
		require.NoError(t, err, c.filter)
		fields := fieldsOf(people)
		assert.Equal(t, c.rest, filled(fields, people, e), c.filter)
		for _, f := range fields {
			switch f.Column {
			case "Name":
				assert.Equal(t, c.name, f.Value, c.filter)
			case "Age":
				assert.Equal(t, c.age, f.Value, c.filter)
			default:
				assert.Empty(t, f.Value, c.filter)
			}
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]value{
		`null`: {Null: true}, ``: {Null: true}, `"a\n b"`: {Text: "a b"}, `12345678901234567890`: {Text: "12345678901234567890", Number: true},
		`true`: {Text: "true"}, `[]`: {Text: "none"}, `["a","b"]`: {Text: "a, b"}, `["a","b","c","d","e","f"]`: {Text: "a, b, c, d, and 2 more"},
		`{"@odata.id":"x","Id":"1","Name":"Ada"}`: {Text: "Ada"}, `{"Id":"1","Kind":"k"}`: {Text: "k"}, `{"Id":"1"}`: {Text: "1"}, `{}`: {},
		`[{"Name":"A"},{"Name":"B"}]`: {Text: "A, B"},
	} {
		assert.Equal(t, want, show([]byte(raw)), raw)
	}
	assert.Len(t, []rune(short(string(make([]byte, 300))+"x")), 101)
}

func TestOptions(t *testing.T) {
	t.Parallel()
	o := optionsOf("$filter=Name%20eq%20%27a%26b%27&top=3&rows&key=secret&%24skiptoken=x&skip=2&@p=1&bad=%zz&$expand=A,B&$format=json")
	assert.Equal(t, "$filter=Name%20eq%20'a%26b'&$top=3&@p=1&$expand=A,B", o.odata().String(), "what OData knows, and no key")
	assert.Equal(t, "3", o.get("$top"))
	assert.Equal(t, "$filter=x&$top=3", o.odata().with("$expand", "").with("@p", "").with("$filter", "x").String())
	assert.Equal(t, "$top=1&$orderby=Name", options{{"top", "1"}}.with("$top", "1").with("$orderby", "Name").String())
	assert.Equal(t, []string{"a", "b"}, optionsOf("column=a&x=1&column=b").all("column"))
	again := optionsOf(options{{"$filter", `a'"<>&=?#+% ö/:@(),;`}}.String())
	assert.Equal(t, options{{"$filter", `a'"<>&=?#+% ö/:@(),;`}}, again)
}
