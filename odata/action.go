package odata

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
)

// actions are those of the schema, whoever may call them: a call that is not allowed
// is refused with the reason.
func (q *request) actions() []edm.Action {
	return edm.Actions(q.schema, q.Procedures(q.schema, false))
}

// act does what an action is for, and answers its result.
//
// Source: OData 4.01 Part 1, section 11.5.5.
func (q *request) act(ctx context.Context) error {
	if q.r.Method != http.MethodPost || !q.writes {
		q.w.Header().Set("Allow", http.MethodPost)
		return gwerr.New(gwerr.MethodNotAllowed, "An action takes POST alone.", "Send the parameters as a JSON object by POST.")
	}
	a := q.resource.Action
	values, err := q.parameters(a)
	if err != nil {
		return err
	}
	if q.conditional() && a.Bound != nil && len(q.resource.Target) > 0 {
		path := strings.TrimSuffix(q.rest, "/")
		owner, err := q.entityAt(path[:max(0, strings.LastIndexByte(path, '/'))], a.Bound)
		if err == nil {
			err = q.conditionOf(ctx, owner)
		}
		if err != nil {
			return err
		}
	}
	schema := q.schema.ID
	if schema == "" {
		schema = q.schema.Name
	}
	answer, err := q.Call(ctx, procedure.NewCall(schema, a.Name, values))
	if err != nil {
		return err
	}
	defer answer.Rows.Close()
	if a.Result() == "" {
		return q.nothing()
	}
	batch, err := firstRow(ctx, answer.Rows)
	if err != nil {
		return gwerr.Wrap(gwerr.Internal, err, a.Name+" was done, but its result can't be shown.", "")
	}
	defer batch.Record.Release()
	result := encode.Entity{Type: q.h.cfg.Namespace + "." + a.Result()}
	for i, c := range answer.Columns { // the status tells what Success would
		result.Columns = append(result.Columns, encode.Column{Name: c.Name, Type: c.Type, Hidden: i == 0})
	}
	o := q.encoding()
	w := encode.NewRows(result, o)
	if err := w.Bind(batch.Record); err != nil {
		return err
	}
	body, err := w.Append(nil, 0, encode.AppendLead(nil, o, q.context()), nil)
	if err != nil {
		return err
	}
	return q.whole(http.StatusOK, q.format.contentType(q.version), body)
}

// parameters reads the body; an action without parameters needs none.
func (q *request) parameters(a edm.Action) (map[string]*string, error) {
	out := map[string]*string{}
	members := map[string]json.RawMessage{}
	if len(q.body) > 0 {
		var err error
		if members, err = q.members(); err != nil {
			return nil, err
		}
	}
	for name, raw := range members {
		at := slices.IndexFunc(a.Inputs, func(in procedure.Input) bool { return in.Name == name })
		switch {
		case strings.Contains(name, "@"): // control information
			continue
		case at < 0, at < len(q.resource.Target):
			return nil, gwerr.Newf(gwerr.BadParameter, "%s has no parameter of that name.", a.Name).On(name).WithHint("$metadata lists the parameters; letter case counts.")
		}
		in := &a.Inputs[at]
		v, err := valueOf(&catalog.Column{Name: in.Name, Type: in.Type}, raw)
		if err != nil {
			return nil, err
		}
		if out[name] = nil; v != nil {
			text := string(v)
			if in.Type != catalog.JSON && text[0] == '"' {
				_ = json.Unmarshal(v, &text) // valueOf has read it
			}
			out[name] = &text
		}
	}
	for i := range q.resource.Target {
		out[a.Inputs[i].Name] = &q.resource.Target[i]
	}
	return out, nil
}
