package uri

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Literal is a primitive value.
type Literal struct {
	Offset int
	Kind   LiteralKind
	// Text is the value without quotes, prefix and leading plus: the
	// unescaped characters of a string, `true` or `false`, the digits of a
	// number, a guid in lower case, the ISO 8601 form of dates, times and
	// durations, base64url without padding for a binary, the members of an
	// enumeration value as written, and the well-known text of a spatial
	// value with its SRID.
	Text string
	// EnumType is the qualified type name of an EnumLiteral.
	EnumType string
}

// LiteralKind is the syntactic kind of a literal. OData 4.01 converts from
// string literals to enumeration and duration values, so a binder accepts
// StringLiteral for these.
type LiteralKind int

// The kinds of literals.
const (
	NullLiteral      LiteralKind = iota
	BoolLiteral                  // Edm.Boolean
	StringLiteral                // Edm.String
	IntLiteral                   // an integer that fits Edm.Int64
	DecimalLiteral               // Edm.Decimal: a decimal point, or beyond Edm.Int64
	DoubleLiteral                // Edm.Double: an exponent, INF, -INF or NaN
	GUIDLiteral                  // Edm.Guid
	DateLiteral                  // Edm.Date
	DateTimeLiteral              // Edm.DateTimeOffset
	TimeLiteral                  // Edm.TimeOfDay
	DurationLiteral              // Edm.Duration, written with its prefix
	BinaryLiteral                // Edm.Binary
	EnumLiteral                  // an enumeration value, written with its type
	GeographyLiteral             // Edm.Geography…
	GeometryLiteral              // Edm.Geometry…
)

// Pos implements Expr.
func (l *Literal) Pos() int { return l.Offset }

// Bool returns the value of a BoolLiteral.
func (l *Literal) Bool() bool { return l.Kind == BoolLiteral && l.Text == "true" }

// Int64 returns the value of an IntLiteral; ok is false for other kinds.
func (l *Literal) Int64() (value int64, ok bool) {
	if l.Kind != IntLiteral {
		return 0, false
	}
	value, err := strconv.ParseInt(l.Text, 10, 64)
	return value, err == nil
}

// Float64 returns the value of a numeric literal, rounded to the nearest
// float64; ok is false for other kinds.
func (l *Literal) Float64() (value float64, ok bool) {
	switch l.Kind {
	case IntLiteral, DecimalLiteral:
	case DoubleLiteral:
		switch l.Text {
		case "INF":
			return math.Inf(1), true
		case "-INF":
			return math.Inf(-1), true
		}
	default:
		return 0, false
	}
	// A number beyond the range of float64 is an infinity, which ParseFloat
	// returns together with an error.
	value, _ = strconv.ParseFloat(l.Text, 64)
	return value, true
}

// Time returns the instant of a DateTimeLiteral in its own offset, or
// midnight UTC of a DateLiteral; ok is false for other kinds.
func (l *Literal) Time() (value time.Time, ok bool) {
	if l.Kind != DateLiteral && l.Kind != DateTimeLiteral {
		return time.Time{}, false
	}
	c := clock{s: l.Text}
	t, err := c.dateTime()
	return t, err == nil
}

// TimeOfDay returns the time since midnight of a TimeLiteral, to the
// nanosecond; ok is false for other kinds.
func (l *Literal) TimeOfDay() (value time.Duration, ok bool) {
	if l.Kind != TimeLiteral {
		return 0, false
	}
	c := clock{s: l.Text}
	d, err := c.timeOfDay()
	return d, err == nil
}

// Duration returns the value of a DurationLiteral, or of a StringLiteral
// that spells one, to the nanosecond; ok is false for anything else and for
// durations beyond 292 years.
func (l *Literal) Duration() (value time.Duration, ok bool) {
	if l.Kind != DurationLiteral && l.Kind != StringLiteral {
		return 0, false
	}
	return parseDuration(l.Text)
}

// EnumMembers returns the members, names or numbers, of an EnumLiteral or of
// a StringLiteral that stands for one.
func (l *Literal) EnumMembers() []string {
	members := strings.Split(l.Text, ",")
	for i := range members {
		members[i] = strings.TrimSpace(members[i])
	}
	return members
}
