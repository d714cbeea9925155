package policy

import (
	"cmp"
	"context"
	"strings"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// provider is a connection's catalog as one caller sees it.
type provider struct {
	enforcer   *Enforcer
	policy     *Policy
	connection string
	base       catalog.Provider
	caller     *auth.Principal
	// write leaves out grants that only read.
	write bool
}

// cacheKey names a compiled schema. The policy and the base schema are part of
// it, so that a new one of either never meets results of the old.
type cacheKey struct {
	policy     *Policy
	base       *catalog.Schema
	connection string
	roles      string
	attributes string
	write      bool
}

// Default names the schema of unqualified tables, or "" where that name is not
// known to be in sight: the policy may have the schema by another name, or not
// at all. Schema knows which.
func (p *provider) Default() string {
	name := p.base.Default()
	if len(p.grants(catalog.SchemaName{Name: name, ID: name})) == 0 {
		return ""
	}
	return name
}

// Names lists the schemas of which some grant speaks.
func (p *provider) Names(ctx context.Context) ([]catalog.SchemaName, error) {
	all, err := p.base.Names(ctx)
	if err != nil {
		return nil, err
	}
	var out []catalog.SchemaName
	for _, s := range all {
		if len(p.grants(s)) > 0 {
			out = append(out, s)
		}
	}
	return out, nil
}

// Schema returns what the caller sees of the schema; "" is the default one. A
// hidden schema and one that does not exist give the same error, at the same
// cost upstream: none.
func (p *provider) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	all, err := p.base.Names(ctx)
	if err != nil {
		return nil, err
	}
	asked := name
	if name == "" {
		name = p.base.Default()
	}
	var shown []catalog.SchemaName
	for _, s := range all {
		if len(p.grants(s)) > 0 {
			shown = append(shown, s)
		}
		if !strings.EqualFold(s.Name, name) && (s.ID == "" || !strings.EqualFold(s.ID, name)) {
			continue
		}
		if grants := p.grants(s); len(grants) > 0 {
			return p.visible(ctx, s, grants)
		}
	}
	if asked == "" {
		return nil, gwerr.New(gwerr.UnknownSchema, "There is no schema for tables without one that you may see.", "Write the schema before the table, as in schema.table.")
	}
	return nil, catalog.NoSchema(asked, shown)
}

// grants returns the caller's grants about the schema.
func (p *provider) grants(s catalog.SchemaName) []*Grant {
	if p.caller == nil {
		return nil
	}
	var out []*Grant
	for _, r := range p.policy.rolesOf(p.caller.Roles) {
		for i := range r.Grants {
			if g := &r.Grants[i]; (g.Write || !p.write) && g.coversSchema(p.connection, s) {
				out = append(out, g)
			}
		}
	}
	return out
}

// visible compiles the schema, or takes it from the cache.
func (p *provider) visible(ctx context.Context, name catalog.SchemaName, grants []*Grant) (*catalog.Schema, error) {
	base, err := p.base.Schema(ctx, cmp.Or(name.ID, name.Name))
	if err != nil {
		return nil, err
	}
	key := cacheKey{
		policy: p.policy, base: base, connection: p.connection,
		roles: p.roleKey(), attributes: attributeKey(grants, p.caller.Attributes), write: p.write,
	}
	if schema, ok := p.enforcer.schemas.Get(key); ok {
		return schema, nil
	}
	b := &builder{provider: p, base: base, grants: grants}
	schema, err := b.build(ctx)
	if err != nil {
		return nil, err
	}
	p.enforcer.schemas.Add(key, schema)
	return schema, nil
}

func (p *provider) roleKey() string {
	var b strings.Builder
	for _, r := range p.policy.rolesOf(p.caller.Roles) {
		b.WriteString(r.Name)
		b.WriteByte(0)
	}
	return b.String()
}

// attributeKey holds the values that the grants' filters use, each with its
// length in front so that different values never look the same.
func attributeKey(grants []*Grant, have map[string]auth.Attribute) string {
	var b strings.Builder
	for _, g := range grants {
		if g.Rows == nil {
			continue
		}
		for _, name := range g.Rows.Attributes() {
			writeSized(&b, name)
			for _, v := range have[name] {
				writeSized(&b, v.String())
			}
			b.WriteByte(';')
		}
	}
	return b.String()
}
