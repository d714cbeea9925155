package sim_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// pair is a membership: who and in which group.
type pair struct{ user, group any }

// TestMembershipsAgree reads every membership by user and by group, from the
// seed and after writes of every kind, and compares them and the counts.
func TestMembershipsAgree(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, f *fixture){
		"as seeded": func(*testing.T, *fixture) {},
		"after writes": func(t *testing.T, f *fixture) {
			t.Helper()
			writeEverything(t, f)
		},
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, sim.Options{Users: 300})
			prepare(t, f)
			byUser := membershipsByUser(f)
			byGroup := membershipsByGroup(f)
			assert.Equal(t, byUser, byGroup)
			assert.Greater(t, len(byUser), 600)
			compareCounts(t, f, byUser)
		})
	}
}

// writeEverything changes memberships in all ways there are.
func writeEverything(t *testing.T, f *fixture) {
	t.Helper()
	groups, populations := f.Groups(sim.EnvironmentAdministrators), f.Populations(sim.EnvironmentAdministrators)
	must := func(method, path string, body any) map[string]any {
		status, answer := f.do(method, path, body)
		require.Less(t, status, 300, "%s %s: %v", method, path, answer)
		return answer
	}
	inside := f.users(`memberOfGroups[id eq "` + groups["VPN"] + `" and type eq "DIRECT"]`)
	must(http.MethodDelete, f.env("/users/"+inside[0]["id"].(string)+"/memberOfGroups/"+groups["VPN"]), nil)
	must(http.MethodDelete, f.env("/users/"+inside[1]["id"].(string)), nil)
	must(http.MethodPut, f.env("/users/"+inside[2]["id"].(string)+"/population"), object{"id": populations["Interns"]})
	must(http.MethodPatch, f.env("/users/"+inside[3]["id"].(string)), object{"title": "Manager", "type": "Contractor"})
	u := must(http.MethodPost, f.env("/users"), object{"username": "new", "title": "manager"})
	must(http.MethodPost, f.env("/users/"+u["id"].(string)+"/memberOfGroups"), object{"id": groups["Databases"]})
	g := must(http.MethodPost, f.env("/groups"), object{"name": "dynamic", "userFilter": `locale sw "en"`})
	must(http.MethodPost, f.env("/groups/"+g["id"].(string)+"/memberOfGroups"), object{"id": groups["Empty"]})
	must(http.MethodDelete, f.env("/groups/"+groups["Platform"]+"/memberOfGroups/"+groups["Engineering"]), nil)
	must(http.MethodDelete, f.env("/groups/"+groups["Sales"]), nil)
}

func membershipsByUser(f *fixture) map[pair]any {
	out := map[pair]any{}
	for _, u := range f.users("") {
		for _, m := range f.all(f.env("/users/"+u["id"].(string)+"/memberOfGroups"), "groupMemberships") {
			out[pair{u["id"], m["id"]}] = m["type"]
		}
	}
	return out
}

func membershipsByGroup(f *fixture) map[pair]any {
	out := map[pair]any{}
	for _, g := range f.all(f.env("/groups"), "groups") {
		id := g["id"].(string)
		for _, kind := range []string{"DIRECT", "INDIRECT"} {
			for _, u := range f.users(`memberOfGroups[id eq "` + id + `" and type eq "` + kind + `"]`) {
				out[pair{u["id"], g["id"]}] = kind
			}
		}
	}
	return out
}

// compareCounts holds the counts in rows against the memberships.
func compareCounts(t *testing.T, f *fixture, memberships map[pair]any) {
	t.Helper()
	direct, total := map[any]int{}, map[any]int{}
	for p, kind := range memberships {
		total[p.group]++
		if kind == "DIRECT" {
			direct[p.group]++
		}
	}
	filled := 0
	for _, g := range f.all(f.env("/groups"), "groups") {
		assert.EqualValues(t, direct[g["id"]], path(g, "directMemberCounts", "users"), g["name"])
		children := f.all(f.env("/groups?filter="+url.QueryEscape(`memberOfGroups[id eq "`+g["id"].(string)+`" and type eq "DIRECT"]`)), "groups")
		assert.EqualValues(t, len(children), path(g, "directMemberCounts", "groups"), g["name"])
		one := f.get(f.env("/groups/" + g["id"].(string) + "?include=totalMemberCounts"))
		assert.EqualValues(t, total[g["id"]], path(one, "totalMemberCounts", "users"), g["name"])
		assert.NotContains(t, g, "totalMemberCounts")
		if total[g["id"]] > 0 {
			filled++
		}
	}
	assert.GreaterOrEqual(t, filled, 50, "groups with members")
	for _, p := range f.all(f.env("/populations"), "populations") {
		found := f.users(`population.id eq "` + p["id"].(string) + `"`)
		assert.EqualValues(t, len(found), p["userCount"], p["name"])
	}
}

func TestMembershipRows(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	group := f.Groups(sim.EnvironmentAdministrators)["Databases"]
	user := f.users(`memberOfGroups[id eq "` + group + `"]`)[0]["id"].(string)
	address := f.env("/users/" + user + "/memberOfGroups")

	plain := f.get(address + "/" + group)
	assert.Equal(t, "Databases", plain["name"])
	assert.Equal(t, "DIRECT", plain["type"])
	assert.Equal(t, f.url+"/v1"+f.env("/groups/"+group), href(plain, "group"))
	assert.NotContains(t, plain, "_embedded")
	expanded := f.get(address + "/" + group + "?expand=group")
	assert.Equal(t, f.get(f.env("/groups/" + group))["name"], path(expanded, "_embedded", "group", "name"))
	for _, m := range f.all(address+"?limit=1&expand=group", "groupMemberships") {
		assert.Equal(t, m["id"], path(m, "_embedded", "group", "id"))
	}
	nested := f.get(f.env("/groups/" + group + "/memberOfGroups"))
	kinds, all := map[any]any{}, f.Groups(sim.EnvironmentAdministrators)
	for _, m := range members(nested, "groupMemberships") {
		kinds[m["id"]] = m["type"]
		assert.NotContains(t, m, "name", "nestings have none")
	}
	assert.Equal(t, map[any]any{all["Platform"]: "DIRECT", all["Engineering"]: "INDIRECT", all["All Staff"]: "INDIRECT"}, kinds)
}

func TestMembershipsRefused(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	groups := f.Groups(sim.EnvironmentAdministrators)
	user := f.users(`memberOfGroups[id eq "` + groups["Databases"] + `" and type eq "DIRECT"]`)[0]["id"].(string)
	mine := f.env("/users/" + user + "/memberOfGroups")
	tests := map[string]struct {
		method, path string
		body         any
		status       int
		detail       string
	}{
		"twice":                    {"POST", mine, object{"id": groups["Databases"]}, 400, "UNIQUENESS_VIOLATION"},
		"without id":               {"POST", mine, object{}, 400, "REQUIRED_VALUE"},
		"id not a UUID":            {"POST", mine, object{"id": "x"}, 400, "INVALID_VALUE"},
		"unknown group":            {"POST", mine, object{"id": f.admin}, 400, "INVALID_VALUE"},
		"external group":           {"POST", mine, object{"id": groups["IdP Federated"]}, 400, "CONSTRAINT_VIOLATION"},
		"remove inherited":         {"DELETE", mine + "/" + groups["Engineering"], nil, 400, "CONSTRAINT_VIOLATION"},
		"remove what is not there": {"DELETE", mine + "/" + groups["Empty"], nil, 404, "INVALID_VALUE"},
		"nest in itself":           {"POST", f.env("/groups/" + groups["Sales"] + "/memberOfGroups"), object{"id": groups["Sales"]}, 400, "CONSTRAINT_VIOLATION"},
		"nest in a circle":         {"POST", f.env("/groups/" + groups["All Staff"] + "/memberOfGroups"), object{"id": groups["Databases"]}, 400, "CONSTRAINT_VIOLATION"},
		"nest twice":               {"POST", f.env("/groups/" + groups["Sales"] + "/memberOfGroups"), object{"id": groups["All Staff"]}, 400, "UNIQUENESS_VIOLATION"},
		"unnest inherited":         {"DELETE", f.env("/groups/" + groups["Databases"] + "/memberOfGroups/" + groups["All Staff"]), nil, 400, "CONSTRAINT_VIOLATION"},
		"unnest what is not there": {"DELETE", f.env("/groups/" + groups["Sales"] + "/memberOfGroups/" + groups["VPN"]), nil, 404, "INVALID_VALUE"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body := f.do(tt.method, tt.path, tt.body)
			assert.Equal(t, tt.status, status, body)
			assert.Equal(t, tt.detail, path(body["details"].([]any)[0], "code"))
		})
	}
}

func TestGroupWrites(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	groups, populations := f.Groups(sim.EnvironmentAdministrators), f.Populations(sim.EnvironmentAdministrators)
	tests := map[string]struct {
		body           object
		status         int
		detail, target string
	}{
		"everything": {object{
			"name": "all", "description": "d", "externalId": "e", "customData": object{"a": []int{1}}, "userFilter": `title sw "man"`,
			"population": object{"id": populations["Interns"]},
		}, 201, "", ""},
		"no name":                         {object{"description": "d"}, 400, "REQUIRED_VALUE", "name"},
		"name taken, in any case":         {object{"name": "vpn"}, 400, "UNIQUENESS_VIOLATION", "name"},
		"name free in another population": {object{"name": "VPN", "population": object{"id": populations["Interns"]}}, 201, "", ""},
		"unknown population":              {object{"name": "x", "population": object{"id": f.admin}}, 400, "INVALID_VALUE", "population.id"},
		"custom data not object":          {object{"name": "x", "customData": "y"}, 400, "INVALID_VALUE", "customData"},
		"bad user filter":                 {object{"name": "x", "userFilter": `createdAt eq "y"`}, 400, "INVALID_FILTER", "userFilter"},
		"user filter on groups":           {object{"name": "x", "userFilter": `memberOfGroups[id eq "y"]`}, 400, "INVALID_FILTER", "userFilter"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body := f.do(http.MethodPost, f.env("/groups"), tt.body)
			require.Equal(t, tt.status, status, body)
			if status != http.StatusCreated {
				assert.Equal(t, tt.detail, path(body["details"].([]any)[0], "code"))
				assert.Equal(t, tt.target, path(body["details"].([]any)[0], "target"))
				return
			}
			read := f.get(f.env("/groups/" + body["id"].(string)))
			for member, v := range tt.body {
				if member == "customData" {
					continue
				}
				assert.Equal(t, v, read[member], member)
			}
		})
	}
	t.Run("PUT clears what it leaves out and keeps the population", func(t *testing.T) {
		t.Parallel()
		id := groups["Team 5.1"]
		status, body := f.do(http.MethodPut, f.env("/groups/"+id), object{"name": "renamed"})
		require.Equal(t, http.StatusOK, status, body)
		assert.NotContains(t, body, "description")
		assert.Equal(t, populations["Interns"], path(body, "population", "id"))
		status, _ = f.do(http.MethodPut, f.env("/groups/"+id), object{"name": "renamed", "population": object{"id": populations["Default"]}})
		assert.Equal(t, http.StatusBadRequest, status)
	})
}

func TestPopulationWrites(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	populations := f.Populations(sim.EnvironmentAdministrators)
	status, created := f.do(http.MethodPost, f.env("/populations"), object{
		"name": "P", "description": "d", "alternativeIdentifiers": []string{"x"}, "preferredLanguage": "fr",
		"passwordPolicy": object{"id": f.admin}, "theme": object{"id": f.admin},
	})
	require.Equal(t, http.StatusCreated, status, created)
	assert.EqualValues(t, 0, created["userCount"])
	assert.Equal(t, []any{"x"}, created["alternativeIdentifiers"])
	id := created["id"].(string)

	for name, tt := range map[string]struct {
		method, id string
		body       object
		status     int
		detail     string
	}{
		"name taken":               {"PUT", id, object{"name": "employees"}, 400, "UNIQUENESS_VIOLATION"},
		"no name":                  {"PUT", id, object{}, 400, "REQUIRED_VALUE"},
		"policy not a UUID":        {"PUT", id, object{"name": "P", "passwordPolicy": object{"id": "x"}}, 400, "INVALID_VALUE"},
		"default to none":          {"PUT", populations["Default"], object{"name": "Default", "default": false}, 400, "CONSTRAINT_VIOLATION"},
		"delete with users":        {"DELETE", populations["Employees"], nil, 400, "CONSTRAINT_VIOLATION"},
		"delete the default one":   {"DELETE", populations["Default"], nil, 400, "CONSTRAINT_VIOLATION"},
		"delete what is not there": {"DELETE", f.admin, nil, 404, "INVALID_VALUE"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := f.do(tt.method, f.env("/populations/"+tt.id), tt.body)
			assert.Equal(t, tt.status, status, body)
			assert.Equal(t, tt.detail, path(body["details"].([]any)[0], "code"))
		})
	}
	status, changed := f.do(http.MethodPut, f.env("/populations/"+id), object{"name": "Q", "default": true})
	require.Equal(t, http.StatusOK, status)
	assert.Equal(t, true, changed["default"])
	assert.NotContains(t, changed, "description")
	assert.Equal(t, false, f.get(f.env("/populations/" + populations["Default"]))["default"], "there is one default")
	status, _ = f.do(http.MethodDelete, f.env("/populations/"+populations["Alumni (empty)"]), nil)
	assert.Equal(t, http.StatusNoContent, status)
	assert.NotContains(t, f.Groups(sim.EnvironmentAdministrators), "Team 10.1", "its groups go with it")
}

func TestSchemaWrites(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	attributes := f.env("/schemas/" + f.SchemaID(sim.EnvironmentAdministrators) + "/attributes")
	byName := map[any]map[string]any{}
	for _, a := range f.all(attributes, "attributes") {
		byName[a["name"]] = a
	}
	assert.Equal(t, false, byName["legacyId"]["enabled"])
	assert.Len(t, byName["name"]["subAttributes"], 6)
	assert.Equal(t, "COMPLEX", byName["address"]["type"])
	assert.Equal(t, "BOOLEAN", byName["enabled"]["type"])
	for name, tt := range map[string]struct {
		method, path string
		body         object
		detail       string
	}{
		"no name":               {"POST", attributes, object{"type": "STRING"}, "REQUIRED_VALUE"},
		"boolean":               {"POST", attributes, object{"name": "x", "type": "BOOLEAN"}, "INVALID_VALUE"},
		"name taken":            {"POST", attributes, object{"name": "badge"}, "UNIQUENESS_VIOLATION"},
		"unique JSON":           {"POST", attributes, object{"name": "x", "type": "JSON", "unique": true}, "CONSTRAINT_VIOLATION"},
		"bad pattern":           {"POST", attributes, object{"name": "x", "regexValidation": object{"pattern": "(", "requirements": "r"}}, "INVALID_VALUE"},
		"pattern and values":    {"POST", attributes, object{"name": "x", "regexValidation": object{"pattern": "a", "requirements": "r"}, "enumeratedValues": []object{{"value": "a"}}}, "CONSTRAINT_VIOLATION"},
		"rename":                {"PATCH", attributes + "/" + byName["badge"]["id"].(string), object{"name": "x"}, "CONSTRAINT_VIOLATION"},
		"change a core one":     {"PATCH", attributes + "/" + byName["username"]["id"].(string), object{"enabled": false}, "CONSTRAINT_VIOLATION"},
		"delete a standard one": {"DELETE", attributes + "/" + byName["email"]["id"].(string), nil, "CONSTRAINT_VIOLATION"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := f.do(tt.method, tt.path, tt.body)
			assert.Equal(t, http.StatusBadRequest, status, body)
			assert.Equal(t, tt.detail, path(body["details"].([]any)[0], "code"))
		})
	}

	status, a := f.do(http.MethodPost, attributes, object{"name": "shoe", "multiValued": true, "description": "d"})
	require.Equal(t, http.StatusCreated, status, a)
	_, u := f.do(http.MethodPost, f.env("/users"), object{"username": "shoes", "shoe": []string{"44", "45"}})
	assert.Equal(t, []any{"44", "45"}, u["shoe"])
	assert.Len(t, f.users(`shoe eq "45"`), 1)
	status, a = f.do(http.MethodPatch, attributes+"/"+a["id"].(string), object{"enabled": false})
	require.Equal(t, http.StatusOK, status)
	assert.Equal(t, "d", a["description"], "a PATCH leaves the rest")
	status, _ = f.do(http.MethodGet, f.env("/users?filter=shoe+eq+%2245%22"), nil)
	assert.Equal(t, http.StatusBadRequest, status, "a disabled attribute cannot be searched")
	assert.NotContains(t, f.get(f.env("/users/"+u["id"].(string))), "shoe")
	f.do(http.MethodPut, attributes+"/"+a["id"].(string), object{"name": "shoe", "enabled": true})
	assert.Len(t, f.users(`shoe eq "45"`), 1)
	status, _ = f.do(http.MethodDelete, attributes+"/"+byName["skills"]["id"].(string), nil)
	assert.Equal(t, http.StatusNoContent, status)
	for _, u := range f.users("")[:50] {
		assert.NotContains(t, u, "skills")
	}
}

// TestPopulationsThatSeededUsersLeft deletes a population when all users of the
// seed have left it: what is worked out from the seed still names it.
func TestPopulationsThatSeededUsersLeft(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 300})
	populations := f.Populations(sim.EnvironmentAdministrators)
	interns := f.users(`population.id eq "` + populations["Interns"] + `"`)
	require.NotEmpty(t, interns)
	for _, u := range interns {
		status, body := f.do(http.MethodPut, f.env("/users/"+u["id"].(string)+"/population"), object{"id": populations["Partners"]})
		require.Equal(t, http.StatusOK, status, body)
	}
	before := f.get(f.env("/populations/" + populations["Partners"]))["userCount"]
	status, body := f.do(http.MethodDelete, f.env("/populations/"+populations["Interns"]), nil)
	require.Equal(t, http.StatusNoContent, status, body)
	assert.Empty(t, f.users(`population.id eq "`+populations["Interns"]+`"`))
	assert.Len(t, f.users(""), 300)
	assert.Equal(t, before, f.get(f.env("/populations/" + populations["Partners"]))["userCount"])
	assert.NotEmpty(t, f.activities(`recordedAt gt "2020-01-01T00:00:00Z"`))
}
