//go:build duckdb_arrow

package duck

import (
	"context"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// BindFilter checks a condition over the columns of one table, such as a
// policy's row filter. where keeps at least the rows that the condition keeps;
// filterSQL is the condition itself where where is not all of it, else "". It
// reads no rows. Errors are those of Bind.
func (e *Engine) BindFilter(ctx context.Context, table *catalog.Table, sql string) (where predicate.Expr, filterSQL string, err error) {
	// A plain query shows that no engine is needed, and it needs a column.
	head := "SELECT " + sqltext.Quote(table.Columns[0].Name) + " FROM "
	name := sqltext.Quote(table.Schema.Name) + "." + sqltext.Quote(table.Name)
	q, err := e.Bind(ctx, BindRequest{SQL: head + name + " WHERE (" + sql + "\n)", Provider: oneTable{table}})
	if err != nil {
		return nil, "", inFilter(err, len(head+name+" WHERE ("))
	}
	switch {
	case q.Empty:
		return predicate.False, "", nil
	case len(q.Accesses) != 1 || len(q.Joins) > 0:
		return nil, "", gwerr.New(gwerr.NotImplemented, "A row filter must be a condition on the table's own columns.", "Leave out sub-selects.")
	case q.Plain != nil && q.Accesses[0].WhereComplete:
		return q.Accesses[0].Where, "", nil
	}
	where = q.Accesses[0].Where
	if where == nil {
		where = predicate.True
	}
	return where, sql, nil
}

// inFilter moves an error's place from the statement to the condition.
func inFilter(err error, offset int) error {
	e := gwerr.From(err)
	if e.Position >= offset {
		return e.At(e.Position - offset)
	}
	return e
}

// oneTable is a provider of a single table.
type oneTable struct{ table *catalog.Table }

func (o oneTable) Names(context.Context) ([]catalog.SchemaName, error) {
	return []catalog.SchemaName{{Name: o.table.Schema.Name, ID: o.table.Schema.ID}}, nil
}

func (o oneTable) Schema(_ context.Context, name string) (*catalog.Schema, error) {
	s := o.table.Schema
	if !strings.EqualFold(name, s.Name) && !strings.EqualFold(name, s.ID) {
		return nil, gwerr.Newf(gwerr.UnknownSchema, "A row filter can't use the schema %s.", name)
	}
	return s.Showing([]*catalog.Table{o.table}), nil
}

func (o oneTable) Default() string { return o.table.Schema.Name }
