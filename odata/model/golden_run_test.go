//go:build duckdb_arrow

package model_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// clubID is the id of a town, a person or a team.
func clubID(kind, n int) string { return fmt.Sprintf("%08d-0000-4000-8000-%012d", kind, n) }

// clubRows is a club with rows at random: some people have no town, some towns no
// people, and in some clubs people are members of a team in several roles.
func clubRows(r *rand.Rand, again bool) *odatatest.Library {
	l := &odatatest.Library{Main: club(again), Rows: map[string][]odatatest.Row{}}
	town := func() any { return pick[any](r, nil, clubID(0, 1), clubID(0, 2), clubID(0, 3)) }
	name := func(n int) any { return pick[any](r, nil, "x", "y", fmt.Sprint("n", n)) }
	for n := 1; n <= 5; n++ {
		l.Rows["Towns"] = append(l.Rows["Towns"], odatatest.Row{clubID(0, n), name(n)})
	}
	for n := 1; n <= 9; n++ {
		l.Rows["People"] = append(l.Rows["People"], odatatest.Row{clubID(1, n), name(n), town()})
	}
	for n := 1; n <= 4; n++ {
		l.Rows["Teams"] = append(l.Rows["Teams"], odatatest.Row{clubID(2, n), name(n), town()})
	}
	for person := 1; person <= 8; person++ {
		for team := 1; team <= 3; team++ {
			for _, role := range []string{"x", "y"}[:r.IntN(3)] {
				l.Rows["Members"] = append(l.Rows["Members"], odatatest.Row{clubID(1, person), clubID(2, team), role})
				if !again {
					break
				}
			}
		}
	}
	return l
}

// kindsInEngine are the engine's types that answers of each type may have.
var kindsInEngine = map[catalog.Type][]string{
	catalog.String: {"VARCHAR"}, catalog.GUID: {"UUID", "VARCHAR"}, catalog.Bool: {"BOOLEAN"}, catalog.Int32: {"INTEGER"}, catalog.Int64: {"BIGINT"},
	catalog.Float64: {"DOUBLE"}, catalog.Timestamp: {"TIMESTAMP WITH TIME ZONE"}, catalog.StringList: {"VARCHAR[]"}, catalog.JSON: {"JSON", "VARCHAR"},
}

// TestStatementsRun runs the statements in testdata: each has the columns that its
// resource tells, of their types, and as many rows as its count has.
func TestStatementsRun(t *testing.T) {
	t.Parallel()
	library, people := odatatest.New(12), clubRows(random(t), false)
	engines := map[string]*engine{"testdata/statements.txt": newEngine(t, library), "testdata/club.txt": newEngine(t, people)}
	for file, e := range engines {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			address, ok := strings.CutPrefix(line, "> ")
			if !ok {
				continue
			}
			bound := func() *model.Resource {
				if file == "testdata/club.txt" {
					return bindTo(t, people.Main, strings.ReplaceAll(address, "{id}", clubID(1, 1)))
				}
				r, err := bindWith(t, library.Main, address, model.Options{})
				if err != nil {
					t.Fatalf("%s: %v", address, err)
				}
				return r
			}
			r := bound()
			var link predicate.Expr
			if len(r.Hops) > 0 {
				link = model.Link(r.Hops[len(r.Hops)-1].Link, predicate.UUIDValue(clubID(1, 1)))
			}
			if r.Table == nil || r.Kind != model.Feed {
				continue
			}
			sql := filledIn(r.Statement(link, -1))
			rows, counted := e.query(t, sql), e.query(t, filledIn(bound().CountStatement(link)))
			if len(rows) != len(counted) {
				t.Errorf("%s: %d rows, and %d are counted", address, len(rows), len(counted))
			}
			checkColumns(t, e, address, r, sql)
		}
	}
}

// checkColumns compares a statement's columns with those that its resource tells.
func checkColumns(t *testing.T, e *engine, address string, r *model.Resource, sql string) {
	t.Helper()
	var told []model.Output
	for _, i := range r.Columns {
		told = append(told, model.Output{Name: r.Table.Columns[i].Name, Type: r.Table.Columns[i].Type})
	}
	if c := r.LinkColumn(); c != nil {
		told = append(told, model.Output{Name: "$link", Type: c.Type})
	}
	told = append(told, r.Outputs()...)
	described := e.query(t, "SELECT column_name, column_type FROM (DESCRIBE "+sql+")")
	if len(described) != len(told) {
		t.Errorf("%s: %d columns, and %d are told", address, len(described), len(told))
		return
	}
	for i, d := range described {
		name, kind, o := d["column_name"].(string), d["column_type"].(string), told[i]
		if o.CountOf {
			o.Name += "@count"
		}
		fits := slices.Contains(kindsInEngine[o.Type], kind)
		switch o.Edm {
		case "Edm.Decimal": // whole numbers of the engine are among them
			fits = strings.HasPrefix(kind, "DECIMAL") || kind == "BIGINT" || kind == "HUGEINT"
		case model.StructuredType:
			fits = strings.HasPrefix(kind, "STRUCT(")
		}
		if name != o.Name || !fits {
			t.Errorf("%s: column %d is %s %s, and %s %s%s is told", address, i, name, kind, o.Name, o.Type.Edm(), o.Edm)
		}
	}
}

// TestTypesOfAnswers: what an expression computes has the engine's type of the one
// that is told.
//
// Source: OData 4.01 Part 2, section 5.1.2.
func TestTypesOfAnswers(t *testing.T) {
	t.Parallel()
	lib := odatatest.New(4)
	e := newEngine(t, lib)
	for _, expression := range []string{
		"InPrint", "not InPrint", "Title", "null", "'x'", "5", "5.5", "5e1", "INF", "Pages", "Sold", "Pages add 1", "Pages add 1.5", "Price", "Price mul Pages", "-Pages", "-Price",
		"Pages div 2", "Pages divby 2", "Pages mod 2", "Id", "cast(Title,Edm.Guid)", "BoughtAt", "now()", "date(BoughtAt)", "time(BoughtAt)", "now() sub BoughtAt", "Tags", "['a']", "Extra",
		"Tags/$count", "Loans/$count", "Shelf/Name", "Shelf/Id", "Loans/any()", "Tags/any(q:q eq 'a')", "case(InPrint:Pages,true:Price)", "case(InPrint:Pages,true:1.5)", "case(InPrint:null,true:Title)",
		"cast(Price,Edm.Int32)", "cast(Pages,Edm.Int64)", "cast(Title,Edm.Decimal)", "cast(Pages,Edm.Single)", "cast(Pages,Edm.Double)", "cast(Title,Edm.Date)", "cast(Title,Edm.TimeOfDay)",
		"cast(Title,Edm.DateTimeOffset)", "cast(BoughtAt,Edm.String)", "round(Price)", "floor(Pages)", "length(Title)", "indexof(Title,'a')", "substring(Title,1)", "year(BoughtAt)",
		"fractionalseconds(BoughtAt)", "totalseconds(now() sub BoughtAt)", "isof(Title,Edm.String)", "Title in ('a')", "duration'PT1S'", "2024-01-01", "10:20:30", "$root/Books(" + odatatest.ID("book", 1) + ")/Pages",
	} {
		r, err := bind(t, "Books?"+escaped("$compute="+expression+" as X", "$select=X"))
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		checkColumns(t, e, expression, r, filledIn(r.Statement(nil, -1)))
	}
	for _, aggregate := range []string{
		"$count", "Pages with sum", "Sold with sum", "Price with sum", "Pages with average", "Pages with min", "Price with max", "Title with max", "BoughtAt with min", "Id with max",
		"Title with countdistinct", "Pages add 1 with sum", "Pages add 1.5 with sum", "Pages add 1.5 with max", "date(BoughtAt) with max", "time(BoughtAt) with min",
		"Shelf/$count", "Tags/$count", "Shelf/Name with max", "length(Title) with average", "now() sub BoughtAt with max",
	} {
		r, err := bind(t, "Books?"+escaped("$apply=groupby((Author),aggregate("+aggregate+" as X))"))
		if err != nil {
			t.Errorf("%s: %v", aggregate, err)
			continue
		}
		checkColumns(t, e, aggregate, r, filledIn(r.Statement(nil, -1)))
	}
}
