package pool

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

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
	work     sync.WaitGroup // all goroutines
	ending   context.Context
	end      context.CancelFunc

	mu       sync.Mutex
	idle     []*process // the one used last at the end
	leases   map[*Lease]bool
	long     int // leases for long
	starting int
	alive    int // processes that have not exited
	waiters  []*waiter
	// failed is the error of the last start; while holdOff, none is tried.
	failed  error
	holdOff bool
	heldFor time.Duration
	told    bool // of the walls
	closed  bool
}

type launched struct {
	p   *process
	err error
}

// waiter is a statement without a process.
type waiter struct {
	key, caller string
	long        bool
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
		w.got <- p.lend(pr, w.long, w.caller)
		return
	}
	pr.since = time.Now()
	p.idle = append(p.idle, pr)
	if len(p.idle) > p.config.Spare {
		p.poke()
	}
}

// next is the place of the waiter to be served: of those who may have a process,
// the one whose caller has fewest, and who came first; -1 if there is none. The
// caller holds the lock.
func (p *Pool) next() int {
	held := map[string]int{}
	for l := range p.leases {
		held[l.caller]++
	}
	best := -1
	for i, w := range p.waiters {
		if p.may(w.long) && (best < 0 || held[w.caller] < held[p.waiters[best].caller]) {
			best = i
		}
	}
	return best
}

// may reports whether one more statement may have a process. One that holds it
// while rows are read leaves another to those that answer at once: the reading
// of its rows may need one.
func (p *Pool) may(long bool) bool { return !long || p.long < p.config.Processes-1 }

// lend makes a lease of a process. The caller holds the lock.
func (p *Pool) lend(pr *process, long bool, caller string) *Lease {
	l := &Lease{pool: p, process: pr, long: long, caller: caller, before: worked(pr.cmd.Process.Pid)}
	l.waits.Store(1) // for its first request
	p.leases[l] = true
	p.tell(observe.EngineWorkers{State: "busy", Delta: 1})
	if long {
		p.long++
	}
	p.poke()
	return l
}

// Lease lends a process: one that has the key's tables ready, if there is one.
// long is for statements that read rows. The error is gwerr.Busy where none
// becomes free in time.
func (p *Pool) Lease(ctx context.Context, key string, long bool) (*Lease, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errClosed
	}
	caller := ""
	if p.config.Caller != nil {
		caller = p.config.Caller(ctx)
	}
	if l := p.take(key, long, caller); l != nil {
		p.refill()
		p.mu.Unlock()
		return l, nil
	}
	w := &waiter{key: key, caller: caller, long: long, got: make(chan *Lease, 1)}
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
		return nil, p.forget(w, nil)
	case <-p.ending.Done():
		return nil, p.forget(w, errClosed)
	}
}

// take lends an idle process; nil if there is none. The caller holds the lock.
func (p *Pool) take(key string, long bool, caller string) *Lease {
	p.idle = slices.DeleteFunc(p.idle, (*process).dead)
	if len(p.idle) == 0 || !p.may(long) {
		return nil
	}
	// Where none has the tables, the one that was idle for longest loses its own.
	at := max(0, slices.IndexFunc(p.idle, func(pr *process) bool { return pr.key == key }))
	pr := p.idle[at]
	p.idle = slices.Delete(p.idle, at, at+1)
	return p.lend(pr, long, caller)
}

// forget ends a wait; nil stands for that of a busy pool.
func (p *Pool) forget(w *waiter, err error) error {
	p.mu.Lock()
	i := slices.Index(p.waiters, w)
	if i >= 0 {
		p.waiters = slices.Delete(p.waiters, i, i+1)
	}
	failed := p.failed
	p.mu.Unlock()
	if i < 0 {
		(<-w.got).Release()
	}
	if err != nil {
		return err
	}
	return gwerr.Wrap(gwerr.Busy, failed, "All of the engine's processes are busy.", "Try again, or raise engine.workers.").After(time.Second)
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
