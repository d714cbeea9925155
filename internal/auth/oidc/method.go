package oidc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

const (
	// maxToken bounds a token, in bytes.
	maxToken = 16 << 10
	// skew is how far clocks may differ.
	skew = time.Minute
)

// Method checks access tokens. It implements auth.Method for bearer tokens of
// the issuers configured, also as the password of the PostgreSQL wire.
type Method struct {
	cfg     Config
	issuers []*issuer
}

// Name implements auth.Method.
func (m *Method) Name() string { return "oidc" }

// Authenticate implements auth.Method. A token of another issuer is not its
// business; a bad token of one of its own is gwerr.Unauthenticated, and
// gwerr.UpstreamFailed says that the issuer's keys can't be had.
func (m *Method) Authenticate(ctx context.Context, c auth.Credentials) (*auth.Principal, error) {
	text := c.Secret.Reveal()
	if c.Scheme != auth.Bearer && c.Scheme != auth.Password || strings.Count(text, ".") != 2 || len(text) > maxToken {
		return nil, auth.ErrNotMine
	}
	// Parsed with every algorithm known, to find the issuer; which of them are
	// accepted is checked next.
	token, err := jwt.ParseSigned(text, known)
	if err != nil {
		return nil, auth.ErrNotMine
	}
	var claimed struct {
		Issuer string `json:"iss"`
		Tenant string `json:"tid"`
	}
	if err := token.UnsafeClaimsWithoutVerification(&claimed); err != nil {
		return nil, auth.ErrNotMine
	}
	for _, i := range m.issuers {
		if i.matches(claimed.Issuer, claimed.Tenant) {
			return m.verify(ctx, i, token)
		}
	}
	return nil, auth.ErrNotMine
}

// matches reports whether the issuer and tenant that a token claims are this
// one's. It fills in only tenants that are let in.
func (i *issuer) matches(iss, tid string) bool {
	if !strings.Contains(i.URL, tenant) {
		return iss == i.URL && (len(i.Tenants) == 0 || slices.Contains(i.Tenants, tid))
	}
	return slices.Contains(i.Tenants, tid) && iss == strings.ReplaceAll(i.URL, tenant, tid)
}

func (m *Method) verify(ctx context.Context, i *issuer, token *jwt.JSONWebToken) (*auth.Principal, error) {
	if len(token.Headers) != 1 {
		return nil, auth.Rejected(errors.New("oidc: not one signature"))
	}
	h := token.Headers[0]
	if !slices.Contains(accepted, h.Algorithm) || !acceptedType(h) {
		return nil, auth.Rejected(fmt.Errorf("oidc: algorithm %s or type not accepted", h.Algorithm))
	}
	keys, err := i.keys.find(ctx, h.KeyID)
	if err != nil {
		return nil, gwerr.Wrap(gwerr.UpstreamFailed, err, "The identity provider's keys can't be fetched.", "Try again; if it stays, ask the administrator.").After(minRefresh)
	}
	var std jwt.Claims
	var all claims
	err = errors.New("oidc: no key fits")
	for _, k := range keys {
		if k.Algorithm != "" && k.Algorithm != h.Algorithm {
			continue
		}
		if err = token.Claims(k.Key, &std, &all); err == nil {
			break
		}
	}
	if err != nil {
		return nil, auth.Rejected(err)
	}
	if err := m.check(i, std, all); err != nil {
		return nil, auth.Rejected(err)
	}
	p := i.principal(std, all)
	if p.Name == "" {
		return nil, auth.Rejected(errors.New("oidc: the token names nobody"))
	}
	return p, nil
}

// acceptedType refuses other kinds of JWT, which may be signed with the same
// keys (RFC 8725 section 3.11).
func acceptedType(h jose.Header) bool {
	typ, _ := h.ExtraHeaders[jose.HeaderType].(string)
	switch strings.TrimPrefix(strings.ToLower(typ), "application/") {
	case "", "jwt", "at+jwt":
		return true
	}
	return false
}

// check validates the claims; the token's signature has been found good.
func (m *Method) check(i *issuer, std jwt.Claims, all claims) error {
	tid, _ := all["tid"].(string)
	if !i.matches(std.Issuer, tid) {
		return errors.New("oidc: another issuer")
	}
	if std.Expiry == nil {
		return errors.New("oidc: no expiry")
	}
	expected := jwt.Expected{AnyAudience: jwt.Audience(i.Audiences), Time: m.cfg.Now()}
	if err := std.ValidateWithLeeway(expected, skew); err != nil {
		return err
	}
	if _, bound := all["cnf"]; bound {
		// Whoever shows such a token must prove possession of a key, which
		// this service can't check (RFC 7800).
		return errors.New("oidc: the token is bound to a key")
	}
	granted := append(all.texts("scope"), all.texts("scp")...)
	for _, scope := range i.Scopes {
		if !slices.Contains(granted, scope) {
			return fmt.Errorf("oidc: scope %s is missing", scope)
		}
	}
	return nil
}

// Warm fetches the keys of all issuers, so that the first caller need not
// wait. It returns the first failure; keys are fetched on demand as well.
func (m *Method) Warm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, i := range m.issuers {
		if _, err := i.keys.find(ctx, ""); err != nil {
			return fmt.Errorf("issuer %s: %w", i.URL, err)
		}
	}
	return nil
}
