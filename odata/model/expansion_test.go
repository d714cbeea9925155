package model_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// staff is a schema of people who are led by others.
func staff() *catalog.Schema {
	s := &catalog.Schema{Name: "Staff"}
	s.Tables = []*catalog.Table{{Name: "People", Entity: "Person", Schema: s, Columns: []catalog.Column{
		{Name: "Id", Type: catalog.GUID, Key: true, Required: true},
		{Name: "Name", Type: catalog.String},
		{Name: "BossId", Type: catalog.GUID, References: &catalog.Reference{Table: "People", Column: "Id", Forward: "Boss", Backward: "Reports"}},
	}}}
	return s
}

// expanded spells the expansions of a resource, those within them in parentheses.
func expanded(r *model.Resource) string {
	var out []string
	for _, x := range r.Expand {
		text := x.Navigation.Name
		switch {
		case x.Ref:
			text += "/$ref"
		case x.CountOnly:
			text += "/$count"
		}
		if inner := expanded(x.Target); inner != "" {
			text += "(" + inner + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ",")
}

// TestLevels expands a navigation property behind itself, as often as $levels says.
//
// Source: OData 4.01 Part 2, section 5.1.3.3.
func TestLevels(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]string{
		"Boss($levels=1)":                                   "Boss",
		"Boss($levels=2)":                                   "Boss(Boss)",
		"Boss($levels=4)":                                   "Boss(Boss(Boss(Boss)))",
		"Boss($levels=max)":                                 "Boss(Boss(Boss(Boss(Boss))))",
		"Boss($levels=99)":                                  "Boss(Boss(Boss(Boss(Boss))))",
		"Reports($levels=2)":                                "Reports(Reports)",
		"Boss($levels=2;$expand=Reports)":                   "Boss(Reports,Boss(Reports))",
		"Boss($levels=2;$expand=Reports($levels=2))":        "Boss(Reports(Reports),Boss(Reports(Reports)))",
		"Reports($levels=2),Boss":                           "Reports(Reports),Boss",
		"Reports($expand=Boss($levels=2;$select=Name))":     "Reports(Boss(Boss))",
		"Reports($levels=2;$top=1;$orderby=Name),Boss/$ref": "Reports(Reports),Boss/$ref",
		"Reports/$count":                                    "Reports/$count",
	} {
		if got := expanded(bindTo(t, staff(), "People?$expand="+options)); got != want {
			t.Errorf("%s: %s, want %s", options, got, want)
		}
	}
	// The options hold on each level.
	r := bindTo(t, staff(), "People?$select=Id&$expand=Reports($levels=3;$select=Name;$top=2;$filter=Name ne 'x')")
	for level := 1; level <= 3; level++ {
		x := r.Expand[0]
		where := reads(x.Target, nil, -1)
		if x.Top == nil || *x.Top != 2 || !strings.Contains(where, `"People"."Name" <> 'x'`) || !strings.HasPrefix(columnNames(x.Target), "Name+Id") {
			t.Errorf("level %d: %v of %s by %s", level, x.Top, columnNames(x.Target), where)
		}
		r = x.Target
	}
	if len(r.Expand) > 0 {
		t.Errorf("a level more: %s", expanded(r))
	}
	// Where the property doesn't lead to where it begins there is one level.
	for _, options := range []string{"Town($levels=3)", "Teams($levels=2)", "Members($levels=max)"} {
		if name, _, _ := strings.Cut(options, "("); expanded(bindClub(t, "People?$expand="+options)) != name {
			t.Errorf("%s: %s", options, expanded(bindClub(t, "People?$expand="+options)))
		}
	}
}

// TestStarExpandsTheRest: * has all navigation properties, once each; one that is
// named has the options that stand with it.
func TestStarExpandsTheRest(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]string{
		"*":                      "Town Members Teams",
		"*,Teams($top=1)":        "Teams=1 Town Members",
		"Members($top=2),*":      "Members=2 Town Teams",
		"Town,Members,Teams,*":   "Town Members Teams",
		"Members($top=2),*,Town": "Members=2 Town Teams",
	} {
		var got []string
		for _, x := range bindClub(t, "People?$expand="+options).Expand {
			name := x.Navigation.Name
			if x.Top != nil {
				name += fmt.Sprint("=", *x.Top)
			}
			got = append(got, name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s, want %s", options, got, want)
		}
	}
}

// TestLinksInExpansions: of what $expand links, the keys are read, even where an
// answer has no ids.
func TestLinksInExpansions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expand, columns string }{
		{"Town/$ref", "+Id"},
		{"Members/$ref", "+PersonId TeamId"},
		{"Members/$ref($filter=Role eq 'x';$top=1)", "+PersonId TeamId"},
		{"Teams/$ref", "+Id"},
	} {
		for _, without := range []bool{false, true} {
			r, err := bindWith(t, club(false), "People?$select=Name&$expand="+c.expand, model.Options{WithoutIDs: without})
			if err != nil {
				t.Errorf("%s: %v", c.expand, err)
				continue
			}
			if x := r.Expand[0]; !x.Ref || !x.Target.Ref || columnNames(x.Target) != c.columns {
				t.Errorf("%s, without ids %v: %v, columns %s", c.expand, without, x.Ref, columnNames(x.Target))
			}
		}
	}
}

// TestCastsInExpansions: the type of either end may be written out.
func TestCastsInExpansions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expand, message string }{
		{"Town/Club.Town", ""},
		{"Club.Person/Town", ""},
		{"Members/Club.Member($top=1)", ""},
		{"Town/Club.Team", "The gateway does not evaluate this path in $expand."},
		{"Club.Team/Town", "The gateway does not evaluate this path in $expand."},
		{"Town/Name", "The gateway does not evaluate this path in $expand."},
		{"Town/People/Members", "The gateway does not evaluate this path in $expand."},
		{"Club.Person/Town/Club.Town", "The gateway does not evaluate this path in $expand."},
	} {
		r, err := bindWith(t, club(false), "People?$expand="+c.expand, model.Options{})
		if c.message != "" {
			refused(t, c.expand, err, gwerr.NotImplemented, 0, "$expand", c.message)
		} else if err != nil || len(r.Expand) != 1 {
			t.Errorf("%s: %v", c.expand, err)
		}
	}
}

// TestExpandedRowsThatAreComputed tell whose they are behind their columns, as those of
// a table do.
func TestExpandedRowsThatAreComputed(t *testing.T) {
	t.Parallel()
	x := bindClub(t, "People?$expand=Teams($compute=length(Name) as L;$select=L)").Expand[0]
	want := `SELECT s1_."Id" AS "Id", s1_."$link" AS "$link", TRY_CAST(s1_."L" AS BIGINT) AS "L" FROM (SELECT "Teams"."Id" AS "Id", via_."PersonId" AS "$link", length("Teams"."Name") AS "L"` +
		` FROM "Club"."Teams" JOIN "Club"."Members" AS via_ ON via_."TeamId" = "Teams"."Id" WHERE via_."PersonId" = '{id}') AS s1_ ORDER BY s1_."Id" ASC NULLS FIRST`
	link := model.Link(x.Navigation, linkValue)
	if got := reads(x.Target, link, -1); got != withID(want) {
		t.Errorf("reads %s", got)
	}
	if at := x.To[0]; at != 1 || x.Target.Type(at) != catalog.GUID {
		t.Errorf("the link is value %d", at)
	}
	// The condition of one reading is no part of the next.
	if got := reads(x.Target, nil, -1); strings.Contains(got, "WHERE") {
		t.Errorf("without a link it reads %s", got)
	}
}

// TestExpandedLinkTables: rows of a table between two others are read together with an
// entity that they lead to, unless the first of them are asked for.
func TestExpandedLinkTables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ options, joined, expanded string }{
		{"$expand=Person", "Person", ""},
		{"$expand=Person,Team", "Person Team", ""},
		{"$expand=Team($select=Name;$expand=Town)", "Team", ""},
		{"$expand=Person&$filter=Role eq 'x'&$orderby=Role", "Person", ""},
		{"$expand=Person&$top=5", "", "Person"},
		{"$expand=Person&$skip=5", "", "Person"},
		{"$expand=Person/$ref", "", "Person/$ref"},
		{"$expand=Person($filter=Name eq 'x')", "", "Person"},
		{"$expand=Person($compute=1 as One),Team", "Team", "Person"},
		{"$expand=*", "", "Person,Team"},
	} {
		r := bindClub(t, "Members?"+c.options)
		var joined []string
		for _, j := range r.Joined {
			joined = append(joined, j.Name)
			if !j.Expanded || j.Target.Columns[j.Key] != 0 || r.Outputs()[j.At].Name != j.Name+"/"+j.Target.Table.Columns[j.Target.Columns[0]].Name {
				t.Errorf("%s: %s stands at %d, its key at %d", c.options, j.Name, j.At, j.Key)
			}
		}
		if strings.Join(joined, " ") != c.joined || expanded(r) != c.expanded {
			t.Errorf("%s: joined %s, expanded %s", c.options, joined, expanded(r))
		}
	}
	r := bindClub(t, "Members?$select=Role&$expand=Team($select=Name)")
	want := `SELECT s1_."Role" AS "Role", s1_."PersonId" AS "PersonId", s1_."TeamId" AS "TeamId", n1_."Name" AS "Team/Name", n1_."Id" AS "Team/Id" FROM` +
		` (SELECT "Members"."PersonId" AS "PersonId", "Members"."TeamId" AS "TeamId", "Members"."Role" AS "Role" FROM "Club"."Members") AS s1_` +
		` LEFT JOIN "Club"."Teams" AS n1_ ON n1_."Id" = s1_."TeamId" ORDER BY s1_."PersonId" ASC NULLS FIRST, s1_."TeamId" ASC NULLS FIRST`
	if got := reads(r, nil, -1); got != want {
		t.Errorf("reads %s", got)
	}
	if v401, v40 := r.Context(true), r.Context(false); v401 != "Members(Role,Team(Name))" || v40 != v401 {
		t.Errorf("contexts %s and %s", v401, v40)
	}
	if r := bindClub(t, "Members?$expand=Team"); r.Context(true) != "Members(Team())" || r.Context(false) != "Members" {
		t.Errorf("contexts %s and %s", r.Context(true), r.Context(false))
	}
}

// TestAlso reads a column beside the others, unless it is none, or none to be seen.
func TestAlso(t *testing.T) {
	t.Parallel()
	masks := &catalog.Restriction{Masks: map[string]catalog.Mask{"TownId": catalog.MaskHash}}
	for _, c := range []struct {
		column  string
		masks   *catalog.Restriction
		at      int
		ok      bool
		columns string
	}{
		{"TownId", nil, 2, true, "Name+Id TownId"},
		{"Name", nil, 0, true, "Name+Id"},
		{"Id", nil, 1, true, "Name+Id"},
		{"Nope", nil, 0, false, "Name+Id"},
		{"TownId", masks, 0, false, "Name+Id"},
		{"Id", masks, 1, true, "Name+Id"},
	} {
		s := club(false)
		s.Tables[1].Restriction = c.masks
		r := bindTo(t, s, "People?$select=Name")
		if at, ok := r.Also(c.column); at != c.at || ok != c.ok || columnNames(r) != c.columns {
			t.Errorf("%s: %d, %v, columns %s", c.column, at, ok, columnNames(r))
		}
	}
}
