package system

import (
	"fmt"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// Command is a statement about the catalogue or about another statement.
type Command struct {
	// Verb is show, describe, summarize or explain.
	Verb string
	// SQL is what is to be asked for SHOW; its parameter is the name of a schema,
	// where Schema has one to say.
	SQL string
	// Schema is "" for the default one; nil where the command is about none.
	Schema *string
	// About is the statement that the others are about, with blanks before it, so
	// that positions in it are those of the command. Table is true where it reads
	// the one table that the command names.
	About string
	Table bool
	// JSON asks EXPLAIN for JSON, Analyze for a run of the statement.
	JSON, Analyze bool
	// Position is the byte offset of what the command is about.
	Position int
}

var verbs = map[string]string{
	"show": "show", "describe": "describe", "desc": "describe", "summarize": "summarize", "explain": "explain",
}

// IsCommand reports whether the statement is SHOW, DESCRIBE, SUMMARIZE or EXPLAIN.
func IsCommand(sql string) bool { return verbs[sqltext.Verb(sql)] != "" }

// Explained gives the statement that an EXPLAIN is about, "" where it can't be
// read; ok is false for any other one.
func Explained(sql string) (about string, ok bool) {
	if sqltext.Verb(sql) != "explain" {
		return "", false
	}
	c, err := ParseCommand(sql)
	if err != nil {
		return "", true
	}
	return c.About, true
}

// ParseCommand reads a command. Errors are gwerr.Syntax and gwerr.NotImplemented
// with their place.
func ParseCommand(sql string) (*Command, error) {
	c, err := sqltext.Read(sql)
	if err != nil {
		return nil, err
	}
	p := &commandParser{Cursor: c}
	p.Verb = verbs[strings.ToLower(p.Next().Text)]
	switch p.Verb {
	case "show":
		err = p.show()
	case "explain":
		err = p.explain()
	default:
		p.Take("table")
		err = p.about(1)
	}
	if err != nil {
		return nil, err
	}
	return &p.Command, nil
}

type commandParser struct {
	Command
	sqltext.Cursor
}

// What SHOW asks.
const (
	showTables     = "SELECT table_name AS name, table_type AS type, remarks AS comment FROM information_schema.tables WHERE table_schema = ? ORDER BY name"
	showAllTables  = "SELECT table_schema AS schema, table_name AS name, table_type AS type, remarks AS comment FROM information_schema.tables ORDER BY schema, name"
	showSchemas    = "SELECT SchemaName AS name FROM sys.sys_schemas"
	showProcedures = "SELECT SchemaName AS schema, ProcedureName AS name, Description AS comment FROM sys.sys_procedures ORDER BY schema, name"
)

const showHint = "Write SHOW TABLES, SHOW TABLES FROM a schema, SHOW ALL TABLES, SHOW SCHEMAS, SHOW COLUMNS FROM a table, or SHOW PROCEDURES."

func (p *commandParser) show() error {
	switch {
	case p.Take("tables"):
		p.SQL, p.Schema = showTables, new(string)
		if p.Take("from") || p.Take("in") {
			name := p.Chain(2) // perhaps behind the connection
			if len(name) == 0 {
				return p.Wrong("Here the name of a schema is expected.", showHint)
			}
			*p.Schema, p.Position = name[len(name)-1].Name(), name[len(name)-1].Start
		}
	case p.Take("all") && p.Take("tables"):
		p.SQL = showAllTables
	case p.Take("schemas"):
		p.SQL = showSchemas
	case p.Take("procedures"):
		p.SQL = showProcedures
	case p.Take("columns") && (p.Take("from") || p.Take("in")):
		p.Verb = "describe"
		return p.about(p.At)
	default:
		return p.Wrong("SHOW can't show this.", showHint)
	}
	if p.At < len(p.Tokens) {
		return p.Wrong("Here the statement should end.", showHint)
	}
	return nil
}

// queries are the words that begin what is not a table's name.
var queries = []string{"select", "with", "values", "from", "("}

// about reads a table's name, or a query. head is the number of tokens of which
// the place can be taken by FROM.
func (p *commandParser) about(head int) error {
	if p.At == len(p.Tokens) {
		return p.Wrong("Here a table or a query is expected.", "Write "+strings.ToUpper(p.Verb)+" and the name of a table, or a SELECT statement.")
	}
	p.Position = p.Tokens[p.At].Start
	if p.Peek(0).IsAny(queries...) {
		p.About = blanks(p.Position) + p.Text[p.Position:]
		return nil
	}
	name := p.Chain(len(p.Tokens))
	if len(name) == 0 || p.At < len(p.Tokens) {
		return p.Wrong("After the table's name the statement should end.", "Write the name of one table, or a SELECT statement.")
	}
	from := min(p.Tokens[head-1].Start, p.Position-len("FROM ")) // IN is shorter
	p.Table, p.About = true, blanks(from)+"FROM"+blanks(p.Position-from-len("FROM"))+p.Text[p.Position:]
	return nil
}

func (p *commandParser) explain() error {
	if p.Take("(") && !p.opensQuery() {
		if err := p.options(); err != nil {
			return err
		}
	}
	if p.Take("analyze") || p.Take("analyse") {
		p.Analyze = true
	}
	p.Take("verbose")
	if p.At == len(p.Tokens) || p.Tokens[p.At].Is("explain") {
		return p.Wrong("After EXPLAIN a statement is expected.", "Write a SELECT statement.")
	}
	p.Position = p.Tokens[p.At].Start
	p.About = blanks(p.Position) + p.Text[p.Position:]
	return nil
}

const explainHint = "Write EXPLAIN, EXPLAIN ANALYZE or EXPLAIN (ANALYZE, FORMAT JSON)."

// opensQuery tells whether the parenthesis that was taken is the statement's own,
// and gives it back then.
func (p *commandParser) opensQuery() bool {
	if p.At < len(p.Tokens) && p.Peek(0).IsAny(queries...) {
		p.At--
		return true
	}
	return false
}

// options reads what stands in parentheses, after PostgreSQL: FORMAT, ANALYZE,
// and options of which our plans know nothing.
func (p *commandParser) options() error {
	for {
		switch {
		case p.Take("format"):
			if p.JSON = p.Take("json"); !p.JSON && !p.Take("text") {
				return p.Wrong("EXPLAIN has the formats TEXT and JSON.", explainHint)
			}
		case p.Take("analyze"), p.Take("analyse"):
			p.Analyze = !p.Take("false") && !p.Take("off")
		default:
			for p.At < len(p.Tokens) && !p.Tokens[p.At].Is(",") && !p.Tokens[p.At].Is(")") {
				p.At++
			}
		}
		if p.Take(")") {
			return nil
		}
		if !p.Take(",") {
			return p.Wrong("Between the options of EXPLAIN a comma is expected.", explainHint)
		}
	}
}

func blanks(n int) string { return strings.Repeat(" ", max(n, 0)) }

// Described are columns for DESCRIBE, with what is known of a table's own.
type Described struct {
	query.Column
	Nullable, Key bool
	Doc           string
}

// DescribeSQL is a statement that gives the columns as rows.
func DescribeSQL(columns []Described) string {
	var l lists
	for _, c := range columns {
		key := "NULL"
		if c.Key {
			key = "'PRI'"
		}
		l.add(literal(c.Name), literal(c.TypeName()), literal(yesNo(c.Nullable)), key, literalOrNull(c.Doc))
	}
	return l.sql("", "column_name VARCHAR", "column_type VARCHAR", "null VARCHAR", "key VARCHAR", "comment VARCHAR")
}

// LinesSQL is a statement that gives lines of text.
func LinesSQL(column string, lines []string) string {
	var l lists
	for _, line := range lines {
		l.add(literal(line))
	}
	return l.sql("", column+" VARCHAR")
}

// SummarizeSQL is a statement that summarizes the columns of the result of
// another, of which it reads every row once.
func SummarizeSQL(about string, columns []query.Column) string {
	var l lists
	names := make([]string, len(columns))
	for i, c := range columns {
		name := fmt.Sprintf("c%d", i+1)
		names[i] = name
		as := func(f string) string { return "CAST(" + fmt.Sprintf(f, name) + " AS VARCHAR)" }
		cells := []string{literal(c.Name), literal(c.TypeName()), as("min(%s)"), as("max(%s)"), "approx_count_distinct(" + name + ")"}
		for _, f := range []string{"avg(%s)", "stddev(%s)", "approx_quantile(%s, 0.25)", "approx_quantile(%s, 0.5)", "approx_quantile(%s, 0.75)"} {
			if numeric(c.TypeName()) {
				cells = append(cells, as(f))
			} else {
				cells = append(cells, "NULL")
			}
		}
		l.add(append(cells, "count(*)", "CAST(100.0 * (count(*) - count("+name+")) / nullif(count(*), 0) AS DECIMAL(9,2))")...)
	}
	return l.sql(" FROM (\n"+about+"\n) AS summarized("+strings.Join(names, ", ")+")",
		"column_name VARCHAR", "column_type VARCHAR", "min VARCHAR", "max VARCHAR", "approx_unique BIGINT", "avg VARCHAR", "std VARCHAR",
		"q25 VARCHAR", "q50 VARCHAR", "q75 VARCHAR", "count BIGINT", "null_percentage DECIMAL(9,2)")
}

// numeric tells whether a type of the engine is a number.
func numeric(sqlType string) bool {
	name, _, _ := strings.Cut(sqlType, "(")
	switch strings.TrimPrefix(name, "U") {
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL":
		return true
	}
	return false
}

// lists are the columns of rows, each as a list of expressions.
type lists [][]string

func (l *lists) add(cells ...string) {
	if *l == nil {
		*l = make(lists, len(cells))
	}
	for i, c := range cells {
		(*l)[i] = append((*l)[i], c)
	}
}

// sql unfolds the lists into columns of those names and types.
func (l *lists) sql(from string, columns ...string) string {
	var b strings.Builder
	b.WriteString("SELECT ")
	for i, c := range columns {
		cut := strings.LastIndexByte(c, ' ')
		if i > 0 {
			b.WriteString(", ")
		}
		var cells string
		if i < len(*l) {
			cells = strings.Join((*l)[i], ", ")
		}
		fmt.Fprintf(&b, "unnest(CAST(list_value(%s) AS %s[])) AS %s", cells, c[cut+1:], sqltext.Quote(c[:cut]))
	}
	return b.String() + from
}

// literal writes a text in SQL. The engine's text would end at a zero byte.
func literal(s string) string { return sqltext.Literal(strings.ReplaceAll(s, "\x00", "")) }

func literalOrNull(s string) string {
	if s == "" {
		return "NULL"
	}
	return literal(s)
}
