package plan

import (
	"context"
	"math"
	"slices"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/scim"
)

// What a condition is guessed to keep of a table, where nothing better is
// known. The guesses only choose between paths that are all right.
const (
	keepExact  = 0.5 // a Boolean or a reference
	keepText   = 0.1 // an equality or a prefix
	usualPage  = 100 // rows a page where the service decides
	guessedSet = 1000
)

// price estimates what the candidate costs. The table's size is asked only
// when that can change a decision: a scan finds out by its first page whether it
// is worth dividing.
func (s *search) price(ctx context.Context, c *candidate, compared bool) {
	path := c.request.Path
	switch {
	case c.empty:
		c.estimate = Estimate{Known: true}
	case s.table.Schema != nil && s.table.Schema.System: // no calls of its own
		c.estimate = Estimate{Rows: runsOf(&c.request) * int64(path.Page), Known: true}
	case path.Get != "":
		n := runsOf(&c.request)
		c.estimate = Estimate{Calls: n, Rows: n, Known: true}
	case path.Parent != nil:
		s.priceParent(c, s.sizer(ctx, compared || !s.alone(path)))
	case len(path.Keys) > 0:
		runs := int64(len(c.request.Keys)) * s.runs(path, c.request.Variants)
		c.estimate = Estimate{Calls: runs, Rows: runs * usualPage, Known: true}
	case c.unique > 0:
		c.estimate = Estimate{Calls: int64(max(1, len(c.request.Filters))), Rows: c.unique, Known: true}
	case compared:
		rows, known := s.planner.sizes.Size(ctx, s.table)
		s.priceList(c, rows, known)
	default:
		rows, known := s.planner.sizes.Peek(s.table)
		s.priceList(c, rows, known)
	}
}

// sizer tells sizes: by asking the source where that is worth a call, else
// from what is at hand.
func (s *search) sizer(ctx context.Context, ask bool) func(*catalog.Table) (int64, bool) {
	if ask {
		return func(t *catalog.Table) (int64, bool) { return s.planner.sizes.Size(ctx, t) }
	}
	return s.planner.sizes.Peek
}

// alone is true of the only path that needs no keys: whatever it costs, there
// is nothing to choose until join keys are known.
func (s *search) alone(path *catalog.Path) bool {
	for i := range s.table.Paths {
		if p := &s.table.Paths[i]; p != path && p.Keyless() {
			return false
		}
	}
	return true
}

func (s *search) priceList(c *candidate, size int64, known bool) {
	switch {
	case known:
	case c.request.Path.Page == 0:
		size = usualPage
	default:
		size = guessedSet
	}
	rows := int64(float64(size) * s.keeps(c.pushed, c.request.Path))
	calls := int64(max(1, len(c.request.Filters))) + further(rows, c.request.Path)
	if few := s.access.Soon(); c.exact && few > 0 {
		rows = min(rows, few)
		calls = min(calls, 1+further(few-1, c.request.Path))
	}
	c.estimate = Estimate{Calls: calls, Rows: rows, Known: known}
}

// priceParent adds the parent's listing to one run for each of its rows.
func (s *search) priceParent(c *candidate, size func(*catalog.Table) (int64, bool)) {
	parents := c.parents(size)
	child := s.table.Path(c.request.Path.Parent.Path)
	runs := parents.Rows * s.runs(child, c.request.Variants)
	if len(c.request.ParentValues) == 0 && len(c.request.Path.Parent.Doubts(child)) > 0 {
		runs /= 2 // the rows tell of some that they have nothing, which is proved many at a time
	}
	c.estimate = Estimate{Calls: parents.Calls + runs, Rows: parents.Rows, Known: parents.Known}
	if few := s.access.Soon(); c.exact && few > 0 {
		c.estimate.Calls = min(c.estimate.Calls, parents.Calls+few)
	}
	if child.Page > 0 {
		if n, ok := size(s.table); ok {
			c.estimate.Rows = n
			c.estimate.Calls += n / int64(child.Page)
		}
	}
}

// parents estimates the reading of the parent's rows.
func (c *candidate) parents(size func(*catalog.Table) (int64, bool)) Estimate {
	up, best := c.up, c.upBest
	switch {
	case best.request.Parent != nil:
		above := best.parents(size)
		rows, known := size(up.table)
		if !known {
			rows = usualPage
		}
		return Estimate{Calls: above.Calls + above.Rows, Rows: rows, Known: known && above.Known}
	case best.empty || best.request.Path.Get != "" || best.unique > 0 || len(best.request.Path.Keys) > 0:
		return best.estimate
	}
	rows, known := size(up.table)
	if !known {
		rows = usualPage
	}
	up.priceList(best, rows, known)
	return best.estimate
}

// further is the number of calls that a listing takes after the first.
func further(rows int64, path *catalog.Path) int64 {
	switch {
	case path.Whole():
		return 0
	case path.Page == 0:
		return max(0, rows-1) / usualPage
	default:
		return max(0, rows-1) / int64(path.Page)
	}
}

// runsOf is the number of a request's runs: one for each key, or a single one.
func runsOf(r *scan.Request) int64 { return int64(max(1, len(r.Keys))) }

// runs is the number of requests that one run of a path takes: one for each
// variant that is wanted, if the access reads what tells them apart.
func (s *search) runs(path *catalog.Path, variants []string) int64 {
	switch {
	case path.Variant == nil || !s.reads(path.Variant.Column):
		return 1
	case len(variants) > 0:
		return int64(len(variants))
	default:
		return int64(len(path.Variant.Values))
	}
}

// reads tells whether the access needs the column's values.
func (s *search) reads(column string) bool {
	for _, i := range s.access.Columns {
		if s.access.Table.Columns[i].Name == column {
			return true
		}
	}
	return slices.Contains(predicate.Columns(s.where), column)
}

// keeps guesses the share of rows that a condition leaves.
func (s *search) keeps(pushed predicate.Expr, path *catalog.Path) float64 {
	share := 1.0
	for _, e := range predicate.Conjuncts(pushed) {
		one := keepText
		if cols := predicate.Columns(e); len(cols) == 1 && path.Filters[cols[0]].Exact {
			one = keepExact
			if parts := s.planner.sizes.Parts(s.table); parts > 0 && path.Partition != nil && path.Partition.Column == cols[0] {
				one = 1 / float64(parts)
			}
		}
		if values, ok := listed(e); ok {
			one = 1 - math.Pow(1-one, float64(values))
		}
		share *= one
	}
	return share
}

func listed(e predicate.Expr) (int, bool) {
	in, ok := e.(predicate.In)
	return len(in.Values), ok
}

// partition lets a large scan be divided.
func (s *search) partition(c *candidate) {
	p := c.request.Path.Partition
	if p == nil || c.empty || c.unique > 0 || len(c.request.Filters) > 1 || s.access.Soon() > 0 && c.exact {
		return
	}
	if c.estimate.Known && c.estimate.Rows < s.planner.options.PartitionAbove {
		return
	}
	if !s.dividable(c, p) {
		return
	}
	c.request.Partition = true
	if values, ok := predicate.KeyValues(c.pushed, p.Column); ok {
		for _, v := range values {
			c.request.Within = append(c.request.Within, v.Text())
		}
		slices.Sort(c.request.Within) // as the filter has them
	}
}

// dividable tells whether the service takes the tests that make the parts, and
// records them.
func (s *search) dividable(c *candidate, p *catalog.Partition) bool {
	at, filters := s.table.Place(), c.request.Path.Filters
	tests := []test{{at, filters[p.Column].Attribute, scim.Word(predicate.OpEq)}}
	if p.Split != "" {
		tests = append(tests, test{at, filters[p.Split].Attribute, scim.Word(predicate.OpSw)})
	}
	if slices.ContainsFunc(tests, s.planner.refusals.refused) {
		return false
	}
	c.sent = append(c.sent, sent{place: at, tests: tests})
	return true
}
