//go:build duckdb_arrow

package worker

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
)

// planMemory bounds a database to plan in, where no query ever runs.
const planMemory = 256 << 20

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

// open opens what statements are planned in and run in.
func (w *worker) open(ctx context.Context, s wire.Setup) (err error) {
	if w.data, err = openRunning(ctx, s, s.TempDir); err != nil {
		return err
	}
	if w.single = w.data; s.Threads != 1 {
		s.Threads = 1
		// Files of two databases would have the same names.
		if w.single, err = openRunning(ctx, s, filepath.Join(s.TempDir, "single")); err != nil {
			return err
		}
	}
	// Not when a statement needs one: to open a database takes threads and memory, and
	// the engine ends the process where it doesn't get them.
	for _, name := range []string{wire.Planning, wire.Sparing} {
		if _, err := w.planner(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// openRunning opens a database that statements run in.
func openRunning(ctx context.Context, s wire.Setup, files string) (*instance, error) {
	i, err := openLocked(ctx, []setting{
		{"memory_limit", fmt.Sprintf("%dB", s.Memory)},
		{"temp_directory", files},
		{"max_temp_directory_size", fmt.Sprintf("%dB", s.TempBytes)},
		{"threads", strconv.Itoa(s.Threads)},
		{"disabled_optimizers", disabledRunning},
	})
	if err != nil {
		return nil, err
	}
	return i, registerRows(i.statements)
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
	if i.statements, err = i.connect(); err != nil {
		i.close()
		return nil, err
	}
	// Joins and conditions would keep rows back until they have 2,048 of them, and a
	// LIMIT that has enough would wait for calls that nobody needs.
	for _, s := range []string{"SET SESSION enable_caching_operators = false", "SET GLOBAL TimeZone = 'UTC'", "SET GLOBAL lock_configuration = true"} {
		if err := i.statements.exec(ctx, s); err != nil {
			i.close()
			return nil, err
		}
	}
	return i, nil
}

// planner is a database of empty tables.
type planner struct {
	c *conn
	// catalog is that of the tables, "" if it has none.
	catalog string
	serial  int
	tables  []*catalog.Table
}

// planner gives the database of the name, with the tables of the statement.
func (w *worker) planner(ctx context.Context, name string) (*planner, error) {
	p := w.planners[name]
	if p == nil {
		disabled, ok := map[string]string{wire.Planning: disabledPlanning, wire.Sparing: disabledSparing}[name]
		if !ok {
			return nil, fmt.Errorf("engine: no database %q", name)
		}
		db, err := openLocked(ctx, []setting{
			{"memory_limit", fmt.Sprintf("%dB", planMemory)},
			{"temp_directory", ""},
			{"disabled_optimizers", disabled},
			{"threads", "1"},
		})
		if err != nil {
			return nil, err
		}
		p = &planner{c: db.statements}
		w.planners[name] = p
	}
	return p, p.show(ctx, w.tables)
}

// show makes the tables stand and nothing else.
func (p *planner) show(ctx context.Context, tables []*catalog.Table) error {
	same := len(tables) == len(p.tables) && (len(tables) == 0 || &tables[0] == &p.tables[0])
	if same && (p.catalog == "") == (len(tables) == 0) {
		return nil
	}
	if p.catalog != "" {
		// Not to be interrupted: the next statement must not see these.
		if err := p.c.exec(context.WithoutCancel(ctx), "USE memory; DETACH "+p.catalog); err != nil {
			return fmt.Errorf("%w: %w", errStays, err)
		}
		p.catalog, p.tables = "", nil
	}
	if len(tables) == 0 {
		return nil
	}
	p.serial++
	name := fmt.Sprintf("shadow_%d", p.serial)
	if err := p.c.exec(ctx, "ATTACH ':memory:' AS "+name); err != nil {
		return err
	}
	p.catalog = name
	if err := p.c.exec(ctx, "USE "+name+createTables(tables)); err != nil {
		return err
	}
	p.tables = tables
	return nil
}

// createTables writes the statements that make the tables.
func createTables(tables []*catalog.Table) string {
	var b strings.Builder
	for _, t := range tables {
		schema := sqltext.Quote(t.Schema.Name)
		b.WriteString("; CREATE SCHEMA IF NOT EXISTS " + schema + "; CREATE TABLE " + schema + "." + sqltext.Quote(t.Name) + " " + columnList(t))
	}
	return b.String()
}

// columnList writes a table's columns as in CREATE TABLE.
func columnList(t *catalog.Table) string {
	var b strings.Builder
	for i := range t.Columns {
		b.WriteString(map[bool]string{true: "(", false: ", "}[i == 0])
		b.WriteString(sqltext.Quote(t.Columns[i].Name) + " " + t.Columns[i].Type.SQL())
	}
	return b.String() + ")"
}

// errStays means that what a statement read can't be removed, so that the
// process must end.
var errStays = errors.New("engine: a catalog can't be detached")

// describe gives the names of the columns of a statement's result, then their
// types.
func (p *planner) describe(ctx context.Context, sql string) ([]string, error) {
	s, err := p.c.prepare(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer s.close()
	names, types, err := s.columns()
	if err != nil {
		return nil, err
	}
	for i, n := range names {
		names[i] = resultName(n)
	}
	return append(names, types...), nil
}
