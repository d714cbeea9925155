package scim_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scim"
)

var path = &catalog.Path{Name: "list", And: true, Or: true, Filters: map[string]catalog.Filter{
	"Name":    {Attribute: "name.given", Operators: []predicate.Operator{predicate.OpEq, predicate.OpSw, predicate.OpEw, predicate.OpCo}},
	"Enabled": {Attribute: "enabled", Operators: []predicate.Operator{predicate.OpEq}, Exact: true},
	"Id":      {Attribute: "id", Operators: []predicate.Operator{predicate.OpEq}, Exact: true},
	"At":      {Attribute: "recordedAt", Operators: []predicate.Operator{predicate.OpGe, predicate.OpLt}, Exact: true},
	"Alias":   {Attribute: "alias", Unconfirmed: []predicate.Operator{predicate.OpEq}},
}}

func eq(column, text string) predicate.Expr {
	return predicate.Cmp{Column: column, Op: predicate.Eq, Value: predicate.StringValue(text)}
}

func TestFit(t *testing.T) {
	t.Parallel()
	long := eq("Name", strings.Repeat("x", 300))
	many := make([]predicate.Value, 50)
	for i := range many {
		many[i] = predicate.StringValue(fmt.Sprint("value", i))
	}
	list := predicate.In{Column: "Name", Values: many}
	alias := eq("Id", "7")
	for name, c := range map[string]struct {
		in   predicate.Expr
		want string
		left int
	}{
		"all fits":                       {predicate.AllOf(eq("Name", "a"), alias), predicate.AllOf(eq("Name", "a"), alias).String(), 0},
		"a long term alone":              {long, "TRUE", 1},
		"a long term beside a short one": {predicate.AllOf(long, alias), alias.String(), 1},
		"a list can be cut":              {list, list.String(), 0},
		"a list with one long value":     {predicate.In{Column: "Name", Values: append(many[:3:3], predicate.StringValue(strings.Repeat("y", 300)))}, "TRUE", 1},
		"a long branch":                  {predicate.AnyOf(long, alias), "TRUE", 1},
		"many terms":                     {predicate.AllOf(eq("Name", strings.Repeat("p", 120)), eq("Id", strings.Repeat("q", 60))), eq("Id", strings.Repeat("q", 60)).String(), 1},
		"nothing":                        {predicate.True, "TRUE", 0},
	} {
		got, left, err := scim.Fit(c.in, path, 200)
		if err != nil || got.String() != c.want || len(left) != c.left {
			t.Errorf("%s: got %s, %d left, %v", name, got, len(left), err)
			continue
		}
		texts, err := scim.Filters(got, path, 200)
		for _, f := range texts {
			if err != nil || scim.Length(f) > 200 {
				t.Errorf("%s: %d bytes in %s, %v", name, scim.Length(f), f, err)
			}
		}
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	enabled := predicate.Cmp{Column: "Enabled", Op: predicate.Eq, Value: predicate.BoolValue(true)}
	fine := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	cases := []struct {
		name string
		in   predicate.Expr
		want string
	}{
		{"all rows", predicate.True, ""},
		{"equality", eq("Name", "Ada"), `name.given eq "Ada"`},
		{"quotes and backslashes", eq("Name", `a"b\c`), `name.given eq "a\"b\\c"`},
		{"control characters", eq("Name", "a\nb"), `name.given eq "a\u000ab"`},
		{"attempt to leave the string", eq("Name", `" or enabled eq true or name.given eq "`), `name.given eq "\" or enabled eq true or name.given eq \""`},
		{"boolean", enabled, `enabled eq "true"`},
		{"and", predicate.AllOf(eq("Name", "a"), enabled), `enabled eq "true" and name.given eq "a"`},
		{"or alone", predicate.AnyOf(eq("Name", "a"), enabled), `name.given eq "a" or enabled eq "true"`},
		{"or beside and", predicate.AllOf(predicate.AnyOf(eq("Name", "a"), eq("Name", "b")), enabled), `enabled eq "true" and (name.given eq "a" or name.given eq "b")`},
		{"and inside or", predicate.AnyOf(predicate.AllOf(eq("Name", "a"), enabled), eq("Name", "b")), `(name.given eq "a" and enabled eq "true") or name.given eq "b"`},
		{"prefix", predicate.Match{Column: "Name", Kind: predicate.Prefix, Text: "A"}, `name.given sw "A"`},
		{"suffix", predicate.Match{Column: "Name", Kind: predicate.Suffix, Text: "A"}, `name.given ew "A"`},
		{"contains", predicate.Match{Column: "Name", Kind: predicate.Contains, Text: "A"}, `name.given co "A"`},
		{"lower bound goes down", predicate.Cmp{Column: "At", Op: predicate.Ge, Value: predicate.TimeValue(fine)}, `recordedAt ge "2026-01-02T03:04:05.000Z"`},
		{"upper bound goes up", predicate.Cmp{Column: "At", Op: predicate.Lt, Value: predicate.TimeValue(fine)}, `recordedAt lt "2026-01-02T03:04:05.001Z"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := scim.Filters(c.in, path, 4000)
			if err != nil {
				t.Fatal(err)
			}
			if joined := strings.Join(got, " | "); joined != c.want && !sameTerms(joined, c.want) {
				t.Errorf("got %s\nwant %s", joined, c.want)
			}
		})
	}
}

// sameTerms compares conjunctions without regard to order.
func sameTerms(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for _, term := range strings.Split(a, " and ") {
		if !strings.Contains(b, term) {
			return false
		}
	}
	return true
}

func TestLongListsAreCut(t *testing.T) {
	t.Parallel()
	var values []predicate.Value
	for i := range 500 {
		values = append(values, predicate.StringValue(fmt.Sprintf("user-%04d", i)))
	}
	e := predicate.AllOf(predicate.In{Column: "Id", Values: values}, eq("Name", "Ada"))
	got, err := scim.Filters(e, path, 2000)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range got {
		if n := len(url.QueryEscape(f)); n > 2000 {
			t.Errorf("a filter takes %d bytes", n)
		}
		if !strings.Contains(f, `name.given eq "Ada" and (`) {
			t.Errorf("a filter lost the other condition: %.80s", f)
		}
		seen += strings.Count(f, "id eq")
	}
	if len(got) < 2 || seen != 500 {
		t.Errorf("%d filters with %d values, want several with 500", len(got), seen)
	}
}

func TestUndeclaredTestsAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := scim.Filters(eq("City", "x"), path, 4000); err == nil {
		t.Error("a column that the path can't test got a filter")
	}
	if _, err := scim.Filters(predicate.Not{Arg: eq("Name", "x")}, path, 4000); err == nil {
		t.Error("a negation got a filter")
	}
}

func TestUnconfirmedOperators(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{false, true} {
		pushed, _ := predicate.Split(eq("Alias", "x"), scim.Capabilities(path, eq("Alias", "x"), allowed))
		if got := pushed != predicate.True; got != allowed {
			t.Errorf("allowed %v: pushed %s", allowed, pushed)
		}
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	got := scim.Fill(`memberOfGroups[id eq "{GroupId}"]`, map[string]string{"GroupId": `a"b`})
	if got != `memberOfGroups[id eq "a\"b"]` {
		t.Error(got)
	}
}

// FuzzFill: whatever the keys hold, each stands in its own place of the template, and
// nothing of it outside of the quotes.
func FuzzFill(f *testing.F) {
	f.Add("ada", "North")
	f.Add(`" or "1" eq "1`, `{Name}`)
	f.Add("{Place}", "{Name}")
	f.Add("\x00\n\\", "\xff")
	f.Fuzz(func(t *testing.T, name, place string) {
		got := scim.Fill(`["{Name}","{Place}"]`, map[string]string{"Name": name, "Place": place})
		var texts [2]string
		if err := json.Unmarshal([]byte(got), &texts); err != nil || texts != [2]string{valid(name), valid(place)} {
			t.Fatalf("%q and %q: %s is read as %q, %v", name, place, got, texts, err)
		}
	})
}

// valid has U+FFFD in the place of each byte that is no UTF-8.
func valid(s string) string { return string([]rune(s)) }
