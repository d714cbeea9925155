package pgcatalog

import (
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// Session is what the functions about a session tell.
type Session struct {
	Database, Schema, User string
	// Setting gives a parameter; ok is false for one that nobody knows.
	Setting func(name string) (value string, ok bool)
	// Process is the number by which the client cancels.
	Process uint32
}

// Rewrite turns what PostgreSQL alone has (its functions about the catalog, casts
// to names of things, patterns by ~, composite values) into what the engine
// has. Other statements stay as they are; changed tells.
func (s *Session) Rewrite(sql string) (out string, changed bool) {
	tokens, err := sqltext.Lex(sql)
	if err != nil || !concerns(tokens) {
		return sql, false
	}
	w := &rewriter{session: s, text: sql}
	out = w.all(tokens, 0, len(tokens))
	if w.large || !w.changed {
		return sql, false
	}
	return out, true
}

// rewriter writes a statement anew, from its tokens.
type rewriter struct {
	session *Session
	text    string
	changed bool
	// large is true once a function stands for more than a statement may be, as one does
	// within itself that says its argument three times.
	large bool
}

// piece writes one stretch of tokens.
type piece struct {
	*rewriter
	tokens []sqltext.Token
	at     int
	out    strings.Builder
	// from is true in the list of FROM, where functions give tables.
	from bool
	// operand is where the last operand begins in out.
	operand int
}

// all writes the tokens from one place to another.
func (w *rewriter) all(tokens []sqltext.Token, from, to int) string {
	p := &piece{rewriter: w, tokens: tokens[from:to]}
	for p.at < len(p.tokens) {
		p.step()
	}
	return p.out.String()
}

// next is a token ahead, one of no kind behind the end.
func (p *piece) next(n int) sqltext.Token {
	if i := p.at + n; i >= 0 && i < len(p.tokens) {
		return p.tokens[i]
	}
	return sqltext.Token{Kind: sqltext.String}
}

// gap writes what stands before the token at n: space, if there was some.
func (p *piece) gap() {
	if p.at > 0 && p.tokens[p.at-1].End < p.tokens[p.at].Start && p.out.Len() > 0 {
		p.out.WriteByte(' ')
	}
}

// put writes the token as it is.
func (p *piece) put() {
	t := p.next(0)
	p.gap()
	if t.Kind != sqltext.Symbol && !p.next(-1).Is(".") {
		p.operand = p.out.Len()
	}
	p.out.WriteString(t.Text)
	p.at++
}

// replace puts a text in the place of the last operand.
func (p *piece) replace(text string) {
	before := p.out.String()[:p.operand]
	p.out.Reset()
	p.out.WriteString(before + text)
	p.changed = true
}

func (p *piece) lastOperand() string { return p.out.String()[p.operand:] }

// step writes what begins at the next token.
func (p *piece) step() {
	t := p.next(0)
	name := strings.ToLower(t.Name())
	if t.Kind == sqltext.Word && clauses[name] != 0 {
		p.from = clauses[name] > 0
	}
	switch {
	case (name == Name || name == "information_schema" && strings.HasPrefix(strings.ToLower(p.next(2).Name()), "_pg_")) && p.next(1).Is(".") && p.next(3).Is("("):
		// before a function
		p.tokens = append(append([]sqltext.Token{}, p.tokens[:p.at]...), p.tokens[p.at+2:]...)
		p.changed = true
	case t.Is("operator") && p.next(1).Is("("):
		p.operator()
	case t.Is("collate") && p.collation() > 0:
		p.at += p.collation()
		p.changed = true
	case t.Is("cast") && p.next(1).Is("(") && p.castCall():
	case t.Is("::"):
		p.cast()
	case t.Is("~"), t.Is("!") && p.next(1).Is("~"):
		p.pattern()
	case (name == "generate_series" || name == "unnest") && p.next(1).Is("(") && p.from:
		p.series()
	case t.IsName() && p.next(1).Is("(") && !p.next(-1).Is(".") && functions[name] != nil:
		p.function(name)
	case t.Kind == sqltext.Word && constants[name] != nil && !p.next(-1).Is(".") && !p.next(1).Is(".") && !p.next(-1).Is("as") && !p.next(1).Is("("):
		p.gap()
		p.operand = p.out.Len()
		p.out.WriteString(constants[name](p.session))
		p.at++
		p.changed = true
	case t.Is("any") && p.next(1).Is("(") && (p.next(2).Kind == sqltext.Param || lists[strings.ToLower(p.tokens[sqltext.Closing(p.tokens, p.at+1)-1].Name())]) && strings.HasSuffix(strings.TrimSpace(p.lastOperand()), "="):
		p.contained()
	case (t.Is("any") || t.Is("all") || t.Is("some")) && p.next(1).Is("(") && p.literalIn() > 0:
		p.members(p.literalIn())
	case t.Is("/") && whole[strings.ToLower(p.next(-1).Name())] && p.next(-2).Is("::") && p.next(1).Kind == sqltext.Number && !strings.Contains(p.next(1).Text, "."):
		p.out.WriteString(" //") // the engine's / gives fractions
		p.at++
		p.changed = true
	case name == "user" && p.next(-1).Is("then"):
		p.out.WriteString(" " + user(p.session))
		p.at++
		p.changed = true
	case t.Is("("), t.Is("["), t.Is("{"):
		p.group()
	default:
		p.put()
	}
}

// whole are the types of whole numbers.
var whole = sqltext.Set("int integer int4 int8 bigint")

// clauses are words that begin or end the list of FROM.
var clauses = map[string]int{"from": 1, "join": 1, "select": -1, "where": -1, "on": -1, "group": -1, "order": -1, "having": -1, "union": -1, "using": -1, "limit": -1}

// group writes brackets with what is in them.
func (p *piece) group() {
	end := sqltext.Closing(p.tokens, p.at)
	open, before := p.next(0), p.next(-1)
	p.gap()
	call := before.IsName() && !keywords[strings.ToLower(before.Text)] || open.Is("[") || before.Is("]")
	if !call {
		p.operand = p.out.Len()
	}
	operand := p.operand
	inner := p.all(p.tokens, p.at+1, end)
	if open.Is("[") && vectors[strings.ToLower(before.Name())] {
		inner = "(" + inner + ") + 1" // the engine counts from 1
		p.changed = true
	}
	p.out.WriteString(open.Text + inner + p.tokens[end].Text)
	p.operand = operand
	p.at = end + 1
}

// keywords are words before a bracket that call nothing.
var keywords = sqltext.Set("select from where and or not in on as when then else case union all any some exists values using join by having array with limit offset is like between distinct order group left right inner cross natural full lateral")

// operator writes OPERATOR(pg_catalog.~) as the operator.
func (p *piece) operator() {
	end := sqltext.Closing(p.tokens, p.at+1)
	from := p.at + 2
	if p.next(2).IsName() && p.next(3).Is(".") {
		from += 2
	}
	inner := append([]sqltext.Token{}, p.tokens[from:end]...)
	p.tokens = append(append(append([]sqltext.Token{}, p.tokens[:p.at]...), inner...), p.tokens[end+1:]...)
	p.changed = true
}

// primary takes one operand: a name, a literal, a call, brackets.
func (p *piece) primary() string {
	from := p.at
	switch {
	case p.next(0).Is("("):
		p.at = sqltext.Closing(p.tokens, p.at) + 1
	default:
		for p.at++; p.next(0).Is(".") || p.next(-1).Is("."); p.at++ {
		}
		if p.next(0).Is("(") {
			p.at = sqltext.Closing(p.tokens, p.at) + 1
		}
	}
	for p.next(0).Is("::") {
		for p.at += 2; p.next(0).Is("."); p.at += 2 {
		}
	}
	return p.all(p.tokens, from, min(p.at, len(p.tokens)))
}

// collation is the length of COLLATE and a name by which texts are compared byte by
// byte, as the engine does unless told; 0 for another one.
func (p *piece) collation() int {
	switch strings.ToLower(p.next(1).Name()) {
	case Name:
		return 4
	case "default", "c", "posix", "ucs_basic", "c.utf8", "c.utf-8":
		return 2
	}
	return 0
}

// pattern writes a ~ b, !~, ~* and !~*, which match a part of the text.
func (p *piece) pattern() {
	from, not := p.at, p.next(0).Is("!")
	if not {
		p.at++
	}
	if p.next(1).Is("~") && p.next(1).Start == p.next(0).End { // LIKE's operator
		p.at = from
		p.put()
		p.put()
		return
	}
	p.at++
	options := ", 's'" // a point matches the end of a line, too
	if p.next(0).Is("*") && p.next(0).Start == p.next(-1).End {
		p.at++
		options = ", 'is'"
	}
	left := strings.TrimSpace(p.lastOperand())
	if last := lastName(left); last == "relname" || last == "nspname" {
		options = ", 'is'" // names are found whatever their letter case
	}
	text := "regexp_matches(" + left + ", " + strings.TrimSpace(p.primary()) + options + ")"
	if not {
		text = "(NOT " + text + ")"
	}
	if strings.HasPrefix(p.lastOperand(), " ") {
		text = " " + text
	}
	p.replace(text)
}

// lists are the columns of lists of numbers.
var lists = sqltext.Set("indkey conkey confkey polroles prattrs proargtypes stxkeys")

// contained writes x = ANY (list) of a column or a parameter: a join can't have what the engine makes of it.
func (p *piece) contained() {
	end := sqltext.Closing(p.tokens, p.at+1)
	x := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(p.lastOperand()), "="))
	list := p.all(p.tokens, p.at+2, end)
	p.at = end + 1
	p.replace("list_contains(" + list + ", " + x + ")")
}

// literalIn is how far ahead the text is which alone stands in the brackets
// behind ANY, perhaps in others or with its type; 0 for none.
func (p *piece) literalIn() int {
	at := 2
	for p.next(at).Is("(") {
		at++
	}
	if p.next(at).Kind == sqltext.String && (p.next(at+1).Is(")") || p.next(at+1).Is("::")) {
		return at
	}
	return 0
}

// members writes = ANY ('{a,b}') as IN ('a', 'b').
func (p *piece) members(at int) {
	literal, ok := sqltext.Unquote(p.next(at).Text)
	before := strings.TrimSpace(p.out.String())
	in := ""
	switch {
	case strings.HasSuffix(before, "<>"), strings.HasSuffix(before, "!="):
		before, in = strings.TrimSpace(before[:len(before)-2]), " NOT IN "
	case strings.HasSuffix(before, "="):
		before, in = strings.TrimSpace(before[:len(before)-1]), " IN "
	}
	if !ok || in == "" || !strings.HasPrefix(literal, "{") || !strings.HasSuffix(literal, "}") {
		p.put()
		return
	}
	var items []string
	for _, e := range Elements(literal[1 : len(literal)-1]) {
		switch {
		case e.Null():
			items = append(items, "NULL")
		case e.Quoted || e.Text != "":
			items = append(items, sqltext.Literal(e.Text))
		}
	}
	list := strings.Join(items, ", ")
	if list == "" {
		list = "SELECT '' WHERE false"
	}
	p.out.Reset()
	p.out.WriteString(before + in + "(" + list + ")")
	p.at = sqltext.Closing(p.tokens, p.at+1) + 1
	p.changed = true
}

// series writes a function that gives rows. Its alias is that of its column, too,
// which the engine wants to be told.
func (p *piece) series() {
	p.put()
	p.group()
	p.alias()
}

// alias writes the alias of a function in FROM, which is that of its column, too.
func (p *piece) alias() {
	if p.next(0).Is("as") {
		p.at++
	}
	if alias := p.next(0); alias.IsName() && !keywords[strings.ToLower(alias.Text)] && !p.next(1).Is("(") && !p.next(0).Is("with") {
		p.out.WriteString(" AS " + alias.Text + "(" + alias.Text + ")")
		p.at++
		p.changed = true
	}
}

// lookUp is the name of a thing of a kind, or its id.
func lookUp(column, kind, where string) string {
	return "(SELECT max(g.gw_" + column + ") FROM " + Name + "." + names + kind + " g WHERE " + where + ")"
}

// function writes a call of one of PostgreSQL's functions.
func (p *piece) function(name string) {
	if p.large {
		p.put()
		return
	}
	end := sqltext.Closing(p.tokens, p.at+1)
	var args []string
	from := p.at + 2
	for i := from; i <= end; i++ {
		if i == end && from < end || i < end && p.tokens[i].Is(",") && p.tokens[i].Depth == p.tokens[p.at+1].Depth+1 {
			args = append(args, strings.TrimSpace(p.all(p.tokens, from, i)))
			from = i + 1
		}
	}
	text := functions[name](p.session, args, p.from)
	if p.large = p.large || len(text) > sqltext.MaxBytes; p.large || text == "" {
		p.put()
		return
	}
	p.gap()
	for _, t := range p.tokens[p.at : end+1] {
		if t.Kind == sqltext.Param && !p.from && !strings.Contains(text, t.Text) { // each has a value
			list, rows := strings.CutPrefix(text, "unnest(")
			text = "coalesce(" + strings.TrimSuffix(list, ")")
			if !rows {
				text = "coalesce(" + list
			}
			text += ", CASE WHEN " + t.Text + " IS NULL THEN NULL END)"
			if rows {
				text = "unnest(" + text + ")"
			}
		}
	}
	p.operand = p.out.Len()
	p.out.WriteString(text)
	p.at = end + 1
	p.changed = true
	if p.from && strings.HasSuffix(text, " AS value)") {
		p.alias()
	}
	if p.next(0).Is("with") && p.next(1).Is("ordinality") && strings.HasPrefix(text, "(SELECT") {
		p.at += 2
	}
}
