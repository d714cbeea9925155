// Package certificate recognises callers by the TLS client certificate that
// the listener has verified.
package certificate

import (
	"context"
	"slices"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Subject lets in one certificate owner.
type Subject struct {
	// One of these is compared, letter for letter: the distinguished name as
	// RFC 2253 writes it, or a name of the certificate's alternative names.
	Subject, DNSName, Email, URI string
	// Name is what the audit log calls the caller.
	Name  string
	Roles []string
	// Attributes are values of caller.<name>.
	Attributes map[string][]string
}

// Method implements auth.Method for credentials that are a certificate alone;
// with other credentials beside it, those decide.
type Method struct{ subjects []Subject }

// New returns the method. The error is gwerr.Config where a subject names
// nothing to compare, or nobody.
func New(subjects []Subject) (*Method, error) {
	for i, s := range subjects {
		named := 0
		for _, x := range []string{s.Subject, s.DNSName, s.Email, s.URI} {
			if x != "" {
				named++
			}
		}
		if named != 1 || s.Name == "" {
			return nil, gwerr.Newf(gwerr.Config, "Client certificate %d must have a name and exactly one of subject, dns_name, email and uri.", i+1)
		}
	}
	return &Method{subjects: slices.Clone(subjects)}, nil
}

// Name implements auth.Method.
func (m *Method) Name() string { return "certificate" }

// Authenticate implements auth.Method.
func (m *Method) Authenticate(_ context.Context, c auth.Credentials) (*auth.Principal, error) {
	if c.Certificate == nil || !c.Secret.IsZero() || c.User != "" {
		return nil, auth.ErrNotMine
	}
	for _, s := range m.subjects {
		if !s.owns(c.Certificate) {
			continue
		}
		p := &auth.Principal{Name: s.Name, Kind: auth.Certificate, ID: s.Name + " " + c.Certificate.Subject, Roles: s.Roles, Attributes: map[string]auth.Attribute{}}
		for name, values := range s.Attributes {
			p.Attributes[name] = auth.Text(values...)
		}
		p.Attributes["name"] = auth.Text(s.Name)
		return p, nil
	}
	return nil, auth.Rejected(nil)
}

func (s Subject) owns(c *auth.ClientCertificate) bool {
	switch {
	case s.Subject != "":
		return s.Subject == c.Subject
	case s.DNSName != "":
		return slices.Contains(c.DNSNames, s.DNSName)
	case s.Email != "":
		return slices.Contains(c.Emails, s.Email)
	default:
		return slices.Contains(c.URIs, s.URI)
	}
}
