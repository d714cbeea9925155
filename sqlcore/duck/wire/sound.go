package wire

import (
	"errors"

	flatbuffers "github.com/google/flatbuffers/go"
)

// The reader of Arrow's messages makes room for as many fields as a message
// says it has, which no error can stop. So what a process sends is looked at
// before: its tables (Message.fbs and Schema.fbs of Arrow's format) may not hold
// more than fits into their bytes, even where parts of them are named twice.

// Places of members in the tables, as the vtables have them: 4, 6, 8 …
const (
	messageKind, messageHeader, messageNotes = 6, 8, 12
	schemaFields, schemaNotes                = 6, 8
	fieldName, fieldKind, fieldType          = 4, 8, 10
	fieldChildren, fieldNotes                = 14, 16
	noteKey, noteValue                       = 4, 6
	// typeList is the time zone of a Timestamp, and the numbers of a Union.
	typeList = 6
	// The values of messageKind and fieldKind.
	kindSchema, kindTimestamp, kindUnion = 1, 10, 14

	// itemSize is less than any field takes, and any note.
	itemSize = 16
	// maxMeta bounds the metadata of a message.
	maxMeta = 4 << 20
	// maxTypeDepth is what the reader of batches takes.
	maxTypeDepth = 64
)

var errUnsound = errors.New("wire: a malformed message")

// sound tells whether the metadata of a message may be read.
func sound(meta []byte) (err error) {
	defer func() {
		if recover() != nil { // it points out of its bytes
			err = errUnsound
		}
	}()
	if len(meta) > maxMeta {
		return errUnsound
	}
	message := flatbuffers.Table{Bytes: meta, Pos: flatbuffers.GetUOffsetT(meta)}
	left := room(len(meta))
	left.notes(message, messageNotes)
	if message.GetByteSlot(messageKind, 0) == kindSchema {
		schema := member(message, messageHeader)
		left.notes(schema, schemaNotes)
		left.fields(schema, schemaFields, 0)
	}
	if left < 0 {
		return errUnsound
	}
	return nil
}

// room is what is left of a message's bytes.
type room int

// take charges a member that is a list: its items have the size at least.
func (r *room) take(t flatbuffers.Table, at flatbuffers.VOffsetT, size int) (items int) {
	if o := t.Offset(at); o != 0 {
		items = t.VectorLen(flatbuffers.UOffsetT(o))
		*r -= room(items * size)
	}
	if *r < 0 {
		items = 0
	}
	return items
}

// notes charges a list of keys and values.
func (r *room) notes(t flatbuffers.Table, at flatbuffers.VOffsetT) {
	for i, n := 0, r.take(t, at, itemSize); i < n && *r >= 0; i++ {
		note := item(t, at, i)
		r.take(note, noteKey, 1)
		r.take(note, noteValue, 1)
	}
}

// fields charges a list of fields with all that is in them.
func (r *room) fields(t flatbuffers.Table, at flatbuffers.VOffsetT, depth int) {
	n := r.take(t, at, itemSize)
	if n > 0 && depth == maxTypeDepth {
		*r = -1
	}
	for i := 0; i < n && *r >= 0; i++ {
		field := item(t, at, i)
		r.take(field, fieldName, 1)
		r.notes(field, fieldNotes)
		if kind := field.GetByteSlot(fieldKind, 0); kind == kindTimestamp || kind == kindUnion {
			r.take(member(field, fieldType), typeList, 1)
		}
		r.fields(field, fieldChildren, depth+1)
	}
}

// item is a table in a list of them.
func item(t flatbuffers.Table, at flatbuffers.VOffsetT, i int) flatbuffers.Table {
	place := t.Vector(flatbuffers.UOffsetT(t.Offset(at))) + flatbuffers.UOffsetT(i*flatbuffers.SizeUOffsetT)
	return flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(place)}
}

// member is a table in another.
func member(t flatbuffers.Table, at flatbuffers.VOffsetT) (out flatbuffers.Table) {
	o := t.Offset(at)
	if o == 0 {
		panic(errUnsound)
	}
	t.Union(&out, flatbuffers.UOffsetT(o))
	return out
}
