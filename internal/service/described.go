package service

import (
	"slices"
	"strings"
	"sync"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// described is the catalog that system tables show: what the caller sees and may
// do, and nothing else.
func (r *Request) described() *system.Catalog {
	statement := r.record.Statement
	return &system.Catalog{
		Provider: r.Provider, System: r.session.service.system, Properties: sync.OnceValue(r.properties),
		Connection: sync.OnceValue(func() string { return r.connectionName(statement) }),
		Procedures: sync.OnceValue(r.callable), Writable: r.mayChange, Note: r.note,
	}
}

// connectionName is the connection's name, or the alias by which the statement
// calls it.
func (r *Request) connectionName(statement string) string {
	tokens, err := sqltext.Lex(statement)
	if err != nil || r.connection.Name != r.session.service.config.Pool.Default() {
		return r.connection.Name
	}
	for _, chain := range sqltext.Chains(tokens) {
		for _, alias := range r.session.service.config.Aliases {
			if strings.EqualFold(chain[0].Name(), alias) {
				return alias
			}
		}
	}
	return r.connection.Name
}

// maxNotes bounds the notes of system tables.
const maxNotes = 100

// note adds to Notes.
func (r *Request) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.notes) < maxNotes {
		r.notes = append(r.notes, text)
	}
}

// properties are the connection's; their values are for administrators, and for
// those who brought the credentials.
func (r *Request) properties() []system.Property {
	all := r.connection.Properties
	if r.session.caller.Upstream != nil || r.session.caller.HasRole(AdminRole) {
		return all
	}
	all = slices.Clone(all)
	for i := range all {
		all[i].Value = ""
	}
	return all
}

// callable are the procedures that the caller may call.
func (r *Request) callable() procedure.Set {
	return slices.DeleteFunc(slices.Clone(r.connection.Procedures), func(p procedure.Procedure) bool { return !r.mayCall(&p) })
}

// mayChange tells whether the caller may change some rows of a table that it
// sees.
func (r *Request) mayChange(s *catalog.Schema, t *catalog.Table) bool {
	switch {
	case t.Writes == nil || r.connection.ReadOnly:
		return false
	case t.Members != nil:
		return slices.ContainsFunc(t.Members, func(m *catalog.Table) bool { return r.mayChange(m.Schema, m) })
	}
	policy := r.session.service.config.Policy
	return policy == nil || policy.MayWrite(r.connection.Name, catalog.SchemaName{Name: s.Name, ID: s.ID}, t.Name, r.session.caller) == nil
}
