package predicate_test

import (
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

func TestRename(t *testing.T) {
	t.Parallel()
	names := map[string]string{"GroupName": "Name", "GroupId": "Id"}
	is := func(column string) predicate.Expr {
		return predicate.Cmp{Column: column, Op: predicate.Eq, Value: predicate.StringValue("a")}
	}
	cases := map[string]struct {
		in   predicate.Expr
		want string // "" where it can't be
	}{
		"a comparison": {is("GroupName"), "Name = 'a'"},
		"a list":       {predicate.In{Column: "GroupId", Values: []predicate.Value{predicate.StringValue("b"), predicate.StringValue("c")}}, "Id IN ('b', 'c')"},
		"all of":       {predicate.AllOf(is("GroupName"), predicate.IsNull{Column: "GroupId"}), "Name = 'a' AND Id IS NULL"},
		"any of":       {predicate.AnyOf(predicate.Match{Column: "GroupName", Kind: predicate.Prefix, Text: "x"}, predicate.Not{Arg: is("GroupId")}), "Name LIKE 'x%' OR NOT (Id = 'a')"},
		"a constant":   {predicate.False, "FALSE"},
		"another":      {is("Type"), ""},
		"one of two":   {predicate.AnyOf(is("GroupName"), is("Type")), ""},
		"below not":    {predicate.Not{Arg: is("Type")}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := predicate.Rename(c.in, names)
			if ok != (c.want != "") || ok && got.String() != c.want {
				t.Errorf("got %v, %v; want %q", got, ok, c.want)
			}
		})
	}
}

func TestBrief(t *testing.T) {
	t.Parallel()
	list := predicate.In{Column: "Id"}
	for _, text := range []string{"a", "b", "c", "d", "e"} {
		list.Values = append(list.Values, predicate.StringValue(text))
	}
	long := predicate.In{Column: "Id", Values: append(list.Values[:5:5], predicate.StringValue("f"))}
	other := predicate.IsNull{Column: "Name"}
	for want, e := range map[string]predicate.Expr{
		list.String():             list,
		"Id IN ('a', and 5 more)": long,
		"(Id IN ('a', and 5 more) OR Name IS NULL) AND Name IS NULL": predicate.And{Args: []predicate.Expr{predicate.AnyOf(long, other), other}},
		"NOT (Id IN ('a', and 5 more))":                              predicate.Not{Arg: long},
	} {
		if got := predicate.Brief(e); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
