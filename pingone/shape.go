package pingone

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// environmentColumn stands in every environment's tables; its value is that of
// the environment read.
const environmentColumn = "EnvironmentId"

// shape says how the columns of a request come about from answers.
type shape struct {
	layout *layout
	schema *arrow.Schema
	slots  []slot
	// decoded gives the place in the layout by column name; hidden columns,
	// which only the scanner needs, are among them.
	decoded map[string]int
	// key holds the places of the primary key's decoded columns, for telling
	// rows apart.
	key []int
	// changed is the place of the time of the last change, -1 if rows don't
	// tell it.
	changed int
	// idle holds decoders for another reading.
	idle *sync.Pool
}

// decoder returns a decoder of the layout; give it back to idle.
func (s *shape) decoder() *decoder {
	if d, ok := s.idle.Get().(*decoder); ok && !d.busy { // one that a panic left is not used again
		return d
	}
	return newDecoder(s.layout, memory.DefaultAllocator)
}

// maxShapes bounds the shapes that are kept with a schema.
const maxShapes = 64

// shapeKey says what a shape is made of.
type shapeKey struct {
	table           *catalog.Table
	path            *catalog.Path
	columns, hidden string
}

// shapesKey is that of the shapes kept with a schema.
type shapesKey struct{}

// keptShape is shapeOf, made once for as long as the schema is the same.
func keptShape(t *catalog.Table, p *catalog.Path, columns []int, hidden []string) *shape {
	if t.Schema == nil {
		return shapeOf(t, p, columns, hidden)
	}
	shapes, _ := t.Schema.Derived(shapesKey{}, func() any {
		all, _ := lru.New[shapeKey, *shape](maxShapes) // fails for a bound below one
		return all
	}).(*lru.Cache[shapeKey, *shape])
	var positions []byte
	for _, c := range columns {
		positions = binary.AppendUvarint(positions, uint64(c))
	}
	key := shapeKey{t, p, string(positions), strings.Join(hidden, "\x00")}
	if s, ok := shapes.Get(key); ok {
		return s
	}
	s := shapeOf(t, p, columns, hidden)
	shapes.Add(key, s)
	return s
}

// slot is one column of the request.
type slot struct {
	from origin
	at   int // in the layout
	name string
	typ  catalog.Type
	// hides, where not nil, is the text of a decoded column whose rows are null.
	hides *condition
}

type origin uint8

const (
	fromAnswer origin = iota
	fromConstant
	fromLookup // of the decoded column at
)

// shapeOf compiles a request's columns for its path. hidden are further
// columns that the scanner needs.
func shapeOf(t *catalog.Table, p *catalog.Path, columns []int, hidden []string) *shape {
	s := &shape{schema: t.ArrowSchema(columns), decoded: map[string]int{}, changed: -1, idle: &sync.Pool{}}
	var decode []int
	add := func(c int) int {
		name := t.Columns[c].Name
		if at, ok := s.decoded[name]; ok {
			return at
		}
		s.decoded[name] = len(decode)
		decode = append(decode, c)
		return len(decode) - 1
	}
	for _, c := range columns {
		col := &t.Columns[c]
		out := slot{name: col.Name, typ: col.Type}
		if look, ok := p.Lookup[col.Name]; ok && !slices.Contains(p.Supplies, look.Key) {
			out.from, out.at = fromLookup, add(t.Index(look.Key))
		} else if constant(t, p, col.Name) {
			out.from = fromConstant
		} else {
			out.at = add(c)
		}
		s.slots = append(s.slots, out)
	}
	asked := len(decode)
	for i, c := range columns {
		if u := t.Columns[c].Unless; u != nil && s.slots[i].from == fromAnswer {
			s.slots[i].hides = &condition{add(t.Index(u.Column)), u.Text}
		}
	}
	for _, name := range hidden {
		if c := t.Index(name); c >= 0 && !constant(t, p, name) {
			add(c)
		}
	}
	for _, c := range t.Key() {
		if at, ok := s.decoded[t.Columns[c].Name]; ok {
			s.key = append(s.key, at)
		}
	}
	if at, ok := s.decoded[t.Changed]; ok {
		s.changed = at
	}
	s.layout = newLayout(t, p.Items, p.Sources, decode)
	s.layout.forgive(asked)
	return s
}

// keep narrows ranges of rows to those that a derived table takes. What a
// column promises holds for these alone.
func (s *shape) keep(p page, ranges [][2]int) ([][2]int, error) {
	if len(s.layout.where) == 0 {
		return ranges, nil
	}
	var kept [][2]int
	for _, r := range ranges {
		for i := r[0]; i < r[1]; i++ {
			if !s.takes(p, i) {
				continue
			}
			for c := range s.layout.columns {
				if f := &s.layout.columns[c]; f.required && p.arrays[c].IsNull(i) {
					return nil, f.lacking()
				}
			}
			if n := len(kept); n > 0 && kept[n-1][1] == i {
				kept[n-1][1]++
			} else {
				kept = append(kept, [2]int{i, i + 1})
			}
		}
	}
	return kept, nil
}

// takes reports whether a row has the texts that a derived table asks for.
func (s *shape) takes(p page, row int) bool {
	return !slices.ContainsFunc(s.layout.where, func(w condition) bool {
		return p.arrays[w.at].IsNull(row) || p.arrays[w.at].ValueStr(row) != w.text
	})
}

// constant reports whether a column's value is the same in all rows of a run.
func constant(t *catalog.Table, p *catalog.Path, name string) bool {
	if name == environmentColumn && t.Scope == catalog.PerEnvironment {
		return true
	}
	if slices.Contains(p.Supplies, name) || (p.Variant != nil && p.Variant.Column == name) {
		return true
	}
	look, looked := p.Lookup[name]
	return looked && slices.Contains(p.Supplies, look.Key)
}

// assemble builds the record of the request from a page, of which it takes
// the rows from a to b. found gives, by column and key, what was looked up.
func (s *shape) assemble(p page, a, b int, constants map[string]string, found map[string]map[string]string) arrow.RecordBatch {
	columns := make([]arrow.Array, len(s.slots))
	for i := range s.slots {
		slot := &s.slots[i]
		switch slot.from {
		case fromAnswer:
			columns[i] = part(p.arrays[slot.at], a, b)
			if h := slot.hides; h != nil {
				columns[i] = h.hide(columns[i], p.arrays[h.at], a)
			}
		case fromConstant:
			text, known := constants[slot.name]
			columns[i] = repeated(slot.typ, text, known, b-a)
		case fromLookup:
			columns[i] = referred(p.arrays[slot.at], a, b, found[slot.name])
		}
	}
	rec := array.NewRecordBatch(s.schema, columns, int64(b-a))
	for _, c := range columns {
		c.Release()
	}
	return rec
}

// hide makes values null in the rows whose column, from the given one on, has
// the text. It takes over the values.
func (h *condition) hide(values, column arrow.Array, from int) arrow.Array {
	defer values.Release()
	texts, ok := values.(*array.String)
	if !ok {
		return array.MakeArrayOfNull(memory.DefaultAllocator, values.DataType(), values.Len())
	}
	hidden := func(i int) bool {
		return column.IsValid(from+i) && strings.EqualFold(column.ValueStr(from+i), h.text)
	}
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for i := range values.Len() {
		if values.IsNull(i) || hidden(i) {
			b.AppendNull()
			continue
		}
		b.Append(texts.Value(i))
	}
	return b.NewArray()
}

func part(a arrow.Array, from, to int) arrow.Array {
	if from == 0 && to == a.Len() {
		a.Retain()
		return a
	}
	return array.NewSlice(a, int64(from), int64(to))
}

// referred gives the texts that the keys from a to b refer to, null for none.
func referred(keys arrow.Array, a, b int, texts map[string]string) arrow.Array {
	out := array.NewStringBuilder(memory.DefaultAllocator)
	defer out.Release()
	for i := a; i < b; i++ {
		if text, ok := texts[keys.ValueStr(i)]; ok && keys.IsValid(i) {
			out.Append(text)
		} else {
			out.AppendNull()
		}
	}
	return out.NewArray()
}

// repeated is an array of n equal texts, or of nulls.
func repeated(typ catalog.Type, text string, known bool, n int) arrow.Array {
	b := array.NewBuilder(memory.DefaultAllocator, typ.Arrow())
	defer b.Release()
	b.Reserve(n)
	switch b := b.(type) {
	case *array.StringBuilder:
		if !known {
			break
		}
		b.ReserveData(n * len(text))
		for range n {
			b.Append(text)
		}
	case *array.BooleanBuilder:
		for range n {
			b.Append(text == "true")
		}
	}
	if b.Len() == 0 {
		b.AppendNulls(n)
	}
	return b.NewArray()
}
