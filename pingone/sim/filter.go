package sim

import (
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// compile turns a checked filter into a test of rows; leaf does so for what is
// not And or Or. No filter takes every row.
func compile[T any](x *scim.Expr, leaf func(x *scim.Expr) func(T) bool) func(T) bool {
	if x == nil {
		return func(T) bool { return true }
	}
	if x.Kind != scim.And && x.Kind != scim.Or {
		return leaf(x)
	}
	tests := make([]func(T) bool, len(x.Children))
	for k, child := range x.Children {
		tests[k] = compile(child, leaf)
	}
	decides := x.Kind == scim.Or
	return func(row T) bool {
		for _, test := range tests {
			if test(row) == decides {
				return decides
			}
		}
		return !decides
	}
}

// eachComparison visits the comparisons in a filter.
func eachComparison(x *scim.Expr, visit func(x *scim.Expr)) {
	if x == nil {
		return
	}
	if x.Kind == scim.Compare {
		visit(x)
	}
	for _, child := range x.Children {
		eachComparison(child, visit)
	}
}

// comparison makes the test of a text by an operator: in any case, unless case
// counts. The instants of the API order as text.
func comparison(op, want string, exact bool) func(v string) bool {
	if exact {
		return func(v string) bool { return holds(op, v, want) }
	}
	want = fold(want)
	return func(v string) bool {
		switch {
		case v == "":
			return false
		case op == "eq": // the usual ones need no copy of the text
			return strings.EqualFold(v, want)
		case op == "sw":
			return foldPrefix(v, want)
		}
		return holds(op, fold(v), want)
	}
}

// holds applies an operator of filters to texts.
func holds(op, v, want string) bool {
	switch op {
	case "eq":
		return v == want
	case "ne":
		return v != want
	case "sw":
		return strings.HasPrefix(v, want)
	case "ew":
		return strings.HasSuffix(v, want)
	case "co":
		return strings.Contains(v, want)
	case "lt":
		return v < want
	case "le":
		return v <= want
	case "gt":
		return v > want
	case "ge":
		return v >= want
	}
	return false
}
