package predicate

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// String prints the value as an SQL literal.
func (v Value) String() string {
	switch v.Kind {
	case Bool:
		return strings.ToUpper(strconv.FormatBool(v.Bool))
	case Int:
		return strconv.FormatInt(v.Int, 10)
	case Float:
		return strconv.FormatFloat(v.Float, 'g', -1, 64)
	case Param:
		return "$" + strconv.FormatInt(v.Int, 10)
	case Time:
		return "TIMESTAMPTZ '" + v.Time.UTC().Format("2006-01-02T15:04:05.999999Z07:00") + "'"
	default:
		return "'" + strings.ReplaceAll(v.Str, "'", "''") + "'"
	}
}

// Text returns the value as plain text: what a key in a path or a filter
// without quotes holds.
func (v Value) Text() string {
	switch v.Kind {
	case Bool:
		return strconv.FormatBool(v.Bool)
	case Int:
		return strconv.FormatInt(v.Int, 10)
	case Float:
		return strconv.FormatFloat(v.Float, 'g', -1, 64)
	case Time:
		return v.Time.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	default:
		return v.Str
	}
}

// Compare orders two values; ok is false where their kinds don't compare.
// Integers and floats compare with each other, as do strings and UUIDs.
func Compare(a, b Value) (order int, ok bool) {
	switch {
	case isNumber(a) && isNumber(b):
		if a.Kind == Int && b.Kind == Int {
			return cmp.Compare(a.Int, b.Int), true
		}
		return cmp.Compare(a.float(), b.float()), true
	case isText(a) && isText(b):
		return strings.Compare(a.Str, b.Str), true
	case a.Kind == Bool && b.Kind == Bool:
		return cmp.Compare(bit(a.Bool), bit(b.Bool)), true
	case a.Kind == Time && b.Kind == Time:
		return a.Time.Compare(b.Time), true
	default:
		return 0, false
	}
}

func (v Value) float() float64 {
	if v.Kind == Int {
		return float64(v.Int)
	}
	return v.Float
}

func isNumber(v Value) bool { return v.Kind == Int || v.Kind == Float }

func isText(v Value) bool { return v.Kind == String || v.Kind == UUID }

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// holds applies a comparison operator to an order.
func (o Op) holds(order int) bool {
	switch o {
	case Eq:
		return order == 0
	case Ne:
		return order != 0
	case Lt:
		return order < 0
	case Le:
		return order <= 0
	case Gt:
		return order > 0
	default:
		return order >= 0
	}
}

// CeilMillis returns t rounded up to the next whole millisecond.
func CeilMillis(t time.Time) time.Time {
	cut := t.Truncate(time.Millisecond)
	if cut.Before(t) {
		cut = cut.Add(time.Millisecond)
	}
	return cut
}
