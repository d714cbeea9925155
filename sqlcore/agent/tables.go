package agent

import (
	"context"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// mostSchemas is the number of environments that a list names.
const mostSchemas = 50

type listInput struct {
	Connection string `json:"connection,omitempty" jsonschema:"name of the connection; leave it out for the default one"`
	Schema     string `json:"schema,omitempty" jsonschema:"name or id of the environment whose tables are listed; leave it out for the default one"`
	Search     string `json:"search,omitempty" jsonschema:"list only tables in whose name, meaning or columns this word occurs"`
}

func (in listInput) about() (connection, statement string) { return in.Connection, "SHOW TABLES" }

// tableList is the answer of list_tables.
type tableList struct {
	Schema  string   `json:"schema"`
	Schemas []string `json:"schemas"`
	Tables  []listed `json:"tables"`
	Notes   []string `json:"notes,omitempty"`
}

type listed struct {
	Table   string `json:"table"`
	Meaning string `json:"meaning,omitempty"`
	// Columns are those that a search found.
	Columns []string `json:"columns,omitempty"`
}

func listTables(ctx context.Context, r Request, in listInput) (any, error) {
	names, err := r.Names(ctx)
	if err != nil {
		return nil, err
	}
	s, err := r.Schema(ctx, orDefault(r, in.Schema))
	if err != nil {
		return nil, err
	}
	out := tableList{Schema: s.Name, Schemas: []string{}, Tables: []listed{}, Notes: slices.Clone(s.Notes)}
	for _, n := range names {
		out.Schemas = append(out.Schemas, n.Name)
	}
	if len(out.Schemas) > mostSchemas {
		out.Schemas = out.Schemas[:mostSchemas]
		out.Notes = append(out.Notes, "There are more schemas: SELECT SchemaName FROM sys_schemas lists them all.")
	}
	size := 0
	for _, t := range s.Tables {
		l, ok := search(t, in.Search)
		if !ok {
			continue
		}
		if size += len(l.Table) + len(l.Meaning) + 40; size > maxBytes {
			out.Notes = append(out.Notes, "There are more tables; narrow the list with search.")
			break
		}
		out.Tables = append(out.Tables, l)
	}
	if len(out.Tables) == 0 {
		out.Notes = append(out.Notes, "No table of "+s.Name+" has this word in its name, meaning or columns; leave search out for all "+plural(len(s.Tables), "table")+".")
	}
	return out, nil
}

func orDefault(r Request, schema string) string {
	if schema == "" {
		return r.Default()
	}
	return schema
}

// search finds a word in what is known of a table; an empty one is everywhere.
func search(t *catalog.Table, word string) (l listed, found bool) {
	l = listed{Table: t.Name, Meaning: t.Doc}
	word = strings.ToLower(strings.TrimSpace(word))
	if word == "" {
		return l, true
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; strings.Contains(strings.ToLower(c.Name), word) {
			l.Columns = append(l.Columns, c.Name)
		}
	}
	return l, len(l.Columns) > 0 || strings.Contains(strings.ToLower(t.Name+" "+t.Doc), word)
}

type describeInput struct {
	Table      string `json:"table" jsonschema:"name of the table, as list_tables has it"`
	Schema     string `json:"schema,omitempty" jsonschema:"name or id of the environment; leave it out for the default one"`
	Connection string `json:"connection,omitempty" jsonschema:"name of the connection; leave it out for the default one"`
}

func (in describeInput) about() (connection, statement string) {
	return in.Connection, "DESCRIBE " + name(in.Schema, in.Table)
}

// name is a table's name in SQL.
func name(schema, table string) string {
	if schema == "" {
		return sqltext.Quote(table)
	}
	return sqltext.Quote(schema) + "." + sqltext.Quote(table)
}

// description is the answer of describe_table.
type description struct {
	Table      string     `json:"table"`
	SQLName    string     `json:"sqlName"`
	Meaning    string     `json:"meaning,omitempty"`
	Permission string     `json:"permission,omitempty"`
	Columns    []column   `json:"columns"`
	Relations  []relation `json:"relations,omitempty"`
	// Ways are the rows of sys_accesspaths.
	Ways any `json:"waysToRead,omitempty"`
	// Cost is the plan of reading all rows, or why that is refused.
	Cost     []string `json:"costOfAllRows"`
	Examples []string `json:"examples,omitempty"`
}

type column struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Meaning string   `json:"meaning,omitempty"`
	Key     bool     `json:"key,omitempty"`
	Values  []string `json:"values,omitempty"`
}

// relation is an equality by which tables are joined.
type relation struct {
	Table string `json:"table"`
	On    string `json:"on"`
}

func describeTable(ctx context.Context, r Request, in describeInput) (any, error) {
	s, err := r.Schema(ctx, orDefault(r, in.Schema))
	if err != nil {
		return nil, err
	}
	t, ok := s.Table(in.Table)
	if !ok {
		return nil, noTable(s, in.Table)
	}
	d := description{
		Table: t.Name, SQLName: name(s.Name, t.Name), Meaning: t.Doc, Permission: t.Permission,
		Relations: relations(s, t), Examples: t.Examples, Columns: []column{},
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		d.Columns = append(d.Columns, column{Name: c.Name, Type: c.Type.SQL(), Meaning: c.Doc, Key: c.Key, Values: c.Values})
	}
	if d.Ways, err = ways(ctx, r, s, t); err != nil {
		return nil, err
	}
	d.Cost, err = cost(ctx, r, d.SQLName)
	return d, err
}

func noTable(s *catalog.Schema, table string) error {
	var names []string
	for _, t := range s.Tables {
		names = append(names, t.Name)
	}
	return gwerr.Newf(gwerr.UnknownTable, "There is no table %s in %s that you may see.", table, s.Name).
		WithHint(gwerr.DidYouMean(table, names, "list_tables lists them.")).On("table")
}

// relations are the references of the table's columns, and those that lead to it,
// among what the caller may see.
func relations(s *catalog.Schema, t *catalog.Table) (out []relation) {
	for _, other := range s.Tables {
		for i := range other.Columns {
			c := &other.Columns[i]
			switch {
			case c.References == nil:
			case other == t:
				if to, ok := s.Table(c.References.Table); ok {
					out = append(out, relation{to.Name, t.Name + "." + c.Name + " = " + to.Name + "." + c.References.Column})
				}
			case strings.EqualFold(c.References.Table, t.Name):
				out = append(out, relation{other.Name, other.Name + "." + c.Name + " = " + t.Name + "." + c.References.Column})
			}
		}
	}
	return out
}

// ways are how the table is read and what PingOne filters by itself, as far as the
// caller may know.
func ways(ctx context.Context, r Request, s *catalog.Schema, t *catalog.Table) (any, error) {
	q, err := r.Bind(ctx, query.Statement{
		SQL: `SELECT PathName AS "way", RequiredKeys AS "needs", PushedColumns AS "filteredByPingOne", Request AS "request", CountAvailable AS "countedByPingOne"
			FROM sys_accesspaths WHERE SchemaName = ? AND TableName = ?`,
		Positional: []query.Parameter{{Value: predicate.StringValue(s.Name)}, {Value: predicate.StringValue(t.Name)}},
	})
	if err != nil {
		return nil, err
	}
	p := part{rows: maxRows, objects: true}
	if err := p.read(ctx, r, q); err != nil {
		return nil, err
	}
	return p.list(), nil
}

// cost is what reading all rows takes.
func cost(ctx context.Context, r Request, table string) ([]string, error) {
	q, err := r.Bind(ctx, query.Statement{SQL: "SELECT * FROM " + table})
	if err != nil {
		return nil, err
	}
	lines, err := r.Plan(ctx, q)
	if e := gwerr.From(err); e != nil {
		if e.Kind().HTTP >= 500 && e.Code != gwerr.NotImplemented {
			return nil, err
		}
		return []string{e.Error()}, nil // such as a table that needs a key
	}
	return slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "  columns: ") }), nil
}
