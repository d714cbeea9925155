//go:build duckdb_arrow

package duck_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

func str(s string) duck.Parameter  { return duck.Parameter{Value: predicate.StringValue(s)} }
func num(i int64) duck.Parameter   { return duck.Parameter{Value: predicate.IntValue(i)} }
func dec(f float64) duck.Parameter { return duck.Parameter{Value: predicate.FloatValue(f)} }

func TestParameters(t *testing.T) {
	t.Parallel()
	e := open(t)
	cases := []struct {
		name, sql  string
		positional []duck.Parameter
		named      map[string]duck.Parameter
		where      string
	}{
		{"question marks", "SELECT Name FROM Members WHERE Name = ? AND Age > ?", []duck.Parameter{str("it's"), num(3)}, nil, "Name = 'it''s' AND Age > 3"},
		{"numbers, used twice", "SELECT Name FROM Members WHERE Name = $2 OR Email = $2 OR Age = $1", []duck.Parameter{num(-1), str("x")}, nil, "Age = -1 OR Name = 'x' OR Email = 'x'"},
		{"colon names", "SELECT Name FROM Members WHERE Name = :who", nil, map[string]duck.Parameter{"WHO": str("x")}, "Name = 'x'"},
		{"at names", "SELECT Name FROM Members WHERE Name=@who AND Age=@n", nil, map[string]duck.Parameter{"who": str("x"), "n": num(1)}, "Name = 'x' AND Age = 1"},
		{"dollar names", "SELECT Name FROM Members WHERE Name = $who", nil, map[string]duck.Parameter{"who": str("x")}, "Name = 'x'"},
		{"an id", "SELECT Name FROM Members WHERE Id = ?", []duck.Parameter{str(strings.ToUpper(ann))}, nil, "Id = '" + ann + "'"},
		{"a typed id", "SELECT Name FROM Members WHERE Id = ?", []duck.Parameter{{Value: predicate.UUIDValue(ann)}}, nil, "Id = '" + ann + "'"},
		{"a time as text", "SELECT Name FROM Members WHERE Joined >= ?", []duck.Parameter{str("2024-02-29T10:00:00.123Z")}, nil, "Joined >= TIMESTAMPTZ '2024-02-29T10:00:00.123Z'"},
		{"a time", "SELECT Name FROM Members WHERE Joined >= ?", []duck.Parameter{{Value: predicate.TimeValue(joined)}}, nil, "Joined >= TIMESTAMPTZ '2024-02-29T10:00:00.123Z'"},
		{"a Boolean", "SELECT Name FROM Members WHERE Active = ?", []duck.Parameter{{Value: predicate.BoolValue(true)}}, nil, "Active = TRUE"},
		{"a whole float", "SELECT Name FROM Members WHERE Age = ?", []duck.Parameter{dec(3)}, nil, "Age = 3"},
		{"a float", "SELECT Name FROM Members WHERE Balance < ?", []duck.Parameter{dec(1.5)}, nil, "Balance < 1.5"},
		{"the least integer", "SELECT Name FROM Members WHERE Points > ?", []duck.Parameter{num(math.MinInt64)}, nil, "Points > -9223372036854775808"},
		{"a null", "SELECT Name FROM Members WHERE Name = ?", []duck.Parameter{{Null: true}}, nil, "FALSE"},
		{"a pattern", "SELECT Name FROM Members WHERE Name LIKE ?", []duck.Parameter{str("a%")}, nil, "Name LIKE 'a%'"},
		{"not in texts", "SELECT ':x ? $1 @y' FROM Members WHERE Name = ? -- :z", []duck.Parameter{str("x")}, nil, "Name = 'x'"},
		{"an attack", "SELECT Name FROM Members WHERE Name = ?", []duck.Parameter{str(`x' OR '1'='1`)}, nil, `Name = 'x'' OR ''1''=''1'`},
		{"another attack", "SELECT Name FROM Members WHERE Name = ?", []duck.Parameter{str(`\'; DROP TABLE x; --`)}, nil, `Name = '\''; DROP TABLE x; --'`},
		{"no minus before a minus", "SELECT Name FROM Members WHERE Age = 1-?", []duck.Parameter{num(-2)}, nil, "Age = 3"},
		{"no prefix of a text", "SELECT Name FROM Members WHERE Name = E?", []duck.Parameter{str("x")}, nil, ""},
		{"casts and slices", "SELECT Name::VARCHAR, Tags[1:2], {'a':1} FROM Members WHERE Age = ?", []duck.Parameter{num(2)}, nil, "Age = 2"},
		{"a limit", "SELECT Name FROM Members WHERE Age = 1 LIMIT ?", []duck.Parameter{num(2)}, nil, "Age = 1"},
		{"a top", "SELECT TOP (?) Name FROM Members WHERE Age = 1", []duck.Parameter{num(2)}, nil, "Age = 1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := request(c.sql)
			r.Positional, r.Named = c.positional, c.named
			q, err := e.Bind(context.Background(), r)
			if c.where == "" {
				if err == nil {
					t.Fatalf("got %s", printed(q))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := q.Accesses[0].Where.String(); got != c.where {
				t.Errorf("got %s, want %s", got, c.where)
			}
		})
	}
}

func TestParametersReachTheEngine(t *testing.T) {
	t.Parallel()
	e := open(t)
	odd := "it's \\ \" $$ ? :x \U0001F600 \n é"
	r := request("SELECT ?, ?, ?, upper(?), ? IS NULL")
	r.Positional = []duck.Parameter{str(odd), num(-5), dec(1.25), str("a"), {Null: true}}
	q, err := e.Bind(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := run(context.Background(), e, query.Job{SQL: q.SQL, Parameters: q.Parameters})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{odd + "|-5|1.25|A|true"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBadParameters(t *testing.T) {
	t.Parallel()
	e := open(t)
	cases := []struct {
		name, sql  string
		positional []duck.Parameter
		named      map[string]duck.Parameter
	}{
		{"one missing", "SELECT ?, ?", []duck.Parameter{num(1)}, nil},
		{"one surplus", "SELECT ?", []duck.Parameter{num(1), num(2)}, nil},
		{"a name missing", "SELECT :a", nil, map[string]duck.Parameter{"b": num(1)}},
		{"a name surplus", "SELECT :a", nil, map[string]duck.Parameter{"a": num(1), "b": num(1)}},
		{"number zero", "SELECT $0", []duck.Parameter{num(1)}, nil},
		{"a huge number", "SELECT $99999999999999999999", []duck.Parameter{num(1)}, nil},
		{"a zero byte", "SELECT ?", []duck.Parameter{str("a\x00b")}, nil},
		{"no UTF-8", "SELECT ?", []duck.Parameter{str("a\xff")}, nil},
		{"not finite", "SELECT ?", []duck.Parameter{dec(math.Inf(1))}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := request(c.sql)
			r.Positional, r.Named = c.positional, c.named
			if _, err := e.Bind(context.Background(), r); !gwerr.Is(err, gwerr.BadParameter) {
				t.Errorf("got %v, want a bad parameter", err)
			}
		})
	}
}

// TestParametersAreUsedWithinBounds uses one value so often that the engine's
// text would be a thousand times as long.
func TestParametersAreUsedWithinBounds(t *testing.T) {
	t.Parallel()
	e := open(t)
	for name, value := range map[string]duck.Parameter{
		"a text": str(strings.Repeat("a", 100_000)),
		"a list": {List: slices.Repeat([]duck.Parameter{str("abcdefgh")}, 10_000)},
	} {
		r := request("SELECT lower(" + strings.Repeat(":a, ", 1000) + ":a)")
		r.Named = map[string]duck.Parameter{"a": value}
		_, err := e.Bind(context.Background(), r)
		if !gwerr.Is(err, gwerr.TooLarge) || gwerr.From(err).Position < 0 {
			t.Errorf("%s: got %v, want too large, with its place", name, err)
		}
	}
}
