package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

const (
	// pageRows is how many rows a page shows.
	pageRows = 50
	// pageColumns is how many columns it shows where the address chooses none.
	pageColumns = 24
	// fewColumns is how many it shows where there are no rows to tell which matter.
	fewColumns = 12
)

// Parameters of the forms, beside OData's options.
const (
	applied   = "show" // the button of a form
	ofField   = "f."   // the value of a field, behind which the column's name stands
	ofWhere   = "where"
	ofOn      = "on"    // the name of a column, for the condition in
	ofValue   = "value" // this field
	ofColumn  = "column"
	ofRelated = "related"
	ofPage    = "page" // the number of a page that a next link leads to
)

// browseView is the page of a table's rows.
type browseView struct {
	Page
	// Form is where the forms go to, About the table's page, Clear the rows without
	// conditions, Share this page for others.
	Form, About, Clear, Share, CountLink string
	Connect                              connect
	Cost                                 cost
	SQL, Query                           string
	Heads                                []head
	// Fields are all columns that a condition can be put on.
	Fields []string
	// Condition is the whole $filter.
	Condition string
	Where     string
	// WhereTrouble is about the free condition, Trouble about anything else; FieldErrors
	// is how many fields have one.
	WhereTrouble, Trouble *trouble
	FieldErrors           int
	// Read is true of a page whose rows were read.
	Read           bool
	Filtered       bool
	Rows           [][]value
	First, Last    int
	Count, Notes   string
	Next, Previous string
	// Columns and Related are what the address can choose. Kept are the options that a
	// form which chooses something else repeats.
	Columns, Related                       []choice
	KeptByFilter, KeptByColumns, KeptByNav []Link
}

// head is the head of a column.
type head struct {
	Name, Sort string
	// Sorted is ascending, descending or "".
	Sorted string
	Field  *field
}

// choice is a box to tick.
type choice struct {
	Name, Text string
	Chosen     bool
}

// state is what the page knows before it reads rows.
type state struct {
	table   *catalog.Table
	options options
	fields  []field
	view    *browseView
}

// begin finds the table, and makes the view of a page with the options. What is wrong
// with these is the view's trouble, and no error.
func (p *page) begin(ctx context.Context, o options) (*state, error) {
	s, r, err := p.bound(ctx, o.String())
	if s == nil {
		return nil, err
	}
	t, ok := s.Table(p.set)
	if !ok {
		return nil, err
	}
	v := &browseView{Page: p.base(t.Name, Tables)}
	st := &state{table: t, options: o.odata(), view: v}
	address := p.root(v.Page) + url.PathEscape(t.Name)
	v.Form, v.About, v.Clear = address, address, address+"?rows"
	v.Connect = p.connect(v.Page, address, st.options)
	for i := range t.Columns {
		if f, ok := fieldOf(t, &t.Columns[i]); ok {
			st.fields, v.Fields = append(st.fields, f), append(v.Fields, f.Column)
		}
	}
	st.choices(s)
	v.Where = st.options.get("$filter")
	v.Filtered, v.Condition = v.Where != "", v.Where
	if err != nil {
		p.wrong(st, err)
		return st, nil
	}
	v.Where = st.fill()
	v.SQL = r.SQL()
	v.Query = v.Base + QueryPath + queryText(p.cfg.Connection, p.schema, v.SQL)
	v.Cost = p.cost(ctx, r)
	return st, nil
}

// wrong shows an error beside what it is about.
func (p *page) wrong(st *state, err error) {
	t := p.cfg.Site.troubleOf(p.r, gwerr.From(err))
	if gwerr.From(err).Target == "$filter" {
		st.view.WhereTrouble = &t
	} else {
		st.view.Trouble = &t
	}
}

// choices are the boxes of columns and relations, and what each form repeats.
func (st *state) choices(s *catalog.Schema) {
	v := st.view
	related := splitList(st.options.get("$expand"))
	for _, n := range edm.Navigations(s, st.table) {
		text := "one of " + n.Target.Name
		if n.Many {
			text = "several of " + n.Target.Name
		}
		v.Related = append(v.Related, choice{n.Name, text, slices.Contains(related, n.Name)})
	}
	v.KeptByFilter, v.KeptByColumns, v.KeptByNav = st.options.but("$filter"), st.options.but("$select"), st.options.but("$expand")
}

// but are the options other than one.
func (o options) but(name string) (out []Link) {
	for _, each := range o {
		if each.name != name {
			out = append(out, Link{Name: each.name, Text: each.value})
		}
	}
	return out
}

func splitList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// browse shows a page of rows.
func (p *page) browse(w http.ResponseWriter) error {
	var st *state
	err := p.admitted(func(ctx context.Context) (err error) {
		st, err = p.begin(ctx, p.options)
		return err
	})
	if err != nil {
		return err
	}
	f := &feed{}
	if st.view.Trouble == nil && st.view.WhereTrouble == nil {
		if f, err = p.read(p.r.URL.RawQuery, pageRows); err != nil {
			p.cfg.Failed(p.r.Context(), err)
			p.wrong(st, err)
			f = &feed{}
		}
	}
	st.view.Read = st.view.Trouble == nil && st.view.WhereTrouble == nil
	st.show(f)
	st.pages(p.options, f)
	status := http.StatusOK
	for _, t := range []*trouble{st.view.Trouble, st.view.WhereTrouble} {
		if t != nil {
			status = gwerr.New(gwerr.Code(t.Code), "", "").Kind().HTTP
		}
	}
	return p.cfg.Site.Render(w, p.r, status, "browse", st.view)
}

// fill puts the conditions of the address into fields, and gives those that remain.
func (st *state) fill() string {
	filter := st.options.get("$filter")
	if filter == "" {
		return ""
	}
	e, err := uri.ParseFilter(filter, uri.DefaultLimits())
	if err != nil {
		return filter
	}
	return filled(st.fields, st.table, e)
}

// show lays the rows out in columns.
func (st *state) show(f *feed) {
	v := st.view
	v.Count, v.Notes = f.Count, f.Notes
	order := st.options.get("$orderby")
	chosen := st.options.get("$select") != ""
	names := st.columns(f.Rows)
	for _, name := range names {
		h := head{Name: name}
		if c := st.table.Column(name); c != nil && c.Name == name {
			h.Sort, h.Sorted = st.sort(name, order)
			if at := slices.IndexFunc(st.fields, func(f field) bool { return f.Column == name }); at >= 0 {
				h.Field = &st.fields[at]
			}
		}
		v.Heads = append(v.Heads, h)
	}
	for i := range st.table.Columns {
		c := &st.table.Columns[i]
		v.Columns = append(v.Columns, choice{c.Name, c.Doc, slices.Contains(names, c.Name) || !chosen && len(f.Rows) == 0})
	}
	for _, row := range f.Rows {
		cells := make([]value, len(names))
		for i, name := range names {
			cells[i] = show(row.get(name))
			cells[i].Link = st.reference(name, row)
		}
		v.Rows = append(v.Rows, cells)
	}
}

// asked reports whether the address says something about a column.
func (st *state) asked(name string) bool {
	said := slices.ContainsFunc(st.fields, func(f field) bool { return f.Column == name && f.Value+f.Error != "" })
	return said || strings.HasPrefix(st.options.get("$orderby")+" ", name+" ")
}

// columns are the names of the columns to show. Where nobody has chosen them, they are
// those that have values, and what people read first comes first.
func (st *state) columns(rows []entity) []string {
	if chosen := st.options.get("$select"); chosen != "" {
		if len(rows) == 0 {
			return splitList(chosen)
		}
		return rows[0].names()
	}
	var all, out []string
	most := pageColumns
	if len(rows) > 0 {
		all = rows[0].names()
	} else {
		most = fewColumns
		for i := range st.table.Columns {
			all = append(all, st.table.Columns[i].Name)
		}
	}
	filled := func(e entity, name string) bool { raw := e.get(name); return len(raw) > 0 && string(raw) != "null" }
	for _, name := range st.ranked(all) {
		has := len(rows) == 0 || slices.ContainsFunc(rows, func(e entity) bool { return filled(e, name) })
		if st.table.Column(name) == nil || st.asked(name) || has && len(out) < most {
			out = append(out, name)
		}
	}
	return out
}

// ranked puts first the first column that is not an id, then what the address is about, then
// related rows; ids come last.
func (st *state) ranked(names []string) []string {
	rank, first := map[string]int{}, true
	for _, name := range names {
		c := st.table.Column(name)
		switch {
		case c == nil:
			rank[name] = 2
		case first && c.Type != catalog.GUID:
			first = false
		case st.asked(name):
			rank[name] = 1
		case c.Type == catalog.GUID:
			rank[name] = 4
		default:
			rank[name] = 3
		}
	}
	out := slices.Clone(names)
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(rank[a], rank[b]) })
	return out
}

// sort is the address that a column's head leads to, and how the rows are sorted by it.
func (st *state) sort(name, order string) (address, sorted string) {
	next := name
	switch order {
	case name, name + " asc":
		sorted, next = "ascending", name+" desc"
	case name + " desc":
		sorted, next = "descending", ""
	}
	return st.address(st.options.with("$orderby", next)), sorted
}

// address is that of the table's rows with options.
func (st *state) address(o options) string {
	if len(o) == 0 {
		return st.view.Clear
	}
	return st.view.Form + "?" + o.String()
}

// reference leads from the value of a foreign key to its row.
func (st *state) reference(name string, row entity) string {
	c := st.table.Column(name)
	raw := row.get(name)
	if c == nil || c.References == nil || len(raw) == 0 || raw[0] != '"' || !slices.ContainsFunc(st.view.Related, func(r choice) bool { return strings.HasSuffix(r.Text, " of "+c.References.Table) }) {
		return ""
	}
	key := quoted(text(raw))
	if c.Type == catalog.GUID {
		key = text(raw)
	}
	root := strings.TrimSuffix(st.view.Form, url.PathEscape(st.table.Name))
	return root + url.PathEscape(c.References.Table) + "?" + options{{"$filter", c.References.Column + " eq " + key}}.String()
}

// pages are the links to other pages. The next one is the feed's own, which goes on in
// the same reading; those back, and for others, leave rows out, since a next link is for
// one caller and gets old.
func (st *state) pages(given options, f *feed) {
	v := st.view
	skip, _ := strconv.Atoi(given.get("$skip"))
	number := max(0, skip)/pageRows + 1
	if n, err := strconv.Atoi(given.get(ofPage)); err == nil && n > 0 && given.get("$skiptoken") != "" {
		number = n
		skip = (n - 1) * pageRows
	}
	if len(v.Rows) > 0 {
		v.First, v.Last = skip+1, skip+len(v.Rows)
	}
	at := func(skip int) string {
		if skip <= 0 {
			return st.address(st.options)
		}
		return st.address(st.options.with("$skip", strconv.Itoa(skip)))
	}
	if number > 1 || skip > 0 {
		v.Previous = at(skip - pageRows)
	}
	if f.Next != "" {
		v.Next = f.Next + "&" + ofPage + "=" + strconv.Itoa(number+1)
	}
	v.Share = at(skip)
	if v.Count == "" && len(v.Rows) > 0 {
		v.CountLink = st.address(st.options.with("$count", "true"))
	}
}
