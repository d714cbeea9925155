package dialect

import (
	"fmt"
	"regexp"
	"strings"
)

// numeric takes a format of TO_CHAR for numbers apart; numberLike tells of one that
// is for nothing else, whether or not it is understood.
var (
	numeric    = regexp.MustCompile(`^(FM)?(S|MI)?([$L])?([90][90,G]*)?(?:[.D]([90]*))?(S|MI|PR)?$`)
	numberLike = regexp.MustCompile(`^(?:FM)?(?:RN|(?:MI|PR|PL|SG|TH|EEEE|[SLVBGDC$,. +-])*[90](?:MI|PR|PL|SG|TH|EEEE|[SLVBGDC$90,. +-])*)$`)
)

// numberDigits are those that a number of 64 bits keeps.
const numberDigits = 15

// oracleNumber writes the number {1} in a format of TO_CHAR, after PostgreSQL and
// Oracle but without blanks around it. Digits from the first 0 on are always there,
// as are decimals, with FM only those up to the last 0. A number that has more digits
// than the format is shown as signs #.
func oracleNumber(format string) (template string, ok bool) {
	m := numeric.FindStringSubmatch(format)
	if m == nil {
		return "", false
	}
	digits, decimals, before, behind := strings.NewReplacer(",", "", "G", "").Replace(m[4]), m[5], m[2], m[6]
	grouped := len(digits) < len(m[4])
	least := 0
	if i := strings.IndexByte(digits, '0'); i >= 0 {
		least = len(digits) - i
	}
	if digits == "" && decimals == "" || grouped && least > 1 || before != "" && behind != "" || len(digits)+len(decimals) > numberDigits {
		return "", false
	}
	value := fmt.Sprintf("round(CAST({1} AS DOUBLE), %d)", len(decimals))
	width := ""
	if least > 1 {
		width = fmt.Sprintf("0%d", least+len(decimals)+min(1, len(decimals)))
	} else if grouped {
		width = ","
	}
	body := fmt.Sprintf("format('{{:%s.%df}}', abs(%s))", width, len(decimals), value)
	if m[1] != "" {
		body = fmt.Sprintf("regexp_replace(%s, '0{{0,%d}}$', '')", body, len(decimals)-1-strings.LastIndexByte(decimals, '0'))
	}
	if least == 0 && decimals != "" {
		body = `regexp_replace(` + body + `, '^0(\.[0-9])', '\1')`
	}
	full := strings.NewReplacer("0", "#", "9", "#", "G", ",").Replace(m[4])
	if decimals != "" {
		full += "." + strings.Repeat("#", len(decimals))
	}
	body = fmt.Sprintf("CASE WHEN abs(%s) >= 1e%d THEN '%s' ELSE %s END", value, len(digits), full, body)
	currency := ""
	if m[3] != "" {
		currency = "'$' || "
	}
	sign := func(less, other string) string {
		return fmt.Sprintf("CASE WHEN %s < 0 THEN '%s' ELSE '%s' END", value, less, other)
	}
	switch {
	case before == "S":
		return fmt.Sprintf("(%s || %s%s)", sign("-", "+"), currency, body), true
	case behind == "S":
		return fmt.Sprintf("(%s%s || %s)", currency, body, sign("-", "+")), true
	case behind == "MI":
		return fmt.Sprintf("(%s%s || %s)", currency, body, sign("-", "")), true
	case behind == "PR":
		return fmt.Sprintf("(%s || %s%s || %s)", sign("<", ""), currency, body, sign(">", "")), true
	}
	return fmt.Sprintf("(%s || %s%s)", sign("-", ""), currency, body), true
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
