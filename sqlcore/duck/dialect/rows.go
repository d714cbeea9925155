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
	if strings.HasSuffix(operator, "between") {
		if len(rights) == 0 || at >= len(r.tokens) || !r.tokens[at].Is("and") || !r.rowAt(at+1) {
			return nil, k, nil
		}
		rights = append(rights, r.row(at+1))
		at = rights[1].next
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
	for _, phrase := range []string{"in", "not in", "between", "not between", "is distinct from", "is not distinct from"} {
		said := strings.Fields(phrase)
		if end := k + len(said); end <= len(r.tokens) && slices.EqualFunc(r.tokens[k:end], said, sqltext.Token.Is) {
			return phrase, end
		}
	}
	return "", k
}

// compareRows writes a row's comparison with others, member by member.
func compareRows(operator string, left *call, rights []*call) ([]piece, error) {
	c := &rowComparison{left: left}
	before, behind := "(", ")"
	if strings.HasPrefix(operator, "not ") {
		before, behind = "(NOT (", "))"
	}
	switch operator {
	case "=", "is not distinct from":
		c.all(operator, " AND ", rights[0])
	case "<>", "!=", "is distinct from":
		c.all(operator, " OR ", rights[0])
	case "in", "not in":
		c.add(before)
		for i, right := range rights {
			if i > 0 {
				c.add(" OR ")
			}
			c.all("=", " AND ", right)
		}
		c.add(behind)
	case "between", "not between":
		c.add(before)
		c.ordered(">=", rights[0])
		c.add(" AND ")
		c.ordered("<=", rights[1])
		c.add(behind)
	default:
		c.ordered(operator, rights[0])
	}
	return c.made, c.err
}

// rowComparison collects what a row's comparison becomes, up to its first error.
type rowComparison struct {
	left *call
	made []piece
	err  error
}

func (c *rowComparison) add(text string) { c.made = append(c.made, words(text)...) }

func (c *rowComparison) take(of *call, n int) {
	if c.err != nil {
		return // and so on in each row around it, each of which asks twice
	}
	var argument []piece
	argument, c.err = of.argument(n)
	c.made = append(c.made, argument...)
}

func (c *rowComparison) member(n int, operator string, right *call) {
	c.add("(")
	c.take(c.left, n)
	c.add(") " + operator + " (")
	c.take(right, n)
	c.add(")")
}

// all compares every member.
func (c *rowComparison) all(operator, between string, right *call) {
	c.add("(")
	for n := range c.left.arguments {
		if n > 0 {
			c.add(between)
		}
		c.member(n+1, operator, right)
	}
	c.add(")")
}

// ordered lets the first members that differ decide.
func (c *rowComparison) ordered(operator string, right *call) {
	last := len(c.left.arguments)
	for n := 1; n < last; n++ {
		c.add("(")
		c.member(n, operator[:1], right)
		c.add(" OR ")
		c.member(n, "=", right)
		c.add(" AND ")
	}
	c.member(last, operator, right)
	c.add(strings.Repeat(")", last-1))
}
