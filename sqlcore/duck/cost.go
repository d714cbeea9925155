//go:build duckdb_arrow

package duck

import (
	"fmt"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// A short text can name something twice that names something twice, and so on:
// common table expressions, aliases of a SELECT, calls of macros, stars. The
// engine puts copies in the place of the names before it plans, so that each
// step may double its work. So the copies are counted here.

// maxReads bounds the tables that are read once every name is replaced.
const maxReads = 512

// starSize is what a star counts for: it stands for about so many columns.
const starSize = 100

// cost is what the engine makes of a tree.
type cost struct {
	size   int // nodes
	copies int // those of them that the text doesn't have
	reads  int // tables and calls of table functions
}

// since gives what was added.
func (c cost) since(before cost) cost {
	return cost{size: c.size - before.size, copies: c.copies - before.copies, reads: c.reads - before.reads}
}

// repeat adds n copies of a part.
func (c *cost) repeat(part cost, n int) {
	c.size += n * part.size
	c.copies += n * part.size
	c.reads += n * part.reads
}

// repeating are the macros that mention an argument more than once, and how
// often.
var repeating = map[string]int{
	"nullif": 2, "fmod": 2, "split_part": 4, "round_even": 3, "roundbankers": 3,
	"array_pop_back": 2, "array_to_string": 2, "array_to_string_comma_default": 2,
	"weighted_avg": 2, "wavg": 2, "json_group_array": 2, "json_group_object": 2,
	"map_contains_entry": 2,
}

// charge adds what a node costs, whose parts have been walked since before.
func (r *treeReader) charge(o object, sc *scope, before cost) error {
	if text(o, "type") != "" {
		r.size++
	}
	switch text(o, "type") {
	case "BASE_TABLE":
		r.reads++
		if text(o, "schema_name") == "" {
			if s := sc.find(text(o, "table_name"), false); s != nil {
				r.repeat(s.cost, 1)
			}
		}
	case "TABLE_FUNCTION":
		r.reads++
	case "PIVOT":
		if columns := pivoted(o); columns > sqltext.MaxColumns {
			return gwerr.New(gwerr.TooLarge, fmt.Sprintf("PIVOT makes %d columns, more than %d.", columns, sqltext.MaxColumns), "List fewer values.").At(max(0, position(o)))
		}
	case "STAR":
		r.size += starSize
	case "FUNCTION":
		if n := repeating[strings.ToLower(text(o, "function_name"))]; n > 1 {
			r.repeat(r.since(before), n-1)
		}
	case "COLUMN_REF":
		names, _ := o["column_names"].([]any)
		if len(names) != 1 {
			break
		}
		name, _ := names[0].(string)
		if s := sc.find(name, true); s != nil {
			r.repeat(s.cost, 1)
		}
	}
	if class := text(o, "class"); class == "SUBQUERY" || class == "LAMBDA" {
		// The engine looks at it twice, also in itself. An arrow of JSON is a
		// lambda, too, until it is bound.
		r.repeat(r.since(before), 1)
	}
	if sets, _ := o["group_sets"].([]any); len(sets) > 1 {
		r.copies += len(sets) * len(sets)
	}
	if r.copies > sqltext.MaxCopies || r.reads > maxReads {
		return gwerr.New(gwerr.TooLarge, "The query's names stand for too much: written out, it would be many times as long.",
			"Name less often what itself names several things, or split the query.").At(max(0, position(o)))
	}
	return nil
}

// pivoted counts the columns that a PIVOT makes: one for each aggregate and each
// way to choose a value from every list.
func pivoted(o object) int {
	aggregates, _ := o["aggregates"].([]any)
	lists, _ := o["pivots"].([]any)
	columns := max(1, len(aggregates))
	for _, x := range lists {
		list, _ := x.(object)
		entries, _ := list["entries"].([]any)
		if columns *= max(1, len(entries)); columns > sqltext.MaxItems {
			break
		}
	}
	return columns
}

// selected walks what a SELECT reads and lists. The scope that it returns has
// the names of the list, which the other clauses may use, as may each item those
// before it.
func (r *treeReader) selected(o object, sc *scope) (inner *scope, lists bool, err error) {
	list, lists := o["select_list"].([]any)
	if !lists {
		return sc, false, nil
	}
	before := r.cost
	if err := r.walk(o["from_table"], sc); err != nil {
		return nil, true, err
	}
	from := r.since(before)
	stars := map[string]int{}
	for _, x := range list {
		before := r.cost
		if err := r.walk(x, sc); err != nil {
			return nil, true, err
		}
		e, _ := x.(object)
		if alias := text(e, "alias"); alias != "" {
			sc = &scope{name: alias, alias: true, cost: r.since(before), outer: sc}
		}
		if text(e, "class") == "STAR" {
			stars[text(e, "relation_name")]++
		}
	}
	most := 0
	for relation, n := range stars {
		if relation != "" {
			most = max(most, n)
		}
	}
	r.repeat(from, max(0, most+stars[""]-1))
	return sc, true, nil
}
