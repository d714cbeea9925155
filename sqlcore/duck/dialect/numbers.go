package dialect

import (
	"fmt"
	"regexp"
	"strings"
)

// numeric tells of a format of TO_CHAR for numbers.
var numeric = regexp.MustCompile(`^(FM)?(S)?([$L])?([90][90,G]*)?(?:[.D]([90]*))?$`)

// oracleNumber writes the number {1} in a format of TO_CHAR, after PostgreSQL and
// Oracle but without blanks before it. Digits from the first 0 on are always there,
// as are decimals, with FM only those up to the last 0.
func oracleNumber(format string) (template string, ok bool) {
	m := numeric.FindStringSubmatch(format)
	digits, decimals := strings.NewReplacer(",", "", "G", "").Replace(m[4]), m[5]
	grouped := len(digits) < len(m[4])
	least := 0
	if i := strings.IndexByte(digits, '0'); i >= 0 {
		least = len(digits) - i
	}
	if digits == "" && decimals == "" || grouped && least > 1 || least > 1 && (m[2] != "" || m[3] != "") {
		return "", false
	}
	out := number(grouped, len(decimals))
	if least > 1 {
		width := least
		if decimals != "" {
			width += 1 + len(decimals)
		}
		out = fmt.Sprintf("(CASE WHEN ({1}) < 0 THEN '-' ELSE '' END || format('{{:0%d.%df}}', abs(CAST({1} AS DOUBLE))))", width, len(decimals))
	}
	if m[2] != "" {
		out = strings.Replace(out, "{{:", "{{:+", 1)
	}
	if m[1] != "" {
		out = fmt.Sprintf("regexp_replace(%s, '0{{0,%d}}$', '')", out, len(decimals)-1-strings.LastIndexByte(decimals, '0'))
	}
	if least == 0 && decimals != "" {
		out = `regexp_replace(` + out + `, '^([-+]?)0\.', '\1.')`
	}
	if m[3] != "" {
		out = `regexp_replace(` + out + `, '^([-+]?)', '\1$')`
	}
	return out, true
}

// number writes {1} with so many decimals.
func number(grouped bool, decimals int) string {
	format := "."
	if grouped {
		format = ",."
	}
	return "format('{{:" + format + string(rune('0'+min(decimals, 9))) + "f}}', CAST({1} AS DOUBLE))"
}

// netNumber tells of a format of FORMAT for numbers.
var netNumber = regexp.MustCompile(`^(?:[NnFf][0-9]?|[Dd][0-9]|[#0][#0,]*(?:\.[#0]+)?)$`)

func netNumeric(format string) string {
	decimals := 2
	if len(format) == 2 {
		decimals = int(format[1] - '0')
	}
	switch format[0] {
	case 'N', 'n':
		return number(true, decimals)
	case 'F', 'f':
		return number(false, decimals)
	case 'D', 'd':
		return "format('{{:0" + format[1:] + "d}}', CAST({1} AS BIGINT))"
	}
	whole, part, _ := strings.Cut(format, ".")
	if zeros := strings.Count(whole, "0"); part == "" && zeros == len(whole) && zeros > 1 {
		return "format('{{:0" + string(rune('0'+min(zeros, 9))) + "d}}', CAST({1} AS BIGINT))"
	}
	return number(strings.Contains(whole, ","), len(part))
}
