//go:build duckdb_arrow

package duck

import (
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// A client that pages by OFFSET must find the same order in each request, or it
// loses rows. The engine keeps none without ORDER BY, since joins, groups and
// several threads give rows as they come.

// unorderedOffset gives the places of the numbers of a statement's own LIMIT
// and OFFSET if it skips rows without ORDER BY; else nil.
func unorderedOffset(node any) []int {
	o, _ := node.(object)
	modifiers, _ := o["modifiers"].([]any)
	var places []int
	for _, m := range modifiers {
		mod, _ := m.(object)
		switch text(mod, "type") {
		case "ORDER_MODIFIER":
			return nil
		case "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER":
			offset, skips := mod["offset"].(object)
			if !skips {
				return nil
			}
			places = []int{position(offset)}
			if limit, ok := mod["limit"].(object); ok {
				places = append(places, position(limit))
			}
		}
	}
	return places
}

// totalOrder sorts a statement that skips rows, and runs in the engine, by all
// its columns: rows that are equal in all may change places.
func (b *binder) totalOrder(q *query.Query) error {
	if q.SQL == "" || q.Empty || len(q.Accesses) == 0 || len(b.tree.cut) == 0 {
		return nil
	}
	tokens, err := sqltext.Lex(q.SQL)
	if err != nil {
		return err
	}
	at := -1
	for _, place := range b.tree.cut {
		if start := b.clauseStart(tokens, place); at < 0 || start >= 0 && start < at {
			at = start
		}
	}
	if at < 0 {
		return nil
	}
	q.SQL, _ = sqltext.Apply(q.SQL, []sqltext.Edit{{Start: at, End: at, Text: "ORDER BY ALL "}})
	for i := range q.Accesses {
		q.Accesses[i].Limit = 0 // which rows are first is known only at the end
	}
	return nil
}

// clauseStart finds the keyword of the clause whose number stands at a place of
// the tree's text; -1 if it isn't found.
func (b *binder) clauseStart(tokens []sqltext.Token, place int) int {
	if place < 0 {
		return -1
	}
	for _, m := range b.maps[b.parsed:] { // names were written in full since
		place = m.Target(place)
	}
	start := -1
	for _, t := range tokens {
		if t.Start >= place {
			break
		}
		if t.Is("limit") || t.Is("offset") || t.Is("fetch") {
			start = t.Start
		}
	}
	return start
}
