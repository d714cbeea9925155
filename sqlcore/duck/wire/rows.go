package wire

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Encoder writes the batches of one stream, each as the body of a frame.
type Encoder struct {
	out bytes.Buffer
	w   *ipc.Writer
}

// Encode returns the body for a batch. It is valid until the next call.
func (e *Encoder) Encode(rec arrow.RecordBatch) ([]byte, error) {
	e.out.Reset()
	if e.w == nil {
		e.w = ipc.NewWriter(&e.out, ipc.WithSchema(rec.Schema()))
	}
	if err := e.w.Write(rec); err != nil {
		return nil, err
	}
	return e.out.Bytes(), nil
}

// Decoder reads the batches of one stream. What it returns refers to the bodies
// that it was given.
type Decoder struct {
	in messages
	r  *ipc.Reader
}

// Decode returns the batch of a frame's body; the caller releases it.
func (d *Decoder) Decode(body []byte) (arrow.RecordBatch, error) {
	d.in.rest = body
	if d.r == nil {
		r, err := ipc.NewReaderFromMessageReader(&d.in)
		if err != nil {
			return nil, err
		}
		d.r = r
	}
	if !d.r.Next() {
		return nil, errors.Join(errCut, d.r.Err())
	}
	rec := d.r.RecordBatch()
	rec.Retain()
	return rec, nil
}

// Close frees what the decoder holds.
func (d *Decoder) Close() {
	if d.r != nil {
		d.r.Release()
		d.r = nil
	}
}

// EncodeSchema writes a schema as the body of a frame.
func EncodeSchema(s *arrow.Schema) ([]byte, error) {
	var out bytes.Buffer
	err := ipc.NewWriter(&out, ipc.WithSchema(s)).Close()
	return out.Bytes(), err
}

// DecodeSchema reads what EncodeSchema wrote.
func DecodeSchema(body []byte) (*arrow.Schema, error) {
	r, err := ipc.NewReaderFromMessageReader(&messages{rest: body})
	if err != nil {
		return nil, err
	}
	defer r.Release()
	return r.Schema(), nil
}

var errCut = errors.New("wire: a batch that is cut off")

// messages reads Arrow's messages from a body without copying them, and never
// makes room by what they say of their length.
type messages struct {
	rest      []byte
	described bool
}

const (
	continues  = 0xFFFFFFFF
	prefixSize = 8
)

// Message implements ipc.MessageReader.
func (m *messages) Message() (*ipc.Message, error) {
	if len(m.rest) < prefixSize || binary.LittleEndian.Uint32(m.rest) != continues {
		return nil, errCut
	}
	size := int(binary.LittleEndian.Uint32(m.rest[4:]))
	if size < prefixSize || size > len(m.rest)-prefixSize {
		return nil, errCut
	}
	meta := m.rest[prefixSize : prefixSize+size]
	after := m.rest[prefixSize+size:]
	m.rest = nil
	if !m.described {
		// A stream begins with its schema, which has no body. Batches of our types
		// have no dictionaries, so that all of the rest is the batch's.
		m.described, m.rest, after = true, after, nil
	}
	return ipc.NewMessage(memory.NewBufferBytes(meta), memory.NewBufferBytes(after)), nil
}

// Retain implements ipc.MessageReader.
func (*messages) Retain() {}

// Release implements ipc.MessageReader.
func (*messages) Release() {}
