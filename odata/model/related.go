package model

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// follow returns the scope behind a single-valued navigation property.
func (c *compiler) follow(s *scope, n edm.Navigation, pos int) (*scope, error) {
	if j := s.joined(n.Name); j != nil {
		return j, nil
	}
	if err := c.room(s, pos); err != nil {
		return nil, err
	}
	return c.scopes.join(s, n), nil
}

func (c *compiler) room(s *scope, pos int) error {
	if s.depth() >= maxHops {
		return c.fail(gwerr.TooLarge, pos, "The path follows more than %d navigation properties.", maxHops)
	}
	if len(c.scopes.all) > maxScopes {
		return c.fail(gwerr.TooLarge, pos, "The request follows more than %d navigation properties.", maxScopes)
	}
	return nil
}

// collection compiles any, all or $count behind a collection of entities.
//
// Source: OData 4.01 Part 2, sections 4.8 and 5.1.1.13.
func (c *compiler) collection(s *scope, n edm.Navigation, at *uri.NameSegment, rest []uri.Segment) (term, error) {
	if len(rest) != 1 {
		return term{}, c.fail(gwerr.BadRequest, at.Offset, "%s is a collection.", n.Name).
			WithHint("Write " + n.Name + "/any(x:…), " + n.Name + "/all(x:…) or " + n.Name + "/$count.")
	}
	if err := c.room(s, at.Offset); err != nil {
		return term{}, err
	}
	if c.inList() {
		return term{}, c.unsupported(at.Offset, "a collection of entities in a condition on the items of a list")
	}
	switch r := rest[0].(type) {
	case *uri.LambdaSegment:
		return c.entityLambda(c.scopes.collection(s, n), r)
	case *uri.CountSegment:
		return c.entityCount(c.scopes.collection(s, n), r)
	default:
		return term{}, c.fail(gwerr.BadRequest, rest[0].Pos(), "%s is a collection and has no properties.", n.Name).
			WithHint("Write " + n.Name + "/any(x:x/…).")
	}
}

// inList tells whether a condition on the items of a list is being compiled,
// in which the engine allows no subquery.
func (c *compiler) inList() bool {
	return slices.ContainsFunc(c.variables, func(v variable) bool { return v.list != nil })
}

// betweenRows tells whether the scope stands in another subquery than the list
// on whose items a condition is being compiled: the engine can't have both.
func (c *compiler) betweenRows(s *scope) bool {
	return slices.ContainsFunc(c.variables, func(v variable) bool { return v.list != nil && v.list != s.row() })
}

func (c *compiler) entityLambda(s *scope, l *uri.LambdaSegment) (term, error) {
	out := term{kind: boolKind, pos: l.Offset}
	c.lambdas[l] = s
	if l.Body == nil {
		out.sql = "EXISTS " + c.scopes.subquery("1", s, "")
		return out, nil
	}
	c.variables = append(c.variables, variable{name: l.Variable, scope: s})
	defer func() { c.variables = c.variables[:len(c.variables)-1] }()
	body, err := c.condition(l.Body)
	if err != nil {
		return out, err
	}
	if l.All {
		out.sql = "(NOT EXISTS " + c.scopes.subquery("1", s, "NOT COALESCE("+body+", FALSE)") + ")"
		return out, nil
	}
	c.restrict(s, l.Body)
	out.sql = "EXISTS " + c.scopes.subquery("1", s, body)
	return out, nil
}

func (c *compiler) entityCount(s *scope, n *uri.CountSegment) (term, error) {
	out := term{kind: intKind, pos: n.Offset}
	condition := ""
	if o := n.Options; o != nil {
		if o.Filter != nil {
			around := c.instance
			c.instance = s
			defer func() { c.instance = around }()
			var err error
			if condition, err = c.condition(o.Filter); err != nil {
				return out, err
			}
			c.restrict(s, o.Filter)
		}
		if o.Search != nil {
			condition = strings.TrimPrefix(condition+" AND "+c.scopes.search(s, o.Search), " AND ")
		}
	}
	out.sql = c.scopes.subquery("count(*)", s, condition)
	return out, nil
}

// restrict tells the scope, and those joined to it, which of their rows matter
// under a condition that its rows must fulfil, and which reading may reduce
// the one around it. compile has accepted the condition.
func (c *compiler) restrict(s *scope, e uri.Expr) pushable {
	own := c.pushableIn(s, e)
	s.where = predicate.AllOf(s.where, own.where)
	for _, part := range c.conjuncts(e) {
		p, ok := part.(*uri.PathExpr)
		if !ok || len(p.Segments) == 0 {
			continue
		}
		if l, ok := p.Segments[len(p.Segments)-1].(*uri.LambdaSegment); ok && !l.All && c.lambdas[l] != nil {
			base := c.lambdas[l].base()
			for n := base; n != s && n.outer != nil && base.outer.within(s); n = n.outer {
				n.needed = true
			}
		}
	}
	for _, j := range s.inner {
		c.restrictJoined(j, e)
	}
	return own
}

// restrictJoined restricts a scope joined to another. A row without partner
// has null in its place, so only a condition that null can't fulfil tells
// anything.
func (c *compiler) restrictJoined(s *scope, e uri.Expr) {
	if p := c.pushableIn(s, e); atNull(p.where) != isTrue {
		s.where = predicate.AllOf(s.where, p.where)
		s.needed = true
	}
	for _, j := range s.inner {
		c.restrictJoined(j, e)
		s.needed = s.needed || j.needed
	}
}

// conjuncts returns the parts of a condition all of which must be true.
func (c *compiler) conjuncts(e uri.Expr) []uri.Expr {
	e = c.constant(e)
	b, ok := e.(*uri.Binary)
	if !ok || b.Op != uri.And {
		return []uri.Expr{e}
	}
	var out []uri.Expr
	for _, o := range operands(b) {
		out = append(out, c.conjuncts(o)...)
	}
	return out
}

// truthValue is a value of three-valued logic, in the order of and and or.
type truthValue uint8

const (
	isUntrue truthValue = iota
	isUnknown
	isTrue
)

// atNull is the value of a condition on a row of nulls.
func atNull(e predicate.Expr) truthValue {
	switch e := e.(type) {
	case predicate.Const:
		if e.Truth {
			return isTrue
		}
		return isUntrue
	case predicate.And:
		out := isTrue
		for _, a := range e.Args {
			out = min(out, atNull(a))
		}
		return out
	case predicate.Or:
		out := isUntrue
		for _, a := range e.Args {
			out = max(out, atNull(a))
		}
		return out
	case predicate.Not:
		return isTrue - atNull(e.Arg)
	case predicate.IsNull:
		return isTrue
	default:
		return isUnknown
	}
}
