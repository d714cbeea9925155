package model

import (
	"fmt"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// maxDepth bounds the nesting of an expression, aliases included. Chains of
// and and or count once.
const maxDepth = 200

// compiler translates expressions over a table, and those that it is linked
// to, into the engine's SQL.
type compiler struct {
	scopes    *scopes
	namespace string
	aliases   *aliases
	now       time.Time

	// instance is the scope of paths that begin with a property.
	instance *scope
	// self is how paths begin with an entity of the collection at hand: with $it for
	// the one that the address names, with $this for one within $expand.
	self uri.PathStart
	// item is what stands for an item where options speak of a list: $this, or $it where
	// the address names the list.
	item string
	// focus is the scope whose rows pushable speaks of.
	focus *scope
	// constantsOnly refuses paths.
	constantsOnly bool

	option    string // the option being compiled, for messages
	depth     int
	resolving map[string]bool
	variables []variable
}

// variable is a lambda variable: an item of a list, which sql names, or an
// entity of a scope. The list belongs to a row of the scope list.
type variable struct {
	name, sql string
	list      *scope
	scope     *scope
}

func (c *compiler) fail(code gwerr.Code, pos int, format string, args ...any) *gwerr.Error {
	return gwerr.Newf(code, format, args...).At(pos).On(c.option)
}

func (c *compiler) unsupported(pos int, what string) error {
	return c.fail(gwerr.NotImplemented, pos, "The gateway does not evaluate %s.", what)
}

// condition compiles an expression that must be a Boolean.
func (c *compiler) condition(e uri.Expr) (string, error) {
	t, err := c.compile(e)
	if err != nil {
		return "", err
	}
	if t.kind != boolKind && t.kind != nullKind {
		return "", c.fail(gwerr.TypeMismatch, e.Pos(), "A condition must be Edm.Boolean, and this is %s.", t.kind)
	}
	if t.kind == nullKind {
		return "CAST(NULL AS BOOLEAN)", nil
	}
	return t.sql, nil
}

// compile translates one expression. Its SQL may name an argument several times, and
// so grow at every level; what no statement could hold is refused on the way.
func (c *compiler) compile(e uri.Expr) (term, error) {
	c.depth++
	defer func() { c.depth-- }()
	if c.depth > maxDepth {
		return term{}, c.fail(gwerr.TooLarge, e.Pos(), "The expression is nested more than %d levels deep.", maxDepth)
	}
	t, err := c.translate(e)
	if err == nil && len(t.sql) > sqltext.MaxBytes {
		return term{}, c.fail(gwerr.TooLarge, e.Pos(), "The expression stands for more than %d KiB of SQL.", sqltext.MaxBytes>>10).
			WithHint("Nest fewer functions within each other.")
	}
	return t, err
}

func (c *compiler) translate(e uri.Expr) (term, error) {
	switch e := e.(type) {
	case *uri.Literal:
		return c.literal(e)
	case *uri.PathExpr:
		return c.path(e)
	case *uri.Alias:
		return c.alias(e)
	case *uri.Unary:
		return c.unary(e)
	case *uri.Binary:
		return c.binary(e)
	case *uri.Call:
		return c.call(e)
	case *uri.Cast:
		return c.cast(e)
	case *uri.IsOf:
		return c.isOf(e)
	case *uri.Case:
		return c.cases(e)
	case *uri.Array:
		return c.list(e)
	case *uri.Object:
		return term{}, c.unsupported(e.Pos(), "JSON values here")
	default:
		return term{}, c.fail(gwerr.Syntax, e.Pos(), "A list may only stand to the right of in.")
	}
}

func (c *compiler) literal(l *uri.Literal) (term, error) {
	t := term{literal: l, pos: l.Offset}
	switch l.Kind {
	case uri.NullLiteral:
		t.sql, t.kind, t.nullable = "NULL", nullKind, true
	case uri.BoolLiteral:
		t.sql, t.kind = strings.ToUpper(fmt.Sprint(l.Bool())), boolKind
	case uri.StringLiteral:
		t.sql, t.kind = c.scopes.values.text(l.Text), textKind
	case uri.IntLiteral:
		t.sql, t.kind = l.Text, intKind
	case uri.DecimalLiteral:
		t.sql, t.kind = decimalLiteral(l.Text), decimalKind
	case uri.DoubleLiteral:
		f, _ := l.Float64()
		t.sql, t.kind = doubleLiteral(f), doubleKind
	case uri.GUIDLiteral:
		t.sql, t.kind = c.scopes.values.text(strings.ToLower(l.Text)), guidKind
	case uri.DateLiteral:
		at, _ := l.Time()
		t.sql, t.kind = dateLiteral(at), dateKind
	case uri.DateTimeLiteral:
		at, _ := l.Time()
		t.sql, t.kind, t.instant = instantLiteral(at), instantKind, &at
	case uri.TimeLiteral:
		d, _ := l.TimeOfDay()
		t.sql, t.kind = clockLiteral(d), clockKind
	case uri.DurationLiteral:
		d, ok := l.Duration()
		if !ok {
			return t, c.fail(gwerr.TypeMismatch, l.Offset, "The duration %s is out of range.", l.Text)
		}
		t.sql, t.kind = durationLiteral(d), durationKind
	case uri.EnumLiteral:
		return t, c.fail(gwerr.TypeMismatch, l.Offset, "There is no enumeration type %s; compare with a string.", l.EnumType)
	default:
		return t, c.unsupported(l.Offset, "binary and spatial values")
	}
	return t, nil
}

// as converts a string constant to the kind it is used as. Other terms are
// returned as they are. A constant that spells no value of the kind is an
// error.
//
// Source: OData 4.01 Part 2, section 5.1.1.15 (promotion of string literals).
func (c *compiler) as(t term, want kind) (term, error) {
	if t.literal == nil || t.kind == want || t.kind == nullKind {
		return t, nil
	}
	if t.kind == dateKind && want == instantKind {
		at, _ := t.literal.Time()
		return term{sql: instantLiteral(at), kind: instantKind, literal: t.literal, instant: &at, pos: t.pos}, nil
	}
	if t.kind != textKind || want == listKind || want == nullKind {
		return t, nil
	}
	l, ok := retype(t.literal, want)
	if !ok {
		return t, c.fail(gwerr.TypeMismatch, t.pos, "%s is not a value of %s.", textLiteral(t.literal.Text), want)
	}
	return c.literal(l)
}

// retype reads the text of a string constant as a constant of another kind.
func retype(l *uri.Literal, want kind) (*uri.Literal, bool) {
	switch want {
	case durationKind:
		_, ok := l.Duration()
		return &uri.Literal{Offset: l.Offset, Kind: uri.DurationLiteral, Text: l.Text}, ok
	case guidKind:
		return &uri.Literal{Offset: l.Offset, Kind: uri.GUIDLiteral, Text: strings.ToLower(l.Text)}, isGUID(l.Text)
	default: // the others are written as in a filter
	}
	parsed, err := uri.ParseFilter(l.Text, uri.Limits{ExpressionBytes: 200})
	if err != nil {
		return nil, false
	}
	p, ok := parsed.(*uri.Literal)
	if !ok || strings.Trim(l.Text, " \t()") != l.Text { // nothing stands around a value
		return nil, false
	}
	out := *p
	out.Offset = l.Offset
	switch want {
	case boolKind:
		return &out, out.Kind == uri.BoolLiteral
	case intKind, decimalKind, doubleKind:
		_, ok := out.Float64()
		return &out, ok
	case instantKind:
		if out.Kind == uri.DateLiteral {
			at, _ := out.Time()
			out.Kind, out.Text = uri.DateTimeLiteral, at.Format(time.RFC3339)
		}
		return &out, out.Kind == uri.DateTimeLiteral
	case dateKind:
		return &out, out.Kind == uri.DateLiteral
	case clockKind:
		return &out, out.Kind == uri.TimeLiteral
	default:
		return nil, false
	}
}

// isGUID tells whether the text is a guid in its usual form.
func isGUID(s string) bool {
	if len(s) != len("00000000-0000-0000-0000-000000000000") {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return false
			}
		}
	}
	return true
}
