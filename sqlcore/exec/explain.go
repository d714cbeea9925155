package exec

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Explanation is a plan in a form for people and tools.
type Explanation struct {
	// Engine is "none" where rows stream straight from the API, else "duckdb".
	Engine string `json:"engine"`
	// SQL is what the engine runs over the rows fetched.
	SQL string `json:"sql,omitempty"`
	// Parameters are the values of $1, $2 … in SQL.
	Parameters []string        `json:"parameters,omitempty"`
	Scans      []ExplainedScan `json:"scans"`
	// Changes are the calls that change each row found.
	Changes []scan.Call `json:"changes,omitempty"`
	Notes   []string    `json:"notes,omitempty"`
	// Actual is what the query did, for EXPLAIN ANALYZE.
	Actual *Actual `json:"actual,omitempty"`

	veiled bool
}

// ExplainedScan is one table read of an explained plan.
type ExplainedScan struct {
	Table  string `json:"table"`
	Schema string `json:"schema"`
	Alias  string `json:"alias,omitempty"`
	// Path names the access path, "" where nothing has to be read.
	Path string `json:"path"`
	// Decision says how the rows are had, and why so.
	Decision string   `json:"decision,omitempty"`
	Columns  []string `json:"columns"`
	// Pushed is what the API evaluates; Residual what the gateway does.
	Pushed   string `json:"pushed,omitempty"`
	Residual string `json:"residual,omitempty"`
	// KeysFrom names the columns of other scans whose values drive this one.
	KeysFrom []string `json:"keysFrom,omitempty"`
	Limit    int64    `json:"limit,omitempty"`
	Count    bool     `json:"countOnly,omitempty"`
	// CountFrom says, where only the number of rows is needed, what tells it.
	CountFrom string      `json:"countFrom,omitempty"`
	Calls     []scan.Call `json:"calls"`
	// EstimatedCalls and EstimatedRows are guesses unless a count was at hand.
	EstimatedCalls int64 `json:"estimatedCalls"`
	EstimatedRows  int64 `json:"estimatedRows"`
}

// Explain plans q as Query would, with guesses in place of keys that only a
// run can tell. It may ask the source for the size of a table, and read what others
// hang on where that is short.
func (x *Executor) Explain(ctx context.Context, q *query.Query) (*Explanation, error) {
	out := &Explanation{Engine: "duckdb", SQL: q.SQL, Notes: q.Notes, Scans: []ExplainedScan{}}
	for _, v := range q.Parameters {
		out.Parameters = append(out.Parameters, v.String())
	}
	if q.Counts {
		counted := *q
		counted.Plain, counted.Counts = &query.Plain{}, false
		return x.Explain(ctx, &counted)
	}
	if q.Plain != nil {
		out.Engine, out.SQL = "none", ""
		if q.Plain.FilterSQL != "" {
			out.Engine, out.SQL = "duckdb, batch by batch", q.Plain.FilterSQL
		}
		if q.Empty || q.Plain.Empty {
			return out, nil
		}
		r, err := x.planPlain(ctx, x.planner.Asking(ctx), q, Options{})
		if err != nil {
			return nil, err
		}
		x.refine(ctx, r)
		err = x.checkFanout(ctx, r)
		out.add(x, r)
		out.veil(restricted(r))
		return out, err
	}
	if q.Empty {
		return out, nil
	}
	all, err := x.rehearse(ctx, x.merge(ctx, q))
	if err != nil {
		return nil, err
	}
	veiled := false
	for _, d := range all {
		if err := x.checkFanout(ctx, d.read); err != nil {
			return nil, err
		}
		veiled = veiled || restricted(d.read)
		out.add(x, d.read)
	}
	out.veil(veiled)
	return out, nil
}

// manyCalls is the number of calls from which on the plan warns of them.
const manyCalls = 100

// explainedMembers is the number of a union's members that are listed one by one.
const explainedMembers = 5

// add appends a read and what there is to say of it.
func (e *Explanation) add(x *Executor, r *plan.Read) {
	for i, part := range r.Parts {
		if i == explainedMembers && !r.Divided() {
			e.Notes = append(slices.Clip(e.Notes), fmt.Sprintf("%d more environments are read alike.", len(r.Parts)-i))
			break
		}
		part.DrivenBy = r.DrivenBy
		e.add(x, part)
	}
	if len(r.Parts) > 0 {
		return
	}
	s := x.explainRead(r)
	e.Scans = append(e.Scans, s)
	for _, note := range r.Scope {
		if !slices.Contains(e.Notes, note) {
			e.Notes = append(slices.Clip(e.Notes), note)
		}
	}
	if r.Restriction == nil {
		e.Notes = append(slices.Clip(e.Notes), r.Notes...)
		if s.EstimatedCalls >= manyCalls {
			e.Notes = append(e.Notes, fmt.Sprintf("Reading %s this way takes about %d calls; a key, a condition or a LIMIT makes them fewer.", s.Table, s.EstimatedCalls))
		}
	}
}

// restricted reports whether the caller sees a part of what is read alone.
func restricted(r *plan.Read) bool {
	return r.Restriction != nil || slices.ContainsFunc(r.Parts, restricted)
}

// Veiled reports whether the caller must not know how rows are read.
func (e *Explanation) Veiled() bool { return e.veiled }

// veil takes out what depends on rows that the caller must not know of: how
// many there are decides numbers, paths and which table drives which.
func (e *Explanation) veil(restricted bool) {
	if !restricted {
		return
	}
	e.veiled = true
	for i := range e.Scans {
		s := &e.Scans[i]
		s.Path, s.Decision, s.Pushed, s.KeysFrom, s.Calls, s.Count, s.CountFrom = "", "", "", nil, []scan.Call{}, false, ""
		s.EstimatedCalls, s.EstimatedRows = 0, 0
	}
	slices.SortStableFunc(e.Scans, func(a, b ExplainedScan) int { return cmp.Compare(a.Alias+a.Table, b.Alias+b.Table) })
	e.Notes = append(slices.Clip(e.Notes), "Your roles restrict a table of this query, so how its rows are read is not shown.")
}

// rehearse is drive without reading: keys are made up, as many as rows are
// expected.
func (x *Executor) rehearse(ctx context.Context, m mergedQuery) ([]*driven, error) {
	if r, err := orderedRead(ctx, x.planner.Asking(ctx), m); err != nil || r != nil {
		if err == nil {
			x.refine(ctx, r)
		}
		return []*driven{{read: r}}, err
	}
	var all []*driven
	for i := range m.Accesses {
		r, err := x.planner.Asking(ctx).Read(ctx, withLinkKeys(m, i), nil)
		if err != nil {
			return nil, err
		}
		x.refine(ctx, r)
		all = append(all, &driven{read: r, asked: true})
	}
	for {
		next := nextDriver(m, all, x.config.MaxDriveRows)
		if next < 0 {
			return all, nil
		}
		d, out := all[next], edges(m, next)
		d.done = true
		values := x.glance(ctx, d.read, sources(out))
		for _, e := range out {
			to := all[e.to]
			column := to.read.Access.Table.Column(e.toColumn)
			if to.done || column == nil || !flows(column.Type, column.Type) {
				continue
			}
			n, counted := values[e.fromColumn]
			if !counted {
				n = d.wanted()
			}
			keys := madeUp(column.Name, column.Type.Kind(), n)
			d.read.Request.Shared = links(m, all, next)
			if err := x.reduce(ctx, d, to, keys, madeUpLink(d.read, e), e); err != nil {
				return nil, err
			}
			x.refineAlike(d.read, to.read, e)
		}
	}
}

// sources names the columns whose values flow along edges.
func sources(all []edge) (out []string) {
	for _, e := range all {
		if !slices.Contains(out, e.fromColumn) {
			out = append(out, e.fromColumn)
		}
	}
	return out
}

// madeUp gives keys for an estimate; they print as "…1", "…2" and so on.
func madeUp(column string, kind predicate.Kind, n int64) predicate.Expr {
	values := make([]predicate.Value, max(1, n))
	for i := range values {
		values[i] = predicate.Value{Kind: kind, Str: fmt.Sprintf("…%d", i+1), Int: int64(i + 1)}
	}
	return predicate.In{Column: column, Values: values}
}

// madeUpLink is a link for an estimate.
func madeUpLink(from *plan.Read, e edge) *plan.Link {
	l := &plan.Link{Read: from, Column: e.fromColumn, Keys: from.Request.Keys, Rows: from.Estimate.Rows}
	for n := int64(0); len(l.Keys) == 0 && n < max(1, from.Estimate.Calls-1); n++ {
		l.Keys = append(l.Keys, []string{"…"})
	}
	if path := listing(from); path != nil && l.Tells(path) {
		l.Apart = map[string][][]string{}
		for _, value := range path.Variant.Values {
			if len(from.Request.Variants) == 0 || slices.Contains(from.Request.Variants, value) {
				l.Apart[value] = l.Keys
			}
		}
	}
	l.Shared = from.Request.Shared && l.Rows <= sharedRows
	return l
}

func (x *Executor) explainRead(r *plan.Read) ExplainedScan {
	s := ExplainedScan{
		Table: r.Access.Table.Name, Alias: r.Access.Alias, Columns: []string{}, KeysFrom: r.DrivenBy,
		Limit: r.Request.Limit, Count: r.CountOnly, Calls: []scan.Call{},
		EstimatedCalls: r.Estimate.Calls, EstimatedRows: r.Estimate.Rows,
	}
	if r.Access.Table.Schema != nil {
		s.Schema = r.Access.Table.Schema.Name
	}
	for _, c := range r.Access.Columns {
		s.Columns = append(s.Columns, r.Access.Table.Columns[c].Name)
	}
	if r.Residual != nil && r.Residual != predicate.True && len(r.DrivenBy) == 0 {
		s.Residual = predicate.Brief(r.Residual)
	}
	if r.Restriction == nil {
		s.Decision = decision(r)
	}
	if r.Empty {
		return s
	}
	s.Path = r.Request.Path.Name
	if r.Pushed != predicate.True && len(r.DrivenBy) == 0 && r.Restriction == nil {
		s.Pushed = predicate.Brief(r.Pushed)
	}
	switch {
	case r.Restriction != nil:
	case r.CountOnly:
		x.explainCount(&s, r.Request)
	default:
		s.Calls = x.source.Describe(r.Request)
	}
	return s
}

// explainCount tells where the number of rows comes from.
func (x *Executor) explainCount(s *ExplainedScan, r scan.Request) {
	if len(r.Filters) > 1 || len(r.Variants) > 0 || !r.Path.CountExact {
		s.CountFrom = "the rows, which are read and counted"
		s.Calls = x.source.Describe(r)
		return
	}
	s.CountFrom = "the count that the API gives with the first row; without one, the rows are read and counted"
	r.Partition, r.Limit = false, 1
	s.Calls = x.source.Describe(r)
	s.EstimatedCalls = max(1, int64(len(r.Keys)))
}
