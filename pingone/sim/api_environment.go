package sim

import (
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// environmentLinks are the relations of an environment.
var environmentLinks = []string{
	"populations", "users", "groups", "applications", "activities", "resources", "passwordPolicies", "userActivities",
	"signOnPolicies", "keys", "templates", "schemas", "gateways", "capabilities", "activeIdentityCounts", "billOfMaterials",
}

func (s *Server) appendEnvironment(dst []byte, c *call, e *environment, products bool) []byte {
	id := e.id.String()
	o := open(dst)
	links := o.child("_links")
	links.link("self", c.base, "/environments/", id)
	links.link("organization", c.base, "/organizations/", s.organization.id.String())
	links.link("license", c.base, "/organizations/", s.organization.id.String(), "/licenses/", s.organization.license.String())
	for _, name := range environmentLinks {
		links.link(name, c.base, "/environments/", id, "/", name)
	}
	o.end(links)
	o.id(e.id)
	o.text("name", e.name)
	o.text("description", e.description)
	o.ref("organization", s.organization.id)
	o.text("type", e.kind)
	o.text("region", "EU")
	o.text("status", "ACTIVE")
	o.time("createdAt", e.createdAt)
	o.time("updatedAt", e.createdAt+75)
	license := o.child("license")
	license.id(s.organization.license)
	license.text("package", licensePackage)
	o.end(license)
	if products {
		o.key("billOfMaterials")
		o.dst = s.appendProducts(o.dst, c, e)
	}
	return o.close()
}

func (s *Server) appendProducts(dst []byte, c *call, e *environment) []byte {
	o := open(dst)
	links := o.child("_links")
	links.link("self", c.base, "/environments/", e.id.String(), "/billOfMaterials")
	links.link("environment", c.base, "/environments/", e.id.String())
	o.end(links)
	o.text("solutionType", e.solution)
	o.key("products")
	o.dst = append(o.dst, '[')
	for k, kind := range e.products {
		if k > 0 {
			o.dst = append(o.dst, ',')
		}
		product := open(o.dst)
		product.id(data.NamedID("product " + e.name + kind))
		product.text("type", kind)
		product.text("description", "Product "+strings.ToLower(kind))
		console := product.child("console")
		console.text("href", "https://console.pingone.example/?product="+kind)
		product.end(console)
		if k == 0 {
			product.raw("bookmarks", []byte(`[{"name":"Status \"page\"","href":"https://status.example"}]`))
		}
		if kind == "PING_ONE_DAVINCI" {
			product.texts("tags", []string{"DAVINCI_MINIMAL"})
		}
		o.dst = product.close()
	}
	o.dst = append(o.dst, ']')
	o.time("createdAt", e.createdAt)
	o.time("updatedAt", e.createdAt+75)
	return o.close()
}

// listEnvironments ignores limit when there is a filter on anything but the
// organization or the license, as documented.
func (s *Server) listEnvironments(c *call) (reply, error) {
	const def, most = 1000, 5000
	p, err := s.paging(c, def, most)
	if err != nil {
		return reply{}, err
	}
	var x *scim.Expr
	if p.at.Filter != "" {
		if x, err = c.parse(environmentsSpec, p.at.Filter); err != nil {
			return reply{}, err
		}
		if filtersMore(x) {
			p.limit = most
		}
	}
	matches := func(k int) bool {
		e := s.environments[k]
		if !c.access.sees(e.id) {
			return false
		}
		return x == nil || evaluate(x, func(name string) []string { return []string{s.environmentValue(e, name)} })
	}
	l := &listing{key: "environments", uncounted: true}
	products := has(p.at.Expand, "billOfMaterials")
	return s.slots(c, p, l, len(s.environments), matches, func(dst []byte, k int) []byte {
		return s.appendEnvironment(dst, c, s.environments[k], products)
	}), nil
}

// filtersMore reports whether a filter names more than the organization and the license.
func filtersMore(x *scim.Expr) bool {
	for _, child := range x.Children {
		if filtersMore(child) {
			return true
		}
	}
	return x.Kind == scim.Compare && x.Attr != "organization.id" && x.Attr != "license.id"
}

func (s *Server) environmentValue(e *environment, name string) string {
	switch name {
	case "name":
		return e.name
	case "id":
		return e.id.String()
	case "organization.id":
		return s.organization.id.String()
	case "license.id":
		return s.organization.license.String()
	}
	return "ACTIVE" // status
}

func (s *Server) readEnvironment(c *call) (reply, error) {
	return reply{body: s.appendEnvironment(nil, c, c.environment, has(c.query.Get("expand"), "billOfMaterials"))}, nil
}

func (s *Server) readBillOfMaterials(c *call) (reply, error) {
	return reply{body: s.appendProducts(nil, c, c.environment)}, nil
}

// readCapabilities tells the rate limits of the license, in the unit that the
// name of the group ends in.
func (s *Server) readCapabilities(c *call) (reply, error) {
	o := open(nil)
	links := o.child("_links")
	links.link("self", c.address())
	links.link("environment", c.base, "/environments/", c.environment.id.String())
	o.end(links)
	o.bool("canUseCustomSchema", true)
	for _, name := range sortedKeys(rateGroups) {
		rate := rateGroups[name]
		if own, ok := s.opt.RateLimits[name]; ok {
			rate = own
		}
		per := time.Second
		if strings.HasSuffix(name, "Rpm") {
			per = time.Minute
		}
		inner := o.child(name)
		inner.int("limit", max(1, int(float64(rate.Limit)*float64(per)/float64(rate.Per))))
		o.end(inner)
	}
	return reply{body: o.close()}, nil
}
