package sim

import (
	"slices"
	"strings"
	"time"

	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// stored are rows in a store.
type stored struct {
	*place
	order []int // the places of the rows that a search goes through, in its order
}

// find implements source. A single row that nothing was put into has defaults.
func (s *stored) find(id string) (*resource.Row, error) {
	t := s.generic.kind
	if !t.Single() {
		return s.rows.Find(id), nil
	}
	if row := s.rows.Only(); row != nil || s.generic.hooks.rows != nil {
		return row, nil
	}
	members, _ := t.Take(t.Members, map[string]any{}, nil)
	return &resource.Row{ID: t.Name(), Members: members}, nil
}

func (s *stored) put(row *resource.Row) {
	if s.generic.hooks.put != nil {
		s.generic.hooks.put(s.place, row)
		return
	}
	s.rows = s.store.At(s.at)
	s.rows.Put(row)
	s.rows.Yield(s.generic.kind, row)
	s.changed()
}

func (s *stored) remove(row *resource.Row) {
	s.rows.Delete(row.ID)
	s.store.Forget(s.at + "/" + row.ID)
	s.changed()
}

// changed notes that what follows from the rows has to be made again.
func (s *stored) changed() {
	if s.generic.hooks.structural {
		s.call.environment.restructure()
	}
}

// search implements source: it tries each row.
func (s *stored) search(at cursor) ([]uint32, error) {
	if err := s.sort(at.Order); err != nil {
		return nil, err
	}
	x, err := s.filter(at.Filter)
	if err != nil {
		return nil, err
	}
	leaf := s.compileLeaf
	if s.generic.hooks.leaf != nil {
		leaf = s.generic.hooks.leaf
	}
	match := compile(x, leaf)
	var found []uint32
	for number, k := range s.order {
		if row := s.rows.Row(k); row != nil && s.generic.hooks.shows(s.call, row) && match(row) {
			found = append(found, uint32(number))
		}
	}
	return found, nil
}

// writeNumbered implements source.
func (s *stored) writeNumbered(e *jx.Encoder, number uint32) { s.write(e, s.rows.Row(s.order[number])) }

// filter reads a filter; resources that declare none ignore it.
func (p *place) filter(text string) (*scim.Expr, error) {
	if p.generic.kind.Filters == nil {
		return nil, nil
	}
	spec := p.generic.filters
	x, err := p.call.parse(spec, text)
	if err != nil {
		return nil, err
	}
	for _, demand := range p.generic.kind.Demands {
		if alternatives := strings.Split(demand, "|"); !names(x, alternatives) {
			return nil, spec.refuse("The filter must name "+strings.Join(alternatives, " or ")+".", 0)
		}
	}
	eachComparison(x, func(x *scim.Expr) {
		m := p.generic.kind.Members.At(x.Attr)
		if _, no := time.Parse(time.RFC3339, x.Value.Text); no != nil && m != nil && m.IsTime() {
			err = spec.refuse("The value of '"+x.Attr+"' is no time.", x.Pos)
		}
	})
	if err == nil && p.generic.hooks.check != nil {
		err = p.generic.hooks.check(spec, x)
	}
	return x, err
}

// compileLeaf compares members of rows, or the groups that rows are in.
func (s *stored) compileLeaf(x *scim.Expr) func(row *resource.Row) bool {
	if x.Kind == scim.Path {
		id, kind := groupPath(x)
		return func(row *resource.Row) bool {
			return slices.Contains(s.generic.hooks.groups(s.call, row, kind), canonical(id))
		}
	}
	want := x.Value.Text
	if m := s.generic.kind.Members.At(x.Attr); m != nil && m.IsTime() {
		want = asInstant(want)
	}
	test := comparison(x.Op, want, false)
	return func(row *resource.Row) bool { return slices.ContainsFunc(resource.Values(row.Members, x.Attr), test) }
}

// asInstant writes an instant as rows do; another text stays as it is.
func asInstant(text string) string {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return instant(at.UnixMilli())
	}
	return text
}

// sort puts the rows into the order that a list has.
func (s *stored) sort(by string) error {
	s.order = make([]int, s.rows.Len())
	for k := range s.order {
		s.order[k] = k
	}
	orders := s.generic.kind.Order
	if by == "" || len(orders) == 0 {
		return nil
	}
	if !slices.Contains(orders, by) {
		return invalidParameter("order", "The order '"+by+"' is not supported.")
	}
	attribute, descending := strings.CutPrefix(by, "-")
	value := func(k int) string {
		if row := s.rows.Row(k); row != nil {
			return strings.Join(resource.Values(row.Members, attribute), " ")
		}
		return ""
	}
	slices.SortStableFunc(s.order, func(x, y int) int {
		if descending {
			x, y = y, x
		}
		return strings.Compare(value(x), value(y))
	})
	return nil
}
