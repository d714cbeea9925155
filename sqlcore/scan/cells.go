package scan

import (
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// AppendCell adds a cell to a builder of one of the catalog's types: nil for
// null, or a value of the Go type that belongs to it: string, bool, int64 for
// both integers, float64, time.Time, or []string. It is false for another one.
func AppendCell(b array.Builder, cell any) bool {
	if cell == nil {
		b.AppendNull()
		return true
	}
	var ok bool
	switch b := b.(type) {
	case *array.StringBuilder:
		ok = appendAs(cell, b.Append)
	case *array.BooleanBuilder:
		ok = appendAs(cell, b.Append)
	case *array.Int32Builder:
		ok = appendAs(cell, func(n int64) { b.Append(int32(n)) })
	case *array.Int64Builder:
		ok = appendAs(cell, b.Append)
	case *array.Float64Builder:
		ok = appendAs(cell, b.Append)
	case *array.TimestampBuilder:
		ok = appendAs(cell, func(t time.Time) { b.Append(arrow.Timestamp(t.UnixMilli())) })
	case *array.ListBuilder:
		ok = appendAs(cell, func(list []string) {
			b.Append(true)
			for _, s := range list {
				b.ValueBuilder().(*array.StringBuilder).Append(s)
			}
		})
	default:
		panic(fmt.Sprintf("scan: no cells for %T", b)) // catalog.Type.Arrow gives no other
	}
	return ok
}

func appendAs[T any](cell any, add func(T)) bool {
	v, ok := cell.(T)
	if ok {
		add(v)
	}
	return ok
}
