package dialect

import (
	"cmp"
	"slices"
	"strings"
)

// element is what a part of a format stands for: a format of strftime, or an
// expression over the time {1}.
type element struct{ format, expression string }

// oracleElements are those of TO_CHAR and TO_DATE, after PostgreSQL and Oracle,
// netElements those of FORMAT, after .NET; longest first, where one begins another.
// netStandard are .NET's formats of one letter.
var (
	oracleElements = elementsOf("oracle")
	netElements    = elementsOf("net")
	netStandard    = pairs("netstandard")
)

type named struct {
	name string
	element
}

func elementsOf(dialect string) (out []named) {
	for _, row := range table("elements") {
		if row[0] == dialect {
			out = append(out, named{row[1], element{format: row[2], expression: row[3]}})
		}
	}
	slices.SortFunc(out, func(a, b named) int {
		return cmp.Or(len(b.name)-len(a.name), strings.Compare(a.name, b.name))
	})
	return out
}

// read takes a format apart: into formats of strftime, and expressions. The
// letters between that mean nothing are an error.
func read(format string, elements []named, quote byte, fold bool) (out []element, ok bool) {
	add := func(text string) {
		if n := len(out); n > 0 && out[n-1].expression == "" {
			out[n-1].format += text
			return
		}
		out = append(out, element{format: text})
	}
	for format != "" {
		if format[0] == quote {
			text, rest, closed := strings.Cut(format[1:], string(quote))
			if !closed {
				return nil, false
			}
			add(strings.ReplaceAll(text, "%", "%%"))
			format = rest
			continue
		}
		i := slices.IndexFunc(elements, func(e named) bool { return strings.HasPrefix(format, e.name) })
		if i < 0 && fold {
			i = slices.IndexFunc(elements, func(e named) bool {
				return len(format) >= len(e.name) && strings.EqualFold(format[:len(e.name)], e.name)
			})
		}
		switch {
		case i >= 0 && elements[i].expression != "":
			out = append(out, elements[i].element)
			format = format[len(elements[i].name):]
		case i >= 0:
			add(elements[i].format)
			format = format[len(elements[i].name):]
		case isLetter(format[0]) && !strings.ContainsRune("TZ", rune(format[0])), format[0] == '%':
			return nil, false
		default:
			add(format[:1])
			format = format[1:]
		}
	}
	return out, true
}

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// written gives the expression that writes the time {1} in a format.
func written(elements []element) string {
	var parts []string
	for _, e := range elements {
		if e.expression != "" {
			parts = append(parts, e.expression)
		} else {
			parts = append(parts, "strftime({d1}, "+quoted(e.format)+")")
		}
	}
	return "(" + strings.Join(parts, " || ") + ")"
}

// maxFormat bounds the length of a format.
const maxFormat = 100

// toChar is TO_CHAR(value [, format]).
func toChar(c *call) ([]piece, error) {
	if len(c.arguments) == 1 {
		return c.fill("CAST({1} AS VARCHAR)")
	}
	format, ok := c.literal(2)
	if !ok || len(c.arguments) != 2 || len(format) > maxFormat || strings.ContainsAny(format, "{}") {
		return nil, c.wrong("takes a value and a constant format")
	}
	if upper := strings.ToUpper(format); numberLike.MatchString(upper) {
		template, ok := oracleNumber(upper)
		if !ok {
			return nil, c.wrong("writes numbers by 9, 0, a comma and a point, FM and $ before them, and S, MI or PR at one end; 15 digits at most, and no comma behind a 0")
		}
		return c.fill(template)
	}
	elements, ok := read(format, oracleElements, '"', true)
	if !ok || len(elements) == 0 {
		return nil, c.wrong("has a format that is not understood")
	}
	return c.fill(written(elements))
}

// toDate is TO_DATE(text [, format]) and TO_TIMESTAMP(text, format).
func toDate(c *call) ([]piece, error) {
	n := len(c.arguments)
	if n == 1 && c.name == "to_timestamp" {
		return nil, nil // the engine's own: seconds of the epoch
	}
	if n == 1 {
		return c.fill("CAST({1} AS DATE)")
	}
	format, ok := c.literal(2)
	elements, known := read(format, oracleElements, '"', true)
	if !ok || !known || n != 2 || len(format) > maxFormat || strings.ContainsAny(format, "{}") {
		return nil, c.wrong("takes a text and a constant format")
	}
	all := ""
	for _, e := range elements {
		if e.format == "" {
			return nil, c.wrong("has a format that texts can't be read by")
		}
		all += e.format
	}
	target := "DATE"
	if c.name == "to_timestamp" || strings.Contains(all, "%H") || strings.Contains(all, "%I") {
		target = "TIMESTAMPTZ"
	}
	return c.fill("CAST(strptime({1}, " + quoted(all) + ") AS " + target + ")")
}

// formatValue is SQL Server's FORMAT(value, format). The engine's own begins with
// the format, in which braces stand for the values.
func formatValue(c *call) ([]piece, error) {
	format, ok := c.literal(2)
	if first, constant := c.literal(1); constant && strings.Contains(first, "{") {
		return nil, nil
	}
	if !ok || len(c.arguments) > 3 || len(format) > maxFormat || strings.ContainsAny(format, "{}") {
		return nil, c.wrong("takes a value and a constant format")
	}
	if netNumber.MatchString(format) {
		return c.fill(netNumeric(format))
	}
	if long, standard := netStandard[format]; standard {
		format = long
	}
	elements, ok := read(format, netElements, '\'', false)
	if !ok || len(elements) == 0 {
		return nil, c.wrong("has a format that is not understood")
	}
	return c.fill(written(elements))
}
