package encode

import (
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// cells reads one column of a batch.
type cells struct {
	kind   catalog.Type
	array  arrow.Array
	nulls  bool
	texts  stringArray
	bools  *array.Boolean
	int32s []int32
	int64s []int64
	floats []float64
	// instants count units of which a second has perSecond.
	instants  []arrow.Timestamp
	perSecond int64
	lists     *array.List
}

type stringArray interface{ Value(int) string }

// bind finds how to read an array as a column of the given type. Results of
// the engine may be wider than the catalog's own form.
func bind(t catalog.Type, a arrow.Array) (cells, error) {
	c := cells{kind: t, array: a, nulls: a.NullN() > 0}
	var ok bool
	switch t {
	case catalog.Bool:
		c.bools, ok = a.(*array.Boolean)
	case catalog.Int32, catalog.Int64:
		ok = c.bindInt(a)
	case catalog.Float64:
		var f *array.Float64
		if f, ok = a.(*array.Float64); ok {
			c.floats = f.Float64Values()
		}
	case catalog.Timestamp:
		ok = c.bindInstant(a)
	case catalog.StringList:
		if c.lists, ok = a.(*array.List); ok {
			c.texts, ok = c.lists.ListValues().(stringArray)
		}
	default:
		c.texts, ok = a.(stringArray)
	}
	if !ok {
		return c, fmt.Errorf("encode: a column of type %s arrived as %s", t, a.DataType())
	}
	return c, nil
}

func (c *cells) bindInt(a arrow.Array) bool {
	switch a := a.(type) {
	case *array.Int32:
		c.int32s = a.Int32Values()
	case *array.Int64:
		c.int64s = a.Int64Values()
	default:
		return false
	}
	return true
}

func (c *cells) bindInstant(a arrow.Array) bool {
	t, ok := a.(*array.Timestamp)
	if !ok {
		return false
	}
	unit := t.DataType().(*arrow.TimestampType).Unit
	c.perSecond = map[arrow.TimeUnit]int64{
		arrow.Second: 1, arrow.Millisecond: 1e3, arrow.Microsecond: 1e6, arrow.Nanosecond: 1e9,
	}[unit]
	c.instants = t.TimestampValues()
	return true
}

func (c *cells) isNull(row int) bool { return c.nulls && c.array.IsNull(row) }

// integer returns the cell of an integer column.
func (c *cells) integer(row int) int64 {
	if c.int32s != nil {
		return int64(c.int32s[row])
	}
	return c.int64s[row]
}

// millis returns the cell of an instant column in milliseconds.
func (c *cells) millis(row int) int64 {
	v := int64(c.instants[row])
	switch {
	case c.perSecond == millisPerSecond:
		return v
	case c.perSecond < millisPerSecond:
		return v * millisPerSecond
	}
	per := c.perSecond / millisPerSecond
	q := v / per
	if v%per < 0 {
		q--
	}
	return q
}

// appendJSON appends a cell that isn't null as a JSON value.
func (c *cells) appendJSON(dst []byte, row int, ieee754 bool) []byte {
	switch c.kind {
	case catalog.Bool:
		return strconv.AppendBool(dst, c.bools.Value(row))
	case catalog.Int32:
		return strconv.AppendInt(dst, c.integer(row), 10)
	case catalog.Int64:
		if ieee754 {
			return append(strconv.AppendInt(append(dst, '"'), c.integer(row), 10), '"')
		}
		return strconv.AppendInt(dst, c.integer(row), 10)
	case catalog.Float64:
		return appendFloat(dst, c.floats[row])
	case catalog.Timestamp:
		return append(appendInstant(append(dst, '"'), c.millis(row)), '"')
	case catalog.StringList:
		return c.appendList(dst, row)
	default:
		return AppendString(dst, c.texts.Value(row))
	}
}

func (c *cells) appendList(dst []byte, row int) []byte {
	start, end := c.lists.ValueOffsets(row)
	values := c.lists.ListValues()
	dst = append(dst, '[')
	for i := start; i < end; i++ {
		if i > start {
			dst = append(dst, ',')
		}
		if values.IsNull(int(i)) {
			dst = append(dst, `""`...)
			continue
		}
		dst = AppendString(dst, c.texts.Value(int(i)))
	}
	return append(dst, ']')
}

// appendText appends a cell that isn't null as plain text, as in /$value.
func (c *cells) appendText(dst []byte, row int) []byte {
	switch c.kind {
	case catalog.String, catalog.JSON, catalog.GUID:
		return append(dst, c.texts.Value(row)...)
	case catalog.Timestamp:
		return appendInstant(dst, c.millis(row))
	case catalog.Float64:
		text := appendFloat(nil, c.floats[row])
		if text[0] == '"' {
			text = text[1 : len(text)-1]
		}
		return append(dst, text...)
	default:
		return c.appendJSON(dst, row, false)
	}
}
