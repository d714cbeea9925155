package model

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// The variables that stand for an item where options speak of a list: of one that
// $select or $count names, and of one that the address names.
//
// Source: OData 4.01 Part 2, sections 5.1.1.14.1 ($it) and 5.1.1.14.3 ($this).
const this, it = "$this", "$it"

// filtered are the items of a list for which a condition on the variable is true.
func (c *compiler) filtered(in *scope, list, name string, condition uri.Expr, negated bool) (string, error) {
	v := variable{name: name, sql: "lambda_" + itoa(len(c.variables)+1) + "_", list: in.row()}
	c.variables = append(c.variables, v)
	defer func() { c.variables = c.variables[:len(c.variables)-1] }()
	body, err := c.condition(condition)
	if err != nil {
		return "", err
	}
	if body = "COALESCE(" + body + ", FALSE)"; negated {
		body = "NOT " + body
	}
	return "list_filter(" + list + ", lambda " + v.sql + ": " + body + ")", nil
}

// narrowed are the items of a list that options keep, and their number before $skip
// and $top.
//
// Source: OData 4.01 Part 2, sections 4.8 and 5.1.4.
func (c *compiler) narrowed(in *scope, list string, o *uri.Options, pos int) (items, count string, err error) {
	if o.Select != nil || o.Compute != nil || o.Expand != nil {
		return "", "", c.unsupported(pos, "$select and $compute of the items of a list, which are texts")
	}
	if o.Filter != nil {
		if list, err = c.filtered(in, list, c.item, o.Filter, false); err != nil {
			return "", "", err
		}
	}
	if o.Search != nil {
		list = "list_filter(" + list + ", lambda item_: " + c.scopes.values.search("item_", o.Search) + ")"
	}
	count = "len(" + list + ")"
	if list, err = c.sorted(list, o.OrderBy, pos); err != nil {
		return "", "", err
	}
	if o.Skip != nil {
		list = "list_slice(" + list + ", " + itoa(int(*o.Skip)+1) + ", len(" + list + "))"
	}
	if o.Top != nil {
		list = "list_slice(" + list + ", 1, " + itoa(int(*o.Top)) + ")"
	}
	return list, count, nil
}

// sorted are the items of a list in an order.
func (c *compiler) sorted(list string, by []uri.OrderItem, pos int) (string, error) {
	switch {
	case len(by) == 0:
		return list, nil
	case len(by) > 1 || uri.FormatExpr(by[0].Expr) != c.item:
		refused := c.unsupported(pos, "an order of a list's items other than by "+c.item)
		if c.item == it { // the option is not one within another
			refused = gwerr.From(refused).At(by[0].Expr.Pos()).On("$orderby")
		}
		return "", refused
	case by[0].Descending:
		return "list_reverse_sort(" + list + ")", nil
	default:
		return "list_sort(" + list + ")", nil
	}
}

// selectedItems are what options within $select make of a list: hidden fields.
type selectedItems struct{ items, count string }

// selectItems adds what options within $select keep of lists.
func (p *pipeline) selectItems(items []uri.SelectItem) error {
	for _, item := range items {
		s, ok := listed(item)
		if !ok {
			continue
		}
		if p.w.resource.items == nil {
			p.w.resource.items = map[string]selectedItems{}
			if err := p.open(); err != nil {
				return err
			}
		}
		root := p.at.scopes.root()
		at := exactIndex(root.table, s.Name)
		if at < 0 || root.table.Columns[at].Type != catalog.StringList {
			return p.fail(gwerr.NotImplemented, item.Offset, "The gateway does not evaluate options of %s within $select, which is not a list.", s.Name).
				WithHint("Options of related entities stand within $expand.")
		}
		c := p.compiler()
		t, err := c.property(root, s, at, nil)
		if err != nil {
			return err
		}
		list, count, err := c.narrowed(root, t.sql, item.Options, item.Offset)
		if err != nil {
			return err
		}
		chosen := selectedItems{items: p.hide("items", listKind, list)}
		if item.Options.Count != nil && *item.Options.Count {
			chosen.count = p.hide("number", intKind, count)
		}
		if _, twice := p.w.resource.items[s.Name]; twice {
			return p.fail(gwerr.BadRequest, item.Offset, "%s is selected twice.", s.Name)
		}
		p.w.resource.items[s.Name] = chosen
	}
	return nil
}

// listed finds the property of an item of $select that has options.
func listed(item uri.SelectItem) (*uri.NameSegment, bool) {
	if item.Options == nil || len(item.Path) != 1 {
		return nil, false
	}
	s, ok := item.Path[0].(*uri.NameSegment)
	return s, ok
}

// outputItems are the properties that stand for lists of which options keep a part.
func (r *Resource) outputItems(items []uri.SelectItem) {
	root := r.scopes.root()
	for _, item := range items {
		s, ok := listed(item)
		if !ok {
			continue
		}
		chosen := r.items[s.Name]
		if chosen.count != "" {
			r.outputs = append(r.outputs, Output{Name: s.Name, CountOf: true, Type: catalog.Int64, Absent: -1, sql: root.sql(chosen.count)})
		}
		r.outputs = append(r.outputs, Output{Name: s.Name, Type: catalog.StringList, Absent: -1, sql: root.sql(chosen.items)})
	}
}

// texts are the items of a constant list, nil for null.
func (c *compiler) texts(a *uri.Array) ([]*string, error) {
	items := make([]*string, len(a.Items))
	for i, e := range a.Items {
		l, ok := c.constant(e).(*uri.Literal)
		switch {
		case !ok:
			return nil, c.unsupported(e.Pos(), "lists of what is not a constant")
		case l.Kind == uri.StringLiteral:
			items[i] = &l.Text
		case l.Kind != uri.NullLiteral:
			return nil, c.fail(gwerr.TypeMismatch, e.Pos(), "The items of this list must be texts.")
		}
	}
	return items, nil
}

// list compiles a constant list of texts.
func (c *compiler) list(a *uri.Array) (term, error) {
	items, err := c.texts(a)
	if err != nil {
		return term{}, err
	}
	sql := make([]string, len(items))
	for i, text := range items {
		sql[i] = c.written(text)
	}
	return term{sql: "CAST([" + strings.Join(sql, ", ") + "] AS VARCHAR[])", kind: listKind, pos: a.Offset}, nil
}

// written writes an item of a constant list.
func (c *compiler) written(text *string) string {
	if text == nil {
		return "NULL"
	}
	return c.scopes.values.text(*text)
}

// lists compiles the two lists that a function compares; unknown is true where one of
// them is null, and so the result.
//
// Source: OData 4.01 Part 2, section 5.1.1.4 (null as an argument).
func (c *compiler) lists(e *uri.Call) (all, wanted term, unknown bool, err error) {
	if all, err = c.compile(e.Args[0]); err != nil {
		return all, wanted, false, err
	}
	if wanted, err = c.compile(e.Args[1]); err != nil {
		return all, wanted, false, err
	}
	for _, k := range [...]kind{all.kind, wanted.kind} {
		if k != listKind && k != nullKind {
			return all, wanted, false, c.fail(gwerr.TypeMismatch, e.Offset, "The function %s takes two lists of texts, and these are %s and %s.", e.Method, all.kind, wanted.kind)
		}
		unknown = unknown || k == nullKind
	}
	return all, wanted, unknown, nil
}

// hasSubset compiles hassubset(A,B): each item of B must stand in A at least as
// often.
//
// Source: OData 4.01 Part 2, section 5.1.1.6.1.
func (c *compiler) hasSubset(e *uri.Call) (term, error) {
	all, wanted, unknown, err := c.lists(e)
	if err != nil || unknown {
		return null(e.Offset), err
	}
	// In words that need no count, mostly; each names the list anew.
	if a, ok := c.constant(e.Args[1]).(*uri.Array); ok && len(all.sql)*len(a.Items) <= sqltext.MaxBytes {
		items, err := c.texts(a)
		counts := map[string]int{}
		for _, text := range items {
			counts[c.written(text)]++
		}
		tests := []string{"TRUE"}
		for _, item := range slices.Sorted(maps.Keys(counts)) {
			tests = append(tests, occurs(all.sql, item, counts[item]))
		}
		return term{sql: "(" + strings.Join(tests, " AND ") + ")", kind: boolKind, pos: e.Offset}, err
	}
	number := func(list string) string {
		return "len(list_filter(" + list + ", lambda w: w IS NOT DISTINCT FROM v))"
	}
	sql := "(len(list_filter(" + wanted.sql + ", lambda v: " + number(all.sql) + " < " + number(wanted.sql) + ")) = 0)"
	return term{sql: sql, kind: boolKind, pos: e.Offset}, nil
}

func occurs(list, item string, times int) string {
	is := " = "
	if item == "NULL" {
		is = " IS "
	} else if times == 1 {
		return "list_contains(" + list + ", " + item + ")"
	}
	return "len(list_filter(" + list + ", lambda v: v" + is + item + ")) >= " + itoa(times)
}

// hasSubsequence compiles hassubsequence(A,B) for a constant B, whose items must stand
// in A in that order, perhaps with others between. A is matched as a text, in which
// each item stands between two characters that no item holds; a third one is null.
//
// Source: OData 4.01 Part 2, section 5.1.1.6.2.
func (c *compiler) hasSubsequence(e *uri.Call) (term, error) {
	all, _, unknown, err := c.lists(e)
	if err != nil || unknown {
		return null(e.Offset), err
	}
	wanted, ok := c.constant(e.Args[1]).(*uri.Array)
	if !ok {
		return all, c.unsupported(e.Args[1].Pos(), "a subsequence that is not a constant")
	}
	items, err := c.texts(wanted)
	pattern := "(?s)"
	for _, text := range items {
		item := `\x1d`
		if text != nil {
			item = `\x1e` + regexp.QuoteMeta(*text) + `\x1f`
		}
		pattern += item + ".*"
	}
	text := "array_to_string(list_transform(" + all.sql + ", lambda v: COALESCE(chr(30) || v || chr(31), chr(29))), '')"
	return term{sql: "regexp_matches(" + text + ", " + textLiteral(pattern) + ")", kind: boolKind, pos: e.Offset}, err
}
