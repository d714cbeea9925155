package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Encoder writes the batches of one stream, each as the body of a frame: the
// messages of Arrow's streaming format, each behind its length.
type Encoder struct {
	out payloads
	w   *ipc.Writer
}

// Encode returns the body for a batch. It is valid until the next call.
func (e *Encoder) Encode(rec arrow.RecordBatch) ([]byte, error) {
	e.out.Reset()
	if e.w == nil {
		e.w = ipc.NewWriterWithPayloadWriter(&e.out, ipc.WithSchema(rec.Schema()))
	}
	if err := e.w.Write(rec); err != nil {
		return nil, err
	}
	return e.out.Bytes(), nil
}

// EncodeSchema writes a schema as the body of a frame.
func EncodeSchema(s *arrow.Schema) ([]byte, error) {
	var out payloads
	err := ipc.NewWriterWithPayloadWriter(&out, ipc.WithSchema(s)).Close()
	return out.Bytes(), err
}

const lengthSize = 8

// payloads writes messages, each behind its length.
type payloads struct{ bytes.Buffer }

// Start implements ipc.PayloadWriter.
func (*payloads) Start() error { return nil }

// WritePayload implements ipc.PayloadWriter.
func (p *payloads) WritePayload(m ipc.Payload) error {
	at := p.Len()
	p.Write(make([]byte, lengthSize))
	_, err := m.WritePayload(&p.Buffer)
	binary.LittleEndian.PutUint64(p.Bytes()[at:], uint64(p.Len()-at-lengthSize))
	return err
}

// Close implements ipc.PayloadWriter.
func (*payloads) Close() error { return nil }

// Decoder reads the batches of one stream. What it returns refers to the bodies
// that it was given.
type Decoder struct {
	// Want is the schema that the batches have, where the other side may send
	// anything: what does not fit it, or reaches out of its body, is an error.
	Want *arrow.Schema

	in messages
	r  *ipc.Reader
}

// maxRows bounds the rows of a batch that is not trusted: some types take no
// room.
const maxRows = 1 << 16

// Decode returns the batch of a frame's body; the caller releases it.
func (d *Decoder) Decode(body []byte) (arrow.RecordBatch, error) {
	d.in.rest = body
	if d.r == nil {
		var options []ipc.Option
		if d.Want != nil {
			options = append(options, ipc.WithSchema(d.Want), ipc.WithAllocator(noRoom{}))
		}
		r, err := ipc.NewReaderFromMessageReader(&d.in, options...)
		if err != nil {
			return nil, err
		}
		d.r = r
	}
	if !d.r.Next() {
		return nil, errors.Join(errCut, d.r.Err())
	}
	rec := d.r.RecordBatch()
	if d.Want != nil {
		if err := checkBatch(rec); err != nil {
			return nil, err
		}
	}
	rec.Retain()
	return rec, nil
}

// checkBatch sees that every value lies within the batch's buffers, which lie
// within its body.
func checkBatch(rec arrow.RecordBatch) (err error) {
	defer func() {
		if p := recover(); p != nil { // not every type can be checked without a use
			err = fmt.Errorf("wire: a malformed batch: %v", p)
		}
	}()
	if rec.NumRows() > maxRows {
		return fmt.Errorf("wire: a batch of %d rows", rec.NumRows())
	}
	for _, c := range rec.Columns() {
		if err := array.ValidateFull(c); err != nil {
			return fmt.Errorf("wire: %w", err)
		}
	}
	return nil
}

// noRoom gives no memory: batches lie where they were received, and what would
// need more, such as compressed buffers, is not sent.
type noRoom struct{ memory.Allocator }

// Allocate implements memory.Allocator.
func (noRoom) Allocate(n int) []byte {
	if n > 0 {
		panic("wire: a batch that needs more memory than its frame")
	}
	return nil
}

// Reallocate implements memory.Allocator.
func (a noRoom) Reallocate(n int, _ []byte) []byte { return a.Allocate(n) }

// Free implements memory.Allocator.
func (noRoom) Free([]byte) {}

// Close frees what the decoder holds.
func (d *Decoder) Close() {
	if d.r != nil {
		d.r.Release()
		d.r = nil
	}
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
type messages struct{ rest []byte }

const (
	continues  = 0xFFFFFFFF
	prefixSize = 8 // of a message: continues, and the metadata's length
)

// Message implements ipc.MessageReader.
func (m *messages) Message() (*ipc.Message, error) {
	if len(m.rest) < lengthSize {
		return nil, errCut
	}
	length := binary.LittleEndian.Uint64(m.rest)
	if length < prefixSize || length > uint64(len(m.rest)-lengthSize) {
		return nil, errCut
	}
	message := m.rest[lengthSize : lengthSize+length]
	m.rest = m.rest[lengthSize+length:]
	size := uint64(binary.LittleEndian.Uint32(message[4:]))
	if binary.LittleEndian.Uint32(message) != continues || size < prefixSize || size > length-prefixSize {
		return nil, errCut
	}
	meta, body := message[prefixSize:prefixSize+size], message[prefixSize+size:]
	if err := sound(meta); err != nil {
		return nil, err
	}
	return ipc.NewMessage(memory.NewBufferBytes(meta), memory.NewBufferBytes(body)), nil
}

// Retain implements ipc.MessageReader.
func (*messages) Retain() {}

// Release implements ipc.MessageReader.
func (*messages) Release() {}
