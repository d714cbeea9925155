package dialect

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// beforeRow are the words behind which a row value may begin.
var beforeRow = []string{"where", "and", "or", "not", "on", "having", "when", "then", "else", "select", "qualify", "by", "(", ","}

// comparesRows tells of an operator between parentheses, which may be rows.
func comparesRows(tokens []sqltext.Token) bool {
	closed := -1
	for k, t := range tokens {
		switch {
		case t.Is(")"):
			closed = k
		case closed >= 0 && k > closed+1 && k <= closed+5 && (t.Is("(") || t.Is("row")):
			return true
		}
	}
	return false
}

// rowsCompared rewrites the comparison that begins with the row of values at token k, a
// parenthesis or ROW, member by member (PostgreSQL, "Row and Array Comparisons"). The
// engine compares rows as one value, sometimes by their texts, takes nulls for equal, and
// no condition on one goes to PingOne.
func (r *rewriter) rowsCompared(k int) ([]piece, int, error) {
	if k == 0 || !slices.ContainsFunc(beforeRow, r.tokens[k-1].Is) {
		return nil, k, nil
	}
	left := r.row(k)
	operator, at := r.rowOperator(left.next)
	if operator == "" || len(left.arguments) < 2 {
		return nil, k, nil
	}
	var rights []*call
	if in := strings.HasSuffix(operator, "in"); in && at < len(r.tokens) && r.tokens[at].Is("(") {
		for j := at + 1; j < len(r.tokens) && r.rowAt(j); {
			right := r.row(j)
			rights = append(rights, right)
			if j = right.next + 1; !r.tokens[right.next].Is(",") {
				at = j
				break
			}
		}
		if len(rights) == 0 || !r.tokens[at-1].Is(")") {
			return nil, k, nil
		}
	} else if !in && r.rowAt(at) {
		rights = append(rights, r.row(at))
		at = rights[0].next
	}
	if at < len(r.tokens) && slices.ContainsFunc([]string{"::", ".", "["}, r.tokens[at].Is) ||
		len(rights) == 0 || slices.ContainsFunc(rights, func(c *call) bool { return len(c.arguments) != len(left.arguments) }) {
		return nil, k, nil
	}
	made, err := compareRows(operator, left, rights)
	return made, at, err
}

// row reads the row whose parenthesis, or ROW, is token k.
func (r *rewriter) row(k int) *call {
	if r.tokens[k].Is("row") {
		k++
	}
	return r.read(k - 1)
}

// rowAt tells whether a row of values, and no query, begins with a token.
func (r *rewriter) rowAt(k int) bool {
	if k+1 < len(r.tokens) && r.tokens[k].Is("row") {
		k++
	}
	return k+1 < len(r.tokens) && r.tokens[k].Is("(") && !reading(r.tokens[k+1])
}

func reading(t sqltext.Token) bool {
	return slices.ContainsFunc([]string{"select", "with", "values", "from", "table"}, t.Is)
}

// rowOperator gives the operator at token k, "" for none that compares rows, and the
// token behind it.
func (r *rewriter) rowOperator(k int) (string, int) {
	operator, n := r.operatorAt(k, len(r.tokens))
	if slices.Contains([]string{"=", "<>", "!=", "<", "<=", ">", ">="}, operator) {
		return operator, k + n
	}
	for _, phrase := range []string{"in", "not in", "is distinct from", "is not distinct from"} {
		said := strings.Fields(phrase)
		if end := k + len(said); end <= len(r.tokens) && slices.EqualFunc(r.tokens[k:end], said, sqltext.Token.Is) {
			return phrase, end
		}
	}
	return "", k
}

// compareRows writes a row's comparison with others, member by member.
func compareRows(operator string, left *call, rights []*call) (made []piece, err error) {
	add := func(text string) { made = append(made, words(text)...) }
	take := func(of *call, n int) {
		if err != nil {
			return // and so on in each row around it, each of which asks twice
		}
		var argument []piece
		argument, err = of.argument(n)
		made = append(made, argument...)
	}
	member := func(n int, operator string, right *call) {
		add("(")
		take(left, n)
		add(") " + operator + " (")
		take(right, n)
		add(")")
	}
	last := len(left.arguments)
	all := func(operator, between string, right *call) {
		add("(")
		for n := range last {
			if n > 0 {
				add(between)
			}
			member(n+1, operator, right)
		}
		add(")")
	}
	switch operator {
	case "=", "is not distinct from":
		all(operator, " AND ", rights[0])
	case "<>", "!=", "is distinct from":
		all(operator, " OR ", rights[0])
	case "in", "not in":
		before, behind := "(", ")"
		if operator == "not in" {
			before, behind = "(NOT (", "))"
		}
		add(before)
		for i, right := range rights {
			if i > 0 {
				add(" OR ")
			}
			all("=", " AND ", right)
		}
		add(behind)
	default: // the first members that differ decide
		for n := 1; n < last; n++ {
			add("(")
			member(n, operator[:1], rights[0])
			add(" OR ")
			member(n, "=", rights[0])
			add(" AND ")
		}
		member(last, operator, rights[0])
		add(strings.Repeat(")", last-1))
	}
	return made, err
}
