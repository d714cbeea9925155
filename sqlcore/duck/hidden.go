//go:build duckdb_arrow

package duck

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// A hidden column's value stands in another table, whose rows take a call
// each. Where one is selected, the text gets the key in its place, and the
// executor reads the values of those keys that are left in the result.

// late is a hidden column in the list of what is selected.
type late struct {
	hidden catalog.Hidden
	from   *catalog.Table // the table whose rows hold the values
	keys   []string       // the columns of the selecting table that are read instead
	pos    int            // of its name in the text
	at     int            // in the list; from its end, and negative, behind a star
	alias  string
}

// source is a table after FROM.
type source struct {
	alias string
	table *catalog.Table // nil for a subquery and the like
}

// hiddenColumns finds the hidden columns that the statement selects, and gives
// the edits that select keys instead. tables are those of the text, by place.
func (b *binder) hiddenColumns(ctx context.Context, tokens []sqltext.Token, at map[int]int, tables map[int]*catalog.Table) ([]sqltext.Edit, error) {
	if !slices.ContainsFunc(b.tables, func(t *catalog.Table) bool { return len(t.Hidden) > 0 }) || text(b.tree.top, "type") != "SELECT_NODE" {
		return nil, nil
	}
	from := sources(b.tree.top["from_table"], tables)
	list, _ := b.tree.top["select_list"].([]any)
	var edits []sqltext.Edit
	star := false
	for i, x := range list {
		e, _ := x.(object)
		star = star || expands(e)
		l, qualifier, err := b.hiddenColumn(ctx, e, from)
		if err != nil {
			return nil, err
		}
		token, ok := at[position(e)]
		if l == nil || !ok {
			continue
		}
		if l.at = i; star {
			l.at = i - len(list)
			if slices.ContainsFunc(list[i:], func(x any) bool { o, _ := x.(object); return expands(o) }) {
				return nil, b.onlyShown(l) // its place can't be told
			}
		}
		chain := sqltext.ChainAt(tokens, token)
		edits = append(edits, l.edit(chain, qualifier))
		b.late = append(b.late, *l)
	}
	return edits, b.checkLate(star)
}

// expands tells of an element of the list that may become several columns.
func expands(e object) bool {
	return text(e, "class") == "STAR" || text(e, "function_name") == "unnest"
}

// edit puts the key in the place of the hidden column's name; of several columns it
// is their texts with blanks between.
func (l *late) edit(chain sqltext.Chain, qualifier string) sqltext.Edit {
	names := make([]string, len(l.keys))
	for i, key := range l.keys {
		names[i] = sqltext.Quote(qualifier) + "." + sqltext.Quote(key)
		if len(names) > 1 {
			names[i] += "::VARCHAR"
		}
	}
	text := strings.Join(names, " || ' ' || ")
	if l.alias == "" {
		text += " AS " + sqltext.Quote(l.hidden.Name)
	}
	return sqltext.Edit{Start: chain[0].Start, End: chain[len(chain)-1].End, Text: text}
}

// sources lists the tables of a FROM clause.
func sources(v any, tables map[int]*catalog.Table) []source {
	o, _ := v.(object)
	switch text(o, "type") {
	case "", "EMPTY":
		return nil
	case "JOIN":
		return append(sources(o["left"], tables), sources(o["right"], tables)...)
	case "BASE_TABLE":
		return []source{{cmp.Or(text(o, "alias"), text(o, "table_name")), tables[position(o)]}}
	default:
		return []source{{alias: text(o, "alias")}}
	}
}

// hiddenColumn tells whether an element of the list is a hidden column, and of
// which source.
func (b *binder) hiddenColumn(ctx context.Context, e object, from []source) (*late, string, error) {
	parts, _ := e["column_names"].([]any)
	if text(e, "class") != "COLUMN_REF" || len(parts) == 0 {
		return nil, "", nil
	}
	name, _ := parts[len(parts)-1].(string)
	qualifier := ""
	if len(parts) > 1 {
		qualifier, _ = parts[len(parts)-2].(string)
	}
	var found *catalog.Hidden
	var of source
	for _, s := range from {
		switch {
		case qualifier != "" && !strings.EqualFold(qualifier, s.alias):
		case s.table == nil, s.table.Index(name) >= 0:
			return nil, "", nil // it may have an ordinary column of that name
		default:
			if h := s.table.HiddenColumn(name); h != nil {
				if found != nil {
					return nil, "", nil // the engine tells that it is ambiguous
				}
				found, of = h, s
			}
		}
	}
	if found == nil {
		return nil, "", nil
	}
	visible, err := b.schema(ctx, of.table.Schema.Name)
	if err != nil {
		return nil, "", err
	}
	other, ok := visible.Table(found.Table)
	if keys := lateKeys(of.table); ok && keys != nil && other.Index(found.Key) >= 0 && other.Index(found.Column) >= 0 {
		return &late{hidden: *found, from: other, keys: keys, pos: position(e), alias: text(e, "alias")}, of.alias, nil
	}
	return nil, "", nil
}

// lateKeys are the columns by which a row's hidden values are found: its key and,
// where rows are of several environments, that of its environment before it.
func lateKeys(t *catalog.Table) (out []string) {
	for _, i := range t.Key() {
		if name := t.Columns[i].Name; t.Members == nil || name != catalog.EnvironmentID {
			out = append(out, name)
		}
	}
	switch {
	case len(out) != 1:
		return nil
	case t.Members != nil:
		return []string{catalog.EnvironmentID, out[0]}
	}
	return out
}

// checkLate refuses hidden columns that more is done with than to show them:
// there would be the key in their place.
func (b *binder) checkLate(star bool) error {
	if len(b.late) == 0 {
		return nil
	}
	first := &b.late[0]
	groups, _ := b.tree.top["group_expressions"].([]any)
	if len(groups) > 0 || text(b.tree.top, "aggregate_handling") == "FORCE_AGGREGATES" {
		return b.onlyShown(first)
	}
	for i := range b.late {
		l := &b.late[i]
		for _, c := range b.tree.columns {
			taken := slices.ContainsFunc(b.late, func(x late) bool { return x.pos == c.pos })
			if !taken && (strings.EqualFold(c.name, l.hidden.Name) || l.alias != "" && strings.EqualFold(c.name, l.alias)) {
				return b.onlyShown(l)
			}
		}
	}
	modifiers, _ := b.tree.top["modifiers"].([]any)
	for _, m := range modifiers {
		o, _ := m.(object)
		if text(o, "type") == "DISTINCT_MODIFIER" || text(o, "type") == "ORDER_MODIFIER" && b.ordersLate(o, star) {
			return b.onlyShown(first)
		}
	}
	return nil
}

// ordersLate tells whether an ORDER BY means a hidden column by its number, or
// by ALL.
func (b *binder) ordersLate(o object, star bool) bool {
	orders, _ := o["orders"].([]any)
	for _, x := range orders {
		order, _ := x.(object)
		e, _ := order["expression"].(object)
		switch text(e, "class") {
		case "STAR":
			return true
		case "CONSTANT":
			value, _ := e["value"].(object)
			n, _ := value["value"].(json.Number)
			place, err := n.Int64()
			if err != nil || star || slices.ContainsFunc(b.late, func(l late) bool { return int64(l.at) == place-1 }) {
				return true
			}
		}
	}
	return false
}

func (b *binder) onlyShown(l *late) error {
	return gwerr.New(gwerr.UnknownColumn, "The values of "+l.hidden.Name+" stand in "+l.hidden.Table+"; here they can only be shown, in the outermost SELECT.",
		joinInstead(l.hidden)).At(b.source(l.pos)).On(l.hidden.Name)
}

func joinInstead(h catalog.Hidden) string {
	return "Join " + h.Table + " by its " + h.Key + ", and use its column " + h.Column + "."
}

// insteadOfHidden names the table to join where an unknown column is a hidden
// one.
func (b *binder) insteadOfHidden(err error) error {
	g := gwerr.From(err)
	if g.Code != gwerr.UnknownColumn {
		return err
	}
	for _, t := range b.tables {
		if h := t.HiddenColumn(g.Target); h != nil {
			return g.WithHint("The values stand in " + h.Table + ". " + joinInstead(*h))
		}
	}
	return err
}

// addLate tells the executor what to read when the result's keys are known.
func (b *binder) addLate(q *query.Query) {
	for _, l := range b.late {
		if l.at < 0 {
			l.at += len(q.Columns)
		}
		c := l.from.Column(l.hidden.Column)
		typ := c.Type
		if l.hidden.List {
			typ = catalog.StringList
		}
		out := &q.Columns[l.at]
		q.Late = append(q.Late, query.Late{At: l.at, KeyType: out.Type, Table: l.from, Key: l.hidden.Key, Column: c.Name, List: l.hidden.List})
		out.Type, out.SQLType = typ, typ.SQL()
		q.Notes = append(q.Notes, out.Name+" is read from "+l.hidden.Table+" for the rows of the result alone.")
	}
}
