package dialect

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// span is a range of days, weeks, months, quarters or years, counted from the
// present one: from first up to, but without, end.
type span struct {
	unit       string
	first, end int
	// counted spans take a number of units n: they are from first times n up to
	// end times n, moved on.
	counted bool
	move    int
	// value is what the call alone is, where that is more than a range.
	value string
}

// ranges are the date literals of the commercial connector, which writes them
// with L_ before them, too: TODAY(), LAST_MONTH(), LAST_N_DAYS(7).
var ranges = func() map[string]span {
	m := map[string]span{
		"today":        {unit: "day", end: 1, value: "today()"},
		"yesterday":    {unit: "day", first: -1, value: "(today() - 1)"},
		"tomorrow":     {unit: "day", first: 1, end: 2, value: "(today() + 1)"},
		"last_90_days": {unit: "day", first: -90},
		"next_90_days": {unit: "day", end: 90},
		"last_n_days":  {unit: "day", first: -1, counted: true},
		"next_n_days":  {unit: "day", end: 1, counted: true},
	}
	for _, unit := range []string{"week", "month", "quarter", "year"} {
		m["last_"+unit] = span{unit: unit, first: -1}
		m["this_"+unit] = span{unit: unit, end: 1}
		m["next_"+unit] = span{unit: unit, first: 1, end: 2}
		m["last_n_"+unit+"s"] = span{unit: unit, first: -1, counted: true}
		m["next_n_"+unit+"s"] = span{unit: unit, end: 1, move: 1, counted: true}
	}
	for name, s := range m {
		m["l_"+name] = s
	}
	for _, unit := range []string{"week", "month", "year"} { // those are functions, too
		s := m["last_"+unit]
		s.value = "(now() - INTERVAL '1 " + unit + "')"
		m["last_"+unit] = s
	}
	return m
}()

// maxUnits bounds the number that a range is told.
const maxUnits = 10_000

// span reads the range that a call means.
func (c *call) span() (span, error) {
	s := ranges[c.name]
	if !s.counted {
		if len(c.arguments) > 0 {
			return s, c.wrong("takes no argument")
		}
		return s, nil
	}
	t, one := c.token(1)
	n, err := strconv.Atoi(t.Text)
	if len(c.arguments) != 1 || !one || t.Kind != sqltext.Number || err != nil || n < 1 || n > maxUnits {
		return s, c.wrong("takes a whole number from 1 to 10000")
	}
	s.first, s.end = s.first*n+s.move, s.end*n+s.move
	return s, nil
}

// border writes the beginning of a unit, counted from the present one.
func (s span) border(n int) string {
	unit := s.unit
	if unit == "quarter" {
		unit, n = "month", 3*n
	}
	at := "date_trunc('" + s.unit + "', now())"
	if n == 0 {
		return at
	}
	return fmt.Sprintf("%s + INTERVAL '%d %s'", at, n, unit)
}

// compared rewrites a comparison with a range of time: equal is what lies in it,
// less what lies before it.
func (r *rewriter) compared(operator string, k, from, to int) ([]piece, int, error) {
	if from+1 >= to || r.tokens[from].Kind != sqltext.Word || !r.tokens[from+1].Is("(") {
		return nil, k, nil
	}
	if _, found := ranges[strings.ToLower(r.tokens[from].Text)]; !found {
		return nil, k, nil
	}
	c := r.read(from)
	s, err := c.span()
	if err != nil {
		return nil, k, err
	}
	first, end := s.border(s.first), s.border(s.end)
	between := "BETWEEN " + first + " AND " + end + " - INTERVAL '1 microsecond'"
	var made string
	switch operator {
	case "=":
		made = " " + between
	case "<>", "!=":
		made = " NOT " + between
	case "<", ">=":
		made = operator + " " + first
	case "<=":
		made = "< " + end
	case ">":
		made = ">= " + end
	}
	return words(made), c.next, nil
}

// alone writes a range that stands elsewhere, which has a value where the
// connector has a function of the name.
func alone(c *call) ([]piece, error) {
	s, err := c.span()
	if err != nil {
		return nil, err
	}
	if s.value == "" {
		return nil, c.wrong("is a range of time, which stands behind =, <>, <, <=, > or >=")
	}
	return words(s.value), nil
}
