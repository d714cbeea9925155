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
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// AdminRole is the role whose callers may call procedures where no policy
// says who may.
const AdminRole = "admin"

// call answers EXECUTE and CALL. Neither the statement nor its parameters are
// kept anywhere: they may hold passwords and tokens.
func (r *Request) call(ctx context.Context, st query.Statement) (*query.Answer, error) {
	c, err := procedure.Parse(st.SQL)
	if err != nil {
		return nil, err
	}
	if st.Safe {
		return nil, gwerr.New(gwerr.MethodNotAllowed, "Procedures are not called by GET.", "Send the statement by POST.")
	}
	return r.carryOut(ctx, c, st)
}

// Procedures are those of the schema, or those that the caller may call there: what
// is done in an environment in its own and in that of all, the others in Information.
func (r *Request) Procedures(s *catalog.Schema, callable bool) procedure.Set {
	var out procedure.Set
	for i := range r.connection.Procedures {
		p := r.connection.Procedures[i].In(s.Name, s.ID)
		if p != nil && (!callable || r.mayCall(p)) {
			out = append(out, *p)
		}
	}
	return out
}

func (r *Request) mayCall(p *procedure.Procedure) bool {
	return !(p.Writes && r.connection.ReadOnly) && r.session.service.MayCall(p.Name, r.session.caller) == nil
}

// Call calls a procedure. The caller closes the rows.
func (r *Request) Call(ctx context.Context, c *procedure.Call) (*query.Answer, error) {
	r.acts("call")
	return attempt(ctx, r, func() (*query.Answer, error) { return r.carryOut(ctx, c, query.Statement{}) })
}

// carryOut makes a call, with the parameters of the statement.
func (r *Request) carryOut(ctx context.Context, c *procedure.Call, st query.Statement) (_ *query.Answer, err error) {
	connection, provider := r.connection, r.Provider
	if c.Connection != "" {
		if connection, provider, err = r.session.service.connection(ctx, c.Connection, r.session.caller); err != nil {
			return nil, err
		}
	}
	p, err := connection.Procedures.Find(c)
	if err != nil {
		return nil, err
	}
	if c.Schema == "" && p.InEnvironment {
		c.Schema = provider.Default()
	}
	everywhere := p.InEnvironment && strings.EqualFold(c.Schema, catalog.AllEnvironments)
	if everywhere {
		p = p.Everywhere()
	}
	r.mu.Lock()
	r.ran, r.record.Connection, r.record.Statement = true, connection.Name, shape(p, c)
	r.mu.Unlock()
	in, err := r.inputs(connection, p, c, st)
	if err != nil {
		return nil, err
	}
	if everywhere {
		c.Schema = in.Text(catalog.EnvironmentID)
	}
	if c.Schema != "" {
		if in.Schema, err = provider.Schema(ctx, c.Schema); err != nil {
			return nil, err
		}
	}
	if p.InEnvironment && in.Schema.ID == "" {
		return nil, gwerr.Newf(gwerr.UnknownSchema, "%s is done in an environment, and %s is none.", p.Name, in.Schema.Name).
			WithHint("Write the environment's name or id before the procedure.").At(c.Position)
	}
	if p.Writes {
		defer r.session.service.forgetting(connection)()
	}
	found, err := attempt(ctx, r, func() ([]procedure.Row, error) { return p.Run(ctx, in) })
	if err != nil {
		return nil, err
	}
	rows, err := p.Rows(found)
	if err != nil {
		return nil, err
	}
	return &query.Answer{Columns: p.Columns(), Rows: returned{rows, r}}, nil
}

// inputs gives the values of a call that the caller may make. It asks nothing of
// the directory.
func (r *Request) inputs(connection *Database, p *procedure.Procedure, c *procedure.Call, st query.Statement) (in procedure.Inputs, err error) {
	s := r.session.service
	if err := s.MayCall(p.Name, r.session.caller); err != nil {
		return in, err
	}
	if p.Writes && connection.ReadOnly {
		return in, gwerr.Newf(gwerr.ReadOnly, "The connection %s allows no writes, so %s can't be called.", connection.Name, p.Name).
			WithHint("The administrator allows them with readonly: false at the connection.")
	}
	parameters, err := parametersOf(st)
	if err != nil {
		return in, err
	}
	if in, err = p.Bind(c, parameters); err != nil {
		return in, err
	}
	for _, input := range p.Inputs {
		if input.Right && in.Bool(input.Name) {
			if err := s.MayCall(p.Name+"."+input.Name, r.session.caller); err != nil {
				return in, err
			}
		}
	}
	return in, nil
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
		WithHint("Ask for the role " + AdminRole + ", or for a policy file that lists the procedure in a role of yours.")
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

func parametersOf(st query.Statement) (procedure.Parameters, error) {
	out := procedure.Parameters{Positional: st.Positional, Named: st.Named}
	for i, p := range st.Positional {
		if p.List != nil {
			return out, noList(fmt.Sprintf("parameters[%d]", i))
		}
	}
	for name, p := range st.Named {
		if p.List != nil {
			return out, noList("parameters." + name)
		}
	}
	return out, nil
}

func noList(place string) error {
	return gwerr.New(gwerr.BadParameter, "Procedures take no lists.", "Give one value.").On(place)
}
