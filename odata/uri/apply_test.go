package uri

import (
	"errors"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

func TestApply(t *testing.T) {
	t.Parallel()
	o := mustParse(t, "Users?$apply=filter(A eq ')')/GroupBy((A,B/C,rollup($all,D,E)),concat(aggregate($count as N,A mul 2 with max as M),identity/TOP(3)))"+
		"/aggregate(X with sum from T,U/V with average as Y,Z/$count as W)/topcount(2,A)/search(a \"b c\")/Model.Condense(x as y)"+
		"/nest( orderby(A desc)/top(3) as Best , identity as as )").Options
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
	nest := o.Apply.Steps[6]
	if n := nest.Names; len(n) != 2 || n[0].Name != "Best" || n[1].Name != "as" || n[1].Offset <= n[0].Offset || len(nest.Branches) != 2 || len(nest.Branches[0]) != 2 {
		t.Errorf("%+v", nest)
	}
	if own := o.Apply.Steps[5]; own.Name != "Model.Condense" || own.Text != "x as y" {
		t.Errorf("%+v", own)
	}
}

func TestApplyErrors(t *testing.T) {
	t.Parallel()
	for text, position := range map[string]int{
		"groupby(A)": 8, "groupby(())": 9, "groupby((A),)": 12, "aggregate()": 10, "aggregate(A with sum)": 20, "aggregate($count)": 16,
		"aggregate(A add 1 as B)": 21, "concat(identity)": 15, "topcount(1)": 10, "top(x)": 4, "filter(A eq 1": 13, "identity/": 9,
		"addnested(A)": 11, "addnested(A,identity)": 20, "addnested(A,B)": 13, "addnested(A(1),identity as B)": 11, "addnested(A,identity as B,)": 26,
		"nest()": 5, "nest(identity)": 13, "nest(identity as)": 14, "nest(identity as 'A')": 17, "nest(identity as A.B)": 18, "nest(identity as A,)": 19, "nest(Author as A)": 11,
		"nest(A,identity as B)": 6, "join(A)": 6, "join(A as B,)": 12, "outerjoin(A/1 as B)": 12, "ancestors(A,H,Id,identity)": 10, "ancestors($root/A,'H',Id,identity)": 18,
		"ancestors($root/A,H)": 19, "ancestors($root/A,H,Id)": 22, "ancestors($root/A,H,Id(1),identity)": 22, "ancestors($root/A,H,Id,identity,-1)": 32,
		"ancestors($root/A,H,Id,identity,keep)": 32, "descendants($root/A,H,Id,identity,keep start,1)": 44, "traverse($root/A,H,Id)": 21,
		"traverse($root/A,H,Id,inorder)": 22, "traverse($root/A,H,Id,preorder,)": 31, "groupby((rolluprecursive($root/A,H)))": 34,
		"groupby((rolluprecursive(A,H,Id)))": 25, "groupby((rolluprecursive($root/A,H,Id,B)))": 39,
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

// TestApplyRelated has the transformations of which nothing is kept but the name.
func TestApplyRelated(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"addnested(A/Model.B, filter(C gt 3)/top(1) as D, identity as E)", "join(A as B)", "outerjoin( A as B , aggregate(C with sum as D))",
		"ancestors($root/A('x')/Nodes,H,B/Id,filter(C eq 1))", "descendants( $root/A , H , Id , identity , 2 , keep start )",
		"ancestors($root/A,H,Id,identity,keep start)", "traverse($root/A,H,Id,preorder)", "traverse($root/A,H,Id,postorder,identity,B desc,C)",
		"traverse($root/A,H,Id,preorder,descendants($root/A,H,Id,identity)/top(3))", "traverse($root/A,H,Id,preorder,concat(B,C) desc)",
		"groupby((rolluprecursive($root/A,H,Id)))", "groupby((rolluprecursive( $root/A,H,B/Id, traverse($root/A,H,Id,preorder)),C))",
	} {
		var o Options
		if err := defaultWork().parseOption(optApply, text, &o); err != nil {
			t.Errorf("%s: %v", text, err)
		} else if o.Apply.Value != text || len(o.Apply.Steps) != 1 {
			t.Errorf("%s: %+v", text, o.Apply)
		}
	}
}
