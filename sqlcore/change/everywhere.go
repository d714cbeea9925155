package change

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

// Tables gives the table of an environment, by its id, as the caller may write it.
type Tables func(ctx context.Context, environment string) (*catalog.Table, error)

// part is a row with the change of it in its own environment.
type part struct {
	*Change
	row   Row
	calls []Call
}

// parts plans the calls for each row; the rows of a union each go to the table of
// their environment.
func (c *Change) parts(ctx context.Context, rows []Row, tables Tables) ([]part, error) {
	out := make([]part, len(rows))
	own := map[string]*Change{}
	for i, row := range rows {
		out[i] = part{Change: c, row: row}
		var err error
		if c.Table.Members != nil {
			err = out[i].enter(ctx, own, tables)
		}
		if err == nil {
			out[i].calls, err = out[i].plan(out[i].row)
		}
		if err != nil {
			return nil, nothingDone(err, i, len(rows))
		}
	}
	return out, nil
}

// enter makes the part one of the row's own environment.
func (p *part) enter(ctx context.Context, known map[string]*Change, tables Tables) error {
	union := p.Change
	id := union.keys(p.row)[catalog.EnvironmentID]
	if id == "" {
		return gwerr.Newf(gwerr.InvalidValue, "%s of %s can't be null.", catalog.EnvironmentID, union.Table.Name).On(catalog.EnvironmentID)
	}
	if known[id] == nil {
		t, err := tables(ctx, id)
		if err == nil {
			known[id], err = union.in(t)
		}
		if err != nil {
			return gwerr.In("In the environment "+id, err)
		}
	}
	p.Change = known[id]
	p.row = Row{Is: union.moved(union.Reads, p.row.Is, p.Reads, p.Table), Becomes: union.moved(union.Assigned, p.row.Becomes, p.Assigned, p.Table)}
	return nil
}

// in is the change in the table of one environment.
func (c *Change) in(t *catalog.Table) (*Change, error) {
	columns := func(of []int) (out []int, err error) {
		for _, at := range of {
			name := c.Table.Columns[at].Name
			if _, everywhere := t.Everywhere(name); everywhere {
				continue
			}
			own := t.Index(name)
			if own < 0 {
				return nil, gwerr.Newf(gwerr.UnknownColumn, "%s has no column %s.", t.Name, name).On(name)
			}
			out = append(out, own)
		}
		return out, nil
	}
	assigned, err := columns(c.Assigned)
	if err != nil {
		return nil, err
	}
	returning, err := columns(c.Returning)
	if err != nil {
		return nil, err
	}
	return New(c.Kind, t, assigned, returning, func(int) int { return gwerr.NoPosition })
}

// moved gives values of the union's columns as a table's have them.
func (c *Change) moved(columns []int, values []json.RawMessage, to []int, t *catalog.Table) []json.RawMessage {
	out := make([]json.RawMessage, len(to))
	for i, at := range to {
		if value, ok := t.Everywhere(t.Columns[at].Name); ok {
			out[i] = cell.AppendString(nil, value)
			continue
		}
		from := slices.IndexFunc(columns, func(own int) bool { return c.Table.Columns[own].Name == t.Columns[at].Name })
		if from >= 0 {
			out[i] = values[from]
		}
	}
	return out
}

// united gives what a part answers as the change does.
func (c *Change) united(p *part, answer []json.RawMessage) []json.RawMessage {
	if c == p.Change {
		return answer
	}
	out := make([]json.RawMessage, len(c.Answer()))
	for i, at := range c.Answer() {
		name := c.Table.Columns[at].Name
		if value, ok := p.Table.Everywhere(name); ok {
			out[i] = cell.AppendString(nil, value)
			continue
		}
		for k, own := range p.Answer() {
			if p.Table.Columns[own].Name == name {
				out[i] = answer[k]
			}
		}
	}
	return out
}
