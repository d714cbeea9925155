package sim

import (
	"slices"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

func appendOrganization(dst []byte, c *call, org *organization) []byte {
	o := open(dst)
	links := o.child("_links")
	links.link("self", c.base, "/organizations/", org.id.String())
	links.link("environments", c.base, "/environments")
	links.link("licenses", c.base, "/organizations/", org.id.String(), "/licenses")
	o.end(links)
	o.id(org.id)
	o.text("name", org.name)
	o.text("description", org.description)
	o.text("type", org.kind)
	if len(org.billing) > 0 {
		o.key("billingConnections")
		o.dst = append(o.dst, '[')
		for k, id := range org.billing {
			if k > 0 {
				o.dst = append(o.dst, ',')
			}
			inner := open(o.dst)
			inner.id(id)
			o.dst = inner.close()
		}
		o.dst = append(o.dst, ']')
	}
	o.time("createdAt", org.createdAt)
	o.time("updatedAt", org.createdAt+day)
	return o.close()
}

func (s *Server) listOrganizations(c *call) (reply, error) {
	p, err := s.paging(c, 100, 1000)
	if err != nil {
		return reply{}, err
	}
	var x *scim.Expr
	if p.at.Filter != "" {
		if x, err = c.parse(organizationsSpec, p.at.Filter); err != nil {
			return reply{}, err
		}
	}
	matches := func(k int) bool {
		if k > 0 && !c.access.organization {
			return false
		}
		return x == nil || evaluate(x, func(string) []string { return []string{s.organizations[k].name} })
	}
	l := &listing{key: "organizations"}
	return s.slots(c, p, l, len(s.organizations), matches, func(dst []byte, k int) []byte {
		return appendOrganization(dst, c, s.organizations[k])
	}), nil
}

func (s *Server) readOrganization(c *call) (reply, error) {
	org, err := s.organizationOf(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	return reply{body: appendOrganization(nil, c, org)}, nil
}

// readOrganizationCapabilities tells what an organization may do.
func (s *Server) readOrganizationCapabilities(c *call) (reply, error) {
	org, err := s.organizationOf(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	o := open(nil)
	links := o.child("_links")
	links.link("self", c.address())
	links.link("organization", c.base, "/organizations/", org.id.String())
	o.end(links)
	o.bool("canCreateEnvironments", org.kind == "PAID")
	o.bool("canUseCustomDomains", org.kind == "PAID")
	return reply{body: o.close()}, nil
}

func (s *Server) appendLicense(dst []byte, c *call, l *license) []byte {
	organization := l.organization.id.String()
	o := open(dst)
	links := o.child("_links")
	links.link("self", c.base, "/organizations/", organization, "/licenses/", l.id.String())
	links.link("organization", c.base, "/organizations/", organization)
	o.end(links)
	o.id(l.id)
	o.ref("organization", l.organization.id)
	o.text("name", *l.name.Load())
	o.text("package", l.pkg)
	o.text("status", l.status)
	o.time("beginsAt", l.begins)
	o.time("expiresAt", l.expires)
	o.time("terminatesAt", l.terminates)
	if l.replaces != nil {
		o.ref("replacesLicense", l.replaces.id)
	}
	if l.replacedBy != nil {
		o.ref("replacedByLicense", l.replacedBy.id)
	}
	o.int("assignedEnvironmentsCount", s.assigned(l))
	environments := o.child("environments")
	environments.int("max", l.maxEnvironments)
	environments.texts("regions", []string{"EU", "NORTH_AMERICA"})
	for _, name := range []string{"allowProduction", "allowCustomDomain", "allowCustomSchema", "allowConnections", "allowAddResources"} {
		environments.bool(name, l.allowProduction)
	}
	o.end(environments)
	users := o.child("users")
	users.int("max", l.maxUsers)
	users.int("hardLimitMax", l.maxUsers+l.maxUsers/10)
	users.int("annualActiveIncluded", l.maxUsers/2)
	users.int("monthlyActiveIncluded", l.maxUsers/10)
	users.bool("allowPasswordPolicy", true)
	users.bool("allowRoleAssignment", l.allowLocalize)
	o.end(users)
	o.dst = append(append(o.dst, ','), l.features...)
	return o.close()
}

func (s *Server) listLicenses(c *call) (reply, error) {
	org, err := s.organizationOf(c, c.param(0))
	if err != nil || !c.access.organization {
		return reply{}, forbidden()
	}
	shown := org.licenses
	switch order := c.query.Get("order"); order {
	case "":
	case "-beginsAt":
		shown = slices.Clone(shown)
		slices.SortStableFunc(shown, func(x, y *license) int { return int(y.begins/day - x.begins/day) })
	default:
		return reply{}, invalidParameter("order", "The order '"+order+"' is not supported.")
	}
	p, err := s.paging(c, 100, 1000)
	if err != nil {
		return reply{}, err
	}
	var x *scim.Expr
	if p.at.Filter != "" {
		if x, err = c.parse(licensesSpec, p.at.Filter); err != nil {
			return reply{}, err
		}
	}
	matches := func(k int) bool {
		return x == nil || evaluate(x, func(name string) []string { return []string{shown[k].value(name)} })
	}
	l := &listing{key: "licenses"}
	return s.slots(c, p, l, len(shown), matches, func(dst []byte, k int) []byte { return s.appendLicense(dst, c, shown[k]) }), nil
}

// value is what filters see of a license.
func (l *license) value(attribute string) string {
	switch attribute {
	case "beginsAt":
		return time.UnixMilli(l.begins).UTC().Format("2006-01-02T15:04:05.000Z")
	case "status":
		return l.status
	case "package":
		return l.pkg
	}
	return *l.name.Load()
}

func (s *Server) readLicense(c *call) (reply, error) {
	l, err := s.licenseOf(c)
	if err != nil {
		return reply{}, err
	}
	return reply{body: s.appendLicense(nil, c, l)}, nil
}

func (c *call) licenseName(l *license) reply {
	o := open(nil)
	links := o.child("_links")
	links.link("self", c.address())
	o.end(links)
	o.text("name", *l.name.Load())
	return reply{body: o.close()}
}

func (s *Server) readLicenseName(c *call) (reply, error) {
	l, err := s.licenseOf(c)
	if err != nil {
		return reply{}, err
	}
	return c.licenseName(l), nil
}

func (s *Server) putLicenseName(c *call) (reply, error) {
	l, err := s.licenseOf(c)
	if err != nil {
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
	l.name.Store(&name)
	return c.licenseName(l), nil
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
