package pgcatalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// Item is a column of a result as PostgreSQL would describe it.
type Item struct {
	// Name is "" where the engine's is right.
	Name string
	// Type is an object id of pg_type; 0 where the engine's type is right.
	Type uint32
}

// Shape tells how PostgreSQL would describe the columns of a statement's result
// where that can be read from the statement: names of expressions
// (FigureColname in parse_target.c), and the types of its catalog's columns.
type Shape struct {
	// before and after are the columns on both sides of a *; star is false where
	// there is none.
	before, after []Item
	star, catalog bool
	columns       columns
	// derived are the columns of queries in FROM and WITH, by name behind a point.
	derived map[string]uint32
}

// ShapeOf reads a statement; nil for one that gives no rows, or that can't be
// read.
func ShapeOf(sql string) *Shape {
	tokens, err := sqltext.Lex(sql)
	if err != nil {
		return nil
	}
	s := newShaper(tokens)
	items := s.list(tokens)
	if items == nil {
		return nil
	}
	out := &Shape{catalog: s.catalog, columns: s.columns, derived: s.derived}
	for _, item := range items {
		switch {
		case item.star && out.star:
			return &Shape{star: true, catalog: s.catalog, columns: s.columns, derived: s.derived} // nobody knows where one ends
		case item.star:
			out.star = true
		case out.star:
			out.after = append(out.after, item.Item)
		default:
			out.before = append(out.before, item.Item)
		}
	}
	return out
}

func newShaper(tokens []sqltext.Token) *shaper {
	of := func(is func(name string) bool) bool {
		return slices.ContainsFunc(tokens, func(t sqltext.Token) bool { return t.IsName() && is(strings.ToLower(t.Name())) })
	}
	return &shaper{
		known: map[int][]listed{}, names: map[int][]sqltext.Edit{}, derived: map[string]uint32{}, catalog: of(ofCatalog),
		columns: columns{information: of(func(name string) bool { return name == "information_schema" })},
	}
}

// Names gives the edits by which the expressions of queries within a statement have
// the names that PostgreSQL gives them, so that what stands around can say them:
// SELECT "count" FROM (SELECT count(*) FROM t).
func Names(sql string) (out []sqltext.Edit) {
	tokens, err := sqltext.Lex(sql)
	if err != nil || len(tokens) == 0 {
		return nil
	}
	s := newShaper(tokens)
	s.list(tokens)
	for at, edits := range s.names {
		if at != s.last { // the statement's own
			out = append(out, edits...)
		}
	}
	return out
}

// columns are those of the relations that a statement is about.
type columns struct{ information bool }

func (c columns) of(name string) uint32 {
	if kind, ok := informationTypes[name]; ok && c.information {
		return kind
	}
	return columnTypes[name]
}

func ofCatalog(name string) bool {
	return relationNamed(name) != nil || name == Name || name == "information_schema"
}

// Describe gives the item of the column at i of n, of that name.
func (s *Shape) Describe(i, n int, name string) Item {
	if s == nil {
		return Item{}
	}
	switch {
	case s.star && n < len(s.before)+len(s.after), !s.star && n != len(s.before):
		return Item{}
	case i < len(s.before):
		return s.before[i]
	case i >= n-len(s.after):
		return s.after[i-(n-len(s.after))]
	case s.catalog:
		name = strings.ToLower(name)
		if kind, ok := s.derived["."+name]; ok {
			return Item{Type: kind}
		}
		return Item{Type: s.columns.of(name)}
	}
	return Item{}
}

// shaper reads select lists.
type shaper struct {
	catalog bool
	columns columns
	// derived are the columns of queries in FROM: alias.name, and .name.
	derived map[string]uint32
	// known are the lists that were read, by their places: each is asked for by
	// what stands around it more than once.
	known map[int][]listed
	// names are the edits that give expressions of a list their names, by the place
	// of the list; last is the place of that which was read last, -1 for none.
	names map[int][]sqltext.Edit
	last  int
}

// listed is an item of a select list.
type listed struct {
	Item
	star bool
	// strength is PostgreSQL's: 2 for a name, 1 for that of a type, 0 for none.
	strength int
	// unnamed is true of an expression whose name stands nowhere.
	unnamed bool
}

// endOfList are the words behind a select list.
var endOfList = []string{"from", "where", "group", "having", "order", "limit", "union", "except", "intersect", "window", "offset", "fetch", "qualify", "into"}

// list finds the first select list of a query.
func (s *shaper) list(tokens []sqltext.Token) []listed {
	for len(tokens) > 1 && tokens[0].Is("(") {
		tokens = tokens[1:]
	}
	if len(tokens) == 0 {
		return nil
	}
	out, ok := s.known[tokens[0].Start]
	if !ok {
		out = s.read(tokens)
		s.known[tokens[0].Start] = out
	}
	return slices.Clone(out)
}

// read reads the list of a query that begins with SELECT or WITH.
func (s *shaper) read(tokens []sqltext.Token) []listed {
	depth, place := tokens[0].Depth, -1
	defer func() { s.last = place }()
	at := func(word string) int {
		return slices.IndexFunc(tokens, func(t sqltext.Token) bool { return t.Depth == depth && t.Is(word) })
	}
	begin := 0
	if tokens[0].Is("with") {
		if begin = at("select"); begin < 0 {
			return nil
		}
		s.common(tokens[:begin])
	}
	if tokens[begin].Is("values") {
		return rowsGiven(tokens[begin+1:])
	}
	if !tokens[begin].Is("select") {
		return nil
	}
	united := at("union") >= 0 || at("except") >= 0 || at("intersect") >= 0
	begin++
	switch {
	case begin < len(tokens) && tokens[begin].Is("all"):
		begin++
	case begin+1 < len(tokens) && tokens[begin].Is("distinct") && tokens[begin+1].Is("on"):
		begin = sqltext.Closing(tokens, begin+2) + 1
	case begin < len(tokens) && tokens[begin].Is("distinct"):
		begin++
	case begin+1 < len(tokens) && tokens[begin].Is("top"):
		return nil
	}
	inner := s.subqueries(tokens, begin, depth)
	var out []listed
	from := begin
	place = tokens[begin-1].Start
	for i := begin; i <= len(tokens); i++ {
		end := i == len(tokens) || tokens[i].Depth < depth || tokens[i].Depth == depth && (tokens[i].Is(";") || tokens[i].IsAny(endOfList...) && !tokens[i-1].Is("within"))
		if !end && (tokens[i].Depth != depth || !tokens[i].Is(",")) {
			continue
		}
		if from == i {
			return nil
		}
		item := s.item(tokens[from:i])
		if united && !s.catalog {
			item.Type = 0
		}
		out = append(out, item)
		if item.unnamed {
			end := tokens[i-1].End
			s.names[place] = append(s.names[place], sqltext.Edit{Start: end, End: end, Text: " AS " + sqltext.Quote(item.Name)})
		}
		if from = i + 1; end {
			if len(out) == 1 && out[0].star && inner != nil {
				return inner
			}
			return out
		}
	}
	return nil
}

// rowsGiven names the columns of VALUES by those of its first row.
func rowsGiven(tokens []sqltext.Token) (out []listed) {
	if len(tokens) == 0 || !tokens[0].Is("(") {
		return nil
	}
	for _, t := range tokens[:sqltext.Closing(tokens, 0)+1] {
		if t.Depth == tokens[0].Depth+1 && t.Is(",") || t.Depth == tokens[0].Depth && t.Is(")") {
			out = append(out, listed{Item: Item{Name: fmt.Sprintf("column%d", len(out)+1)}, strength: 2})
		}
	}
	return out
}

// subqueries finds the columns of the queries in FROM. It returns those of the
// only thing there, where that is a query.
func (s *shaper) subqueries(tokens []sqltext.Token, begin, depth int) (only []listed) {
	for i := begin; i+2 < len(tokens); i++ {
		t := tokens[i]
		if !tokens[i+1].Is("(") || !t.Is("from") && !t.Is("join") && !t.Is(",") && !t.Is("(") {
			continue
		}
		end := sqltext.Closing(tokens, i+1)
		columns := s.list(tokens[i+1 : end])
		if columns == nil {
			continue
		}
		i = end // what is inside is its own
		alias := ""
		if end++; end < len(tokens) && tokens[end].Is("as") {
			end++
		}
		if end < len(tokens) {
			alias = strings.ToLower(tokens[end].Name())
		}
		if end+1 < len(tokens) && tokens[end].IsName() && tokens[end+1].Is("(") {
			rename(columns, tokens[end+2:sqltext.Closing(tokens, end+1)])
		}
		if t.Is("from") && t.Depth == depth {
			only = columns
		}
		s.derive(alias, columns)
	}
	return only
}

// derive notes the columns of a query that has a name.
func (s *shaper) derive(alias string, columns []listed) {
	for _, c := range columns {
		name := "." + strings.ToLower(c.Name)
		s.derived[name], s.derived[alias+name] = c.Type, c.Type
	}
}

// common finds the columns of the queries of WITH, whose names may stand before
// them.
func (s *shaper) common(tokens []sqltext.Token) {
	depth := tokens[0].Depth
	for i := 1; i+2 < len(tokens); i++ {
		if tokens[i].Depth != depth || !tokens[i].IsName() || !tokens[i-1].Is("with") && !tokens[i-1].Is("recursive") && !tokens[i-1].Is(",") {
			continue
		}
		name, at := strings.ToLower(tokens[i].Name()), i+1
		var names []sqltext.Token
		if tokens[at].Is("(") {
			end := sqltext.Closing(tokens, at)
			names, at = tokens[at:end], end+1
		}
		for at < len(tokens) && !tokens[at].Is("(") {
			at++
		}
		if at == len(tokens) {
			return
		}
		columns := s.list(tokens[at:sqltext.Closing(tokens, at)])
		rename(columns, names)
		s.derive(name, columns)
	}
}

// spoken are words that end an expression and are no alias.
var spoken = []string{"end", "null", "true", "false", "precision", "zone", "varying", "current_user", "session_user", "current_role", "current_catalog", "current_schema", "current_date", "current_timestamp", "unknown", "preceding", "following", "first", "last"}

// item describes an item of a list.
func (s *shaper) item(tokens []sqltext.Token) listed {
	n := len(tokens)
	last := tokens[n-1]
	if last.Is("*") && (n == 1 || tokens[n-2].Is(".")) || n > 1 && tokens[0].Is("*") || tokens[0].Is("columns") {
		return listed{star: true}
	}
	var alias *sqltext.Token
	switch {
	case n > 2 && tokens[n-2].Is("as") && tokens[n-2].Depth == tokens[0].Depth && last.IsName():
		alias, tokens = &last, tokens[:n-2]
	case n > 1 && last.IsName() && last.Depth == tokens[0].Depth && !last.IsAny(spoken...) && endsOperand(tokens[:n-1]):
		alias, tokens = &last, tokens[:n-1]
	}
	out := s.expression(tokens)
	if len(tokens) == 1 && tokens[0].Is("null") {
		out.Type = typeNamed["text"]
	}
	out.unnamed = alias == nil && out.strength > 0 && !isColumn(tokens) && nameable(tokens)
	switch {
	case alias == nil && out.strength == 0:
		out.Name = "?column?"
	case alias == nil && !s.catalog && out.strength == 2 && isColumn(tokens) && constants[strings.ToLower(out.Name)] == nil:
		out.Name = "" // as the table spells it
	case alias != nil && alias.Kind == sqltext.Word && s.catalog:
		out.Name = strings.ToLower(alias.Text)
	case alias != nil:
		out.Name = alias.Name()
	}
	return out
}

// nameable tells whether a name may stand behind an expression: where none does, and
// which is a single column.
func nameable(tokens []sqltext.Token) bool {
	last, cast := tokens[len(tokens)-1], false
	for _, t := range tokens {
		if same := t.Depth == tokens[0].Depth; t.Is("columns") || same && (t.Is("as") || t.Is(":")) {
			return false
		} else if same && t.Is("::") {
			cast = true
		}
	}
	return cast || last.Is(")") || last.Is("]") || last.Is("end")
}

// endsOperand tells whether what stands before a name is complete without it.
func endsOperand(tokens []sqltext.Token) bool {
	last := tokens[len(tokens)-1]
	switch last.Kind {
	case sqltext.Symbol:
		return last.Is(")") || last.Is("]") || last.Is("}")
	case sqltext.Word:
		return !slices.ContainsFunc([]string{"and", "or", "not", "is", "in", "like", "ilike", "between", "distinct", "from", "double", "time", "at", "collate", "character", "interval", "date", "timestamp", "as", "case", "when", "then", "else", "over", "order", "by", "with", "without", "bit", "similar", "to"}, last.Is)
	default:
		return true
	}
}

func isColumn(tokens []sqltext.Token) bool {
	for i, t := range tokens {
		if i%2 == 0 && !t.IsName() || i%2 == 1 && !t.Is(".") {
			return false
		}
	}
	return len(tokens)%2 == 1
}
