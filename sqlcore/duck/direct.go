//go:build duckdb_arrow

package duck

import (
	"context"
	_ "embed"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// Most statements of tools choose columns of one table, by simple conditions:
//
//	SELECT * | column [AS name], … FROM table [[AS] alias]
//	[WHERE condition AND …] [LIMIT n [OFFSET m]]
//
// Such a statement is bound here, from its tokens and the catalogue alone. The
// answer is the one that the engine's plan would give; what is not certainly of
// this form is left to the engine. So a refusal here is never an error.

// direct reads a statement of that form.
type direct struct {
	b *binder
	sqltext.Cursor
	values map[int]Parameter // by the token's place

	table    *catalog.Table
	alias    string
	columns  []query.Column
	read     []int // of the result, as places in the table
	where    []columnTest
	plain    query.Plain
	limited  bool
	renaming bool
}

// bindDirect binds a statement without the engine; ok is false where it isn't
// of the form.
func (b *binder) bindDirect(ctx context.Context, values map[int]Parameter) (q *query.Query, ok bool) {
	d := &direct{b: b, Cursor: sqltext.Cursor{Text: b.req.SQL, Tokens: b.tokens}, values: values}
	list, ok := d.list()
	if !ok || !d.from(ctx) || !d.selects(list) || !d.conditions() || !d.limits() || d.At < len(d.Tokens) {
		return nil, false
	}
	if d.renaming && len(d.where) > 0 {
		return nil, false // a condition may mean the new name
	}
	return d.query(), true
}

// name takes an identifier that is no keyword.
func (d *direct) name() (string, bool) {
	t := d.Peek(0)
	if !t.IsName() || t.Kind == sqltext.Word && (reserved[strings.ToLower(t.Text)] || hiddenNames[strings.ToLower(t.Text)]) {
		return "", false
	}
	d.At++
	return t.Name(), true
}

// item is an element of the list of what is selected; its name is "" for a star.
type item struct{ qualifier, name, alias string }

// list reads what is selected.
func (d *direct) list() (list []item, ok bool) {
	if !d.Take("select") {
		return nil, false
	}
	for {
		i, ok := d.item()
		if !ok {
			return nil, false
		}
		list = append(list, i)
		if !d.Take(",") {
			return list, d.Take("from")
		}
	}
}

func (d *direct) item() (i item, ok bool) {
	if d.Take("*") {
		return item{}, true
	}
	if i.name, ok = d.name(); !ok {
		return i, false
	}
	if d.Take(".") {
		i.qualifier = i.name
		if d.Take("*") {
			return item{qualifier: i.qualifier}, true
		}
		if i.name, ok = d.name(); !ok {
			return i, false
		}
	}
	if d.Take("as") {
		i.alias, ok = d.name()
	}
	return i, ok
}

// from reads the table and its alias.
func (d *direct) from(ctx context.Context) bool {
	chain := sqltext.ChainAt(d.Tokens, d.At)
	var ref tableRef
	for i := range chain {
		ref.catalog, ref.schema = ref.schema, ref.name
		var ok bool
		if ref.name, ok = d.name(); !ok || i < len(chain)-1 && !d.Take(".") {
			return false
		}
	}
	if len(chain) == 0 || len(chain) > 3 || ref.catalog != "" && !d.b.isCatalog(ref.catalog) {
		return false
	}
	t, err := d.b.table(ctx, ref)
	if err != nil || t.View != nil {
		return false
	}
	d.table, d.alias = t, ref.name
	explicit := d.Take("as")
	if next := d.Peek(0); explicit || next.IsName() && !next.Is("where") && !next.Is("limit") {
		var ok bool
		if d.alias, ok = d.name(); !ok {
			return false
		}
	}
	return t.Index(d.alias) < 0 // else alias.name might be a part of that column
}

// column finds a column of the table, -1 if it has none of that name.
func (d *direct) column(qualifier, name string) int {
	if qualifier != "" && !strings.EqualFold(qualifier, d.alias) {
		return -1
	}
	return d.table.Index(name)
}

// selects finds the columns of the result, whose names must be different.
func (d *direct) selects(list []item) bool {
	for _, i := range list {
		if i.name == "" {
			if i.qualifier != "" && !strings.EqualFold(i.qualifier, d.alias) {
				return false
			}
			for c := range d.table.Columns {
				d.choose(c, "")
			}
			continue
		}
		c := d.column(i.qualifier, i.name)
		if c < 0 {
			return false
		}
		d.choose(c, i.alias)
	}
	taken := make(map[string]bool, len(d.columns))
	for i := range d.columns {
		name := strings.ToLower(d.columns[i].Name)
		if taken[name] {
			return false
		}
		taken[name] = true
	}
	return true
}

func (d *direct) choose(column int, alias string) {
	c := &d.table.Columns[column]
	name := c.Name
	if alias != "" {
		name, d.renaming = alias, d.renaming || d.table.Index(alias) >= 0
	}
	d.read = append(d.read, column)
	d.columns = append(d.columns, query.Column{Name: name, Type: c.Type, SQLType: c.Type.SQL()})
}

// limits reads LIMIT and OFFSET.
func (d *direct) limits() bool {
	var ok bool
	if !d.Take("limit") {
		return true
	}
	if d.plain.Limit, ok = d.count(); !ok || d.plain.Limit == 0 {
		return false
	}
	if d.limited = true; d.Take("offset") {
		d.plain.Offset, ok = d.count()
	}
	return ok
}

// count reads a number of rows.
func (d *direct) count() (int64, bool) {
	const most = math.MaxInt32
	t := d.Peek(0)
	if p, given := d.values[d.At]; given {
		d.At++
		single := !p.Null && p.List == nil && p.Value.Kind == predicate.Int
		return p.Value.Int, single && p.Value.Int >= 0 && p.Value.Int <= most
	}
	d.At++
	n, err := strconv.ParseInt(t.Text, 10, 64)
	return n, t.Kind == sqltext.Number && err == nil && n <= most
}

// query puts together what was read.
func (d *direct) query() *query.Query {
	used := append([]int(nil), d.read...)
	for _, t := range d.where {
		used = append(used, t.column)
	}
	a := query.Access{Table: d.table, Columns: sortedUnique(used), Where: conjunction(d.where), WhereComplete: true}
	if d.limited {
		a.Limit = d.plain.Limit + d.plain.Offset
	}
	for _, c := range d.read {
		at, _ := slices.BinarySearch(a.Columns, c)
		d.plain.Project = append(d.plain.Project, at)
	}
	return &query.Query{Accesses: []query.Access{a}, Columns: d.columns, Plain: &d.plain}
}

//go:embed reserved.txt
var reservedList string

// reserved are the words that are no names, or not everywhere; those of
// duckdb_keywords() that are not of the category unreserved.
var reserved = sqltext.Set(reservedList)
