//go:build duckdb_arrow

package duck

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// maxTables bounds the tables that a query names; planning joins of more takes
// too long.
const maxTables = 64

// resolve finds the tables that the text names, and writes their names in full.
func (b *binder) resolve(ctx context.Context) error {
	tokens, err := sqltext.Lex(b.sql) // with the parameters' values
	if err != nil {
		g := gwerr.From(err)
		return g.At(b.source(g.Position))
	}
	at := map[int]int{}
	for i, t := range tokens {
		at[t.Start] = i
	}
	if len(b.tree.tables) > maxTables {
		return gwerr.New(gwerr.TooLarge, fmt.Sprintf("The query names more than %d tables.", maxTables), "Split it into several queries.")
	}
	var edits []sqltext.Edit
	tables := map[int]*catalog.Table{}
	for _, ref := range b.tree.tables {
		t, err := b.table(ctx, ref)
		if err != nil {
			return err
		}
		if !slices.Contains(b.tables, t) {
			b.tables = append(b.tables, t)
		}
		tables[ref.pos] = t
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
			Text: sqltext.Quote(t.Schema.EngineName()) + "." + sqltext.Quote(t.Name),
		})
	}
	edits = append(edits, b.systemColumns(tokens, tables)...)
	for _, c := range b.tree.columns {
		known := func(t *catalog.Table) bool { return t.Index("rowid") >= 0 }
		if strings.EqualFold(c.name, "rowid") && !slices.ContainsFunc(b.tables, known) {
			return gwerr.New(gwerr.UnknownColumn, "There is no column rowid here.", "Use the table's key.").At(b.source(max(0, c.pos))).On(c.name)
		}
	}
	hidden, err := b.hiddenColumns(ctx, tokens, at, tables)
	if err != nil {
		return err
	}
	edits = append(edits, hidden...)
	slices.SortFunc(b.tables, func(x, y *catalog.Table) int {
		return cmp.Or(cmp.Compare(x.Schema.Name, y.Schema.Name), cmp.Compare(x.Name, y.Name))
	})
	b.edit(edits)
	return nil
}

// table finds the table that a reference means.
func (b *binder) table(ctx context.Context, ref tableRef) (*catalog.Table, error) {
	if ref.schema == "" {
		if t, err := b.shared(ctx, ref.name, true); t != nil || err != nil {
			return t, err
		}
	}
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
	if !ok && ref.schema == "" {
		if t, err = b.shared(ctx, ref.name, false); err != nil {
			return nil, err
		}
		ok = t != nil
	}
	if !ok {
		names := make([]string, len(s.Tables))
		for i, t := range s.Tables {
			names[i] = t.Name
		}
		return nil, gwerr.New(gwerr.UnknownTable, "There is no table "+ref.name+" in "+s.Name+".",
			gwerr.DidYouMean(ref.name, names, "Tables of other schemas need the schema's name before theirs.")).At(b.source(ref.pos)).On(ref.name)
	}
	if t.Schema == nil {
		return nil, errors.New("duck: the table " + t.Name + " stands in no schema")
	}
	return t, nil
}

// shared looks for a table that is named without a schema in the schemas without
// an id, which belong to the connection itself: in the system's, whose names no
// other table has, before the default schema, and in the others behind it.
func (b *binder) shared(ctx context.Context, name string, system bool) (*catalog.Table, error) {
	for _, n := range b.names {
		if n.ID != "" || n.Name == catalog.AllEnvironments || n.Qualified || n.System != system {
			continue
		}
		s, err := b.schema(ctx, n.Name)
		if err != nil {
			return nil, gwerr.From(err)
		}
		if t, ok := s.Table(name); ok {
			return t, nil
		}
	}
	return nil, nil
}

func (b *binder) unknownSchema(name string, pos int) error {
	return catalog.NoSchema(name, b.names).At(b.source(pos))
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

func (b *binder) columnNames() []string {
	var out []string
	for _, t := range b.tables {
		for i := range t.Columns {
			out = append(out, t.Columns[i].Name)
		}
	}
	return out
}
