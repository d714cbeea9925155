//go:build duckdb_arrow

package worker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
)

// worker is the state of the process.
type worker struct {
	c    *wire.Conn
	data *instance
	// single is one that has one thread.
	single *instance
	// planners are databases of empty tables, by the names of Ask; those of the
	// last statement's tables stand until one over others comes.
	planners map[string]*planner
	tables   []*catalog.Table
	filter   *filter // the last one

	mu      sync.Mutex
	current uint32 // the number of the request at work
	givenUp uint32 // that of the last one to be given up, which may be still to come
	cancel  context.CancelFunc
	inputs  map[uint32]*input
	// taken counts the batches that the result may give.
	taken *credit

	ended chan error // ends the process
}

// serve answers requests until the service closes the socket.
func serve(c *wire.Conn, giveUp io.Reader) error {
	hello, err := c.Receive()
	if err != nil {
		return nil //nolint:nilerr // the service has gone
	}
	var setup wire.Setup
	if err := hello.JSON(&setup); err != nil {
		return err
	}
	// Batches on their way, and plans, are Go's; they come fast and go soon.
	debug.SetMemoryLimit(min(setup.Memory/3, 64<<20))
	debug.SetGCPercent(200)
	walls, err := confine(setup)
	if err != nil {
		return err
	}
	w := &worker{c: c, planners: map[string]*planner{}, inputs: map[uint32]*input{}}
	if err := w.open(context.Background(), setup); err != nil {
		return err
	}
	if err := c.SendJSON(wire.Ready, 0, walls); err != nil {
		return nil //nolint:nilerr // the service has gone
	}
	w.ended = make(chan error, 1)
	go w.receive()
	go w.heed(giveUp)
	return <-w.ended
}

// heed gives up requests as the service wants it. The process ends with the
// service: the engine may be busy for long.
func (w *worker) heed(giveUp io.Reader) {
	var number [4]byte
	for {
		if _, err := io.ReadFull(giveUp, number[:]); err != nil {
			os.Exit(0)
		}
		w.giveUp(binary.LittleEndian.Uint32(number[:]))
	}
}

func (w *worker) giveUp(number uint32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.givenUp = number
	if w.current == number && w.cancel != nil {
		w.cancel()
	}
}

// receive takes frames to where they are awaited. It answers a request itself: in
// another goroutine, and thread, it would take longer. Only where a request needs
// frames while it runs, another one goes on receiving.
func (w *worker) receive() {
	for {
		f, err := w.c.Receive()
		if err != nil {
			os.Exit(0)
		}
		switch f.Kind {
		case wire.Batch, wire.End, wire.Broken:
			w.deliver(f)
		case wire.More:
			w.mu.Lock()
			w.taken.add(int(f.Stream))
			w.mu.Unlock()
		default:
			if f.Kind == wire.Run {
				go w.receive()
			}
			if err := w.handle(f); err != nil {
				w.ended <- err
				return
			}
			if f.Kind == wire.Run {
				return
			}
		}
	}
}

// deliver gives a frame to the input of its stream; those of an ended one are
// dropped.
func (w *worker) deliver(f wire.Frame) {
	w.mu.Lock()
	in := w.inputs[f.Stream]
	w.mu.Unlock()
	if in != nil {
		in.frames <- f
	}
}

// begin makes the context of a request, which giveUp ends.
func (w *worker) begin(number uint32) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.current, w.cancel = number, cancel
	if w.givenUp == number {
		cancel()
	}
	return ctx, cancel
}

// handle answers one request. Its error ends the process.
func (w *worker) handle(f wire.Frame) error {
	ctx, cancel := w.begin(f.Stream)
	defer cancel()
	if f.Kind == wire.Run {
		return w.run(ctx, f)
	}
	var answer []string
	err := safely.Do(ctx, observe.Discard, observe.InEngine, func() (err error) {
		answer, err = w.answer(ctx, f)
		return err
	})
	switch {
	case errors.Is(err, errStays):
		return err
	case err == nil:
		if err = w.c.SendStrings(wire.Answer, f.Stream, answer...); !errors.Is(err, wire.ErrTooLarge) {
			return err
		}
	}
	return w.c.SendJSON(wire.Failed, f.Stream, failure(err))
}

// answer answers a request about a text.
func (w *worker) answer(ctx context.Context, f wire.Frame) ([]string, error) {
	if f.Kind == wire.Mask {
		batch, err := w.c.Receive()
		if err != nil {
			return nil, err
		}
		return w.mask(ctx, f, batch.Body)
	}
	if f.Kind == wire.Tables {
		return nil, w.showTables(ctx, f)
	}
	args, err := f.Strings()
	if err != nil {
		return nil, err
	}
	switch {
	case f.Kind == wire.Ask && len(args) == 3:
		p, err := w.planner(ctx, args[0])
		if err != nil {
			return nil, err
		}
		return p.c.call(ctx, args[1], args[2])
	case f.Kind == wire.Texts && len(args) == 1:
		p, err := w.planner(ctx, wire.Planning)
		if err != nil {
			return nil, err
		}
		return p.c.texts(ctx, args[0])
	case f.Kind == wire.Describe && len(args) == 1:
		p, err := w.planner(ctx, wire.Planning)
		if err != nil {
			return nil, err
		}
		return p.describe(ctx, args[0])
	}
	return nil, fmt.Errorf("engine: a frame of kind %d", f.Kind)
}

// showTables makes the tables of the next statement stand.
func (w *worker) showTables(ctx context.Context, f wire.Frame) error {
	var tables []wire.Table
	if err := f.JSON(&tables); err != nil {
		return err
	}
	w.tables = make([]*catalog.Table, len(tables))
	for i, t := range tables {
		w.tables[i] = t.Catalog()
	}
	_, err := w.planner(ctx, wire.Planning)
	return err
}

// failure is an error as the service gets it.
func failure(err error) wire.Failure {
	var own *gwerr.Error
	var engine *engineError
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		own = gwerr.New(gwerr.LimitExceeded, "A row of the result, or the plan of the query, is larger than the engine may send.", "Select fewer columns, or shorter values.")
		return wire.Failure{Code: string(own.Code), Text: own.Message, Hint: own.Hint}
	case errors.As(err, &own):
		return wire.Failure{Code: string(own.Code), Text: own.Message, Hint: own.Hint}
	case errors.As(err, &engine):
		return wire.Failure{Text: engine.text}
	default:
		own = gwerr.From(err)
		return wire.Failure{Code: string(own.Code), Text: own.Message, Hint: own.Hint, Cause: err.Error()}
	}
}
