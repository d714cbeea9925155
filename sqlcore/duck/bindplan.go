//go:build duckdb_arrow

package duck

import (
	"context"
	"slices"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// askPlan asks one of the databases for the optimised plan.
func (b *binder) askPlan(ctx context.Context, database string) (*planReply, error) {
	answer, err := ask(ctx, b.c, database, askPlan, b.sql)
	if err != nil {
		return nil, err
	}
	reply, err := decodePlan(answer)
	if err != nil { // such as a BIT, whose bytes are no JSON
		return &planReply{Error: true, ErrorType: "serialization"}, nil //nolint:nilerr // one that can't be read
	}
	return reply, nil
}

// unreadable are the kinds of error that say nothing about the query.
var unreadable = map[string]bool{"internal": true, "serialization": true, "not implemented": true}

// plan reads the optimised plan and builds the bound query.
func (b *binder) plan(ctx context.Context) (*query.Query, error) {
	reply, err := b.askPlan(ctx, wire.Planning)
	if err != nil {
		return nil, err
	}
	if len(b.open) > 0 {
		if b.types, err = openParameters(reply, len(b.open)); err != nil {
			return nil, err
		}
	}
	if reply, err = b.planLikes(ctx, reply); err != nil {
		return nil, err
	}
	if reply.Error && reply.ErrorType == "internal" {
		if reply, err = b.askPlan(ctx, wire.Sparing); err != nil {
			return nil, err
		}
	}
	if reply.Error && !unreadable[reply.ErrorType] {
		return nil, b.failure(reply)
	}
	if err := b.checkReads(ctx, reply); err != nil {
		return nil, err
	}
	if err := b.checkLiterals(ctx, reply); err != nil {
		return nil, err
	}
	q := &query.Query{SQL: b.sql}
	r := &reader{tables: b.tables, groupingSets: b.says("rollup", "cube", "grouping")}
	misread := r.read(reply, q)
	if misread != nil || !b.describePlanned(r, reply.Plans[0], q) {
		if err := b.describe(ctx, q); err != nil {
			return nil, err
		}
	}
	// Windows in several threads now and then fail in the engine, which has to end then
	// (duckdb/duckdb#22352, #22846, #25713).
	q.Single = r.windows || misread != nil
	if misread != nil {
		r = b.readAll(q)
	}
	fit(q)
	q.Notes = append(q.Notes, r.notes...)
	b.finish(q)
	if err := b.totalOrder(q); err != nil {
		return nil, err
	}
	b.addLate(q)
	return q, nil
}

// read fills the query from a plan.
func (r *reader) read(reply *planReply, q *query.Query) error {
	if reply.Error || len(reply.Plans) != 1 {
		return errPlan
	}
	if _, err := r.walk(reply.Plans[0]); err != nil {
		return err
	}
	top := reply.Plans[0]
	r.build(topShape(top), r.outs[top], q)
	return nil
}

// fit gives up what the number of the result's columns shows to be misread.
func fit(q *query.Query) {
	if q.Plain != nil && len(q.Plain.Project) != len(q.Columns) {
		q.Plain = nil
	}
	q.Counts = q.Counts && len(q.Columns) == 1
}

// readAll is the plan for a query whose own can't be read: every table whole.
func (b *binder) readAll(q *query.Query) *reader {
	r := &reader{tables: b.tables}
	r.note("The query's plan could not be read, so that all rows are fetched first.")
	for _, t := range b.tables {
		a := &access{table: t, partial: true, repeated: true}
		for i := range t.Columns {
			a.columns = append(a.columns, i)
		}
		r.accesses = append(r.accesses, a)
	}
	q.Accesses, q.Joins, q.Plain, q.Counts, q.Empty = nil, nil, nil, false, false
	r.build(shape{}, output{}, q)
	return r
}

// finish adds what only the text tells.
func (b *binder) finish(q *query.Query) {
	read := map[*catalog.Table]bool{}
	for i := range q.Accesses {
		read[q.Accesses[i].Table] = true
	}
	for _, t := range b.tables {
		if !read[t] {
			// The answer doesn't depend on the table, but the query names it.
			q.Accesses = append(q.Accesses, query.Access{Table: t, Columns: []int{}, Where: predicate.False, WhereComplete: true, Again: true})
		}
	}
	if q.Plain != nil || q.Counts {
		q.SQL = ""
	}
}

// says reports whether the text has one of the words outside of names in
// quotes and texts.
func (b *binder) says(words ...string) bool {
	return slices.ContainsFunc(b.tokens, func(t sqltext.Token) bool { return t.IsAny(words...) })
}
