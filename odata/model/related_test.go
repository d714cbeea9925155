package model_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

const someID = "00000000-0000-4000-8000-000000000001"

// club is a schema with all kinds of navigation; in some, people are members of
// a team several times.
func club(again bool) *catalog.Schema {
	id := func(name string, key bool, to, forward, backward string) catalog.Column {
		c := catalog.Column{Name: name, Type: catalog.GUID, Key: key, Required: key}
		if to != "" {
			c.References = &catalog.Reference{Table: to, Column: "Id", Forward: forward, Backward: backward}
		}
		return c
	}
	s := &catalog.Schema{Name: "Club"}
	s.Tables = []*catalog.Table{
		{Name: "Towns", Entity: "Town", Columns: []catalog.Column{id("Id", true, "", "", ""), {Name: "Name", Type: catalog.String}}},
		{Name: "People", Entity: "Person", Columns: []catalog.Column{
			id("Id", true, "", "", ""), {Name: "Name", Type: catalog.String}, id("TownId", false, "Towns", "Town", "People"),
		}},
		{Name: "Teams", Entity: "Team", Columns: []catalog.Column{
			id("Id", true, "", "", ""), {Name: "Name", Type: catalog.String}, id("TownId", false, "Towns", "Town", "Teams"),
		}},
		{
			Name: "Members", Entity: "Member", ManyToMany: &catalog.ManyToMany{From: "People", To: "Teams", Forward: "Teams", Backward: "People"},
			Columns: []catalog.Column{
				id("PersonId", true, "People", "Person", "Members"), id("TeamId", true, "Teams", "Team", "Members"),
				{Name: "Role", Type: catalog.String},
			},
		},
	}
	if again {
		links := s.Tables[3].Columns
		links[2].Key = true
	}
	for _, t := range s.Tables {
		t.Schema = s
	}
	return s
}

func bindClub(t *testing.T, address string) *model.Resource { return bindTo(t, club(false), address) }

func bindTo(t *testing.T, s *catalog.Schema, address string) *model.Resource {
	t.Helper()
	path, options, _ := strings.Cut(address, "?")
	tree, err := uri.Parse(path, strings.ReplaceAll(options, " ", "%20"), uri.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.Bind(s, tree, model.Options{Namespace: "Club", Now: time.Unix(0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// reads is what a feed reads: a table by a condition, and by SQL where that says more;
// or a statement, with its texts in the place of parameters.
func reads(r *model.Resource, link predicate.Expr, limit int64) string {
	if r.ByEngine() {
		return filledIn(r.Statement(link, limit))
	}
	return plainly(r.Query(link, limit))
}

// counts is what the count of a feed reads.
func counts(r *model.Resource, link predicate.Expr) string {
	if r.CountedByEngine() {
		return filledIn(r.CountStatement(link))
	}
	return plainly(r.CountQuery(link))
}

func plainly(q *query.Query) string {
	a := q.Accesses[0]
	out := fmt.Sprintf("%s %s", a.Table.Name, a.Where)
	if q.Plain.FilterSQL != "" {
		out += " then " + q.Plain.FilterSQL
	}
	return out
}

func filledIn(st query.Statement) string {
	var pairs []string
	for name, p := range st.Named {
		pairs = append(pairs, "$"+name, "'"+strings.ReplaceAll(p.Value.Text(), "'", "''")+"'")
	}
	return strings.NewReplacer(pairs...).Replace(st.SQL)
}

// What a link leads to comes once where several rows link the same two.
func TestOverALinkThatRepeats(t *testing.T) {
	t.Parallel()
	const pairs = `(SELECT DISTINCT "PersonId", "TeamId" FROM "Club"."Members") AS `
	r := bindTo(t, club(true), "People("+someID+")/Teams?$select=Name")
	if sql := reads(r, model.Link(r.Hops[0].Link, r.Hops[0].Known[0]), -1); !strings.Contains(sql, `JOIN `+pairs+`via_ ON via_."TeamId" = "Teams"."Id"`) {
		t.Errorf("followed by %s", sql)
	}
	if sql := reads(bindTo(t, club(true), "People?$filter=Teams/$count gt 1"), nil, -1); !strings.Contains(sql, `FROM `+pairs+`n1_ JOIN "Club"."Teams" AS n2_`) {
		t.Errorf("counted by %s", sql)
	}
}

// The options of what is expanded over a link are done behind its reading.
func TestOverALink(t *testing.T) {
	t.Parallel()
	x := bindClub(t, "People?$select=Name&$expand=Teams($select=Name;$top=2;$skip=1;$count=true)").Expand[0]
	if n := len(x.Target.Columns); n != x.To[0] || x.Target.Type(x.To[0]) != catalog.GUID || x.Target.LinkColumn().Name != "PersonId" {
		t.Errorf("the link is column %d of %d", x.To[0], n)
	}
	if *x.Top != 2 || x.Skip != 1 || !x.CountWanted || x.CountOnly {
		t.Errorf("options %+v", x)
	}
}

func withID(text string) string { return strings.ReplaceAll(text, "{id}", someID) }

// linkTo is the condition that the row before puts on what an address leads to.
func linkTo(r *model.Resource) predicate.Expr {
	if len(r.Hops) == 0 {
		return nil
	}
	return model.Link(r.Hops[len(r.Hops)-1].Link, predicate.UUIDValue(someID), predicate.UUIDValue(someID))
}

var linkValue = predicate.UUIDValue(someID)
