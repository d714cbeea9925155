package model_test

import (
	"fmt"
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
)

// TestConditionsOnTheItemsOfALists may read the row that the list is of, and what
// is joined to it, but no other.
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
		{"Club.Person/Town", "Towns Id IN ('{id}')", "Id Name", "TownId", "Id"},
		// Over a link, whose row it is stands behind the columns.
		{
			"Teams($select=Name)", `SELECT "Teams"."Name", "Teams"."Id", via_."PersonId" AS "$link" FROM "Club"."Teams" JOIN "Club"."Members" AS via_ ON via_."TeamId" = "Teams"."Id"` +
				` WHERE via_."PersonId" IN ('{id}') ORDER BY "Teams"."Id" ASC NULLS FIRST`, "Name+Id", "Id", "",
		},
		{
			"Teams($select=Name;$filter=Name eq 'x')", `SELECT "Teams"."Name", "Teams"."Id", via_."PersonId" AS "$link" FROM "Club"."Teams" JOIN "Club"."Members" AS via_ ON via_."TeamId" = "Teams"."Id"` +
				` WHERE via_."PersonId" IN ('{id}') AND "Teams"."Name" = 'x' ORDER BY "Teams"."Id" ASC NULLS FIRST`, "Name+Id", "Id", "",
		},
	} {
		t.Run(c.expand, func(t *testing.T) {
			t.Parallel()
			r := bindClub(t, "People?$select=Name&$expand="+c.expand)
			x := r.Expand[0]
			if got := strings.ReplaceAll(reads(x.Target, x.Link([][]predicate.Value{{predicate.UUIDValue(someID)}}), -1), someID, "{id}"); got != c.reads || columnNames(x.Target) != c.columns {
				t.Errorf("reads %s\ncolumns %s", got, columnNames(x.Target))
			}
			link := ""
			if at := x.To[0]; at < len(x.Target.Columns) {
				link = x.Target.Table.Columns[x.Target.Columns[at]].Name
			}
			if from := r.Table.Columns[r.Columns[x.From[0]]].Name; from != c.from || link != c.link || (link == "") != (x.Target.LinkColumn() != nil) {
				t.Errorf("from %s, link %q", from, link)
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
		if strings.Contains(reads(x.Target, x.Link(nil), -1), "ORDER BY") {
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
		{"Books?$select=Title,Id,Title", "Books(Title,Id)", "Books(Title,Id)"},
		{"Books?$select=*,Title,*", "Books(*,Title)", "Books(*,Title)"},
		{"Books?$select=Library.*", "Books(Library.*)", "Books(Library.*)"},
		{"Books?$select=Title,Shelf,Shelf", "Books(Title,Shelf)", "Books(Title,Shelf)"},
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
		{`SELECT "Teams"."TownId" FROM "Club"."Teams" JOIN "Club"."Members" AS via_ ON via_."TeamId" = "Teams"."Id" WHERE "Teams"."Id" = '{id}' AND via_."PersonId" = '{id}'`, "TownId", false, false},
		{"Towns Id = '{id}'", "Id", true, false},
	} {
		hop := r.Hops[i]
		var link predicate.Expr
		if i > 0 {
			link = model.Link(r.Hops[i-1].Link, predicate.UUIDValue(someID))
		}
		own := hop.Resource(s)
		if got := strings.ReplaceAll(reads(own, link, -1), someID, "{id}"); got != want.reads || columnNames(own) != want.column {
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
	random := random(t)
	names := regexp.MustCompile(`\b(Title|Author|Pages|Sold|Price|InPrint|BoughtAt|Tags|Extra|Summary)\b`)
	schema := odatatest.New(0).Main
	tried := 0
	for n := range fewer(2000) {
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
	if tried < fewer(500) {
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
		"Books?$apply=groupby((Shelf/Name),filter(InPrint)/nest(orderby(Title)/top(2) as A,nest(aggregate($count as N) as C) as B))&$select=A",
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
		for _, sql := range []string{reads(r, nil, 3), counts(r, nil)} {
			if strings.Count(sql, "'")%2 != 0 || strings.Count(sql, `"`)%2 != 0 {
				t.Fatalf("%s: a quote is open in %s", address, sql)
			}
		}
		if r.Context(true) == "" {
			t.Fatalf("%s: no context", address)
		}
	})
}
