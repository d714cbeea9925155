package policy

import (
	"context"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// Binder turns the text of a row filter into conditions over the columns of
// the table; both must hold. Errors are of package gwerr.
type Binder interface {
	BindFilter(ctx context.Context, table *catalog.Table, sql string) (where predicate.Expr, filterSQL string, err error)
}

// Config configures an Enforcer.
type Config struct {
	Policy *Policy
	Binder Binder
	// HashKey keys the hash mask; at least 32 bytes. Another key gives other
	// hashes, so replicas must share it.
	HashKey []byte
}

// maxSchemas is the number of compiled schemas kept.
const maxSchemas = 1000

// Enforcer applies a policy to callers. It is safe for concurrent use.
type Enforcer struct {
	cfg     Config
	policy  atomic.Pointer[Policy]
	schemas *lru.Cache[cacheKey, *catalog.Schema]
}

// New returns an enforcer. The error is gwerr.Config if something is missing.
func New(cfg Config) (*Enforcer, error) {
	if cfg.Policy == nil || cfg.Binder == nil {
		return nil, gwerr.New(gwerr.Config, "The policy is missing.", "Name a policy file.")
	}
	if len(cfg.HashKey) < 32 {
		return nil, gwerr.New(gwerr.Config, "The key of hash masks is shorter than 32 bytes.",
			"Generate one, for example with: openssl rand -base64 32")
	}
	e := &Enforcer{cfg: cfg}
	e.schemas, _ = lru.New[cacheKey, *catalog.Schema](maxSchemas) // fails for sizes below one only
	e.policy.Store(cfg.Policy)
	return e, nil
}

// Replace puts another policy in force for queries that start from now on.
func (e *Enforcer) Replace(p *Policy) {
	e.policy.Store(p)
	e.schemas.Purge()
}

// Provider returns what the caller sees of a connection. base gives the whole
// catalog of the connection of that name.
func (e *Enforcer) Provider(connection string, base catalog.Provider, p *auth.Principal) catalog.Provider {
	return &provider{enforcer: e, policy: e.policy.Load(), connection: connection, base: base, caller: p}
}

// Writable returns what the caller may write of a connection: as Provider, but
// from the grants with write access alone. A write must find its rows and
// columns here, so that a role that reads more doesn't let another write more.
func (e *Enforcer) Writable(connection string, base catalog.Provider, p *auth.Principal) catalog.Provider {
	return &provider{enforcer: e, policy: e.policy.Load(), connection: connection, base: base, caller: p, write: true}
}

// MayWrite returns nil when the caller may change some rows of the table, named
// as the catalog names it, and gwerr.ReadOnly otherwise. Writable says which.
func (e *Enforcer) MayWrite(connection string, schema catalog.SchemaName, table string, p *auth.Principal) error {
	for _, r := range e.roles(p) {
		for i := range r.Grants {
			g := &r.Grants[i]
			if g.Write && g.coversSchema(connection, schema) && g.coversTable(table) && g.active(p.Attributes) {
				return nil
			}
		}
	}
	return gwerr.Newf(gwerr.ReadOnly, "Your roles do not allow writing to %s.", table).
		WithHint("Ask the administrator for a role with write access to the table.")
}

// MayCall returns nil when the caller may call the procedure or action, and
// gwerr.Forbidden otherwise.
func (e *Enforcer) MayCall(procedure string, p *auth.Principal) error {
	for _, r := range e.roles(p) {
		if anyMatch(r.Procedures, procedure) {
			return nil
		}
	}
	return gwerr.Newf(gwerr.Forbidden, "Your roles do not allow calling %s.", procedure).
		WithHint("Ask the administrator for a role that lists the procedure.")
}

func (e *Enforcer) roles(p *auth.Principal) []*Role {
	if p == nil {
		return nil
	}
	return e.policy.Load().rolesOf(p.Roles)
}
