package pool

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
)

// Lease is a process lent to one statement. One goroutine receives; any may
// send.
type Lease struct {
	pool    *Pool
	process *process
	long    bool
	caller  string
	leave   func() // gives the place back

	// waits counts what the process waits for: a request, rows, and room for its
	// result.
	waits atomic.Int64
	// unread is since when the result has been left alone, in ns of Unix; 0
	// while its reader is there.
	unread atomic.Int64

	// The pool's lock guards these.
	worked time.Duration
	used   int64
	before time.Duration // that processors had worked for the process when it was lent
	slow   bool          // its process has been put behind the others

	mu        sync.Mutex
	stopCause error
	stopped   time.Time
	released  bool
}

// Key tells what the process has ready.
func (l *Lease) Key() string { return l.process.key }

// Keep notes what the process has ready from now on.
func (l *Lease) Keep(key string) { l.process.key = key }

// Waits notes that the process waits for what only the service can give, or no
// more: that time is not the engine's.
func (l *Lease) Waits(n int64) { l.waits.Add(n) }

// Unread notes whether nobody is there to read the result.
func (l *Lease) Unread(left bool) {
	var since int64
	if left {
		since = time.Now().UnixNano()
	}
	l.unread.Store(since)
}

// parked tells since when the process has done nothing but hold a result.
func (l *Lease) parked() (time.Time, bool) {
	n := l.unread.Load()
	return time.Unix(0, n), n != 0 && l.waits.Load() > 0
}

func (l *Lease) since() time.Time { return time.Unix(0, l.unread.Load()) }

// Begin numbers a request, so that only that one can be interrupted. Its time
// is the engine's until Waits says otherwise.
func (l *Lease) Begin() uint32 {
	l.waits.Add(-1)
	return l.process.number.Add(1)
}

// Conn is where requests go.
func (l *Lease) Conn() *wire.Conn { return l.process.conn }

// Call sends a request about a text and waits for its answer.
func (l *Lease) Call(ctx context.Context, send func(c *wire.Conn, number uint32) error) ([][]byte, error) {
	number := l.Begin()
	defer l.Waits(1)
	stop := context.AfterFunc(ctx, func() { l.interrupt(context.Cause(ctx), number) })
	defer stop()
	if err := send(l.process.conn, number); err != nil {
		return nil, l.Failure(err)
	}
	f, err := l.process.conn.Receive()
	if err != nil {
		return nil, l.Failure(err)
	}
	switch f.Kind {
	case wire.Answer:
		return f.Parts()
	case wire.Failed:
		return nil, l.Told(f)
	default:
		l.process.end("crash")
		return nil, gwerr.From(fmt.Errorf("engine: a frame of kind %d", f.Kind))
	}
}

// Told reads why a request failed: what stopped it, or else what the process
// says.
func (l *Lease) Told(f wire.Frame) error {
	if cause := l.cause(); cause != nil {
		return cause
	}
	var said wire.Failure
	if err := f.JSON(&said); err != nil {
		return err
	}
	return &said
}

// Stop has the process give up what it works on, and killed if it does not
// within a second.
func (l *Lease) Stop(cause error) { l.interrupt(cause, l.process.number.Load()) }

func (l *Lease) interrupt(cause error, number uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.released || l.stopCause != nil {
		return
	}
	l.stopCause, l.stopped = cause, time.Now()
	l.process.cancel(number)
}

// kill ends the process for a bound that the statement passed.
func (l *Lease) kill(cause error, reason string) {
	l.mu.Lock()
	if l.stopCause == nil {
		l.stopCause, l.stopped = cause, time.Now()
	}
	l.mu.Unlock()
	l.process.end(reason)
}

func (l *Lease) cause() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stopCause
}

// look holds the statement to its bounds and returns its process's memory. The
// caller holds the pool's lock.
func (l *Lease) look(now time.Time, passed time.Duration) int64 {
	if l.waits.Load() == 0 {
		l.worked += passed
	}
	l.used = l.process.used()
	if pid := l.process.cmd.Process.Pid; !l.slow && len(l.pool.leases) > 1 && worked(pid)-l.before > longWork {
		l.slow = true
		yield(pid, longNiceness)
	}
	c := l.pool.config
	l.mu.Lock()
	cause, since := l.stopCause, l.stopped
	l.mu.Unlock()
	switch {
	case l.used > c.Memory:
		l.kill(errMemory(c.Memory), "memory")
	case cause != nil && now.Sub(since) > l.pool.patience:
		l.process.end(reasonOf(cause))
	case cause == nil && l.worked > c.Time:
		l.Stop(errTime(c.Time))
	}
	return l.used
}

// Failure says why the process no longer answers. It waits for its end, which
// has begun.
func (l *Lease) Failure(err error) error {
	l.process.end("crash") // or it has ended; what can't be read can't be used
	<-l.process.exited
	if cause := l.cause(); cause != nil {
		return cause
	}
	if l.process.why() == "memory" {
		return gwerr.Wrap(gwerr.OutOfMemory, l.process.crash(), "The query needs more memory than the engine may use.", memoryHint)
	}
	// The socket's io.EOF must not be found in the chain: it would end rows.
	return gwerr.Wrap(gwerr.Internal, fmt.Errorf("%w (%v)", l.process.crash(), err), //nolint:errorlint // as above
		"The engine's process ended while it worked on this query.", "Other queries go on. Write it in another way, and report it; the log has the cause under the request id.")
}

// Release gives the process back, for another statement.
func (l *Lease) Release() { l.giveBack(true) }

// Discard gives the process back when it is in no known state.
func (l *Lease) Discard() {
	l.process.end("crash")
	l.giveBack(false)
}

func (l *Lease) giveBack(usable bool) {
	l.mu.Lock()
	again := l.released
	l.released = true
	l.mu.Unlock()
	if again {
		return
	}
	defer l.leave() // when the process is there for others
	p, pr := l.pool, l.process
	if usable && l.long {
		// What a large query leaves with the allocator is not given to the next.
		if pr.memory = pr.used(); pr.memory > p.config.Memory/2 {
			usable = false
			pr.stop()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.leases, l)
	p.tell(observe.EngineWorkers{State: "busy", Delta: -1})
	if l.long {
		p.long--
	}
	switch {
	case usable && l.slow:
		pr.stop() // it stays slow
	case usable && !pr.dead():
		p.put(pr)
	}
	p.refill()
}

const memoryHint = "Ask for fewer rows or columns, or raise engine.worker_memory."

// bound is a statement's bound that was passed.
type bound struct {
	why    *gwerr.Error
	reason string
}

func (b bound) Error() string { return b.why.Error() }

// Unwrap lets the error be found.
func (b bound) Unwrap() error { return b.why }

func errMemory(bytes int64) error {
	return bound{gwerr.New(gwerr.OutOfMemory, fmt.Sprintf("The query needs more memory than the engine may use, which is %d MiB.", bytes>>20), memoryHint), "memory"}
}

func errTotal(bytes int64) error {
	return bound{gwerr.New(gwerr.OutOfMemory, fmt.Sprintf("All queries together need more memory than the engine may use, which is %d MiB; this one needed most.", bytes>>20),
		"Try again, ask for fewer rows or columns, or raise engine.memory."), "memory"}
}

func errTime(d time.Duration) error {
	return bound{gwerr.New(gwerr.Timeout, fmt.Sprintf("The engine worked on the query for longer than %s.", d),
		"Ask for fewer rows or simpler conditions, or raise engine.time."), "time"}
}

// errNeeded ends a result that nobody reads.
var errNeeded = bound{gwerr.New(gwerr.Busy, "The result was given up: nobody read it, and others needed its place.", "Send the request again."), "needed"}

// reasonOf names the bound for the metrics, where a process had to be killed.
func reasonOf(cause error) string {
	if b, ok := cause.(bound); ok { //nolint:errorlint // never wrapped
		return b.reason
	}
	return "canceled"
}
