//go:build duckdb_arrow

package duck

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// BindRequest asks for the meaning of a query.
type BindRequest struct {
	SQL string
	// Positional are the values of ?, $1, $2 …; Named those of :name, $name
	// and @name, letter case ignored.
	Positional []Parameter
	Named      map[string]Parameter
	// Catalogs are names of the connection, which may stand before a schema's;
	// letter case is ignored.
	Catalogs []string
	// Provider gives the schemas that the caller may see.
	Provider catalog.Provider
}

// binder holds the state of one Bind.
type binder struct {
	req     BindRequest
	c       *conn
	names   []catalog.SchemaName
	tokens  []sqltext.Token // of the user's text
	sql     string          // the text as edited so far
	maps    []sqltext.Map   // the edits, first to last
	tables  []*catalog.Table
	schemas map[string]*catalog.Schema
	tree    *syntax
}

// Bind checks a query (SELECT, WITH, VALUES, FROM or a set operation of them),
// finds what it reads, and returns it in a form that can be planned and run.
// Nothing is read from any data source. Errors are of package gwerr, with the
// position in the text.
func (e *Engine) Bind(ctx context.Context, r BindRequest) (*query.Query, error) {
	if err := e.begin(); err != nil {
		return nil, err
	}
	defer e.jobs.Done()
	b := &binder{req: r, schemas: map[string]*catalog.Schema{}}
	if err := b.prepareText(ctx); err != nil {
		return nil, gwerr.From(err)
	}
	c, err := e.shadow.acquire(ctx)
	if err != nil {
		return nil, gwerr.From(err)
	}
	defer e.shadow.release(c)
	b.c = c
	if err := b.parse(ctx); err != nil {
		return nil, translate(err)
	}
	if err := b.resolve(ctx); err != nil {
		return nil, translate(err)
	}
	done, err := e.shadow.use(ctx, c, b.tables)
	if err != nil {
		return nil, translate(err)
	}
	defer done()
	q, err := b.plan(ctx, e.spare)
	if err != nil {
		return nil, translate(err)
	}
	return q, nil
}

// edit applies edits to the text and remembers them.
func (b *binder) edit(edits []sqltext.Edit) {
	var m sqltext.Map
	b.sql, m = sqltext.Apply(b.sql, edits)
	b.maps = append(b.maps, m)
}

// source gives the position in the user's text of one in the edited text.
func (b *binder) source(pos int) int {
	for i := len(b.maps) - 1; i >= 0; i-- {
		pos = b.maps[i].Source(pos)
	}
	return min(max(pos, 0), len(b.req.SQL))
}

// prepareText checks the text and brings it into the engine's spelling.
func (b *binder) prepareText(ctx context.Context) error {
	b.sql = b.req.SQL
	tokens, err := sqltext.Lex(b.sql)
	if err != nil {
		return err
	}
	if tokens, err = sqltext.One(tokens); err != nil {
		return err
	}
	b.tokens = tokens
	edits, err := parameters(tokens, b.req.Positional, b.req.Named)
	if err != nil {
		return err
	}
	if b.names, err = b.req.Provider.Names(ctx); err != nil {
		return err
	}
	named, inName := b.schemaNames(tokens)
	edits = append(edits, named...)
	for _, e := range sqltext.Brackets(tokens) {
		if !inName[e.Start] {
			edits = append(edits, e)
		}
	}
	if last := tokens[len(tokens)-1].End; last < len(b.sql) {
		edits = append(edits, sqltext.Edit{Start: last, End: len(b.sql)}) // a semicolon, comments
	}
	b.edit(edits)
	return b.top()
}

// top rewrites SELECT TOP n.
func (b *binder) top() error {
	for _, t := range b.tokens {
		if !t.Is("top") {
			continue
		}
		tokens, err := sqltext.Lex(b.sql)
		if err != nil {
			return err
		}
		edits, err := sqltext.Top(tokens)
		if err != nil {
			g := gwerr.From(err)
			return g.At(b.source(g.Position))
		}
		b.edit(edits)
		return nil
	}
	return nil
}

// schemaNames drops the connection's name before a schema's, and puts a
// schema's name in the place of its id. It returns the edits and the places of
// the tokens that they replace.
func (b *binder) schemaNames(tokens []sqltext.Token) ([]sqltext.Edit, map[int]bool) {
	var edits []sqltext.Edit
	replaced := map[int]bool{}
	for _, chain := range sqltext.Chains(tokens) {
		first := 0
		if n := len(chain) - 1; starFollows(tokens, chain[n]) {
			// The engine takes table.* alone.
			edits = append(edits, sqltext.Edit{Start: chain[0].Start, End: chain[n].Start})
			for _, t := range chain[:n] {
				replaced[t.Start] = true
			}
			continue
		}
		if len(chain) > 2 && b.isCatalog(chain[0].Name()) {
			if _, ok := b.schemaName(chain[1].Name()); ok {
				edits = append(edits, sqltext.Edit{Start: chain[0].Start, End: chain[1].Start})
				replaced[chain[0].Start] = true
				first = 1
			}
		}
		s, ok := b.schemaName(chain[first].Name())
		if ok && !strings.EqualFold(s.Name, chain[first].Name()) {
			edits = append(edits, sqltext.Edit{Start: chain[first].Start, End: chain[first].End, Text: sqltext.Quote(s.Name)})
			replaced[chain[first].Start] = true
		}
	}
	return edits, replaced
}

// starFollows reports whether .* stands after the token.
func starFollows(tokens []sqltext.Token, t sqltext.Token) bool {
	i := sort.Search(len(tokens), func(i int) bool { return tokens[i].Start >= t.End })
	return i+1 < len(tokens) && tokens[i].Is(".") && tokens[i+1].Is("*")
}

func (b *binder) isCatalog(name string) bool {
	for _, c := range b.req.Catalogs {
		if strings.EqualFold(c, name) {
			return true
		}
	}
	return false
}

func (b *binder) schemaName(name string) (catalog.SchemaName, bool) {
	for _, s := range b.names {
		if strings.EqualFold(s.Name, name) {
			return s, true
		}
	}
	for _, s := range b.names {
		if s.ID != "" && strings.EqualFold(s.ID, name) {
			return s, true
		}
	}
	return catalog.SchemaName{}, false
}

// one runs a function of one text in the engine and returns its answer.
func one(ctx context.Context, c *conn, call string) (string, error) {
	out, err := c.texts(ctx, "SELECT CAST("+call+" AS VARCHAR)")
	if err != nil {
		return "", err
	}
	if len(out) != 1 {
		return "", errPlan
	}
	return out[0], nil
}

// parse reads the syntax tree.
func (b *binder) parse(ctx context.Context) error {
	answer, err := one(ctx, b.c, "json_serialize_sql("+sqltext.Literal(b.sql)+", skip_null := true, skip_empty := true)")
	if err != nil {
		return err
	}
	tree, err := decodeTree(answer)
	if err != nil {
		return err
	}
	if failed, _ := tree["error"].(bool); failed {
		r, err := decodePlan(answer)
		if err != nil {
			return err
		}
		if r.ErrorType == "not implemented" {
			return gwerr.New(gwerr.NotImplemented, "This statement is not offered.", "Use SELECT, WITH, VALUES or FROM.").At(b.tokens[0].Start)
		}
		return b.failure(r)
	}
	b.tree, err = readSyntax(tree)
	if err != nil {
		g := gwerr.From(err)
		if g.Position >= 0 {
			g.At(b.source(g.Position))
		}
		return g
	}
	return nil
}

// maxTables bounds the tables that a query names; planning joins of more takes
// too long.
const maxTables = 64

// resolve finds the tables that the text names, and writes their names in full.
func (b *binder) resolve(ctx context.Context) error {
	tokens, err := sqltext.Lex(b.sql)
	if err != nil {
		return err
	}
	at := map[int]int{}
	for i, t := range tokens {
		at[t.Start] = i
	}
	if len(b.tree.tables) > maxTables {
		return gwerr.New(gwerr.TooLarge, fmt.Sprintf("The query names more than %d tables.", maxTables), "Split it into several queries.")
	}
	var edits []sqltext.Edit
	for _, ref := range b.tree.tables {
		t, err := b.table(ctx, ref)
		if err != nil {
			return err
		}
		b.addTable(t)
		i, ok := at[ref.pos]
		if !ok {
			return gwerr.New(gwerr.NotImplemented, "The table "+ref.name+" is named in a way that is not understood.", "Write FROM schema.table.")
		}
		chain := sqltext.ChainAt(tokens, i)
		if len(chain) == 0 { // 'x' in the place of a name
			return gwerr.New(gwerr.UnknownTable, "There is no table "+ref.name+".", "Names stand in double quotes.").At(b.source(ref.pos)).On(ref.name)
		}
		edits = append(edits, sqltext.Edit{
			Start: chain[0].Start, End: chain[len(chain)-1].End,
			Text: sqltext.Quote(t.Schema.Name) + "." + sqltext.Quote(t.Name),
		})
	}
	for _, c := range b.tree.columns {
		if strings.EqualFold(c.name, "rowid") && !b.hasColumn("rowid") {
			return gwerr.New(gwerr.UnknownColumn, "There is no column rowid here.", "Use the table's key.").At(b.source(max(0, c.pos))).On(c.name)
		}
	}
	sort.Slice(b.tables, func(i, j int) bool {
		x, y := b.tables[i], b.tables[j]
		return x.Schema.Name < y.Schema.Name || x.Schema.Name == y.Schema.Name && x.Name < y.Name
	})
	b.edit(edits)
	return nil
}

func (b *binder) addTable(t *catalog.Table) {
	for _, x := range b.tables {
		if x == t {
			return
		}
	}
	b.tables = append(b.tables, t)
}

// table finds the table that a reference means.
func (b *binder) table(ctx context.Context, ref tableRef) (*catalog.Table, error) {
	schema := ref.schema
	_, known := b.schemaName(schema)
	switch {
	case schema == "", ref.catalog == "" && !known && b.isCatalog(schema):
		schema = b.req.Provider.Default()
	case !known, ref.catalog != "" && !b.isCatalog(ref.catalog):
		wrong := schema
		if known {
			wrong = ref.catalog
		}
		return nil, b.unknownSchema(wrong, ref.pos)
	}
	s, err := b.schema(ctx, schema)
	if err != nil {
		return nil, gwerr.From(err)
	}
	t, ok := s.Table(ref.name)
	if !ok {
		names := make([]string, len(s.Tables))
		for i, t := range s.Tables {
			names[i] = t.Name
		}
		return nil, gwerr.New(gwerr.UnknownTable, "There is no table "+ref.name+" in "+s.Name+".",
			didYouMean(ref.name, names, "Tables of other schemas need the schema's name before theirs.")).At(b.source(ref.pos)).On(ref.name)
	}
	if t.Schema == nil {
		return nil, errors.New("duck: the table " + t.Name + " stands in no schema")
	}
	return t, nil
}

func (b *binder) unknownSchema(name string, pos int) error {
	names := make([]string, len(b.names))
	for i, s := range b.names {
		names[i] = s.Name
	}
	return gwerr.New(gwerr.UnknownSchema, "There is no schema "+name+" that you may see.",
		didYouMean(name, names, "Names with spaces stand in double quotes.")).At(b.source(pos)).On(name)
}

func (b *binder) schema(ctx context.Context, name string) (*catalog.Schema, error) {
	key := strings.ToLower(name)
	if s, ok := b.schemas[key]; ok {
		return s, nil
	}
	s, err := b.req.Provider.Schema(ctx, name)
	if err == nil {
		b.schemas[key] = s
	}
	return s, err
}

func (b *binder) hasColumn(name string) bool {
	for _, t := range b.tables {
		if t.Index(name) >= 0 {
			return true
		}
	}
	return false
}

func (b *binder) columnNames() []string {
	var out []string
	for _, t := range b.tables {
		for i := range t.Columns {
			out = append(out, t.Columns[i].Name)
		}
	}
	return out
}

// askPlan asks for the optimised plan.
func (b *binder) askPlan(ctx context.Context, c *conn) (*planReply, error) {
	answer, err := one(ctx, c, "json_serialize_plan("+sqltext.Literal(b.sql)+", optimize := true, skip_null := true, skip_empty := true)")
	if err != nil {
		return nil, err
	}
	return decodePlan(answer)
}

// unreadable are the kinds of error that say nothing about the query.
var unreadable = map[string]bool{"internal": true, "serialization": true, "not implemented": true}

// plan reads the optimised plan and builds the bound query.
func (b *binder) plan(ctx context.Context, s *spare) (*query.Query, error) {
	reply, err := b.askPlan(ctx, b.c)
	if err != nil {
		return nil, err
	}
	if reply.Error && reply.ErrorType == "internal" {
		if reply, err = b.planAgain(ctx, s); err != nil {
			return nil, err
		}
	}
	if reply.Error && !unreadable[reply.ErrorType] {
		return nil, b.failure(reply)
	}
	q := &query.Query{SQL: b.sql}
	if err := b.describe(ctx, q); err != nil {
		return nil, err
	}
	r := &reader{tables: b.tables}
	if err := r.read(reply, q); err != nil {
		r = b.readAll(q)
	}
	q.Notes = append(q.Notes, r.notes...)
	b.finish(q)
	return q, nil
}

// read fills the query from a plan.
func (r *reader) read(reply *planReply, q *query.Query) error {
	if reply.Error || len(reply.Plans) != 1 {
		return errPlan
	}
	if _, err := r.walk(reply.Plans[0]); err != nil {
		return err
	}
	s, err := topShape(reply.Plans[0])
	if err != nil {
		return err
	}
	r.build(s, q)
	if q.Plain != nil && len(q.Plain.Project) != len(q.Columns) {
		q.Plain = nil
	}
	q.Counts = q.Counts && len(q.Columns) == 1
	return nil
}

// readAll is the plan for a query whose own can't be read: every table whole.
func (b *binder) readAll(q *query.Query) *reader {
	r := &reader{tables: b.tables}
	r.note("The query's plan could not be read, so that all rows are fetched first.")
	for _, t := range b.tables {
		a := &access{table: t, partial: true}
		for i := range t.Columns {
			a.columns = append(a.columns, i)
		}
		r.accesses = append(r.accesses, a)
	}
	q.Accesses, q.Joins, q.Plain, q.Counts, q.Empty = nil, nil, nil, false, false
	r.build(shape{}, q)
	return r
}

// finish adds what only the text tells.
func (b *binder) finish(q *query.Query) {
	read := map[*catalog.Table]bool{}
	for i := range q.Accesses {
		read[q.Accesses[i].Table] = true
	}
	for _, t := range b.tables {
		if !read[t] {
			// The answer doesn't depend on the table, but the query names it.
			q.Accesses = append(q.Accesses, query.Access{Table: t, Columns: []int{}, Where: predicate.False, WhereComplete: true})
		}
	}
	words := map[string]bool{}
	for _, t := range b.tokens {
		if t.IsName() {
			words[strings.ToLower(t.Name())] = true
		}
	}
	details := map[*catalog.Table]bool{}
	for i := range q.Accesses {
		a := &q.Accesses[i]
		details[a.Table] = details[a.Table] || namesDetail(a.Table, words) || namesKey(a)
	}
	for i := range q.Accesses {
		q.Accesses[i].Details = details[q.Accesses[i].Table]
	}
	if q.Plain != nil || q.Counts {
		q.SQL = ""
	}
}

func namesDetail(t *catalog.Table, words map[string]bool) bool {
	for i := range t.Columns {
		if t.Columns[i].Detail != "" && words[strings.ToLower(t.Columns[i].Name)] {
			return true
		}
	}
	return false
}

// namesKey reports whether the rows are asked for by the table's whole key.
func namesKey(a *query.Access) bool {
	key := a.Table.Key()
	for _, k := range key {
		if _, ok := predicate.KeyValues(a.Where, a.Table.Columns[k].Name); !ok {
			return false
		}
	}
	return len(key) > 0
}

func parsePosition(s string) (int, error) { return strconv.Atoi(s) }
