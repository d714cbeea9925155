package model_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// TestWhoCounts decides how the number of a feed's rows is learned: by the engine, by
// reading them all, or by what the data source tells.
func TestWhoCounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address                              string
		engine, byEngine, reads, conditional bool
	}{
		{"People", false, false, false, false},
		{"People?$filter=Name eq 'x'", false, false, false, true},
		{"People?$filter=length(Name) eq 1", false, false, false, true},
		{"People?$search=x", false, false, false, true},
		{"People?$orderby=Name", false, true, false, false},
		{"People?$orderby=Town/Name", false, true, false, false},
		{"People?$filter=Town/Name eq 'x'", true, true, true, true},
		{"People?$filter=Town/Id eq {id}", false, false, false, true},
		{"People?$filter=Teams/any()", true, true, true, true},
		{"People({id})/Members", false, false, false, false},
		{"People({id})/Teams", true, true, true, true},
		{"People?$compute=length(Name) as L", true, true, false, true},
		{"People?$compute=length(Name) as L&$filter=L gt 1", true, true, true, true},
		{"People?$apply=groupby((Name))", true, true, true, true},
		{"People?$apply=filter(Name eq 'x')", false, false, false, true},
		{"$crossjoin(People,Towns)", true, true, true, true},
	} {
		r := bindClub(t, withID(c.address))
		if r.CountedByEngine() != c.engine || r.ByEngine() != c.byEngine || r.CountReads() != c.reads || r.Conditional() != c.conditional {
			t.Errorf("%s: counted by the engine %v, read by it %v, read to be counted %v, conditional %v",
				c.address, r.CountedByEngine(), r.ByEngine(), r.CountReads(), r.Conditional())
		}
	}
}

// TestCountsInRows: each row tells the number of all, in an order that stays the same.
func TestCountsInRows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ address, reads string }{
		{
			"People?$select=Name",
			`SELECT "People"."Name", "People"."Id", count(*) OVER () AS "$count" FROM "Club"."People" ORDER BY "People"."Id" ASC NULLS FIRST LIMIT 7`,
		},
		{
			"People?$select=Name&$orderby=Name desc&$filter=Name eq 'x'",
			`SELECT "People"."Name", "People"."Id", count(*) OVER () AS "$count" FROM "Club"."People" WHERE "People"."Name" = 'x'` +
				` ORDER BY "People"."Name" DESC NULLS LAST, "People"."Id" ASC NULLS FIRST LIMIT 7`,
		},
		{
			"Members?$select=Role",
			`SELECT "Members"."Role", "Members"."PersonId", "Members"."TeamId", count(*) OVER () AS "$count" FROM "Club"."Members"` +
				` ORDER BY "Members"."PersonId" ASC NULLS FIRST, "Members"."TeamId" ASC NULLS FIRST LIMIT 7`,
		},
		{
			"People?$apply=groupby((Name))",
			`SELECT s1_."Name" AS "Name", count(*) OVER () AS "$count" FROM (SELECT "People"."Name" AS "Name" FROM "Club"."People" GROUP BY "People"."Name") AS s1_` +
				` ORDER BY s1_."Name" ASC NULLS FIRST LIMIT 7`,
		},
	} {
		r := bindClub(t, c.address)
		if !r.CountInRows() || !r.ByEngine() {
			t.Errorf("%s is not counted in its rows", c.address)
		}
		outputs := r.Outputs()
		if last := outputs[len(outputs)-1]; last.Name != "$count" || !last.Hidden || last.Type != catalog.Int64 || last.Absent >= 0 {
			t.Errorf("%s: counted by %+v", c.address, last)
		}
		if got := reads(r, nil, 7); got != c.reads {
			t.Errorf("%s reads\n%s", c.address, got)
		}
	}
	s := club(false)
	s.Tables[1].Columns[0].Key = false
	if r := bindTo(t, s, "People?$select=Name"); r.CountInRows() || len(r.Outputs()) > 0 || r.ByEngine() {
		t.Errorf("rows without a key are counted in an order: %s", reads(r, nil, -1))
	}
}

// TestCountsIgnoreTheRest: what doesn't change the number is no part of its statement.
//
// Source: OData 4.01 Part 1, section 11.2.6.5.
func TestCountsIgnoreTheRest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ address, counts string }{
		{"People?$top=1&$skip=2&$orderby=Name", "People TRUE"},
		{"People?$top=1&$filter=Name eq 'x'&$select=Name&$expand=Town", "People Name = 'x'"},
		{"People?$filter=length(Name) eq 1&$orderby=Town/Name", `People TRUE then (length("People"."Name") IS NOT DISTINCT FROM 1)`},
		{
			// The order's join adds nothing to the number.
			"People?$filter=Teams/any()&$orderby=Town/Name&$top=1",
			`SELECT 1 FROM "Club"."People" WHERE EXISTS (SELECT 1 FROM "Club"."Members" AS n1_ JOIN "Club"."Teams" AS n2_ ON n2_."Id" = n1_."TeamId" WHERE n1_."PersonId" = "People"."Id")`,
		},
		{
			"People?$filter=Town/Name eq 'x'&$orderby=Teams/$count&$top=1",
			`SELECT 1 FROM "Club"."People" LEFT JOIN "Club"."Towns" AS n1_ ON n1_."Id" = "People"."TownId" WHERE n1_."Name" = 'x' AND (n1_."Name" IS NOT DISTINCT FROM 'x')`,
		},
		{
			"People?$apply=groupby((Name),aggregate($count as N))&$filter=N gt 1&$orderby=N&$top=1&$select=N",
			`SELECT 1 AS one FROM (SELECT count(*) AS "N" FROM "Club"."People" GROUP BY "People"."Name") AS s1_ WHERE COALESCE(s1_."N" > 1, FALSE)`,
		},
		{
			"People?$apply=aggregate($count as N)",
			`SELECT 1 AS one FROM (SELECT count(*) AS one FROM "Club"."People") AS s1_`,
		},
		{
			"$crossjoin(Towns,Teams)?$orderby=Towns/Name&$top=1",
			`SELECT 1 AS one FROM (SELECT 1 AS one FROM "Club"."Towns" AS x1_ CROSS JOIN "Club"."Teams" AS x2_) AS s1_`,
		},
	} {
		r := bindClub(t, c.address)
		first := counts(r, nil)
		if first != c.counts {
			t.Errorf("%s counts\n%s", c.address, first)
		}
		before := reads(r, nil, 3)
		if again := counts(r, nil); again != first || reads(r, nil, 3) != before {
			t.Errorf("%s: counting changes what is read", c.address)
		}
	}
}

// binder keeps the statement that it was to bind.
type binder struct {
	bound []string
	err   error
}

func (b *binder) Bind(_ context.Context, st query.Statement) (*query.Query, error) {
	b.bound = append(b.bound, filledIn(st))
	return nil, b.err
}

// TestRowsAreBoundOnlyByNeed: plain feeds are bound already; all else is bound as SQL
// is, and its error is the binder's.
func TestRowsAreBoundOnlyByNeed(t *testing.T) {
	t.Parallel()
	link := predicate.Cmp{Column: "TownId", Op: predicate.Eq, Value: predicate.UUIDValue(someID)}
	for address, want := range map[string]string{
		"People":                                       "",
		"People?$filter=length(Name) eq 1":             "",
		"People?$select=Id&$orderby=Id":                `SELECT "People"."Id" FROM "Club"."People" WHERE "People"."TownId" = '{id}' ORDER BY "People"."Id" ASC NULLS FIRST LIMIT 2`,
		"People?$compute=1 as One&$select=One,Id,Name": `SELECT s1_."Id" AS "Id", s1_."Name" AS "Name", TRY_CAST(s1_."One" AS BIGINT) AS "One" FROM (SELECT "People"."Id" AS "Id", "People"."Name" AS "Name", 1 AS "One" FROM "Club"."People" WHERE "People"."TownId" = '{id}') AS s1_ ORDER BY s1_."Id" ASC NULLS FIRST LIMIT 2`,
	} {
		b := &binder{err: errors.New("not today")}
		q, err := bindClub(t, address).Rows(t.Context(), b, link, 2)
		if got := strings.Join(b.bound, "; "); got != withID(want) {
			t.Errorf("%s binds %s", address, got)
		}
		if plain := want == ""; plain && (err != nil || q.Accesses[0].Where.String() != withID("TownId = '{id}'")) || !plain && !errors.Is(err, b.err) {
			t.Errorf("%s: %v, %v", address, q, err)
		}
	}
}

// TestLimitsOfPlainFeeds: a limit is handed to the source where it alone decides on the
// rows; none of nothing is read.
func TestLimitsOfPlainFeeds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options      string
		limit        int64
		plain, given int64
		empty        bool
	}{
		{"$filter=Name eq 'x'", 5, 5, 5, false},
		{"$filter=Name eq 'x'", -1, 0, 0, false},
		{"$filter=length(Name) eq 1", 5, 5, 0, false},
		{"$search=x", 5, 5, 0, false},
		{"$filter=Name eq 'x'", 0, 0, 0, true},
		{"$filter=false", 5, 5, 5, true},
		{"$filter=Name eq 'x' and false", -1, 0, 0, true},
		{"$filter=length(Name) eq 1 and false", 5, 5, 0, true},
	} {
		q := bindClub(t, "People?"+c.options).Query(nil, c.limit)
		if q.Plain.Limit != c.plain || q.Accesses[0].Limit != c.given || q.Empty != c.empty || q.Plain.Empty != c.empty {
			t.Errorf("%s of %d: %d, of the source %d, empty %v", c.options, c.limit, q.Plain.Limit, q.Accesses[0].Limit, q.Empty)
		}
	}
	for filter, empty := range map[string]bool{"false": true, "Name eq 'x' and false": true, "true": false, "Name eq 'x'": false} {
		if q := bindClub(t, "People?$filter="+filter).CountQuery(nil); q.Empty != empty || q.Plain.Empty != empty || len(q.Columns) > 0 {
			t.Errorf("the count by %s: empty %v, columns %v", filter, q.Empty, q.Columns)
		}
	}
}

// TestColumnsReadForConditions stand behind those of the result, each once.
func TestColumnsReadForConditions(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]string{
		"$select=Name":                          "Name Id",
		"$select=Name&$filter=TownId eq null":   "Name Id TownId",
		"$select=TownId&$filter=Name eq 'x'":    "TownId Id Name",
		"$select=Id&$search=x":                  "Id Name",
		"$filter=Name eq 'x'":                   "Id Name TownId",
		"$select=Id&$filter=length(Name) eq 1":  "Id Name",
		"$select=Id&$filter=Town/Id eq null":    "Id TownId",
		"$select=Name&$expand=Town":             "Name Id TownId",
		"$select=Name&$expand=Members($top=1)":  "Name Id",
		"$select=Name,Id,Name&$filter=Id eq @p": "Name Id",
	} {
		r := bindClub(t, "People?"+options)
		var got []string
		for _, i := range r.Query(nil, -1).Accesses[0].Columns {
			got = append(got, r.Table.Columns[i].Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s reads %s", options, got)
		}
	}
	r := bindClub(t, "People/$count?$filter=length(Name) eq 1")
	if got := r.CountQuery(nil).Accesses[0].Columns; len(got) != 1 || r.Table.Columns[got[0]].Name != "Name" {
		t.Errorf("the count reads %v", got)
	}
}
