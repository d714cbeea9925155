package pingone

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// page is one decoded answer.
type page struct {
	// arrays hold the columns of the layout.
	arrays []arrow.Array
	rows   int
	// next is the link to the next page; "" on the last.
	next string
	// count is the number of rows of the whole result, -1 if not told.
	count int64
	// served is the service's own time of the answer; zero if not told.
	served time.Time
}

// retain returns the page for another owner.
func (p *page) retain() page {
	kept := *p
	kept.arrays = slices.Clone(p.arrays)
	for _, a := range kept.arrays {
		a.Retain()
	}
	return kept
}

func (p *page) release() {
	for _, a := range p.arrays {
		a.Release()
	}
	p.arrays = nil
}

// decoder reads answers of one layout, one after the other, in one pass from
// bytes to Arrow builders. It is used by one goroutine at a time.
type decoder struct {
	layout   *layout
	builders []array.Builder
	// filled holds, for each column, the number of rows it has values for.
	filled []int
	rows   int
	jx     *jx.Decoder
	text   []byte
	json   bytes.Buffer
	list   listScratch
	// inside holds, by member.object, what handles the members of an object.
	inside []func(*jx.Decoder, []byte) error

	next     string
	count    int64
	embedded bool
}

func newDecoder(l *layout, mem memory.Allocator) *decoder {
	d := &decoder{layout: l, jx: jx.DecodeBytes(nil), filled: make([]int, len(l.columns))}
	for _, f := range l.columns {
		d.builders = append(d.builders, array.NewBuilder(mem, f.typ.Arrow()))
	}
	d.inside = make([]func(*jx.Decoder, []byte) error, l.objects)
	d.prepare(l.root)
	if l.inner != nil {
		d.prepare(l.inner)
	}
	return d
}

// prepare makes the functions for objects once, not for each row.
func (d *decoder) prepare(m *member) {
	if m.below == nil {
		return
	}
	d.inside[m.object] = func(j *jx.Decoder, key []byte) error { return d.member(j, m.below[string(key)]) }
	for _, c := range m.below {
		d.prepare(c)
	}
}

// release frees the builders.
func (d *decoder) release() {
	for _, b := range d.builders {
		b.Release()
	}
}

// decode reads one whole answer. Errors are gwerr.UpstreamCutShort for bytes
// that are no complete JSON of the expected shape, and gwerr.UpstreamRejected
// for a row that lacks what it must have. After an error the decoder can be
// used again.
func (d *decoder) decode(body []byte) (page, error) {
	d.rows, d.next, d.count, d.embedded = 0, "", -1, false
	d.jx.ResetBytes(body)
	err := d.answer()
	if err == nil {
		err = d.atEnd()
	}
	if err != nil {
		for i, b := range d.builders {
			b.NewArray().Release()
			d.filled[i] = 0
		}
		var known *gwerr.Error
		if errors.As(err, &known) {
			return page{}, known
		}
		return page{}, gwerr.Wrap(gwerr.UpstreamCutShort, notEOF(err), "PingOne's answer is cut short or not valid JSON.", "Try again.")
	}
	p := page{arrays: make([]arrow.Array, len(d.builders)), rows: d.rows, next: d.next, count: d.count}
	for i, b := range d.builders {
		p.arrays[i] = b.NewArray()
		d.filled[i] = 0
	}
	if d.layout.inner != nil {
		p.count = -1 // of the rows around the elements
	}
	return p, nil
}

// atEnd makes sure that nothing but white space follows.
func (d *decoder) atEnd() error {
	if err := d.jx.Skip(); !errors.Is(err, io.EOF) {
		return errors.New("bytes after the end of the answer")
	}
	return nil
}

func (d *decoder) answer() error {
	if d.layout.items == "" {
		return d.row(d.jx)
	}
	if err := d.object(d.jx, d.top); err != nil {
		return err
	}
	if !d.embedded && d.count != 0 {
		return fmt.Errorf("the answer has no member _embedded.%s", d.layout.items)
	}
	return nil
}

// object demands an object, which jx leaves to its caller.
func (d *decoder) object(j *jx.Decoder, member func(*jx.Decoder, []byte) error) error {
	if t := j.Next(); t != jx.Object {
		if t == jx.Invalid {
			return io.ErrUnexpectedEOF
		}
		return fmt.Errorf("an object was expected, not %s", t)
	}
	return j.ObjBytes(member)
}

func (d *decoder) top(j *jx.Decoder, key []byte) error {
	switch string(key) {
	case "_embedded":
		if j.Next() != jx.Object {
			return j.Skip()
		}
		return j.ObjBytes(d.collection)
	case "_links":
		if j.Next() != jx.Object {
			return j.Skip()
		}
		return j.ObjBytes(d.links)
	case "count":
		return d.number(j, &d.count)
	default:
		return j.Skip()
	}
}

func (d *decoder) collection(j *jx.Decoder, key []byte) error {
	if string(key) != d.layout.items || d.embedded {
		return j.Skip()
	}
	if t := j.Next(); t != jx.Array {
		return fmt.Errorf("_embedded.%s is %s, not an array", d.layout.items, t)
	}
	d.embedded = true
	return j.Arr(d.row)
}

func (d *decoder) links(j *jx.Decoder, key []byte) error {
	if string(key) != "next" || j.Next() != jx.Object {
		return j.Skip()
	}
	return j.ObjBytes(func(j *jx.Decoder, key []byte) error {
		if string(key) != "href" || j.Next() != jx.String {
			return j.Skip()
		}
		s, err := j.Str()
		d.next = s
		return err
	})
}

func (d *decoder) number(j *jx.Decoder, to *int64) error {
	if j.Next() != jx.Number {
		return j.Skip()
	}
	n, err := j.Num()
	if err != nil {
		return err
	}
	if v, err := n.Int64(); err == nil && v >= 0 {
		*to = v
	}
	return nil
}

// row reads one row, or those that the elements of its array are.
func (d *decoder) row(j *jx.Decoder) error {
	if d.layout.inner != nil {
		return d.elements(j)
	}
	if err := d.object(j, d.members(d.layout.root)); err != nil {
		return err
	}
	return d.complete()
}

// members handles the members of a row or element.
func (d *decoder) members(root *member) func(*jx.Decoder, []byte) error {
	if root.below == nil {
		return skipMember
	}
	return d.inside[root.object]
}

// elements reads a row for each element of the array in what comes next, or
// for each member of the object. A missing array has none.
func (d *decoder) elements(j *jx.Decoder) error {
	raw, err := j.Raw()
	if err != nil {
		return err
	}
	inner, err := d.unnested(raw)
	if err != nil || inner == nil {
		return err
	}
	row := func(j *jx.Decoder, at int, name []byte) error {
		if err := d.object(jx.DecodeBytes(raw), d.members(d.layout.root)); err != nil {
			return err
		}
		if err := d.object(j, d.members(d.layout.inner)); err != nil {
			return err
		}
		d.stands(at, name)
		return d.complete()
	}
	at := -1
	switch inner.Type() {
	case jx.Array:
		return jx.DecodeBytes(inner).Arr(func(j *jx.Decoder) error {
			at++
			return row(j, at, nil)
		})
	case jx.Object:
		return jx.DecodeBytes(inner).ObjBytes(func(j *jx.Decoder, name []byte) error {
			if j.Next() != jx.Object {
				return j.Skip()
			}
			at++
			return row(j, at, name)
		})
	default:
		return nil
	}
}

// stands notes where the element of the current row stands.
func (d *decoder) stands(at int, name []byte) {
	i := d.layout.position
	if i < 0 {
		return
	}
	switch b := d.builders[i].(type) {
	case *array.Int32Builder:
		b.Append(int32(at))
	case *array.StringBuilder:
		if name == nil {
			return
		}
		b.BinaryBuilder.Append(d.valid(name))
	}
	d.filled[i] = d.rows + 1
}

// unnested finds the array by the first way that leads somewhere, nil for none.
func (d *decoder) unnested(raw jx.Raw) (found jx.Raw, err error) {
	for _, way := range d.layout.unnest {
		found = raw
		for _, name := range way {
			if found, err = memberOf(found, name); err != nil {
				return nil, err
			}
		}
		if found != nil {
			break
		}
	}
	return found, nil
}

// memberOf finds a member of an object, nil where there is none.
func memberOf(raw jx.Raw, name string) (found jx.Raw, err error) {
	if raw.Type() != jx.Object {
		return nil, nil
	}
	err = jx.DecodeBytes(raw).ObjBytes(func(j *jx.Decoder, key []byte) (err error) {
		if string(key) != name {
			return j.Skip()
		}
		found, err = j.Raw()
		return err
	})
	return found, err
}

// complete ends a row with nulls for what it lacks.
func (d *decoder) complete() error {
	d.rows++
	for i := range d.filled {
		if d.filled[i] == d.rows {
			continue
		}
		if err := d.null(i); err != nil {
			return err
		}
		d.filled[i] = d.rows
	}
	return nil
}

// null sets a column of the current row to null, or fails where the column
// promises a value.
func (d *decoder) null(i int) error {
	if f := &d.layout.columns[i]; f.required && len(d.layout.where) == 0 {
		return f.lacking()
	}
	d.builders[i].AppendNull()
	return nil
}

func skipMember(j *jx.Decoder, _ []byte) error { return j.Skip() }

// member handles the value of one member of a row; m is nil for one that no
// column wants.
func (d *decoder) member(j *jx.Decoder, m *member) error {
	switch {
	case m == nil:
		return j.Skip()
	case len(m.columns) == 1 && m.below == nil:
		return d.value(j, m.columns[0])
	case len(m.columns) == 0:
		if j.Next() != jx.Object {
			return j.Skip()
		}
		return j.ObjBytes(d.inside[m.object])
	}
	return d.several(j, m)
}

// several reads a value that more than one column wants, whole or in part.
func (d *decoder) several(j *jx.Decoder, m *member) error {
	raw, err := j.Raw()
	if err != nil {
		return err
	}
	for _, c := range m.columns {
		if err := d.value(jx.DecodeBytes(raw), c); err != nil {
			return err
		}
	}
	inner := jx.DecodeBytes(raw)
	if m.below == nil || inner.Next() != jx.Object {
		return nil
	}
	return inner.ObjBytes(d.inside[m.object])
}
