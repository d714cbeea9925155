package sim_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// object is a JSON object.
type object = map[string]any

func TestUsersRefused(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	taken := f.users(`type eq "Employee"`)[3]
	badge := ""
	for _, u := range f.users("") {
		if b, ok := u["badge"].(string); ok {
			badge = b
		}
	}
	tests := map[string]struct {
		body           object
		detail, target string
	}{
		"no username":                 {object{"email": "a@example.com"}, "REQUIRED_VALUE", "username"},
		"empty username":              {object{"username": ""}, "EMPTY_VALUE", "username"},
		"long username":               {object{"username": strings.Repeat("ü", 129)}, "SIZE_LIMIT_EXCEEDED", "username"},
		"username taken":              {object{"username": strings.ToUpper(taken["username"].(string))}, "UNIQUENESS_VIOLATION", "username"},
		"username not text":           {object{"username": 5}, "INVALID_VALUE", "username"},
		"email without @":             {object{"username": "a", "email": "b"}, "INVALID_VALUE", "email"},
		"long name":                   {object{"username": "a", "name": object{"given": strings.Repeat("a", 257)}}, "SIZE_LIMIT_EXCEEDED", "name.given"},
		"long postal code":            {object{"username": "a", "address": object{"postalCode": strings.Repeat("1", 41)}}, "SIZE_LIMIT_EXCEEDED", "address.postalCode"},
		"long phone":                  {object{"username": "a", "mobilePhone": strings.Repeat("1", 33)}, "SIZE_LIMIT_EXCEEDED", "mobilePhone"},
		"name not an object":          {object{"username": "a", "name": "Ada"}, "INVALID_VALUE", "name"},
		"country of three letters":    {object{"username": "a", "address": object{"countryCode": "DEU"}}, "INVALID_VALUE", "address.countryCode"},
		"unknown population":          {object{"username": "a", "population": object{"id": f.admin}}, "INVALID_VALUE", "population.id"},
		"population not a UUID":       {object{"username": "a", "population": object{"id": "x"}}, "INVALID_VALUE", "population.id"},
		"unknown attribute":           {object{"username": "a", "shoeSize": "44"}, "INVALID_VALUE", "shoeSize"},
		"disabled attribute":          {object{"username": "a", "legacyId": "1"}, "INVALID_VALUE", "legacyId"},
		"enumerated value":            {object{"username": "a", "clearance": "cosmic"}, "INVALID_VALUE", "clearance"},
		"archived value":              {object{"username": "a", "clearance": "legacy"}, "INVALID_VALUE", "clearance"},
		"pattern":                     {object{"username": "a", "cost-center": "12"}, "INVALID_VALUE", "cost-center"},
		"unique custom attribute":     {object{"username": "a", "badge": badge}, "UNIQUENESS_VIOLATION", "badge"},
		"multi-valued without array":  {object{"username": "a", "skills": "go"}, "INVALID_VALUE", "skills"},
		"single-valued with array":    {object{"username": "a", "badge": []string{"B"}}, "INVALID_VALUE", "badge"},
		"JSON attribute without JSON": {object{"username": "a", "preferences": "x"}, "INVALID_VALUE", "preferences"},
		"lifecycle":                   {object{"username": "a", "lifecycle": object{"status": "OK"}}, "INVALID_VALUE", "status"},
		"profile over 16 KB":          {object{"username": "a", "preferences": object{"a": strings.Repeat("x", 17<<10)}}, "SIZE_LIMIT_EXCEEDED", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body := f.do(http.MethodPost, f.env("/users"), tt.body)
			require.Equal(t, http.StatusBadRequest, status, body)
			assert.Equal(t, "INVALID_DATA", body["code"])
			detail := body["details"].([]any)[0]
			assert.Equal(t, tt.detail, path(detail, "code"))
			if tt.target != "" {
				assert.Contains(t, path(detail, "target"), tt.target)
			}
		})
	}
	t.Run("the existing user is named", func(t *testing.T) {
		t.Parallel()
		_, body := f.do(http.MethodPost, f.env("/users"), object{"username": taken["username"]})
		assert.Equal(t, taken["id"], path(body["details"].([]any)[0], "innerError", "existingId"))
	})
	t.Run("a body that is not an object", func(t *testing.T) {
		t.Parallel()
		status, body := f.do(http.MethodPost, f.env("/users"), []string{"a"})
		assert.Equal(t, http.StatusBadRequest, status)
		assert.Equal(t, "INVALID_REQUEST", body["code"])
	})
}

func TestUserReplaceAndMerge(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	full := object{
		"username": "full", "email": "full@example.com", "title": "T", "nickname": "N", "badge": "full-1",
		"name": object{"given": "G", "family": "F"}, "address": object{"locality": "L", "countryCode": "CH"},
		"skills": []string{"a", "b"}, "preferences": object{"x": 1}, "vehicles": []object{{"plate": "1"}},
		"photo": object{"href": "https://example.com/p"},
	}
	tests := map[string]struct {
		method string
		body   object
		want   object // by path; nil: absent
	}{
		"PATCH leaves the rest": {http.MethodPatch, object{"title": "new"}, object{"title": "new", "nickname": "N", "name.given": "G", "badge": "full-1", "email": "full@example.com"}},
		"PATCH null clears":     {http.MethodPatch, object{"title": nil, "badge": nil, "skills": nil}, object{"title": nil, "badge": nil, "skills": nil, "nickname": "N"}},
		"PATCH merges objects":  {http.MethodPatch, object{"name": object{"given": "new"}}, object{"name.given": "new", "name.family": "F"}},
		"PATCH null in objects": {http.MethodPatch, object{"name": object{"given": nil}}, object{"name.given": nil, "name.family": "F"}},
		"PATCH null for objects": {
			http.MethodPatch, object{"name": nil, "address": nil}, object{"name.given": nil, "name.family": nil, "address.locality": nil, "title": "T"},
		},
		"PATCH replaces arrays":          {http.MethodPatch, object{"skills": []string{"c"}}, object{"skills": []any{"c"}}},
		"PATCH replaces JSON attributes": {http.MethodPatch, object{"preferences": object{"y": 2}}, object{"preferences": map[string]any{"y": 2.0}}},
		"PATCH ignores what is read-only": {
			http.MethodPatch,
			object{"id": "x", "enabled": false, "createdAt": "x", "mfaEnabled": true, "population": object{"id": "x"}, "_links": object{}},
			object{"enabled": true, "mfaEnabled": false},
		},
		"PUT clears the rest": {
			http.MethodPut,
			object{"username": "other"},
			object{"username": "other", "email": nil, "title": nil, "name.given": nil, "badge": nil, "skills": nil, "photo.href": nil, "enabled": true},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, sim.Options{Users: 20})
			status, created := f.do(http.MethodPost, f.env("/users"), full)
			require.Equal(t, http.StatusCreated, status, created)
			id := created["id"].(string)
			status, answered := f.do(tt.method, f.env("/users/"+id), tt.body)
			require.Equal(t, http.StatusOK, status, answered)
			read := f.get(f.env("/users/" + id))
			assert.Equal(t, answered, read, "the answer is the whole resource")
			for attribute, want := range tt.want {
				got := path(read, strings.Split(attribute, ".")...)
				if want == nil {
					assert.Nil(t, got, attribute)
				} else {
					assert.Equal(t, want, got, attribute)
				}
			}
		})
	}
	t.Run("username cannot be cleared", func(t *testing.T) {
		t.Parallel()
		for _, method := range []string{http.MethodPatch, http.MethodPut} {
			status, body := f.do(method, f.env("/users/"+f.UserID(sim.EnvironmentAdministrators, 5)), object{"username": nil})
			assert.Equal(t, http.StatusBadRequest, status, body)
		}
	})
}

func TestUserDefaults(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	status, u := f.do(http.MethodPost, f.env("/users"), object{"username": "plain", "enabled": false})
	require.Equal(t, http.StatusCreated, status)
	assert.Equal(t, f.Populations(sim.EnvironmentAdministrators)["Default"], path(u, "population", "id"), "the default population")
	assert.Equal(t, true, u["enabled"], "read-only here")
	assert.Equal(t, "NO_PASSWORD", path(u, "_embedded", "password", "status"))
	assert.Equal(t, object{"canAuthenticate": true, "status": "OK"}, u["account"])
	assert.Nil(t, u["email"])
	assert.Nil(t, u["lastSignOn"])
}

// TestUsersReferToRows names populations and identity providers in new users.
func TestUsersReferToRows(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 20})
	employees := f.Populations(sim.EnvironmentAdministrators)["Employees"]
	provider := members(f.get(f.env("/identityProviders")), "identityProviders")[0]
	for name, tt := range map[string]struct {
		body   object
		status int
		target string // of the detail
	}{
		"both":                 {object{"population": object{"id": employees}, "identityProvider": object{"id": provider["id"]}}, 201, ""},
		"in capitals":          {object{"population": object{"id": strings.ToUpper(employees)}}, 201, ""},
		"what a row says":      {object{"identityProvider": object{"type": "PING_ONE"}}, 201, ""},
		"population of none":   {object{"population": object{"id": f.admin}}, 400, "population.id"},
		"provider of no row":   {object{"identityProvider": object{"id": f.admin}}, 400, "identityProvider.id"},
		"population not an id": {object{"population": object{"id": "Employees"}}, 400, "population.id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.body["username"] = name
			status, u := f.do(http.MethodPost, f.env("/users"), tt.body)
			require.Equal(t, tt.status, status, u)
			if tt.target != "" {
				assert.Equal(t, tt.target, path(u["details"].([]any)[0], "target"))
				return
			}
			if tt.body["population"] != nil {
				assert.Equal(t, employees, path(u, "population", "id"))
			}
			want, password := "PING_ONE", "NO_PASSWORD"
			if path(tt.body, "identityProvider", "id") != nil {
				want, password = provider["type"].(string), "EXTERNAL"
			}
			assert.Equal(t, want, path(u, "identityProvider", "type"))
			assert.Equal(t, password, path(u, "_embedded", "password", "status"))
		})
	}
}

func TestUserParts(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	populations := f.Populations(sim.EnvironmentAdministrators)
	tests := []struct {
		name, part string
		body       object
		status     int
		attribute  string // of the user afterwards
		want       any
	}{
		{"disable", "enabled", object{"enabled": false}, 200, "enabled", false},
		{"enabled is missing", "enabled", object{}, 400, "enabled", true},
		{"enabled is text", "enabled", object{"enabled": "no"}, 400, "enabled", true},
		{"MFA", "mfaEnabled", object{"mfaEnabled": true}, 200, "mfaEnabled", true},
		{"move", "population", object{"id": populations["Interns"]}, 200, "population.id", populations["Interns"]},
		{"move nowhere", "population", object{"id": f.admin}, 400, "population.id", populations["Default"]},
		{"move without id", "population", object{}, 400, "population.id", populations["Default"]},
		{"unknown identity provider", "identityProvider", object{"id": f.admin}, 400, "identityProvider.type", "PING_ONE"},
		{"verification", "verifyStatus", object{"verifyStatus": "ENABLED"}, 200, "verifyStatus", "ENABLED"},
		{"unknown verification", "verifyStatus", object{"verifyStatus": "MAYBE"}, 400, "verifyStatus", "NOT_INITIATED"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, created := f.do(http.MethodPost, f.env("/users"), object{"username": "parts " + tt.name})
			require.Equal(t, http.StatusCreated, status)
			address := f.env("/users/" + created["id"].(string))
			status, part := f.do(http.MethodPut, address+"/"+tt.part, tt.body)
			assert.Equal(t, tt.status, status, part)
			u := f.get(address)
			assert.Equal(t, tt.want, path(u, strings.Split(tt.attribute, ".")...))
			if status == http.StatusOK {
				read := f.get(address + "/" + tt.part)
				for name, v := range tt.body {
					assert.Equal(t, v, read[name])
				}
			}
		})
	}
}

func TestMovingAUserLeavesGroups(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	groups, populations := f.Groups(sim.EnvironmentAdministrators), f.Populations(sim.EnvironmentAdministrators)
	_, u := f.do(http.MethodPost, f.env("/users"), object{"username": "mover", "population": object{"id": populations["Employees"]}})
	address := f.env("/users/" + u["id"].(string))
	for _, name := range []string{"Team 2.1", "VPN"} {
		status, body := f.do(http.MethodPost, address+"/memberOfGroups", object{"id": groups[name]})
		require.Equal(t, http.StatusCreated, status, body)
	}
	status, body := f.do(http.MethodPost, address+"/memberOfGroups", object{"id": groups["Team 3.1"]})
	assert.Equal(t, http.StatusBadRequest, status, "a group of another population: %v", body)

	f.do(http.MethodPut, address+"/population", object{"id": populations["Interns"]})
	left := f.all(address+"/memberOfGroups", "groupMemberships")
	require.Len(t, left, 1)
	assert.Equal(t, "VPN", left[0]["name"])
}

func TestUserActions(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	const vendor = "application/vnd.pingidentity."
	tests := []struct {
		name, method, path, media string
		body                      any
		status                    int
		want                      string // status of the password
	}{
		{"lock", "POST", "", vendor + "account.lock+json", object{}, 200, ""},
		{"unlock", "POST", "", vendor + "account.unlock+json", object{}, 200, ""},
		{"plain JSON is no action", "POST", "", "application/json", object{}, 415, ""},
		{"set", "PUT", "/password", vendor + "password.set+json", object{"value": "correct horse"}, 200, "OK"},
		{"set and force a change", "PUT", "/password", vendor + "password.set+json", object{"value": "correct horse", "forceChange": true}, 200, "MUST_CHANGE_PASSWORD"},
		{"set too short", "PUT", "/password", vendor + "password.set+json", object{"value": "short"}, 400, ""},
		{"set too short past the policy", "PUT", "/password", vendor + "password.set+json", object{"value": "short", "bypassPolicy": true}, 200, "OK"},
		{"set nothing", "PUT", "/password", vendor + "password.set+json", object{}, 400, ""},
		{"unset", "PUT", "/password", vendor + "password.setValue+json", object{}, 200, "NO_PASSWORD"},
		{"reset by an administrator", "PUT", "/password", vendor + "password.reset+json", object{"newPassword": "correct horse"}, 200, "MUST_CHANGE_PASSWORD"},
		{"change with the old password", "PUT", "/password", vendor + "password.reset+json", object{"newPassword": "correct horse", "currentPassword": sim.UserPassword}, 200, "OK"},
		{"change with a wrong password", "PUT", "/password", vendor + "password.reset+json", object{"newPassword": "correct horse", "currentPassword": "wrong"}, 400, ""},
		{"set with plain JSON", "PUT", "/password", "application/json", object{"value": "correct horse"}, 415, ""},
		{"check", "POST", "/password", vendor + "password.check+json", object{"password": sim.UserPassword}, 200, "OK"},
		{"check a wrong one", "POST", "/password", vendor + "password.check+json", object{"password": "wrong"}, 400, ""},
		{"force a change", "POST", "/password", vendor + "password.forceChange", nil, 200, "MUST_CHANGE_PASSWORD"},
		{"force a change with +json", "POST", "/password", vendor + "password.forceChange+json", nil, 415, ""},
		{"unlock the password", "POST", "/password", vendor + "password.unlock", nil, 200, "OK"},
		{"send a recovery code", "POST", "/password", vendor + "password.sendRecoveryCode", nil, 200, "OK"},
		{"recover with a wrong code", "POST", "/password", vendor + "password.recover+json", object{"recoveryCode": "1", "newPassword": "correct horse"}, 400, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, sim.Options{Users: 10})
			address := f.env("/users/" + f.UserID(sim.EnvironmentAdministrators, 0))
			req := f.request(tt.method, address+tt.path, tt.body)
			req.Header.Set("Content-Type", tt.media)
			status, body := f.send(req)
			require.Equal(t, tt.status, status, body)
			if tt.want != "" {
				assert.Equal(t, tt.want, body["status"])
				assert.Equal(t, tt.want, path(f.get(address), "_embedded", "password", "status"))
			}
		})
	}
	t.Run("a locked account", func(t *testing.T) {
		t.Parallel()
		address := f.env("/users/" + f.UserID(sim.EnvironmentAdministrators, 1))
		req := f.request(http.MethodPost, address, object{})
		req.Header.Set("Content-Type", vendor+"account.lock+json")
		_, body := f.send(req)
		assert.Equal(t, "LOCKED", path(body, "account", "status"))
		assert.Equal(t, false, path(body, "account", "canAuthenticate"))
		assert.NotEmpty(t, path(body, "account", "lockedAt"))
	})
}

func TestImport(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	req := f.request(http.MethodPost, f.env("/users"), object{
		"username": "imported", "password": object{"value": "correct horse", "forceChange": true}, "mfaEnabled": true,
		"lifecycle": object{"status": "VERIFICATION_REQUIRED", "suppressVerificationCode": true},
	})
	req.Header.Set("Content-Type", "application/vnd.pingidentity.user.import+json")
	status, u := f.send(req)
	require.Equal(t, http.StatusCreated, status, u)
	assert.Equal(t, "MUST_CHANGE_PASSWORD", path(u, "_embedded", "password", "status"))
	assert.Equal(t, true, u["mfaEnabled"])
	assert.Equal(t, "VERIFICATION_REQUIRED", path(u, "lifecycle", "status"))
	assert.NotContains(t, u, "password")
}

func TestSingleReads(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	member := f.users(`memberOfGroups[id eq "` + f.Groups(sim.EnvironmentAdministrators)["Databases"] + `"]`)[0]["id"].(string)
	address := f.env("/users/" + member)
	plain := f.get(address)
	assert.NotContains(t, plain, "memberOfGroupIDs")
	assert.Equal(t, path(plain, "population", "id"), path(plain, "_embedded", "population", "id"))

	both := f.get(address + "?include=memberOfGroupIDs,memberOfGroupNames&expand=populations")
	memberships := f.all(address+"/memberOfGroups", "groupMemberships")
	require.NotEmpty(t, memberships)
	assert.Len(t, both["memberOfGroupIDs"], len(memberships))
	assert.Len(t, both["memberOfGroupNames"], len(memberships))
	for k, m := range memberships {
		assert.Equal(t, m["id"], both["memberOfGroupIDs"].([]any)[k])
		assert.Equal(t, m["name"], both["memberOfGroupNames"].([]any)[k])
	}
	assert.NotEmpty(t, path(both, "_embedded", "population", "userCount"))

	list := f.get(f.env("/users?limit=5&include=memberOfGroupIDs"))
	for _, u := range members(list, "users") {
		assert.NotContains(t, u, "memberOfGroupIDs", "not in lists")
		assert.NotContains(t, u, "_embedded")
	}
	upper := f.get(f.env("/users/" + strings.ToUpper(member)))
	assert.Equal(t, plain["id"], upper["id"])
	password := f.get(address + "/password?expand=passwordPolicy")
	assert.Equal(t, path(password, "passwordPolicy", "id"), path(password, "_embedded", "passwordPolicy", "id"))
}
