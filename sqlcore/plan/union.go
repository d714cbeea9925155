package plan

import (
	"context"
	"slices"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// union plans the reading of each member that the condition does not rule out.
// All take the path of the first, so that each reading has one order.
func (p *Planner) union(ctx context.Context, a query.Access, keys, where predicate.Expr) (*Read, error) {
	r := &Read{Access: a, Residual: predicate.True, Pushed: predicate.True, keys: keys, Exact: true, Estimate: Estimate{Known: true}}
	r.Request.Table = a.Table
	parts := make([]query.Access, len(a.Table.Members))
	var left []predicate.Expr
	for i, m := range a.Table.Members {
		parts[i] = query.Access{Alias: a.Alias, Table: m, WhereComplete: a.WhereComplete, Path: a.Path}
		var undecided []predicate.Expr
		parts[i].Where, undecided = p.within(a.Table, m, where)
		for _, e := range undecided {
			if !slices.ContainsFunc(left, func(known predicate.Expr) bool { return known.String() == e.String() }) {
				left = append(left, e)
			}
		}
	}
	r.Residual = predicate.AllOf(left...)
	r.Exact = len(left) == 0
	r.columns(a.Table)
	for _, part := range parts {
		if part.Where == predicate.False {
			continue
		}
		for _, c := range r.Request.Columns {
			name := a.Table.Columns[c].Name
			if _, same := part.Table.Everywhere(name); !same && part.Table.Index(name) >= 0 {
				part.Columns = append(part.Columns, part.Table.Index(name))
			}
		}
		if r.Exact {
			part.Limit, part.Expect, part.Top = a.Limit, a.Expect, a.Top
		}
		if err := p.part(ctx, r, part); err != nil {
			return nil, err
		}
	}
	r.Empty = len(r.Parts) == 0
	return r, nil
}

// part adds the reading of a member.
func (p *Planner) part(ctx context.Context, r *Read, a query.Access) error {
	if a.Path == "" && len(r.Parts) > 0 {
		a.Path = r.Parts[0].Path()
	}
	read, err := p.Read(ctx, a, nil)
	if err != nil {
		return err
	}
	if read.Empty {
		return nil
	}
	r.Parts = append(r.Parts, read)
	r.Estimate.Add(read.Estimate)
	r.Exact = r.Exact && read.Exact
	r.Pushed = read.Pushed
	return nil
}

// within gives what a condition on a union says of a member's rows, and what of
// it can't be told by these alone.
func (p *Planner) within(u, m *catalog.Table, where predicate.Expr) (own predicate.Expr, undecided []predicate.Expr) {
	var kept []predicate.Expr
	for _, e := range predicate.Conjuncts(where) {
		folded := e
		for _, column := range []string{schemaColumn, catalog.EnvironmentName} {
			if value, ok := m.Everywhere(column); ok && !p.options.NoPushDown {
				folded = folder{column, constantOf(column, value)}.fold(folded)
			}
		}
		if slices.ContainsFunc(predicate.Columns(folded), func(name string) bool {
			_, same := m.Everywhere(name)
			own, common := m.Column(name), u.Column(name)
			return same || own == nil || common == nil || own.Type != common.Type
		}) {
			undecided = append(undecided, e)
			continue
		}
		kept = append(kept, folded)
	}
	return predicate.AllOf(kept...), undecided
}

func constantOf(column, value string) predicate.Value {
	if column == schemaColumn {
		return predicate.UUIDValue(value)
	}
	return predicate.StringValue(value)
}
