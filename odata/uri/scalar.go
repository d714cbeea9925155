package uri

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

func (p *parser) stringLiteral() (*Literal, error) {
	start := p.pos
	text, err := p.quoted()
	return &Literal{Offset: p.at(start), Kind: StringLiteral, Text: text}, err
}

// quoted reads a single-quoted string and returns its characters.
func (p *parser) quoted() (string, error) {
	start := p.pos
	end, closed := quoteEnd(p.text, start)
	p.steps += end - start
	if !closed {
		return "", gwerr.New(gwerr.Syntax, "The text in "+p.option+" that starts here has no closing quote.",
			"Double every quote within a text, and write / within a key as %2F.").At(p.at(start)).On(p.option)
	}
	p.pos = end
	return unquote(p.text[start:end]), nil
}

// prefixedLiteral reads what follows a name and a quote: duration'PT1S',
// binary'AQID', geography'…', geometry'…' or Namespace.Type'Member'.
func (p *parser) prefixedLiteral(start int, name string) (Expr, error) {
	literal := &Literal{Offset: p.at(start)}
	var err error
	if literal.Text, err = p.quoted(); err != nil {
		return nil, err
	}
	var valid bool
	switch prefix := strings.ToLower(name); {
	case prefix == "duration":
		literal.Kind = DurationLiteral
		literal.Text = upperASCII(literal.Text)
		_, _, valid = durationValue(literal.Text)
	case prefix == "binary":
		literal.Kind = BinaryLiteral
		literal.Text, valid = binaryValue(literal.Text)
	case prefix == "geography":
		literal.Kind, valid = GeographyLiteral, validGeo(literal.Text)
	case prefix == "geometry":
		literal.Kind, valid = GeometryLiteral, validGeo(literal.Text)
	case strings.Contains(name, "."):
		literal.Kind, literal.EnumType = EnumLiteral, name
		valid = validEnum(literal.Text)
	default:
		return nil, p.expectedAt(start, "a literal").
			WithHint("OData 4 writes guids, dates and numbers without prefix and quotes.")
	}
	if !valid {
		return nil, p.expectedAt(start, "a valid "+name+" value")
	}
	return literal, nil
}

// binaryValue returns base64url text without its padding.
func binaryValue(s string) (string, bool) {
	bare := strings.TrimRight(s, "=")
	if padding := len(s) - len(bare); padding != 0 && len(s)%4 != 0 || padding > 2 {
		return "", false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(bare)
	return bare, err == nil && !strings.ContainsAny(bare, "\r\n")
}

func validEnum(s string) bool {
	for member := range strings.SplitSeq(s, ",") {
		member = strings.TrimSpace(member)
		if end := nameEnd(member, 0); end > 0 && end == len(member) {
			continue
		}
		if _, err := strconv.ParseInt(member, 10, 64); err != nil {
			return false
		}
	}
	return true
}

var geoShapes = [...]string{"Collection", "LineString", "MultiLineString", "MultiPoint", "MultiPolygon", "Point", "Polygon", "GeometryCollection"}

// validGeo checks `SRID=digits;Shape(…)` with matching parentheses; the
// coordinates are not read.
func validGeo(s string) bool {
	srid, shape, ok := strings.Cut(s, ";")
	if !ok || len(srid) < 6 || len(srid) > 10 || !strings.EqualFold(srid[:5], "SRID=") || strings.Trim(srid[5:], "0123456789") != "" {
		return false
	}
	open := strings.IndexByte(shape, '(')
	if open < 0 || balancedEnd(shape, open) != len(shape)-1 {
		return false
	}
	for _, known := range geoShapes {
		if strings.EqualFold(shape[:open], known) {
			return true
		}
	}
	return false
}

// numberOrTime reads what starts with a digit or a sign: a guid, date, time
// or number.
func (p *parser) numberOrTime() (Expr, error) {
	start := p.pos
	if end := guidEnd(p.text, start); end > start {
		return p.scalar(GUIDLiteral, strings.ToLower(p.text[start:end]), end)
	}
	digits := start
	if isSign(p.peek()) {
		digits++
	}
	if p.isInfinity(digits) && p.peek() == '-' {
		return p.scalar(DoubleLiteral, "-INF", digits+3)
	}
	end := p.digitsEnd(digits)
	switch {
	case end == digits:
		return nil, p.expected("a number")
	case p.peekAt(end) == '-' && isDigit(p.peekAt(end+1)):
		return p.dateOrDateTime()
	case end-start == 2 && p.peekAt(end) == ':' && p.isTimeOfDay():
		return p.timeOfDay()
	}
	return p.number(digits, end)
}

func isSign(b byte) bool { return b == '+' || b == '-' }

func (p *parser) digitsEnd(pos int) int {
	for isDigit(p.peekAt(pos)) {
		pos++
	}
	return pos
}

// scalar completes a literal that ends at end.
func (p *parser) scalar(kind LiteralKind, text string, end int) (Expr, error) {
	if continuesName(p.text, end) || p.peekAt(end) == '\'' {
		return nil, p.expectedAt(end, "the end of a value")
	}
	literal := &Literal{Offset: p.at(p.pos), Kind: kind, Text: text}
	p.pos = end
	return literal, nil
}

// number reads the rest of a number whose digits before the point end at
// end.
func (p *parser) number(digits, end int) (Expr, error) {
	kind := IntLiteral
	if p.peekAt(end) == '.' {
		fraction := p.digitsEnd(end + 1)
		if fraction == end+1 {
			return nil, p.expectedAt(fraction, "a digit after the decimal point")
		}
		kind, end = DecimalLiteral, fraction
	}
	if p.peekAt(end)|0x20 == 'e' {
		first := end + 1
		if isSign(p.peekAt(first)) {
			first++
		}
		exponent := p.digitsEnd(first)
		if exponent == first {
			return nil, p.expectedAt(end, "an exponent such as e5")
		}
		kind, end = DoubleLiteral, exponent
	}
	text := p.text[digits:end]
	if p.text[p.pos] == '-' {
		text = p.text[p.pos:end]
	}
	if kind == IntLiteral {
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			kind = DecimalLiteral
		}
	}
	return p.scalar(kind, text, end)
}

func (p *parser) dateOrDateTime() (Expr, error) {
	c := clock{s: p.text, i: p.pos}
	if _, err := c.dateTime(); err != nil {
		return nil, p.expected("a date such as 2024-01-31, or one with a time and an offset such as 2024-01-31T12:00:00Z").
			WithHint("Write the plus of an offset as %2B.")
	}
	p.steps += c.i - p.pos
	text := p.text[p.pos:c.i]
	if strings.IndexByte(text[1:], ':') < 0 {
		return p.scalar(DateLiteral, text, c.i)
	}
	return p.scalar(DateTimeLiteral, upperASCII(text), c.i)
}

// isTimeOfDay decides whether two digits and a colon start a time. Only in
// a condition of case() may the colon end the condition; there it is a time
// only if another colon follows it.
func (p *parser) isTimeOfDay() bool {
	if !p.whenOfCase {
		return true
	}
	c := clock{s: p.text, i: p.pos}
	if _, err := c.timeOfDay(); err != nil {
		return false
	}
	for isBlank(c.peek()) {
		p.steps++
		c.i++
	}
	return c.peek() == ':'
}

func (p *parser) timeOfDay() (Expr, error) {
	c := clock{s: p.text, i: p.pos}
	if _, err := c.timeOfDay(); err != nil {
		return nil, p.expected("a time such as 23:59:59")
	}
	return p.scalar(TimeLiteral, p.text[p.pos:c.i], c.i)
}

// array reads a JSON array of strings and expressions.
func (p *parser) array() (Expr, error) {
	array := &Array{Offset: p.at(p.pos)}
	err := p.elements(']', "an operator, a comma or a closing bracket", func() error {
		x, err := p.jsonValue()
		array.Items = append(array.Items, x)
		return err
	})
	return array, err
}

// object reads a JSON object whose values are strings and expressions.
func (p *parser) object() (Expr, error) {
	object := &Object{Offset: p.at(p.pos)}
	err := p.elements('}', "an operator, a comma or a closing brace", func() error {
		if p.peek() != '"' {
			return p.expected("a member name in double quotes")
		}
		name, err := p.jsonString()
		if err != nil {
			return err
		}
		if err := p.expect(':', "a colon"); err != nil {
			return err
		}
		value, err := p.jsonValue()
		object.Members = append(object.Members, Member{Name: name.Text, Value: value})
		return err
	})
	return object, err
}

// elements reads comma-separated elements up to the closing bracket.
func (p *parser) elements(closing byte, what string, element func() error) error {
	if err := p.enter(); err != nil {
		return err
	}
	defer p.leave()
	outer := p.whenOfCase
	p.whenOfCase = false
	defer func() { p.whenOfCase = outer }()
	p.pos++
	p.blanks()
	if p.skip(closing) {
		return nil
	}
	for n := 1; ; n++ {
		if err := p.room(n); err != nil {
			return err
		}
		if err := element(); err != nil {
			return err
		}
		p.blanks()
		if p.skip(closing) {
			return nil
		}
		if err := p.expect(',', what); err != nil {
			return err
		}
	}
}

func (p *parser) jsonValue() (Expr, error) {
	p.blanks()
	if p.peek() == '"' {
		return p.jsonString()
	}
	return p.expression()
}

func (p *parser) jsonString() (*Literal, error) {
	start := p.pos
	end, closed := jsonStringEnd(p.text, start)
	p.steps += end - start
	literal := &Literal{Offset: p.at(start), Kind: StringLiteral}
	if !closed || json.Unmarshal([]byte(p.text[start:end]), &literal.Text) != nil {
		return nil, p.expected("a JSON string")
	}
	p.pos = end
	return literal, nil
}
