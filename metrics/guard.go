package metrics

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// other stands for every label value that is not let through.
const other = "other"

// guard lets a bounded number of plausible values through for each label. It
// is the second line: components promise closed sets already.
type guard struct {
	most int
	mu   sync.RWMutex
	seen map[string]map[string]struct{}
}

func newGuard(most int) *guard { return &guard{most: most, seen: map[string]map[string]struct{}{}} }

// value returns v, or "other" if it does not look like a declared name or the
// label has too many values already.
func (g *guard) value(label, v string) string {
	if v == "" {
		return "none"
	}
	if !isDeclaredName(v) {
		return other
	}
	return g.admit(label, v, g.most)
}

// caller lets the ways of signing in through, and the ids of the first API keys, which
// are made by chance.
func (g *guard) caller(v string) string {
	const most = 50
	if v == "" {
		return "none"
	}
	if slices.Contains([]string{"anonymous", "token", "pass_through", "certificate"}, v) {
		return v
	}
	if !isKeyID(v) {
		return other
	}
	return g.admit("caller", v, most)
}

// isKeyID reports whether v has the form of an API key's id: ten letters and digits of
// base32.
func isKeyID(v string) bool {
	return len(v) == 10 && strings.Trim(v, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// admit returns v if the label has it, or has room for it among its most values.
func (g *guard) admit(label, v string, most int) string {
	g.mu.RLock()
	_, known := g.seen[label][v]
	g.mu.RUnlock()
	if known {
		return v
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	set := g.seen[label]
	if set == nil {
		set = map[string]struct{}{}
		g.seen[label] = set
	}
	if len(set) >= most {
		return other
	}
	set[v] = struct{}{}
	return v
}

// isDeclaredName reports whether v may be a name from the code or the table
// declarations: short, of plain letters, and with hardly any digits, so that
// ids, addresses, phone numbers and e-mail addresses don't pass.
func isDeclaredName(v string) bool {
	const mostBytes, mostDigits = 64, 3
	if len(v) > mostBytes {
		return false
	}
	digits := 0
	for i := range len(v) {
		c := v[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == '-', c == '/', c == '{', c == '}', c == '*', c == ':', c == '$', c == '(', c == ')':
		case c >= '0' && c <= '9':
			digits++
		default:
			return false
		}
	}
	return digits <= mostDigits
}

// oneOf returns v if it is in the closed set, else "other".
func oneOf(v string, set ...string) string {
	if slices.Contains(set, v) {
		return v
	}
	return other
}

// status returns an HTTP status as a label: "none" where no answer came.
func status(code int) string {
	switch {
	case code == 0:
		return "none"
	case http.StatusText(code) != "", code == 499:
		return strconv.Itoa(code)
	}
	return other
}

// outcome returns "ok" or an error code.
func (g *guard) outcome(code string) string {
	if code == "" {
		return "ok"
	}
	return g.value("code", code)
}
