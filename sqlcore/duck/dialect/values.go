package dialect

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// decode is Oracle's CASE, in which nulls are equal. The engine's own decode has
// one argument.
func decode(c *call) ([]piece, error) {
	n := len(c.arguments)
	if form, ok := c.literal(2); ok && n == 2 {
		switch strings.ToLower(form) {
		case "base64":
			return c.fill("from_base64({1})")
		case "hex":
			return c.fill("unhex({1})")
		}
	}
	if n == 2 {
		return nil, c.wrong("takes a text and 'base64' or 'hex', or three values and more")
	}
	if n < 3 {
		return nil, nil
	}
	template := "CASE"
	for i := 2; i+1 <= n && i < 9; i += 2 {
		template += fmt.Sprintf(" WHEN ({1}) IS NOT DISTINCT FROM ({%d}) THEN {%d}", i, i+1)
	}
	if n > 9 {
		return nil, c.wrong("takes 9 arguments at most: use CASE")
	}
	if n%2 == 0 {
		template += fmt.Sprintf(" ELSE {%d}", n)
	}
	return c.fill(template + " END")
}

// encode is PostgreSQL's encode(bytes, form). The engine's own has one argument.
func encode(c *call) ([]piece, error) {
	if len(c.arguments) == 1 {
		return nil, nil
	}
	form, ok := c.literal(2)
	switch form = strings.ToLower(form); {
	case ok && len(c.arguments) == 2 && form == "base64":
		return c.fill("base64(CAST({1} AS BLOB))")
	case ok && len(c.arguments) == 2 && form == "hex":
		return c.fill("lower(hex(CAST({1} AS BLOB)))")
	}
	return nil, c.wrong("takes bytes and 'base64' or 'hex'")
}

// choose picks an argument by its number.
func choose(c *call) ([]piece, error) {
	n := len(c.arguments)
	if n < 2 || n > 9 {
		return nil, c.wrong("takes 2 to 9 arguments")
	}
	template := "CASE CAST({1} AS BIGINT)"
	for i := 2; i <= n; i++ {
		template += fmt.Sprintf(" WHEN %d THEN {%d}", i-1, i)
	}
	return c.fill(template + " END")
}

// maxRepeated bounds the texts that are made of others.
const maxRepeated = 10_000

// replicate repeats a text, or a blank: constants alone, so that no row makes a
// large text.
func replicate(c *call) ([]piece, error) {
	text, count := " ", 1
	ok := len(c.arguments) == 1
	if c.name != "space" {
		text, ok = c.literal(1)
		count, ok = 2, ok && len(c.arguments) == 2
	}
	var n int
	if t, one := c.token(count); ok && one && t.Kind == sqltext.Number {
		var err error
		n, err = strconv.Atoi(t.Text)
		ok = err == nil && n <= maxRepeated/max(1, len(text))
	} else {
		ok = false
	}
	if !ok {
		return nil, c.wrong("needs constants, and makes 10000 characters at most")
	}
	return words(sqltext.Literal(strings.Repeat(text, n))), nil
}

// patternIndex finds the first place that a pattern of LIKE matches, of which the
// first and last % are left out.
func patternIndex(c *call) ([]piece, error) {
	pattern, ok := c.literal(1)
	if !ok || len(c.arguments) != 2 || len(pattern) > maxRepeated {
		return nil, c.wrong("takes a constant pattern and a text")
	}
	inner, anywhere := strings.CutPrefix(pattern, "%")
	inner, open := strings.CutSuffix(inner, "%")
	expression := "^()"
	if anywhere {
		expression = "^(.*?)"
	}
	expression = "(?s)" + expression + likeExpression(inner)
	if !open {
		expression += "$"
	}
	if !readable(expression) {
		return nil, c.wrong("has a pattern that can't be read")
	}
	text := quoted(expression)
	return c.fill("CASE WHEN regexp_matches({2}, " + text + ") THEN length(regexp_extract({2}, " + text + ", 1)) + 1 WHEN ({2}) IS NOT NULL THEN 0 END")
}

// likeExpression writes a pattern of SQL Server's LIKE as a regular expression.
func likeExpression(pattern string) string {
	var b strings.Builder
	set := false
	for _, r := range pattern {
		switch {
		case set && r == ']':
			set = false
			b.WriteRune(r)
		case set && r != '\\' && r != '[':
			b.WriteRune(r)
		case r == '[':
			set = true
			b.WriteRune(r)
		case r == '%':
			b.WriteString(".*")
		case r == '_':
			b.WriteByte('.')
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return b.String()
}
