package uri

import (
	"errors"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

func TestApply(t *testing.T) {
	t.Parallel()
	o := mustParse(t, "Users?$apply=filter(A eq ')')/GroupBy((A,B/C,rollup($all,D,E)),concat(aggregate($count as N,A mul 2 with max as M),identity/TOP(3)))"+
		"/aggregate(X with sum from T,U/V with average as Y,Z/$count as W)/topcount(2,A)/search(a \"b c\")/nest(x as y)").Options
	if got := FormatExpr(o.Apply.Steps[0].Filter); got != "A eq ')'" {
		t.Error(got)
	}
	g := o.Apply.Steps[1]
	if g.Name != "groupby" || len(g.Groups) != 3 || FormatExpr(g.Groups[1].Path) != "B/C" || !g.Groups[2].All || len(g.Groups[2].Rollup) != 2 {
		t.Errorf("%+v", g.Groups)
	}
	concat := g.Branches[0][0]
	if n := concat.Branches[0][0].Aggregate; len(n) != 2 || n[0].Expr != nil || n[0].Alias != "N" || FormatExpr(n[1].Expr) != "A mul 2" || n[1].Method != "max" {
		t.Errorf("%+v", n)
	}
	if second := concat.Branches[1]; second[0].Name != "identity" || second[1].Name != "top" || *second[1].Count != 3 {
		t.Errorf("%+v", second)
	}
	from := o.Apply.Steps[2].Aggregate
	if len(from) != 2 || len(from[0].From) != 1 || len(from[0].From[0].Paths) != 2 || from[0].From[0].Method != "average" || from[1].Alias != "W" {
		t.Errorf("%+v", from)
	}
	if top := o.Apply.Steps[3]; FormatExpr(top.Amount) != "2" || FormatExpr(top.Value) != "A" {
		t.Errorf("%+v", top)
	}
	if nest := o.Apply.Steps[5]; nest.Name != "nest" || nest.Text != "x as y" {
		t.Errorf("%+v", nest)
	}
}

func TestApplyErrors(t *testing.T) {
	t.Parallel()
	for text, position := range map[string]int{
		"groupby(A)": 8, "groupby(())": 9, "groupby((A),)": 12, "aggregate()": 10, "aggregate(A with sum)": 20, "aggregate($count)": 16,
		"aggregate(A add 1 as B)": 21, "concat(identity)": 15, "topcount(1)": 10, "top(x)": 4, "filter(A eq 1": 13, "identity/": 9,
		"identity identity": 9, "groupby((A)": 11, "groupby((rollup($all)))": 20, "groupby((1))": 9, "compute(A)": 9, "top": 3,
	} {
		var o Options
		err := defaultWork().parseOption(optApply, text, &o)
		var e *gwerr.Error
		if !errors.As(err, &e) {
			t.Errorf("%s is accepted", text)
		} else if e.Code != gwerr.Syntax || e.Position != position || e.Target != "$apply" {
			t.Errorf("%s: %v, at %d", text, err, e.Position)
		}
	}
}
