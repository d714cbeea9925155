package model_test

import (
	"os"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// TestComparisonsAsPredicates compares columns with constants by every operator,
// and its negation. Null is unequal to every value and neither less nor greater;
// the negation of that keeps it.
//
// Source: OData 4.01 Part 2, section 5.1.1.1.
func TestComparisonsAsPredicates(t *testing.T) {
	t.Parallel()
	// Of each operator the condition on column c and value v, and its negation.
	type pair struct{ holds, fails string }
	values := map[string]pair{
		"eq": {"c = v", "c <> v OR c IS NULL"}, "ne": {"c <> v OR c IS NULL", "c = v"},
		"lt": {"c < v", "c >= v OR c IS NULL"}, "le": {"c <= v", "c > v OR c IS NULL"},
		"gt": {"c > v", "c <= v OR c IS NULL"}, "ge": {"c >= v", "c < v OR c IS NULL"},
	}
	nulls := map[string]pair{
		"eq": {"c IS NULL", "NOT (c IS NULL)"}, "ne": {"NOT (c IS NULL)", "c IS NULL"},
		"lt": {"FALSE", "TRUE"}, "le": {"c IS NULL", "NOT (c IS NULL)"},
		"gt": {"FALSE", "TRUE"}, "ge": {"c IS NULL", "NOT (c IS NULL)"},
	}
	// NaN equals nothing and has no order.
	unequal := map[string]pair{
		"eq": {"FALSE", "TRUE"}, "ne": {"TRUE", "FALSE"}, "lt": {"FALSE", "TRUE"}, "le": {"FALSE", "TRUE"}, "gt": {"FALSE", "TRUE"}, "ge": {"FALSE", "TRUE"},
	}
	// An instant between two milliseconds, of which v is the later one.
	between := map[string]pair{
		"eq": {"FALSE", "TRUE"}, "ne": {"TRUE", "FALSE"},
		"lt": {"c < v", "c >= v OR c IS NULL"}, "le": {"c < v", "c >= v OR c IS NULL"},
		"gt": {"c >= v", "c < v OR c IS NULL"}, "ge": {"c >= v", "c < v OR c IS NULL"},
	}
	swapped := map[string]string{"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
	const id = "b00c0000-0000-4000-8000-00000000000a"
	for _, c := range []struct {
		column, constant string
		rules            map[string]pair
		value            string // as predicates write it
	}{
		{"Title", "'it''s'", values, "'it''s'"},
		{"Title", "null", nulls, ""},
		{"Title", "@text", values, "'x'"},
		{"Title", "@nothing", nulls, ""},
		{"Pages", "3", values, "3"},
		{"Pages", "-3", values, "-3"},
		{"Pages", "3.0", values, "3"},
		{"Pages", "3.5", values, "3.5"},
		{"Pages", "1e3", values, "1000"},
		{"Pages", "1e300", values, "1e+300"},
		{"Pages", "INF", values, "+Inf"},
		{"Pages", "9007199254740993", values, "9007199254740993"},
		{"Pages", "NaN", unequal, ""},
		{"Pages", "'7'", values, "7"},
		{"Pages", "null", nulls, ""},
		{"Sold", "-9223372036854775808", values, "-9223372036854775808"},
		{"Sold", "9223372036854775807", values, "9223372036854775807"},
		{"Price", "3", values, "3"},
		{"Price", "3.25", values, "3.25"},
		{"Price", "-INF", values, "-Inf"},
		{"Price", "NaN", unequal, ""},
		{"BoughtAt", "2024-01-01T00:00:00Z", values, "TIMESTAMPTZ '2024-01-01T00:00:00Z'"},
		{"BoughtAt", "2024-01-01T01:00:00.25%2B01:00", values, "TIMESTAMPTZ '2024-01-01T00:00:00.25Z'"},
		{"BoughtAt", "2024-01-01", values, "TIMESTAMPTZ '2024-01-01T00:00:00Z'"},
		{"BoughtAt", "'2024-01-01'", values, "TIMESTAMPTZ '2024-01-01T00:00:00Z'"},
		{"BoughtAt", "2024-01-01T00:00:00.0005Z", between, "TIMESTAMPTZ '2024-01-01T00:00:00.001Z'"},
		{"BoughtAt", "now()", values, "TIMESTAMPTZ '2026-01-02T03:04:05Z'"},
		{"BoughtAt", "null", nulls, ""},
		{"Id", id, values, "'" + id + "'"},
		{"Id", "'" + strings.ToUpper(id) + "'", values, "'" + id + "'"},
		{"Shelf/Id", id, values, "'" + id + "'"},
		{"Shelf", "null", nulls, ""},
		{"Extra", "null", nulls, ""},
	} {
		for op, want := range c.rules {
			column := map[string]string{"Shelf/Id": "ShelfId", "Shelf": "ShelfId"}[c.column]
			if column == "" {
				column = c.column
			}
			write := func(rule string) string {
				return strings.NewReplacer("c", column, "v", c.value).Replace(rule)
			}
			for filter, where := range map[string]string{
				c.column + " " + op + " " + c.constant:                       write(want.holds),
				c.constant + " " + swapped[op] + " " + c.column:              write(want.holds),
				"not (" + c.column + " " + op + " " + c.constant + ")":       write(want.fails),
				"not (not (" + c.column + " " + op + " " + c.constant + "))": write(want.holds),
			} {
				a := mustQuery(t, "Books?$filter="+filter+"&@text='x'")
				if got := a.Accesses[0].Where.String(); got != where || a.Plain.FilterSQL != "" {
					t.Errorf("%s\ngot  %s (SQL %s)\nwant %s", filter, got, a.Plain.FilterSQL, where)
				}
			}
		}
	}
}

// TestBothBindings binds the filters of testdata/filters.txt as a predicate, and as
// SQL where that does not say it all.
func TestBothBindings(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/filters.txt")
	if err != nil {
		t.Fatal(err)
	}
	for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		var filter, where, sql string
		for line := range strings.SplitSeq(block, "\n") {
			switch {
			case strings.HasPrefix(line, "# "):
			case strings.HasPrefix(line, "  where "):
				where = strings.TrimPrefix(line, "  where ")
			case strings.HasPrefix(line, "  sql   "):
				sql = strings.TrimPrefix(line, "  sql   ")
			default:
				filter = line
			}
		}
		t.Run(filter, func(t *testing.T) {
			t.Parallel()
			q := mustQuery(t, "Books?$filter="+filter)
			a := q.Accesses[0]
			if a.Where.String() != where || q.Plain.FilterSQL != sql || a.WhereComplete != (sql == "") {
				t.Errorf("where %s (complete: %v)\nSQL   %s", a.Where, a.WhereComplete, q.Plain.FilterSQL)
			}
		})
	}
}

// TestConstantsInSQL writes constants of every kind.
func TestConstantsInSQL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, literal, sql string }{
		{"text", "'a''b\"c'", `'a''b"c'`},
		{"text with a NUL", `"a\u0000b"`, `('a' || chr(0) || 'b')`},
		{"number", "5", "5"},
		{"decimal", "0.1", "0.1"},
		{"decimal of 18 characters", "1234567890.1234567", "1234567890.1234567"},
		{"longer decimal", "1234567890.12345678", "CAST('1.2345678901234567e+09' AS DOUBLE)"},
		{"double", "1.5e3", "CAST('1500' AS DOUBLE)"},
		{"infinity", "INF", "CAST('Infinity' AS DOUBLE)"},
		{"its negative", "-INF", "CAST('-Infinity' AS DOUBLE)"},
		{"no number", "NaN", "FALSE"},
		{"guid", strings.ToUpper(odatatest.ID("book", 1)), "'" + odatatest.ID("book", 1) + "'"},
		{"instant", "2024-01-01T01:02:03.5Z", "TIMESTAMPTZ '2024-01-01T01:02:03.5Z'"},
		{"instant of another zone", "2024-01-01T01:00:00-01:00", "TIMESTAMPTZ '2024-01-01T02:00:00Z'"},
		{"finer than a microsecond", "2024-01-01T00:00:00.0000001Z", "TIMESTAMPTZ '2024-01-01T00:00:00.000001Z'"},
		{"instant before year 1", "-0001-01-01T00:00:00Z", "TIMESTAMPTZ '-infinity'"},
		{"date", "2024-02-29", "DATE '2024-02-29'"},
		{"date before year 1", "0000-01-01", "DATE '-infinity'"},
		{"time", "10:20", "TIME '10:20:00.000000'"},
		{"time with a fraction", "10:20:30.1234567", "TIME '10:20:30.123456'"},
		{"duration", "duration'P1DT2H3M4.5S'", "to_microseconds(93784500000)"},
		{"negative duration", "duration'-PT1S'", "to_microseconds(-1000000)"},
		{"true", "true", "TRUE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			filter := c.literal + " in (" + c.literal + ")"
			if c.literal[0] == '"' { // of JSON, which stands to the right alone
				filter = "tolower(Title) in [" + c.literal + "]"
			}
			sql := mustQuery(t, "Books?$filter="+filter).Plain.FilterSQL
			if !strings.Contains(sql, "IN ("+c.sql+")") && sql != c.sql {
				t.Errorf("got %s, want %s", sql, c.sql)
			}
		})
	}
}
