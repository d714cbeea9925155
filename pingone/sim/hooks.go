package sim

import (
	"cmp"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// hooks are those of resources by their names.
var hooks = map[string]resourceHooks{
	"/environments": {
		visible: func(c *call, row *resource.Row) bool { return c.access.sees(row.ID) }, hidden: true, store: storeEnvironment, remove: removeEnvironment,
		computed: map[string]compute{"hardDeletedAllowedAt": hardDeletedAllowedAt},
	},
	"/organizations":          {visible: func(c *call, row *resource.Row) bool { return row.ID == organizationID || c.access.organization }, hidden: true},
	"/organizations/licenses": {computed: map[string]compute{"assignedEnvironmentsCount": countAssigned}},
	"/organizations/licenses/metrics/activeIdentityCounts": {
		rows: activeIdentities("aggregatedBy", map[string]string{"licenseYear": "YEAR", "calendarMonth": "MONTH"}, func(p *place) string { return "license " + p.owners[1] }),
	},
	"activeIdentityCounts": {
		rows: activeIdentities("samplePeriod", map[string]string{"DAY": "DAY", "MONTH": "MONTH"}, func(p *place) string { return "active " + p.owners[0] }),
	},
	"totalIdentities": {rows: totalIdentities, leaf: betweenDays, count: func(p *place) int { return int(p.call.environment.people.Count()) }},
	"activities":      {rows: activitiesOf, check: checkActivities},
	"applicationResources/permissions": {computed: map[string]compute{"resource": func(p *place, _ *resource.Row) any {
		return map[string]any{"id": p.above.found.ID, "name": p.above.found.Members["name"]}
	}}},
	"gateways": {computed: map[string]compute{"credentials": credentialsOf}},
	"applications/grants": {owner: func(app *resource.Row) bool { // those of the platform have none
		return !slices.Contains([]string{"PING_ONE_ADMIN_CONSOLE", "PING_ONE_SELF_SERVICE"}, resource.First(app.Members, "type"))
	}},
	"applications/roleAssignments": assignments,
	"gateways/roleAssignments":     assignments,
	"groups/roleAssignments":       assignments,
	"users/roleAssignments":        assignments,
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
		computed: map[string]compute{"userCount": func(p *place, row *resource.Row) any {
			return p.call.environment.shown("stale-user-counts", p.call.now).users[row.ID]
		}},
	},
	"populations/defaultIdentityProvider": {computed: map[string]compute{"type": func(p *place, row *resource.Row) any {
		return p.call.environment.providerType(resource.First(row.Members, "id"))
	}}},
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

// resourceActions are what declared actions do beyond their declarations, by
// resource and name.
var resourceActions = map[string]action{
	"applications/secret rotate":        rotateSecret,
	"resources/secret rotate":           rotateSecret,
	"users/devices reorder":             reorder,
	"users/devices remove order":        removeOrder,
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

// minPassword is the shortest password of the only policy.
const minPassword = 8

// OneTimeCode is the code in every message that the simulator does not send.
const OneTimeCode = "424242"

// passwordOf is the state of a user's password as a row of its own. Its member
// value, which is not declared and so never answered, is the password itself.
// Some users have no password, not even an unset one: setting one makes it.
func passwordOf(p *place) *resource.Collection {
	user := p.above.found
	state, ok := user.Members["password"].(map[string]any)
	if !ok && p.call.request.Method == http.MethodGet {
		return resource.NewCollection()
	}
	m := map[string]any{"status": ""}
	maps.Copy(m, state)
	if policy := p.call.environment.passwordPolicy(resource.First(user.Members, "population.id")); policy != "" {
		m["passwordPolicy"] = map[string]any{"id": policy}
	}
	if m["status"] == "NO_PASSWORD" || m["status"] == "EXTERNAL" {
		delete(m, "lastChangedAt")
	}
	return resource.NewCollection(&resource.Row{ID: user.ID, Members: m})
}

// putPassword keeps the state of a password in the user's row.
func putPassword(p *place, row *resource.Row) {
	user := copied(p.above.found)
	user.Members["password"], user.Members["updatedAt"] = row.Members, instant(p.call.now.UnixMilli())
	p.above.put(user)
}

// knows checks a password.
func knows(row *resource.Row, password string) bool {
	if status := row.Members["status"]; status == "" || status == "NO_PASSWORD" || status == "EXTERNAL" {
		return false
	}
	return password == cmp.Or(resource.First(row.Members, "value"), UserPassword)
}

// textOf is a text in a body; false when it is not there or is none.
func textOf(sent map[string]any, name string) (string, bool) {
	text, ok := sent[name].(string)
	return text, ok && text != ""
}

// sets makes the action that sets a password, given in a member. Without one the
// password is taken away, where the action may.
func sets(member, status string, unsets bool) action {
	return func(p *place, row *resource.Row, sent map[string]any) {
		after := status
		if current, ok := textOf(sent, "currentPassword"); ok {
			if !knows(row, current) {
				panic(invalidValue("currentPassword", "The password is wrong."))
			}
			after = "OK"
		}
		if sent["forceChange"] == true {
			after = "MUST_CHANGE_PASSWORD"
		}
		password, given := textOf(sent, member)
		switch {
		case !given && sent[member] != nil:
			panic(invalidValue(member, "must be a string that is not empty"))
		case !given && unsets:
			after = "NO_PASSWORD"
		case !given:
			panic(required(member))
		case utf8.RuneCountInString(password) < minPassword && sent["bypassPolicy"] != true:
			panic(invalidValue(member, "The password does not meet the password policy."))
		}
		row.Members["value"], row.Members["status"], row.Members["lastChangedAt"] = password, after, instant(p.call.now.UnixMilli())
	}
}

func checkPassword(_ *place, row *resource.Row, sent map[string]any) {
	if password, _ := textOf(sent, "password"); !knows(row, password) {
		panic(invalidValue("password", "The password is wrong."))
	}
}

// turns makes the action that gives a password another status: in the status
// from, or in any when from is empty.
func turns(from, to string) action {
	return func(_ *place, row *resource.Row, _ map[string]any) {
		switch status := row.Members["status"]; {
		case status == "" || status == "NO_PASSWORD":
			panic(invalidData(detail{Code: "NO_PASSWORD", Target: "password", Message: "The user has no password."}))
		case from == "" || status == from:
			row.Members["status"] = to
		}
	}
}

func sendRecoveryCode(p *place, _ *resource.Row, _ map[string]any) {
	if p.above.found.Members["email"] == nil {
		panic(constraint("email", "The user has no e-mail address."))
	}
}

// reorder lists rows in the order that is sent, those it does not name last.
func reorder(p *place, _ *resource.Row, sent map[string]any) {
	ids := resource.Values(sent, "order.id")
	if len(ids) == 0 || slices.ContainsFunc(ids, func(id string) bool { return p.rows.Find(id) == nil }) {
		panic(invalidValue("order", "The order must name devices that there are."))
	}
	slices.Reverse(ids)
	arrange(p, func(a, b *resource.Row) int { return slices.Index(ids, b.ID) - slices.Index(ids, a.ID) })
}

// removeOrder lists rows as they came.
func removeOrder(p *place, _ *resource.Row, _ map[string]any) {
	arrange(p, func(a, b *resource.Row) int {
		return strings.Compare(resource.First(a.Members, "createdAt"), resource.First(b.Members, "createdAt"))
	})
}

func arrange(p *place, order func(a, b *resource.Row) int) {
	rows := p.rows.All()
	slices.SortStableFunc(rows, order)
	for _, row := range rows {
		p.rows.Delete(row.ID)
		p.rows.Put(row)
	}
}
