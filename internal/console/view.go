package console

import (
	"context"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

const (
	// sampleRows is how many rows a page shows.
	sampleRows = 20
	// sampleText bounds the characters of a value.
	sampleText = 120
)

// link is a name with an address.
type link struct{ Name, Address, Text string }

// base is what every page has.
type base struct {
	Title  string
	Caller string
	Way    []link // to the page
}

func (p *page) base(title string) base {
	b := base{Title: title, Caller: p.cfg.Caller(p.r.Context())}
	root := p.cfg.BaseURL(p.r) + p.cfg.Prefix
	b.Way = append(b.Way, link{Name: strings.Trim(p.cfg.Prefix, "/"), Address: root})
	if p.schema != "" {
		b.Way = append(b.Way, link{Name: p.schema, Address: p.root()})
	}
	if p.set != "" {
		b.Way = append(b.Way, link{Name: p.set, Address: p.root() + url.PathEscape(p.set)})
	}
	return b
}

// root is the address of the service.
func (p *page) root() string {
	return p.cfg.BaseURL(p.r) + p.cfg.Prefix + url.PathEscape(p.schema) + "/"
}

type home struct {
	base
	Services []link
}

func (p *page) home(ctx context.Context) (home, error) {
	names, err := p.Names(ctx)
	if err != nil {
		return home{}, err
	}
	h := home{base: p.base("Services")}
	for _, n := range names {
		h.Services = append(h.Services, link{Name: n.Name, Text: n.ID, Address: h.Way[0].Address + url.PathEscape(n.Name) + "/"})
	}
	return h, nil
}

// connect are the addresses and files that other programs take.
type connect struct {
	Address string // of the feed or service
	PowerBI string
	Excel   string
	Files   []link
}

type service struct {
	base
	connect
	Metadata string
	Sets     []link
}

func (p *page) service(ctx context.Context) (service, error) {
	s, err := p.Schema(ctx, p.schema)
	if err != nil {
		return service{}, err
	}
	root := p.root()
	file := strings.TrimSuffix(root, "/")
	v := service{base: p.base(s.Name), Metadata: root + "$metadata", connect: connect{Address: root, PowerBI: file + ".pbids", Excel: file + ".odc"}}
	for _, t := range s.Tables {
		v.Sets = append(v.Sets, link{Name: t.Name, Address: root + url.PathEscape(t.Name), Text: t.Doc})
	}
	return v, nil
}

type column struct {
	Name, Type, Doc, Sample string
	Key                     bool
}

type table struct {
	base
	connect
	Doc       string
	Columns   []column
	Relations []link
	Heads     []string
	Rows      [][]string
	More      bool
	Notes     []string
}

func (p *page) table(ctx context.Context) (table, error) {
	s, err := p.Schema(ctx, p.schema)
	if err != nil {
		return table{}, err
	}
	request, err := uri.Parse(url.PathEscape(p.set), p.r.URL.RawQuery, uri.DefaultLimits())
	if err != nil {
		return table{}, err
	}
	request.Options.Expand = nil // a page shows one table
	r, err := model.Bind(s, request, model.Options{Namespace: p.cfg.Namespace, Now: time.Now(), WithoutIDs: true})
	if err != nil {
		return table{}, err
	}
	if r.Kind != model.Feed {
		return table{}, gwerr.New(gwerr.NotFound, "There is no table at this address.", "")
	}
	t := r.Table
	address := p.root() + url.PathEscape(t.Name)
	v := table{base: p.base(t.Name), Doc: t.Doc, connect: connect{Address: address, Excel: address + ".odc"}}
	options := "?"
	if q := p.r.URL.RawQuery; q != "" {
		v.Address, options = v.Address+"?"+q, "?"+q+"&"
	}
	for _, format := range []string{"json", "csv", "xlsx"} {
		v.Files = append(v.Files, link{Name: strings.ToUpper(format), Address: address + options + "$format=" + format})
	}
	for _, n := range edm.Navigations(s, t) {
		v.Relations = append(v.Relations, link{Name: n.Name, Text: n.Target.Name, Address: p.root() + url.PathEscape(n.Target.Name)})
	}
	if err := p.sample(ctx, r, &v); err != nil {
		return table{}, err
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		one := column{Name: c.Name, Type: strings.TrimPrefix(c.Type.Edm(), "Edm."), Doc: c.Doc, Key: c.Key}
		if len(c.Values) > 0 {
			one.Doc = strings.TrimSuffix(one.Doc, ".") + ". Known values: " + strings.Join(c.Values, ", ") + "."
		}
		if at := slices.Index(v.Heads, c.Name); at >= 0 {
			one.Sample = first(v.Rows, at)
		}
		v.Columns = append(v.Columns, one)
	}
	return v, nil
}

// first is the first value of a column that there is.
func first(rows [][]string, at int) string {
	for _, row := range rows {
		if row[at] != "" {
			return row[at]
		}
	}
	return ""
}

// sample reads the first rows that the address means.
func (p *page) sample(ctx context.Context, r *model.Resource, v *table) error {
	want, skip := sampleRows, 0
	if r.Top != nil {
		want = int(min(*r.Top, sampleRows))
	}
	if r.Skip != nil {
		skip = int(min(*r.Skip, 10_000))
	}
	for _, c := range r.Columns[:r.Visible] {
		v.Heads = append(v.Heads, r.Table.Columns[c].Name)
	}
	q := r.Query(nil, int64(skip+want+1)) // one more tells whether there are more
	if q.Empty || want == 0 {
		return nil
	}
	rows, err := p.Query(ctx, q)
	if err != nil {
		return err
	}
	defer rows.Close()
	for len(v.Rows) <= skip+want {
		batch, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		texts, err := texts(r, batch)
		batch.Record.Release()
		if err != nil {
			return err
		}
		v.Rows = append(v.Rows, texts...)
	}
	v.Rows = v.Rows[min(skip, len(v.Rows)):]
	v.More = len(v.Rows) > want && r.Top == nil
	v.Rows = v.Rows[:min(want, len(v.Rows))]
	v.Notes = p.Notes()
	return p.Returned(int64(len(v.Rows)))
}

func texts(r *model.Resource, batch scan.Batch) ([][]string, error) {
	out := make([][]string, batch.Record.NumRows())
	for i, c := range r.Columns[:r.Visible] {
		values, err := cell.For(r.Table.Columns[c].Type, batch.Record.Column(i), cell.Style{Infinity: "INF", Millis: true})
		if err != nil {
			return nil, err
		}
		for row := range out {
			text := ""
			if !values.Null(row) {
				text = short(values, r.Table.Columns[c].Type, row)
			}
			out[row] = append(out[row], text)
		}
	}
	return out, nil
}

// short is a value that fits a cell of the page.
func short(values cell.Column, t catalog.Type, row int) string {
	var text string
	if t == catalog.StringList {
		text = string(values.AppendJSON(nil, row))
	} else {
		text = strings.Clone(values.Text(row))
	}
	if runes := []rune(text); len(runes) > sampleText {
		return string(runes[:sampleText]) + "…"
	}
	return text
}
