package pgwire

import (
	"io"
	"sync"
)

// readAhead is how much of what a client sends is kept before it is asked for.
const readAhead = 64 << 10

// intake reads ahead of the protocol, so that a client's leaving is known while
// a statement runs. It is an io.Reader.
type intake struct {
	mu    sync.Mutex
	moved *sync.Cond // data came, room came, or the end
	data  []byte
	err   error // of the source, behind the data
	woken bool  // Read returns errWoken where it would wait
	shut  bool
	done  chan struct{} // closed with the reading goroutine
}

// errWoken ends a wait for the client.
var errWoken = io.ErrNoProgress

// newIntake reads from r until it fails or close is called; gone is called with
// the failure.
func newIntake(r io.Reader, gone func()) *intake {
	in := &intake{done: make(chan struct{})}
	in.moved = sync.NewCond(&in.mu)
	go in.run(r, gone)
	return in
}

func (in *intake) run(r io.Reader, gone func()) {
	defer close(in.done)
	buf := make([]byte, 16<<10)
	for {
		n, err := r.Read(buf)
		in.mu.Lock()
		in.data = append(in.data, buf[:n]...)
		in.err = err
		in.moved.Broadcast()
		for err == nil && !in.shut && len(in.data) >= readAhead {
			in.moved.Wait()
		}
		shut := in.shut
		in.mu.Unlock()
		if err != nil && !shut {
			gone()
		}
		if err != nil || shut {
			return
		}
	}
}

// Read implements io.Reader.
func (in *intake) Read(p []byte) (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(in.data) == 0 && in.err == nil && !in.woken {
		in.moved.Wait()
	}
	switch {
	case len(in.data) > 0:
		n := copy(p, in.data)
		in.data = append(in.data[:0], in.data[n:]...)
		in.moved.Broadcast()
		return n, nil
	case in.err != nil:
		return 0, in.err
	default:
		return 0, errWoken
	}
}

// wake lets Read return where it waits for a client that says nothing.
func (in *intake) wake() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.woken = true
	in.moved.Broadcast()
}

// close ends the goroutine, whose source must have been closed, too.
func (in *intake) close() {
	in.mu.Lock()
	in.shut = true
	in.moved.Broadcast()
	in.mu.Unlock()
	<-in.done
}
