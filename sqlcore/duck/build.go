//go:build duckdb_arrow

package duck

import (
	"math"
	"sort"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// shape is the chain of simple operators at the top of a plan.
type shape struct {
	project       []int // positions in the output of the scan; nil for all
	plain         bool  // nothing is computed
	limit, offset int64
	hasLimit      bool
	empty         bool // the plan has no rows whatever the data
	scan          bool // the chain ends at a scan of a table
	counts        bool // only the number of the scan's rows is wanted
}

// topShape follows the chain from the root to a scan.
func topShape(op *planOp) (shape, error) {
	s := shape{plain: true}
	filtered := false
	for op != nil {
		switch op.Type {
		case "LOGICAL_PROJECTION":
			if err := s.through(op.Expressions); err != nil {
				return s, err
			}
		case "LOGICAL_FILTER":
			filtered = true
			positions, err := indexes(op.ProjectionMap)
			if err != nil {
				return s, err
			}
			s.pick(positions)
		case "LOGICAL_LIMIT":
			if s.hasLimit || filtered || !s.take(op) {
				return shape{}, nil
			}
		case "LOGICAL_EMPTY_RESULT":
			return shape{empty: true}, nil
		case "LOGICAL_GET":
			positions, err := indexes(op.ProjectionIDs)
			s.pick(positions)
			s.scan = len(op.Children) == 0 && op.FunctionData.Table != ""
			return s, err
		case "LOGICAL_AGGREGATE_AND_GROUP_BY":
			if filtered {
				return shape{}, nil
			}
			return countShape(s, op)
		default:
			return shape{empty: alwaysEmpty(op)}, nil
		}
		if len(op.Children) != 1 {
			return shape{}, nil
		}
		op = op.Children[0]
	}
	return shape{}, nil
}

// countShape reads count(*) without groups over a scan, with nothing but a
// renaming above it.
func countShape(above shape, op *planOp) (shape, error) {
	alone := len(op.Groups) == 0 && op.GroupingSets == nil && len(op.Expressions) == 1 && len(op.Children) == 1
	if !alone || !countsRows(op.Expressions[0]) || !above.plain || above.hasLimit || len(above.project) > 1 {
		return shape{}, nil
	}
	below, err := topShape(op.Children[0])
	if err != nil || !below.scan || below.hasLimit || below.counts {
		return shape{}, err
	}
	return shape{scan: true, counts: true}, nil
}

// countsRows recognises count(*), without FILTER.
func countsRows(e *planExpr) bool {
	return e != nil && e.Name == "count_star" && len(e.Children) == 0 && e.Filter == nil && e.AggregateType == "NON_DISTINCT"
}

// alwaysEmpty follows operators that give no rows for no rows.
func alwaysEmpty(op *planOp) bool {
	for op != nil {
		switch op.Type {
		case "LOGICAL_EMPTY_RESULT":
			return true
		case "LOGICAL_ORDER_BY", "LOGICAL_DISTINCT", "LOGICAL_FILTER", "LOGICAL_LIMIT", "LOGICAL_PROJECTION":
			if len(op.Children) != 1 {
				return false
			}
			op = op.Children[0]
		default:
			return false
		}
	}
	return false
}

// through passes a projection.
func (s *shape) through(list []*planExpr) error {
	positions := make([]int, len(list))
	for i, e := range list {
		if e == nil || e.Class != "BOUND_REF" {
			s.plain = false
			continue
		}
		var err error
		if positions[i], err = index(e.Index); err != nil {
			return err
		}
	}
	if len(positions) == 0 {
		s.plain = false
	}
	s.pick(positions)
	return nil
}

// pick composes the projection with one below it; nil takes all.
func (s *shape) pick(positions []int) {
	if len(positions) == 0 {
		return
	}
	if s.project == nil {
		s.project = positions
		return
	}
	out := make([]int, len(s.project))
	for i, p := range s.project {
		if p < 0 || p >= len(positions) {
			s.plain = false
			continue
		}
		out[i] = positions[p]
	}
	s.project = out
}

// take reads a limit; ok is false if it isn't constant.
func (s *shape) take(op *planOp) (ok bool) {
	read := func(l planLimit) (int64, bool) {
		switch l.Type {
		case "", "UNSET":
			return -1, true
		case "CONSTANT_VALUE":
			n, err := l.Value.Int64()
			return n, err == nil && n >= 0
		}
		return 0, false
	}
	limit, ok1 := read(op.Limit)
	offset, ok2 := read(op.Offset)
	if !ok1 || !ok2 {
		return false
	}
	s.hasLimit, s.limit, s.offset = true, limit, max(0, offset)
	return true
}

// rows is the number of rows that the scan must give; 0 means all.
func (s *shape) rows() int64 {
	if !s.hasLimit || s.limit < 0 || s.limit > math.MaxInt64-s.offset {
		return 0
	}
	return s.limit + s.offset
}

// build turns what was read from the plan into accesses, joins and, where the
// query is plain, its shape.
func (r *reader) build(s shape, q *query.Query) {
	q.Empty = s.empty
	scanned := -1
	if s.scan && len(r.accesses) == 1 && !r.accesses[0].repeated && !r.accesses[0].partial {
		scanned = 0
	}
	var order []int
	if scanned == 0 {
		order = append(order, r.accesses[0].columns...)
	}
	r.mergeKeyless()
	for _, a := range r.accesses {
		q.Accesses = append(q.Accesses, r.accessOf(a))
	}
	r.shareColumns(q.Accesses)
	q.Joins = r.joins
	carry(q)
	if scanned < 0 {
		return
	}
	a := &q.Accesses[0]
	if s.counts {
		q.Counts, a.Columns = true, []int{}
		return
	}
	a.Limit = s.rows()
	if c, ok := a.Where.(predicate.Const); ok && !c.Truth {
		q.Empty = true
	}
	if s.plain {
		q.Plain = plainOf(s, order, a)
	}
}

// plainOf gives the plain shape, or nil if a column of the result is none of
// the table's.
func plainOf(s shape, order []int, a *query.Access) *query.Plain {
	p := &query.Plain{Offset: s.offset}
	if s.hasLimit && s.limit >= 0 {
		p.Limit, p.Empty = s.limit, s.limit == 0
	}
	if s.project == nil {
		for i := range order {
			s.project = append(s.project, i)
		}
	}
	for _, i := range s.project {
		if i < 0 || i >= len(order) {
			return nil
		}
		for n, c := range a.Columns {
			if c == order[i] {
				p.Project = append(p.Project, n)
			}
		}
	}
	if len(p.Project) != len(s.project) {
		return nil
	}
	return p
}

func (r *reader) accessOf(a *access) query.Access {
	where := append([]predicate.Expr(nil), a.where...)
	if a.partial {
		where = append(where, a.optional...)
	}
	out := query.Access{
		Table:         a.table,
		Columns:       sortedUnique(a.columns),
		Where:         distinct(where),
		WhereComplete: !a.partial,
	}
	return out
}

// distinct joins conditions, each once.
func distinct(list []predicate.Expr) predicate.Expr {
	seen := map[string]bool{}
	var out []predicate.Expr
	for _, e := range predicate.Conjuncts(predicate.AllOf(list...)) {
		if s := e.String(); !seen[s] {
			seen[s] = true
			out = append(out, e)
		}
	}
	return predicate.AllOf(out...)
}

func sortedUnique(in []int) []int {
	out := append([]int{}, in...)
	sort.Ints(out)
	n := 0
	for i, v := range out {
		if i == 0 || v != out[n-1] {
			out[n] = v
			n++
		}
	}
	return out[:n]
}

// shareColumns makes all accesses of one table read the same columns and the
// key, so that rows that several fetch can be told to be the same. It numbers
// them, for EXPLAIN.
func (r *reader) shareColumns(list []query.Access) {
	byTable := map[*catalog.Table][]int{}
	for i := range list {
		byTable[list[i].Table] = append(byTable[list[i].Table], i)
	}
	for t, which := range byTable {
		if len(which) < 2 {
			continue
		}
		all := append([]int(nil), t.Key()...)
		for _, i := range which {
			all = append(all, list[i].Columns...)
		}
		for n, i := range which {
			list[i].Columns = sortedUnique(all)
			list[i].Alias = t.Name + "#" + string(rune('1'+n%9))
		}
	}
}

// mergeKeyless makes one access of several to a table without a primary key,
// where rows that two fetch could not be told apart.
func (r *reader) mergeKeyless() {
	first := map[*catalog.Table]int{}
	to := make([]int, len(r.accesses))
	var kept []*access
	merged := map[int]bool{}
	for i, a := range r.accesses {
		n, seen := first[a.table]
		if !seen || len(a.table.Key()) > 0 {
			first[a.table] = len(kept)
			to[i] = len(kept)
			kept = append(kept, a)
			continue
		}
		to[i] = n
		merged[n] = true
		b := kept[n]
		b.columns = append(b.columns, a.columns...)
		b.where = []predicate.Expr{predicate.AnyOf(predicate.AllOf(b.where...), predicate.AllOf(a.where...))}
		b.partial, b.optional, b.repeated = true, nil, true
	}
	var joins []query.Join
	for _, j := range r.joins {
		j.Left, j.Right = to[j.Left], to[j.Right]
		j.ReduceLeft = j.ReduceLeft && !merged[j.Left]
		j.ReduceRight = j.ReduceRight && !merged[j.Right]
		if j.Left != j.Right && (j.ReduceLeft || j.ReduceRight) {
			joins = append(joins, j)
		}
	}
	r.accesses, r.joins = kept, joins
}
