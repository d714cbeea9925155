package change

import (
	"context"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// Statement is an INSERT, UPDATE or DELETE as it was written.
type Statement struct {
	Kind Kind
	// Connection and Schema are the parts of the table's name before the last; ""
	// where they are not given.
	Connection, Schema, Table string
	// Position is the byte offset of the table's name.
	Position int

	text      string
	tokens    []sqltext.Token
	name      span // of the table with its alias
	alias     string
	columns   []sqltext.Token
	values    []span // of an UPDATE's expressions
	source    span   // of an INSERT's VALUES or SELECT
	where     span   // with the word WHERE
	returning []sqltext.Token
	called    []string // the names of these in the answer, "" for their own
}

// span is a part of the text, in tokens.
type span struct{ from, to int }

func (s span) empty() bool { return s.from >= s.to }

// Is reports whether the statement changes rows.
func Is(sql string) bool {
	switch sqltext.Verb(sql) {
	case "insert", "update", "delete":
		return true
	}
	return false
}

// Parse reads the frame of a statement: the table, the columns and where the
// expressions stand, which the engine reads. Errors are gwerr.Syntax with their
// place.
func Parse(sql string) (*Statement, error) {
	c, err := sqltext.Read(sql)
	if err != nil {
		return nil, err
	}
	p := &parser{Statement: &Statement{text: sql, tokens: c.Tokens}, Cursor: c}
	if err := p.statement(); err != nil {
		return nil, err
	}
	return p.Statement, nil
}

type parser struct {
	*Statement
	sqltext.Cursor
}

func (p *parser) statement() error {
	switch {
	case p.Take("insert"):
		return p.insert()
	case p.Take("update"):
		p.Kind = Update
		return p.update()
	case p.Take("delete"):
		p.Kind = Delete
		return p.delete()
	}
	return p.wrong("A change begins with INSERT, UPDATE or DELETE.")
}

func (p *parser) insert() error {
	if !p.Take("into") {
		return p.wrong("After INSERT, INTO is expected.")
	}
	if err := p.table(false); err != nil {
		return err
	}
	if !p.Take("(") {
		return p.wrong("After the table's name its columns are expected, in parentheses.")
	}
	for {
		if err := p.column(); err != nil {
			return err
		}
		if p.Take(")") {
			break
		}
		if !p.Take(",") {
			return p.wrong("Between columns a comma is expected.")
		}
	}
	end, err := p.returningFrom(p.At)
	if err != nil {
		return err
	}
	p.source = span{p.At, end}
	if p.source.empty() || !p.Peek(0).IsAny("values", "select", "with", "from", "(") {
		return p.wrong("After the columns VALUES or SELECT is expected.")
	}
	return p.nothing(p.source, "default", "on")
}

func (p *parser) update() error {
	if err := p.table(true); err != nil {
		return err
	}
	if !p.Take("set") {
		return p.wrong("After the table's name, SET is expected.")
	}
	end, err := p.returningFrom(p.At)
	if err != nil {
		return err
	}
	if p.where, err = p.condition(end); err != nil {
		return err
	}
	if !p.where.empty() {
		end = p.where.from
	}
	for {
		if p.At == end {
			return p.wrong("Here the name of a column is expected.")
		}
		if err := p.column(); err != nil {
			return err
		}
		if !p.Take("=") {
			return p.wrong("After the column, = is expected.")
		}
		from, depth := p.At, p.Peek(0).Depth
		for p.At < end && !(p.Peek(0).Is(",") && p.Peek(0).Depth == depth) {
			p.At++
		}
		if from == p.At {
			return p.wrong("A value is missing.")
		}
		value := span{from, p.At}
		p.values = append(p.values, value)
		if err := p.nothing(value, "default", "from"); err != nil {
			return err
		}
		if p.At == end {
			break
		}
		p.At++
	}
	return p.needWhere()
}

func (p *parser) delete() error {
	if !p.Take("from") {
		return p.wrong("After DELETE, FROM is expected.")
	}
	if err := p.table(true); err != nil {
		return err
	}
	end, err := p.returningFrom(p.At)
	if err != nil {
		return err
	}
	if p.where, err = p.condition(end); err != nil {
		return err
	}
	if p.At < end && p.At != p.where.from {
		return p.wrong("After the table's name, WHERE is expected.")
	}
	return p.needWhere()
}

// needWhere refuses what would be done to all rows.
func (p *parser) needWhere() error {
	if !p.where.empty() {
		return nil
	}
	return gwerr.Newf(gwerr.BadRequest, "%s without WHERE would change every row.", p.Kind).
		WithHint("Say which rows; WHERE true means all of them.").At(p.tokens[0].Start)
}

// table reads the name, and an alias where there may be one.
func (p *parser) table(aliased bool) error {
	from := p.At
	name := p.Chain(3)
	if len(name) == 0 {
		return p.wrong("Here the name of a table is expected.")
	}
	p.Position = name[0].Start
	p.Table = name[len(name)-1].Name()
	if len(name) > 1 {
		p.Schema = name[len(name)-2].Name()
	}
	if len(name) > 2 {
		p.Connection = name[0].Name()
	}
	p.alias = sqltext.Quote(p.Table)
	if aliased {
		as := p.Take("as")
		if t := p.Peek(0); t.IsName() && (as || !t.IsAny("set", "where", "returning", "using")) {
			p.alias = sqltext.Quote(t.Name())
			p.At++
		}
	}
	p.name = span{from, p.At}
	return nil
}

// column reads a name, with or without the table's before it.
func (p *parser) column() error {
	name := p.Chain(len(p.tokens))
	if len(name) == 0 {
		return p.wrong("Here the name of a column is expected.")
	}
	p.columns = append(p.columns, name[len(name)-1])
	return nil
}

// returningFrom reads the RETURNING clause, if there is one, and gives its place
// or the end.
func (p *parser) returningFrom(at int) (int, error) {
	c := p.clause("returning", at, len(p.tokens))
	if c.empty() {
		return len(p.tokens), nil
	}
	inner := parser{Statement: &Statement{text: p.text, tokens: p.tokens}, Cursor: p.Cursor}
	inner.At = c.from + 1
	if inner.Take("*") {
		p.returning = []sqltext.Token{p.tokens[inner.At-1]}
	} else {
		for {
			if err := inner.column(); err != nil {
				return 0, err
			}
			name := ""
			if inner.Take("as") {
				if !inner.Peek(0).IsName() {
					return 0, inner.wrong("After AS a name is expected.")
				}
				name = inner.Peek(0).Name()
				inner.At++
			}
			p.called = append(p.called, name)
			if !inner.Take(",") {
				break
			}
		}
		p.returning = inner.columns
	}
	if inner.At < len(p.tokens) {
		return 0, inner.wrong("RETURNING takes names of columns, with AS another name for each, or *.")
	}
	return c.from, nil
}

// behind are the words that may follow the condition of a SELECT, which is what the
// condition of a change becomes a part of.
var behind = sqltext.Set("group having qualify window order limit offset fetch union except intersect using for")

// condition finds the WHERE clause, which is no more than a condition.
func (p *parser) condition(end int) (span, error) {
	where := p.clause("where", p.At, end)
	for i := where.from; i < where.to; i++ {
		if t := p.tokens[i]; t.Depth == 0 && t.Kind == sqltext.Word && behind[strings.ToLower(t.Text)] {
			return span{}, gwerr.Newf(gwerr.Syntax, "%s is not offered in changes.", strings.ToUpper(t.Text)).
				WithHint("Say which rows by the condition, as in WHERE Id IN (SELECT Id FROM … ORDER BY … LIMIT 1).").At(t.Start)
		}
	}
	return where, nil
}

// clause finds the last such word outside parentheses, and the clause up to end.
func (p *parser) clause(word string, from, end int) span {
	for i := end - 1; i >= from; i-- {
		if p.tokens[i].Depth == 0 && p.tokens[i].Is(word) {
			return span{i, end}
		}
	}
	return span{end, end}
}

// nothing refuses words that mean something which is not offered.
func (p *parser) nothing(s span, words ...string) error {
	for i := s.from; i < s.to; i++ {
		for _, w := range words {
			if t := p.tokens[i]; t.Is(w) && (w == "default" || t.Depth == 0) {
				p.At = i
				return p.wrong(strings.ToUpper(w) + " is not offered in changes.")
			}
		}
	}
	return nil
}

func (p *parser) wrong(message string) error {
	return p.Wrong(message, "Write INSERT INTO t (a, b) VALUES (…), UPDATE t SET a = … WHERE …, or DELETE FROM t WHERE ….")
}

// Bind makes the change of the statement. t is the table that it names, as the
// caller may write it, and bind binds a query over the caller's schemas.
func (s *Statement) Bind(ctx context.Context, t *catalog.Table, bind func(ctx context.Context, sql string) (*query.Query, error)) (*Change, error) {
	assigned, err := s.positions(t, s.columns)
	if err != nil {
		return nil, err
	}
	returning, err := s.positions(t, s.returning)
	if err != nil {
		return nil, err
	}
	c, err := New(s.Kind, t, assigned, returning, func(i int) int { return s.columns[i].Start })
	if err != nil {
		return nil, err
	}
	c.Names = s.called
	sql := s.query(c)
	c.Rows, err = bind(ctx, sql.String())
	if misfit := s.fits(ctx, c, bind); misfit != nil {
		return nil, misfit
	}
	if err != nil {
		e := *gwerr.From(err)
		if e.Position >= 0 {
			e.Position = sql.source(e.Position)
		}
		s.meantFor(&e, c)
		return nil, c.Named(&e)
	}
	return c, nil
}

// fits refuses new rows with another number of values than there are columns: of
// more, the query that names the columns would take the first.
func (s *Statement) fits(ctx context.Context, c *Change, bind func(ctx context.Context, sql string) (*query.Query, error)) error {
	if s.Kind != Insert {
		return nil
	}
	all := &rewritten{text: s.text, tokens: s.tokens}
	all.add("SELECT * FROM (")
	all.copy(s.source)
	all.add(") AS new_rows")
	q, err := bind(ctx, all.String())
	if err != nil {
		return nil //nolint:nilerr // a slip in them is told by the error of the query itself
	}
	if len(q.Columns) == len(c.Assigned) {
		return nil
	}
	return gwerr.Newf(gwerr.BadRequest, "The new rows have %d values for %d columns.", len(q.Columns), len(c.Assigned)).
		WithHint("Give a value for each column that is named.").At(s.tokens[s.source.from].Start)
}

// positions finds the columns of names; * stands for all.
func (s *Statement) positions(t *catalog.Table, names []sqltext.Token) ([]int, error) {
	var out []int
	for _, n := range names {
		if n.Is("*") {
			for i := range t.Columns {
				out = append(out, i)
			}
			continue
		}
		i := t.Index(n.Name())
		if i < 0 {
			return nil, unknownColumn(t, n)
		}
		out = append(out, i)
	}
	return out, nil
}

func unknownColumn(t *catalog.Table, n sqltext.Token) error {
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = t.Columns[i].Name
	}
	return gwerr.Newf(gwerr.UnknownColumn, "There is no column %s in %s.", n.Name(), t.Name).At(n.Start).On(n.Name()).
		WithHint(gwerr.DidYouMean(n.Name(), names, "The documentation of the table lists them; so does SELECT * FROM it."))
}
