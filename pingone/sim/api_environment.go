package sim

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// environmentLinks are the relations of an environment.
var environmentLinks = []string{
	"populations", "users", "groups", "applications", "activities", "resources", "passwordPolicies", "userActivities",
	"signOnPolicies", "keys", "templates", "schemas", "gateways", "capabilities", "activeIdentityCounts", "billOfMaterials",
}

func (s *Server) appendEnvironment(dst []byte, c *call, e *environment, products bool) []byte {
	id, info := e.id.String(), e.info.Load()
	organization := info.license.organization
	o := open(dst)
	links := o.child("_links")
	links.link("self", c.base, "/environments/", id)
	links.link("organization", c.base, "/organizations/", organization)
	links.link("license", c.base, "/organizations/", organization, "/licenses/", info.license.id)
	for _, name := range environmentLinks {
		links.link(name, c.base, "/environments/", id, "/", name)
	}
	o.end(links)
	o.id(e.id)
	o.text("name", info.name)
	o.text("description", info.description)
	o.text("icon", info.icon)
	within := o.child("organization")
	within.text("id", organization)
	o.end(within)
	o.text("type", info.kind)
	o.text("subtype", info.subtype)
	o.text("region", info.region)
	o.text("status", info.status)
	o.text("pingoneAccountId", info.account)
	o.time("createdAt", info.createdAt)
	o.time("updatedAt", info.updated)
	o.time("softDeletedAt", info.softDeleted)
	if info.softDeleted > 0 {
		o.time("hardDeletedAllowedAt", info.softDeleted+30*day)
	}
	license := o.child("license")
	license.text("id", info.license.id)
	license.text("package", info.license.pkg)
	o.end(license)
	if products {
		o.key("billOfMaterials")
		o.dst = appendProducts(o.dst, c, e)
	}
	return o.close()
}

func appendProducts(dst []byte, c *call, e *environment) []byte {
	info := e.info.Load()
	o := open(dst)
	links := o.child("_links")
	links.link("self", c.base, "/environments/", e.id.String(), "/billOfMaterials")
	links.link("environment", c.base, "/environments/", e.id.String())
	o.end(links)
	o.text("solutionType", info.solution)
	raw, _ := json.Marshal(info.products) // texts only: cannot fail
	o.raw("products", raw)
	o.time("createdAt", info.createdAt)
	o.time("updatedAt", info.productsUpdated)
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
	x, err := c.parse(environmentsSpec, p.at.Filter)
	if err != nil {
		return reply{}, err
	}
	if x != nil && filtersMore(x) {
		p.limit = most
	}
	all := s.environments()
	match := compile(x, onTexts(func(e *environment, name string) []string { return []string{e.value(name)} }))
	matches := func(k int) bool { return c.access.sees(all[k].id) && match(all[k]) }
	l := &listing{key: "environments", uncounted: true}
	products := has(p.at.Expand, "billOfMaterials")
	return s.slots(c, p, l, len(all), matches, func(dst []byte, k int) []byte {
		return s.appendEnvironment(dst, c, all[k], products)
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

// value is what filters see of an environment.
func (e *environment) value(name string) string {
	info := e.info.Load()
	switch name {
	case "name":
		return info.name
	case "id":
		return e.id.String()
	case "organization.id":
		return info.license.organization
	case "license.id":
		return info.license.id
	}
	return info.status
}

func (s *Server) readEnvironment(c *call) (reply, error) {
	return reply{body: s.appendEnvironment(nil, c, c.environment, has(c.query.Get("expand"), "billOfMaterials"))}, nil
}

func (s *Server) readBillOfMaterials(c *call) (reply, error) {
	return reply{body: appendProducts(nil, c, c.environment)}, nil
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
	quantities := o.child("licenseQuantities")
	for _, name := range sortedKeys(rateGroups) {
		rate := rateGroups[name]
		if own, ok := s.opt.RateLimits[name]; ok {
			rate = own
		}
		per := time.Second
		if strings.HasSuffix(name, "Rpm") {
			per = time.Minute
		}
		inner := quantities.child(name)
		inner.int("limit", max(1, int(float64(rate.Limit)*float64(per)/float64(rate.Per))))
		quantities.end(inner)
	}
	o.end(quantities)
	return reply{body: o.close()}, nil
}
