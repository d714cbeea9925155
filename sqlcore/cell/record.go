package cell

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Record makes a record of rows of values, which are null (nil), string, bool,
// int64 for both integers, float64, time.Time, []string, []int64, or JSON of any
// of these. The caller releases it. The error names a column that has another
// type than the value.
func Record(schema *arrow.Schema, rows [][]any) (arrow.RecordBatch, error) {
	if schema.NumFields() == 0 {
		return array.NewRecordBatch(schema, nil, int64(len(rows))), nil
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for _, row := range rows {
		for i, v := range row {
			if !build(b.Field(i), v) {
				return nil, fmt.Errorf("a %T in the column %s", v, schema.Field(i).Name)
			}
		}
	}
	return b.NewRecordBatch(), nil
}

// build appends the value and reports whether the value has the builder's type.
func build(b array.Builder, v any) (ok bool) {
	switch v := v.(type) {
	case nil:
		b.AppendNull()
		return true
	case json.RawMessage:
		return b.UnmarshalJSON(slices.Concat([]byte("["), v, []byte("]"))) == nil
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		return appendAs(v, b.Append)
	case *array.BooleanBuilder:
		return appendAs(v, b.Append)
	case *array.Int32Builder:
		n, fits := v.(int64)
		return fits && n == int64(int32(n)) && appendAs(int32(n), b.Append)
	case *array.Int64Builder:
		return appendAs(v, b.Append)
	case *array.Float64Builder:
		return appendAs(v, b.Append)
	case *array.TimestampBuilder:
		return appendAs(v, func(t time.Time) { b.Append(arrow.Timestamp(t.UnixMilli())) })
	case *array.ListBuilder:
		return buildList[string](b, v) || buildList[int64](b, v)
	default:
		return false
	}
}

func buildList[T any](b *array.ListBuilder, v any) bool {
	items, ok := v.([]T)
	if !ok {
		return false
	}
	b.Append(true)
	for _, item := range items {
		ok = ok && build(b.ValueBuilder(), item)
	}
	return ok
}

func appendAs[T any](v any, add func(T)) bool {
	fits, ok := v.(T)
	if ok {
		add(fits)
	}
	return ok
}
