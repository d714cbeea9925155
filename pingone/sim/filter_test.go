package sim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

func TestFiltersRefused(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	users, groups, populations := f.env("/users"), f.env("/groups"), f.env("/populations")
	licenses := "/organizations/" + f.OrganizationID() + "/licenses"
	tests := []struct{ name, path, filter string }{
		{"ne", users, `username ne "a"`},
		{"pr", users, `email pr`},
		{"not", users, `not (email eq "a")`},
		{"gt", users, `username gt "a"`},
		{"createdAt", users, `createdAt ge "2024-01-01T00:00:00Z"`},
		{"mfaEnabled", users, `mfaEnabled eq true`},
		{"account.status", users, `account.status eq "OK"`},
		{"lastSignOn.at", users, `lastSignOn.at eq "x"`},
		{"id on users", users, `id eq "7d0f2a54-3c55-4d3a-9d0c-000000000000"`},
		{"co", users, `name.given co "a"`},
		{"ew on username", users, `username ew "a"`},
		{"sw on population.id", users, `population.id sw "a"`},
		{"attribute in another case", users, `userNAME eq "a"`},
		{"JSON attribute", users, `preferences eq "a"`},
		{"multi-valued JSON attribute", users, `vehicles sw "a"`},
		{"disabled attribute", users, `legacyId eq "a"`},
		{"ew on a custom attribute", users, `badge ew "1"`},
		{"bare word", users, `username eq ada`},
		{"number", users, `username eq 5`},
		{"null", users, `email eq null`},
		{"no operator", users, `username`},
		{"no value", users, `username eq`},
		{"open parenthesis", users, `(username eq "a"`},
		{"closing parenthesis", users, `username eq "a")`},
		{"open string", users, `username eq "a`},
		{"unknown escape", users, `username eq "\q"`},
		{"empty parentheses", users, `()`},
		{"two conditions", users, `username eq "a" email eq "b"`},
		{"dangling and", users, `username eq "a" and`},
		{"other value path", users, `emails[type eq "work"]`},
		{"value path without id", users, `memberOfGroups[type eq "DIRECT"]`},
		{"value path with or", users, `memberOfGroups[id eq "a" or id eq "b"]`},
		{"value path with sw", users, `memberOfGroups[id sw "a"]`},
		{"value path with another type", users, `memberOfGroups[id eq "a" and type eq "BOTH"]`},
		{"too deep", users, strings.Repeat("(", 40) + `username eq "a"` + strings.Repeat(")", 40)},
		{"description of groups", groups, `description eq "a"`},
		{"ew on groups", groups, `name ew "a"`},
		{"sw on group ids", groups, `id sw "a"`},
		{"userCount of populations", populations, `userCount eq "3"`},
		{"sw on population ids", populations, `id sw "a"`},
		{"value path on populations", populations, `memberOfGroups[id eq "a"]`},
		{"or on environments", "/environments", `name sw "A" or name sw "B"`},
		{"name eq on environments", "/environments", `name eq "Administrators"`},
		{"type of environments", "/environments", `type eq "SANDBOX"`},
		{"name eq on organizations", "/organizations", `name eq "a"`},
		{"sw on licenses", licenses, `name sw "M"`},
		{"gt on licenses", licenses, `beginsAt gt "2024-01-01"`},
		{"memberships", f.env("/users/" + f.UserID(sim.EnvironmentAdministrators, 0) + "/memberOfGroups"), `name eq "a"`},
		{"roles by name", f.env("/roles"), `name eq "a"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, body := f.do(http.MethodGet, tt.path+"?filter="+url.QueryEscape(tt.filter), nil)
			require.Equal(t, http.StatusBadRequest, status, body)
			assert.Equal(t, "INVALID_REQUEST", body["code"])
			detail := body["details"].([]any)[0]
			assert.Equal(t, "INVALID_FILTER", path(detail, "code"))
			assert.Equal(t, "filter", path(detail, "target"))
			assert.NotEmpty(t, path(detail, "message"))
		})
	}
	t.Run("what is supported is told", func(t *testing.T) {
		t.Parallel()
		_, body := f.do(http.MethodGet, users+"?filter=x+eq+%22y%22", nil)
		inner := path(body["details"].([]any)[0], "innerError")
		assert.Equal(t, []any{"and", "eq", "ew", "or", "sw"}, path(inner, "supportedOperators"))
		for _, name := range []string{"username", "address.countryCode", "memberOfGroups[id]", "cost-center", "population.id"} {
			assert.Contains(t, path(inner, "supportedAttributes"), name)
		}
		_, body = f.do(http.MethodGet, "/environments?filter=name+eq+%22y%22", nil)
		inner = path(body["details"].([]any)[0], "innerError")
		assert.Equal(t, []any{"sw"}, path(inner, "supportedOperators"), "for this attribute")
		assert.Equal(t, []any{"id", "license.id", "name", "organization.id", "status"}, path(inner, "supportedAttributes"))
	})
}

// value of a member by its path; "" when there is none.
func value(u map[string]any, attribute string) string {
	v := path(u, strings.Split(attribute, ".")...)
	if v == nil {
		v = u[attribute]
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// TestFiltersFind compares every supported attribute and operator with a scan of
// all users, for values that users have, in their case and in others.
func TestFiltersFind(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 250})
	all := f.users("")
	core := map[string][]string{"email": {"eq", "sw", "ew"}, "name.given": {"eq", "sw", "ew"}, "name.family": {"eq", "sw", "ew"}, "enabled": {"eq", "sw"}, "population.id": {"eq"}}
	for _, name := range []string{
		"username", "externalId", "accountId", "name.middle", "name.formatted", "name.honorificPrefix", "name.honorificSuffix",
		"nickname", "title", "type", "address.streetAddress", "address.locality", "address.region", "address.postalCode",
		"address.countryCode", "locale", "preferredLanguage", "timezone", "mobilePhone", "primaryPhone", "photo.href",
	} {
		core[name] = []string{"eq", "sw"}
	}
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	compare := map[string]func(a, b string) bool{"eq": strings.EqualFold, "sw": foldedPrefix, "ew": foldedSuffix}
	for attribute, ops := range core {
		t.Run(attribute, func(t *testing.T) {
			t.Parallel()
			sample := distinct(all, attribute, 3)
			require.NotEmpty(t, sample)
			for _, op := range ops {
				for _, v := range sample {
					for _, wanted := range []string{part(v, op), strings.ToUpper(part(v, op)), strings.ToLower(part(v, op))} {
						want := 0
						for _, u := range all {
							if got := value(u, attribute); got != "" && compare[op](got, wanted) {
								want++
							}
						}
						filter := attribute + " " + op + ` "` + quote.Replace(wanted) + `"`
						assert.Len(t, f.users(filter), want, filter)
					}
				}
			}
		})
	}
}

func distinct(all []map[string]any, attribute string, n int) (out []string) {
	seen := map[string]bool{}
	for _, u := range all {
		if v := value(u, attribute); v != "" && !seen[v] && len(out) < n {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

// part is what an operator is given to find a value.
func part(v, op string) string {
	runes := []rune(v)
	switch op {
	case "sw":
		return string(runes[:(len(runes)+1)/2])
	case "ew":
		return string(runes[len(runes)/2:])
	}
	return v
}

func foldedPrefix(s, prefix string) bool {
	a, b := []rune(s), []rune(prefix)
	return len(a) >= len(b) && strings.EqualFold(string(a[:len(b)]), prefix)
}

func foldedSuffix(s, suffix string) bool {
	a, b := []rune(s), []rune(suffix)
	return len(a) >= len(b) && strings.EqualFold(string(a[len(a)-len(b):]), suffix)
}

func TestFiltersOnCustomAttributes(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 400})
	all := f.users("")
	for _, attribute := range []string{"badge", "cost-center", "skills", "clearance", "2ndPhone", "userName", "employeetype", "büro:nr"} {
		t.Run(attribute, func(t *testing.T) {
			t.Parallel()
			holders := map[string]int{}
			for _, u := range all {
				switch v := u[attribute].(type) {
				case string:
					holders[v]++
				case []any:
					for _, item := range v {
						holders[item.(string)]++
					}
				}
			}
			require.NotEmpty(t, holders)
			tried := 0
			for v, n := range holders {
				if tried++; tried > 25 {
					break
				}
				filter := attribute + ` eq "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
				require.Len(t, f.users(filter), n, filter)
			}
		})
	}
}

func TestFiltersCombine(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 400})
	all := f.users("")
	n := func(keep func(u map[string]any) bool) (n int) {
		for _, u := range all {
			if keep(u) {
				n++
			}
		}
		return n
	}
	is := func(u map[string]any, attribute, want string) bool {
		return strings.EqualFold(value(u, attribute), want)
	}
	intern := func(u map[string]any) bool { return is(u, "type", "Intern") }
	partner := func(u map[string]any) bool { return is(u, "type", "Partner") }
	enabled := func(u map[string]any) bool { return value(u, "enabled") == "true" }
	german := func(u map[string]any) bool { return is(u, "address.countryCode", "DE") }
	tests := map[string]struct {
		filter string
		want   int
	}{
		"and":                     {`type eq "Intern" and enabled eq true`, n(func(u map[string]any) bool { return intern(u) && enabled(u) })},
		"or":                      {`type eq "Intern" or type eq "Partner"`, n(func(u map[string]any) bool { return intern(u) || partner(u) })},
		"upper-case keywords":     {`type EQ "Intern" OR type Eq "Partner"`, n(func(u map[string]any) bool { return intern(u) || partner(u) })},
		"and binds tighter":       {`type eq "Intern" or type eq "Partner" and enabled eq "false"`, n(func(u map[string]any) bool { return intern(u) || partner(u) && !enabled(u) })},
		"parentheses":             {`((type eq "Intern") OR (type eq "Partner")) AND (enabled eq "FALSE")`, n(func(u map[string]any) bool { return (intern(u) || partner(u)) && !enabled(u) })},
		"blanks":                  {"  type   eq\t\"Intern\"  and(address.countryCode eq \"de\")", n(func(u map[string]any) bool { return intern(u) && german(u) })},
		"nobody":                  {`type eq "Intern" and type eq "Partner"`, 0},
		"dates are never set":     {`startDate eq "2024-01-01"`, 0},
		"unknown population":      {`population.id eq "7d0f2a54-3c55-4d3a-9d0c-000000000000"`, 0},
		"unknown group":           {`memberOfGroups[id eq "7d0f2a54-3c55-4d3a-9d0c-000000000000"]`, 0},
		"unicode escape in value": {`type eq "\u0049ntern"`, n(intern)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Len(t, f.users(tt.filter), tt.want)
			if strings.Contains(tt.filter, "Intern") && tt.want == 0 && name != "nobody" {
				t.Error("the filter finds nobody, so it shows nothing")
			}
		})
	}
	t.Run("blank as plus and as %20", func(t *testing.T) {
		t.Parallel()
		plus := f.get(f.env("/users?limit=1&filter=type+eq+%22Intern%22"))
		percent := f.get(f.env("/users?limit=1&filter=type%20eq%20%22Intern%22"))
		assert.EqualValues(t, n(intern), plus["count"])
		assert.Equal(t, plus["count"], percent["count"])
	})
	t.Run("a long chain of usernames", func(t *testing.T) {
		t.Parallel()
		var parts []string
		for _, u := range all[:60] {
			name := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value(u, "username"))
			parts = append(parts, `(username eq "`+name+`")`)
		}
		got := f.all(f.env("/users?limit=7&filter="+url.QueryEscape(strings.Join(parts, " OR "))), "users")
		assert.Len(t, got, 60)
	})
}

func TestFiltersOnOtherResources(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	group := f.Groups(sim.EnvironmentAdministrators)["Engineering"]
	population := f.Populations(sim.EnvironmentAdministrators)["Employees"]
	licenses := "/organizations/" + f.OrganizationID() + "/licenses"
	tests := []struct {
		name, path, filter, key string
		want                    int
	}{
		{"environment by start of name", "/environments", `name sw "partner"`, "environments", 1},
		{"environment by id", "/environments", `id eq "` + f.admin + `"`, "environments", 1},
		{"environments of the organization", "/environments", `organization.id eq "` + f.OrganizationID() + `"`, "environments", 4},
		{"environments of a license", "/environments", `license.id eq "` + f.LicenseID() + `" and status eq "ACTIVE"`, "environments", 3},
		{"environments deleted", "/environments", `status eq "DELETE_PENDING"`, "environments", 1},
		{"organization", "/organizations", `name sw "Acme"`, "organizations", 1},
		{"license by status", licenses, `status eq "ACTIVE" or name eq "x"`, "licenses", 1},
		{"license by begin", licenses, `beginsAt lt "2025-01-01T00:00:00.000Z"`, "licenses", 3},
		{"licenses that begin later", licenses, `beginsAt lt "2012-01-01T00:00:00.000Z"`, "licenses", 0},
		{"licenses by package", licenses, `package eq "TRIAL" or status eq "FUTURE"`, "licenses", 2},
		{"population by id", f.env("/populations"), `id eq "` + population + `"`, "populations", 1},
		{"populations by name", f.env("/populations"), `((name eq "employees") OR (name sw "Board"))`, "populations", 2},
		{"group by id", f.env("/groups"), `id eq "` + strings.ToUpper(group) + `"`, "groups", 1},
		{"groups by name, in any case", f.env("/groups"), `name eq "ENGINEERING"`, "groups", 2},
		{"groups by start of name", f.env("/groups"), `name sw "Team 1."`, "groups", 2},
		{"groups by external id", f.env("/groups"), `externalId sw "app|" and name sw "Support"`, "groups", 2},
		{"groups of a population", f.env("/groups"), `population.id eq "` + population + `"`, "groups", 3},
		{"groups nested anyhow", f.env("/groups"), `memberOfGroups[id eq "` + group + `"]`, "groups", 3},
		{"groups nested directly", f.env("/groups"), `memberOfGroups[id eq "` + group + `" and type eq "DIRECT"]`, "groups", 1},
		{"groups nested indirectly", f.env("/groups"), `memberOfGroups[type eq "indirect" and id eq "` + group + `"]`, "groups", 2},
		{"platform roles", f.env("/roles"), `type eq "PLATFORM"`, "roles", 6},
		{"custom roles", f.env("/roles"), `type eq "CUSTOM"`, "roles", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Len(t, f.all(tt.path+"?filter="+url.QueryEscape(tt.filter), tt.key), tt.want)
		})
	}
}

func TestUnconfirmedFilters(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Unconfirmed: true})
	id := f.UserID(sim.EnvironmentAdministrators, 7)
	found := f.users(`id eq "` + id + `"`)
	require.Len(t, found, 1)
	assert.Equal(t, id, found[0]["id"])
	assert.NotEmpty(t, f.users(`name.family co "o"`))
	assert.Empty(t, f.users(`id eq "7"`))
}
