// Package query is the bound query: what every front end hands to the planner
// after names and types have been checked. It is a value that can be printed.
//
// A bound query has a list of accesses, one for each time a table is read,
// and either a plain shape, which needs no engine, or SQL for the engine to
// run over the rows fetched.
package query

import (
	"cmp"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Access is one reading of a table.
type Access struct {
	// Alias tells several readings of one table apart, for EXPLAIN.
	Alias string
	Table *catalog.Table
	// Columns are the positions of the columns that the query reads.
	Columns []int
	// Where is a condition that every row the query needs fulfils. It may keep
	// more rows than needed, never fewer.
	Where predicate.Expr
	// WhereComplete is true when Where is the whole condition on this access.
	WhereComplete bool
	// Again is true where the rows may be read more than once, as in a recursion.
	Again bool
	// Limit is the number of rows after which no more are needed, provided
	// that they fulfil Where; 0 if there is no such number.
	Limit int64
	// Expect is like Limit, but the reading may go on later: nothing is read
	// ahead from then on.
	Expect int64
	// Path is the name of the access path to take; "" for the best.
	Path string
	// Top says that only the first rows by a column are needed, provided that
	// WhereComplete; nil if not.
	Top *Top
}

// Top is the first rows in the order of a column.
type Top struct {
	Column     string
	Descending bool
	// Nullable is true where rows may have no value; those stand at the end, or at the
	// beginning with NullsFirst.
	Nullable, NullsFirst bool
	Rows                 int64
	// Alone is true where rows of equal values may come in any order.
	Alone bool
}

// Soon is the number of rows that are needed first, 0 if that is all.
func (a *Access) Soon() int64 {
	if a.Limit > 0 {
		return a.Limit
	}
	return a.Expect
}

// Join is an equality between columns of two accesses, by position in
// Query.Accesses. Left may be reduced to the keys found in Right when
// ReduceLeft, and the other way round, without changing the answer.
type Join struct {
	Left, Right             int
	LeftColumn, RightColumn string
	ReduceLeft, ReduceRight bool
}

// Column is a column of the result.
type Column struct {
	Name string
	Type catalog.Type
	// SQLType is the engine's name of the type, such as DECIMAL(18,3), for
	// results that no catalog type covers; else Type.SQL().
	SQLType string
}

// TypeName is the name of the column's type in the engine's SQL.
func (c Column) TypeName() string { return cmp.Or(c.SQLType, c.Type.SQL()) }

// Plain is a query that the stream of one access answers: filter, skip, limit
// and project.
type Plain struct {
	// Project gives the result's columns as positions in Access.Columns.
	Project []int
	// FilterSQL is a condition that only the engine can evaluate, over the
	// columns of the access, applied after Where; "" if none.
	FilterSQL string
	Offset    int64
	// Limit is the number of rows of the result; 0 if not limited. An explicit
	// limit of no rows is Empty.
	Limit int64
	Empty bool
}

// Query is a bound query.
type Query struct {
	Accesses []Access
	Joins    []Join
	Columns  []Column
	// Plain is set when no engine is needed; SQL otherwise.
	Plain *Plain
	// Counts is set when the result is one row with one column, the number of
	// rows of the only access that fulfil its condition. No engine is needed.
	Counts bool
	// Late are columns of the result whose values are read when its rows are
	// known; until then there are keys in their place.
	Late []Late
	// SQL is the residual in the engine's dialect, over two-part names
	// "schema"."table".
	SQL string
	// Parameters are the values of $1, $2 … in SQL.
	Parameters []predicate.Value
	// Single has the engine run SQL in one thread.
	Single bool
	// InOrder asks for one order of the only access's rows in every reading: SQL keeps
	// it.
	InOrder bool
	// Empty is true when the result has no rows whatever the data.
	Empty bool
	// Notes tell users what was not pushed and why.
	Notes []string
}

// Tables lists the tables that the query reads, one for each reading.
func (q *Query) Tables() []*catalog.Table {
	out := make([]*catalog.Table, 0, len(q.Accesses)+len(q.Late))
	for i := range q.Accesses {
		out = append(out, q.Accesses[i].Table)
	}
	for i := range q.Late {
		out = append(out, q.Late[i].Table)
	}
	return out
}

// Late is a column of the result whose values stand in another table.
type Late struct {
	// At is its position in the result; there are keys of KeyType before the
	// values are read.
	At      int
	KeyType catalog.Type
	// Table has the values in Column, in the rows whose Key is the key: one at
	// most, or any number for a List.
	Table       *catalog.Table
	Key, Column string
	List        bool
}

// Input is a table's rows for the engine.
type Input struct {
	Table *catalog.Table
	// Columns are the positions, in Table, of the columns that Rows holds; the
	// table's other columns are null.
	Columns []int
	Rows    scan.Batches
	// Once is true when SQL reads the table once, so that rows can stream in
	// without being kept.
	Once bool
	// Expect is about how many rows there are, 0 where nobody can tell: of two sides
	// of a join the engine holds the smaller one and streams the other.
	Expect int64
}

// Job is work for the engine: SQL over inputs, named "schema"."table" after
// Input.Table.
type Job struct {
	SQL        string
	Parameters []predicate.Value
	Inputs     []Input
	Single     bool // see Query
}
