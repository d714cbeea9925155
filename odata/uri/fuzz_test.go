package uri

import (
	"net/url"
	"strings"
	"testing"
)

// checkParse demands that a request takes steps in proportion to its length, whether it
// parses or not, and, if it does, prints to text that parses to an equal tree.
func checkParse(t *testing.T, path, query string) {
	w := defaultWork()
	r, err := parse(w, path, query)
	if n := len(path) + len(query); w.steps > stepsPerByte*(n+1) {
		t.Fatalf("%s?%s takes %d steps for %d bytes", path, query, w.steps, n)
	}
	if err != nil {
		return
	}
	path2, query2 := r.URL()
	// Canonical text may be longer than what was given.
	again, err := Parse(path2, query2, Limits{URLBytes: 1 << 22, ExpressionBytes: 1 << 22, Depth: 1000})
	if err != nil {
		t.Fatalf("%s?%s prints as %s?%s: %v", path, query, path2, query2, err)
	}
	if sketch(again) != sketch(r) {
		t.Fatalf("%s?%s prints as %s?%s\n%s\n%s", path, query, path2, query2, sketch(r), sketch(again))
	}
}

// stepsPerByte bounds the steps that a byte of an address may cost.
const stepsPerByte = 40

func fuzzOption(f *testing.F, option string, seeds ...string) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	for _, c := range readABNFCases(f) {
		if at := strings.Index(c.Input, option+"="); at >= 0 {
			f.Add(c.Input[at+len(option)+1:])
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkParse(t, "Users", option+"="+url.QueryEscape(text))
	})
}

func FuzzFilter(f *testing.F) {
	for _, c := range readABNFCases(f) {
		if strings.HasSuffix(c.Rule, "Expr") || strings.HasSuffix(c.Rule, "Literal") {
			f.Add(c.Input)
		}
	}
	fuzzOption(f, "$filter", "geo_length ", "a eq 'x", "not not eq 1", "case(a gt 10:20:30,true:0)", benchmarks["realistic"])
}

func FuzzExpand(f *testing.F) {
	fuzzOption(f, "$expand", ")", "A()", "A($filter=b eq 'x)y')", "A($top=5;$skip=2),*/$ref,B/*($levels=max),$value")
}

func FuzzApply(f *testing.F) {
	fuzzOption(f, "$apply", "groupby((A,rollup($all,B,C)),aggregate($count as N,A mul 2 with max as M))/top(3)", "concat(identity,filter(A eq ')'))",
		"traverse($root/A,H,Id,preorder,ancestors($root/A,H,Id,identity,1,keep start),B desc)", "addnested(A,identity as B,join(C as D)/top(1) as E)",
		"groupby((A),nest(orderby(B desc)/top(3) as C,nest(identity as D) as E))",
		"groupby((rolluprecursive($root/A,H,Id)))", "Model.F('(')/aggregate(A with sum from B with max as C)", "groupby((")
}

func FuzzCompute(f *testing.F) {
	fuzzOption(f, "$compute", "A add 1 as B,case(C gt 10:20:30,true:0) as D", "A as", "A as B,", "concat(A,' as ') as B")
}

func FuzzOrderBy(f *testing.F) {
	fuzzOption(f, "$orderby", "A desc,B/C asc", "desc desc", "A asc desc", "asc/$count")
}

func FuzzSearch(f *testing.F) {
	fuzzOption(f, "$search", `NOT (a OR "b c") AND 'd`, `"\"\\"`, "'AND'", "OR OR OR", "NOT NOT")
}

func FuzzSelect(f *testing.F) {
	fuzzOption(f, "$select", "A/B($select=C;$top=1),D(e,f),*,N.*,@T.U#q", "A(", "*/A")
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{")(", "Users('a%2Fb')/$value", "$crossjoin(A,B)/$query", "A/$filter(b/c eq 'x')(1)/0", "A/O'Neil/$ref"} {
		f.Add(seed)
	}
	for _, c := range readABNFCases(f) {
		if c.Rule == "resourcePath" || c.Rule == "odataRelativeUri" {
			path, _, _ := strings.Cut(c.Input, "?")
			f.Add(path)
		}
	}
	f.Fuzz(func(t *testing.T, path string) { checkParse(t, path, "$id=x") })
}

func FuzzQuery(f *testing.F) {
	for _, c := range readABNFCases(f) {
		if _, query, ok := strings.Cut(c.Input, "?"); ok {
			f.Add(query)
		} else if c.Rule == "queryOptions" {
			f.Add(c.Input)
		}
	}
	f.Fuzz(func(t *testing.T, query string) { checkParse(t, "Users", query) })
}
