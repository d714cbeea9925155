package model

import (
	"slices"

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
	if l.Body == nil {
		out.sql = "EXISTS " + c.scopes.subquery("1", s)
		return out, nil
	}
	c.variables = append(c.variables, variable{name: l.Variable, scope: s})
	defer func() { c.variables = c.variables[:len(c.variables)-1] }()
	body, err := c.conditionOn(s, l.Body)
	if err != nil {
		return out, err
	}
	if l.All {
		out.sql = "(NOT EXISTS " + c.scopes.subquery("1", s, "NOT COALESCE("+body.sql+", FALSE)") + ")"
		return out, nil
	}
	out.sql = "EXISTS " + c.scopes.subquery("1", s, body.parts()...)
	return out, nil
}

func (c *compiler) entityCount(s *scope, n *uri.CountSegment) (term, error) {
	out := term{kind: intKind, pos: n.Offset}
	var conditions []string
	if o := n.Options; o != nil {
		if o.Filter != nil {
			around := c.instance
			c.instance = s
			defer func() { c.instance = around }()
			body, err := c.conditionOn(s, o.Filter)
			if err != nil {
				return out, err
			}
			conditions = body.parts()
		}
		if o.Search != nil {
			conditions = append(conditions, c.scopes.search(s, o.Search))
		}
	}
	if out.sql = c.scopes.subquery("count(*)", s, conditions...); !c.scopes.correlated(s, conditions) {
		out.sql = "COALESCE(" + c.scopes.counted(s, conditions).sql(countField) + ", 0)"
	}
	return out, nil
}

// conditionOn binds a condition that the rows of a scope must fulfil.
func (c *compiler) conditionOn(s *scope, e uri.Expr) (condition, error) {
	sql, err := c.condition(e)
	if err != nil {
		return condition{}, err
	}
	own := c.pushableIn(s, e)
	out := condition{where: own.where, complete: own.exact, sql: sql}
	if own.where != predicate.True {
		out.words = []string{whereSQL(s, c.scopes.values, own.where)}
	}
	if own.exact {
		return out, nil
	}
	for _, v := range s.views {
		if p := c.pushableIn(v, e); p.where != predicate.True {
			out.words = append(out.words, whereSQL(v, c.scopes.values, p.where))
		}
		out.words = append(out.words, c.joinedWords(v, e)...)
	}
	out.words = append(append(out.words, c.joinedWords(s, e)...), c.equalities(e)...)
	return out, nil
}

// joinedWords say in plain SQL which rows joined to those of a scope fulfil a
// condition. A row without partner has null in its place, so only what null can't
// fulfil tells anything.
func (c *compiler) joinedWords(s *scope, e uri.Expr) (words []string) {
	for _, j := range s.inner {
		if p := c.pushableIn(j, e); atNull(p.where) != isTrue {
			words = append(words, whereSQL(j, c.scopes.values, p.where))
		}
		words = append(words, c.joinedWords(j, e)...)
	}
	return words
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
