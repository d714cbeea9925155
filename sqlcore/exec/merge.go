package exec

import (
	"slices"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
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

// merged joins accesses of the same table. Their conditions are or-ed and
// their columns united, so that every row has every column that any use reads.
func merged(q *query.Query) mergedQuery {
	m := mergedQuery{Query: *q}
	m.Accesses, m.Joins = nil, nil
	at := map[*catalog.Table]int{}
	place := make([]int, len(q.Accesses))
	for i, a := range q.Accesses {
		j, seen := at[a.Table]
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
