package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

func TestBind(t *testing.T) {
	t.Parallel()
	have := map[string]auth.Attribute{
		"name":  auth.Text("O'Brien"),
		"many":  auth.Text("a", "b"),
		"level": {predicate.IntValue(-3)},
		"rate":  {predicate.FloatValue(1.5)},
		"admin": {predicate.BoolValue(true)},
		"since": {predicate.TimeValue(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))},
		"id":    {predicate.UUIDValue("ABCD")},
		"nul":   auth.Text("a\x00b"),
		"bytes": auth.Text("a\xffb"),
		"a b":   auth.Text("c"),
	}
	cases := []struct{ name, filter, want string }{
		{"no value", "IsEnabled AND Name LIKE 'a%'", "IsEnabled AND Name LIKE 'a%'"},
		{"quote doubled", "Name = caller.name", "Name = 'O''Brien'"},
		{"any case of caller", "Name = CALLER.name OR Name = Caller . name", "Name = 'O''Brien' OR Name = 'O''Brien'"},
		{"quoted name", `Name = caller."a b"`, "Name = 'c'"},
		{"number", "Level > caller.level", "Level > (-3)"},
		{"float", "Rate > caller.rate", "Rate > (1.5)"},
		{"bool", "IsAdmin = caller.admin", "IsAdmin = TRUE"},
		{"time", "CreatedAt > caller.since", "CreatedAt > TIMESTAMPTZ '2026-01-02T03:04:05Z'"},
		{"uuid", "Id = caller.id", "Id = 'abcd'"},
		{"list", "Name IN (caller.many, 'c')", "Name IN ('a', 'b', 'c')"},
		{"list in second place", "Name IN ('c', caller.many)", "Name IN ('c', 'a', 'b')"},
		{"bare list", "Name IN caller.many", "Name IN ('a', 'b')"},
		{"inside text nothing is replaced", "Name = 'caller.name'", "Name = 'caller.name'"},
		{"inside a quoted name nothing is replaced", `"caller.name" = 1`, `"caller.name" = 1`},
		{"several values outside of IN", "Name = caller.many", "missing"},
		{"several values in a function inside IN", "Name IN (lower(caller.many))", "missing"},
		{"missing", "Name = caller.nobody", "missing"},
		{"names count letter case", "Name = caller.NAME", "missing"},
		{"NUL", "Name = caller.nul", "missing"},
		{"bad UTF-8", "Name = caller.bytes", "missing"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := parseFilter(c.filter)
			if err != nil {
				t.Fatal(err)
			}
			got, err := f.Bind(have)
			if err != nil {
				got = "missing"
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if f.satisfied(have) != (c.want != "missing") {
				t.Error("satisfied disagrees with Bind")
			}
		})
	}
}

func TestBindRefusesEndlessLists(t *testing.T) {
	t.Parallel()
	f, err := parseFilter("Name IN (caller.many)")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]auth.Attribute{"many": make(auth.Attribute, maxValues+1)}
	if _, err := f.Bind(have); !gwerr.Is(err, gwerr.LimitExceeded) {
		t.Errorf("got %v", err)
	}
	if !f.satisfied(have) {
		t.Error("too many values must fail, not hide rows")
	}
}

func TestParseFilterRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, filter, want string }{
		{"empty", "  ", "empty"},
		{"comment", "IsEnabled -- all", "comment"},
		{"block comment", "IsEnabled /* */", "comment"},
		{"second statement", "TRUE; DROP TABLE x", "no place"},
		{"parameter", "Id = $1", "no place"},
		{"question mark", "Id = ?", "no place"},
		{"dollar quote", "Id = $$a$$", "no place"},
		{"escape string", `Id = E'a'`, "single quotes"},
		{"open quote", "Id = 'a", "not closed"},
		{"open name", `"Id = 1`, "not closed"},
		{"open parenthesis", "(Id = 1", "is missing"},
		{"closed too often", "TRUE) OR (TRUE", "nothing to close"},
		{"sub-query", "Id IN (SELECT Id FROM Users)", "sub-queries"},
		{"caller alone", "Id = caller", "dot and a name"},
		{"caller at the end", "Id = caller.", "dot and a name"},
		{"nested", "Id = caller.address.city", "second dot"},
		{"NUL", "Id = 'a\x00'", "zero byte"},
		{"bad UTF-8", "Id = \xff", "UTF-8"},
		{"named parameter", "Id = :caller", "no place"},
		{"place behind longer letters", "Name = 'Größe' AND #", "character 20"},
		{"reference behind them", "Name = 'Größe' AND Id = caller", "caller at character 25"},
		{"comment behind them", "Name = 'Größe' -- x", "character 16"},
		{"query behind them", "Name = 'Größe' AND Id IN (SELECT 1)", "character 27"},
		{"text that doesn't end behind them", "Name = 'Größe' AND Name = 'x", "character 27"},
		{"odd space", "Id =\u20281", "not a plain space"},
		{"hexadecimal text", "Id = X'00'", "single quotes"},
		{"control character", "Id = \x01", "no place"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := parseFilter(c.filter)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

// FuzzFilter: whatever a caller's value is, it changes no other token of the
// condition.
func FuzzFilter(f *testing.F) {
	f.Add("Name = caller.v AND (IsEnabled OR Id IN (caller.v))", "x' OR 'a'='a")
	f.Add("Name = caller.v", `\`)
	f.Add("Name LIKE '%''' || caller.v", "--")
	f.Add("Name IN caller.v", "\u2028; DROP")
	f.Add(`"caller"."v" = caller."v"`, "''")
	f.Fuzz(func(t *testing.T, text, v string) {
		filter, err := parseFilter(text)
		if err != nil {
			return
		}
		bound, err := filter.Bind(map[string]auth.Attribute{"v": auth.Text(v)})
		if err != nil {
			return
		}
		plain, err := filter.Bind(map[string]auth.Attribute{"v": auth.Text("plain")})
		if err != nil {
			t.Fatalf("%q takes %q but no plain text", text, v)
		}
		a, errA := tokenize(bound)
		b, errB := tokenize(plain)
		if errA != nil || errB != nil || len(a) != len(b) {
			t.Fatalf("%q with %q: %q (%v, %v)", text, v, bound, errA, errB)
		}
		value := "'" + strings.ReplaceAll(v, "'", "''") + "'"
		for i := range a {
			if a[i].Text != b[i].Text && (a[i].Text != value || b[i].Text != "'plain'") {
				t.Fatalf("%q with %q: token %q became %q", text, v, b[i].Text, a[i].Text)
			}
		}
	})
}

// FuzzPolicyFile: no text makes the reader fail otherwise than with problems,
// and every grant that is read names what it is about.
func FuzzPolicyFile(f *testing.F) {
	f.Add("version: 1\nroles:\n  a:\n    grants:\n      - {connections: [\"*\"], schemas: [x], tables: [y], rows: a = caller.b}")
	f.Add("version: 1\nroles: {a: {limits: {time: 3s, requests_per_second: 1e3}}}")
	f.Add("version: &a 1\nroles: *a")
	f.Add("? [a]\n: b")
	f.Add("[[[[[[")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse("fuzz.yaml", []byte(text))
		if err != nil {
			if !gwerr.Is(err, gwerr.Config) {
				t.Fatal(err)
			}
			return
		}
		for _, r := range p.Roles {
			if slices.ContainsFunc(r.Grants, func(g Grant) bool {
				return len(g.Connections) == 0 || len(g.Schemas) == 0 || len(g.Tables) == 0
			}) {
				t.Fatalf("a grant about nothing: %q", text)
			}
		}
	})
}

func TestPattern(t *testing.T) {
	t.Parallel()
	cases := []struct {
		pattern, name string
		want          bool
	}{
		{"Users", "users", true},
		{"Users", "Users2", false},
		{"*", "", true},
		{"*", "anything", true},
		{"User*", "UserGroupAssociations", true},
		{"*Id", "PopulationId", true},
		{"*Id", "Identity", false},
		{"a*b*c", "aXbYc", true},
		{"a*b*c", "acb", false},
		{"a*a", "a", false},
		{"ab*bc", "abc", false},
		{"", "x", false},
	}
	for _, c := range cases {
		if got := Pattern(c.pattern).Match(c.name); got != c.want {
			t.Errorf("%q matches %q: %v", c.pattern, c.name, got)
		}
	}
}
