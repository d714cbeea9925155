package model

import (
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
)

// maxAliased bounds what the aliases of a request stand for in all, in bytes of their
// values as written, each use for itself: aliases of aliases double it at every step.
const maxAliased = 256 << 10

// aliases are the parameter aliases of a request; nil are none.
type aliases struct {
	values map[string]uri.Expr
	// bytes are those of the values, used those that uses stand for.
	bytes map[string]int
	used  int
}

func newAliases(given []uri.AliasValue) *aliases {
	a := &aliases{values: make(map[string]uri.Expr, len(given)), bytes: make(map[string]int, len(given))}
	for _, g := range given {
		a.values[g.Name], a.bytes[g.Name] = g.Value, len(uri.FormatExpr(g.Value))
	}
	return a
}

func (a *aliases) value(name string) (e uri.Expr, ok bool) {
	if a != nil {
		e, ok = a.values[name]
	}
	return e, ok
}

// use reports whether the value of an alias may stand once more.
func (a *aliases) use(name string) bool {
	a.used += a.bytes[name]
	return a.used <= maxAliased
}

// alias compiles the value of a parameter alias; an alias without value is
// null.
//
// Source: OData 4.01 Part 1, section 11.2.6.1.3.
func (c *compiler) alias(e *uri.Alias) (term, error) {
	value, ok := c.aliases.value(e.Name)
	switch {
	case !ok:
		return null(e.Offset), nil
	case c.resolving[e.Name]:
		return term{}, c.fail(gwerr.BadRequest, e.Offset, "The parameter alias @%s refers to itself.", e.Name)
	case !c.aliases.use(e.Name):
		return term{}, c.fail(gwerr.TooLarge, e.Offset, "The parameter aliases stand for more than %d KiB of expressions.", maxAliased>>10).
			WithHint("Use aliases of long values less often.")
	}
	if c.resolving == nil {
		c.resolving = map[string]bool{}
	}
	c.resolving[e.Name] = true
	option := c.option
	c.option = "@" + e.Name
	defer func() { c.option = option; delete(c.resolving, e.Name) }()
	return c.compile(value)
}

// constant follows aliases to the expression they stand for.
func (c *compiler) constant(e uri.Expr) uri.Expr {
	for range maxDepth {
		a, ok := e.(*uri.Alias)
		if !ok {
			return e
		}
		if e, ok = c.aliases.value(a.Name); !ok {
			return &uri.Literal{Offset: a.Offset, Kind: uri.NullLiteral, Text: "null"}
		}
	}
	return e
}
