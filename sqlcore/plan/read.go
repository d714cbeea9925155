package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// Read plans one access. keys are further conditions that join partners
// impose on it; nil for none.
func (p *Planner) Read(ctx context.Context, a query.Access, keys predicate.Expr) (*Read, error) {
	where := condition(a, keys)
	if a.Table.Members != nil {
		return p.union(ctx, a, keys, where)
	}
	r := &Read{Access: a, Residual: predicate.True, Pushed: predicate.True, keys: keys}
	table, conditions := restrict(r, a.Table, where)
	if !p.options.NoPushDown {
		conditions = fold(table, conditions)
	}
	if conditions == predicate.False {
		r.Empty, r.Exact = true, true
		r.Request.Table = table
		return r, nil
	}
	s := &search{planner: p, table: table, where: conditions, access: a}
	best, err := s.best(ctx)
	if err != nil {
		return nil, err
	}
	p.fill(r, table, best, where)
	return p.alternatives(ctx, r, where), nil
}

// Order asks for the same order of rows in every reading.
func (r *Read) Order() {
	r.Request.Ordered, r.Request.Partition, r.Request.Within = true, false, nil
	for _, part := range r.Parts {
		part.Order()
	}
}

// Path names the access path; "" where nothing is read.
func (r *Read) Path() string {
	switch {
	case len(r.Parts) > 0:
		return r.Parts[0].Path()
	case r.Request.Path == nil:
		return ""
	}
	return r.Request.Path.Name
}

// condition is all that an access and its join partners ask.
func condition(a query.Access, keys predicate.Expr) predicate.Expr {
	if a.Where == nil {
		return predicate.AllOf(keys)
	}
	return predicate.AllOf(a.Where, keys)
}

// Again plans a read that the service refused, without what Refuse remembers.
// Rows keep the order that was asked for.
func (p *Planner) Again(ctx context.Context, r *Read) (*Read, error) {
	access := r.Access
	if r.Request.Ordered && !p.refusesOwn(r) {
		access.Path = r.Request.Path.Name
	}
	out, err := p.Read(ctx, access, r.keys)
	if err != nil {
		return nil, err
	}
	out.DrivenBy = r.DrivenBy
	out.Request.Ordered = r.Request.Ordered
	if !r.Request.Partition {
		out.Request.Partition, out.Request.Within = false, nil
	}
	return out, nil
}

// refusesOwn tells whether the service refused the filter that the read's path
// always sends.
func (p *Planner) refusesOwn(r *Read) bool {
	path := r.Request.Path
	if path.Parent != nil {
		path = r.Request.Table.Path(path.Parent.Path)
	}
	s := search{planner: p, table: r.Request.Table}
	return s.refuses(path)
}

// Recheck evaluates the whole condition again, whatever the source evaluates:
// a place to continue at may stem from a reading of which the source was asked
// less.
func (r *Read) Recheck() {
	if r.Empty || !r.Exact || r.Restriction != nil {
		return
	}
	r.Exact, r.Residual, r.CountOnly = false, condition(r.Access, r.keys), false
	r.Request.Limit, r.Request.Expect, r.Request.Newest, r.Request.Order, r.Output, r.Extra = 0, 0, 0, "", nil, nil
	r.columns(r.Request.Table)
}

// restrict gives the table to read and the condition that may be pushed to it:
// the caller's restriction joins in, and conditions on masked columns drop
// out, since they are about the masks.
func restrict(r *Read, visible *catalog.Table, where predicate.Expr) (*catalog.Table, predicate.Expr) {
	rs := visible.Restriction
	if rs == nil {
		return visible, where
	}
	r.Restriction = rs
	var open []predicate.Expr
	for _, c := range predicate.Conjuncts(where) {
		if !slices.ContainsFunc(predicate.Columns(c), rs.Masked) {
			open = append(open, c)
		}
	}
	return rs.Base, predicate.AllOf(append(open, rs.Where)...)
}

// fill completes the read with the chosen candidate and the columns to fetch.
func (p *Planner) fill(r *Read, table *catalog.Table, c *candidate, where predicate.Expr) {
	r.Empty = c.empty
	r.Request = c.request
	r.Request.Table = table
	r.Pushed, r.Exact = c.pushed, c.exact
	r.Estimate = c.estimate
	r.filters, r.Notes, r.Scope = c.sent, c.notes, c.scope
	if !c.exact {
		r.Residual = where
	}
	if r.Restriction != nil {
		// The restriction may be exact upstream, the query's own condition on
		// masked columns never is: evaluate it all again.
		r.Residual = where
	}
	r.columns(table)
	filtered := r.Restriction != nil && (!c.exact || r.Restriction.FilterSQL != "")
	r.CountOnly = len(r.Access.Columns) == 0 && c.exact && !filtered && r.Residual == predicate.True
	p.countBy(r, table)
	if r.Exact && r.Restriction == nil {
		r.Request.Limit, r.Request.Expect = r.Access.Limit, r.Access.Expect
		p.first(r, c)
	}
	if p.options.PageSize > 0 && c.request.Path.Page > 0 {
		r.Request.Page = min(p.options.PageSize, max(c.request.Path.PageMax, c.request.Path.Page))
	}
}

// countBy lets the source count rows of a scan of which nothing is wanted but
// what the service can test exactly: Boolean columns that are never null, and the
// one by which the scan is divided.
func (p *Planner) countBy(r *Read, table *catalog.Table) {
	path := r.Request.Path
	if !r.Request.Partition || !path.CountExact || !path.And || len(r.Request.Columns) == 0 {
		return
	}
	calls, by := int64(1), []string(nil)
	for _, c := range r.Request.Columns {
		col := &table.Columns[c]
		f := path.Filters[col.Name]
		switch {
		case col.Name == schemaColumn && table.Scope == catalog.PerEnvironment:
			continue
		case !f.Exact || !col.Required || !slices.Contains(f.Operators, predicate.OpEq):
			return
		case col.Name == path.Partition.Column:
			calls *= max(1, p.sizes.Parts(table))
		case col.Type == catalog.Bool:
			calls *= 2
		default:
			return
		}
		by = append(by, col.Name)
	}
	r.Request.CountBy = by
	if slices.Contains(by, path.Partition.Column) {
		calls++ // the values
	}
	if r.Estimate.Known && calls+1 < r.Estimate.Calls {
		r.Estimate.Calls = calls + 1
	}
}

// first has the source give the first rows in an order first, if it can.
func (p *Planner) first(r *Read, c *candidate) {
	top, path := r.Access.Top, c.request.Path
	if top == nil || top.Nullable || c.empty {
		return
	}
	attribute := path.Order[top.Column]
	down, onlyDown := strings.CutPrefix(attribute, "-")
	switch span := path.Range; {
	case span != nil && span.Slices && span.Column == top.Column && top.Descending:
		r.Request.Newest = top.Rows
	case attribute != "" && p.refusals.refused(sorting(r.Request.Table, down)):
		r.Notes = append(r.Notes, "The API refused to sort by "+top.Column+" within the last hour; all rows are read and sorted here.")
	case attribute == "" || !top.Alone || len(c.request.Keys) > 1 || len(c.request.Filters) > 1 || onlyDown && !top.Descending:
	case top.Descending:
		r.Request.Order, r.Request.Limit = "-"+down, top.Rows
	default:
		r.Request.Order, r.Request.Limit = attribute, top.Rows
	}
}

// columns decides what to fetch: what the access reads, then what only the
// conditions read.
func (r *Read) columns(table *catalog.Table) {
	at := map[string]int{}
	add := func(name string) int {
		if i, ok := at[name]; ok {
			return i
		}
		at[name] = len(r.Request.Columns)
		r.Request.Columns = append(r.Request.Columns, table.Index(name))
		return at[name]
	}
	r.Request.Columns = nil
	for _, c := range r.Access.Columns {
		r.Output = append(r.Output, add(r.Access.Table.Columns[c].Name))
	}
	for _, name := range predicate.Columns(r.Residual) {
		known := false
		for _, c := range r.Access.Columns {
			known = known || r.Access.Table.Columns[c].Name == name
		}
		if !known {
			r.Extra = append(r.Extra, Extra{Name: name, At: add(name)})
		}
	}
	if r.Restriction != nil {
		for _, name := range r.Restriction.Reads() {
			add(name)
		}
	}
}

// fanoutError doesn't tell a restricted caller how large the table is.
func fanoutError(r *Read, limit int64) error {
	const hint = "Narrow the query by a key or a condition, add LIMIT, or raise MaxFanout."
	if r.Restriction != nil {
		return gwerr.Newf(gwerr.FanoutExceeded, "Reading %s this way needs more calls to the API than the connection allows a query.", r.Access.Table.Name).
			WithHint(hint).On(r.Access.Table.Name)
	}
	return gwerr.New(gwerr.FanoutExceeded,
		fmt.Sprintf("Reading %s this way needs about %d calls to the API; the connection allows %d a query.", r.Access.Table.Name, r.Estimate.Calls, limit),
		hint).On(r.Access.Table.Name)
}
