//go:build duckdb_arrow

package duck

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// The syntax tree tells what a statement names; the plan tells what the engine
// makes of the names. It has tables and views of its own, about all that is in
// it, so a plan that reads anything but the tables found and the functions
// listed is refused, even if no name looked like it.

// plannedLeaves are the operators of a plan that have no input and read nothing
// stored.
var plannedLeaves = sqltext.Set(`LOGICAL_CTE_REF LOGICAL_DELIM_GET LOGICAL_CHUNK_GET LOGICAL_EMPTY_RESULT LOGICAL_EXPRESSION_GET
	LOGICAL_DUMMY_SCAN`)

// explainedLeaves are the same, by the names of EXPLAIN.
var explainedLeaves = map[string]bool{
	"CTE_SCAN": true, "REC_CTE_SCAN": true, "REC_REC_CTE_SCAN": true, "DELIM_SCAN": true, "CHUNK_SCAN": true,
	"COLUMN_DATA_SCAN": true, "EMPTY_RESULT": true, "EXPRESSION_SCAN": true, "DUMMY_SCAN": true,
	"HASH_GROUP_BY": true, // of the keys of a correlated query, which EXPLAIN shows without what it reads
}

// checkReads refuses a plan that reads what it may not.
func (b *binder) checkReads(ctx context.Context, reply *planReply) error {
	if reply.Error || len(reply.Plans) != 1 {
		return b.checkExplained(ctx)
	}
	return readsOnly(reply.Plans[0], b.tables, 0)
}

func readsOnly(op *planOp, tables []*catalog.Table, depth int) error {
	if op == nil || depth > maxPlanDepth {
		return forbidden("what can't be told")
	}
	switch {
	case op.Type == "LOGICAL_GET" && op.FunctionData.Table != "":
		if (&reader{tables: tables}).table(op.FunctionData.Schema, op.FunctionData.Table) == nil {
			return forbidden(op.FunctionData.Table)
		}
	case op.Type == "LOGICAL_GET" && !allowedTableFunctions[op.Name],
		op.Type != "LOGICAL_GET" && len(op.Children) == 0 && !plannedLeaves[op.Type]:
		return forbidden(op.Name)
	}
	for _, c := range op.Children {
		if err := readsOnly(c, tables, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// checkExplained does the same for a statement whose plan the engine can't
// write in full. What it can't explain either, it can't run.
func (b *binder) checkExplained(ctx context.Context) error {
	answer, err := b.c.texts(ctx, "EXPLAIN (FORMAT json) "+b.sql)
	if err != nil {
		return err
	}
	var plan []explainedRead
	if len(answer) != 1 || json.Unmarshal([]byte(answer[0]), &plan) != nil {
		return forbidden("what can't be told")
	}
	return b.explainedOnly(plan)
}

// explainedRead is an operator of EXPLAIN's answer.
type explainedRead struct {
	Name     string          `json:"name"`
	Children []explainedRead `json:"children"`
	Info     json.RawMessage `json:"extra_info"`
}

func (b *binder) explainedOnly(plan []explainedRead) error {
	for _, op := range plan {
		name := strings.ToUpper(strings.TrimSpace(op.Name))
		known := len(op.Children) > 0 || explainedLeaves[name] || allowedTableFunctions[strings.ToLower(name)]
		if name == "SEQ_SCAN" {
			var info struct{ Table string }
			known = json.Unmarshal(op.Info, &info) == nil && b.isOurs(info.Table)
		}
		if !known {
			return forbidden(strings.ToLower(name))
		}
		if err := b.explainedOnly(op.Children); err != nil {
			return err
		}
	}
	return nil
}

// isOurs tells whether a table that EXPLAIN names is one of those found.
func (b *binder) isOurs(name string) bool {
	for _, t := range b.tables {
		schema := t.Schema.EngineName()
		for _, in := range []string{schema, sqltext.Quote(schema)} { // each part is quoted where it needs to be
			for _, full := range []string{in + "." + t.Name, in + "." + sqltext.Quote(t.Name)} {
				if name == full || strings.HasSuffix(name, "."+full) {
					return true
				}
			}
		}
	}
	return false
}

func forbidden(name string) error {
	return gwerr.New(gwerr.UnknownTable, "The query reads "+name+", which is not a table here.", "Read tables alone, by their names.").On(name)
}
