package sim

import (
	"reflect"
	"slices"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// hooksOf are the hooks by the name of their resource.
var hooksOf = map[string]resourceHooks{
	"/organizations":                   {visible: seesOrganization, hidden: true},
	"/organizations/licenses":          {computed: map[string]compute{"assignedEnvironmentsCount": countAssigned}},
	"applicationResources/permissions": {computed: map[string]compute{"resource": permissionResource}},
	"gateways":                         {computed: map[string]compute{"credentials": credentialsOf}},
	"applications/grants":              {owner: hasGrants},
	"applications/roleAssignments":     assignments,
	"gateways/roleAssignments":         assignments,
	"groups/roleAssignments":           assignments,
	"users/roleAssignments":            assignments,
	"populations": {
		visible: func(c *call, row *resource.Row) bool { return c.seesPopulation(row.ID) },
		store:   storePopulation, remove: removePopulation, newID: newPopulation,
		computed: map[string]compute{"userCount": countUsers},
	},
	"populations/defaultIdentityProvider": {
		store: storeDefaultProvider, computed: map[string]compute{"type": func(s *Server, c *call, row *resource.Row) any {
			id, _ := row.Members["id"].(string)
			return c.environment.providerType(id)
		}},
	},
}

// resourceActions are the declared actions by resource and name.
var resourceActions = map[string]func(s *Server, c *call, row *resource.Row) error{
	"customDomains verify":                 becomes("SSL_CERTIFICATE_REQUIRED"),
	"customDomains import":                 becomes("ACTIVE"),
	"emailDomains/trustedEmails activate":  becomes("ACTIVE"),
	"emailDomains/trustedEmails send code": becomes("VERIFICATION_REQUIRED"),
}

// becomes makes an action that sets the status.
func becomes(status string) func(*Server, *call, *resource.Row) error {
	return func(_ *Server, _ *call, row *resource.Row) error {
		row.Members["status"] = status
		return nil
	}
}

// seesOrganization: callers without roles for organizations know their own.
func seesOrganization(c *call, row *resource.Row) bool {
	return row.ID == organizationID || c.access.organization
}

// countAssigned is the number of environments that use a license.
func countAssigned(s *Server, _ *call, row *resource.Row) any {
	n := 0
	for _, e := range s.environments() {
		if e.info.Load().license.id == row.ID {
			n++
		}
	}
	return n
}

// find reads a row above environments.
func (s *Server) find(collection, id string) *resource.Row {
	s.storeMu.RLock()
	defer s.storeMu.RUnlock()
	return s.store.Read(collection).Find(id)
}

// activeLicense finds a license that environments can use.
func (s *Server) activeLicense(id string) (license, bool) {
	row := s.find("/organizations/"+organizationID+"/licenses", id)
	if row == nil || row.Members["status"] != "ACTIVE" {
		return license{}, false
	}
	pkg, _ := row.Members["package"].(string)
	return license{id, organizationID, pkg}, true
}

// hasGrants: applications of the platform have no grants.
func hasGrants(row *resource.Row) bool {
	kind, _ := row.Members["type"].(string)
	return kind != "PING_ONE_ADMIN_CONSOLE" && kind != "PING_ONE_SELF_SERVICE"
}

// assignments are the rules of roles that users, groups, applications and
// gateways hold.
var assignments = resourceHooks{
	store: func(s *Server, c *call, rows *resource.Collection, row *resource.Row) error {
		held := func(path string) string { return append(resource.Values(row.Members, path), "")[0] }
		role := s.find("/roles", held("role.id"))
		if role == nil {
			role = c.environment.rows.Read("roles").Find(held("role.id"))
		}
		switch {
		case role == nil:
			return invalidValue("role.id", "The role does not exist.")
		case !slices.Contains(resource.Values(role.Members, "applicableTo"), held("scope.type")):
			return invalidValue("scope.type", "The role cannot be assigned with this scope.")
		}
		for _, other := range rows.All() {
			if other.ID != row.ID && reflect.DeepEqual([]any{other.Members["role"], other.Members["scope"]}, []any{row.Members["role"], row.Members["scope"]}) {
				return notUnique("role.id", other.ID)
			}
		}
		return nil
	},
	remove: func(_ *Server, _ *call, row *resource.Row) error {
		if row.Members["readOnly"] == true {
			return constraint("id", "Role assignment "+row.ID+" cannot be deleted as it is read only")
		}
		return nil
	},
}
