//go:build duckdb_arrow

package duck

import (
	"encoding/json"
	"errors"

	"github.com/go-faster/jx"
)

// A plan is read in one pass into the members that mean something here; the
// rest, which is most of it, is passed over.

// decodePlan reads the answer of json_serialize_plan, or of json_serialize_sql
// where that is an error.
func decodePlan(text []byte) (*planReply, error) {
	var r *planReply
	if err := readNode(jx.DecodeBytes(text), &r); err != nil {
		return nil, errors.Join(errPlan, err)
	}
	if r == nil {
		return nil, errPlan
	}
	return r, nil
}

// node is a type that reads its own members.
type node[T any] interface {
	*T
	member(d *jx.Decoder, key []byte) error
}

// readNode reads an object; null leaves to as it is.
func readNode[T any, P node[T]](d *jx.Decoder, to **T) error {
	if d.Next() == jx.Null {
		return d.Null()
	}
	v := new(T)
	*to = v
	return readInto[T, P](d, v)
}

// ready reports whether a value of the type comes next; null is passed over.
func ready(d *jx.Decoder, want jx.Type) (bool, error) {
	switch d.Next() {
	case want:
		return true, nil
	case jx.Null:
		return false, d.Null()
	default:
		return false, errPlan
	}
}

func readInto[T any, P node[T]](d *jx.Decoder, to *T) error {
	ok, err := ready(d, jx.Object)
	if ok {
		err = d.ObjBytes(P(to).member)
	}
	return err
}

// readMember reads one member of an object.
func readMember(d *jx.Decoder, name string, read func(*jx.Decoder) error) error {
	ok, err := ready(d, jx.Object)
	if !ok {
		return err
	}
	return d.ObjBytes(func(d *jx.Decoder, key []byte) error {
		if string(key) == name {
			return read(d)
		}
		return d.Skip()
	})
}

// readList reads an array by its items.
func readList[T any](d *jx.Decoder, to *[]T, item func(*jx.Decoder, *T) error) error {
	ok, err := ready(d, jx.Array)
	if !ok {
		return err
	}
	*to = []T{}
	return d.Arr(func(d *jx.Decoder) error {
		var v T
		err := item(d, &v)
		*to = append(*to, v)
		return err
	})
}

func readText(d *jx.Decoder, to *string) error {
	ok, err := ready(d, jx.String)
	if ok {
		var text []byte
		text, err = d.StrBytes()
		if *to = common[string(text)]; *to == "" {
			*to = string(text)
		}
	}
	return err
}

// common are the texts that stand in most expressions of a long plan, so that
// they are there once.
var common = func() map[string]string {
	out := map[string]string{}
	for _, text := range []string{
		"BOUND_AGGREGATE", "BOUND_CASE", "BOUND_CAST", "BOUND_COLUMN_REF", "BOUND_COMPARISON", "BOUND_CONJUNCTION",
		"BOUND_CONSTANT", "BOUND_FUNCTION", "BOUND_OPERATOR", "BOUND_REF", "BOUND_WINDOW", "COMPARE_EQUAL", "COMPARE_IN",
		"OPERATOR_CAST", "VALUE_CONSTANT", "BIGINT", "BOOLEAN", "DOUBLE", "INTEGER", "TIMESTAMP WITH TIME ZONE",
		"UUID", "VARCHAR", "+", "concat", "||",
	} {
		out[text] = text
	}
	return out
}()

func readBool(d *jx.Decoder, to *bool) error {
	ok, err := ready(d, jx.Bool)
	if ok {
		*to, err = d.Bool()
	}
	return err
}

func readNumber(d *jx.Decoder, to *json.Number) error {
	ok, err := ready(d, jx.Number)
	if !ok {
		return err
	}
	n, err := d.Num()
	*to = json.Number(n.String())
	return err
}

func readNumbers(d *jx.Decoder, to *[]json.Number) error { return readList(d, to, readNumber) }

func readTypes(d *jx.Decoder, to *[]planType) error { return readList(d, to, readInto[planType]) }

func readExprs(d *jx.Decoder, to *[]*planExpr) error { return readList(d, to, readNode[planExpr]) }

// readRows reads a list of expressions. The lists of lists that VALUES has are
// passed over.
func readRows(d *jx.Decoder, to *[]*planExpr) error {
	raw, err := d.Raw()
	if err != nil {
		return err
	}
	rows := false
	if raw.Type() == jx.Array {
		if err := jx.DecodeBytes(raw).Arr(func(d *jx.Decoder) error {
			rows = rows || d.Next() == jx.Array
			return d.Skip()
		}); err != nil || rows {
			return err
		}
	}
	return readExprs(jx.DecodeBytes(raw), to)
}

func (r *planReply) member(d *jx.Decoder, key []byte) error {
	switch string(key) {
	case "error":
		return readBool(d, &r.Error)
	case "error_type":
		return readText(d, &r.ErrorType)
	case "error_message":
		return readText(d, &r.ErrorMessage)
	case "position":
		return readText(d, &r.Position)
	case "plans":
		return readList(d, &r.Plans, readNode[planOp])
	}
	return d.Skip()
}

func (o *planOp) member(d *jx.Decoder, key []byte) error {
	switch string(key) {
	case "type":
		return readText(d, &o.Type)
	case "name":
		return readText(d, &o.Name)
	case "children":
		return readList(d, &o.Children, readNode[planOp])
	case "returned_types":
		return readTypes(d, &o.ReturnedTypes)
	case "projection_ids":
		return readNumbers(d, &o.ProjectionIDs)
	case "table_filters":
		return readMember(d, "filters", func(d *jx.Decoder) error { return readList(d, &o.TableFilters, readInto[keyedFilter]) })
	case "function_data":
		return readInto(d, &o.FunctionData)
	case "column_indexes":
		return readList(d, &o.ColumnIndexes, func(d *jx.Decoder, to *json.Number) error {
			return readMember(d, "index", func(d *jx.Decoder) error { return readNumber(d, to) })
		})
	case "expressions":
		return readRows(d, &o.Expressions)
	case "projection_map":
		return readNumbers(d, &o.ProjectionMap)
	case "orders":
		return readList(d, &o.Orders, readInto[planOrder])
	case "limit_val":
		return readInto(d, &o.Limit)
	case "offset_val":
		return readInto(d, &o.Offset)
	case "distinct_type":
		return readText(d, &o.DistinctType)
	case "projections":
		o.Projections = 0
		return readList(d, &[]struct{}{}, func(d *jx.Decoder, _ *struct{}) error { o.Projections++; return d.Skip() })
	case "chunk_types":
		return readTypes(d, &o.ChunkTypes)
	case "return_types":
		return readTypes(d, &o.ReturnTypes)
	case "expr_types":
		return readTypes(d, &o.ExprTypes)
	}
	return o.joinMember(d, key)
}

// joinMember reads what joins and aggregates have.
func (o *planOp) joinMember(d *jx.Decoder, key []byte) error {
	switch string(key) {
	case "groups":
		return readExprs(d, &o.Groups)
	case "grouping_sets":
		return readList(d, &o.GroupingSets, readNumbers)
	case "join_type":
		return readText(d, &o.JoinType)
	case "left_projection_map":
		return readNumbers(d, &o.LeftMap)
	case "right_projection_map":
		return readNumbers(d, &o.RightMap)
	case "conditions":
		return readList(d, &o.Conditions, readInto[planCondition])
	}
	return d.Skip()
}

func (c *planCondition) member(d *jx.Decoder, key []byte) error {
	switch string(key) {
	case "left":
		return readNode(d, &c.Left)
	case "right":
		return readNode(d, &c.Right)
	case "comparison":
		return readText(d, &c.Comparison)
	}
	return d.Skip()
}

func (f *keyedFilter) member(d *jx.Decoder, key []byte) error {
	switch string(key) {
	case "key":
		return readNumber(d, &f.Key)
	case "value":
		return readNode(d, &f.Value)
	}
	return d.Skip()
}

func (t *planTable) member(d *jx.Decoder, key []byte) error {
	switch string(key) {
	case "schema":
		return readText(d, &t.Schema)
	case "table":
		return readText(d, &t.Table)
	}
	return d.Skip()
}

func (o *planOrder) member(d *jx.Decoder, key []byte) error {
	switch string(key) {
	case "type":
		return readText(d, &o.Type)
	case "expression":
		return readNode(d, &o.Expression)
	}
	return d.Skip()
}

func (l *planLimit) member(d *jx.Decoder, key []byte) error {
	switch string(key) {
	case "type":
		return readText(d, &l.Type)
	case "constant_integer":
		return readNumber(d, &l.Value)
	}
	return d.Skip()
}

func (t *planType) member(d *jx.Decoder, key []byte) error {
	switch string(key) {
	case "id":
		return readText(d, &t.ID)
	case "type_info":
		t.Special = true
		return readMember(d, "scale", func(d *jx.Decoder) (err error) {
			if d.Next() != jx.Number {
				return d.Skip()
			}
			t.Scale, err = d.Int()
			return err
		})
	}
	return d.Skip()
}

func (e *planExpr) member(d *jx.Decoder, key []byte) error {
	switch string(key) {
	case "expression_class":
		return readText(d, &e.Class)
	case "type":
		return readText(d, &e.Type)
	case "alias":
		return readText(d, &e.Alias)
	case "return_type":
		return readInto(d, &e.ReturnType)
	case "index":
		return readNumber(d, &e.Index)
	case "name":
		return readText(d, &e.Name)
	case "children":
		return readExprs(d, &e.Children)
	case "left":
		return readNode(d, &e.Left)
	case "right":
		return readNode(d, &e.Right)
	case "child":
		return readNode(d, &e.Child)
	case "value":
		return readNode(d, &e.Value)
	case "try_cast":
		return readBool(d, &e.TryCast)
	case "query_location":
		return readNumber(d, &e.Location)
	}
	return e.rareMember(d, key)
}

// rareMember reads what few kinds of expression have.
func (e *planExpr) rareMember(d *jx.Decoder, key []byte) error {
	switch string(key) {
	case "input":
		return readNode(d, &e.Input)
	case "lower":
		return readNode(d, &e.Lower)
	case "upper":
		return readNode(d, &e.Upper)
	case "lower_inclusive":
		return readBool(d, &e.LowerIncl)
	case "upper_inclusive":
		return readBool(d, &e.UpperIncl)
	case "filter":
		return readNode(d, &e.Filter)
	case "aggregate_type":
		return readText(d, &e.AggregateType)
	case "partitions":
		return readExprs(d, &e.Partitions)
	case "case_checks":
		return readList(d, &e.Checks, readInto[planCheck])
	case "else_expr":
		return readNode(d, &e.Else)
	case "identifier":
		return readText(d, &e.Identifier)
	case "parameter_data":
		return readMember(d, "value", func(d *jx.Decoder) error { return readNode(d, &e.Value) })
	}
	return d.Skip()
}

func (c *planCheck) member(d *jx.Decoder, key []byte) error {
	switch string(key) {
	case "when_expr":
		return readNode(d, &c.When)
	case "then_expr":
		return readNode(d, &c.Then)
	}
	return d.Skip()
}

func (v *planValue) member(d *jx.Decoder, key []byte) (err error) {
	switch string(key) {
	case "type":
		return readInto(d, &v.Type)
	case "is_null":
		return readBool(d, &v.IsNull)
	case "value":
		v.Value, err = d.Raw()
		return err
	}
	return d.Skip()
}

func (f *planFilter) member(d *jx.Decoder, key []byte) error {
	switch string(key) {
	case "filter_type":
		return readText(d, &f.Type)
	case "comparison_type":
		return readText(d, &f.Comparison)
	case "constant":
		return readNode(d, &f.Constant)
	case "child_filters":
		return readList(d, &f.Children, readNode[planFilter])
	case "child_filter":
		return readNode(d, &f.Child)
	case "values":
		return readList(d, &f.Values, readNode[planValue])
	case "expr":
		return readNode(d, &f.Expr)
	}
	return d.Skip()
}
