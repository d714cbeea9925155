package model_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// TestQueries writes the queries of feeds: what is read of which table, and the
// engine's SQL where it is needed. The query of the count is the same but for its
// columns and order, and needs the engine only for conditions.
func TestQueries(t *testing.T) {
	t.Parallel()
	orders := regexp.MustCompile(` ORDER BY .*$`)
	columns := regexp.MustCompile(`^SELECT .*? FROM`)
	for _, c := range []struct {
		address, reads string
		sql            string // "" where no engine is needed
		counted        bool   // by the engine
	}{
		{"People", "People TRUE", "", false},
		{
			"People?$select=Id&$orderby=1,'x',Name", // constants sort nothing
			"People TRUE",
			`SELECT "People"."Id" FROM "Club"."People" ORDER BY "People"."Name" ASC NULLS FIRST, "People"."Id" ASC NULLS FIRST`, false,
		},
		{"People?$filter=Name eq 'x'", "People Name = 'x'", "", false},
		{"People?$filter=length(Name) eq 1", "People TRUE", "", false},
		{
			"People?$orderby=Name",
			"People TRUE",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" ORDER BY "People"."Name" ASC NULLS FIRST, "People"."Id" ASC NULLS FIRST`, false,
		},
		{
			"People?$orderby=Name desc&$filter=Name eq 'x'",
			"People Name = 'x'",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" WHERE ("People"."Name" IS NOT DISTINCT FROM 'x') ORDER BY "People"."Name" DESC NULLS LAST, "People"."Id" ASC NULLS FIRST`, false,
		},
		{"People?$search=x", "People TRUE", "", false},
		{
			"People?$search=x&$orderby=Name",
			"People TRUE",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" WHERE contains(lower(concat_ws(chr(31), '', "People"."Name")), lower('x')) ORDER BY "People"."Name" ASC NULLS FIRST, "People"."Id" ASC NULLS FIRST`, false,
		},
		{"People({id})/Town", "Towns Id = '{id}'", "", false},
		{"People({id})/Members", "Members PersonId = '{id}'", "", false},
		{"People({id})/Members?$filter=Role eq 'x'", "Members PersonId = '{id}' AND Role = 'x'", "", false},
		{
			"People({id})/Members?$orderby=Role",
			"Members PersonId = '{id}'",
			`SELECT "Members"."PersonId", "Members"."TeamId", "Members"."Role" FROM "Club"."Members" WHERE ("Members"."PersonId" = '{id}') ORDER BY "Members"."Role" ASC NULLS FIRST, "Members"."PersonId" ASC NULLS FIRST, "Members"."TeamId" ASC NULLS FIRST`, false,
		},
		{
			"Towns({id})/People?$select=Name&$orderby=Name",
			"People TownId = '{id}'",
			`SELECT "People"."Name", "People"."Id" FROM "Club"."People" WHERE ("People"."TownId" = '{id}') ORDER BY "People"."Name" ASC NULLS FIRST, "People"."Id" ASC NULLS FIRST`, false,
		},
		{
			"People({id})/Teams",
			"Teams TRUE; Members PersonId = '{id}'; 0.Id=>1.TeamId",
			`SELECT "Teams"."Id", "Teams"."Name", "Teams"."TownId" FROM "Club"."Teams" JOIN "Club"."Members" AS via_ ON via_."TeamId" = "Teams"."Id" WHERE (via_."PersonId" = '{id}') ORDER BY "Teams"."Id" ASC NULLS FIRST`, true,
		},
		{
			"People({id})/Teams?$filter=Name eq 'x'",
			"Teams Name = 'x'; Members PersonId = '{id}'; 0.Id=>1.TeamId",
			`SELECT "Teams"."Id", "Teams"."Name", "Teams"."TownId" FROM "Club"."Teams" JOIN "Club"."Members" AS via_ ON via_."TeamId" = "Teams"."Id" WHERE ("Teams"."Name" IS NOT DISTINCT FROM 'x') AND (via_."PersonId" = '{id}') ORDER BY "Teams"."Id" ASC NULLS FIRST`, true,
		},
		{
			"People({id})/Teams?$filter=length(Name) eq 1 and Name eq 'x'",
			"Teams Name = 'x'; Members PersonId = '{id}'; 0.Id=>1.TeamId",
			`SELECT "Teams"."Id", "Teams"."Name", "Teams"."TownId" FROM "Club"."Teams" JOIN "Club"."Members" AS via_ ON via_."TeamId" = "Teams"."Id" WHERE ((length("Teams"."Name") IS NOT DISTINCT FROM 1) AND ("Teams"."Name" IS NOT DISTINCT FROM 'x')) AND (via_."PersonId" = '{id}') ORDER BY "Teams"."Id" ASC NULLS FIRST`, true,
		},
		{
			"People({id})/Teams({id})",
			"Teams Id = '{id}'; Members PersonId = '{id}'; 0.Id=>1.TeamId",
			`SELECT "Teams"."Id", "Teams"."Name", "Teams"."TownId" FROM "Club"."Teams" JOIN "Club"."Members" AS via_ ON via_."TeamId" = "Teams"."Id" WHERE ("Teams"."Id" = '{id}') AND (via_."PersonId" = '{id}')`, true,
		},
		{
			"People({id})/Teams/$count",
			"Teams TRUE; Members PersonId = '{id}'; 0.Id=>1.TeamId",
			`SELECT 1 FROM "Club"."Teams" JOIN "Club"."Members" AS via_ ON via_."TeamId" = "Teams"."Id" WHERE (via_."PersonId" = '{id}')`, true,
		},
		{
			"People({id})/Teams/$count?$filter=Town/Name eq 'x'",
			"Teams TRUE; Members PersonId = '{id}'; Towns Name = 'x'; 0.Id=>1.TeamId; 0.TownId=>2.Id",
			`SELECT 1 FROM "Club"."Teams" JOIN "Club"."Members" AS via_ ON via_."TeamId" = "Teams"."Id" LEFT JOIN "Club"."Towns" AS n1_ ON n1_."Id" = "Teams"."TownId" WHERE (n1_."Name" IS NOT DISTINCT FROM 'x') AND (via_."PersonId" = '{id}')`, true,
		},
		{
			"Teams({id})/People?$select=Name&$orderby=Name",
			"People TRUE; Members TeamId = '{id}'; 0.Id=>1.PersonId",
			`SELECT "People"."Name", "People"."Id" FROM "Club"."People" JOIN "Club"."Members" AS via_ ON via_."PersonId" = "People"."Id" WHERE (via_."TeamId" = '{id}') ORDER BY "People"."Name" ASC NULLS FIRST, "People"."Id" ASC NULLS FIRST`, true,
		},
		{"Towns({id})/People", "People TownId = '{id}'", "", false},
		{
			"Towns({id})/Teams?$filter=People/any(p:p/Name eq 'x')",
			"Teams TownId = '{id}'; Members TRUE; People Name = 'x'; 0.Id=>1.TeamId; 1.PersonId=>2.Id",
			`SELECT "Teams"."Id", "Teams"."Name", "Teams"."TownId" FROM "Club"."Teams" WHERE EXISTS (SELECT 1 FROM "Club"."Members" AS n1_ JOIN "Club"."People" AS n2_ ON n2_."Id" = n1_."PersonId" WHERE n1_."TeamId" = "Teams"."Id" AND (n2_."Name" IS NOT DISTINCT FROM 'x')) AND ("Teams"."TownId" = '{id}') ORDER BY "Teams"."Id" ASC NULLS FIRST`, true,
		},
		{
			"People?$filter=Town/Name eq 'x' and Name eq 'y'",
			"People Name = 'y'; Towns Name = 'x'; 0.TownId=>1.Id",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" LEFT JOIN "Club"."Towns" AS n1_ ON n1_."Id" = "People"."TownId" WHERE ((n1_."Name" IS NOT DISTINCT FROM 'x') AND ("People"."Name" IS NOT DISTINCT FROM 'y')) ORDER BY "People"."Id" ASC NULLS FIRST`, true,
		},
		{
			"People?$filter=Town/Name eq 'x' or Town/Name eq 'y'",
			"People TRUE; Towns Name = 'x' OR Name = 'y'; 0.TownId=>1.Id",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" LEFT JOIN "Club"."Towns" AS n1_ ON n1_."Id" = "People"."TownId" WHERE ((n1_."Name" IS NOT DISTINCT FROM 'x') OR (n1_."Name" IS NOT DISTINCT FROM 'y')) ORDER BY "People"."Id" ASC NULLS FIRST`, true,
		},
		{
			"People?$filter=Teams/any()",
			"People TRUE; Members TRUE; Teams TRUE; 0.Id=>1.PersonId; 1.TeamId=>2.Id",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" WHERE EXISTS (SELECT 1 FROM "Club"."Members" AS n1_ JOIN "Club"."Teams" AS n2_ ON n2_."Id" = n1_."TeamId" WHERE n1_."PersonId" = "People"."Id") ORDER BY "People"."Id" ASC NULLS FIRST`, true,
		},
		{
			"People?$filter=Teams/all(t:t/Town/Name eq 'x')",
			"People TRUE; Members TRUE; Teams TRUE; Towns TRUE; 0.Id->1.PersonId; 1.TeamId=>2.Id; 2.TownId->3.Id",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" WHERE (NOT EXISTS (SELECT 1 FROM "Club"."Members" AS n1_ JOIN "Club"."Teams" AS n2_ ON n2_."Id" = n1_."TeamId" LEFT JOIN "Club"."Towns" AS n3_ ON n3_."Id" = n2_."TownId" WHERE n1_."PersonId" = "People"."Id" AND NOT COALESCE((n3_."Name" IS NOT DISTINCT FROM 'x'), FALSE))) ORDER BY "People"."Id" ASC NULLS FIRST`, true,
		},
		{
			"People?$filter=Teams/$count eq 0",
			"People TRUE; Members TRUE; Teams TRUE; 0.Id->1.PersonId; 1.TeamId=>2.Id",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" WHERE ((SELECT count(*) FROM "Club"."Members" AS n1_ JOIN "Club"."Teams" AS n2_ ON n2_."Id" = n1_."TeamId" WHERE n1_."PersonId" = "People"."Id") = 0) ORDER BY "People"."Id" ASC NULLS FIRST`, true,
		},
		{
			"People?$filter=Members/$count($filter=Role eq 'x') gt 1",
			"People TRUE; Members Role = 'x'; 0.Id->1.PersonId",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" WHERE ((SELECT count(*) FROM "Club"."Members" AS n1_ WHERE n1_."PersonId" = "People"."Id" AND (n1_."Role" IS NOT DISTINCT FROM 'x')) > 1) ORDER BY "People"."Id" ASC NULLS FIRST`, true,
		},
		{
			"People?$filter=Members/any(m:m/Role eq 'x' and m/Team/Town/Name eq Name)",
			"People TRUE; Members Role = 'x'; Teams TRUE; Towns TRUE; 0.Id=>1.PersonId; 1.TeamId->2.Id; 2.TownId->3.Id",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" WHERE EXISTS (SELECT 1 FROM "Club"."Members" AS n1_ LEFT JOIN "Club"."Teams" AS n2_ ON n2_."Id" = n1_."TeamId" LEFT JOIN "Club"."Towns" AS n3_ ON n3_."Id" = n2_."TownId" WHERE n1_."PersonId" = "People"."Id" AND ((n1_."Role" IS NOT DISTINCT FROM 'x') AND (n3_."Name" IS NOT DISTINCT FROM "People"."Name"))) ORDER BY "People"."Id" ASC NULLS FIRST`, true,
		},
		{
			"People?$filter=Town/People/any(p:p/Name eq 'x')",
			"People TRUE; Towns TRUE; People Name = 'x'; 0.TownId=>1.Id; 1.Id=>2.TownId",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" LEFT JOIN "Club"."Towns" AS n1_ ON n1_."Id" = "People"."TownId" WHERE EXISTS (SELECT 1 FROM "Club"."People" AS n2_ WHERE n2_."TownId" = n1_."Id" AND (n2_."Name" IS NOT DISTINCT FROM 'x')) ORDER BY "People"."Id" ASC NULLS FIRST`, true,
		},
		{
			"People?$filter=not Town/People/any(p:p/Name eq 'x')",
			"People TRUE; Towns TRUE; People Name = 'x'; 0.TownId->1.Id; 1.Id->2.TownId",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" LEFT JOIN "Club"."Towns" AS n1_ ON n1_."Id" = "People"."TownId" WHERE (NOT EXISTS (SELECT 1 FROM "Club"."People" AS n2_ WHERE n2_."TownId" = n1_."Id" AND (n2_."Name" IS NOT DISTINCT FROM 'x'))) ORDER BY "People"."Id" ASC NULLS FIRST`, true,
		},
		{"People?$filter=Town eq null", "People TownId IS NULL", "", false},
		{
			"People?$filter=Town/Name in ('x','y')",
			"People TRUE; Towns Name IN ('x', 'y'); 0.TownId=>1.Id",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" LEFT JOIN "Club"."Towns" AS n1_ ON n1_."Id" = "People"."TownId" WHERE COALESCE(n1_."Name" IN ('x', 'y'), FALSE) ORDER BY "People"."Id" ASC NULLS FIRST`, true,
		},
		{
			"People?$filter=startswith(Town/Name,'x') eq true",
			"People TRUE; Towns Name LIKE 'x%'; 0.TownId=>1.Id",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" LEFT JOIN "Club"."Towns" AS n1_ ON n1_."Id" = "People"."TownId" WHERE (starts_with(n1_."Name", 'x') IS NOT DISTINCT FROM TRUE) ORDER BY "People"."Id" ASC NULLS FIRST`, true,
		},
		{
			"People?$orderby=Town/Name,Name desc",
			"People TRUE; Towns TRUE; 0.TownId->1.Id",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" LEFT JOIN "Club"."Towns" AS n1_ ON n1_."Id" = "People"."TownId" ORDER BY n1_."Name" ASC NULLS FIRST, "People"."Name" DESC NULLS LAST, "People"."Id" ASC NULLS FIRST`, false,
		},
		{
			"People?$orderby=Teams/$count desc",
			"People TRUE; Members TRUE; Teams TRUE; 0.Id->1.PersonId; 1.TeamId=>2.Id",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" ORDER BY (SELECT count(*) FROM "Club"."Members" AS n1_ JOIN "Club"."Teams" AS n2_ ON n2_."Id" = n1_."TeamId" WHERE n1_."PersonId" = "People"."Id") DESC NULLS LAST, "People"."Id" ASC NULLS FIRST`, false,
		},
		{
			"People?$filter=Town/Name eq 'x'&$search=z",
			"People TRUE; Towns Name = 'x'; 0.TownId=>1.Id",
			`SELECT "People"."Id", "People"."Name", "People"."TownId" FROM "Club"."People" LEFT JOIN "Club"."Towns" AS n1_ ON n1_."Id" = "People"."TownId" WHERE (n1_."Name" IS NOT DISTINCT FROM 'x') AND contains(lower(concat_ws(chr(31), '', "People"."Name")), lower('z')) ORDER BY "People"."Id" ASC NULLS FIRST`, true,
		},
		{
			"Members?$filter=Person/Town/Name eq 'x' and Team/Name eq 'y'",
			"Members TRUE; People TRUE; Towns Name = 'x'; Teams Name = 'y'; 0.PersonId=>1.Id; 1.TownId=>2.Id; 0.TeamId=>3.Id",
			`SELECT "Members"."PersonId", "Members"."TeamId", "Members"."Role" FROM "Club"."Members" LEFT JOIN "Club"."People" AS n1_ ON n1_."Id" = "Members"."PersonId" LEFT JOIN "Club"."Towns" AS n2_ ON n2_."Id" = n1_."TownId" LEFT JOIN "Club"."Teams" AS n3_ ON n3_."Id" = "Members"."TeamId" WHERE ((n2_."Name" IS NOT DISTINCT FROM 'x') AND (n3_."Name" IS NOT DISTINCT FROM 'y')) ORDER BY "Members"."PersonId" ASC NULLS FIRST, "Members"."TeamId" ASC NULLS FIRST`, true,
		},
	} {
		t.Run(c.address, func(t *testing.T) {
			t.Parallel()
			id := func(text string) string { return strings.ReplaceAll(text, "{id}", someID) }
			r := bindClub(t, id(c.address))
			var link predicate.Expr
			if n := len(r.Hops); n > 0 {
				link = model.Link(r.Hops[n-1].Link, predicate.UUIDValue(someID))
			}
			q, count := r.Query(link, -1), r.CountQuery(link)
			if reads(q) != id(c.reads) || q.SQL != id(c.sql) || (q.Plain == nil) != (c.sql != "") {
				t.Errorf("reads %s\nSQL   %s", reads(q), q.SQL)
			}
			for _, q := range []*query.Query{q, count, r.Query(link, 7)} {
				if c.sql != "" {
					readsWhatItNames(t, q)
				}
			}
			want := ""
			if c.counted {
				want = columns.ReplaceAllString(orders.ReplaceAllString(q.SQL, ""), "SELECT 1 FROM")
			}
			if count.SQL != want || (count.Plain == nil) != c.counted || len(count.Columns) > 0 {
				t.Errorf("counted by %s\nwant %s", count.SQL, want)
			}
			if limited := r.Query(link, 7); c.sql != "" && limited.SQL != q.SQL+" LIMIT 7" || c.sql == "" && limited.Plain.Limit != 7 {
				t.Errorf("limited: %s", limited.SQL)
			}
			if none := r.Query(link, 0); !none.Empty {
				t.Error("no rows are wanted, and the query is not empty")
			}
		})
	}
}

// TestConditionsOnTheItemsOfALists may read the row that the list is of, and what
// is joined to it, but no other.
// readsWhatItNames checks that each access has the columns that the SQL names.
func readsWhatItNames(t *testing.T, q *query.Query) {
	t.Helper()
	for _, a := range q.Accesses {
		for i := range a.Table.Columns {
			name := a.Table.Columns[i].Name
			named := strings.Contains(q.SQL, a.Alias+`."`+name+`"`) || strings.Contains(q.SQL, `"`+a.Alias+`"."`+name+`"`)
			if named && !slices.Contains(a.Columns, i) {
				t.Errorf("%s of %s is not read for %s", name, a.Alias, q.SQL)
			}
		}
	}
}

func TestConditionsOnTheItemsOfALists(t *testing.T) {
	t.Parallel()
	for filter, position := range map[string]int{
		"Tags/any(t:t eq Title)":                                  -1,
		"Tags/any(t:t eq Shelf/Name)":                             -1,
		"Loans/any(l:l/Book/Tags/any(t:t eq l/Reader))":           -1,
		"Loans/any(l:l/Book/Tags/any(t:t eq l/Book/Title))":       -1,
		"Loans/any(l:Tags/any(t:t eq l/Reader))":                  30,
		"Loans/any(l:l/Book/Tags/any(t:t eq Title))":              35,
		"Tags/any(t:Tags/any(u:u eq t))":                          -1,
		"Tags/any(t:Loans/any())":                                 11,
		"Loans/$count($filter=Book/Tags/any(t:t eq Reader)) gt 1": -1,
	} {
		e := refusal(t, filter)
		if position < 0 && e != nil || position >= 0 && (e == nil || e.Code != gwerr.NotImplemented || e.Position != position) {
			t.Errorf("%s: %v", filter, e)
		}
	}
}

// TestTheLeadingColumn: where rows are sorted by a column that is never null, a
// source that can sort gets it, with the number of rows wanted, if it also knows
// all conditions.
func TestTheLeadingColumn(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]*query.Top{
		"$orderby=Title":                              {Column: "Title", Rows: 7},
		"$orderby=Title desc,Pages":                   {Column: "Title", Descending: true, Rows: 7},
		"$orderby=Title&$filter=Pages eq 1":           {Column: "Title", Rows: 7},
		"$orderby=Id":                                 {Column: "Id", Rows: 7},
		"$orderby=Pages":                              nil, // may be null
		"$orderby=Pages,Title":                        nil,
		"$orderby=tolower(Title)":                     nil,
		"$orderby=Title&$filter=length(Title) eq 1":   nil, // the engine leaves rows out
		"$orderby=Title&$search=x":                    nil,
		"$orderby=Title&$filter=Loans/any()":          nil,
		"$orderby=null,Title":                         nil,
		"$orderby=Title&$filter=Shelf/Name eq 'x'":    nil,
		"$orderby=Shelf/Name":                         nil,
		"$orderby=Title&$filter=Pages lt null":        {Column: "Title", Rows: 7},
		"$orderby=Title&$filter=not (Author eq null)": {Column: "Title", Rows: 7},
	} {
		r, err := bind(t, "Books?"+options)
		if err != nil {
			t.Fatal(err)
		}
		got := r.Query(nil, 7).Accesses[0].Top
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%s: %+v, want %+v", options, got, want)
		}
		if top := r.Query(nil, -1).Accesses[0].Top; top != nil {
			t.Errorf("%s: all rows are wanted, and the source is told %+v", options, top)
		}
	}
}

// TestExpansions reads what $expand adds: by which link, with which columns, and
// where the link's value stands in both results.
func TestExpansions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expand, reads, columns, from, link string }{
		{"Town", "Towns Id IN ('{id}')", "Id Name", "TownId", "Id"},
		{"Town($select=Name)", "Towns Id IN ('{id}')", "Name+Id", "TownId", "Id"},
		{"Members", "Members PersonId IN ('{id}')", "PersonId TeamId Role", "Id", "PersonId"},
		{"Members($select=Role)", "Members PersonId IN ('{id}')", "Role+PersonId TeamId", "Id", "PersonId"},
		{"Members($filter=Role eq 'x')", "Members PersonId IN ('{id}') AND Role = 'x'", "PersonId TeamId Role", "Id", "PersonId"},
		{"Members/$count", "Members PersonId IN ('{id}')", "+PersonId", "Id", "PersonId"},
		{"Members/$count($filter=Role eq 'x')", "Members PersonId IN ('{id}') AND Role = 'x'", "+PersonId", "Id", "PersonId"},
		{"Teams($select=Name)", "Teams TRUE; Members PersonId IN ('{id}'); 0.Id=>1.TeamId", "Name+Id", "Id", "PersonId"},
		{"Teams($select=Name;$filter=Name eq 'x')", "Teams Name = 'x'; Members PersonId IN ('{id}'); 0.Id=>1.TeamId", "Name+Id", "Id", "PersonId"},
		{"Club.Person/Town", "Towns Id IN ('{id}')", "Id Name", "TownId", "Id"},
	} {
		t.Run(c.expand, func(t *testing.T) {
			t.Parallel()
			r := bindClub(t, "People?$select=Name&$expand="+c.expand)
			x := r.Expand[0]
			q := x.Target.Query(x.Link([][]predicate.Value{{predicate.UUIDValue(someID)}}), -1)
			if got := strings.ReplaceAll(reads(q), someID, "{id}"); got != c.reads || columnNames(x.Target) != c.columns {
				t.Errorf("reads %s\ncolumns %s", got, columnNames(x.Target))
			}
			if from := r.Table.Columns[r.Columns[x.From[0]]].Name; from != c.from || q.Columns[x.To[0]].Name != c.link {
				t.Errorf("from %s, link %s", from, q.Columns[x.To[0]].Name)
			}
			if x.Target.Type(x.To[0]) != catalog.GUID {
				t.Errorf("the link is of type %s", x.Target.Type(x.To[0]).Edm())
			}
		})
	}
}

// TestWhatAnExpansionWrites: how many of the related entities, in which order, and
// their number.
func TestWhatAnExpansionWrites(t *testing.T) {
	t.Parallel()
	for expand, want := range map[string]string{
		"Members":                             "all, skip 0",
		"Members($top=2)":                     "2, skip 0, sorted",
		"Members($skip=1)":                    "all, skip 1, sorted",
		"Members($top=2;$skip=1;$count=true)": "2, skip 1, sorted, with count",
		"Members($count=false)":               "all, skip 0",
		"Members/$count":                      "all, skip 0, with count alone",
		"Members($orderby=Role)":              "all, skip 0, sorted",
		"Members($filter=Team/Name eq 'x')":   "all, skip 0, sorted", // the engine's order is none
		"Members($expand=Team($select=Name))": "all, skip 0, sorted", // as the engine joins them
		"Members($search=x;$top=0)":           "0, skip 0, sorted",
	} {
		x := bindClub(t, "People?$expand="+expand).Expand[0]
		got := "all"
		if x.Top != nil {
			got = fmt.Sprint(*x.Top)
		}
		got += fmt.Sprintf(", skip %d", x.Skip)
		if strings.Contains(x.Target.Query(x.Link(nil), -1).SQL, "ORDER BY") {
			got += ", sorted"
		}
		switch {
		case x.CountOnly:
			got += ", with count alone"
		case x.CountWanted:
			got += ", with count"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", expand, got, want)
		}
	}
}

// TestContexts: readers of version 4.0 learn of expanded properties only where
// these are restricted themselves.
//
// Source: OData 4.01 Part 1, section 10.
func TestContexts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ address, v401, v40 string }{
		{"Books", "Books", "Books"},
		{"Books?$select=Title", "Books(Title)", "Books(Title)"},
		{"Books?$expand=Shelf", "Books(Shelf())", "Books"},
		{"Books?$expand=Shelf($select=Name)", "Books(Shelf(Name))", "Books(Shelf(Name))"},
		{"Books?$select=Title&$expand=Shelf", "Books(Title,Shelf())", "Books(Title)"},
		{"Books?$select=Title,Shelf&$expand=Shelf", "Books(Title,Shelf())", "Books(Title,Shelf)"},
		{"Books?$expand=Loans($expand=Book)", "Books(Loans(Book()))", "Books"},
		{"Books?$expand=Loans($expand=Book($select=Title))", "Books(Loans(Book(Title)))", "Books(Loans(Book(Title)))"},
		{"Books?$expand=Loans/$count", "Books", "Books"},
		{"Books({book})?$select=Title", "Books(Title)/$entity", "Books(Title)/$entity"},
		{"Books({book})/Title", "Books({book})/Title", "Books({book})/Title"},
		{"Books({book})/Loans(7)/Reader", "Loans(7)/Reader", "Loans(7)/Reader"},
		{"Loans(BookId={book},Number=7)/Reader", "Loans(BookId={book},Number=7)/Reader", "Loans(BookId={book},Number=7)/Reader"},
		{"Loans(BookId={book},Number=7)/Book/Title", "Loans(BookId={book},Number=7)/Book/Title", "Loans(BookId={book},Number=7)/Book/Title"},
	} {
		r, err := bind(t, withBook(c.address))
		if err != nil {
			t.Fatal(err)
		}
		if new, old := r.Context(true), r.Context(false); new != withBook(c.v401) || old != withBook(c.v40) {
			t.Errorf("%s: %s, and before %s", c.address, new, old)
		}
	}
}

// TestColumnsThatTellRowsApart: the key, wherever it stands; nothing where the
// caller sees it masked, or there is none.
func TestColumnsThatTellRowsApart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, address string
		change        func(*catalog.Table)
		at            []int
		columns       string
	}{
		{"read already", "People?$select=Name", nil, []int{1}, "Name+Id"},
		{"selected", "People?$select=Id,Name", nil, []int{0}, "Id Name"},
		{"of two columns", "Members?$select=TeamId", nil, []int{1, 0}, "TeamId+PersonId"},
		{"masked", "People?$select=Name", func(p *catalog.Table) {
			p.Restriction = &catalog.Restriction{Masks: map[string]catalog.Mask{"Id": catalog.MaskHash}}
		}, nil, "Name+Id"},
		{"another column masked", "People?$select=TownId", func(p *catalog.Table) {
			p.Restriction = &catalog.Restriction{Masks: map[string]catalog.Mask{"Name": catalog.MaskHash}}
		}, []int{1}, "TownId+Id"},
		{"no key", "People?$select=Name", func(p *catalog.Table) { p.Columns[0].Key = false }, nil, "Name"},
	} {
		s := club(false)
		if c.change != nil {
			c.change(s.Tables[1])
		}
		r := bindTo(t, s, c.address)
		if at := r.Identify(); !slices.Equal(at, c.at) || columnNames(r) != c.columns {
			t.Errorf("%s: %v of %s", c.name, at, columnNames(r))
		}
	}
}

// TestWithoutIDs: an answer without control information reads the key only where
// it was selected.
func TestWithoutIDs(t *testing.T) {
	t.Parallel()
	tree, err := uri.Parse("People", "$select=Name", uri.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.Bind(club(false), tree, model.Options{Namespace: "Club", WithoutIDs: true})
	if err != nil || columnNames(r) != "Name" {
		t.Fatalf("columns %s, %v", columnNames(r), err)
	}
	if at := r.Identify(); !slices.Equal(at, []int{1}) || columnNames(r) != "Name+Id" {
		t.Errorf("paged by %v of %s", at, columnNames(r))
	}
}

// TestHops binds the rows on the way, each by its key or its link.
func TestHops(t *testing.T) {
	t.Parallel()
	s := club(false)
	r := bindTo(t, s, "People("+someID+")/Teams("+someID+")/Town/People")
	for i, want := range []struct {
		reads, column string
		onlyLinked    bool
		known         bool
	}{
		{"People Id = '{id}'", "Id", false, true},
		{"Teams Id = '{id}'; Members PersonId = '{id}'; 0.Id=>1.TeamId", "TownId", false, false},
		{"Towns Id = '{id}'", "Id", true, false},
	} {
		hop := r.Hops[i]
		var link predicate.Expr
		if i > 0 {
			link = model.Link(r.Hops[i-1].Link, predicate.UUIDValue(someID))
		}
		own := hop.Resource(s)
		if got := strings.ReplaceAll(reads(own.Query(link, -1)), someID, "{id}"); got != want.reads || columnNames(own) != want.column {
			t.Errorf("hop %d: %s, columns %s", i, got, columnNames(own))
		}
		if hop.OnlyLinked() != want.onlyLinked || (hop.Known != nil) != want.known {
			t.Errorf("hop %d: by its link alone %v, known %v", i, hop.OnlyLinked(), hop.Known)
		}
	}
}

func TestTypedValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   catalog.Type
		text string
		want predicate.Value
	}{
		{catalog.GUID, strings.ToUpper(odatatest.ID("book", 10)), predicate.UUIDValue(odatatest.ID("book", 10))},
		{catalog.Int32, "-7", predicate.IntValue(-7)},
		{catalog.Int64, "9007199254740993", predicate.IntValue(9007199254740993)},
		{catalog.String, "7", predicate.StringValue("7")},
		{catalog.String, "", predicate.StringValue("")},
	} {
		if got := model.TypedValue(c.of, c.text); got.String() != c.want.String() {
			t.Errorf("%s as %s is %s", c.text, c.of.Edm(), got)
		}
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	const row = `lower(concat_ws(chr(31), '', "People"."Name"))`
	for search, want := range map[string]string{
		"x":            "contains(" + row + ", lower('x'))",
		`"O'Neil x"`:   "contains(" + row + ", lower('O''Neil x'))",
		"NOT x":        "(NOT contains(" + row + ", lower('x')))",
		"x y":          "(contains(" + row + ", lower('x')) AND contains(" + row + ", lower('y')))",
		"x AND y":      "(contains(" + row + ", lower('x')) AND contains(" + row + ", lower('y')))",
		"x OR y":       "(contains(" + row + ", lower('x')) OR contains(" + row + ", lower('y')))",
		"x OR y NOT z": "(contains(" + row + ", lower('x')) OR (contains(" + row + ", lower('y')) AND (NOT contains(" + row + ", lower('z')))))",
	} {
		q := bindClub(t, "People?$search="+search).Query(nil, -1)
		if q.Plain == nil || q.Plain.FilterSQL != want || q.Accesses[0].WhereComplete {
			t.Errorf("%s\ngot  %s\nwant %s", search, q.Plain.FilterSQL, want)
		}
	}
}

// TestErrorsSayWhere misspells one name in random filters: the error is about that
// name, at its place.
func TestErrorsSayWhere(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	names := regexp.MustCompile(`\b(Title|Author|Pages|Sold|Price|InPrint|BoughtAt|Tags|Extra|Summary)\b`)
	schema := odatatest.New(0).Main
	tried := 0
	for n := range 2000 {
		filter := odatatest.Filters{Rand: random, Simple: n%2 == 0}.Make(n % 5)
		places := names.FindAllStringIndex(filter, -1)
		if len(places) == 0 {
			continue
		}
		place := places[random.IntN(len(places))]
		if strings.Count(filter[:place[0]], "'")%2 == 1 {
			continue // in a text
		}
		wrong := filter[:place[1]] + "x" + filter[place[1]:]
		tree, err := uri.ParseFilter(wrong, uri.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", wrong, err)
		}
		request := &uri.Request{Path: []uri.Segment{&uri.NameSegment{Name: "Books"}}, Options: uri.Options{Filter: tree}}
		_, err = model.Bind(schema, request, model.Options{Namespace: "Library", Now: time.Unix(0, 0)})
		name := filter[place[0]:place[1]]
		e := gwerr.From(err)
		if err == nil || e.Code != gwerr.UnknownColumn || e.Position != place[0] || e.Hint != "Did you mean "+name+"?" {
			t.Fatalf("%s\n%s at %d, not %d: %s", wrong, e.Code, e.Position, place[0], e)
		}
		tried++
	}
	if tried < 500 {
		t.Errorf("only %d names were misspelt", tried)
	}
}

// FuzzBind binds any address: it is bound, or refused by an error of ours that
// points into it; what is bound can be asked and counted.
func FuzzBind(f *testing.F) {
	for _, seed := range []string{
		"Books?$filter=Title eq 'x'", "Books(" + odatatest.ID("book", 1) + ")/Loans(7)/Book?$select=Title", "Books?$expand=Loans($filter=Reader eq 'x';$top=1)",
		"Books?$filter=Loans/any(l:l/Reader eq @p)&@p='x'", "Books?$orderby=Shelf/Name desc&$search=a NOT b", "Books/$count?$filter=Tags/all(t:t ne null)",
		"Books?$filter=case(InPrint:1,true:Price) gt 1.5 and cast(Title,Edm.Guid) in (null)", "Books?$filter=Shelf/Books/$count($filter=Pages gt 1) eq 0",
	} {
		f.Add(seed)
	}
	schema := odatatest.New(0).Main
	f.Fuzz(func(t *testing.T, address string) {
		path, options, _ := strings.Cut(address, "?")
		tree, err := uri.Parse(path, options, uri.Limits{})
		if err != nil {
			return
		}
		r, err := model.Bind(schema, tree, model.Options{Namespace: "Library", Now: time.Unix(0, 0)})
		if err != nil {
			if e := gwerr.From(err); e.Code == gwerr.Internal || e.Message == "" || e.Position > len(address) {
				t.Fatalf("%s: %s at %d: %s", address, e.Code, e.Position, e)
			}
			return
		}
		if r.Table == nil {
			return
		}
		q, count := r.Query(nil, 3), r.CountQuery(nil)
		for _, sql := range []string{q.SQL, count.SQL} {
			if strings.Count(sql, "'")%2 != 0 || strings.Count(sql, `"`)%2 != 0 {
				t.Fatalf("%s: a quote is open in %s", address, sql)
			}
		}
		if len(q.Accesses) == 0 || r.Context(true) == "" {
			t.Fatalf("%s: nothing is read", address)
		}
	})
}
