package console

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

const (
	// firstTables is how many tables a service's page shows before all others.
	firstTables = 6
	// severalTables is the number of tables from which on some are shown first.
	severalTables = 15
)

// connect are the addresses and files that other programs take.
type connect struct {
	// Address is that of the feed or service.
	Address, PowerBI, Excel, Python string
	Files                           []Link
}

// tablesView is the page of a service.
type tablesView struct {
	Page
	Connect  connect
	ID       string
	Metadata string
	Notes    []string
	// First are the tables that others refer to most.
	First, All []Link
}

func (p *page) service(ctx context.Context) (*tablesView, error) {
	s, err := p.Schema(ctx, p.schema)
	if err != nil {
		return nil, err
	}
	s = s.Sets()
	v := &tablesView{Page: p.base(cmp.Or(s.Label, s.Name), Tables), ID: s.ID, Notes: s.Notes}
	root := p.root(v.Page)
	file := strings.TrimSuffix(root, "/")
	v.Metadata = root + "$metadata"
	v.Connect = connect{Address: root, PowerBI: file + ".pbids", Excel: file + ".odc"}
	for _, t := range s.Tables {
		v.All = append(v.All, Link{Name: t.Name, Address: root + url.PathEscape(t.Name), Text: t.Doc})
	}
	if len(v.All) < severalTables {
		return v, nil
	}
	for _, t := range p.first(s) {
		v.First = append(v.First, Link{Name: t.Name, Address: root + url.PathEscape(t.Name), Text: t.Doc})
	}
	return v, nil
}

// first are the counted tables, and those that others refer to most.
func (p *page) first(s *catalog.Schema) (out []*catalog.Table) {
	for _, name := range p.cfg.Counted {
		if t, ok := s.Table(name); ok {
			out = append(out, t)
		}
	}
	for _, t := range referred(s) {
		if len(out) < firstTables && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// referred orders the tables by how many columns of others refer to them.
func referred(s *catalog.Schema) []*catalog.Table {
	times := map[string]int{}
	for _, t := range s.Tables {
		for i := range t.Columns {
			if r := t.Columns[i].References; r != nil && r.Table != t.Name {
				times[r.Table]++
			}
		}
	}
	out := slices.Clone(s.Tables)
	slices.SortStableFunc(out, func(a, b *catalog.Table) int { return cmp.Compare(times[b.Name], times[a.Name]) })
	return out
}
