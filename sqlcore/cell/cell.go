// Package cell writes the cells of Arrow columns as JSON and as text, the same
// in every format of the gateway's answers.
package cell

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Style is what formats disagree on.
type Style struct {
	// Infinity names the number that JSON has none for, such as "INF".
	Infinity string
	// QuotedIntegers writes whole numbers of 64 bits, and decimals, as texts, for
	// readers whose numbers are doubles.
	QuotedIntegers bool
	// Millis cuts instants to UTC milliseconds. Otherwise they have six or nine
	// digits of the second where those say more, and Z if they have a zone.
	Millis bool
	// NoNullItems writes nulls in lists as empty texts.
	NoNullItems bool
	// NoNullMembers leaves out members of objects that are null.
	NoNullMembers bool
	// Lacks begins the name of a member of objects that is true where the member of
	// the name behind it is left out, and is not written itself; "" for none.
	Lacks string
	// Lead are the members that every object begins with, each with a comma behind.
	Lead string
}

// form is how a column's array is read.
type form uint8

const (
	other form = iota
	text
	largeText
	boolean
	int32s
	int64s
	float
	instant
	list
)

// forms are those in which columns of the catalog's types arrive: results of
// the engine may be wider than the catalog's own.
var forms = [...][]form{
	catalog.String: {text, largeText}, catalog.GUID: {text, largeText}, catalog.JSON: {text, largeText},
	catalog.Bool:  {boolean},
	catalog.Int32: {int32s, int64s}, catalog.Int64: {int32s, int64s},
	catalog.Float64:    {float},
	catalog.Timestamp:  {instant},
	catalog.StringList: {list}, catalog.Int32List: {list},
}

// Column reads one column of a batch. It is valid as long as the batch.
type Column struct {
	style Style
	form  form
	nulls bool
	plain bool // of texts: none has a character to escape
	zone  bool // of instants
	unit  arrow.TimeUnit
	array arrow.Array
	// What array is, by the form.
	texts  *array.String
	large  *array.LargeString
	bools  *array.Boolean
	int32s *array.Int32
	int64s *array.Int64
	floats *array.Float64
	times  *array.Timestamp
	lists  *array.List
	items  *Column
	// append writes a cell of another form.
	append func(dst []byte, row int) []byte
}

// For reads an array as a column of the catalog's type. The error says that it
// has not the type's form.
func For(t catalog.Type, a arrow.Array, s Style) (Column, error) {
	s.QuotedIntegers = s.QuotedIntegers && t == catalog.Int64
	c := Of(a, s)
	item := catalog.String
	if t == catalog.Int32List {
		item = catalog.Int32
	}
	if slices.Contains(forms[t], c.form) && (c.form != list || slices.Contains(forms[item], c.items.form)) {
		return c, nil
	}
	return c, fmt.Errorf("a column of type %s arrived as %s", t, a.DataType())
}

// Of reads an array of any type.
func Of(a arrow.Array, s Style) Column {
	c := Column{style: s, array: a, nulls: a.NullN() > 0}
	switch a := a.(type) {
	case *array.String:
		c.form, c.texts, c.plain = text, a, allPlain(a.ValueBytes())
	case *array.LargeString:
		c.form, c.large = largeText, a
	case *array.Boolean:
		c.form, c.bools = boolean, a
	case *array.Int32:
		c.form, c.int32s = int32s, a
	case *array.Int64:
		c.form, c.int64s = int64s, a
	case *array.Float64:
		c.form, c.floats = float, a
	case *array.Timestamp:
		t := a.DataType().(*arrow.TimestampType)
		c.form, c.times, c.unit, c.zone = instant, a, t.Unit, s.Millis || t.TimeZone != ""
	case *array.List:
		items := Of(a.ListValues(), s)
		c.form, c.lists, c.items = list, a, &items
	default:
		c.append = rare(a, s)
	}
	return c
}

// OfBatch reads the columns of a batch.
func OfBatch(rec arrow.RecordBatch, s Style) []Column {
	out := make([]Column, rec.NumCols())
	for i := range out {
		out[i] = Of(rec.Column(i), s)
	}
	return out
}

// AppendRow appends a row as a JSON array or, with a name for each column as JSON
// and a colon behind it, as an object.
func AppendRow(dst []byte, columns []Column, names []string, row int) []byte {
	open, end := byte('['), byte(']')
	if names != nil {
		open, end = '{', '}'
	}
	dst = append(dst, open)
	for i := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		if names != nil {
			dst = append(dst, names[i]...)
		}
		dst = columns[i].AppendNullable(dst, row)
	}
	return append(dst, end)
}

// Null reports whether the row has no value.
func (c *Column) Null(row int) bool { return c.nulls && c.array.IsNull(row) }

// True reports whether a Boolean cell is true.
func (c *Column) True(row int) bool {
	return c.form == boolean && !c.Null(row) && c.bools.Value(row)
}

// AppendJSON appends a cell that isn't null as a JSON value.
func (c *Column) AppendJSON(dst []byte, row int) []byte {
	switch c.form {
	case text:
		s := c.texts.Value(row)
		if c.plain {
			return append(append(append(dst, '"'), s...), '"')
		}
		return AppendString(dst, s)
	case largeText:
		return AppendString(dst, c.large.Value(row))
	case boolean:
		return strconv.AppendBool(dst, c.bools.Value(row))
	case int32s:
		return c.appendInteger(dst, int64(c.int32s.Value(row)))
	case int64s:
		return c.appendInteger(dst, c.int64s.Value(row))
	case float:
		return appendFloat(dst, c.floats.Value(row), c.style.Infinity)
	case instant:
		return append(c.appendInstant(append(dst, '"'), row), '"')
	case list:
		return c.appendList(dst, row)
	default:
		return c.append(dst, row)
	}
}

// AppendNullable appends a cell as a JSON value, which may be null.
func (c *Column) AppendNullable(dst []byte, row int) []byte {
	if c.Null(row) {
		return append(dst, "null"...)
	}
	return c.AppendJSON(dst, row)
}

// Text returns a cell that isn't null as plain text: what is a text in JSON
// without its quotes, everything else as in JSON.
func (c *Column) Text(row int) string {
	switch c.form {
	case text:
		return c.texts.Value(row)
	case largeText:
		return c.large.Value(row)
	default:
		return unquoted(c.AppendJSON(nil, row))
	}
}

func (c *Column) appendInteger(dst []byte, n int64) []byte {
	if c.style.QuotedIntegers {
		return append(strconv.AppendInt(append(dst, '"'), n, 10), '"')
	}
	return strconv.AppendInt(dst, n, 10)
}

func (c *Column) appendList(dst []byte, row int) []byte {
	start, end := c.lists.ValueOffsets(row)
	dst = append(dst, '[')
	for i := start; i < end; i++ {
		if i > start {
			dst = append(dst, ',')
		}
		if c.style.NoNullItems && c.items.Null(int(i)) {
			dst = append(dst, `""`...)
			continue
		}
		dst = c.items.AppendNullable(dst, int(i))
	}
	return append(dst, ']')
}
