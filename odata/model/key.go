package model

import (
	"fmt"
	"slices"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// key binds a key predicate. linked are the columns that the address has bound
// already, which the key may leave out.
func (w *walker) key(args *uri.Args, pos int, linked ...string) error {
	if args == nil || len(args.Items) == 0 {
		return nil
	}
	t := w.resource.Table
	wanted := map[string]bool{}
	var order []string
	for _, k := range t.Key() {
		if name := t.Columns[k].Name; !slices.Contains(linked, name) || args.Items[0].Name == "" && len(t.Key()) == 1 {
			wanted[name] = true
			order = append(order, name)
		}
	}
	given := map[string]uri.Expr{}
	for _, a := range args.Items {
		name := a.Name
		if name == "" && len(order) == 1 {
			name = order[0]
		}
		if name == "" {
			return w.badKey(t, pos)
		}
		if _, twice := given[name]; twice || !wanted[name] && !slices.Contains(linked, name) {
			return w.badKey(t, a.Offset)
		}
		given[name] = a.Value
	}
	for _, name := range order {
		if given[name] == nil {
			return w.badKey(t, pos)
		}
	}
	if len(linked) > 1 && given[linked[1]] == nil && t.Column(linked[1]).Key { // the address is to be one of its own
		if v, ok := w.resource.Hops[len(w.resource.Hops)-1].KeyValue(linked[1]); ok {
			given[linked[1]] = &uri.Literal{Offset: pos, Kind: uri.StringLiteral, Text: v.Text()}
		}
	}
	return w.keyCondition(t, given)
}

func (w *walker) badKey(t *catalog.Table, pos int) error {
	bad := gwerr.Newf(gwerr.BadRequest, "The key does not fit %s.", t.Name).At(pos).On("the path")
	if len(t.Key()) == 0 {
		return bad.WithHint(t.Name + " has no key: ask for " + t.Name + " with $filter.")
	}
	example := ""
	for i, k := range t.Key() {
		if i > 0 {
			example += ","
		}
		if len(t.Key()) > 1 {
			example += t.Columns[k].Name + "="
		}
		example += "…"
	}
	return bad.WithHint(fmt.Sprintf("Write %s(%s).", t.Name, example))
}

// keyCondition turns key values into the condition of one row.
func (w *walker) keyCondition(t *catalog.Table, given map[string]uri.Expr) error {
	c := w.compiler("the path")
	var parts []predicate.Expr
	text := ""
	for i := range t.Columns {
		col := &t.Columns[i]
		e, ok := given[col.Name]
		if !ok {
			continue
		}
		v, verdict := c.value(col, e)
		if l, isLiteral := c.constant(e).(*uri.Literal); isLiteral && l.Kind == uri.StringLiteral && verdict == noConstant {
			verdict = unequal // a text that no key spells: there is no such entity
		}
		switch verdict {
		case noConstant:
			return gwerr.Newf(gwerr.TypeMismatch, "The key %s is of type %s.", col.Name, col.Type.Edm()).At(e.Pos()).On("the path")
		case isConstant:
			parts = append(parts, predicate.Cmp{Column: col.Name, Op: predicate.Eq, Value: v})
		default:
			parts = append(parts, predicate.False)
		}
		if text != "" {
			text += ","
		}
		if len(given) > 1 {
			text += col.Name + "="
		}
		text += keyText(col, v)
	}
	r := w.resource
	r.where = predicate.AllOf(append(parts, r.where)...)
	r.Kind = Entity
	r.place += "(" + text + ")"
	return nil
}

// keyText is a key value as it stands in a context address.
func keyText(c *catalog.Column, v predicate.Value) string {
	if c.Type == catalog.String || c.Type == catalog.JSON {
		return textLiteral(v.Str)
	}
	return v.Text()
}

// keySegment reads a key written as a segment of its own.
func (w *walker) keySegment(pos int, text string) error {
	t := w.resource.Table
	key := t.Key()
	if len(key) != 1 {
		return notFound(pos, "%s has no entity under this address.", t.Name)
	}
	col := &t.Columns[key[0]]
	return w.keyCondition(t, map[string]uri.Expr{col.Name: &uri.Literal{Offset: pos, Kind: uri.StringLiteral, Text: text}})
}
