package pingone

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
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
	// filled holds, for each column, the number of rows up to its last value; the nulls
	// behind that are not in its builder yet.
	filled []int
	// nulls are the columns that had no value in an answer before.
	nulls []arrow.Array
	rows  int
	jx    *jx.Decoder
	text  []byte
	json  bytes.Buffer
	list  listScratch
	// inside holds, by member.object, what handles the members of an object.
	inside []eachMember

	next     string
	count    int64
	embedded bool
	// busy is true while an answer is read.
	busy bool
}

func newDecoder(l *layout, mem memory.Allocator) *decoder {
	d := &decoder{layout: l, jx: jx.DecodeBytes(nil), filled: make([]int, len(l.columns)), nulls: make([]arrow.Array, len(l.columns))}
	for _, f := range l.columns {
		d.builders = append(d.builders, array.NewBuilder(mem, f.typ.Arrow()))
	}
	d.inside = make([]eachMember, l.objects)
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
	var usual order
	d.inside[m.object] = func(b, name []byte, at int) (int, error) { return d.member(b, at, usual.find(name, m.below)) }
	for _, c := range m.below {
		d.prepare(c)
	}
}

// order holds the members of an object as they came before: most objects have the
// same ones in the same order.
type order struct {
	members []expected
	next    int // the one that is expected
}

type expected struct {
	name string
	*member
}

// mostMet bounds the names that an order holds: an object may have any.
const mostMet = 64

// find gives the member of a name, nil for one that no column wants.
func (o *order) find(name []byte, below map[string]*member) *member {
	if o.next < len(o.members) && o.members[o.next].name == string(name) {
		o.next++
		return o.members[o.next-1].member
	}
	at := slices.IndexFunc(o.members, func(e expected) bool { return e.name == string(name) })
	if at < 0 {
		found := below[string(name)]
		if at = len(o.members); at == mostMet {
			return found
		}
		o.members = append(o.members, expected{string(name), found})
	}
	o.next = at + 1
	return o.members[at].member
}

// release frees the builders.
func (d *decoder) release() {
	for i, b := range d.builders {
		b.Release()
		if d.nulls[i] != nil {
			d.nulls[i].Release()
		}
	}
}

// decode reads one whole answer. Errors are gwerr.UpstreamCutShort for bytes
// that are no complete JSON of the expected shape, and gwerr.UpstreamRejected
// for a row that lacks what it must have. After an error the decoder can be
// used again.
func (d *decoder) decode(body []byte) (page, error) {
	d.rows, d.next, d.count, d.embedded, d.busy = 0, "", -1, false, true
	err := d.answer(body)
	p := page{rows: d.rows, next: d.next, count: d.count}
	if err == nil {
		p.arrays = d.columns()
	}
	for i, b := range d.builders {
		d.filled[i] = 0
		if b.Len() > 0 { // of an answer that is refused
			b.NewArray().Release()
		}
	}
	d.busy = false
	if err != nil {
		var known *gwerr.Error
		if errors.As(err, &known) {
			return page{}, known
		}
		return page{}, gwerr.Wrap(gwerr.UpstreamCutShort, notEOF(err), "PingOne's answer is cut short or not valid JSON.", "Try again.")
	}
	if d.layout.inner != nil {
		p.count = -1 // of the rows around the elements
	}
	return p, nil
}

// columns ends the columns. Those without a value are the same in all answers of as many
// rows: most rows lack many columns.
func (d *decoder) columns() []arrow.Array {
	out := make([]arrow.Array, len(d.builders))
	for i, b := range d.builders {
		old := d.nulls[i]
		if d.filled[i] == 0 && old != nil && old.Len() == d.rows {
			old.Retain()
			out[i] = old
			continue
		}
		b.AppendNulls(d.rows - d.filled[i])
		out[i] = b.NewArray()
		if d.filled[i] == 0 {
			if old != nil {
				old.Release()
			}
			out[i].Retain()
			d.nulls[i] = out[i]
		}
	}
	return out
}

// pad appends the nulls before the current row's value, which must follow.
func (d *decoder) pad(i int) {
	if n := d.rows - d.filled[i]; n > 0 {
		d.builders[i].AppendNulls(n)
	}
}

// answer reads the whole of a body, behind which nothing but white space may follow.
func (d *decoder) answer(body []byte) (err error) {
	at := behindSpace(body, 0)
	if d.layout.items == "" {
		at, err = d.row(body, at)
	} else {
		at, err = traverseObject(body, at, d.top)
	}
	switch {
	case err != nil:
		return err
	case behindSpace(body, at) < len(body):
		return errors.New("bytes after the end of the answer")
	case d.layout.items != "" && !d.embedded && d.count != 0:
		return fmt.Errorf("the answer has no member _embedded.%s", d.layout.items)
	default:
		return nil
	}
}

func (d *decoder) top(b, name []byte, at int) (int, error) {
	switch {
	case string(name) == "_embedded" && is(b, at, '{'):
		return traverseObject(b, at, d.collection)
	case string(name) == "_links" && is(b, at, '{'):
		return traverseObject(b, at, d.links)
	case string(name) == "count":
		return d.number(b, at, &d.count)
	default:
		return behindValue(b, at)
	}
}

// is tells how the value at a place begins.
func is(b []byte, at int, c byte) bool { return at < len(b) && b[at] == c }

func (d *decoder) collection(b, name []byte, at int) (int, error) {
	if string(name) != d.layout.items || d.embedded {
		return behindValue(b, at)
	}
	d.embedded = true
	return traverseArray(b, at, d.row)
}

func (d *decoder) links(b, name []byte, at int) (int, error) {
	if string(name) != "next" || !is(b, at, '{') {
		return behindValue(b, at)
	}
	return traverseObject(b, at, func(b, name []byte, at int) (int, error) {
		end, err := behindValue(b, at)
		if err == nil && string(name) == "href" && b[at] == '"' {
			d.next, err = jx.DecodeBytes(b[at:end]).Str()
		}
		return end, err
	})
}

func (d *decoder) number(b []byte, at int, to *int64) (int, error) {
	end, err := behindValue(b, at)
	if err != nil {
		return 0, err
	}
	d.jx.ResetBytes(b[at:end])
	if d.jx.Next() != jx.Number {
		return end, nil
	}
	n, err := d.jx.Num()
	if err != nil {
		return 0, err
	}
	if v, err := n.Int64(); err == nil && v >= 0 {
		*to = v
	}
	return end, nil
}

// row reads one row, or those that the elements of its array are.
func (d *decoder) row(b []byte, at int) (int, error) {
	if d.layout.inner != nil {
		end, err := behindValue(b, at)
		if err != nil {
			return 0, err
		}
		return end, d.elements(b[at:end])
	}
	end, err := traverseObject(b, at, d.members(d.layout.root))
	if err != nil {
		return 0, err
	}
	return end, d.complete()
}

// members handles the members of a row or element.
func (d *decoder) members(root *member) eachMember {
	if root.below == nil {
		return skipMember
	}
	return d.inside[root.object]
}

// elements reads a row for each element of the array in an object, or for each
// member of the object there. A missing array has none.
func (d *decoder) elements(raw []byte) error {
	inner, err := d.unnested(raw)
	if err != nil {
		return err
	}
	position := -1
	row := func(b []byte, at int, name []byte) (int, error) {
		position++
		if _, err := traverseObject(raw, 0, d.members(d.layout.root)); err != nil {
			return 0, err
		}
		end, err := traverseObject(b, at, d.members(d.layout.inner))
		if err != nil {
			return 0, err
		}
		d.stands(position, name)
		return end, d.complete()
	}
	switch {
	case is(inner, 0, '['):
		_, err = traverseArray(inner, 0, func(b []byte, at int) (int, error) { return row(b, at, nil) })
	case is(inner, 0, '{'):
		_, err = traverseObject(inner, 0, func(b, name []byte, at int) (int, error) {
			if !is(b, at, '{') {
				return behindValue(b, at)
			}
			return row(b, at, name)
		})
	}
	return err
}

// stands notes where the element of the current row stands.
func (d *decoder) stands(at int, name []byte) {
	i := d.layout.position
	if i < 0 {
		return
	}
	if d.layout.columns[i].typ != catalog.Int32 && name == nil {
		return
	}
	d.pad(i)
	switch b := d.builders[i].(type) {
	case *array.Int32Builder:
		b.Append(int32(at))
	case *array.StringBuilder:
		b.BinaryBuilder.Append(d.valid(name))
	}
	d.filled[i] = d.rows + 1
}

// unnested finds the array by the first way that leads somewhere, nil for none.
func (d *decoder) unnested(raw []byte) (found []byte, err error) {
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
func memberOf(raw []byte, wanted string) (found []byte, err error) {
	if !is(raw, 0, '{') {
		return nil, nil
	}
	_, err = traverseObject(raw, 0, func(b, name []byte, at int) (int, error) {
		end, err := behindValue(b, at)
		if err == nil && string(name) == wanted {
			found = b[at:end]
		}
		return end, err
	})
	return found, err
}

// complete ends a row, which fails where it lacks a value that a column promises.
func (d *decoder) complete() error {
	d.rows++
	for i := range d.filled {
		if f := &d.layout.columns[i]; d.filled[i] < d.rows && f.required && len(d.layout.where) == 0 {
			return f.lacking()
		}
	}
	return nil
}

func skipMember(b, _ []byte, at int) (int, error) { return behindValue(b, at) }

// member handles the value of one member of a row; m is nil for one that no
// column wants.
func (d *decoder) member(b []byte, at int, m *member) (int, error) {
	if m == nil {
		return behindValue(b, at)
	}
	if len(m.columns) == 0 && is(b, at, '{') {
		return traverseObject(b, at, d.inside[m.object])
	}
	text, end, plain := plainText(b, at)
	if !plain {
		var err error
		if end, err = behindValue(b, at); err != nil {
			return 0, err
		}
	}
	for _, c := range m.columns {
		if typ := d.layout.columns[c].typ; plain && (typ == catalog.String || typ == catalog.GUID || typ == catalog.Timestamp) {
			if d.filled[c] <= d.rows && d.appendText(c, typ, text) {
				d.filled[c] = d.rows + 1
			}
			continue
		}
		d.jx.ResetBytes(b[at:end])
		if err := d.value(d.jx, c); err != nil {
			return 0, err
		}
	}
	if len(m.columns) > 0 && m.below != nil && b[at] == '{' {
		return traverseObject(b, at, d.inside[m.object])
	}
	return end, nil
}
