package model

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// kind is the type of a term in an expression.
type kind uint8

const (
	nullKind kind = iota
	boolKind
	textKind
	intKind
	decimalKind
	doubleKind
	guidKind
	instantKind
	dateKind
	clockKind
	durationKind
	listKind
	rowsKind // a nested collection
)

// String gives the name of the Edm type for messages.
func (k kind) String() string {
	return [...]string{
		"null", "Edm.Boolean", "Edm.String", "an integer", "Edm.Decimal", "Edm.Double", "Edm.Guid",
		"Edm.DateTimeOffset", "Edm.Date", "Edm.TimeOfDay", "Edm.Duration", "Collection(Edm.String)",
		"a nested collection",
	}[k]
}

// subject is String at the beginning of a sentence.
func (k kind) subject() string {
	if k == intKind {
		return "An integer"
	}
	return k.String()
}

func (k kind) numeric() bool { return k == intKind || k == decimalKind || k == doubleKind }

// kinds are those of the catalog's types.
var kinds = map[catalog.Type]kind{
	catalog.String: textKind, catalog.Bool: boolKind, catalog.Int32: intKind, catalog.Int64: intKind,
	catalog.Float64: doubleKind, catalog.Timestamp: instantKind, catalog.GUID: guidKind,
	catalog.JSON: textKind, catalog.StringList: listKind,
}

// term is a compiled expression.
type term struct {
	sql  string
	kind kind
	// nullable is false where the value can't be null.
	nullable bool
	// nan is true where the value may be NaN, which the engine takes for a
	// number that equals itself.
	nan bool
	// literal is set for a constant, whose type may still change: from
	// a string to the type it is compared with.
	literal *uri.Literal
	// instant is set where a constant instant is known.
	instant *time.Time
	pos     int
	// column is the column whose value this is, nil for all else; whole says that a
	// decimal has no fraction.
	column *catalog.Column
	whole  bool
}

// order sorts by the term, which is nothing where it is a constant: the engine takes a
// bare number for a column's place, and refuses other constants.
func (t term) order(direction string) []string {
	if t.literal != nil || t.kind == nullKind || strings.Trim(t.sql, "-0123456789") == "" {
		return nil
	}
	return []string{t.sql + direction}
}

// textLiteral is the one function that writes a text into SQL. A NUL can't
// stand in a literal.
func textLiteral(s string) string {
	quoted := sqltext.Literal(s)
	if strings.IndexByte(quoted, 0) < 0 {
		return quoted
	}
	return "(" + strings.ReplaceAll(quoted, "\x00", "' || chr(0) || '") + ")"
}

// maxDecimalDigits is the length up to which a decimal stays exact in SQL;
// longer ones become doubles.
const maxDecimalDigits = 18

func decimalLiteral(text string) string {
	if len(text) <= maxDecimalDigits && !strings.ContainsAny(text, "eE") {
		return text
	}
	f, _ := strconv.ParseFloat(text, 64) // the parser's digits; of too many the limit is given
	return doubleLiteral(f)
}

func doubleLiteral(f float64) string {
	switch {
	case math.IsNaN(f):
		return "CAST('NaN' AS DOUBLE)"
	case math.IsInf(f, 1):
		return "CAST('Infinity' AS DOUBLE)"
	case math.IsInf(f, -1):
		return "CAST('-Infinity' AS DOUBLE)"
	default:
		return "CAST('" + strconv.FormatFloat(f, 'g', -1, 64) + "' AS DOUBLE)"
	}
}

// instantLiteral writes an instant to the microsecond. A finer one is moved to
// a place between the same milliseconds, which is all that columns hold.
func instantLiteral(t time.Time) string {
	t = t.UTC()
	if t.Nanosecond()%int(time.Microsecond) != 0 {
		t = t.Truncate(time.Microsecond)
		if t.Nanosecond()%int(time.Millisecond) == 0 {
			t = t.Add(time.Microsecond)
		}
	}
	switch year := t.Year(); {
	case year < 1:
		return "TIMESTAMPTZ '-infinity'"
	case year > 9999:
		return "TIMESTAMPTZ 'infinity'"
	default:
		return "TIMESTAMPTZ '" + t.Format("2006-01-02T15:04:05.999999Z") + "'"
	}
}

func dateLiteral(t time.Time) string {
	switch year := t.Year(); {
	case year < 1:
		return "DATE '-infinity'"
	case year > 9999:
		return "DATE 'infinity'"
	default:
		return "DATE '" + t.Format("2006-01-02") + "'"
	}
}

func clockLiteral(d time.Duration) string {
	return fmt.Sprintf("TIME '%02d:%02d:%02d.%06d'", d/time.Hour, d/time.Minute%60, d/time.Second%60, d/time.Microsecond%1e6)
}

func durationLiteral(d time.Duration) string {
	return fmt.Sprintf("to_microseconds(%d)", d.Microseconds())
}
