//go:build duckdb_arrow

package duck

import (
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// A list after IN, = ANY or <> ALL is written as the members of IN (…): only
// there do texts take the type of the column, and only that is pushed down.
// Elsewhere a list is a list.

// before and after are what may stand around the parameter of such a test.
var tests = []struct {
	before, after []string
	in            string
}{
	{[]string{"in", "(", "select", "unnest", "("}, []string{")", ")"}, "IN"},
	{[]string{"in", "("}, []string{")"}, "IN"},
	{[]string{"in"}, nil, "IN"},
	{[]string{"=", "any", "("}, []string{")"}, "IN"},
	{[]string{"=", "some", "("}, []string{")"}, "IN"},
	{[]string{"<", ">", "all", "("}, []string{")"}, "NOT IN"},
	{[]string{"!", "=", "all", "("}, []string{")"}, "NOT IN"},
}

// members gives the edits for a list at i that is what a value is looked for
// in; ok is false where it stands elsewhere.
func members(tokens []sqltext.Token, i int, list []Parameter) (edits []sqltext.Edit, ok bool, err error) {
	for _, t := range tests {
		first, end := i-len(t.before), i+len(t.after)
		if first < 0 || end >= len(tokens) || !are(tokens[first:i], t.before) || !are(tokens[i+1:end+1], t.after) {
			continue
		}
		if t.before[0] == "=" && first > 0 && isOperator(tokens[first-1]) {
			continue // >= ANY and the like
		}
		text, err := literals(list)
		if len(list) == 0 {
			text = "SELECT NULL WHERE false" // IN () is none of SQL
		}
		return []sqltext.Edit{{Start: tokens[first].Start, End: tokens[end].End, Text: t.in + " (" + text + ")"}}, true, err
	}
	return nil, false, nil
}

// are reports whether the tokens are the words and symbols.
func are(tokens []sqltext.Token, words []string) bool {
	for i, w := range words {
		if !tokens[i].Is(w) {
			return false
		}
	}
	return true
}

func isOperator(t sqltext.Token) bool {
	return t.Kind == sqltext.Symbol && strings.Contains("<>!=", t.Text)
}

// literals writes values as SQL, with commas between them.
func literals(list []Parameter) (string, error) {
	texts := make([]string, len(list))
	for i, p := range list {
		var err error
		if texts[i], err = literal(p); err != nil {
			return "", err
		}
	}
	return strings.Join(texts, ", "), nil
}
