package dialect

import (
	"slices"
	"strings"
)

// element is what a part of a format stands for: a format of strftime, or an
// expression over the time {1}.
type element struct{ format, expression string }

// oracleElements are those of TO_CHAR and TO_DATE, after PostgreSQL and Oracle,
// longest first where one begins another.
var oracleElements = sorted(map[string]element{
	"YYYY": {format: "%Y"}, "YY": {format: "%y"}, "RR": {format: "%y"}, "RRRR": {format: "%Y"}, "IYYY": {format: "%G"},
	"MM": {format: "%m"}, "DD": {format: "%d"}, "DDD": {format: "%j"}, "IW": {format: "%V"},
	"HH24": {format: "%H"}, "HH12": {format: "%I"}, "HH": {format: "%I"}, "MI": {format: "%M"}, "SS": {format: "%S"},
	"MS": {format: "%g"}, "FF3": {format: "%g"}, "US": {format: "%f"}, "FF6": {format: "%f"}, "FF": {format: "%f"}, "AM": {format: "%p"}, "PM": {format: "%p"},
	"MONTH": {format: "%B", expression: "upper(monthname({d1}))"}, "Month": {format: "%B"}, "month": {format: "%B", expression: "lower(monthname({d1}))"},
	"MON": {format: "%b", expression: "upper(strftime({d1}, '%b'))"}, "Mon": {format: "%b"}, "mon": {format: "%b", expression: "lower(strftime({d1}, '%b'))"},
	"DAY": {format: "%A", expression: "upper(dayname({d1}))"}, "Day": {format: "%A"}, "day": {format: "%A", expression: "lower(dayname({d1}))"},
	"DY": {format: "%a", expression: "upper(strftime({d1}, '%a'))"}, "Dy": {format: "%a"}, "dy": {format: "%a", expression: "lower(strftime({d1}, '%a'))"},
	"Q": {expression: "CAST(quarter({d1}) AS VARCHAR)"}, "D": {expression: "CAST(dayofweek({d1}) + 1 AS VARCHAR)"},
	"FMMONTH": {format: "%B", expression: "upper(monthname({d1}))"}, "FMMonth": {format: "%B"}, "FMmonth": {format: "%B", expression: "lower(monthname({d1}))"},
	"FMDAY": {format: "%A", expression: "upper(dayname({d1}))"}, "FMDay": {format: "%A"}, "FMDD": {format: "%-d"}, "FMMM": {format: "%-m"}, "TZ": {format: "UTC"},
	"FMHH24": {format: "%-H"}, "FMHH12": {format: "%-I"}, "FMHH": {format: "%-I"}, "FMMI": {format: "%-M"}, "FMSS": {format: "%-S"}, "FMYYYY": {format: "%Y"},
	"YYY": {expression: "right(strftime({d1}, '%Y'), 3)"}, "Y": {expression: "right(strftime({d1}, '%Y'), 1)"}, "CC": {expression: "CAST(century({d1}) AS VARCHAR)"},
	"WW": {expression: "lpad(CAST((dayofyear({d1}) - 1) // 7 + 1 AS VARCHAR), 2, '0')"}, "W": {expression: "CAST((day({d1}) - 1) // 7 + 1 AS VARCHAR)"},
	"ID": {expression: "CAST(isodow({d1}) AS VARCHAR)"}, "J": {expression: "CAST(CAST(julian(date_trunc('day', {d1})) AS BIGINT) AS VARCHAR)"},
	"SSSS": {expression: secondsOfDay}, "SSSSS": {expression: secondsOfDay}, "FF1": {expression: "left(strftime({d1}, '%f'), 1)"}, "FF2": {expression: "left(strftime({d1}, '%f'), 2)"},
	"FF4": {expression: "left(strftime({d1}, '%f'), 4)"}, "FF5": {expression: "left(strftime({d1}, '%f'), 5)"}, "FF7": {expression: "left(strftime({d1}, '%n'), 7)"},
	"FF8": {expression: "left(strftime({d1}, '%n'), 8)"}, "FF9": {format: "%n"}, "Y,YYY": {expression: "format('{{:,}}', year({d1}))"},
	"am": {format: "%p", expression: "lower(strftime({d1}, '%p'))"}, "pm": {format: "%p", expression: "lower(strftime({d1}, '%p'))"},
	"A.M.": {expression: halfOfDay}, "P.M.": {expression: halfOfDay}, "a.m.": {expression: "lower" + halfOfDay}, "p.m.": {expression: "lower" + halfOfDay},
	"OF": {format: "+00"}, "TZH": {format: "+00"}, "TZM": {format: "00"}, "AD": {format: "AD"}, "BC": {format: "AD"},
})

const (
	secondsOfDay = "CAST(hour({d1}) * 3600 + minute({d1}) * 60 + second({d1}) AS VARCHAR)"
	halfOfDay    = "(left(strftime({d1}, '%p'), 1) || '.M.')"
)

// netElements are those of FORMAT, after .NET.
var netElements = sorted(map[string]element{
	"yyyy": {format: "%Y"}, "yy": {format: "%y"}, "MMMM": {format: "%B"}, "MMM": {format: "%b"}, "MM": {format: "%m"}, "M": {format: "%-m"},
	"dddd": {format: "%A"}, "ddd": {format: "%a"}, "dd": {format: "%d"}, "d": {format: "%-d"},
	"HH": {format: "%H"}, "H": {format: "%-H"}, "hh": {format: "%I"}, "h": {format: "%-I"}, "mm": {format: "%M"}, "m": {format: "%-M"},
	"ss": {format: "%S"}, "s": {format: "%-S"}, "fff": {format: "%g"}, "ffffff": {format: "%f"}, "tt": {format: "%p"}, "zzz": {format: "+00:00"},
})

// netStandard are .NET's formats of one letter.
var netStandard = map[string]string{"d": "M/d/yyyy", "D": "dddd, MMMM d, yyyy", "t": "h:mm tt", "T": "h:mm:ss tt", "s": "yyyy-MM-ddTHH:mm:ss", "u": "yyyy-MM-dd HH:mm:ssZ"}

type named struct {
	name string
	element
}

func sorted(m map[string]element) []named {
	var out []named
	for name, e := range m {
		out = append(out, named{name, e})
	}
	slices.SortFunc(out, func(a, b named) int {
		if len(a.name) != len(b.name) {
			return len(b.name) - len(a.name)
		}
		return strings.Compare(a.name, b.name)
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
