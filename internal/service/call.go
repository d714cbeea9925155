package service

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/sqlhttp"
)

// AdminRole is the role whose callers may call procedures where no policy
// says who may.
const AdminRole = "admin"

// call answers EXECUTE and CALL. Neither the statement nor its parameters are
// kept anywhere: they may hold passwords and tokens.
func (s *Service) call(ctx context.Context, st sqlhttp.Statement) (*sqlhttp.Answer, error) {
	parsed, syntax := procedure.Parse(st.SQL)
	name := st.Connection
	if syntax == nil && parsed.Connection != "" {
		name = parsed.Connection
	}
	c, provider, err := s.connection(ctx, name)
	if err != nil {
		return nil, err
	}
	r, err := s.begin(ctx, c, work{"call", "sql", ""})
	if err != nil {
		return nil, err
	}
	if syntax != nil {
		return nil, r.finish(syntax)
	}
	answer, err := attempt(r.ctx, s, func() (*sqlhttp.Answer, error) {
		return s.run(r, procedures{c.Procedures, provider, parsed}, st)
	})
	if err != nil {
		return nil, r.finish(err)
	}
	return answer, nil
}

// procedures are a call and what it can call.
type procedures struct {
	set      procedure.Set
	provider catalog.Provider
	call     *procedure.Call
}

func (s *Service) run(r *run, c procedures, st sqlhttp.Statement) (*sqlhttp.Answer, error) {
	if st.Safe {
		return nil, gwerr.New(gwerr.MethodNotAllowed, "Procedures are not called by GET.", "Send the statement by POST.")
	}
	p, err := c.set.Find(c.call)
	if err != nil {
		return nil, err
	}
	r.record.Statement = shape(p, c.call)
	if err := s.MayCall(p.Name, r.record.Principal); err != nil {
		return nil, err
	}
	parameters, err := parametersOf(st)
	if err != nil {
		return nil, err
	}
	in, err := p.Bind(c.call, parameters)
	if err != nil {
		return nil, err
	}
	if c.call.Schema != "" {
		if in.Schema, err = c.provider.Schema(r.ctx, c.call.Schema); err != nil {
			return nil, err
		}
	}
	found, err := p.Run(r.ctx, in)
	if err != nil {
		return nil, err
	}
	result, err := p.Rows(found)
	if err != nil {
		return nil, err
	}
	return &sqlhttp.Answer{Columns: p.Columns(), Rows: &rows{Rows: result, run: r}}, nil
}

// MayCall returns nil when the caller may call the procedure: the policy says
// so or, without one, it is an administrator or acts with its own rights in
// PingOne. The error is gwerr.Forbidden.
func (s *Service) MayCall(name string, p *auth.Principal) error {
	if s.config.Policy != nil {
		return s.config.Policy.MayCall(name, p)
	}
	if p.Upstream != nil || p.HasRole(AdminRole) {
		return nil
	}
	return gwerr.Newf(gwerr.Forbidden, "Only administrators may call %s.", name).
		WithMend("Ask for the role " + AdminRole + ", or for a policy file that lists the procedure in a role of yours.")
}

// shape is the call for the audit trail: the inputs given, without values.
func shape(p *procedure.Procedure, c *procedure.Call) string {
	var names []string
	for i, a := range c.Arguments {
		declared := slices.IndexFunc(p.Inputs, func(in procedure.Input) bool { return strings.EqualFold(in.Name, a.Name) })
		switch {
		case declared >= 0:
			names = append(names, p.Inputs[declared].Name+" => ?")
		case a.Name == "" && i < len(p.Inputs):
			names = append(names, p.Inputs[i].Name+" => ?")
		default:
			names = append(names, "?")
		}
	}
	return "CALL " + p.Name + "(" + strings.Join(names, ", ") + ")"
}

func parametersOf(st sqlhttp.Statement) (procedure.Parameters, error) {
	out := procedure.Parameters{Named: make(map[string]procedure.Parameter, len(st.Named))}
	for i, p := range st.Positional {
		if p.List != nil {
			return out, noList(fmt.Sprintf("parameters[%d]", i))
		}
		out.Positional = append(out.Positional, procedure.Parameter{Value: p.Value, Null: p.Null})
	}
	for name, p := range st.Named {
		if p.List != nil {
			return out, noList("parameters." + name)
		}
		out.Named[name] = procedure.Parameter{Value: p.Value, Null: p.Null}
	}
	return out, nil
}

func noList(place string) error {
	return gwerr.New(gwerr.BadParameter, "Procedures take no lists.", "Give one value.").On(place)
}
