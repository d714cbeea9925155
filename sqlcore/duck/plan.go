//go:build duckdb_arrow

package duck

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/go-faster/jx"
)

// The engine's optimised plan, as far as it is read. Its form is internal to
// the engine's version; what isn't recognised is not pushed down, which is
// always safe because the unchanged query runs over what was fetched.

// errPlan means that a plan doesn't have the form this package knows.
var errPlan = errors.New("duck: the plan has an unknown form")

// maxPlanDepth bounds the recursion over a plan.
const maxPlanDepth = 2000

type planReply struct {
	Error        bool
	ErrorType    string
	ErrorMessage string
	Position     string
	Plans        []*planOp
}

// planOp is an operator of a plan.
type planOp struct {
	Type     string
	Children []*planOp

	// LOGICAL_GET
	Name          string // the function that reads
	ReturnedTypes []planType
	ProjectionIDs []json.Number
	TableFilters  []keyedFilter
	FunctionData  planTable
	ColumnIndexes []json.Number

	// LOGICAL_PROJECTION, LOGICAL_FILTER, aggregates and windows
	Expressions   []*planExpr
	ProjectionMap []json.Number
	Groups        []*planExpr
	GroupingSets  [][]json.Number

	// joins
	JoinType   string
	LeftMap    []json.Number
	RightMap   []json.Number
	Conditions []planCondition

	// LOGICAL_ORDER_BY
	Orders []planOrder

	// LOGICAL_LIMIT
	Limit  planLimit
	Offset planLimit

	// LOGICAL_DISTINCT
	DistinctType string

	// leaves
	ChunkTypes  []planType
	ReturnTypes []planType
	ExprTypes   []planType
	Projections int // their number
}

// planOrder is one of the expressions that rows are sorted by.
type planOrder struct {
	Type       string
	Expression *planExpr
}

type planLimit struct {
	Type  string
	Value json.Number
}

type planType struct {
	ID      string
	Scale   int  // of a DECIMAL
	Special bool // it is told more than its ID, as JSON is
}

// keyedFilter is the condition on one column of a scan.
type keyedFilter struct {
	Key   json.Number
	Value *planFilter
}

type planTable struct{ Schema, Table string }

type planCondition struct {
	Left, Right *planExpr
	Comparison  string
}

type planCheck struct{ When, Then *planExpr }

// planExpr is an expression of a plan.
type planExpr struct {
	Class      string
	Type       string
	Alias      string
	ReturnType planType
	Index      json.Number
	Name       string
	Children   []*planExpr
	Left       *planExpr
	Right      *planExpr
	Child      *planExpr
	Input      *planExpr
	Lower      *planExpr
	Upper      *planExpr
	LowerIncl  bool
	UpperIncl  bool
	Value      *planValue
	TryCast    bool
	Location   json.Number

	// BOUND_PARAMETER, of which Value has the type alone
	Identifier string

	// BOUND_AGGREGATE
	Filter        *planExpr
	AggregateType string
	// BOUND_WINDOW
	Partitions []*planExpr
	// BOUND_CASE
	Checks []planCheck
	Else   *planExpr
}

// parts gives the expressions that e is made of; some may be nil.
func (e *planExpr) parts() []*planExpr {
	out := append([]*planExpr{e.Left, e.Right, e.Child, e.Input, e.Lower, e.Upper, e.Else}, e.Children...)
	for _, c := range e.Checks {
		out = append(out, c.When, c.Then)
	}
	return out
}

// eachRoot visits the expressions of a plan's operators; keeps is true for one
// that decides alone whether a row is kept.
func eachRoot(op *planOp, depth int, visit func(e *planExpr, keeps bool)) {
	if op == nil || depth > maxPlanDepth {
		return
	}
	for _, f := range op.TableFilters {
		f.Value.eachRoot(depth, visit)
	}
	for _, e := range slices.Concat(op.Expressions, op.Groups) {
		visit(e, op.Type == "LOGICAL_FILTER")
	}
	for _, o := range op.Orders {
		visit(o.Expression, false)
	}
	for _, c := range op.Conditions {
		visit(&planExpr{Class: "BOUND_COMPARISON", Type: c.Comparison, Left: c.Left, Right: c.Right}, false)
	}
	for _, c := range op.Children {
		eachRoot(c, depth+1, visit)
	}
}

func (f *planFilter) eachRoot(depth int, visit func(e *planExpr, keeps bool)) {
	if f == nil || depth > maxPlanDepth {
		return
	}
	visit(f.Expr, true)
	f.Child.eachRoot(depth+1, visit)
	for _, c := range f.Children {
		c.eachRoot(depth+1, visit)
	}
}

// planValue is a constant.
type planValue struct {
	Type   planType
	IsNull bool
	Value  jx.Raw
}

// planFilter is a condition at a scan, on one column.
type planFilter struct {
	Type       string
	Comparison string
	Constant   *planValue
	Children   []*planFilter
	Child      *planFilter
	Values     []*planValue
	Expr       *planExpr
}

// indexes reads a list of column positions.
func indexes(list []json.Number) ([]int, error) {
	out := make([]int, len(list))
	for i, n := range list {
		v, err := index(n)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// noColumn is the position of "no column wanted".
const noColumn = -1

// index reads a column position; the largest 64-bit number stands for none.
func index(n json.Number) (int, error) {
	u, err := strconv.ParseUint(n.String(), 10, 64)
	if err != nil {
		return 0, errPlan
	}
	if u >= 1<<63 {
		return noColumn, nil
	}
	if u > 1<<20 {
		return 0, errPlan
	}
	return int(u), nil
}
