package auth

import (
	"cmp"
	"context"
	"slices"

	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// Kind says how a caller was recognised.
type Kind string

// The kinds of principal.
const (
	Anonymous   Kind = "anonymous"    // authentication is off
	Key         Kind = "api_key"      // an API key of the gateway
	Token       Kind = "token"        // an OIDC access token
	PassThrough Kind = "pass_through" // the caller's own PingOne credentials
	Certificate Kind = "certificate"  // a client certificate
)

// Attribute is a value of a caller that row filters refer to as caller.<name>:
// one value, or several for a list. An attribute without values is missing.
type Attribute []predicate.Value

// Principal is a caller who has proved who it is. It must not be changed once
// it has been handed out.
type Principal struct {
	// Name is what people call the caller: a key's name, a user name or a
	// client id. The audit log shows it.
	Name string
	Kind Kind
	// ID tells callers of one kind apart where names may repeat: a key's id, or
	// a token's issuer and subject. It is no secret.
	ID string
	// Roles are names of the policy file; duplicates don't matter.
	Roles []string
	// Attributes are the values of caller.<name>, by name.
	Attributes map[string]Attribute
	// Upstream holds the caller's own PingOne credentials; nil unless the
	// caller is passed through.
	Upstream *Upstream
}

// Identity names the caller uniquely among all callers, for quotas and pools.
func (p *Principal) Identity() string {
	if p == nil {
		return string(Anonymous)
	}
	id := cmp.Or(p.ID, p.Name)
	return string(p.Kind) + ":" + id
}

// HasRole reports whether the caller has the role.
func (p *Principal) HasRole(role string) bool {
	return p != nil && slices.Contains(p.Roles, role)
}

// NewAnonymous returns the caller of a gateway without authentication, with
// the roles given.
func NewAnonymous(roles ...string) *Principal {
	return &Principal{
		Name:       string(Anonymous),
		Kind:       Anonymous,
		Roles:      slices.Clone(roles),
		Attributes: map[string]Attribute{"name": Text(string(Anonymous))},
	}
}

// Text returns an attribute of the given strings.
func Text(values ...string) Attribute {
	out := make(Attribute, len(values))
	for i, v := range values {
		out[i] = predicate.StringValue(v)
	}
	return out
}

type principalKey struct{}

// WithPrincipal returns a context that carries the caller.
func WithPrincipal(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// FromContext returns the caller that the context carries, or nil.
func FromContext(ctx context.Context) *Principal {
	p, _ := ctx.Value(principalKey{}).(*Principal)
	return p
}
