package model_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

var update = flag.Bool("update", false, "rewrite the statements in testdata")

// TestStatements compares what requests read, with the context of the answer, with
// files in testdata. Each address stands behind a "> "; what follows is written by
// -update.
func TestStatements(t *testing.T) {
	t.Parallel()
	club := func(t *testing.T, address string) string {
		return described(bindClub(t, strings.ReplaceAll(address, "{id}", someID)), true)
	}
	library := func(t *testing.T, address string) string {
		r, err := bind(t, address)
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		return described(r, false)
	}
	for file, describe := range map[string]func(*testing.T, string) string{"testdata/statements.txt": library, "testdata/club.txt": club} {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, line := range strings.Split(string(raw), "\n") {
			if address, ok := strings.CutPrefix(line, "> "); ok {
				fmt.Fprintf(&got, "> %s\n%s\n\n", address, describe(t, address))
			}
		}
		if *update {
			if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		} else if got.String() != string(raw) {
			t.Errorf("the statements differ; -update writes\n%s", got.String())
		}
	}
}

func described(r *model.Resource, counted bool) string {
	var link predicate.Expr
	if len(r.Hops) > 0 {
		link = model.Link(r.Hops[len(r.Hops)-1].Link, predicate.StringValue("the link"))
	}
	limit := int64(-1)
	if r.Top != nil {
		limit = *r.Top
	}
	out := ""
	if counted && r.CountedByEngine() {
		out = "\ncounted: " + counts(r, link)
	}
	if !r.ByEngine() {
		return "plain: " + reads(r, link, limit) + out
	}
	st := r.Statement(link, limit)
	out = st.SQL + out
	for _, name := range slices.Sorted(maps.Keys(st.Named)) {
		out += fmt.Sprintf("\n$%s = %s", name, st.Named[name].Value)
	}
	return out + "\n#" + r.Context(false)
}

func TestTransformationRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options  string
		code     gwerr.Code
		position int
		text     string
	}{
		{"$apply=aggregate(Title with sum as T)", gwerr.TypeMismatch, 10, "sum does not take Edm.String"},
		{"$apply=aggregate(InPrint with max as T)", gwerr.TypeMismatch, 10, "max does not take Edm.Boolean"},
		{"$apply=aggregate(Pages with median as T)", gwerr.BadRequest, 10, "no method of aggregation median"},
		{"$apply=aggregate(Pages with My.median as T)", gwerr.NotImplemented, 10, "My.median"},
		{"$apply=aggregate(Pages)", gwerr.BadRequest, 10, "no custom aggregate Pages"},
		{"$apply=aggregate(Pages with sum as T,Sold with sum as t)", gwerr.BadRequest, 30, "There is a property t already"},
		{"$apply=aggregate(Loans/Number with max as T)", gwerr.BadRequest, 16, "collection"},
		{"$apply=aggregate(Loans/$count as T)", gwerr.NotImplemented, 10, "collections of entities"},
		{"$apply=groupby((Shelf),aggregate($count as N))", gwerr.NotImplemented, 9, "group by entities"},
		{"$apply=groupby((Author),aggregate($count as N))&$filter=Title eq 'x'", gwerr.UnknownColumn, 0, "have no property Title"},
		{"$apply=groupby((Author),aggregate($count as N))&$orderby=Nr", gwerr.UnknownColumn, 0, "Did you mean N?"},
		{"$apply=groupby((Author))&$select=Title", gwerr.UnknownColumn, 0, "have no property Title"},
		{"$apply=groupby((Author))&$expand=Shelf", gwerr.NotImplemented, 0, "does not expand"},
		{"$apply=groupby((Author))/filter(Shelf/Name eq 'x')", gwerr.UnknownColumn, 25, "have no property Shelf"},
		{"$apply=groupby((rollup(Author)),topcount(1,Pages))", gwerr.NotImplemented, 9, "rollup"},
		{"$apply=groupby((rolluprecursive($root/Books,H,Id)))", gwerr.NotImplemented, 9, "rolluprecursive"},
		{"$apply=compute(Pages add 1 as title)", gwerr.BadRequest, 8, "There is a property title already"},
		{"$compute=Pages as Shelf", gwerr.BadRequest, 0, "There is a property Shelf already"},
		{"$apply=topcount(Pages,Sold)", gwerr.TypeMismatch, 9, "whole number"},
		{"$apply=topsum(10,Title)", gwerr.TypeMismatch, 0, "numeric"},
		{"$apply=concat(aggregate($count as N),aggregate(Title with max as N))", gwerr.TypeMismatch, 0, "different types"},
		{"$apply=ancestors($root/Books,H,Id,identity)", gwerr.NotImplemented, 0, "hierarchy"},
		{"$apply=My.function()", gwerr.NotImplemented, 0, "My.function"},
		{"$compute=$these/aggregate(Pages) as P", gwerr.NotImplemented, 0, "$these"},
		{"$apply=" + strings.Repeat("top(1)/", 60) + "top(1)", gwerr.TooLarge, gwerr.NoPosition, "more than 50"},
	} {
		_, err := bind(t, "Books?"+c.options)
		var e *gwerr.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", c.options, err)
		} else if e.Code != c.code || e.Position != c.position || !strings.Contains(e.Error(), c.text) || e.Target == "" {
			t.Errorf("%s: %s at %d on %q: %s", c.options, e.Code, e.Position, e.Target, e)
		}
	}
}
