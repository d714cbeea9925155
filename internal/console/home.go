package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

const (
	// countedServices is how many services Home counts tables of; each may cost a call
	// for every table.
	countedServices = 6
	// countsAtOnce bounds the counts under way.
	countsAtOnce = 4
)

// homeView is the first page.
type homeView struct {
	Page
	Connection  string
	Connections []Link
	States      []State
	Services    []service
	// Further are services that are no environment.
	Further []Link
	// At is when the numbers were counted, "" where none were.
	At string
}

// service is an environment as a card.
type service struct {
	Name, ID, Address, PowerBI, Excel, Python, Query string
	Leaving                                          bool
	Numbers                                          []number
}

// number is what a table counts to; Text is "" where that isn't known.
type number struct{ Name, Text, Address string }

// toTables leads to the default schema, by its name: the connection may know it by its id.
func (p *page) toTables(w http.ResponseWriter) error {
	to := ""
	err := p.admitted(func(ctx context.Context) error {
		names, err := p.Names(ctx)
		to = p.Default()
		for _, n := range names {
			if n.ID == to {
				to = n.Name
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return see(w, p.base("", "").Home+url.PathEscape(to)+"/")
}

func (p *page) home(ctx context.Context) (*homeView, error) {
	names, err := p.Names(ctx)
	if err != nil {
		return nil, err
	}
	h := &homeView{Page: p.base("Your directory as tables", Home), Connection: p.cfg.Connection, States: p.cfg.States()}
	for _, name := range p.cfg.Connections {
		if len(p.cfg.Connections) > 1 {
			h.Connections = append(h.Connections, Link{Name: name, Address: h.Base + "/odata/" + url.PathEscape(name) + "/"})
		}
	}
	for _, n := range names {
		address := h.Home + url.PathEscape(n.Name) + "/"
		if n.ID == "" {
			h.Further = append(h.Further, Link{Name: n.Name, Address: address})
			continue
		}
		file := strings.TrimSuffix(address, "/")
		h.Services = append(h.Services, service{
			Name: n.Name, ID: n.ID, Leaving: n.Leaving, Address: address, PowerBI: file + ".pbids", Excel: file + ".odc",
			Python: python(address+p.anyTable(), "", h.Who.Open), Query: h.Base + QueryPath + queryText(p.cfg.Connection, n.Name, ""),
		})
	}
	p.count(ctx, h)
	return h, nil
}

// anyTable is the table that programs to copy begin with.
func (p *page) anyTable() string {
	if len(p.cfg.Counted) == 0 {
		return ""
	}
	return p.cfg.Counted[0]
}

// count fills in how many rows the counted tables have. What can't be counted, or not
// in time, has no number: the page is no feed, and says so.
func (p *page) count(ctx context.Context, h *homeView) {
	if p.cfg.CountTime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.cfg.CountTime)
		defer cancel()
	}
	group, ctx := safely.NewGroup(ctx, p.cfg.Sink, observe.InCount)
	group.SetLimit(countsAtOnce)
	for i := range h.Services[:min(len(h.Services), countedServices)] {
		s := &h.Services[i]
		if s.Leaving {
			continue
		}
		s.Numbers = make([]number, len(p.cfg.Counted))
		for k, name := range p.cfg.Counted {
			group.Go(func() error {
				s.Numbers[k] = p.number(ctx, s, name)
				return nil
			})
		}
	}
	_ = group.Wait() // a number less
	for i := range h.Services {
		s := &h.Services[i]
		s.Numbers = slices.DeleteFunc(s.Numbers, func(n number) bool { return n.Name == "" })
		if slices.ContainsFunc(s.Numbers, func(n number) bool { return n.Text != "" }) {
			h.At = p.cfg.Clock().UTC().Format("15:04") + " UTC"
		}
	}
}

// number counts a table of a service; it has no name where the caller sees none.
func (p *page) number(ctx context.Context, s *service, table string) number {
	schema, err := p.Schema(ctx, s.Name)
	if err != nil {
		return number{}
	}
	t, ok := schema.Sets().Table(table)
	if !ok {
		return number{}
	}
	n := number{Name: t.Name, Address: s.Address + url.PathEscape(t.Name) + "?rows"}
	if !countable(t) {
		return n
	}
	request, err := uri.Parse(url.PathEscape(t.Name), "", uri.DefaultLimits())
	if err != nil {
		return n
	}
	r, err := model.Bind(schema, request, model.Options{Namespace: p.cfg.Namespace, Now: p.cfg.Clock()})
	if err != nil {
		return n
	}
	if rows, err := p.Count(ctx, r.CountQuery(nil)); err == nil {
		n.Text = grouped(rows)
	}
	return n
}

// countable reports whether one call tells the rows of a table that the caller sees.
func countable(t *catalog.Table) bool {
	if r := t.Restriction; r != nil && (r.FilterSQL != "" || r.Where != nil && r.Where != predicate.True) {
		return false
	}
	listing := t.Whole().Listing()
	return listing != nil && listing.CountExact
}

// grouped writes a number with its thousands apart.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// python is a program that reads a feed, with further options.
func python(address, options string, open bool) string {
	sign := ", auth=(\"any\", os.environ[\"GATEWAY_KEY\"])"
	first := "import io, os, pandas, requests\n"
	if open {
		sign, first = "", "import io, pandas, requests\n"
	}
	if options != "" {
		options += "&"
	}
	return first + "\nanswer = requests.get(" + strconv.Quote(address+"?"+options+"$format=csv") + sign + ")\n" +
		"answer.raise_for_status()\nrows = pandas.read_csv(io.BytesIO(answer.content))\nprint(rows.head())\n"
}
