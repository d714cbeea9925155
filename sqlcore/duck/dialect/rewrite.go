package dialect

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// piece is a part of the new text: a part of the old one, or a text of its own.
type piece struct {
	start, end int
	text       string
}

func words(text string) []piece { return []piece{{text: text}} }

// rewriter rewrites one text.
type rewriter struct {
	text   string
	tokens []sqltext.Token
	size   int          // of what has been put in
	lists  map[int]bool // depths at which a SELECT lists its columns here
}

// Rewrite gives the edits that put a text, whose tokens are given, into the
// engine's words. Its errors have their place in the text.
func Rewrite(text string, tokens []sqltext.Token) ([]sqltext.Edit, error) {
	if len(tokens) == 0 {
		return nil, nil
	}
	r := &rewriter{text: text, tokens: tokens, lists: map[int]bool{}}
	pieces, err := r.expand(0, len(tokens))
	if err != nil {
		return nil, err
	}
	return r.edits(pieces, tokens[0].Start, tokens[len(tokens)-1].End), nil
}

// Applies tells whether a text may have something to rewrite.
func Applies(tokens []sqltext.Token) bool {
	return slices.ContainsFunc(tokens, suspect) || comparesRows(tokens)
}

// suspect tells of a token at which something might be rewritten.
func suspect(t sqltext.Token) bool {
	switch t.Kind {
	case sqltext.Word:
		name := strings.ToLower(t.Text)
		return functions[name] != nil || builders[name] != nil || clauses[name]
	case sqltext.Symbol:
		return t.Text == "~"
	default:
		return false
	}
}

// clauses are words other than those of functions at which something is
// rewritten.
var clauses = sqltext.Set("limit within cast try_cast dual sysdate systimestamp similar")

// edits turns the pieces of a text into changes of it. What keeps its place and
// order stays in the text, so that the place of an error in it is known.
func (r *rewriter) edits(pieces []piece, at, end int) []sqltext.Edit {
	var out []sqltext.Edit
	var b strings.Builder
	changed := false
	for _, p := range pieces {
		if p.text != "" || p.start < at { // what stands there is a copy
			b.WriteString(p.text + r.text[p.start:p.end])
			changed = true
			continue
		}
		if p.start != at || changed {
			out = append(out, sqltext.Edit{Start: at, End: p.start, Text: b.String()})
			b.Reset()
			changed = false
		}
		at = p.end
	}
	if changed || at < end {
		out = append(out, sqltext.Edit{Start: at, End: end, Text: b.String()})
	}
	return out
}

// expand rewrites the tokens from one place up to another.
func (r *rewriter) expand(from, to int) ([]piece, error) {
	if from >= to {
		return nil, nil
	}
	var out []piece
	mark := r.tokens[from].Start
	for k := from; k < to; {
		r.follow(k)
		made, next, err := r.at(k, to)
		if err != nil {
			return nil, err
		}
		if next == k {
			k++
			continue
		}
		out = append(out, r.source(mark, r.tokens[k].Start)...)
		out = append(out, made...)
		mark, k = r.tokens[next-1].End, next
	}
	return append(out, r.source(mark, r.tokens[to-1].End)...), nil
}

func (r *rewriter) source(start, end int) []piece {
	if start == end {
		return nil
	}
	return []piece{{start: start, end: end}}
}

// follow notes where a SELECT lists its columns.
func (r *rewriter) follow(k int) {
	t := r.tokens[k]
	switch {
	case t.Is("select"):
		r.lists[t.Depth] = true
	case t.Is("("), t.Is("["), t.Is("{"):
		r.lists[t.Depth+1] = false
	case t.Kind == sqltext.Word && listEnds[strings.ToLower(t.Text)]:
		r.lists[t.Depth] = false
	}
}

// listEnds are the words that may follow the list of a SELECT.
var listEnds = sqltext.Set("from where group having order limit union except intersect qualify window into offset fetch")

// listed tells whether tokens k up to next are an element of what a SELECT lists
// that has no name.
func (r *rewriter) listed(k, next int) bool {
	depth := r.tokens[k].Depth
	if k == 0 || !r.lists[depth] || !beginsElement(r.tokens[k-1]) {
		return false
	}
	if next >= len(r.tokens) {
		return true
	}
	t := r.tokens[next]
	return t.Is(",") || t.Is(")") || t.Kind == sqltext.Word && listEnds[strings.ToLower(t.Text)]
}

func beginsElement(t sqltext.Token) bool {
	return t.Is(",") || t.Is("select") || t.Is("distinct") || t.Is("all")
}

// at rewrites what begins with token k; next is k where nothing does.
func (r *rewriter) at(k, to int) (made []piece, next int, err error) {
	switch t := r.tokens[k]; t.Kind {
	case sqltext.Symbol:
		return r.symbol(k, to)
	case sqltext.Word:
		if k > 0 && r.tokens[k-1].Is(".") {
			return nil, k, nil
		}
		switch called := k+1 < to && r.tokens[k+1].Is("("); {
		case called && t.Is("row"):
			return r.rowsCompared(k)
		case called:
			return r.call(k)
		}
		return r.word(k, to)
	default:
		return nil, k, nil
	}
}

// word rewrites what begins with a word that calls no function.
func (r *rewriter) word(k, to int) ([]piece, int, error) {
	t := r.tokens[k]
	switch {
	case t.Is("sysdate"), t.Is("systimestamp"):
		if k == 0 || r.tokens[k-1].Is("as") || k+1 < to && r.tokens[k+1].Is(".") {
			return nil, k, nil
		}
		return r.named(words("now()"), k, k+1), k + 1, nil
	case t.Is("limit"):
		return r.limit(k, to)
	case t.Is("similar") && k+2 < to && r.tokens[k+1].Is("to"):
		made, next := r.similar(k, to)
		return made, next, nil
	case t.Is("from") && k+1 < to && r.tokens[k+1].Is("dual"):
		if k+2 < to && (r.tokens[k+2].IsName() && !listEnds[strings.ToLower(r.tokens[k+2].Text)] || r.tokens[k+2].Is(".") || r.tokens[k+2].Is(",")) {
			return nil, k, nil
		}
		return words(" "), k + 2, nil
	}
	return nil, k, nil
}

// limit rewrites LIMIT m, n, which skips m rows.
func (r *rewriter) limit(k, to int) ([]piece, int, error) {
	if k+3 >= to || !r.tokens[k+2].Is(",") || !counts(r.tokens[k+1]) || !counts(r.tokens[k+3]) {
		return nil, k, nil
	}
	m, n := r.tokens[k+1], r.tokens[k+3]
	return []piece{{text: "LIMIT "}, {start: n.Start, end: n.End}, {text: " OFFSET "}, {start: m.Start, end: m.End}}, k + 4, nil
}

func counts(t sqltext.Token) bool { return t.Kind == sqltext.Number || t.Kind == sqltext.Param }

// named gives an element of what a SELECT lists the name of the function that the
// user wrote.
func (r *rewriter) named(made []piece, k, next int) []piece {
	if len(made) == 0 || !r.listed(k, next) {
		return made
	}
	return append(made, piece{text: " AS " + sqltext.Quote(strings.ToLower(r.tokens[k].Text))})
}

// call is a call of a function.
type call struct {
	r          *rewriter
	name       string // in small letters
	at         int    // its token
	next       int    // the token behind it
	arguments  [][2]int
	expandedAt map[int][]piece
}

// call rewrites the call that begins with token k.
func (r *rewriter) call(k int) ([]piece, int, error) {
	name := strings.ToLower(r.tokens[k].Text)
	forms, build := functions[name], builders[name]
	if forms == nil && build == nil || k > 0 && (r.tokens[k-1].Is("as") || r.tokens[k-1].Is("::")) {
		return nil, k, nil
	}
	c := r.read(k)
	var made []piece
	var err error
	switch template, ok := forms[len(c.arguments)]; {
	case ok:
		made, err = c.fill(template)
	case build != nil:
		made, err = build(c)
	case !native[name]:
		return nil, k, c.wrong(takes(forms))
	}
	if err != nil || made == nil {
		return nil, k, err
	}
	return r.named(made, k, c.next), c.next, nil
}

// takes says how many arguments a function has.
func takes(forms map[int]string) string {
	counts := slices.Sorted(maps.Keys(forms))
	if len(counts) == 1 && counts[0] == 1 {
		return "takes 1 argument"
	}
	said := fmt.Sprint(counts[0])
	for _, n := range counts[1:] {
		said += fmt.Sprintf(" or %d", n)
	}
	return "takes " + said + " arguments"
}

// read finds the arguments of a call.
func (r *rewriter) read(k int) *call {
	open := k + 1
	depth := r.tokens[open].Depth
	c := &call{r: r, name: strings.ToLower(r.tokens[k].Text), at: k, expandedAt: map[int][]piece{}}
	from := open + 1
	for j := open + 1; j < len(r.tokens); j++ {
		t := r.tokens[j]
		ends := t.Depth == depth && t.Is(")")
		if (ends || t.Depth == depth+1 && t.Is(",")) && (!ends || j > open+1) {
			c.arguments = append(c.arguments, [2]int{from, j})
			from = j + 1
		}
		if ends {
			c.next = j + 1
			break
		}
	}
	return c
}

// wrong is the error that a call can't be understood.
func (c *call) wrong(what string) error {
	return gwerr.New(gwerr.Syntax, strings.ToUpper(c.name)+" "+what+".", "The documentation lists the functions of other dialects.").At(c.r.tokens[c.at].Start)
}

// token gives argument n, from 1, where it is one token.
func (c *call) token(n int) (sqltext.Token, bool) {
	if n > len(c.arguments) {
		return sqltext.Token{}, false
	}
	a := c.arguments[n-1]
	return c.r.tokens[a[0]], a[1]-a[0] == 1
}

// literal gives argument n where it is a text.
func (c *call) literal(n int) (string, bool) {
	t, one := c.token(n)
	if !one || t.Kind != sqltext.String {
		return "", false
	}
	return sqltext.Unquote(t.Text)
}

// argument gives argument n, from 1, rewritten.
func (c *call) argument(n int) ([]piece, error) {
	made, known := c.expandedAt[n]
	if !known {
		a := c.arguments[n-1]
		if a[0] == a[1] {
			return nil, c.wrong("has an empty argument")
		}
		c.r.lists[c.r.tokens[a[0]].Depth] = false
		var err error
		if made, err = c.r.expand(a[0], a[1]); err != nil {
			return nil, err
		}
		c.expandedAt[n] = made
	}
	for _, p := range made {
		c.r.size += p.end - p.start + len(p.text)
	}
	if c.r.size > sqltext.MaxBytes {
		return nil, gwerr.New(gwerr.TooLarge, "The query's functions and rows stand for too much: written out, it would be longer than 1 MiB.", "Nest them less, or list fewer rows.").At(c.r.tokens[c.at].Start)
	}
	return made, nil
}

// fill writes a template: {1} stands for the first argument, {d1} for it as a time
// where it is a text, {{ and }} for braces.
func (c *call) fill(template string) ([]piece, error) {
	out := []piece{}
	for template != "" {
		i := strings.IndexAny(template, "{}")
		if i < 0 {
			i = len(template)
		}
		if i > 0 {
			out = append(out, piece{text: template[:i]})
		}
		switch template = template[i:]; {
		case template == "":
		case template[1] == template[0]:
			out = append(out, piece{text: template[:1]})
			template = template[2:]
		default:
			place, rest, _ := strings.Cut(template[1:], "}")
			template = rest
			made, err := c.placed(place)
			if err != nil {
				return nil, err
			}
			out = append(out, made...)
		}
	}
	return out, nil
}

// placed gives what stands for a place of a template.
func (c *call) placed(place string) ([]piece, error) {
	n := int(place[len(place)-1] - '0')
	made, err := c.argument(n)
	if err != nil {
		return nil, err
	}
	if t, one := c.token(n); place[0] == 'd' && one && t.Kind == sqltext.String {
		made = append(append(words("CAST("), made...), piece{text: " AS TIMESTAMPTZ)"})
	}
	return made, nil
}

// quoted writes a text as a literal in a template.
func quoted(text string) string {
	return strings.NewReplacer("{", "{{", "}", "}}").Replace(sqltext.Literal(text))
}
