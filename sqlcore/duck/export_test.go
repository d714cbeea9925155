//go:build duckdb_arrow

package duck

import (
	"context"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// BindWays binds a statement in each of the two ways, where the first one takes
// it: from its text alone, and by the engine's plan.
func (e *Engine) BindWays(ctx context.Context, r BindRequest) (direct, planned *query.Query, err error) {
	for _, way := range []**query.Query{&direct, &planned} {
		b := &binder{req: r, schemas: map[string]*catalog.Schema{}}
		asked, values, err := b.readText(ctx)
		if err != nil {
			return nil, nil, err
		}
		if way == &direct {
			direct, _ = b.bindDirect(ctx, values)
			continue
		}
		if err := b.prepareText(asked, values, nil); err != nil {
			return direct, nil, err
		}
		if planned, err = e.plan(ctx, b); err != nil {
			return direct, nil, err
		}
	}
	return direct, planned, nil
}

// Described gives the columns of a statement's result as text and plan tell them,
// nil where they don't, and as the engine does.
func (e *Engine) Described(ctx context.Context, r BindRequest) (told, engine []query.Column, err error) {
	b := &binder{req: r, schemas: map[string]*catalog.Schema{}}
	asked, values, err := b.readText(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := b.prepareText(asked, values, nil); err != nil {
		return nil, nil, err
	}
	if _, err := e.plan(ctx, b); err != nil {
		return nil, nil, err
	}
	err = e.with(ctx, b.tables, b, func(ctx context.Context) error {
		if err := b.c.show(ctx, b.tables); err != nil {
			return err
		}
		reply, err := b.askPlan(ctx, wire.Planning)
		if err != nil {
			return err
		}
		plan := &reader{tables: b.tables}
		var q, other query.Query
		if plan.read(reply, &q) == nil && b.describePlanned(plan, reply.Plans[0], &q) {
			told = q.Columns
		}
		err = b.describe(ctx, &other)
		engine = other.Columns
		return err
	})
	return told, engine, err
}

// Keywords lists the words that the engine takes for no name, or not everywhere.
func (e *Engine) Keywords(ctx context.Context) (engine []string, own map[string]bool, err error) {
	engine, err = e.ask(ctx, "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'")
	return engine, reserved, err
}

// Changing lists the engine's functions that queries may call and whose value is
// not that of their arguments alone.
func (e *Engine) Changing(ctx context.Context) (engine []string, own []string, err error) {
	all, err := e.ask(ctx, "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'")
	for _, name := range all {
		if allowedFunctions[name] {
			engine = append(engine, name)
		}
	}
	return engine, changing, err
}

func (e *Engine) ask(ctx context.Context, sql string) ([]string, error) {
	c, err := e.planner(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer c.release()
	return c.texts(ctx, sql)
}

// PlannerSees runs a statement where a query over the tables is planned.
func (e *Engine) PlannerSees(ctx context.Context, sql string, tables ...*catalog.Table) ([]string, error) {
	c, err := e.planner(ctx, tables)
	if err != nil {
		return nil, err
	}
	defer c.release()
	if err := c.show(ctx, tables); err != nil {
		return nil, err
	}
	return c.texts(ctx, sql)
}

// Planned counts the statements that the engine has planned.
func (e *Engine) Planned() int64 { return e.kept.planned.Load() }

// RepeatingMacros counts how often each allowed macro mentions the argument
// that it mentions most.
func (e *Engine) RepeatingMacros(ctx context.Context) (map[string]int, error) {
	lines, err := e.ask(ctx, `SELECT concat_ws(' ', function_name, max(n)) FROM (
		SELECT function_name, parameters, macro_definition,
			len(regexp_extract_all(macro_definition, '\b' || unnest(parameters) || '\b')) AS n
		FROM duckdb_functions() WHERE function_type = 'macro') GROUP BY function_name HAVING max(n) > 1`)
	out := map[string]int{}
	for _, line := range lines {
		name, n, _ := strings.Cut(line, " ")
		if allowedFunctions[name] {
			out[name], _ = strconv.Atoi(n)
		}
	}
	return out, err
}

// Repeats tells how often a macro is taken to repeat its arguments.
func Repeats(name string) int { return max(1, repeating[name]) }

// Functions lists the names of all that the engine calls a function.
func (e *Engine) Functions(ctx context.Context) ([]string, error) {
	return e.ask(ctx, "SELECT DISTINCT function_name FROM duckdb_functions()")
}

// HoldLarge keeps large statements from being planned until release.
func (e *Engine) HoldLarge() (release func()) {
	e.large <- struct{}{}
	return func() { <-e.large }
}
