//go:build duckdb_arrow

// Package duck is the one place that knows DuckDB: the planner's eye on SQL text
// and the engine for what no data source can evaluate.
//
// Bind lets DuckDB parse, bind and optimise a query over empty shadow tables
// and reads from the optimised plan which rows of which tables the query
// needs. Run executes the unchanged query over those rows. Both happen in
// processes of their own, one statement at a time in each: package worker is
// what runs there, package pool starts and bounds them, package wire is what
// both sides say. This package itself never calls DuckDB, and knows neither
// the data source nor the front ends.
package duck

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/duck/pool"
	"github.com/pingone-gateway/gateway/sqlcore/duck/worker"
)

// Config sets the engine up.
type Config struct {
	// MemoryLimit bounds the memory of all of the engine's processes together,
	// in bytes; 0 means 512 MiB, and 96 MiB is the least.
	MemoryLimit int64
	// WorkerMemory bounds that of each, and so of one query; 0 means half of
	// MemoryLimit, and 64 MiB is the least.
	WorkerMemory int64
	// Workers is the most processes at a time, 2 or more; 0 means what
	// MemoryLimit has room for.
	Workers int
	// Time bounds how long the engine works on one query, without its waits for
	// rows and for its reader; 0 means a minute.
	Time time.Duration
	// TempDir is where results and sorts go that don't fit in memory; the
	// engine makes a directory of its own in it and removes that on Close.
	// "" means the system's.
	TempDir string
	// TempBytes bounds its files; 0 means 4 GiB. A process has the same share of
	// them as of the memory, since it spills when its memory is full.
	TempBytes int64
	// Threads bounds the engine's threads in each process; 0 means one for each
	// processor.
	Threads int
	// Share is the part of the processes that a caller can have while it is alone,
	// as package fair has it; 0 means all.
	Share float64
	// Sink receives observations; nil means none.
	Sink observe.Sink
}

const (
	defaultMemory = 512 << 20
	defaultTemp   = 4 << 30
	// baseMemory is what a process may need beside what the engine counts: Go, and
	// batches on their way.
	baseMemory               = 64 << 20
	leastMemory, leastWorker = 96 << 20, 64 << 20
	// leaseWait bounds how long a query waits for a process.
	leaseWait = 10 * time.Second
)

// withDefaults fills in what is left open.
func (c Config) withDefaults() Config {
	c.MemoryLimit = max(cmp.Or(c.MemoryLimit, defaultMemory), leastMemory)
	c.WorkerMemory = max(cmp.Or(c.WorkerMemory, c.MemoryLimit/2), leastWorker)
	c.Workers = cmp.Or(c.Workers, int(min(max(c.MemoryLimit/(32<<20), 4), 64)))
	c.Time = cmp.Or(c.Time, time.Minute)
	c.TempBytes = cmp.Or(c.TempBytes, defaultTemp)
	c.Threads = cmp.Or(c.Threads, runtime.GOMAXPROCS(0))
	c.Sink = cmp.Or(c.Sink, observe.Discard)
	return c
}

// Engine is a planner and an executor of SQL. Its methods may be called at the
// same time.
type Engine struct {
	config Config
	sink   observe.Sink
	pool   *pool.Pool
	kept   *kept
	large  chan struct{} // held by the one large statement that is being planned

	jobs sync.WaitGroup

	mu     sync.Mutex
	closed bool
}

// Worker is the first call of a program's main function, or of a test's
// TestMain: the engine starts the program again for each of its processes, and
// in those Worker does not return.
func Worker() { worker.Main() }

// Open starts the engine. Errors are gwerr.Config.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	cfg = cfg.withDefaults()
	e := &Engine{config: cfg, sink: cfg.Sink, large: make(chan struct{}, 1)}
	var err error
	if e.kept, err = newKept(); err != nil {
		return nil, err
	}
	e.pool, err = pool.Open(ctx, pool.Config{
		Processes: max(cfg.Workers, 2), Spare: 2,
		Memory: cfg.WorkerMemory, Total: cfg.MemoryLimit, Engine: cfg.WorkerMemory - min(baseMemory, cfg.WorkerMemory/4),
		Time: cfg.Time, Wait: leaseWait,
		TempDir: cfg.TempDir, TempBytes: cfg.TempBytes / max(cfg.MemoryLimit/cfg.WorkerMemory, 1), Threads: cfg.Threads, Share: cfg.Share, Sink: cfg.Sink,
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Close waits for running jobs to be closed by their owners, ends the engine's
// processes and removes their files.
func (e *Engine) Close() error {
	e.mu.Lock()
	closed := e.closed
	e.closed = true
	e.mu.Unlock()
	if closed {
		return nil
	}
	e.jobs.Wait()
	e.pool.Close()
	return nil
}

// begin registers a job; end it with e.jobs.Done.
func (e *Engine) begin() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return gwerr.Wrap(gwerr.Busy, errors.New("duck: engine closed"), "The service is stopping.", "Try again.")
	}
	e.jobs.Add(1)
	return nil
}

// Memory reports what the engine's processes use now.
func (e *Engine) Memory(ctx context.Context) (observe.EngineMemory, error) {
	m := observe.EngineMemory{LimitBytes: e.config.MemoryLimit}
	if err := e.begin(); err != nil {
		return m, err
	}
	defer e.jobs.Done()
	m.UsedBytes, m.SpillBytes = e.pool.Used()
	e.sink.Observe(ctx, m)
	return m, nil
}
