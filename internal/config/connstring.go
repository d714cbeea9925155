package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pair is one Name=value of a connection string.
type pair struct{ name, value string }

// parseConnectionString splits Name=value pairs at semicolons. A value may
// stand in single or double quotes, in which a doubled quote is one quote.
// Errors name the property or the position, never a value.
func parseConnectionString(s string) ([]pair, error) {
	var out []pair
	for i := 0; i < len(s); {
		if c := s[i]; c == ';' || c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			i++
			continue
		}
		eq := strings.IndexAny(s[i:], "=;")
		if eq < 0 || s[i+eq] == ';' {
			return nil, fmt.Errorf("a property without = starts at character %d", utf8.RuneCountInString(s[:i])+1)
		}
		name := strings.TrimSpace(s[i : i+eq])
		if name == "" {
			return nil, fmt.Errorf("the property before = at character %d has no name", utf8.RuneCountInString(s[:i+eq])+1)
		}
		value, next, err := textValue(s, i+eq+1, ";", "\"'")
		if err != nil {
			return nil, fmt.Errorf("the value of %s %w", shorten(name), err)
		}
		out = append(out, pair{name, value})
		i = next
	}
	return out, nil
}

// textValue reads the value that starts at i and ends before one of ends, and
// returns it with the position after that. A value may stand in quotes.
func textValue(s string, i int, ends, quotes string) (string, int, error) {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	if i == len(s) || strings.IndexByte(quotes, s[i]) < 0 {
		end := strings.IndexAny(s[i:], ends)
		if end < 0 {
			return strings.TrimSpace(s[i:]), len(s), nil
		}
		return strings.TrimSpace(s[i : i+end]), i + end + 1, nil
	}
	quote := s[i]
	var b strings.Builder
	for i++; i < len(s); i++ {
		if s[i] != quote {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == quote {
			b.WriteByte(quote)
			i++
			continue
		}
		rest := strings.TrimLeftFunc(s[i+1:], func(r rune) bool { return unicode.IsSpace(r) && !strings.ContainsRune(ends, r) })
		if rest != "" && strings.IndexByte(ends, rest[0]) < 0 {
			return "", 0, fmt.Errorf("goes on after its closing quote; double a quote that belongs to it")
		}
		return b.String(), len(s) - len(rest), nil
	}
	return "", 0, fmt.Errorf("has no closing quote")
}
