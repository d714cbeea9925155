// Package wire is how the service and an engine process talk: frames over a
// socket, with Arrow's streaming format for rows.
//
// The service sends one request at a time and reads what it leads to. Requests
// about a text are answered by one frame, Answer or Failed. A Job asks for the
// next batch of an input by Pull, whether or not it was sent ahead, gives batches
// of its result as far as it was told to by More, and ends with Done or Failed,
// and then Idle, when nothing of it is left in the process.
package wire

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
)

// Kind says what a frame is.
type Kind byte

// The frames of the service.
const (
	Hello    Kind = iota + 1 // a Setup; answered by Ready
	Ask                      // strings: database, statement of one parameter, its value
	Texts                    // strings: a statement
	Tables                   // the tables to plan over, of type []Table
	Describe                 // strings: a statement; the answer has names, then types
	Run                      // a Job
	Mask                     // a Filter; a Batch follows
	Batch                    // of the stream, of the service and of the process
	End                      // of the stream
	Broken                   // the stream has no more rows, though there are some
	More                     // of the result's batches may come
)

// The frames of the process.
const (
	Ready  Kind = iota + 101 // Walls
	Answer                   // strings
	Failed                   // a Failure
	Pull                     // the next batch of the stream: the one before was taken
	Loaded                   // what is read in advance stands
	Schema                   // of the result
	Done                     // no rows follow
	Idle                     // the next request may come
)

// Frame is what is sent at once.
type Frame struct {
	Kind   Kind
	Stream uint32
	Body   []byte
}

const (
	headerSize = 9
	// maxFrame bounds a frame, such as a batch; maxAnswer one with the plan of a
	// statement, which takes several times its size when it is read. Twice as much as
	// the longest statements have.
	maxFrame  = 64 << 20
	maxAnswer = 24 << 20
	// maxStrings bounds the parts of one frame.
	maxStrings = 1 << 20
)

// ErrTooLarge is the error of a frame that was not sent.
var ErrTooLarge = errors.New("wire: the frame is too large")

// Conn sends and receives frames. Any goroutine may send; one receives.
type Conn struct {
	c net.Conn
	r *bufio.Reader
	w sync.Mutex
}

// NewConn returns a Conn over c.
func NewConn(c net.Conn) *Conn { return &Conn{c: c, r: bufio.NewReaderSize(c, 64<<10)} }

// Close ends the connection, and calls that wait for it.
func (c *Conn) Close() error { return c.c.Close() }

// Ended reports whether the other side has closed the connection, without
// waiting. Nothing may be on its way.
func (c *Conn) Ended() bool {
	s, ok := c.c.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return true
	}
	ended := false
	err = raw.Control(func(fd uintptr) {
		var one [1]byte
		n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		ended = n == 0 && err == nil || err != nil && err != syscall.EAGAIN && err != syscall.EINTR
	})
	return ended || err != nil
}

// most bounds the body of a frame.
func most(kind Kind) int {
	if kind == Answer {
		return maxAnswer
	}
	return maxFrame
}

// Send writes a frame.
func (c *Conn) Send(kind Kind, stream uint32, body []byte) error {
	if len(body) > most(kind) {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, len(body))
	}
	var header [headerSize]byte
	header[0] = byte(kind)
	binary.LittleEndian.PutUint32(header[1:], stream)
	binary.LittleEndian.PutUint32(header[5:], uint32(len(body)))
	c.w.Lock()
	defer c.w.Unlock()
	if len(body) <= 4096 {
		_, err := c.c.Write(append(header[:], body...))
		return err
	}
	parts := net.Buffers{header[:], body}
	_, err := parts.WriteTo(c.c)
	return err
}

// SendStrings writes a frame of strings.
func (c *Conn) SendStrings(kind Kind, stream uint32, parts ...string) error {
	size := len(parts) * binary.MaxVarintLen64
	for _, p := range parts {
		size += len(p)
	}
	body := make([]byte, 0, size)
	for _, p := range parts {
		body = binary.AppendUvarint(body, uint64(len(p)))
		body = append(body, p...)
	}
	return c.Send(kind, stream, body)
}

// SendJSON writes a frame with a value as JSON.
func (c *Conn) SendJSON(kind Kind, stream uint32, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.Send(kind, stream, body)
}

// Receive reads the next frame. Its body is the receiver's.
func (c *Conn) Receive() (Frame, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(c.r, header[:]); err != nil {
		return Frame{}, err
	}
	f := Frame{Kind: Kind(header[0]), Stream: binary.LittleEndian.Uint32(header[1:])}
	n := binary.LittleEndian.Uint32(header[5:])
	if int64(n) > int64(most(f.Kind)) {
		return f, fmt.Errorf("wire: a frame of %d bytes", n)
	}
	f.Body = make([]byte, n)
	_, err := io.ReadFull(c.r, f.Body)
	return f, err
}

// Strings reads the frame's strings.
func (f Frame) Strings() ([]string, error) {
	parts, err := f.Parts()
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = string(p)
	}
	return out, err
}

// Parts gives the frame's strings where they stand in its body.
func (f Frame) Parts() ([][]byte, error) {
	var out [][]byte
	for rest := f.Body; len(rest) > 0; {
		n, used := binary.Uvarint(rest)
		if used <= 0 || n > uint64(len(rest)-used) || len(out) == maxStrings {
			return nil, fmt.Errorf("wire: a frame of kind %d that is cut off", f.Kind)
		}
		out = append(out, rest[used:used+int(n)])
		rest = rest[used+int(n):]
	}
	return out, nil
}

// JSON reads the frame's value.
func (f Frame) JSON(v any) error {
	if err := json.Unmarshal(f.Body, v); err != nil {
		return fmt.Errorf("wire: a frame of kind %d: %w", f.Kind, err)
	}
	return nil
}
