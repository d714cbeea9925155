package sim

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// hooksOf makes the hooks by the name of their resource.
func hooksOf() map[string]resourceHooks {
	return map[string]resourceHooks{
		"/environments": {
			visible: func(c *call, row *resource.Row) bool { return c.access.sees(row.ID) }, hidden: true, store: storeEnvironment, remove: removeEnvironment,
			computed: map[string]compute{"hardDeletedAllowedAt": hardDeletedAllowedAt},
		},
		"/organizations":          {visible: seesOrganization, hidden: true},
		"/organizations/licenses": {computed: map[string]compute{"assignedEnvironmentsCount": countAssigned}},
		"/organizations/licenses/metrics/activeIdentityCounts": {
			rows: activeIdentities("aggregatedBy", map[string]string{"licenseYear": "YEAR", "calendarMonth": "MONTH"}, func(p *place) string { return "license " + p.owners[1] }),
		},
		"activeIdentityCounts": {
			rows: activeIdentities("samplePeriod", map[string]string{"DAY": "DAY", "MONTH": "MONTH"}, func(p *place) string { return "active " + p.owners[0] }),
		},
		"totalIdentities":                  {rows: totalIdentities, leaf: betweenDays, count: func(p *place) int { return int(p.call.environment.people.Count()) }},
		"activities":                       {rows: activitiesOf, check: checkActivities},
		"applicationResources/permissions": {computed: map[string]compute{"resource": permissionResource}},
		"gateways":                         {computed: map[string]compute{"credentials": credentialsOf}},
		"applications/grants":              {owner: hasGrants},
		"applications/roleAssignments":     assignments,
		"gateways/roleAssignments":         assignments,
		"groups/roleAssignments":           assignments,
		"users/roleAssignments":            assignments,
		"users/applicationRoles": {
			store: assignApplicationRole, remove: withdrawApplicationRole,
			computed: map[string]compute{"name": ofApplicationRole("name"), "description": ofApplicationRole("description")},
		},
		"capabilities":       {computed: map[string]compute{"licenseQuantities": licenseQuantities}},
		"schemas":            {computed: map[string]compute{"allowsContainsOperator": func(p *place, _ *resource.Row) any { return p.server.opt.Unconfirmed }}},
		"schemas/attributes": {store: storeAttribute, remove: removeAttribute, structural: true},
		"populations": {
			visible: func(c *call, row *resource.Row) bool { return c.access.seesPopulation(row.ID) },
			store:   storePopulation, remove: removePopulation, structural: true,
			newID: func(c *call, rows *resource.Collection) string {
				return c.environment.seedID("populations", uint32(rows.Len()))
			},
			computed: map[string]compute{"userCount": countUsers},
		},
		"populations/defaultIdentityProvider": {computed: map[string]compute{"type": typeOfProvider}},
		"groups": {
			visible: seesPopulationOf, store: storeGroup, groups: groupsOf, structural: true,
			computed: map[string]compute{
				"displayName":        func(_ *place, row *resource.Row) any { return row.Members["name"] },
				"directMemberCounts": directMembers, "totalMemberCounts": allMembers, "checkSum": checkSum,
			},
		},
		"groups/memberOfGroups": memberships,
		"users": {
			visible: seesPopulationOf, shape: func(e *environment) *resource.Member { return e.schema().shape }, store: storeUser,
			source: func(p *place) source { return &userRows{p} },
			newID:  func(c *call, _ *resource.Collection) string { return c.environment.people.ID(c.environment.nextUser) },
			computed: map[string]compute{
				"canAuthenticate":    canAuthenticate,
				"memberOfGroupIDs":   groupTexts(func(g *group) string { return g.ID }),
				"memberOfGroupNames": groupTexts(func(g *group) string { return g.text("name") }),
			},
		},
		"users/memberOfGroups": memberships,
		"users/password":       {rows: passwordOf, put: putPassword},
	}
}

// resourceActions are what declared actions do beyond their declarations, by
// resource and name.
var resourceActions = map[string]action{
	"applications/secret rotate":        rotateSecret,
	"resources/secret rotate":           rotateSecret,
	"users/devices reorder":             reorder,
	"users/devices remove order":        func(p *place, _ *resource.Row, _ map[string]any) { arrange(p, byCreation(p)) },
	"users/password set":                sets("value", "OK", false),
	"users/password set value":          sets("value", "OK", true),
	"users/password reset":              sets("newPassword", "MUST_CHANGE_PASSWORD", false),
	"users/password check":              checkPassword,
	"users/password force change":       turns("", "MUST_CHANGE_PASSWORD"),
	"users/password unlock":             turns("PASSWORD_LOCKED_OUT", "OK"),
	"users/password send recovery code": sendRecoveryCode,
	"users/password recover":            sets("newPassword", "OK", false),
}

// rotateSecret gives a secret that nobody has yet, and keeps the one before as long as
// the call says: of a time that PingOne would choose nothing is documented.
func rotateSecret(p *place, row *resource.Row, sent map[string]any) {
	previous := map[string]any{"secret": row.Members["secret"], "expiresAt": instant(p.call.now.UnixMilli())}
	if asked, ok := sent["previous"].(map[string]any); ok && asked["expiresAt"] != nil {
		previous["expiresAt"] = asked["expiresAt"]
	}
	row.Members["secret"], row.Members["previous"] = "new-"+p.server.newID(), previous
}

// seesOrganization: callers without roles for organizations know their own.
func seesOrganization(c *call, row *resource.Row) bool {
	return row.ID == organizationID || c.access.organization
}

// countAssigned is the number of environments that use a license.
func countAssigned(p *place, row *resource.Row) any {
	n := 0
	for _, e := range p.server.environments() {
		if e.says("license.id") == row.ID {
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

// hasGrants: applications of the platform have no grants.
func hasGrants(row *resource.Row) bool {
	kind, _ := row.Members["type"].(string)
	return kind != "PING_ONE_ADMIN_CONSOLE" && kind != "PING_ONE_SELF_SERVICE"
}

// assignments are the rules of roles that users, groups, applications and
// gateways hold.
var assignments = resourceHooks{
	store: func(p *place, _, row *resource.Row) {
		id := resource.First(row.Members, "role.id")
		role := cmp.Or(p.server.find("/roles", id), p.store.Read("roles").Find(id))
		if !slices.Contains(resource.Values(role.Members, "applicableTo"), resource.First(row.Members, "scope.type")) {
			panic(invalidValue("scope.type", "The role cannot be assigned with this scope."))
		}
		for _, other := range p.rows.All() {
			if other.ID != row.ID && reflect.DeepEqual([]any{other.Members["role"], other.Members["scope"]}, []any{row.Members["role"], row.Members["scope"]}) {
				panic(notUnique("role.id", other.ID))
			}
		}
	},
	remove: func(_ *place, row *resource.Row) *resource.Row {
		if row.Members["readOnly"] == true {
			panic(constraint("id", "Role assignment "+row.ID+" cannot be deleted as it is read only"))
		}
		return nil
	},
}

// credentialsOf shows the credentials of a gateway in its own row.
func credentialsOf(p *place, row *resource.Row) any {
	var out []any
	for _, credential := range p.store.Read("gateways/" + row.ID + "/credentials").All() {
		out = append(out, credential.Members)
	}
	if out == nil {
		return nil
	}
	return out
}

// permissionResource is what a permission is about, with its name.
func permissionResource(p *place, _ *resource.Row) any {
	row := p.above.found
	return map[string]any{"id": row.ID, "name": row.Members["name"]}
}

// ofApplicationRole reads a member of the application role that a row assigns.
func ofApplicationRole(member string) compute {
	return func(p *place, row *resource.Row) any {
		if role := p.store.Read("applicationRoles").Find(row.ID); role != nil {
			return role.Members[member]
		}
		return nil
	}
}

// usersWith are the users of an application role, as rows of its own.
func usersWith(p *place, role string) *resource.Collection {
	return p.call.environment.rows.At("applicationRoles/" + role + "/users")
}

// assignApplicationRole lists a user with a role.
func assignApplicationRole(p *place, _, row *resource.Row) {
	user := p.above.id
	usersWith(p, row.ID).Put(&resource.Row{ID: user, Members: map[string]any{"id": user}})
}

func withdrawApplicationRole(p *place, row *resource.Row) *resource.Row {
	usersWith(p, row.ID).Delete(p.above.id)
	return nil
}
