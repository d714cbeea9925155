package exec

import (
	"context"
	"slices"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// mergedQuery is a query in which each table is read once: several accesses of
// a table become one that serves them all.
type mergedQuery struct {
	query.Query
	// uses counts the accesses that each one serves.
	uses []int
}

// merge joins accesses of the same table, where reading them one after the other
// would not take fewer calls.
func (x *Executor) merge(ctx context.Context, q *query.Query) mergedQuery {
	apart := map[*catalog.Table]bool{}
	for i, a := range q.Accesses {
		if _, known := apart[a.Table]; !known && slices.ContainsFunc(q.Accesses[i+1:], func(b query.Access) bool { return b.Table == a.Table }) {
			apart[a.Table] = x.pays(ctx, q, a.Table)
		}
	}
	return merged(q, apart)
}

// pays tells whether the uses of a table are better read apart: a narrow one
// first, whose keys then narrow all others.
func (x *Executor) pays(ctx context.Context, q *query.Query, t *catalog.Table) bool {
	if !plan.Keyed(t) || t.Members != nil {
		return false
	}
	if t.Schema != nil && t.Schema.System {
		return true // reading it takes no calls
	}
	planner := x.planner.Silent()
	uses := map[int]*plan.Read{}
	for i, a := range q.Accesses {
		if a.Table != t {
			continue
		}
		r, err := planner.Read(ctx, a, nil)
		if err != nil {
			return false
		}
		uses[i] = r
	}
	together, err := planner.Read(ctx, united(q, t), nil)
	if err != nil || together.Estimate.Calls <= 2 {
		return false
	}
	for i, narrow := range uses {
		if narrow.Estimate.Calls > 2 || narrow.Pushed == predicate.True && len(narrow.Request.Keys) == 0 {
			continue
		}
		calls := narrow.Estimate.Calls
		for j, wide := range uses {
			if j != i {
				calls += x.reducedCalls(ctx, q, i, j, wide)
			}
		}
		if calls < together.Estimate.Calls {
			return true
		}
	}
	return false
}

// reducedCalls is the least that it takes to read one use of a table with keys of
// another. If there turn out to be too many keys, it is read without them, and what
// is lost is the other's own reading.
func (x *Executor) reducedCalls(ctx context.Context, q *query.Query, from, to int, wide *plan.Read) int64 {
	for _, e := range edges(mergedQuery{Query: *q}, from) {
		column := wide.Access.Table.Column(e.toColumn)
		if e.to != to || column == nil || !flows(column.Type, column.Type) {
			continue
		}
		r, err := x.planner.Silent().Read(ctx, wide.Access, madeUp(column.Name, column.Type.Kind(), 1))
		if err == nil && r.Estimate.Calls < wide.Estimate.Calls {
			return r.Estimate.Calls
		}
	}
	return wide.Estimate.Calls
}

// united is all uses of a table as one.
func united(q *query.Query, t *catalog.Table) (all query.Access) {
	for _, a := range q.Accesses {
		switch {
		case a.Table != t:
		case all.Table == nil:
			all = a
		default:
			all = join(all, a)
		}
	}
	return all
}

// merged joins accesses of the same table, but for those to be read apart. Their
// conditions are or-ed and their columns united, so that every row has every
// column that any use reads.
func merged(q *query.Query, apart map[*catalog.Table]bool) mergedQuery {
	m := mergedQuery{Query: *q}
	m.Accesses, m.Joins = nil, nil
	at := map[*catalog.Table]int{}
	place := make([]int, len(q.Accesses))
	for i, a := range q.Accesses {
		j, seen := at[a.Table]
		if apart[a.Table] {
			seen = false
			a.Columns = united(q, a.Table).Columns
			a.Limit, a.Expect, a.Top = 0, 0, nil
		}
		if !seen {
			j = len(m.Accesses)
			at[a.Table] = j
			m.Accesses = append(m.Accesses, a)
			m.uses = append(m.uses, 0)
		} else {
			m.Accesses[j] = join(m.Accesses[j], a)
		}
		m.uses[j]++
		place[i] = j
	}
	for _, j := range q.Joins {
		j.Left, j.Right = place[j.Left], place[j.Right]
		// A table that serves several uses can't be cut to one use's keys, and
		// the keys of one use aren't those of all its rows.
		j.ReduceLeft = j.ReduceLeft && m.uses[j.Left] == 1
		j.ReduceRight = j.ReduceRight && m.uses[j.Right] == 1
		if j.Left != j.Right && (j.ReduceLeft || j.ReduceRight) {
			m.Joins = append(m.Joins, j)
		}
	}
	return m
}

func join(a, b query.Access) query.Access {
	a.Alias = a.Alias + ", " + b.Alias
	a.Where = predicate.AnyOf(whereOf(a), whereOf(b))
	a.WhereComplete = false
	a.Limit, a.Expect, a.Top = 0, 0, nil
	a.Columns = slices.Clone(a.Columns)
	for _, c := range b.Columns {
		if !slices.Contains(a.Columns, c) {
			a.Columns = append(a.Columns, c)
		}
	}
	for _, c := range a.Table.Key() {
		if !slices.Contains(a.Columns, c) {
			a.Columns = append(a.Columns, c)
		}
	}
	return a
}

func whereOf(a query.Access) predicate.Expr {
	if a.Where == nil {
		return predicate.True
	}
	return a.Where
}
