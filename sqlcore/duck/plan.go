//go:build duckdb_arrow

package duck

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// The engine's optimised plan, as far as it is read. Its form is internal to
// the engine's version; what isn't recognised is not pushed down, which is
// always safe because the unchanged query runs over what was fetched.

// errPlan means that a plan doesn't have the form this package knows.
var errPlan = errors.New("duck: the plan has an unknown form")

// maxPlanDepth bounds the recursion over a plan.
const maxPlanDepth = 2000

type planReply struct {
	Error        bool      `json:"error"`
	ErrorType    string    `json:"error_type"`
	ErrorMessage string    `json:"error_message"`
	ErrorSubtype string    `json:"error_subtype"`
	Position     string    `json:"position"`
	Name         string    `json:"name"`
	Plans        []*planOp `json:"plans"`
}

// planOp is an operator of a plan.
type planOp struct {
	Type     string    `json:"type"`
	Children []*planOp `json:"children"`

	// LOGICAL_GET
	Names         []string      `json:"names"`
	ReturnedTypes []planType    `json:"returned_types"`
	ProjectionIDs []json.Number `json:"projection_ids"`
	TableFilters  struct {
		Filters []struct {
			Key   json.Number `json:"key"`
			Value *planFilter `json:"value"`
		} `json:"filters"`
	} `json:"table_filters"`
	FunctionData struct {
		Schema string `json:"schema"`
		Table  string `json:"table"`
	} `json:"function_data"`
	Name          string `json:"name"`
	ColumnIndexes []struct {
		Index json.Number `json:"index"`
	} `json:"column_indexes"`

	// LOGICAL_PROJECTION, LOGICAL_FILTER, aggregates and windows
	Expressions   planExprs       `json:"expressions"`
	ProjectionMap []json.Number   `json:"projection_map"`
	Groups        []*planExpr     `json:"groups"`
	GroupingSets  [][]json.Number `json:"grouping_sets"`

	// joins
	JoinType   string        `json:"join_type"`
	LeftMap    []json.Number `json:"left_projection_map"`
	RightMap   []json.Number `json:"right_projection_map"`
	Conditions []struct {
		Left       *planExpr `json:"left"`
		Right      *planExpr `json:"right"`
		Comparison string    `json:"comparison"`
	} `json:"conditions"`

	// LOGICAL_LIMIT
	Limit  planLimit `json:"limit_val"`
	Offset planLimit `json:"offset_val"`

	// LOGICAL_DISTINCT
	DistinctType string `json:"distinct_type"`

	// leaves
	ChunkTypes  []planType        `json:"chunk_types"`
	ReturnTypes []planType        `json:"return_types"`
	ExprTypes   []planType        `json:"expr_types"`
	Projections []json.RawMessage `json:"projections"`
}

// planExprs is a list of expressions. The lists of lists that VALUES has are
// passed over.
type planExprs []*planExpr

// UnmarshalJSON reads a list of expressions.
func (p *planExprs) UnmarshalJSON(raw []byte) error {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	for _, item := range list {
		if bytes.HasPrefix(bytes.TrimSpace(item), []byte("[")) {
			*p = nil
			return nil
		}
		d := json.NewDecoder(bytes.NewReader(item))
		d.UseNumber()
		var e *planExpr
		if err := d.Decode(&e); err != nil {
			return err
		}
		*p = append(*p, e)
	}
	return nil
}

type planLimit struct {
	Type  string      `json:"type"`
	Value json.Number `json:"constant_integer"`
}

type planType struct {
	ID   string `json:"id"`
	Info struct {
		Scale int `json:"scale"`
	} `json:"type_info"`
}

// planExpr is an expression of a plan.
type planExpr struct {
	Class      string      `json:"expression_class"`
	Type       string      `json:"type"`
	Alias      string      `json:"alias"`
	ReturnType planType    `json:"return_type"`
	Index      json.Number `json:"index"`
	Name       string      `json:"name"`
	Children   []*planExpr `json:"children"`
	Left       *planExpr   `json:"left"`
	Right      *planExpr   `json:"right"`
	Child      *planExpr   `json:"child"`
	Input      *planExpr   `json:"input"`
	Lower      *planExpr   `json:"lower"`
	Upper      *planExpr   `json:"upper"`
	LowerIncl  bool        `json:"lower_inclusive"`
	UpperIncl  bool        `json:"upper_inclusive"`
	Value      *planValue  `json:"value"`
	TryCast    bool        `json:"try_cast"`
	Location   json.Number `json:"query_location"`

	// BOUND_AGGREGATE
	Filter        *planExpr `json:"filter"`
	AggregateType string    `json:"aggregate_type"`
	// BOUND_WINDOW
	Partitions []*planExpr `json:"partitions"`
	// BOUND_CASE
	Checks []struct {
		When *planExpr `json:"when_expr"`
		Then *planExpr `json:"then_expr"`
	} `json:"case_checks"`
	Else *planExpr `json:"else_expr"`
}

// parts gives the expressions that e is made of; some may be nil.
func (e *planExpr) parts() []*planExpr {
	out := append([]*planExpr{e.Left, e.Right, e.Child, e.Input, e.Lower, e.Upper, e.Else}, e.Children...)
	for _, c := range e.Checks {
		out = append(out, c.When, c.Then)
	}
	return out
}

// planValue is a constant.
type planValue struct {
	Type   planType        `json:"type"`
	IsNull bool            `json:"is_null"`
	Value  json.RawMessage `json:"value"`
}

// planFilter is a condition at a scan, on one column.
type planFilter struct {
	Type       string        `json:"filter_type"`
	Comparison string        `json:"comparison_type"`
	Constant   *planValue    `json:"constant"`
	Children   []*planFilter `json:"child_filters"`
	Child      *planFilter   `json:"child_filter"`
	Values     []*planValue  `json:"values"`
	Expr       *planExpr     `json:"expr"`
}

// decodePlan reads the answer of json_serialize_plan.
func decodePlan(text string) (*planReply, error) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var r planReply
	if err := d.Decode(&r); err != nil {
		return nil, errors.Join(errPlan, err)
	}
	return &r, nil
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
