package procedure

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// value is a value of a call as it was written.
type value struct {
	kind     valueKind
	text     string
	omitted  bool // DEFAULT
	position int
}

type valueKind uint8

const (
	nullValue valueKind = iota
	textValue
	numberValue
	boolValue
	parameterValue
)

// Parameters are the values of ?, ?1, $1 and of :name, @name, $name, none of which is
// a list.
type Parameters struct {
	Positional []query.Parameter
	Named      map[string]query.Parameter
}

// Inputs are the values of a call, checked against the declaration. They print
// as ***: among them may be passwords and tokens.
type Inputs struct {
	// Schema is what stands before the procedure's name, or the default one of a
	// procedure in an environment; nil else.
	Schema *catalog.Schema

	procedure *Procedure
	cells     []any // nil for null
}

// Format writes *** whatever the verb.
func (Inputs) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }

// Text gives a text, GUID or JSON input, "" where it is null.
func (in Inputs) Text(name string) string {
	s, _ := in.get(name).(string)
	return s
}

// Bool gives a truth value, false where it is null.
func (in Inputs) Bool(name string) bool {
	b, _ := in.get(name).(bool)
	return b
}

// Int gives a whole number, 0 where it is null.
func (in Inputs) Int(name string) int64 {
	n, _ := in.get(name).(int64)
	return n
}

// Time gives a time, the zero time where it is null.
func (in Inputs) Time(name string) time.Time {
	t, _ := in.get(name).(time.Time)
	return t
}

// Given reports whether the input has a value.
func (in Inputs) Given(name string) bool { return in.get(name) != nil }

func (in Inputs) get(name string) any {
	i := in.procedure.input(name)
	if i < 0 {
		return nil
	}
	return in.cells[i]
}

// Bind gives the inputs of a call of the procedure. Errors name the input and
// its place, never its value; they are gwerr.BadParameter and
// gwerr.TypeMismatch.
func (p *Procedure) Bind(c *Call, parameters Parameters) (Inputs, error) {
	in := Inputs{procedure: p, cells: make([]any, len(p.Inputs))}
	given := make([]bool, len(p.Inputs))
	b := binder{parameters: parameters}
	for i, a := range c.Arguments {
		at, err := p.place(c, i)
		if err != nil {
			return in, err
		}
		if given[at] {
			return in, gwerr.Newf(gwerr.BadParameter, "%s is given twice.", p.Inputs[at].Name).At(a.Position).On(p.Inputs[at].Name)
		}
		cell, omitted, err := b.cell(a.value, &p.Inputs[at])
		if err != nil {
			return in, err
		}
		given[at], in.cells[at] = !omitted, cell
	}
	if err := b.surplus(); err != nil {
		return in, err
	}
	return in, p.complete(c, in.cells, given)
}

// place is the position of the input that the i-th argument is for.
func (p *Procedure) place(c *Call, i int) (int, error) {
	a := c.Arguments[i]
	if a.Name == "" {
		switch {
		case i > 0 && c.Arguments[i-1].Name != "":
			return 0, gwerr.New(gwerr.Syntax, "After a named value all others need names too.", "").At(a.Position)
		case i >= len(p.Inputs):
			return 0, gwerr.Newf(gwerr.BadParameter, "%s takes %d values at most.", p.Name, len(p.Inputs)).WithHint(p.hint()).At(a.Position)
		}
		return i, nil
	}
	at := p.input(a.Name)
	if at < 0 {
		return 0, gwerr.Newf(gwerr.BadParameter, "%s has no input named %s.", p.Name, clip(a.Name)).WithHint(p.hint()).At(a.Position)
	}
	return at, nil
}

func (p *Procedure) hint() string {
	if len(p.Inputs) == 0 {
		return "It takes none."
	}
	names := make([]string, len(p.Inputs))
	for i, in := range p.Inputs {
		names[i] = in.Name
	}
	return "Its inputs are " + strings.Join(names, ", ") + "."
}

// complete fills in defaults and refuses a call that lacks something.
func (p *Procedure) complete(c *Call, cells []any, given []bool) error {
	for i := range p.Inputs {
		in := &p.Inputs[i]
		if !given[i] && in.Default != "" {
			cell, err := convert(value{kind: textValue, text: in.Default}, in)
			if err != nil {
				return gwerr.Wrap(gwerr.Internal, err, "The default of "+in.Name+" does not fit its type.", "")
			}
			cells[i] = cell
		}
		if in.Required && cells[i] == nil {
			return gwerr.Newf(gwerr.BadParameter, "%s needs a value for %s.", p.Name, in.Name).At(c.Position).On(in.Name)
		}
	}
	return nil
}

// binder turns values into cells and keeps count of the parameters used.
type binder struct {
	parameters Parameters
	next       int
	highest    int
}

func (b *binder) cell(v value, in *Input) (cell any, omitted bool, err error) {
	if v.kind == parameterValue {
		p, err := b.parameter(v)
		if err != nil {
			return nil, false, err
		}
		position := v.position
		v = ofParameter(p)
		v.position = position
	}
	if v.kind == nullValue {
		return nil, v.omitted, nil
	}
	cell, err = convert(v, in)
	return cell, false, err
}

func (b *binder) parameter(v value) (query.Parameter, error) {
	name := strings.TrimLeft(v.text, "?:@$")
	if strings.HasPrefix(v.text, "?") && name == "" {
		b.next++
		name = strconv.Itoa(b.next)
	}
	n, err := strconv.Atoi(name)
	if err != nil {
		p, ok := b.parameters.Named[name]
		if !ok {
			return p, gwerr.Newf(gwerr.BadParameter, "The parameter %s has no value.", clip(v.text)).At(v.position).On("parameters." + clip(name))
		}
		return p, nil
	}
	b.highest = max(b.highest, n)
	if n < 1 || n > len(b.parameters.Positional) {
		return query.Parameter{}, gwerr.Newf(gwerr.BadParameter, "Parameter %d has no value.", n).At(v.position).On(fmt.Sprintf("parameters[%d]", n-1))
	}
	return b.parameters.Positional[n-1], nil
}

func (b *binder) surplus() error {
	if n := len(b.parameters.Positional); n > b.highest {
		return gwerr.Newf(gwerr.BadParameter, "%d parameters are given, but the call uses %d.", n, b.highest).On("parameters")
	}
	return nil
}

func ofParameter(p query.Parameter) value {
	if p.Null {
		return value{kind: nullValue}
	}
	v := value{kind: textValue, text: p.Value.Text()}
	switch p.Value.Kind {
	case predicate.Bool:
		v.kind = boolValue
	case predicate.Int, predicate.Float:
		v.kind = numberValue
	default: // read from their text
	}
	return v
}

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// convert gives the value the type of the input.
func convert(v value, in *Input) (any, error) {
	var cell any
	var err error
	switch in.Type {
	case catalog.Bool:
		cell, err = strconv.ParseBool(strings.ToLower(v.text))
	case catalog.Int32:
		cell, err = strconv.ParseInt(v.text, 10, 32)
	case catalog.Int64:
		cell, err = strconv.ParseInt(v.text, 10, 64)
	case catalog.Float64:
		var f float64
		if f, err = strconv.ParseFloat(v.text, 64); err == nil && (math.IsNaN(f) || math.IsInf(f, 0)) {
			err = strconv.ErrRange // JSON has no such numbers
		}
		cell = f
	case catalog.Timestamp:
		cell, err = time.Parse(time.RFC3339, strings.Replace(v.text, " ", "T", 1))
	case catalog.GUID:
		if !guid.MatchString(v.text) {
			err = strconv.ErrSyntax
		}
		cell = strings.ToLower(v.text)
	case catalog.JSON:
		if !json.Valid([]byte(v.text)) {
			err = strconv.ErrSyntax
		}
		cell = v.text
	case catalog.StringList:
		cell, err = listOf(v.text)
	default:
		cell, err = oneOf(v.text, in)
	}
	if err != nil { // the cause may hold the value, which may be a secret
		return nil, gwerr.Newf(gwerr.TypeMismatch, "The value of %s must be %s.", in.Name, in.wants()).At(v.position).On(in.Name)
	}
	return cell, nil
}

// listOf reads a list of texts, in JSON or with commas.
func listOf(text string) (out []string, err error) {
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		var items []*string
		err = json.Unmarshal([]byte(text), &items)
		out = []string{}
		for _, item := range items {
			if item == nil {
				return nil, strconv.ErrSyntax
			}
			out = append(out, *item)
		}
		return out, err
	}
	for part := range strings.SplitSeq(text, ",") {
		out = append(out, strings.TrimSpace(part))
	}
	return out, nil
}

func oneOf(text string, in *Input) (string, error) {
	if len(in.Values) == 0 {
		return text, nil
	}
	i := slices.IndexFunc(in.Values, func(v string) bool { return strings.EqualFold(v, text) })
	if i < 0 {
		return "", strconv.ErrSyntax
	}
	return in.Values[i], nil
}

func (in *Input) wants() string {
	if len(in.Values) > 0 {
		return "one of " + strings.Join(in.Values, ", ")
	}
	switch in.Type {
	case catalog.Bool:
		return "TRUE or FALSE"
	case catalog.Int32, catalog.Int64:
		return "a whole number in range"
	case catalog.Float64:
		return "a number"
	case catalog.Timestamp:
		return "a time such as '2026-01-31T08:00:00Z'"
	case catalog.GUID:
		return "a UUID"
	case catalog.JSON:
		return "JSON"
	case catalog.StringList:
		return "a list of texts with commas, or in JSON"
	default:
		return "a text"
	}
}
