package plan

import (
	"context"
	"slices"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// The bounds of alternatives: how many reads there may be, and of how many rows
// the keys are remembered.
const (
	maxAlternatives    = 8
	maxAlternativeRows = 100_000
)

// Whole is the planner that takes one path for each read, so that its rows have an
// order that another reading has too.
func (p *Planner) Whole() *Planner {
	c := *p
	c.whole = true
	return &c
}

// Divided reports whether the rows come from several reads of one table, so that
// they have no order of their own.
func (r *Read) Divided() bool { return len(r.Distinct) > 0 }

// alternatives plans one read for each part of an OR that no path tests as a
// whole, such as Id = … OR Username = …, where those take fewer calls together. A
// row that several give is known by its key. It returns r where there is nothing
// to gain.
func (p *Planner) alternatives(ctx context.Context, r *Read, where predicate.Expr) *Read {
	a := r.Access
	if p.whole || p.options.NoPushDown || a.Path != "" || a.Soon() > 0 || a.Top != nil && !a.Top.Nullable || r.Empty || len(r.Request.Keys) > 0 || r.Estimate.Calls <= 2 || !Keyed(a.Table) {
		return r
	}
	conditions, best := predicate.Conjuncts(where), r
	for i, e := range conditions {
		or, ok := e.(predicate.Or)
		if !ok || len(or.Args) > maxAlternatives || covers(predicate.Columns(r.Pushed), predicate.Columns(or)) {
			continue
		}
		rest := predicate.AllOf(slices.Delete(slices.Clone(conditions), i, i+1)...)
		if d := p.divided(ctx, r, or, rest); d != nil && d.Estimate.Calls < best.Estimate.Calls {
			best = d
		}
	}
	return best
}

// Keyed tells whether a row is known by values that the caller sees.
func Keyed(t *catalog.Table) bool {
	for _, k := range t.Key() {
		if t.Restriction.Masked(t.Columns[k].Name) {
			return false
		}
	}
	return len(t.Key()) > 0 && len(t.Key()) == len(t.Whole().Key())
}

func covers(all, some []string) bool {
	return !slices.ContainsFunc(some, func(name string) bool { return !slices.Contains(all, name) })
}

// divided plans the parts of an OR; nil where one of them reads all rows, too.
func (p *Planner) divided(ctx context.Context, r *Read, or predicate.Or, rest predicate.Expr) *Read {
	out := apart(r.Access, r.keys)
	out.Pushed = or
	for _, arg := range or.Args {
		part, err := p.Whole().Read(ctx, out.part(predicate.AllOf(arg, rest)), nil)
		if err != nil || !part.Empty && part.Pushed == predicate.True && len(part.Request.Keys) == 0 {
			return nil
		}
		if part.Empty {
			continue
		}
		out.Parts = append(out.Parts, part)
		out.Estimate.Calls += part.Estimate.Calls
		out.Estimate.Rows += part.Estimate.Rows
		out.Estimate.Known = out.Estimate.Known && part.Estimate.Known
	}
	out.Empty = len(out.Parts) == 0
	if out.Estimate.Rows > maxAlternativeRows {
		return nil
	}
	return out
}

// apart is a read of several parts whose rows are told apart by their key.
func apart(a query.Access, keys predicate.Expr) *Read {
	out := &Read{Access: a, Residual: predicate.True, Pushed: predicate.True, keys: keys, Estimate: Estimate{Known: true}}
	out.Request.Table = a.Table
	out.columns(a.Table)
	for _, k := range a.Table.Key() {
		at := slices.Index(out.Request.Columns, k)
		if at < 0 {
			at = len(out.Request.Columns)
			out.Request.Columns = append(out.Request.Columns, k)
		}
		out.Distinct = append(out.Distinct, at)
	}
	return out
}

// part is the access of one part of a read.
func (r *Read) part(where predicate.Expr) query.Access {
	return query.Access{Alias: r.Access.Alias, Table: r.Access.Table, Columns: r.Request.Columns, Where: where}
}
