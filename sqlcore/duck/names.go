//go:build duckdb_arrow

package duck

import (
	"slices"
	"sort"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

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
	return slices.ContainsFunc(b.req.Catalogs, func(c string) bool { return strings.EqualFold(c, name) })
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

// systemColumns writes the schema's name in the engine where a column of a
// system table is named in full. tables are those found, by their places.
func (b *binder) systemColumns(tokens []sqltext.Token, tables map[int]*catalog.Table) (edits []sqltext.Edit) {
	for _, chain := range sqltext.Chains(tokens) {
		if s, ok := b.schemaName(chain[0].Name()); ok && s.System && len(chain) > 2 && tables[chain[0].Start] == nil {
			name := (&catalog.Schema{Name: s.Name, System: true}).EngineName()
			edits = append(edits, sqltext.Edit{Start: chain[0].Start, End: chain[0].End, Text: sqltext.Quote(name)})
		}
	}
	return edits
}
