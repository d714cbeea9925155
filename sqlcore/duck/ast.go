//go:build duckdb_arrow

package duck

import (
	"encoding/json"
	"strings"

	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// The engine's syntax tree of a statement, as JSON, decides what a text may
// do: which tables it names, which functions it calls. Words alone would not.

// tableRef is a table named in a text.
type tableRef struct {
	catalog, schema, name string
	alias                 string // "" for none
	pos                   int
}

// syntax is what is read from a syntax tree.
type syntax struct {
	tables []tableRef
	// outputs are names for the result's columns; "" keeps the engine's. It is
	// nil where the columns can't be told from the tree.
	outputs []string
	// listed is what the outermost SELECT lists; nil where it isn't one.
	listed []listed
	// top is the outermost node.
	top object
	// cut are the places of the numbers of an OFFSET, and of its LIMIT, where
	// rows are skipped without an order; -1 for a place that isn't known.
	cut []int
	// columns are the last parts of all names of columns, with their places.
	columns []tableRef
}

// object is a JSON object of a tree.
type object = map[string]any

func decodeTree(text []byte) (object, error) { return readObject(jx.DecodeBytes(text)) }

// wanted are the members of a tree's objects that mean something here, beside
// others that hold objects, and those that are in most: a long text has many
// objects, and all of their members would take several times the memory.
var wanted = interned(
	"aggregate_handling", "alias", "catalog", "catalog_name", "class", "cte_name", "error", "function_name",
	"id", "is_operator", "key", "name", "query_location", "relation_name", "schema_name", "subquery_type",
	"table_name", "type", "value",
	"children", "column_names", "left", "right",
)

// interned gives each of the texts by itself, so that many copies read from JSON are
// one.
func interned(texts ...string) map[string]string {
	out := make(map[string]string, len(texts))
	for _, text := range texts {
		out[text] = text
	}
	return out
}

func readObject(d *jx.Decoder) (object, error) {
	out := object{}
	err := d.ObjBytes(func(d *jx.Decoder, key []byte) (err error) {
		next := d.Next()
		name, known := wanted[string(key)]
		switch nested := next == jx.Object || next == jx.Array; {
		case !nested && !known:
			return d.Skip()
		case next == jx.Object && name == "type":
			return d.Skip() // of a constant
		case !known:
			name = string(key)
		}
		out[name], err = readAny(d)
		return err
	})
	return out, err
}

func readAny(d *jx.Decoder) (any, error) {
	switch d.Next() {
	case jx.Object:
		return readObject(d)
	case jx.Array:
		var out []any
		err := d.Arr(func(d *jx.Decoder) error {
			v, err := readAny(d)
			out = append(out, v)
			return err
		})
		return out, err
	case jx.String:
		return d.Str()
	case jx.Number:
		n, err := d.Num()
		return json.Number(n), err
	case jx.Bool:
		return d.Bool()
	default:
		return nil, d.Skip()
	}
}

// readSyntax checks a tree and collects its tables.
func readSyntax(tree object) (*syntax, error) {
	statements, _ := tree["statements"].([]any)
	if len(statements) != 1 {
		return nil, gwerr.New(gwerr.Syntax, "Only one statement is allowed in a query.", "")
	}
	r := &treeReader{out: &syntax{}}
	if err := r.walk(statements[0], nil); err != nil {
		return nil, err
	}
	if s, ok := statements[0].(object); ok {
		r.out.outputs = outputNames(s["node"])
		r.out.listed = listOf(s["node"])
		r.out.top, _ = s["node"].(object)
		r.out.cut = unorderedOffset(s["node"])
	}
	return r.out, nil
}

type treeReader struct {
	out *syntax
	cost
}

// scope is the list of names that a part of a tree sees: of common table
// expressions, and of what a SELECT lists.
type scope struct {
	name  string
	alias bool // of what a SELECT lists
	cost  cost // of what the name stands for
	outer *scope
}

// find gives the innermost meaning of a name, nil if it has none here. Names
// are compared as the engine does: what it takes for another name might be one
// of its own tables.
func (s *scope) find(name string, alias bool) *scope {
	for ; s != nil; s = s.outer {
		if s.alias == alias && sqltext.Same(s.name, name) {
			return s
		}
	}
	return nil
}

func (r *treeReader) walk(v any, sc *scope) error {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			if err := r.walk(x, sc); err != nil {
				return err
			}
		}
	case object:
		return r.object(v, sc)
	}
	return nil
}

func (r *treeReader) object(o object, sc *scope) error {
	sc, err := r.commonTables(o, sc)
	if err != nil {
		return err
	}
	if err := r.check(o, sc); err != nil {
		return err
	}
	before := r.cost
	inner, lists, err := r.selected(o, sc)
	if err != nil {
		return err
	}
	for key, v := range o {
		switch v.(type) {
		case []any, object:
		default:
			continue
		}
		seen := inner
		switch {
		case key == "cte_map", lists && (key == "select_list" || key == "from_table"):
			continue // walked already
		case key == "function" && text(o, "type") == "TABLE_FUNCTION":
			// Its name was checked as a table function's; its arguments follow.
			if f, ok := v.(object); ok {
				v = f["children"]
			}
		case key == "right" && text(o, "type") == "RECURSIVE_CTE_NODE":
			seen = &scope{name: text(o, "cte_name"), outer: sc}
		}
		if err := r.walk(v, seen); err != nil {
			return err
		}
	}
	return r.charge(o, sc, before)
}

// commonTables walks the WITH clause of a node. Each expression sees those
// before it; of itself, the recursive part alone.
func (r *treeReader) commonTables(o object, sc *scope) (*scope, error) {
	m, ok := o["cte_map"].(object)
	if !ok {
		return sc, nil
	}
	list, _ := m["map"].([]any)
	for _, x := range list {
		entry, _ := x.(object)
		before := r.cost
		if err := r.walk(entry["value"], sc); err != nil {
			return nil, err
		}
		sc = &scope{name: text(entry, "key"), cost: r.since(before), outer: sc}
	}
	return sc, nil
}

// check looks at one node.
func (r *treeReader) check(o object, sc *scope) error {
	switch text(o, "type") {
	case "BASE_TABLE":
		t := tableRef{text(o, "catalog_name"), text(o, "schema_name"), text(o, "table_name"), text(o, "alias"), position(o)}
		if t.schema != "" || t.catalog != "" || sc.find(t.name, false) == nil {
			r.out.tables = append(r.out.tables, t)
		}
	case "TABLE_FUNCTION":
		f, _ := o["function"].(object)
		if name := strings.ToLower(text(f, "function_name")); !allowedTableFunctions[name] {
			return unknownFunction(name, position(o))
		}
	case "SHOW_REF", "COLUMN_DATA", "BOUND_TABLE_REF", "DELIM_GET":
		return gwerr.New(gwerr.NotImplemented, "SHOW, DESCRIBE and SUMMARIZE are not offered.", "Use SELECT.").At(max(0, position(o)))
	}
	switch text(o, "class") {
	case "FUNCTION", "WINDOW":
		return checkFunction(o)
	case "CAST":
		if holdsVariant(o["cast_type"]) {
			return gwerr.New(gwerr.NotImplemented, "The type VARIANT is not offered.", "Use JSON.").At(max(0, position(o)))
		}
	case "COLUMN_REF":
		return r.column(o)
	}
	return nil
}

func (r *treeReader) column(o object) error {
	names, _ := o["column_names"].([]any)
	if len(names) == 0 {
		return nil
	}
	last, _ := names[len(names)-1].(string)
	if len(names) == 1 && hiddenNames[strings.ToLower(last)] {
		return unknownFunction(strings.ToLower(last), position(o))
	}
	r.out.columns = append(r.out.columns, tableRef{name: last, pos: position(o)})
	return nil
}

// outputNames names the result's columns as PostgreSQL does where the engine
// has other ideas: a call without an alias is named after the function.
func outputNames(node any) []string {
	o, _ := node.(object)
	for text(o, "type") == "SET_OPERATION_NODE" {
		left, _ := o["left"].(object)
		if left == nil {
			children, _ := o["children"].([]any)
			if len(children) == 0 {
				return nil
			}
			left, _ = children[0].(object)
		}
		o = left
	}
	if text(o, "type") != "SELECT_NODE" {
		return nil
	}
	list, _ := o["select_list"].([]any)
	out := make([]string, len(list))
	for i, x := range list {
		e, _ := x.(object)
		operator, _ := e["is_operator"].(bool)
		switch text(e, "class") {
		case "STAR":
			return nil
		case "SUBQUERY":
			if text(e, "alias") == "" && text(e, "subquery_type") == "SCALAR" {
				out[i] = subqueryName(e)
			}
		case "FUNCTION", "WINDOW":
			if name := text(e, "function_name"); text(e, "alias") == "" && !operator && allowedFunctions[name] {
				out[i] = strings.TrimSuffix(name, "_star")
			}
			if text(e, "function_name") == "columns" || text(e, "function_name") == "unnest" {
				return nil
			}
		}
	}
	return out
}

// listed is an element of a SELECT list: its alias, and the name of the column that
// it is; "" for none.
type listed struct{ column, alias string }

// listOf gives the elements of a SELECT list.
func listOf(node any) []listed {
	o, _ := node.(object)
	if text(o, "type") != "SELECT_NODE" {
		return nil
	}
	list, _ := o["select_list"].([]any)
	out := make([]listed, len(list))
	for i, x := range list {
		e, _ := x.(object)
		out[i].alias = text(e, "alias")
		if parts, _ := e["column_names"].([]any); text(e, "class") == "COLUMN_REF" && len(parts) > 0 {
			out[i].column, _ = parts[len(parts)-1].(string)
		}
	}
	return out
}

// subqueryName names a scalar subquery after its one column.
func subqueryName(e object) string {
	sub, _ := e["subquery"].(object)
	node, _ := sub["node"].(object)
	list, _ := node["select_list"].([]any)
	if len(list) != 1 {
		return ""
	}
	column, _ := list[0].(object)
	if alias := text(column, "alias"); alias != "" {
		return alias
	}
	if names, _ := column["column_names"].([]any); len(names) > 0 {
		last, _ := names[len(names)-1].(string)
		return last
	}
	if inner := outputNames(node); len(inner) == 1 {
		return inner[0]
	}
	return ""
}

func text(o object, key string) string {
	s, _ := o[key].(string)
	return s
}

// position gives a node's byte offset, -1 if it has none.
func position(o object) int {
	n, _ := o["query_location"].(json.Number)
	i, err := n.Int64()
	if err != nil {
		return -1
	}
	return int(i)
}
