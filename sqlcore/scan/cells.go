package scan

import (
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// AppendCell adds a cell to a builder of one of the catalog's types: nil for
// null, or a value of the Go type that belongs to it: string, bool, int64 for
// both integers, float64, time.Time, []string or []int64. It is false for another
// one.
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
		switch items := b.ValueBuilder().(type) {
		case *array.StringBuilder:
			ok = appendList(cell, b, items.Append)
		case *array.Int32Builder:
			ok = appendList(cell, b, func(n int64) { items.Append(int32(n)) })
		}
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

func appendList[T any](cell any, b *array.ListBuilder, add func(T)) bool {
	return appendAs(cell, func(items []T) {
		b.Append(true)
		for _, item := range items {
			add(item)
		}
	})
}
