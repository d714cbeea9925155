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
	Error        bool      `plan:"error"`
	ErrorType    string    `plan:"error_type"`
	ErrorMessage string    `plan:"error_message"`
	Position     string    `plan:"position"`
	Plans        []*planOp `plan:"plans"`
}

// planOp is an operator of a plan.
type planOp struct {
	Type     string    `plan:"type"`
	Children []*planOp `plan:"children"`

	// LOGICAL_GET
	Name          string        `plan:"name"` // the function that reads
	ReturnedTypes []planType    `plan:"returned_types"`
	ProjectionIDs []json.Number `plan:"projection_ids"`
	TableFilters  planFilters   `plan:"table_filters"`
	FunctionData  planTable     `plan:"function_data"`
	ColumnIndexes []planIndex   `plan:"column_indexes"`

	// LOGICAL_PROJECTION, LOGICAL_FILTER, aggregates and windows
	Expressions   []*planExpr     `plan:"expressions"`
	ProjectionMap []json.Number   `plan:"projection_map"`
	Groups        []*planExpr     `plan:"groups"`
	GroupingSets  [][]json.Number `plan:"grouping_sets"`

	// joins
	JoinType   string          `plan:"join_type"`
	LeftMap    []json.Number   `plan:"left_projection_map"`
	RightMap   []json.Number   `plan:"right_projection_map"`
	Conditions []planCondition `plan:"conditions"`

	// LOGICAL_ORDER_BY
	Orders []planOrder `plan:"orders"`

	// LOGICAL_LIMIT
	Limit  planLimit `plan:"limit_val"`
	Offset planLimit `plan:"offset_val"`

	// LOGICAL_DISTINCT
	DistinctType string `plan:"distinct_type"`

	// leaves
	ChunkTypes  []planType    `plan:"chunk_types"`
	ReturnTypes []planType    `plan:"return_types"`
	ExprTypes   []planType    `plan:"expr_types"`
	Projections []json.Number `plan:"projections"`
}

// planOrder is one of the expressions that rows are sorted by.
type planOrder struct {
	Type       string    `plan:"type"`
	Nulls      string    `plan:"null_order"`
	Expression *planExpr `plan:"expression"`
}

type planLimit struct {
	Type  string      `plan:"type"`
	Value json.Number `plan:"constant_integer"`
}

type planType struct {
	ID   string        `plan:"id"`
	Info *planTypeInfo `plan:"type_info"` // nil where the ID says all
}

// planTypeInfo is what is told of JSON, DECIMAL and others beside their ID.
type planTypeInfo struct {
	Scale int `plan:"scale"` // of a DECIMAL
}

// planFilters are the conditions on single columns of a scan.
type planFilters struct {
	Filters []keyedFilter `plan:"filters"`
}

type keyedFilter struct {
	Key   json.Number `plan:"key"`
	Value *planFilter `plan:"value"`
}

type planIndex struct {
	Index json.Number `plan:"index"`
}

type planTable struct {
	Schema string `plan:"schema"`
	Table  string `plan:"table"`
}

type planCondition struct {
	Left       *planExpr `plan:"left"`
	Right      *planExpr `plan:"right"`
	Comparison string    `plan:"comparison"`
}

type planCheck struct {
	When *planExpr `plan:"when_expr"`
	Then *planExpr `plan:"then_expr"`
}

// planExpr is an expression of a plan.
type planExpr struct {
	Class      string      `plan:"expression_class"`
	Type       string      `plan:"type"`
	Alias      string      `plan:"alias"`
	ReturnType planType    `plan:"return_type"`
	Index      json.Number `plan:"index"`
	Name       string      `plan:"name"`
	Children   []*planExpr `plan:"children"`
	Left       *planExpr   `plan:"left"`
	Right      *planExpr   `plan:"right"`
	Child      *planExpr   `plan:"child"`
	Input      *planExpr   `plan:"input"`
	Lower      *planExpr   `plan:"lower"`
	Upper      *planExpr   `plan:"upper"`
	LowerIncl  bool        `plan:"lower_inclusive"`
	UpperIncl  bool        `plan:"upper_inclusive"`
	Value      *planValue  `plan:"value"`
	TryCast    bool        `plan:"try_cast"`
	Location   json.Number `plan:"query_location"`

	// BOUND_PARAMETER
	Identifier string        `plan:"identifier"`
	Parameter  planParameter `plan:"parameter_data"`

	// BOUND_AGGREGATE
	Filter        *planExpr `plan:"filter"`
	AggregateType string    `plan:"aggregate_type"`
	// BOUND_WINDOW
	Partitions []*planExpr `plan:"partitions"`
	// BOUND_CASE
	Checks []planCheck `plan:"case_checks"`
	Else   *planExpr   `plan:"else_expr"`
}

// planParameter is an open parameter, of whose value the type alone is known.
type planParameter struct {
	Value *planValue `plan:"value"`
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
	for _, f := range op.TableFilters.Filters {
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
	Type   planType `plan:"type"`
	IsNull bool     `plan:"is_null"`
	Value  jx.Raw   `plan:"value"`
}

// planFilter is a condition at a scan, on one column.
type planFilter struct {
	Type       string        `plan:"filter_type"`
	Comparison string        `plan:"comparison_type"`
	Constant   *planValue    `plan:"constant"`
	Children   []*planFilter `plan:"child_filters"`
	Child      *planFilter   `plan:"child_filter"`
	Values     []*planValue  `plan:"values"`
	Expr       *planExpr     `plan:"expr"`
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
