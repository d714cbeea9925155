//go:build duckdb_arrow

// Package duck is the one package that knows DuckDB: the planner's eye on SQL
// text and the engine for what no data source can evaluate.
//
// Bind lets DuckDB parse, bind and optimise a query over empty shadow tables
// and reads from the optimised plan which rows of which tables the query
// needs. Run executes the unchanged query over those rows. Both databases are
// in memory, locked down, and see no file, no network and no extension. The
// package knows neither the data source nor the front ends.
package duck

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// Config sets the engine up.
type Config struct {
	// MemoryLimit bounds the memory of all running queries together, in
	// bytes; 0 means 512 MiB.
	MemoryLimit int64
	// TempDir is where results and sorts go that don't fit in memory; the
	// engine makes a directory of its own in it and removes that on Close.
	// "" means the system's.
	TempDir string
	// TempBytes bounds that directory; 0 leaves it to the engine.
	TempBytes int64
	// Threads bounds the engine's threads; 0 means one for each processor.
	Threads int
	// Sink receives observations; nil means none.
	Sink observe.Sink
}

const (
	defaultMemory = 512 << 20
	shadowMemory  = 256 << 20
)

// wrongRewrites are optimisations of DuckDB 1.5.5 that change answers, so they
// are off wherever queries are planned or run:
//
//   - join_filter_pushdown lets the keys of one side of a join filter the other
//     below its LIMIT, where they change which rows are the first ones
//     (duckdb/duckdb#22924), and below DISTINCT (#21757);
//   - top_n_window_elimination makes rows of windows over nothing, merges equal
//     rows, and drops rows whose order is null (#23675, #23588, #24363);
//   - window_self_join takes PARTITION BY a, a for PARTITION BY a, b (#24780);
//   - common_subplan mistakes the columns of like parts of UNION ALL (#25819).
const wrongRewrites = "join_filter_pushdown,top_n_window_elimination,window_self_join,common_subplan"

// disabledPlanning are optimisations that rely on the data of the tables, which
// are empty where queries are planned, or that hide what is to be read.
const disabledPlanning = "statistics_propagation,empty_result_pullup,late_materialization,top_n,sampling_pushdown," + wrongRewrites

// disabledSparing is a second set, for the few queries on which the engine
// stumbles with the first: it mistakes columns where a table is joined of which
// it needs none. The second set stumbles over others.
const disabledSparing = disabledPlanning + ",build_side_probe_side"

// disabledRunning are optimisations that scan a table twice, and the wrong ones.
const disabledRunning = "late_materialization," + wrongRewrites

// Engine is a planner and an executor of SQL. Its methods may be called at the
// same time.
type Engine struct {
	config Config
	sink   observe.Sink
	temp   string
	data   *instance
	shadow *shadows
	spare  *spare
	kept   *kept

	jobs    sync.WaitGroup
	orphans orphans

	mu     sync.Mutex
	closed bool
}

// Open starts the engine. Errors are gwerr.Config.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	if cfg.MemoryLimit == 0 {
		cfg.MemoryLimit = defaultMemory
	}
	if cfg.Sink == nil {
		cfg.Sink = observe.Discard
	}
	temp, err := os.MkdirTemp(cfg.TempDir, "gateway-engine-")
	if err != nil {
		return nil, gwerr.Wrap(gwerr.Config, err, "The engine's temporary directory cannot be made.", "Check that it exists and can be written.")
	}
	e := &Engine{config: cfg, sink: cfg.Sink, temp: temp}
	if err := e.open(ctx); err != nil {
		err = errors.Join(err, e.release())
		return nil, gwerr.Wrap(gwerr.Config, err, "The SQL engine cannot start.", "Check its memory limit and temporary directory.")
	}
	return e, nil
}

func (e *Engine) open(ctx context.Context) (err error) {
	running := []setting{
		{"memory_limit", fmt.Sprintf("%dB", e.config.MemoryLimit)},
		{"temp_directory", e.temp},
		{"disabled_optimizers", disabledRunning},
	}
	if e.config.Threads > 0 {
		running = append(running, setting{"threads", strconv.Itoa(e.config.Threads)})
	}
	if e.config.TempBytes > 0 {
		running = append(running, setting{"max_temp_directory_size", fmt.Sprintf("%dB", e.config.TempBytes)})
	}
	if e.data, err = openLocked(ctx, running); err != nil {
		return err
	}
	c, err := e.data.connect()
	if err != nil {
		return err
	}
	defer c.close()
	if err := registerRows(c); err != nil {
		return err
	}
	planning, err := openPlanning(ctx, disabledPlanning)
	if err != nil {
		return err
	}
	e.shadow = newShadows(planning)
	e.spare = &spare{}
	e.kept, err = newKept()
	return err
}

// openPlanning opens a database to plan in. No query ever runs there.
func openPlanning(ctx context.Context, disabled string) (*instance, error) {
	return openLocked(ctx, []setting{
		{"memory_limit", fmt.Sprintf("%dB", shadowMemory)},
		{"temp_directory", ""},
		{"disabled_optimizers", disabled},
		{"threads", "1"},
	})
}

// openLocked opens a database that reaches nothing outside itself and whose
// settings no statement can change.
func openLocked(ctx context.Context, settings []setting) (*instance, error) {
	// External access goes last: without it, no directory can be set.
	all := append(settings,
		setting{"autoinstall_known_extensions", "false"},
		setting{"autoload_known_extensions", "false"},
		setting{"allow_community_extensions", "false"},
		setting{"allow_persistent_secrets", "false"},
		setting{"enable_external_access", "false"},
	)
	i, err := openInstance(all)
	if err != nil {
		return nil, err
	}
	c, err := i.connect()
	if err != nil {
		i.close()
		return nil, err
	}
	defer c.close()
	for _, s := range []string{"SET GLOBAL TimeZone = 'UTC'", "SET GLOBAL lock_configuration = true"} {
		if err := c.exec(ctx, s); err != nil {
			i.close()
			return nil, err
		}
	}
	return i, nil
}

// Close waits for running jobs to be closed by their owners, stops the engine
// and removes its temporary files.
func (e *Engine) Close() error {
	e.mu.Lock()
	closed := e.closed
	e.closed = true
	e.mu.Unlock()
	if closed {
		return nil
	}
	e.jobs.Wait()
	return e.release()
}

func (e *Engine) release() error {
	if e.shadow != nil {
		e.shadow.close()
		e.spare.close()
	}
	if e.data != nil {
		e.data.close()
	}
	return os.RemoveAll(e.temp)
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

// Memory reports what the engine's queries use now.
func (e *Engine) Memory(ctx context.Context) (observe.EngineMemory, error) {
	m := observe.EngineMemory{LimitBytes: e.config.MemoryLimit}
	if err := e.begin(); err != nil {
		return m, err
	}
	defer e.jobs.Done()
	c, err := e.data.connect()
	if err != nil {
		return m, translate(err)
	}
	defer c.close()
	out, err := c.texts(ctx, "SELECT concat(sum(memory_usage_bytes)::BIGINT, ' ', sum(temporary_storage_bytes)::BIGINT) FROM duckdb_memory()")
	if err != nil {
		return m, translate(err)
	}
	if len(out) == 1 {
		if _, err := fmt.Sscan(out[0], &m.UsedBytes, &m.SpillBytes); err != nil {
			return m, gwerr.From(fmt.Errorf("duck: reading memory use: %w", err))
		}
	}
	e.sink.Observe(ctx, m)
	return m, nil
}
