package procedure

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// Call is a call as it was written.
type Call struct {
	// Connection and Schema are the parts of the name before the last; "" where
	// they are not given.
	Connection, Schema string
	Name               string
	Arguments          []Argument
	// Position is the byte offset of the name.
	Position int
}

// Argument is one value of a call.
type Argument struct {
	// Name is "" for a value without a name.
	Name string
	// Position is the byte offset of the name or, without one, of the value.
	Position int

	value value
}

// NewCall makes a call of values by name, as texts, nil for null. Lists are
// written as JSON.
func NewCall(schema, name string, values map[string]*string) *Call {
	c := &Call{Schema: schema, Name: name, Position: gwerr.NoPosition}
	for _, input := range slices.Sorted(maps.Keys(values)) {
		a := Argument{Name: input, Position: gwerr.NoPosition, value: value{kind: nullValue, position: gwerr.NoPosition}}
		if text := values[input]; text != nil {
			a.value.kind, a.value.text = textValue, *text
		}
		c.Arguments = append(c.Arguments, a)
	}
	return c
}

// Format writes the name and *** whatever the verb: the value may be a secret.
func (a Argument) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.Name+" => ***") }

// Is reports whether the statement is a call. Its text may hold secrets then,
// and must not be kept.
func Is(sql string) bool {
	switch sqltext.Verb(sql) {
	case "exec", "execute", "call":
		return true
	}
	return false
}

// Parse reads a call. Errors are gwerr.Syntax with their place.
func Parse(sql string) (*Call, error) {
	tokens, err := sqltext.Lex(sql)
	if err != nil {
		return nil, err
	}
	for len(tokens) > 0 && tokens[len(tokens)-1].Is(";") {
		tokens = tokens[:len(tokens)-1]
	}
	p := &parser{Cursor: sqltext.Cursor{Text: sql, Tokens: tokens}}
	return p.call()
}

type parser struct {
	sqltext.Cursor
	open bool // a parenthesis
}

func (p *parser) call() (*Call, error) {
	verb := p.Next()
	if !verb.IsAny("exec", "execute", "call") {
		p.At--
		return nil, p.wrong("A call begins with EXECUTE or CALL.")
	}
	name := p.Chain(3)
	if len(name) == 0 {
		return nil, p.wrong("Here the name of a procedure is expected.")
	}
	c := &Call{Name: name[len(name)-1].Name(), Position: name[0].Start}
	if len(name) > 1 {
		c.Schema = name[len(name)-2].Name()
	}
	if len(name) > 2 {
		c.Connection = name[0].Name()
	}
	if p.open = p.Take("("); !p.open && verb.Is("call") {
		return nil, p.wrong("CALL takes its values in parentheses.")
	}
	return c, p.arguments(c)
}

func (p *parser) arguments(c *Call) error {
	for !p.closed() {
		if len(c.Arguments) > 0 && !p.Take(",") {
			return p.wrong("Between values a comma is expected.")
		}
		a, err := p.argument()
		if err != nil {
			return err
		}
		c.Arguments = append(c.Arguments, a)
	}
	if p.open {
		p.At++ // closed has seen it
	}
	if p.At < len(p.Tokens) {
		return p.wrong("The call ends before this.")
	}
	return nil
}

// closed reports whether no argument follows.
func (p *parser) closed() bool {
	if p.open {
		return p.At < len(p.Tokens) && p.Tokens[p.At].Is(")")
	}
	return p.At >= len(p.Tokens)
}

// argument reads Input => value, Input := value, @Input = value, or a value
// alone.
func (p *parser) argument() (Argument, error) {
	a := Argument{Position: p.Peek(0).Start}
	if name, length := p.argumentName(); length > 0 {
		a.Name = name
		p.At += length
	}
	var err error
	a.value, err = p.value()
	return a, err
}

// argumentName gives the name that stands before a value and the number of
// its tokens.
func (p *parser) argumentName() (name string, length int) {
	t, next := p.Peek(0), p.Peek(1)
	switch {
	case t.IsName():
		name = t.Name()
	case t.Kind == sqltext.Param && strings.HasPrefix(t.Text, "@"):
		name = t.Text[1:]
	default:
		return "", 0
	}
	switch {
	case next.Is("=") && p.Peek(2).Is(">") && p.Peek(2).Start == next.End:
		return name, 3
	case next.Is("="), next.Is(":="):
		return name, 2
	}
	return "", 0
}

func (p *parser) value() (value, error) {
	t := p.Next()
	negative := false
	if t.Is("-") || t.Is("+") {
		negative = t.Is("-")
		if t = p.Next(); t.Kind != sqltext.Number || t.Text == "" {
			p.At--
			return value{}, p.wrong("After a sign a number is expected.")
		}
	}
	v := value{position: t.Start}
	switch {
	case t.Text == "":
		return v, p.wrong("A value is missing.")
	case t.Kind == sqltext.String:
		text, ok := sqltext.Unquote(t.Text)
		if !ok {
			p.At--
			return v, p.wrong("Texts of a call stand in simple quotes.")
		}
		v.kind, v.text = textValue, text
	case t.Kind == sqltext.Number:
		v.kind, v.text = numberValue, t.Text
		if negative {
			v.text = "-" + v.text
		}
	case t.Kind == sqltext.Param:
		v.kind, v.text = parameterValue, t.Text
	case t.Is("true"), t.Is("false"):
		v.kind, v.text = boolValue, strings.ToLower(t.Text)
	case t.Is("null"), t.Is("default"):
		v.kind = nullValue
		v.omitted = t.Is("default")
	default:
		p.At--
		return v, p.wrong("Here a value is expected: a text in quotes, a number, TRUE, FALSE, NULL or a parameter.")
	}
	return v, nil
}

func (p *parser) wrong(message string) error {
	return p.Wrong(message, "Write EXECUTE Name @Input = 'value', or CALL schema.Name(Input => 'value').")
}
