package model_test

import (
	"testing"

	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// listedClub is a club whose members of a team are read as the people that they are.
func listedClub(again bool) *catalog.Schema {
	s := club(again)
	people, members := s.Tables[1], s.Tables[3]
	people.Columns[0].Source = "id"
	people.Paths = []catalog.Path{{Name: "list", List: "people", Items: "people"}}
	members.Paths = []catalog.Path{{
		Name: "by_team", List: "people", Items: "people", Keys: []string{"TeamId"}, Filter: `team eq "{TeamId}"`, Sources: map[string]string{"PersonId": "id"},
	}}
	return s
}

// TestLinksAreCountedAlone: the number of what a link leads to is that of the link's rows
// where these are read as what they lead to, and where nothing else decides.
func TestLinksAreCountedAlone(t *testing.T) {
	t.Parallel()
	const (
		alone  = `SELECT 1 FROM "Club"."Members" AS via_ WHERE via_."TeamId" = '` + someID + `'`
		joined = `SELECT 1 FROM "Club"."People" JOIN "Club"."Members" AS via_ ON via_."PersonId" = "People"."Id" WHERE via_."TeamId" = '` + someID + `'`
	)
	for _, c := range []struct {
		name, address string
		change        func(people, members *catalog.Table)
		want          string
	}{
		{"listed", "Teams({id})/People/$count", nil, alone},
		{"listed, in a feed", "Teams({id})/People?$count=true&$top=1", nil, alone},
		{"a condition", "Teams({id})/People/$count?$filter=Name eq 'x'", nil, joined + ` AND "People"."Name" = 'x'`},
		{"rows that are hidden", "Teams({id})/People/$count", func(people, _ *catalog.Table) { people.Restriction = &catalog.Restriction{} }, joined},
		{"links that are hidden", "Teams({id})/People/$count", func(_, members *catalog.Table) { members.Restriction = &catalog.Restriction{} }, joined},
		{"a listing of something else", "Teams({id})/People/$count", func(_, members *catalog.Table) { members.Paths[0].List = "members" }, joined},
		{"a key of something else", "Teams({id})/People/$count", func(_, members *catalog.Table) { members.Paths[0].Sources["PersonId"] = "chief.id" }, joined},
		{"by the other key", "Teams({id})/People/$count", func(_, members *catalog.Table) { members.Paths[0].Keys = []string{"PersonId"} }, joined},
		{
			"the other way", "People({id})/Teams/$count", nil,
			`SELECT 1 FROM "Club"."Teams" JOIN "Club"."Members" AS via_ ON via_."TeamId" = "Teams"."Id" WHERE via_."PersonId" = '` + someID + `'`,
		},
	} {
		s := listedClub(false)
		if c.change != nil {
			c.change(s.Tables[1], s.Tables[3])
		}
		r := bindTo(t, s, withID(c.address))
		if got := counts(r, model.Link(r.Hops[0].Link, linkValue)); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
	r := bindTo(t, listedClub(true), withID("Teams({id})/People/$count"))
	if got := counts(r, model.Link(r.Hops[0].Link, linkValue)); got == alone {
		t.Errorf("members of several roles are counted by %s", got)
	}
}

// TestExpandedCountsOfLinks: so is the number that $expand asks for.
func TestExpandedCountsOfLinks(t *testing.T) {
	t.Parallel()
	const members = `SELECT via_."TeamId" AS "$link" FROM "Club"."Members" AS via_`
	x := bindTo(t, listedClub(false), "Teams?$expand=People/$count").Expand[0]
	if got := reads(x.Target, nil, -1); got != members {
		t.Errorf("counted by %s", got)
	}
	x = bindTo(t, listedClub(false), "Teams?$expand=People/$ref").Expand[0]
	if got := reads(x.Target, nil, -1); got == members {
		t.Errorf("ids are read by %s", got)
	}
}
