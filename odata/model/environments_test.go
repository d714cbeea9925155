package model_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// clubs is the schema of several clubs' rows, where a key and a link have the
// environment's id, too.
func clubs(again bool) *catalog.Schema {
	return catalog.Union("Clubs", []*catalog.Schema{club(again), club(again)})
}

const (
	env   = "e0000000-0000-4000-8000-000000000001"
	other = "e0000000-0000-4000-8000-000000000002"
)

// withIDs writes the ids for which an address, or an expectation, has names.
func withIDs(text string) string {
	return strings.NewReplacer("{id}", someID, "{env}", env, "{other}", other).Replace(text)
}

// linkInEnvironment is the condition that the row before puts on what an address
// leads to: its id, and its environment.
func linkInEnvironment(r *model.Resource) predicate.Expr {
	if len(r.Hops) == 0 {
		return nil
	}
	return model.Link(r.Hops[len(r.Hops)-1].Link, predicate.UUIDValue(someID), predicate.UUIDValue(env))
}

// TestRowsOfSeveralEnvironments: each link is one within an environment, in the
// address, in conditions, orders and counts.
func TestRowsOfSeveralEnvironments(t *testing.T) {
	t.Parallel()
	const person = `"People"."Name", "People"."Id", "People"."EnvironmentId"`
	for _, c := range []struct{ address, reads string }{
		{"People?$select=Name", "People TRUE"},
		{"People(Id={id},EnvironmentId={env})", "People Id = '{id}' AND EnvironmentId = '{env}'"},
		{"People(EnvironmentId={env},Id={id})/Town", "Towns Id = '{id}' AND EnvironmentId = '{env}'"},
		{"Towns(Id={id},EnvironmentId={env})/People", "People TownId = '{id}' AND EnvironmentId = '{env}'"},
		// The key of what is linked needs the environment no more.
		{"Towns(Id={id},EnvironmentId={env})/People({id})", "People Id = '{id}' AND EnvironmentId = '{env}' AND TownId = '{id}' AND EnvironmentId = '{env}'"},
		{
			"Towns(Id={id},EnvironmentId={env})/People(Id={id},EnvironmentId={other})",
			"People Id = '{id}' AND EnvironmentId = '{other}' AND TownId = '{id}' AND EnvironmentId = '{env}'",
		},
		{
			"People(Id={id},EnvironmentId={env})/Teams?$select=Name",
			`SELECT "Teams"."Name", "Teams"."Id", "Teams"."EnvironmentId" FROM "Clubs"."Teams" JOIN "Clubs"."Members" AS via_ ON via_."TeamId" = "Teams"."Id" AND via_."EnvironmentId" = "Teams"."EnvironmentId"` +
				` WHERE via_."PersonId" = '{id}' AND via_."EnvironmentId" = '{env}' ORDER BY "Teams"."Id" ASC NULLS FIRST, "Teams"."EnvironmentId" ASC NULLS FIRST`,
		},
		{
			"People?$select=Name&$filter=Town/Name eq 'x'",
			`SELECT ` + person + ` FROM "Clubs"."People" LEFT JOIN "Clubs"."Towns" AS n1_ ON n1_."Id" = "People"."TownId" AND n1_."EnvironmentId" = "People"."EnvironmentId"` +
				` WHERE n1_."Name" = 'x' AND (n1_."Name" IS NOT DISTINCT FROM 'x') ORDER BY "People"."Id" ASC NULLS FIRST, "People"."EnvironmentId" ASC NULLS FIRST`,
		},
		{
			"People?$select=Name&$filter=Teams/any(t:t/Name eq 'x')&$orderby=EnvironmentId desc",
			`SELECT ` + person + ` FROM "Clubs"."People" WHERE EXISTS (SELECT 1 FROM "Clubs"."Members" AS n1_ JOIN "Clubs"."Teams" AS n2_ ON n2_."Id" = n1_."TeamId" AND n2_."EnvironmentId" = n1_."EnvironmentId"` +
				` WHERE n1_."PersonId" = "People"."Id" AND n1_."EnvironmentId" = "People"."EnvironmentId" AND n2_."Name" = 'x')` +
				` ORDER BY "People"."EnvironmentId" DESC NULLS LAST, "People"."Id" ASC NULLS FIRST`,
		},
		{
			"Towns?$select=Name&$filter=People/$count gt 1",
			`SELECT "Towns"."Name", "Towns"."Id", "Towns"."EnvironmentId" FROM "Clubs"."Towns" LEFT JOIN (SELECT n1_."TownId", n1_."EnvironmentId", count(*) AS "$count" FROM "Clubs"."People" AS n1_` +
				` GROUP BY n1_."TownId", n1_."EnvironmentId") AS n2_ ON n2_."TownId" = "Towns"."Id" AND n2_."EnvironmentId" = "Towns"."EnvironmentId"` +
				` WHERE (COALESCE(n2_."$count", 0) > 1) ORDER BY "Towns"."Id" ASC NULLS FIRST, "Towns"."EnvironmentId" ASC NULLS FIRST`,
		},
	} {
		t.Run(c.address, func(t *testing.T) {
			t.Parallel()
			r := bindTo(t, clubs(false), withIDs(c.address))
			if got := reads(r, linkInEnvironment(r), -1); got != withIDs(c.reads) {
				t.Errorf("reads %s\nwant  %s", got, withIDs(c.reads))
			}
		})
	}
}

// TestAddressesInAnEnvironment: an entity that is reached over another one keeps an
// address of its own, with the environment in it.
func TestAddressesInAnEnvironment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ address, own, hop string }{
		{"People(Id={id},EnvironmentId={env})", "People(Id={id},EnvironmentId={env})", ""},
		{"Towns(Id={id},EnvironmentId={env})/People({id})", "People(Id={id},EnvironmentId={env})", "'{id}' '{env}'"},
		{"Towns(Id={id},EnvironmentId={env})/People(Id={id})", "People(Id={id},EnvironmentId={env})", "'{id}' '{env}'"},
		{"Towns(Id={id},EnvironmentId={env})/People({id})/Name", "People(Id={id},EnvironmentId={env})/Name", "'{id}' '{env}'"},
		{"People(Id={id},EnvironmentId={env})/Town", "People(Id={id},EnvironmentId={env})/Town", ""},
	} {
		r := bindTo(t, clubs(false), withIDs(c.address))
		known := ""
		if len(r.Hops) > 0 && r.Hops[0].Known != nil {
			known = fmt.Sprint(r.Hops[0].Known[0], " ", r.Hops[0].Known[1])
		}
		if r.Address() != withIDs(c.own) || known != withIDs(c.hop) {
			t.Errorf("%s: the address %s, known %s", c.address, r.Address(), known)
		}
	}
}

// TestValuesThatAddressesTell of the entity, and of the rows on the way to it.
func TestValuesThatAddressesTell(t *testing.T) {
	t.Parallel()
	r := bindTo(t, clubs(false), withIDs("Towns(Id={id},EnvironmentId={env})/People(Id={id},EnvironmentId={other})"))
	for _, c := range []struct {
		of     string
		value  func(string) (predicate.Value, bool)
		column string
		want   string // "" for none
	}{
		{"the town", r.Hops[0].KeyValue, "EnvironmentId", env},
		{"the town", r.Hops[0].KeyValue, "Id", someID},
		{"the town", r.Hops[0].KeyValue, "Name", ""},
		{"the person", r.KeyValue, "EnvironmentId", other},
		{"the person", r.KeyValue, "Id", someID},
		{"the person", r.KeyValue, "TownId", ""},
	} {
		if v, ok := c.value(c.column); ok != (c.want != "") || ok && v.Text() != c.want {
			t.Errorf("%s of %s: %s, %v", c.column, c.of, v, ok)
		}
	}
	if v, ok := bindTo(t, clubs(false), "People").KeyValue("Id"); ok {
		t.Errorf("the feed has the key %s", v)
	}
}

// TestExpansionsInEnvironments link by two columns, each pair of values in its own
// environment: the ids of one are not asked for in another.
func TestExpansionsInEnvironments(t *testing.T) {
	t.Parallel()
	id := func(n int) predicate.Value {
		return predicate.UUIDValue(fmt.Sprintf("00000000-0000-4000-8000-00000000000%d", n))
	}
	in := predicate.UUIDValue
	for _, c := range []struct {
		expand, columns, from string
		parents               [][]predicate.Value
		link                  string
	}{
		{"Town", "Id Name EnvironmentId EnvironmentName", "TownId EnvironmentId", [][]predicate.Value{{id(1), in(env)}}, "EnvironmentId = '{env}' AND Id IN ('1')"},
		{
			"Members($select=Role)", "Role+PersonId TeamId EnvironmentId", "Id EnvironmentId",
			[][]predicate.Value{{id(1), in(env)}, {id(2), in(other)}, {id(3), in(env)}},
			"(EnvironmentId = '{env}' AND PersonId IN ('1', '3')) OR (EnvironmentId = '{other}' AND PersonId IN ('2'))",
		},
		{
			"Teams($select=Name)", "Name+Id EnvironmentId", "Id EnvironmentId",
			[][]predicate.Value{{id(2), in(other)}, {id(1), in(env)}},
			"(EnvironmentId = '{other}' AND PersonId IN ('2')) OR (EnvironmentId = '{env}' AND PersonId IN ('1'))",
		},
	} {
		r := bindTo(t, clubs(false), "People?$select=Name&$expand="+c.expand)
		x := r.Expand[0]
		var from []string
		for _, i := range x.From {
			from = append(from, r.Table.Columns[r.Columns[i]].Name)
		}
		link := strings.ReplaceAll(x.Link(c.parents).String(), "00000000-0000-4000-8000-00000000000", "")
		if columnNames(x.Target) != c.columns || strings.Join(from, " ") != c.from || link != withIDs(c.link) {
			t.Errorf("%s: columns %s, from %s, link %s", c.expand, columnNames(x.Target), from, link)
		}
		for i, at := range x.To {
			if got := x.Target.Type(at); got != catalog.GUID {
				t.Errorf("%s: value %d of the link is of type %s", c.expand, i, got.Edm())
			}
		}
	}
}

// TestHopsInEnvironments read both columns of the link.
func TestHopsInEnvironments(t *testing.T) {
	t.Parallel()
	s := clubs(false)
	r := bindTo(t, s, withIDs("People(Id={id},EnvironmentId={env})/Town/Teams"))
	for i, want := range []string{"TownId EnvironmentId", "Id EnvironmentId"} {
		if got := columnNames(r.Hops[i].Resource(s)); got != want {
			t.Errorf("hop %d reads %s", i, got)
		}
	}
	if r.Hops[0].Known != nil {
		t.Errorf("the town is known: %v", r.Hops[0].Known)
	}
	if at := r.Identify(); !slices.Equal(at, []int{0, 3}) {
		t.Errorf("told apart by %v of %s", at, columnNames(r))
	}
}

// TestLinksThatRepeatInEnvironments are read once for each pair, in each environment.
func TestLinksThatRepeatInEnvironments(t *testing.T) {
	t.Parallel()
	const pairs = `JOIN (SELECT DISTINCT "PersonId", "EnvironmentId", "TeamId" FROM "Clubs"."Members") AS via_ ON`
	r := bindTo(t, clubs(true), withIDs("People(Id={id},EnvironmentId={env})/Teams"))
	if sql := reads(r, linkInEnvironment(r), -1); !strings.Contains(sql, pairs) {
		t.Errorf("reads %s", sql)
	}
}
