package pool

import (
	"cmp"
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/fair"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
)

// Pool lends engine processes. It is safe for concurrent use.
type Pool struct {
	config Config
	root   string
	lock   *os.File
	// launches are made by one thread, with which the kernel would end the
	// processes.
	launches chan chan<- launched
	patience time.Duration
	wake     chan struct{}
	// places are as many as processes: who has one is not kept waiting by what
	// others do.
	places *fair.Queue
	work   sync.WaitGroup // all goroutines
	ending context.Context
	end    context.CancelFunc

	mu       sync.Mutex
	idle     []*process // the one used last at the end
	leases   map[*Lease]bool
	long     int // leases for long
	starting int
	alive    int // processes that have not exited
	waiters  []*waiter
	// failed is the error of the last start; while holdOff, none is tried.
	failed   error
	holdOff  bool
	heldFor  time.Duration
	watching bool
	told     bool // of the walls
	closed   bool
}

type launched struct {
	p   *process
	err error
}

// waiter is a statement that has a place and no process yet.
type waiter struct {
	key, caller string
	long        bool
	leave       func() // gives the place back
	got         chan *Lease
}

// Open starts the first processes and returns when one of them is ready.
func Open(ctx context.Context, c Config) (*Pool, error) {
	root, lock, err := makeRoot(c.TempDir)
	if err != nil {
		return nil, gwerr.Wrap(gwerr.Config, err, "The engine's temporary directory cannot be made.", "Check that it exists and can be written.")
	}
	p := &Pool{
		config: c, root: root, lock: lock, leases: map[*Lease]bool{},
		launches: make(chan chan<- launched), patience: patience, wake: make(chan struct{}, 1),
		places: fair.New(c.Processes, mostWaiting, cmp.Or(c.Share, 1)),
	}
	p.ending, p.end = context.WithCancel(context.Background())
	p.work.Go(p.launchAll)
	p.work.Go(p.watch)
	first, err := p.start()
	if err != nil {
		p.Close()
		return nil, gwerr.Wrap(gwerr.Config, err, "The engine's process cannot start.",
			"The gateway starts itself again for each: check that the system lets it, its memory and its temporary directory.")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.put(first)
	p.refill()
	return p, ctx.Err()
}

// launchAll starts processes, all from one thread.
func (p *Pool) launchAll() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		select {
		case to := <-p.launches:
			pr, err := launch(p.root)
			to <- launched{pr, err}
		case <-p.ending.Done():
			return
		}
	}
}

// start starts a process and waits until it is ready.
func (p *Pool) start() (*process, error) {
	to := make(chan launched, 1)
	select {
	case p.launches <- to:
	case <-p.ending.Done():
		return nil, errClosed
	}
	l := <-to
	if l.err != nil {
		return nil, l.err
	}
	p.mu.Lock()
	p.alive++
	p.mu.Unlock()
	p.tell(observe.EngineWorkers{State: "alive", Delta: 1})
	p.work.Go(func() { l.p.wait(); p.gone(l.p) })
	stop := context.AfterFunc(p.ending, l.p.stop)
	defer stop()
	err := l.p.greet(wire.Setup{Memory: p.config.Engine, TempBytes: p.config.TempBytes, Threads: p.config.Threads})
	if err == nil {
		// Twice the bound, since mapped is not used: the watch sees what is.
		err = limitData(l.p.cmd.Process.Pid, 2*p.config.Memory+(256<<20))
	}
	if err != nil {
		l.p.end("start")
		return nil, err
	}
	yield(l.p.cmd.Process.Pid, niceness) // the threads that came meanwhile
	l.p.memory = l.p.used()
	return l.p, nil
}

func (p *Pool) tell(e observe.Event) { p.config.Sink.Observe(context.Background(), e) }

// refill starts processes in the background, until there are enough. The
// caller holds the lock.
func (p *Pool) refill() {
	for !p.closed && !p.holdOff && p.starting < startsAtOnce && p.size() < p.config.Processes &&
		len(p.idle)+p.starting < p.config.Spare+len(p.waiters) {
		p.starting++
		p.work.Go(p.startMore)
	}
}

// size is the number of processes that are or will be there.
func (p *Pool) size() int { return len(p.idle) + len(p.leases) + p.starting }

func (p *Pool) startMore() {
	pr, err := p.start()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.starting--
	p.failed = err
	switch {
	case err == nil:
		p.put(pr)
		p.refill()
	case !p.closed:
		// The machine may be out of memory or processes: not at once again.
		p.holdOff = true
		p.poke()
	}
}

// put gives a process to who waits for one, or keeps it. The caller holds the
// lock.
func (p *Pool) put(pr *process) {
	if p.closed {
		pr.stop()
		return
	}
	if !p.told {
		p.told = true
		p.tell(observe.EngineWalls{Files: pr.walls.Files, Calls: pr.walls.Calls})
	}
	if i := p.next(); i >= 0 {
		w := p.waiters[i]
		p.waiters = slices.Delete(p.waiters, i, i+1)
		w.got <- p.lend(pr, w)
		return
	}
	pr.since = time.Now()
	p.idle = append(p.idle, pr)
	if len(p.idle) > p.config.Spare {
		p.poke()
	}
}

// next is the position of the waiter to be served, -1 if there is none. The caller
// holds the lock.
func (p *Pool) next() int {
	return slices.IndexFunc(p.waiters, func(w *waiter) bool { return p.may(w.long) })
}

// may reports whether one more statement may have a process. One that holds it
// while rows are read leaves another to those that answer at once: the reading
// of its rows may need one.
func (p *Pool) may(long bool) bool { return !long || p.long < p.config.Processes-1 }

// lend makes a lease of a process. The caller holds the lock.
func (p *Pool) lend(pr *process, w *waiter) *Lease {
	l := &Lease{pool: p, process: pr, long: w.long, caller: w.caller, leave: w.leave, before: worked(pr.cmd.Process.Pid)}
	l.waits.Store(1) // for its first request
	p.leases[l] = true
	p.tell(observe.EngineWorkers{State: "busy", Delta: 1})
	if w.long {
		p.long++
	}
	p.poke()
	return l
}

// Lease lends a process: one that has the key's tables ready, if there is one.
// long is for statements that read rows. The error is gwerr.Busy where none
// becomes free in time; a statement whose caller has its share of them waits for
// as long as its context lets it.
func (p *Pool) Lease(ctx context.Context, key string, long bool) (*Lease, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	leave, err := p.enter(ctx)
	if err != nil {
		return nil, err
	}
	w := &waiter{key: key, caller: fair.Caller(ctx), long: long, leave: leave, got: make(chan *Lease, 1)}
	l, err := p.lease(ctx, w)
	if err != nil {
		leave()
	}
	return l, err
}

// enter takes a place among the callers.
func (p *Pool) enter(ctx context.Context) (leave func(), err error) {
	waiting, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	late := time.AfterFunc(p.config.Wait, func() {
		if p.places.Free() == 0 {
			giveUp(p.busy())
		}
	})
	defer late.Stop()
	closing := context.AfterFunc(p.ending, func() { giveUp(errClosed) })
	defer closing()
	leave, err = p.places.Enter(waiting)
	if errors.Is(err, fair.ErrFull) {
		return nil, p.busy()
	}
	return leave, err
}

// lease waits for a process.
func (p *Pool) lease(ctx context.Context, w *waiter) (*Lease, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errClosed
	}
	if l := p.take(w); l != nil {
		p.refill()
		p.mu.Unlock()
		return l, nil
	}
	p.waiters = append(p.waiters, w)
	p.refill()
	p.poke()
	p.mu.Unlock()

	late := time.NewTimer(p.config.Wait)
	defer late.Stop()
	select {
	case l := <-w.got:
		return l, nil
	case <-ctx.Done():
		return nil, p.forget(w, ctx.Err())
	case <-late.C:
		return nil, p.forget(w, p.busy())
	case <-p.ending.Done():
		return nil, p.forget(w, errClosed)
	}
}

// take lends an idle process; nil if there is none. The caller holds the lock.
func (p *Pool) take(w *waiter) *Lease {
	for len(p.idle) > 0 && p.may(w.long) {
		// Where none has the tables, the one that was idle for longest loses its own.
		at := max(0, slices.IndexFunc(p.idle, func(pr *process) bool { return pr.key == w.key }))
		pr := p.idle[at]
		p.idle = slices.Delete(p.idle, at, at+1)
		if !pr.dead() {
			return p.lend(pr, w)
		}
	}
	return nil
}

// forget ends a wait with an error.
func (p *Pool) forget(w *waiter, err error) error {
	p.mu.Lock()
	i := slices.Index(p.waiters, w)
	if i >= 0 {
		p.waiters = slices.Delete(p.waiters, i, i+1)
	}
	p.mu.Unlock()
	if i < 0 {
		(<-w.got).Release()
	}
	return err
}

// busy is the error of who waited too long.
func (p *Pool) busy() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return gwerr.Wrap(gwerr.Busy, p.failed, "All of the engine's processes are busy.", "Try again, or raise engine.workers.").After(time.Second)
}

var errClosed = gwerr.Wrap(gwerr.Busy, errors.New("pool: closed"), "The service is stopping.", "Try again.")

// gone notes the end of a process.
func (p *Pool) gone(pr *process) {
	p.tell(observe.EngineWorkers{State: "alive", Delta: -1})
	p.tell(observe.EngineWorkerExited{Reason: pr.why(), Err: pr.crash()})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alive--
	p.idle = slices.DeleteFunc(p.idle, func(other *process) bool { return other == pr })
	p.refill()
}

// Close ends all processes. Statements that still have one fail.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	idle := p.idle
	p.idle = nil
	for l := range p.leases {
		l.process.stop()
	}
	p.mu.Unlock()
	for _, pr := range idle {
		pr.stop()
	}
	p.end()
	p.work.Wait()
	_ = os.RemoveAll(p.root) // the next start removes what is left
	_ = p.lock.Close()
}

// Used gives the memory of all processes and the size of their files.
func (p *Pool) Used() (memory, files int64) {
	p.mu.Lock()
	for _, pr := range p.idle {
		memory += pr.used()
	}
	for l := range p.leases {
		memory += l.process.used()
	}
	p.mu.Unlock()
	return memory, spilled(p.root)
}
