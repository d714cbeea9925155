package service

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/change"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// changeSQL answers INSERT, UPDATE and DELETE.
func (r *Request) changeSQL(ctx context.Context, st query.Statement) (*query.Answer, error) {
	c, err := r.BindChange(ctx, st)
	if err != nil {
		return nil, err
	}
	if st.Safe {
		return nil, gwerr.New(gwerr.MethodNotAllowed, "Nothing is changed by GET.", "Send the statement by POST.")
	}
	done, err := r.Change(ctx, c)
	if err != nil {
		return nil, err
	}
	answer, err := c.Result(done)
	if err != nil {
		return nil, err
	}
	answer.Rows, answer.Notes = returned{answer.Rows, r}, r.Notes
	return answer, nil
}

// BindChange checks an INSERT, UPDATE or DELETE against what the caller may
// write.
func (r *Request) BindChange(ctx context.Context, st query.Statement) (*change.Change, error) {
	r.acts("write")
	s, err := change.Parse(st.SQL)
	if err != nil {
		return nil, err
	}
	if s.Connection != "" {
		name := s.Connection
		if r.connection.Name == r.session.service.config.Pool.Default() && r.alias(name) {
			name = r.connection.Name
		}
		if !strings.EqualFold(name, r.connection.Name) {
			return nil, gwerr.Newf(gwerr.NotFound, "The request is for the connection %s.", r.connection.Name).WithHint("Name no other one before the table.").At(s.Position)
		}
	}
	if r.catalog.Holds(s.Schema, s.Table) {
		return nil, gwerr.Newf(gwerr.ReadOnly, "%s is a system table, which nobody writes.", s.Table).
			WithHint("What system tables show follows from the tables of PingOne; change these.").At(s.Position)
	}
	schema := cmp.Or(s.Schema, r.Default())
	t, err := r.Writable(ctx, schema, s.Table)
	if err != nil {
		return nil, gwerr.From(err).At(s.Position)
	}
	return s.Bind(ctx, t, func(ctx context.Context, sql string) (*query.Query, error) {
		inner := st
		inner.SQL = sql
		return r.bind(ctx, inner, substituted{r.Provider, t})
	})
}

func (r *Request) alias(name string) bool {
	return slices.ContainsFunc(r.session.service.config.Aliases, func(a string) bool { return strings.EqualFold(a, name) })
}

// Writable returns a table as the caller may change it. Errors are
// gwerr.ReadOnly, gwerr.UnknownSchema and gwerr.UnknownTable.
func (r *Request) Writable(ctx context.Context, schema, table string) (*catalog.Table, error) {
	seen, err := r.Schema(ctx, schema)
	if err != nil {
		return nil, err
	}
	t, ok := seen.Table(table)
	if !ok {
		return nil, gwerr.Newf(gwerr.UnknownTable, "There is no table named %q.", table)
	}
	if r.connection.ReadOnly {
		return nil, gwerr.Newf(gwerr.ReadOnly, "The connection %s allows no writes.", r.connection.Name).
			WithHint("The administrator allows them with readonly: false at the connection.")
	}
	policy := r.session.service.config.Policy
	if policy == nil {
		return t, nil
	}
	if t.Members != nil {
		return r.writableSomewhere(ctx, t)
	}
	caller := r.session.caller
	if err := policy.MayWrite(r.connection.Name, catalog.SchemaName{Name: seen.Name, ID: seen.ID}, t.Name, caller); err != nil {
		return nil, err
	}
	mine, err := policy.Writable(r.connection.Name, r.connection.Provider, caller).Schema(ctx, schema)
	if err != nil {
		return nil, err
	}
	if t, ok = mine.Table(table); !ok {
		return nil, gwerr.Newf(gwerr.ReadOnly, "Your roles do not allow writing to %s.", table)
	}
	return t, nil
}

// writableSomewhere is a union of what the caller may change. The rows of
// environments in which it may not are still found, so that changing them is refused
// rather than passed over.
func (r *Request) writableSomewhere(ctx context.Context, t *catalog.Table) (*catalog.Table, error) {
	schemas := make([]*catalog.Schema, len(t.Members))
	var refused error
	some := false
	for i, m := range t.Members {
		mine, err := r.Writable(ctx, m.Schema.ID, t.Name)
		if err != nil {
			mine, refused = m, err
		}
		some = some || err == nil
		schemas[i] = m.Schema.Showing([]*catalog.Table{mine})
	}
	if !some {
		return nil, refused
	}
	return catalog.Union(t.Schema.Name, schemas).Tables[0], nil
}

// substituted shows one table as it may be written, so that a role which reads
// more does not let another one write more.
type substituted struct {
	catalog.Provider
	table *catalog.Table
}

// Schema implements catalog.Provider.
func (p substituted) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	s, err := p.Provider.Schema(ctx, name)
	if err != nil || p.table.Schema == nil || s.Name != p.table.Schema.Name || s.ID != p.table.Schema.ID {
		return s, err
	}
	tables := make([]*catalog.Table, len(s.Tables))
	for i, t := range s.Tables {
		if tables[i] = t; t.Name == p.table.Name {
			tables[i] = p.table
		}
	}
	return s.Showing(tables), nil
}

// Change carries a change out. The error tells what was done before it.
func (r *Request) Change(ctx context.Context, c *change.Change) (*change.Done, error) {
	for _, property := range c.Allowed() {
		if !r.connection.Allows[property] {
			return nil, gwerr.Newf(gwerr.ReadOnly, "The connection %s does not allow this change of %s.", r.connection.Name, c.Table.Name).
				WithHint("The administrator allows it with the property " + property + ".")
		}
	}
	r.mu.Lock()
	r.ran, r.record.Action = true, "write"
	r.tables = append(r.tables, c.Table)
	r.mu.Unlock()
	var rows scan.Batches
	if c.Rows != nil {
		found, err := r.Query(ctx, c.Rows)
		if err != nil {
			return nil, c.Named(err)
		}
		rows = found
	}
	list, err := c.Collect(ctx, rows, change.Limits{Rows: r.connection.MaxAffected})
	if err != nil {
		return nil, err
	}
	defer r.session.service.forgetting(r.connection)()
	done, err := attempt(ctx, r, func() (*change.Done, error) {
		return c.Run(ctx, r.connection.Writer, list, func(ctx context.Context, key map[string]string, columns []int) ([]json.RawMessage, error) {
			return r.readBack(ctx, c.Table, key, columns)
		}, func(ctx context.Context, environment string) (*catalog.Table, error) {
			return r.Writable(ctx, environment, c.Table.Name)
		})
	})
	if done != nil {
		r.mu.Lock()
		r.record.Affected += int64(len(done.Rows))
		r.mu.Unlock()
	}
	return done, err
}

// readBack reads columns of the row with that key; nulls if it is gone.
func (r *Request) readBack(ctx context.Context, t *catalog.Table, key map[string]string, columns []int) ([]json.RawMessage, error) {
	ctx = scan.Fresh(ctx) // not what the request has read before
	q := &query.Query{Plain: &query.Plain{}, Accesses: []query.Access{{Alias: t.Name, Table: t, Columns: columns, WhereComplete: true}}}
	where := []predicate.Expr{}
	for _, at := range t.Key() {
		col := &t.Columns[at]
		where = append(where, predicate.Cmp{Column: col.Name, Op: predicate.Eq, Value: predicate.Value{Kind: col.Type.Kind(), Str: key[col.Name]}})
	}
	q.Accesses[0].Where = predicate.AllOf(where...)
	for i, at := range columns {
		q.Plain.Project = append(q.Plain.Project, i)
		q.Columns = append(q.Columns, query.Column{Name: t.Columns[at].Name, Type: t.Columns[at].Type})
	}
	rows, err := r.execute(ctx, q, exec.Options{})
	if err != nil {
		return nil, err
	}
	out := make([]json.RawMessage, len(columns))
	err = scan.Each(ctx, rows, func(rec arrow.RecordBatch) error {
		if rec.NumRows() > 0 {
			out = change.Cells(rec, 0, t, columns)
		}
		return nil
	})
	return out, err
}

// explainChange shows how rows are found and the calls for each of them.
func (r *Request) explainChange(ctx context.Context, st query.Statement) (*exec.Explanation, error) {
	c, err := r.BindChange(ctx, st)
	r.acts("explain") // what is bound is not written
	if err != nil {
		return nil, err
	}
	r.reads(c.Rows)
	e, err := attempt(ctx, r, func() (*exec.Explanation, error) { return r.connection.Executor.Explain(ctx, c.Rows) })
	if err != nil {
		return nil, err
	}
	e.Changes = c.Explain()
	return e, nil
}
