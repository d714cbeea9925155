package console

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

const (
	// exampleRows is how many rows give the examples of a table's columns.
	exampleRows = 20
	// exampleText bounds the characters of an example.
	exampleText = 40
)

// tableView is the page of a table.
type tableView struct {
	Page
	Connect    connect
	Doc        string
	Browse     string
	Cost       cost
	Permission string
	Changes    string
	Columns    []column
	Custom     int
	One, Many  []relation
	Notes      []string
	// Trouble is why there are no examples, nil if there are.
	Trouble *trouble
}

// column is what there is to know of a column.
type column struct {
	Name, Type, Edm, Doc, Example, Pushed string
	Key, Custom                           bool
	Values                                []string
}

// relation is a navigation property.
type relation struct{ Name, Address, Text string }

// cost is what reading takes; Text is "" where the caller must not know.
type cost struct {
	Text  string
	Lines []string
}

// bound binds the page's address, with options.
func (p *page) bound(ctx context.Context, rawQuery string) (*catalog.Schema, *model.Resource, error) {
	s, err := p.Schema(ctx, p.schema)
	if err != nil {
		return nil, nil, err
	}
	s = s.Sets()
	request, err := uri.Parse(url.PathEscape(p.set), rawQuery, uri.DefaultLimits())
	if err != nil {
		return s, nil, err
	}
	r, err := model.Bind(s, request, model.Options{Namespace: p.cfg.Namespace, Now: p.cfg.Clock()})
	if err == nil && r.Kind != model.Feed {
		err = gwerr.New(gwerr.NotFound, "There is no table at this address.", "")
	}
	return s, r, err
}

func (p *page) table(ctx context.Context) (*tableView, error) {
	s, r, err := p.bound(ctx, "")
	if err != nil {
		return nil, err
	}
	t := r.Table
	v := &tableView{Page: p.base(t.Name, Tables), Doc: t.Doc, Permission: t.Permission, Changes: changes(t)}
	address := p.root(v.Page) + url.PathEscape(t.Name)
	v.Browse = address + "?rows"
	v.Connect = p.connect(v.Page, address, nil)
	v.Cost = p.cost(ctx, r)
	for i := range t.Columns {
		c := columnOf(t, &t.Columns[i])
		v.Columns = append(v.Columns, c)
		if c.Custom {
			v.Custom++
		}
	}
	for _, n := range edm.Navigations(s, t) {
		one := relation{Name: n.Name, Address: p.root(v.Page) + url.PathEscape(n.Target.Name), Text: n.Column + " → " + n.TargetColumn}
		if n.Through != nil {
			one.Text = "by " + n.Through.Table.Name
		}
		if n.Name != n.Target.Name {
			one.Text = n.Target.Name + ", " + one.Text
		}
		if n.Many {
			v.Many = append(v.Many, one)
		} else {
			v.One = append(v.One, one)
		}
	}
	return v, nil
}

// connect are the addresses of a feed with options.
func (p *page) connect(b Page, address string, o options) connect {
	c := connect{Address: address, Excel: address + ".odc", Python: python(address, o.with("$expand", "").String(), b.Who.Open)}
	if len(o) > 0 {
		c.Address, c.Excel = address+"?"+o.String(), ""
	}
	for _, format := range []string{"csv", "xlsx", "json"} {
		of := o
		if format != "json" {
			of = o.with("$expand", "") // a file has no place for related rows
		}
		c.Files = append(c.Files, Link{Name: strings.ToUpper(format), Address: address + "?" + append(slices.Clone(of), option{"$format", format}).String()})
	}
	return c
}

// cost estimates what a query takes.
func (p *page) cost(ctx context.Context, r *model.Resource) cost {
	bound, err := r.Rows(ctx, p, nil, -1)
	if err != nil {
		return cost{Text: gwerr.From(err).Error()}
	}
	e, err := p.Explained(ctx, bound)
	if err != nil {
		return cost{Text: gwerr.From(err).Error()}
	}
	if e.Veiled() {
		return cost{Lines: e.Lines()}
	}
	calls, rows := int64(0), int64(0)
	for _, s := range e.Scans {
		calls, rows = calls+s.EstimatedCalls, max(rows, s.EstimatedRows)
	}
	return cost{Text: "About " + plural(calls, "call") + " to PingOne, reading " + plural(rows, "row") + ".", Lines: e.Lines()}
}

func plural(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return grouped(n) + " " + what
}

// changes says which changes the table takes, of those who may make any.
func changes(t *catalog.Table) string {
	w := t.Writes
	if w == nil {
		return "It is only read."
	}
	var out []string
	for _, each := range []struct {
		there bool
		name  string
	}{{w.Insert != nil, "insert"}, {w.Update != nil || len(w.Parts) > 0, "update"}, {w.Delete != nil, "delete"}} {
		if each.there {
			out = append(out, each.name)
		}
	}
	return "Rows take " + strings.Join(out, ", ") + " where the connection and your role allow it."
}

// types are the words for what a column holds.
var types = map[catalog.Type]string{
	catalog.String: "text", catalog.Bool: "true or false", catalog.Int32: "whole number", catalog.Int64: "whole number",
	catalog.Float64: "number", catalog.Timestamp: "time", catalog.GUID: "id", catalog.JSON: "JSON",
	catalog.StringList: "list of texts", catalog.Int32List: "list of numbers",
}

func columnOf(t *catalog.Table, c *catalog.Column) column {
	out := column{
		Name: c.Name, Type: types[c.Type], Edm: c.Type.Edm(), Doc: c.Doc, Key: c.Key, Custom: c.Custom,
		Values: c.Values, Pushed: pushed(t, c),
	}
	if r := c.References; r != nil {
		out.Type += " → " + r.Table
	}
	return out
}

// operators are the words for what a source tests.
var operators = []struct {
	op   predicate.Operator
	word string
}{
	{predicate.OpEq, "equals"},
	{predicate.OpSw, "starts with"},
	{predicate.OpEw, "ends with"},
	{predicate.OpCo, "contains"},
	{predicate.OpGt, "greater"},
	{predicate.OpGe, "from"},
	{predicate.OpLt, "less"},
	{predicate.OpLe, "up to"},
}

// pushed says which conditions on a column reach the source.
func pushed(t *catalog.Table, c *catalog.Column) string {
	if r := t.Restriction; r != nil {
		if _, masked := r.Masks[c.Name]; masked {
			return "none: your role masks it"
		}
	}
	tests := testsOf(t, c.Name)
	var words []string
	for _, o := range operators {
		if slices.Contains(tests, o.op) {
			words = append(words, o.word)
		}
	}
	whole := t.Whole()
	for i := range whole.Paths {
		if path := &whole.Paths[i]; slices.Equal(path.Keys, []string{c.Name}) && !slices.Contains(words, "equals") {
			words = append([]string{"equals"}, words...)
		}
	}
	return strings.Join(words, ", ")
}

// testsOf are the operators on a column that the source has when it lists the table.
func testsOf(t *catalog.Table, column string) (out []predicate.Operator) {
	if t.Members != nil {
		t = t.Members[0]
	}
	whole := t.Whole()
	for i := range whole.Paths {
		path := &whole.Paths[i]
		if f, ok := path.Filters[column]; ok && path.Keyless() {
			out = append(out, f.Operators...)
		}
	}
	return out
}

// example reads the first rows for the columns' examples. A table that can't be read
// without a condition, say, has none.
func (p *page) example(v *tableView) {
	f, err := p.read("$top="+strconv.Itoa(exampleRows), exampleRows)
	if err != nil {
		t := p.cfg.Site.troubleOf(p.r, gwerr.From(err))
		v.Trouble = &t
		return
	}
	if f.Notes != "" {
		v.Notes = append(v.Notes, f.Notes)
	}
	for i := range v.Columns {
		v.Columns[i].Example = exampleOf(f.Rows, v.Columns[i].Name)
	}
}

// exampleOf are the first two values of a column that differ.
func exampleOf(rows []entity, name string) string {
	var found []string
	for _, row := range rows {
		one := show(row.get(name))
		if runes := []rune(one.Text); len(runes) > exampleText {
			one.Text = string(runes[:exampleText]) + "…"
		}
		if !one.Null && cmp.Or(one.Text, "none") != "none" && !slices.Contains(found, one.Text) {
			if found = append(found, one.Text); len(found) == 2 || len(one.Text) > exampleText/2 {
				break
			}
		}
	}
	return strings.Join(found, ", ")
}
