//go:build duckdb_arrow

package duck

import (
	"math"
	"slices"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// shape is what the chain of simple operators at the top of a plan does.
type shape struct {
	computes      bool // something is computed
	limit, offset int64
	hasLimit      bool
	empty         bool // the plan has no rows whatever the data
	scan          bool // the chain ends at a scan of a table
	counts        bool // only the number of the scan's rows is wanted
}

// topShape follows the chain from the root to a scan.
func topShape(op *planOp) shape {
	s, filtered := shape{}, false
	for op != nil {
		switch op.Type {
		case "LOGICAL_PROJECTION":
			s.computes = s.computes || slices.ContainsFunc(op.Expressions, func(e *planExpr) bool { return e == nil || e.Class != "BOUND_REF" })
		case "LOGICAL_FILTER":
			filtered = true
		case "LOGICAL_LIMIT":
			if s.hasLimit || filtered || !s.take(op) {
				return shape{}
			}
		case "LOGICAL_EMPTY_RESULT":
			return shape{empty: true}
		case "LOGICAL_GET":
			s.scan = len(op.Children) == 0 && op.FunctionData.Table != ""
			return s
		case "LOGICAL_AGGREGATE_AND_GROUP_BY":
			counts := !filtered && countsAll(s, op)
			return shape{scan: counts, counts: counts}
		default:
			return shape{empty: alwaysEmpty(op)}
		}
		if len(op.Children) != 1 {
			return shape{}
		}
		op = op.Children[0]
	}
	return shape{}
}

// countsAll recognises count(*) without groups over a scan, with nothing but a
// renaming above it.
func countsAll(above shape, op *planOp) bool {
	alone := len(op.Groups) == 0 && op.GroupingSets == nil && len(op.Expressions) == 1 && len(op.Children) == 1
	if !alone || !countsRows(op.Expressions[0]) || above.computes || above.hasLimit {
		return false
	}
	below := topShape(op.Children[0])
	return below.scan && !below.hasLimit && !below.counts
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
// query is plain, its shape. top is what the plan's root gives.
func (r *reader) build(s shape, top output, q *query.Query) {
	q.Empty = s.empty
	scanned := s.scan && len(r.accesses) == 1 && !r.accesses[0].repeated && !r.accesses[0].partial
	accesses, joins := r.mergeKeyless()
	for _, a := range accesses {
		q.Accesses = append(q.Accesses, r.accessOf(a))
	}
	r.shareColumns(q.Accesses)
	q.Joins = joins
	carry(q)
	if !scanned {
		return
	}
	a := &q.Accesses[0]
	if s.counts {
		if q.Counts = len(top.columns) == 1; q.Counts {
			a.Columns = []int{}
		}
		return
	}
	a.Limit = s.rows()
	if c, ok := a.Where.(predicate.Const); ok && !c.Truth {
		q.Empty = true
	}
	q.Plain = plainOf(s, top, a)
}

// plainOf gives the plain shape, or nil if a column of the result is none of
// the table's.
func plainOf(s shape, top output, a *query.Access) *query.Plain {
	p := &query.Plain{Offset: s.offset}
	if s.hasLimit && s.limit >= 0 {
		p.Limit, p.Empty = s.limit, s.limit == 0
	}
	for _, l := range top.columns {
		at := slices.Index(a.Columns, l.column)
		if l.access < 0 || at < 0 {
			return nil
		}
		p.Project = append(p.Project, at)
	}
	if len(p.Project) == 0 {
		return nil
	}
	return p
}

func (r *reader) accessOf(a *access) query.Access {
	where := append([]predicate.Expr(nil), a.where...)
	if a.partial {
		where = append(where, a.optional...)
	}
	limit, top := a.limit, a.top
	if a.partial || a.repeated {
		limit, top = 0, nil
	}
	return query.Access{Limit: limit, Top: top, Table: a.table, Columns: sortedUnique(a.columns), Where: distinct(where), WhereComplete: !a.partial, Again: a.repeated}
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
	return slices.Compact(append([]int{}, slices.Sorted(slices.Values(in))...))
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
func (r *reader) mergeKeyless() (kept []*access, joins []query.Join) {
	first := map[*catalog.Table]int{}
	to := make([]int, len(r.accesses))
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
	for _, j := range r.joins {
		j.Left, j.Right = to[j.Left], to[j.Right]
		j.ReduceLeft = j.ReduceLeft && !merged[j.Left]
		j.ReduceRight = j.ReduceRight && !merged[j.Right]
		if j.Left != j.Right && (j.ReduceLeft || j.ReduceRight) {
			joins = append(joins, j)
		}
	}
	return kept, joins
}
