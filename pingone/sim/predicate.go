package sim

import (
	"slices"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// predicate is a compiled filter on users.
type predicate func(s *subject) bool

// compile turns a checked filter on users into a predicate. The environment's
// lock is held.
func (e *environment) compile(x *scim.Expr) predicate { return compile(joinPrefixes(x), e.compileLeaf) }

func (e *environment) compileLeaf(x *scim.Expr) func(*subject) bool {
	if x.Kind == scim.Path {
		return e.compileGroupPath(x)
	}
	want, custom := x.Value.Text, e.schema()[x.Attr] != nil
	switch x.Attr {
	case "id":
		i, ok := e.userByID(want)
		return func(s *subject) bool { return ok && s.index == i }
	case "population.id":
		k, ok := e.populationByID(want)
		return func(s *subject) bool { return ok && s.population() == k }
	case "startDate", "endDate":
		want = asInstant(want)
	}
	test := comparison(x.Op, want, custom)
	if x.Children != nil {
		test = startsWithAny(x.Children)
	}
	return func(s *subject) bool { return slices.ContainsFunc(s.values(x.Attr), test) }
}

// joinPrefixes makes one comparison of all beginnings of an attribute that an Or
// names: clients divide a large listing by long chains of them.
func joinPrefixes(x *scim.Expr) *scim.Expr {
	if x == nil || x.Kind != scim.And && x.Kind != scim.Or {
		return x
	}
	out := &scim.Expr{Kind: x.Kind}
	joined := make(map[string]*scim.Expr)
	for _, child := range x.Children {
		if x.Kind == scim.And || data.Texts[child.Attr] == nil || child.Op != "sw" || child.Value.Text == "" {
			out.Children = append(out.Children, joinPrefixes(child))
			continue
		}
		if joined[child.Attr] == nil {
			joined[child.Attr] = &scim.Expr{Kind: scim.Compare, Attr: child.Attr, Op: "sw"}
			out.Children = append(out.Children, joined[child.Attr])
		}
		joined[child.Attr].Children = append(joined[child.Attr].Children, child)
	}
	return out
}

// startsWithAny tests all beginnings of a text at once.
func startsWithAny(comparisons []*scim.Expr) func(v string) bool {
	values := make(map[rune][]string) // folded, by their first character
	for _, x := range comparisons {
		want := fold(x.Value.Text)
		first, _ := utf8.DecodeRuneInString(want)
		values[first] = append(values[first], want)
	}
	return func(v string) bool {
		first, _ := utf8.DecodeRuneInString(v)
		return v != "" && slices.ContainsFunc(values[foldRune(first)], func(want string) bool { return foldPrefix(v, want) })
	}
}

func (e *environment) compileGroupPath(x *scim.Expr) predicate {
	id, kind := groupPath(x)
	g := e.groupByID(id)
	if g == nil {
		return func(*subject) bool { return false }
	}
	return func(s *subject) bool {
		how := e.member(s, g)
		return how != outside && (kind == "" || how.String() == kind)
	}
}

// candidates narrows a filter to few seeded users by index, if it can.
func (e *environment) candidates(x *scim.Expr) ([]uint32, bool) {
	switch {
	case x == nil:
	case x.Kind == scim.And:
		for _, child := range x.Children {
			if rows, ok := e.candidates(child); ok {
				return rows, true
			}
		}
	case x.Kind == scim.Or:
		var all []uint32
		for _, child := range x.Children {
			rows, ok := e.candidates(child)
			if !ok {
				return nil, false
			}
			all = append(all, rows...)
		}
		slices.Sort(all)
		return slices.Compact(all), true
	case x.Kind != scim.Compare || x.Op != "eq":
	case x.Attr == "id":
		if i, ok := e.userByID(x.Value.Text); ok && i < e.people.Count() {
			return []uint32{i}, true
		}
		return nil, true
	default:
		if slices.Contains([]string{"username", "email", "externalId", "accountId"}, x.Attr) {
			return e.withText(x.Attr, fold(x.Value.Text)), true
		}
	}
	return nil, false
}
