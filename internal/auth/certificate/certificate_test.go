package certificate_test

import (
	"errors"
	"testing"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/certificate"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
)

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	m, err := certificate.New([]certificate.Subject{
		{Subject: "CN=etl,O=Example", Name: "etl", Roles: []string{"reader"}, Attributes: map[string][]string{"population": {"p1"}}},
		{DNSName: "bi.example.com", Name: "bi"},
		{Email: "ops@example.com", Name: "ops"},
		{URI: "spiffe://example/etl", Name: "spiffe"},
	})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name string
		in   auth.Credentials
		want string // "" for refused, "-" for not mine
	}{
		{"subject", auth.Credentials{Certificate: &auth.ClientCertificate{Subject: "CN=etl,O=Example"}}, "etl"},
		{"DNS name", auth.Credentials{Certificate: &auth.ClientCertificate{Subject: "CN=x", DNSNames: []string{"a", "bi.example.com"}}}, "bi"},
		{"e-mail", auth.Credentials{Certificate: &auth.ClientCertificate{Emails: []string{"ops@example.com"}}}, "ops"},
		{"URI", auth.Credentials{Certificate: &auth.ClientCertificate{URIs: []string{"spiffe://example/etl"}}}, "spiffe"},
		{"common name alone", auth.Credentials{Certificate: &auth.ClientCertificate{Subject: "CN=bi.example.com"}}, ""},
		{"part of a subject", auth.Credentials{Certificate: &auth.ClientCertificate{Subject: "CN=etl"}}, ""},
		{"empty", auth.Credentials{Certificate: &auth.ClientCertificate{}}, ""},
		{"none", auth.Credentials{}, "-"},
		{"key beside it", auth.Credentials{Scheme: auth.Bearer, Secret: tokens.NewSecret("k"), Certificate: &auth.ClientCertificate{Subject: "CN=etl,O=Example"}}, "-"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, err := m.Authenticate(t.Context(), c.in)
			switch c.want {
			case "-":
				if !errors.Is(err, auth.ErrNotMine) {
					t.Errorf("got %v, %v", p, err)
				}
			case "":
				if !gwerr.Is(err, gwerr.Unauthenticated) {
					t.Errorf("got %v, %v", p, err)
				}
			default:
				if err != nil || p.Name != c.want || p.Kind != auth.Certificate || p.Attributes["name"][0].Str != c.want {
					t.Errorf("got %+v, %v", p, err)
				}
			}
		})
	}
}

// TestCallersOfOneSubjectDiffer: what is kept for a caller is not another one's,
// even if an authority names both alike.
func TestCallersOfOneSubjectDiffer(t *testing.T) {
	t.Parallel()
	m, err := certificate.New([]certificate.Subject{{URI: "spiffe://example/a", Name: "a"}, {URI: "spiffe://example/b", Name: "b"}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, uri := range []string{"spiffe://example/a", "spiffe://example/b"} {
		for _, subject := range []string{"", "CN=client"} {
			p, err := m.Authenticate(t.Context(), auth.Credentials{Certificate: &auth.ClientCertificate{Subject: subject, URIs: []string{uri}}})
			if err != nil {
				t.Fatal(err)
			}
			seen[p.Identity()] = true
		}
	}
	if len(seen) != 4 {
		t.Errorf("identities %v", seen)
	}
	for _, uri := range []string{"", "spiffe://example/A", "spiffe://example/a/", "spiffe://example/a\x00", " spiffe://example/a", "spiffe://example/a?x", "spiffe://example/%61"} {
		if p, err := m.Authenticate(t.Context(), auth.Credentials{Certificate: &auth.ClientCertificate{URIs: []string{uri}}}); !gwerr.Is(err, gwerr.Unauthenticated) {
			t.Errorf("%q: %v, %v", uri, p, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]certificate.Subject{
		"nothing to compare": {Name: "x"}, "nobody": {DNSName: "x"}, "two names": {Name: "x", DNSName: "x", URI: "y"},
	} {
		if _, err := certificate.New([]certificate.Subject{s}); !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
