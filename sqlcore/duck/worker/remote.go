//go:build duckdb_arrow

package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// maxFrames is more than the service sends before one is taken: one for each
// batch that it reads ahead, and the end. A frame over it would hold up all others.
const maxFrames = 256

// errBroken stands for an error of an input, which the service knows.
var errBroken = errors.New("engine: the input broke off")

// input is a stream of rows that the service reads. It implements
// scan.Batches.
type input struct {
	c       *wire.Conn
	stream  uint32
	frames  chan wire.Frame
	decoder wire.Decoder
	asked   bool // for the next frame
	ended   error
}

func newInput(c *wire.Conn, stream uint32) *input {
	return &input{c: c, stream: stream, frames: make(chan wire.Frame, maxFrames)}
}

// Next implements scan.Batches.
func (in *input) Next(ctx context.Context) (scan.Batch, error) {
	if in.ended != nil {
		return scan.Batch{}, in.ended
	}
	if !in.asked {
		if err := in.c.Send(wire.Pull, in.stream, nil); err != nil {
			return scan.Batch{}, err
		}
		in.asked = true
	}
	select {
	case f := <-in.frames:
		in.asked = false
		return in.read(f)
	case <-ctx.Done():
		return scan.Batch{}, ctx.Err()
	}
}

func (in *input) read(f wire.Frame) (b scan.Batch, err error) {
	switch f.Kind {
	case wire.Batch:
		b.Record, err = in.decoder.Decode(f.Body)
		if err != nil {
			in.ended = fmt.Errorf("engine: an input's batch: %w", err)
		}
	case wire.End:
		in.ended = io.EOF
	default:
		in.ended = errBroken
	}
	return b, in.ended
}

// Close implements scan.Batches.
func (in *input) Close() { in.decoder.Close() }

// credit counts what may still be sent.
type credit struct {
	mu   sync.Mutex
	left int
	more chan struct{}
}

func newCredit(n int) *credit { return &credit{left: n, more: make(chan struct{}, 1)} }

func (c *credit) add(n int) {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.left += n
	c.mu.Unlock()
	select {
	case c.more <- struct{}{}:
	default:
	}
}

// use waits for one to be left and takes it.
func (c *credit) use(ctx context.Context) error {
	for {
		c.mu.Lock()
		ok := c.left > 0
		if ok {
			c.left--
		}
		c.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-c.more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
