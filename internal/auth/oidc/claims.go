package oidc

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// maxList bounds a list that is taken over from a token; the length of the
// token bounds the rest.
const maxList = 2000

// claims are a token's claims; numbers are json.Number.
type claims map[string]any

// UnmarshalJSON keeps numbers exact.
func (c *claims) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return err
	}
	*c = m
	return nil
}

// at returns the claim at a path of names joined by dots, nil if there is
// none. A claim whose whole name is the path comes first: names may be URLs.
func (c claims) at(path string) any {
	if v, ok := c[path]; ok {
		return v
	}
	var v any = map[string]any(c)
	for _, name := range splitPath(path) {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// splitPath cuts at dots that no backslash stands before.
func splitPath(path string) []string {
	var out []string
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '\\' && i+1 < len(path):
			i++
			b.WriteByte(path[i])
		case path[i] == '.':
			out = append(out, b.String())
			b.Reset()
		default:
			b.WriteByte(path[i])
		}
	}
	return append(out, b.String())
}

// texts returns the claim's values as texts; one text is cut at spaces, as
// scope is (RFC 8693 section 4.2).
func (c claims) texts(path string) []string {
	switch v := c.at(path).(type) {
	case string:
		if words := strings.Fields(v); len(words) > 1 {
			return append(words, v)
		}
		return []string{v}
	case []any:
		var out []string
		for _, x := range v {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
		return out
	case bool:
		if v {
			return []string{"true"}
		}
		return []string{"false"}
	case json.Number:
		return []string{v.String()}
	default:
		return nil
	}
}

// attribute returns the claim as values of caller.<name>; nil where it has no
// form that a filter could use.
func attribute(v any) auth.Attribute {
	if list, ok := v.([]any); ok {
		var out auth.Attribute
		for _, x := range list {
			one := scalar(x)
			// A list that is cut short would hide rows; one with odd members is
			// no list of values.
			if one == nil || len(out) == maxList {
				return nil
			}
			out = append(out, *one)
		}
		return out
	}
	if one := scalar(v); one != nil {
		return auth.Attribute{*one}
	}
	return nil
}

func scalar(v any) *predicate.Value {
	var out predicate.Value
	switch v := v.(type) {
	case string:
		out = predicate.StringValue(v)
	case bool:
		out = predicate.BoolValue(v)
	case json.Number:
		if i, err := v.Int64(); err == nil {
			out = predicate.IntValue(i)
			break
		}
		f, err := v.Float64()
		if err != nil || math.IsInf(f, 0) {
			return nil
		}
		out = predicate.FloatValue(f)
	default:
		return nil
	}
	return &out
}

// principal turns claims that have been checked into a caller.
func (i *issuer) principal(std jwt.Claims, all claims) *auth.Principal {
	p := &auth.Principal{Kind: auth.Token, ID: std.Issuer + " " + std.Subject, Attributes: map[string]auth.Attribute{}}
	for _, name := range i.NameClaims {
		if s, ok := all.at(name).(string); ok && s != "" {
			p.Name = s
			break
		}
	}
	if std.Subject == "" {
		// A client's own token may come without a subject.
		p.ID = std.Issuer + " " + p.Name
	}
	for name, v := range all {
		if a := attribute(v); len(a) > 0 {
			p.Attributes[name] = a
		}
	}
	if verified, ok := all["email_verified"].(bool); ok && !verified {
		// Anybody can claim an address that nobody verified.
		delete(p.Attributes, "email")
	}
	for name, path := range i.Attributes {
		delete(p.Attributes, name)
		if a := attribute(all.at(path)); len(a) > 0 {
			p.Attributes[name] = a
		}
	}
	if _, mapped := i.Attributes["name"]; !mapped && p.Name != "" {
		p.Attributes["name"] = auth.Text(p.Name)
	}
	p.Roles = i.rolesOf(all)
	return p
}

// rolesOf returns the roles that the claims give, each once, sorted.
func (i *issuer) rolesOf(all claims) []string {
	var out []string
	for _, r := range i.Roles {
		for _, v := range all.texts(r.Claim) {
			out = append(out, r.Values[v]...)
			out = append(out, r.Values["*"]...)
			if r.Direct {
				out = append(out, v)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
