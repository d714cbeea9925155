package encode

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

// Inline appends members to the row that is being written by of, each with a
// leading comma: the related entities of $expand, each behind its AppendNavigation.
type Inline func(dst []byte, row int, of *Rows) ([]byte, error)

// Rows writes the rows of batches as JSON objects. It is used by one
// goroutine.
type Rows struct {
	options    Options
	entity     Entity
	id         bool
	properties []property
	heads      []byte // of all properties
	cells      []cell.Column
}

// property is a column that is written.
type property struct {
	column int
	// head is what stands before a value: a comma, control information on its type,
	// the name and a colon.
	head []byte
	// number stands before head where the value is a number without digits, nil if never.
	number []byte
	// absent is the place of the column that is true in rows that lack this one, -1 if
	// all have it.
	absent int
	// list says that it is a collection, which is never null.
	list bool
}

// writers wait for further rows, with the memory that they have.
var writers = sync.Pool{New: func() any { return new(Rows) }}

// NewRows returns a writer of the entity's rows.
func NewRows(e Entity, o Options) *Rows {
	r, _ := writers.Get().(*Rows)
	r.options, r.entity, r.id = o, e, e.NeedsID(o.Metadata)
	r.cells = slices.Grow(r.cells, len(e.Columns))[:len(e.Columns)]
	for i := range e.Columns {
		c, start := &e.Columns[i], len(r.heads)
		if c.Hidden {
			continue
		}
		if name := c.annotation(); name != "" && (o.Metadata == Full || c.Dynamic && o.Metadata == Minimal) {
			r.heads = append(cell.AppendString(append(r.heads, ','), c.Name+o.Prefix+"type"), ':')
			r.heads = cell.AppendString(r.heads, fragment(name, o))
		}
		r.heads = append(cell.AppendString(append(r.heads, ','), c.Name), ':')
		r.properties = append(r.properties, property{
			column: i, head: r.heads[start:], absent: c.Absent - 1, list: c.Type == catalog.StringList, number: number(c, o),
		})
	}
	return r
}

// Release lets the writer's memory serve other rows. It is not used behind it.
func (r *Rows) Release() {
	clear(r.cells)
	clear(r.properties)
	*r = Rows{heads: r.heads[:0], properties: r.properties[:0], cells: r.cells[:0]}
	writers.Put(r)
}

// fragment is a type's name as a value of odata.type: before version 4.01 a URL's
// fragment.
//
// Source: OData JSON Format 4.01, section 4.6.3.
func fragment(name string, o Options) string {
	if o.Prefix == "@" {
		return name
	}
	return "#" + name
}

// annotation is the name of the type to be told, without the Edm namespace. It is
// empty where the value tells its type.
func (c *Column) annotation() string {
	switch {
	case c.Edm == Structured:
		return ""
	case c.Edm != "":
		return c.Edm[len("Edm."):]
	case c.Type == catalog.StringList:
		return "Collection(String)"
	case c.Type == catalog.String, c.Type == catalog.JSON, c.Type == catalog.Bool, c.Type == catalog.Float64:
		return ""
	default:
		return c.Type.Edm()[len("Edm."):]
	}
}

// Bind makes the batch the one that Append reads. The batch must have the
// entity's columns, in order, and stay alive until the next Bind.
func (r *Rows) Bind(batch arrow.RecordBatch) error {
	if int(batch.NumCols()) != len(r.entity.Columns) {
		return fmt.Errorf("encode: %d columns where %d were expected", batch.NumCols(), len(r.entity.Columns))
	}
	for i := range r.cells {
		if r.entity.Columns[i].Edm != "" {
			r.cells[i] = cell.Of(batch.Column(i), style(r.options))
			continue
		}
		c, err := bind(r.entity.Columns[i].Type, batch.Column(i), r.options)
		if err != nil {
			return err
		}
		r.cells[i] = c
	}
	return nil
}

// bind reads an array as a column of the given type, in OData's JSON.
//
// Source: OData JSON Format 4.01, section 7.1 (primitive values).
func bind(t catalog.Type, a arrow.Array, o Options) (cell.Column, error) {
	c, err := cell.For(t, a, style(o))
	if err != nil {
		return c, fmt.Errorf("encode: %w", err)
	}
	return c, nil
}

func style(o Options) cell.Style {
	s := cell.Style{Infinity: "INF", QuotedIntegers: o.IEEE754, Millis: true, NoNullItems: true, NoNullMembers: o.OmitNulls, Lacks: Lacks}
	if id := o.transient(); id != "" {
		s.Lead = id + ","
	}
	return s
}

// transient is the id of what can't be read or changed on its own: of rows that $apply
// has aggregated, and of what they have of related entities. From version 4.01 on it is
// left out.
//
// Source: OData JSON Format 4.01, section 4.5.8.
func (o Options) transient() string {
	if o.Metadata == None || o.Prefix == "@" {
		return ""
	}
	return `"@odata.id":null`
}

// Append appends one row as a JSON object. lead is put behind its opening
// brace, without a comma: the context of a single entity. inline may be nil.
func (r *Rows) Append(dst []byte, row int, lead []byte, inline Inline) ([]byte, error) {
	// Each member begins with a comma; the first one's becomes the brace.
	start := len(dst)
	if len(lead) > 0 {
		dst = append(append(dst, ','), lead...)
	}
	if r.id {
		dst = r.appendControl(dst, row)
	}
	if id := r.options.transient(); r.entity.Transient && id != "" {
		dst = append(append(dst, ','), id...)
	}
	if e := &r.entity; e.Tagged && !r.cells[e.Tag].Null(row) {
		dst = append(cell.AppendString(append(dst, ','), r.options.Prefix+"etag"), ':')
		dst = cell.AppendString(dst, Tag(r.cells[e.Tag].Text(row)))
	}
	dst = r.appendProperties(dst, row)
	if r.options.Metadata == Full {
		dst = r.appendLinks(dst, row)
	}
	if inline != nil {
		var err error
		if dst, err = inline(dst, row, r); err != nil {
			return nil, err
		}
	}
	if len(dst) == start {
		return append(dst, "{}"...), nil
	}
	dst[start] = '{'
	return append(dst, '}'), nil
}

func (r *Rows) appendProperties(dst []byte, row int) []byte {
	for i := range r.properties {
		p := &r.properties[i]
		if p.absent >= 0 && r.cells[p.absent].True(row) {
			continue
		}
		switch c := &r.cells[p.column]; {
		case !c.Null(row):
			from := len(dst)
			dst = c.AppendJSON(append(dst, p.head...), row)
			if p.number != nil && dst[len(dst)-1] == '"' {
				dst = slices.Insert(dst, from, p.number...)
			}
		case p.list:
			dst = append(append(dst, p.head...), "[]"...)
		case !r.options.OmitNulls:
			dst = append(append(dst, p.head...), "null"...)
		}
	}
	return dst
}

// AppendLink appends the link by which the row's entity is read, as the member for the
// navigation property of that name, without comma.
//
// Source: OData JSON Format 4.01, section 8.1.
func (r *Rows) AppendLink(dst []byte, row int, property string) []byte {
	dst = append(cell.AppendString(dst, property+r.options.Prefix+"navigationLink"), ':')
	return r.appendQuotedID(dst, row, "")
}

// number is what stands before a number that JSON has no digits for, where $metadata
// doesn't tell that it is one: its type. Without metadata it is nothing.
//
// Source: OData JSON Format 4.01, section 4.6.3 (odata.type).
func number(c *Column, o Options) []byte {
	if o.Metadata == None || !c.Dynamic || c.Type != catalog.Float64 {
		return nil
	}
	head := append(cell.AppendString([]byte{','}, c.Name+o.Prefix+"type"), ':')
	return cell.AppendString(head, fragment("Double", o))
}

// appendControl appends the type and the id of the entity, and its links.
//
// Source: OData JSON Format 4.01, sections 4.5.8 and 4.5.9.
func (r *Rows) appendControl(dst []byte, row int) []byte {
	if r.options.Metadata == Full || r.entity.Typed {
		dst = append(cell.AppendString(append(dst, ','), r.options.Prefix+"type"), ':')
		dst = cell.AppendString(dst, "#"+r.entity.Type)
	}
	dst = append(cell.AppendString(append(dst, ','), r.options.Prefix+"id"), ':')
	dst = r.appendQuotedID(dst, row, "")
	if r.options.Metadata == Full {
		link := `editLink":`
		if r.entity.ReadOnly {
			link = `readLink":`
		}
		dst = append(append(append(dst, ',', '"'), r.options.Prefix...), link...)
		dst = r.appendQuotedID(dst, row, "")
	}
	return dst
}

func (r *Rows) appendLinks(dst []byte, row int) []byte {
	if !r.id {
		return dst
	}
	for _, n := range r.entity.Navigations {
		dst = r.AppendNavigation(dst, row, n)
	}
	for _, a := range r.entity.Actions {
		dst = append(cell.AppendString(append(dst, ','), "#"+a), `:{"title":`...)
		dst = append(cell.AppendString(dst, a[strings.LastIndexByte(a, '.')+1:]), `,"target":`...)
		dst = append(r.appendQuotedID(dst, row, "/"+a), '}')
	}
	return dst
}

// AppendNavigation appends, where metadata is full, the link by which what is behind a
// navigation property of the row's entity is read, with a leading comma. It stands
// directly before the property, if that is written.
//
// Source: OData JSON Format 4.01, sections 4.4 and 8.1.
func (r *Rows) AppendNavigation(dst []byte, row int, property string) []byte {
	if !r.id || r.options.Metadata != Full {
		return dst
	}
	dst = append(dst, ',', '"')
	dst = append(append(dst, property...), r.options.Prefix...)
	dst = append(dst, `navigationLink":`...)
	return r.appendQuotedID(dst, row, "/"+property)
}

// appendQuotedID appends the address of the row's entity, which is ASCII
// without quotes, as a JSON string.
func (r *Rows) appendQuotedID(dst []byte, row int, rest string) []byte {
	dst = append(dst, '"')
	dst = append(append(dst, r.entity.Set...), '(')
	for i, k := range r.entity.Key {
		if len(r.entity.Key) > 1 {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(dst, pathEscape(r.entity.KeyNames[i])...), '=')
		}
		dst = appendKey(dst, r.entity.Columns[k].Type, &r.cells[k], row)
	}
	dst = append(append(dst, ')'), pathEscape(rest)...)
	return append(dst, '"')
}
