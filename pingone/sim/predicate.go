package sim

import (
	"slices"
	"strconv"
	"strings"
	"time"
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
	if a, ok := textNamed(x.Attr); ok {
		return textIs(a, x)
	}
	value := x.Value.Text
	switch x.Attr {
	case "enabled":
		want := strings.ToLower(value)
		return func(s *subject) bool { return holds(x.Op, strconv.FormatBool(s.enabled()), want) }
	case "population.id":
		if p, ok := e.populationByID(value); ok {
			return func(s *subject) bool { return s.population() == p }
		}
	case "id":
		if i, ok := e.userByID(value); ok {
			return func(s *subject) bool { return s.index == i }
		}
	default:
		for k, a := range e.attributes {
			if a.name == x.Attr && a.schemaType == "CUSTOM" && !a.deleted {
				return customIs(k, x.Op, value)
			}
		}
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			return validityIs(x.Attr, at.UnixMilli())
		}
	}
	return func(*subject) bool { return false }
}

// textNamed is the text attribute of a name.
func textNamed(name string) (data.Text, bool) {
	a := slices.Index(data.Names[:], name)
	return data.Text(a), a >= 0
}

// textIs compares a text attribute in any case: with one text, or with the
// beginnings that joinPrefixes put below it.
func textIs(a data.Text, x *scim.Expr) predicate {
	if x.Children != nil {
		return startsWithAny(a, x.Children)
	}
	op, want := x.Op, fold(x.Value.Text)
	return func(s *subject) bool {
		switch v := s.text(a); {
		case v == "":
			return false
		case op == "eq":
			return strings.EqualFold(v, want)
		case op == "sw":
			return foldPrefix(v, want)
		default:
			return holds(op, fold(v), want)
		}
	}
}

// startsWithAny tests all beginnings of an attribute at once.
func startsWithAny(a data.Text, comparisons []*scim.Expr) predicate {
	values := make(map[rune][]string) // folded, by their first character
	for _, x := range comparisons {
		want := fold(x.Value.Text)
		first, _ := utf8.DecodeRuneInString(want)
		values[first] = append(values[first], want)
	}
	return func(s *subject) bool {
		v := s.text(a)
		first, _ := utf8.DecodeRuneInString(v)
		return v != "" && slices.ContainsFunc(values[foldRune(first)], func(want string) bool { return foldPrefix(v, want) })
	}
}

// joinPrefixes makes one comparison of all beginnings of an attribute that an Or
// names: clients divide a large listing by long chains of them, and making an
// attribute of a seeded user costs more than comparing it.
func joinPrefixes(x *scim.Expr) *scim.Expr {
	if x == nil || x.Kind != scim.And && x.Kind != scim.Or {
		return x
	}
	out := &scim.Expr{Kind: x.Kind}
	joined := make(map[string]*scim.Expr)
	for _, child := range x.Children {
		_, text := textNamed(child.Attr)
		if x.Kind == scim.And || !text || child.Op != "sw" || child.Value.Text == "" {
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

// customIs compares the values of a custom attribute, case included.
func customIs(attribute int, op, value string) predicate {
	return func(s *subject) bool {
		return slices.ContainsFunc(s.custom(attribute), func(v string) bool { return holds(op, v, value) })
	}
}

// validityIs compares the begin or the end of validity, in Unix milliseconds.
func validityIs(name string, at int64) predicate {
	return func(s *subject) bool {
		times := s.times()
		return name == "startDate" && times.Start == at || name == "endDate" && times.End == at
	}
}

func (e *environment) compileGroupPath(x *scim.Expr) predicate {
	id, kind := groupPath(x)
	g, ok := e.groupByID(id)
	if !ok {
		return func(*subject) bool { return false }
	}
	below := e.nesting().descendants[g]
	return func(s *subject) bool {
		how := e.memberOf(s, g, below)
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
		if a, ok := textNamed(x.Attr); ok && a <= data.AccountID {
			return e.withText(a, fold(x.Value.Text)), true
		}
	}
	return nil, false
}

// userByID is the index that an id stands for. There may be no such user.
func (e *environment) userByID(text string) (uint32, bool) {
	id, ok := data.ParseID(text)
	if !ok {
		return 0, false
	}
	return e.people.Index(id)
}
