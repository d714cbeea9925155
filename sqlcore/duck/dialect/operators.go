package dialect

import (
	"regexp"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// operatorAt gives the operator that begins with token k, and how many tokens it
// has.
func (r *rewriter) operatorAt(k, to int) (string, int) {
	n := 0
	for k+n < to && isOperator(r.tokens[k+n]) && (n == 0 || r.tokens[k+n].Start == r.tokens[k+n-1].End) {
		n++
	}
	if n == 0 {
		return "", 0
	}
	return r.text[r.tokens[k].Start:r.tokens[k+n-1].End], n
}

func isOperator(t sqltext.Token) bool {
	return t.Kind == sqltext.Symbol && len(t.Text) == 1 && strings.Contains("~!<>=*@#^&|+-/%", t.Text)
}

// symbol rewrites what begins with a symbol.
func (r *rewriter) symbol(k, to int) ([]piece, int, error) {
	if r.tokens[k].Is(")") {
		made, next := r.within(k, to)
		return made, next, nil
	}
	if k > 0 && isOperator(r.tokens[k-1]) && r.tokens[k-1].End == r.tokens[k].Start {
		return nil, k, nil // in the middle of one
	}
	if r.tokens[k].Is("(") {
		return r.rowsCompared(k)
	}
	operator, n := r.operatorAt(k, to)
	switch operator {
	case "~", "~*", "!~", "!~*":
		if k > 0 && r.tokens[k-1].EndsValue() { // else it is a bitwise not
			return r.matches(operator, k, k+n, to)
		}
	case "=", "<>", "!=", "<", "<=", ">", ">=":
		return r.compared(operator, k, k+n, to)
	}
	return nil, k, nil
}

// matches rewrites PostgreSQL's operators of regular expressions, which match a
// part of the text; the engine's match the whole.
func (r *rewriter) matches(operator string, k, from, to int) ([]piece, int, error) {
	next := r.operand(from, to)
	if t := r.tokens[min(from, to-1)]; next == from || t.Is("any") || t.Is("some") || t.Is("all") {
		return nil, k, nil
	}
	open, shut := "(?s:.*(?:", ").*)"
	if strings.HasSuffix(operator, "*") {
		open = "(?is:.*(?:"
	}
	operator = strings.TrimSuffix(operator, "*")
	if t := r.tokens[from]; next == from+1 && t.Kind == sqltext.String {
		if pattern, ok := sqltext.Unquote(t.Text); ok && readable(pattern) {
			return words(operator + " " + sqltext.Literal(open+pattern+shut)), next, nil
		} else if ok {
			return nil, k, nil // the engine tells
		}
	}
	pattern, err := r.expand(from, next)
	if err != nil {
		return nil, k, err
	}
	made := append(words(operator+" ("+sqltext.Literal(open)+" || ("), pattern...)
	return append(made, piece{text: ") || " + sqltext.Literal(shut) + ")"}), next, nil
}

// similar rewrites SIMILAR TO with a constant pattern of standard SQL: % and _ as in
// LIKE, and the signs of regular expressions but for the point. The engine's is a
// regular expression.
func (r *rewriter) similar(k, to int) ([]piece, int) {
	pattern, ok := sqltext.Unquote(r.tokens[k+2].Text)
	if r.tokens[k+2].Kind != sqltext.String || !ok {
		return nil, k
	}
	next, escape := k+3, `\`
	if next+1 < to && r.tokens[next].Is("escape") {
		if escape, ok = sqltext.Unquote(r.tokens[next+1].Text); !ok || len(escape) != 1 {
			return nil, k
		}
		next += 2
	}
	expression := similarExpression(pattern, escape[0])
	if !readable(expression) {
		return nil, k
	}
	return words("SIMILAR TO " + sqltext.Literal(expression)), next
}

// class is a class of characters among the members of a set.
var class = regexp.MustCompile(`^\[:[a-z]+:\]`)

// similarExpression writes a pattern of SIMILAR TO as a regular expression.
func similarExpression(pattern string, escape byte) string {
	var b strings.Builder
	b.WriteString("(?s)")
	set := 0 // where the members of the set that is open begin; 0 for none
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == escape && i+1 < len(pattern):
			i++
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		case set > 0 && class.MatchString(pattern[i:]):
			name := class.FindString(pattern[i:])
			b.WriteString(name)
			i += len(name) - 1
		case set > 0 && c == ']' && i > set: // as the first member it stands for itself
			set = 0
			b.WriteByte(c)
		case set == 0 && c == '[':
			set = i + 1
			if strings.HasPrefix(pattern[set:], "^") {
				set++
			}
			b.WriteString(pattern[i:set])
			i = set - 1
		case c == '%' && set == 0:
			b.WriteString(".*")
		case c == '_' && set == 0:
			b.WriteByte('.')
		case c == '\\', set == 0 && strings.IndexByte(`.^$`, c) >= 0:
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func readable(pattern string) bool {
	_, err := regexp.Compile(pattern)
	return err == nil
}

// operand finds the end of the value that begins with a token: a constant, a
// name, a call, or what stands in parentheses, and its cast.
func (r *rewriter) operand(from, to int) int {
	if from >= to {
		return from
	}
	next := from
	switch t := r.tokens[from]; {
	case t.Kind == sqltext.String, t.Kind == sqltext.Number, t.Kind == sqltext.Param:
		next++
	case t.IsName():
		next += 2*len(sqltext.ChainAt(r.tokens, from)) - 1
		if next < to && r.tokens[next].Is("(") {
			next = sqltext.Closing(r.tokens, next) + 1
		}
	case t.Is("("):
		next = sqltext.Closing(r.tokens, from) + 1
	}
	for next > from && next+1 < to && r.tokens[next].Is("::") && r.tokens[next+1].IsName() {
		next += 2
	}
	return min(max(next, from), to)
}

// collecting are the aggregates that PostgreSQL's own syntax orders inside of
// their parentheses, and others' behind them.
var collecting = sqltext.Set("string_agg listagg group_concat array_agg")

// within moves what stands behind an aggregate in WITHIN GROUP (ORDER BY …) into
// its parentheses; k is the one that closes them.
func (r *rewriter) within(k, to int) ([]piece, int) {
	if k+4 >= to || !r.tokens[k+1].Is("within") || !r.tokens[k+2].Is("group") || !r.tokens[k+3].Is("(") || !r.tokens[k+4].Is("order") {
		return nil, k
	}
	open := k - 1
	for open > 0 && (r.tokens[open].Depth != r.tokens[k].Depth || !r.tokens[open].Is("(")) {
		open--
	}
	if open < 1 || !collecting[strings.ToLower(r.tokens[open-1].Text)] {
		return nil, k
	}
	return words(" "), k + 4
}
