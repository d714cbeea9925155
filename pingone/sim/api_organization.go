package sim

import (
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

func (s *Server) appendOrganization(dst []byte, c *call) []byte {
	org := s.organization
	o := open(dst)
	links := o.child("_links")
	links.link("self", c.base, "/organizations/", org.id.String())
	links.link("environments", c.base, "/environments")
	links.link("licenses", c.base, "/organizations/", org.id.String(), "/licenses")
	o.end(links)
	o.id(org.id)
	o.text("name", org.name)
	o.text("type", "PAID")
	o.time("createdAt", org.createdAt)
	o.time("updatedAt", org.createdAt+86_400_000)
	return o.close()
}

func (s *Server) listOrganizations(c *call) (reply, error) {
	p, err := s.paging(c, 100, 1000)
	if err != nil {
		return reply{}, err
	}
	l := &listing{key: "organizations"}
	holds := true
	if p.at.Filter != "" {
		x, err := c.parse(organizationsSpec, p.at.Filter)
		if err != nil {
			return reply{}, err
		}
		holds = evaluate(x, func(string) []string { return []string{s.organization.name} })
	}
	return s.slots(c, p, l, 1, func(int) bool { return holds }, func(dst []byte, _ int) []byte { return s.appendOrganization(dst, c) }), nil
}

func (s *Server) readOrganization(c *call) (reply, error) {
	if !strings.EqualFold(c.param(0), s.organization.id.String()) {
		return reply{}, forbidden()
	}
	return reply{body: s.appendOrganization(nil, c)}, nil
}

// The members of the license that filters see, but for its name.
const (
	licensePackage = "CIAM Plus"
	licenseBegins  = "2024-01-01T00:00:00.000Z"
)

func (s *Server) appendLicense(dst []byte, c *call) []byte {
	o := open(dst)
	links := o.child("_links")
	links.link("self", c.base, "/organizations/", s.organization.id.String(), "/licenses/", s.organization.license.String())
	links.link("organization", c.base, "/organizations/", s.organization.id.String())
	o.end(links)
	o.id(s.organization.license)
	o.ref("organization", s.organization.id)
	o.text("name", s.licenseName())
	o.text("package", licensePackage)
	o.text("status", "ACTIVE")
	o.text("beginsAt", licenseBegins)
	o.text("expiresAt", "2036-01-01T00:00:00.000Z")
	o.int("assignedEnvironmentsCount", len(s.environments))
	o.raw("environments", []byte(`{"max":20,"regions":["EU"],"allowProduction":true,"allowCustomDomain":true,"allowCustomSchema":true,"allowConnections":true,"allowAddResources":true}`))
	users := o.child("users")
	users.int("max", MaxUsers)
	users.int("annualActiveIncluded", MaxUsers/2)
	users.bool("allowPasswordPolicy", true)
	users.bool("allowRoleAssignment", true)
	o.end(users)
	o.raw("mfa", []byte(`{"allowPushNotification":true,"allowTotp":true,"allowSmsOtp":true,"allowEmailOtp":true,"allowFido2Devices":true}`))
	o.raw("gateways", []byte(`{"allowLdapGateway":true,"allowKerberosGateway":false,"allowRadiusGateway":true}`))
	return o.close()
}

func (s *Server) listLicenses(c *call) (reply, error) {
	if !strings.EqualFold(c.param(0), s.organization.id.String()) || !c.access.organization {
		return reply{}, forbidden()
	}
	if order := c.query.Get("order"); order != "" && order != "-beginsAt" {
		return reply{}, invalidParameter("order", "The order '"+order+"' is not supported.")
	}
	p, err := s.paging(c, 100, 1000)
	if err != nil {
		return reply{}, err
	}
	holds := true
	if p.at.Filter != "" {
		x, err := c.parse(licensesSpec, p.at.Filter)
		if err != nil {
			return reply{}, err
		}
		values := map[string]string{"beginsAt": licenseBegins, "status": "ACTIVE", "name": s.licenseName(), "package": licensePackage}
		holds = evaluate(x, func(name string) []string { return []string{values[name]} })
	}
	l := &listing{key: "licenses"}
	return s.slots(c, p, l, 1, func(int) bool { return holds }, func(dst []byte, _ int) []byte { return s.appendLicense(dst, c) }), nil
}

func (s *Server) readLicense(c *call) (reply, error) {
	if err := s.checkLicense(c); err != nil {
		return reply{}, err
	}
	return reply{body: s.appendLicense(nil, c)}, nil
}

// checkLicense checks the license in the path.
func (s *Server) checkLicense(c *call) error {
	if !strings.EqualFold(c.param(0), s.organization.id.String()) || !c.access.organization {
		return forbidden()
	}
	if !strings.EqualFold(c.param(1), s.organization.license.String()) {
		return notFound("The license does not exist.")
	}
	return nil
}

func (s *Server) licenseName() string { return *s.license.Load() }

func (s *Server) licenseNameReply(c *call) reply {
	o := open(nil)
	links := o.child("_links")
	links.link("self", c.address())
	o.end(links)
	o.text("name", s.licenseName())
	return reply{body: o.close()}
}

func (s *Server) readLicenseName(c *call) (reply, error) {
	if err := s.checkLicense(c); err != nil {
		return reply{}, err
	}
	return s.licenseNameReply(c), nil
}

func (s *Server) putLicenseName(c *call) (reply, error) {
	if err := s.checkLicense(c); err != nil {
		return reply{}, err
	}
	if !c.access.write {
		return reply{}, forbidden()
	}
	b, err := c.readBody(mediaJSON)
	if err != nil {
		return reply{}, err
	}
	name := b.text("name", 256)
	switch {
	case b.err != nil:
		return reply{}, b.err
	case name == "":
		return reply{}, required("name")
	}
	s.license.Store(&name)
	return s.licenseNameReply(c), nil
}

// evaluate tries a checked filter on a small resource, whose values it reads by
// attribute. Comparison ignores case; the instants of the API order as text.
func evaluate(x *scim.Expr, values func(attribute string) []string) bool {
	switch x.Kind {
	case scim.And:
		for _, child := range x.Children {
			if !evaluate(child, values) {
				return false
			}
		}
		return true
	case scim.Or:
		for _, child := range x.Children {
			if evaluate(child, values) {
				return true
			}
		}
		return false
	}
	want := fold(x.Value.Text)
	for _, v := range values(x.Attr) {
		if v == "" {
			continue
		}
		switch v = fold(v); x.Op {
		case "eq":
			if v == want {
				return true
			}
		case "sw":
			if strings.HasPrefix(v, want) {
				return true
			}
		case "lt":
			if v < want {
				return true
			}
		}
	}
	return false
}
