package pingone

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/change"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
)

// ownProcedures are those that make no call of their own.
var ownProcedures = map[string]func(ctx context.Context, c *Directory, in procedure.Inputs) ([]procedure.Row, error){
	"RefreshSchema": refreshSchema,
}

// Procedures are the declared procedures, carried out by the connection.
func (c *Directory) Procedures() procedure.Set {
	out := make(procedure.Set, 0, len(c.cfg.Procedures))
	for _, d := range c.cfg.Procedures {
		p := procedure.Of(d)
		p.Run = func(ctx context.Context, in procedure.Inputs) ([]procedure.Row, error) { return c.carryOut(ctx, d, in) }
		if d.Call == nil {
			own := ownProcedures[d.Signature.Name]
			p.Run = func(ctx context.Context, in procedure.Inputs) ([]procedure.Row, error) { return own(ctx, c, in) }
		}
		out = append(out, p)
	}
	return out
}

// carryOut makes the calls of a procedure and reads its outputs from the answer.
func (c *Directory) carryOut(ctx context.Context, d *catalog.Procedure, in procedure.Inputs) ([]procedure.Row, error) {
	w := callOf(d, in)
	columns := make([]int, len(d.Outputs))
	for i := range columns {
		columns[i] = len(d.Inputs) + i
	}
	var told []json.RawMessage
	var count int64
	var err error
	if d.Each != nil && in.Text(d.Each.Key) == "" {
		count, err = c.each(ctx, d, w)
	} else {
		count = 1
		told, err = c.asked(ctx, w, columns)
	}
	refused := ""
	if refusedWith(err, http.StatusBadRequest) {
		refused = gwerr.From(err).Target
	}
	row := make(procedure.Row, len(d.Outputs))
	for i, o := range d.Outputs {
		switch {
		case o.Refused != "" && o.Refused == refused:
			row[i], err = false, nil
		case o.Refused != "":
			row[i] = true
		case o.Count:
			row[i] = count
		case told != nil && (o.When == "" || in.Bool(o.When)):
			row[i] = procedure.Cell(told[i], o.Column.Type)
		}
	}
	if err != nil {
		return nil, err
	}
	return []procedure.Row{row}, nil
}

// callOf is the call with its values. A media type that is not of JSON stands
// without a body.
func callOf(d *catalog.Procedure, in procedure.Inputs) change.Call {
	w := change.Call{
		Write: d.Call, Table: d.Signature.In(in.Schema, nil, nil), Procedure: true, Keys: map[string]string{}, Type: d.Call.Type, Creates: !d.Idempotent,
	}
	if d.Call.Method != http.MethodDelete && (w.Type == "" || strings.HasSuffix(w.Type, "+json")) {
		w.Body = []change.Member{}
	}
	for member, text := range d.Set {
		value, _ := json.Marshal(text) // of a text there is always one
		w.Body = append(w.Body, change.Member{Place: member, Value: value})
	}
	for _, input := range d.Inputs {
		name, value := input.Column.Name, in.JSON(input.Column.Name)
		switch {
		case slices.Contains(d.Call.Keys, name):
			w.Keys[name] = in.Text(name)
		case value != nil && w.Body != nil && !input.Right:
			w.Body = append(w.Body, change.Member{Place: input.Column.Source, Value: value})
		}
	}
	return w
}

// asked makes the call. That some media types are not of JSON rests on few
// reports: where PingOne does not know one, the form of the others is tried.
func (c *Directory) asked(ctx context.Context, w change.Call, columns []int) ([]json.RawMessage, error) {
	told, err := c.Write(ctx, w, columns)
	if w.Body == nil && w.Type != "" && refusedWith(err, http.StatusUnsupportedMediaType) {
		w.Type += "+json"
		told, err = c.Write(ctx, w, columns)
	}
	return told, err
}

// each makes the call for each item that is meant, and tells for how many. One
// that is gone needs none.
func (c *Directory) each(ctx context.Context, d *catalog.Procedure, w change.Call) (done int64, err error) {
	values := map[string]string{environmentColumn: w.Table.Schema.ID}
	maps.Copy(values, w.Keys)
	group := cmp.Or(w.Table.Group, groupConfiguration)
	items, err := c.collect(ctx, listing{
		address: addressOf(d.Each.List, values), items: d.Each.Items, endpoint: d.Each.Endpoint, group: group, permission: w.Table.Permission,
	})
	if err != nil {
		return 0, err
	}
	var found []map[string]any
	if err := unmarshalEach(items, &found); err != nil {
		return 0, err
	}
	found = slices.DeleteFunc(found, func(item map[string]any) bool {
		for member, text := range d.Each.Where {
			if item[member] != text {
				return true
			}
		}
		return false
	})
	for _, item := range found {
		w.Keys[d.Each.Key], _ = item["id"].(string)
		_, err := c.Write(ctx, w, nil)
		switch {
		case gwerr.Is(err, gwerr.NotFound):
			continue
		case err != nil:
			e := gwerr.From(err)
			return done, gwerr.Wrap(e.Code, err, fmt.Sprintf("%d of %d were done. %s", done, len(found), e.Message), e.Hint).After(e.RetryAfter)
		}
		done++
	}
	return done, nil
}

// refreshSchema forgets what is known of the environment's own columns, and
// counts those that it has now.
func refreshSchema(ctx context.Context, c *Directory, in procedure.Inputs) ([]procedure.Row, error) {
	c.schemas.forget()
	s, err := c.Schema(ctx, in.Schema.ID)
	if err != nil {
		return nil, err
	}
	own := int64(0)
	for _, t := range c.declared {
		if now, ok := s.Table(t.Name); ok && t.Scope == catalog.PerEnvironment {
			own += int64(len(now.Columns) - len(t.Columns))
		}
	}
	return []procedure.Row{{own}}, nil
}
