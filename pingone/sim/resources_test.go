package sim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// resourceFile is what the test needs of a resource's file.
type resourceFile struct {
	IDs        string `yaml:"ids"`
	name       string
	Path       string                   `yaml:"path"`
	Key        string                   `yaml:"key"`
	Methods    string                   `yaml:"methods"`
	Permission struct{ Read string }    `yaml:"permission"`
	Page       struct{ Most int }       `yaml:"page"`
	Filters    map[string]string        `yaml:"filters"`
	Demands    string                   `yaml:"demands"`
	Order      []string                 `yaml:"order"`
	Count      bool                     `yaml:"count"`
	Members    yaml.MapSlice            `yaml:"members"`
	Variants   map[string]yaml.MapSlice `yaml:"variants"`
	Rows       []map[string]any         `yaml:"rows"`
}

func resourceFiles(t *testing.T) (out []resourceFile) {
	t.Helper()
	files, err := filepath.Glob("resources/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		r := resourceFile{name: strings.TrimSuffix(filepath.Base(name), ".yaml")}
		require.NoError(t, yaml.Unmarshal(raw, &r), name)
		if r.Demands == "" && r.IDs != "none" { // activities and metrics have tests of their own
			out = append(out, r)
		}
	}
	return out
}

func (r resourceFile) can(method string) bool {
	return slices.Contains(strings.Split(strings.ReplaceAll(r.Methods, " ", ""), ","), method)
}

// collections are the addresses of a resource: one for each row that owns some.
func (f *fixture) collections(t *testing.T, path string) []string {
	t.Helper()
	path = strings.Replace(path, "/environments/{env}", "/environments/"+f.admin, 1)
	head, rest, more := strings.Cut(path, "/{")
	if !more {
		return []string{path}
	}
	_, rest, _ = strings.Cut(rest, "}")
	key := head[strings.LastIndex(head, "/")+1:]
	var out []string
	for _, row := range members(f.get(head), key) {
		if len(out) < 40 { // of the users, the first are enough
			out = append(out, f.collections(t, head+"/"+row["id"].(string)+rest)...)
		}
	}
	return out
}

// rows reads all rows of a resource with their addresses.
func (f *fixture) rowsAt(t *testing.T, r resourceFile) (rows []map[string]any, addresses []string) {
	t.Helper()
	for _, address := range f.collections(t, r.Path) {
		status, body := f.do(http.MethodGet, address, nil)
		if status == http.StatusNotFound {
			continue // the owner has none, such as grants of platform applications
		}
		require.Equal(t, http.StatusOK, status, address)
		if r.Key == "" {
			rows, addresses = append(rows, body), append(addresses, address)
			continue
		}
		for _, row := range members(body, r.Key) {
			rows, addresses = append(rows, row), append(addresses, address+"/"+fmt.Sprint(row["id"]))
		}
	}
	return rows, addresses
}

// TestResourcesAreServed reads each resource as its file says.
func TestResourcesAreServed(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 100})
	for _, r := range resourceFiles(t) {
		t.Run(r.name, func(t *testing.T) {
			rows, addresses := f.rowsAt(t, r)
			require.NotEmpty(t, rows)
			refused := http.StatusMethodNotAllowed
			if r.Key != "" && !slices.ContainsFunc([]string{"read", "replace", "patch", "delete"}, r.can) {
				refused = http.StatusNotFound // rows have no address
			}
			for k, row := range rows {
				assert.Equal(t, f.url+"/v1"+addresses[k], href(row, "self"))
				if r.can("read") {
					single := f.get(addresses[k])
					if r.name == "users" {
						delete(single, "_embedded") // which lists do not have
					}
					assert.Equal(t, row, single, "a single read is the row of the list")
				} else {
					status, _ := f.do(http.MethodGet, addresses[k], nil)
					assert.Equal(t, refused, status)
				}
				for rel := range row["_links"].(map[string]any) {
					assert.True(t, strings.HasPrefix(href(row, rel), f.url+"/v1/"), rel)
				}
			}
			status, body := f.do("TRACE", addresses[0], nil)
			assert.Equal(t, refused, status, body)
			if r.Key == "" {
				return
			}
			address := addresses[0][:strings.LastIndex(addresses[0], "/")]
			page := f.get(address)
			assert.Equal(t, r.Count, page["count"] != nil, "count is there when it is declared")
			assert.EqualValues(t, len(members(page, r.Key)), page["size"])
			status, body = f.do(http.MethodGet, address+"/0c4f5d5e-1111-4c7e-9a4c-3f54e1b1ffff", nil)
			want := http.StatusNotFound
			switch {
			case r.name == "organizations", r.name == "environments":
				want = http.StatusForbidden
			case !r.can("read"):
				want = refused
			}
			assert.Equal(t, want, status, body)
			for method, verb := range map[string]string{"create": http.MethodPost, "replace": http.MethodPut, "patch": http.MethodPatch, "delete": http.MethodDelete} {
				at, want := addresses[0], refused
				if method == "create" {
					at, want = address, http.StatusMethodNotAllowed
				}
				if !r.can(method) {
					status, _ := f.do(verb, at, map[string]any{})
					assert.Equal(t, want, status, "%s %s", verb, at)
				}
			}
		})
	}
}

// TestResourcesAreFilled looks for members that no row has: a column over one
// would go through every test unseen.
func TestResourcesAreFilled(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 300})
	for _, r := range resourceFiles(t) {
		t.Run(r.name, func(t *testing.T) {
			rows, addresses := f.rowsAt(t, r)
			if asked := r.asked(); asked != "" {
				for k, address := range addresses {
					rows[k] = f.get(address + asked)
				}
			}
			all := slices.Clone(r.Members)
			for _, members := range r.Variants {
				all = append(all, members...)
			}
			for _, m := range all {
				name := strings.ReplaceAll(m.Key.(string), "[]", "")
				if r.writeOnly(name) {
					continue
				}
				assert.True(t, slices.ContainsFunc(rows, func(row map[string]any) bool { return dig(row, strings.Split(name, ".")) }), "no row has %s", name)
			}
		})
	}
}

// asked is the query that asks for the members that are not always there.
func (r resourceFile) asked() string {
	query := url.Values{}
	for _, m := range r.Members {
		for _, parameter := range []string{"include", "expand"} {
			if strings.Contains(m.Value.(string), " asked "+parameter) {
				query.Set(parameter, strings.Trim(query.Get(parameter)+","+m.Key.(string), ","))
			}
		}
	}
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

// writeOnly reports whether a member, or one above it, is never answered.
func (r resourceFile) writeOnly(name string) bool {
	return slices.ContainsFunc(r.Members, func(m yaml.MapItem) bool {
		return strings.HasPrefix(name+".", m.Key.(string)+".") && strings.Contains(m.Value.(string), " write-only")
	})
}

// dig reports whether there is a value at a path, through lists.
func dig(v any, names []string) bool {
	if list, ok := v.([]any); ok {
		return slices.ContainsFunc(list, func(item any) bool { return dig(item, names) })
	}
	if len(names) == 0 {
		return v != nil
	}
	object, ok := v.(map[string]any)
	return ok && dig(object[names[0]], names[1:])
}

// pagesOf follows the next links and gives the ids.
func (f *fixture) idsAlong(path, key string) (out []string) {
	for _, row := range f.all(path, key) {
		out = append(out, row["id"].(string))
	}
	return out
}

// TestResourcesPage reads collections by cursors, kind and unkind.
func TestResourcesPage(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 100})
	for _, r := range resourceFiles(t) {
		if r.Key == "" {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			_, addresses := f.rowsAt(t, r)
			address := addresses[0][:strings.LastIndex(addresses[0], "/")]
			want := f.idsAlong(address, r.Key)
			limited := f.get(address + "?limit=1")
			assert.Equal(t, r.Page.Most > 0 && len(want) > 1, href(limited, "next") != "", "limit means something where pages are declared")
			assert.Equal(t, want, f.idsAlong(address+"?limit=1", r.Key))
			require.NoError(t, f.SetUnkind("short-pages,empty-pages=2,json-order,json-spaces,json-escapes"))
			defer func() { require.NoError(t, f.SetUnkind("")) }()
			assert.Equal(t, want, f.idsAlong(address, r.Key), "unkind")
			status, _ := f.do(http.MethodGet, address+"?cursor=forged", nil)
			assert.Equal(t, http.StatusBadRequest, status)
		})
	}
}

// TestResourcesNeedPermission reads and writes with callers that may not.
func TestResourcesNeedPermission(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 100})
	directory, reader := f.tokenOf(sim.AppDirectoryOnly), f.tokenOf(sim.AppReadOnly)
	for _, r := range resourceFiles(t) {
		t.Run(r.name, func(t *testing.T) {
			_, addresses := f.rowsAt(t, r)
			as := func(token, method, address string) int {
				req := f.request(method, address, map[string]any{})
				req.Header.Set("Authorization", "Bearer "+token)
				status, _ := f.send(req)
				return status
			}
			open := strings.Contains(r.Permission.Read, "directory") || strings.Contains(r.Permission.Read, "everyone")
			method := http.MethodGet
			address := addresses[0]
			if !r.can("read") {
				address = address[:strings.LastIndex(address, "/")]
			}
			if open {
				assert.Equal(t, http.StatusOK, as(directory, method, address))
			} else {
				assert.Equal(t, http.StatusForbidden, as(directory, method, address))
			}
			if r.can("replace") {
				assert.Equal(t, http.StatusForbidden, as(reader, http.MethodPut, addresses[0]))
			}
			if r.can("delete") {
				assert.Equal(t, http.StatusForbidden, as(reader, http.MethodDelete, addresses[0]))
			}
		})
	}
}

// TestResourcesCanBeWritten makes a copy of a row, changes and deletes it.
func TestResourcesCanBeWritten(t *testing.T) {
	t.Parallel()
	for _, r := range resourceFiles(t) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, sim.Options{Users: 100})
			rows, addresses := f.rowsAt(t, r)
			row := rows[0]
			if r.can("create") {
				f.createsAndDeletes(t, r, row, addresses[0])
			}
			if k := slices.IndexFunc(rows, func(row map[string]any) bool { return row["schemaType"] == "CUSTOM" }); k > 0 {
				addresses[0] = addresses[k] // the other attributes are PingOne's own
			}
			if !r.can("replace") {
				return
			}
			before := f.get2(addresses[0], row)
			status, after := f.do(http.MethodPut, addresses[0], before)
			require.Equal(t, http.StatusOK, status, after)
			assert.Equal(t, withoutTimes(before), withoutTimes(after), "what was read can be put back")
			for _, name := range requiredOf(r, row) {
				broken := clone(t, before)
				delete(broken, name)
				status, refused := f.do(http.MethodPut, addresses[0], broken)
				assert.Equal(t, http.StatusBadRequest, status, name)
				assert.Equal(t, "REQUIRED_VALUE", path(refused["details"].([]any)[0], "code"))
				assert.Equal(t, name, path(refused["details"].([]any)[0], "target"))
			}
		})
	}
}

// get2 reads a row by itself, or from the list when there is no single read.
func (f *fixture) get2(address string, row map[string]any) map[string]any {
	if status, body := f.do(http.MethodGet, address, nil); status == http.StatusOK {
		return body
	}
	return row
}

func (f *fixture) createsAndDeletes(t *testing.T, r resourceFile, row map[string]any, address string) {
	t.Helper()
	collection := address[:strings.LastIndex(address, "/")]
	fresh := clone(t, row)
	forged := "0c4f5d5e-1111-4c7e-9a4c-3f54e1b1ffff"
	fresh["id"] = forged
	for _, m := range r.Members {
		if name := m.Key.(string); strings.Contains(m.Value.(string), " unique") {
			status, refused := f.do(http.MethodPost, collection, fresh)
			assert.Equal(t, http.StatusBadRequest, status)
			assert.Equal(t, "UNIQUENESS_VIOLATION", path(refused["details"].([]any)[0], "code"))
			fresh[name] = "another " + name
		} else if strings.Contains(m.Value.(string), " exclusive") {
			fresh[name] = false
		}
	}
	if strings.HasSuffix(r.name, "roleAssignments") {
		fresh["role"] = map[string]any{"id": "29ddce68-cd7f-4b2a-b6fc-f7a19553b496"}
		fresh["scope"] = map[string]any{"id": f.admin, "type": "ENVIRONMENT"}
	}
	if strings.HasSuffix(r.name, "memberOfGroups") {
		fresh["id"] = f.Groups(sim.EnvironmentAdministrators)["Empty"]
	}
	if r.name == "users.applicationRoles" {
		status, _ := f.do(http.MethodDelete, address, nil)
		assert.Equal(t, http.StatusNoContent, status)
		fresh["id"] = row["id"]
	}
	status, made := f.do(http.MethodPost, collection, fresh)
	require.Equal(t, http.StatusCreated, status, made)
	if r.IDs != "id" { // else it is a link to a row that is named
		assert.NotEqual(t, forged, made["id"], "a read-only member is ignored")
	}
	at := collection + "/" + made["id"].(string)
	assert.Equal(t, f.url+"/v1"+at, href(made, "self"))
	if r.can("read") {
		assert.Equal(t, made, f.get(at))
	}
	if r.can("delete") {
		status, _ := f.do(http.MethodDelete, at, nil)
		assert.Equal(t, http.StatusNoContent, status)
		status, _ = f.do(http.MethodDelete, at, nil)
		if r.name == "environments" {
			assert.Equal(t, http.StatusForbidden, status)
		} else {
			assert.Equal(t, http.StatusNotFound, status)
		}
		assert.NotContains(t, f.idsAlong(collection, r.Key), made["id"])
	}
}

// requiredOf are the top members that a row must have.
func requiredOf(r resourceFile, row map[string]any) (out []string) {
	all := slices.Clone(r.Members)
	for kind, members := range r.Variants {
		if slices.Contains([]any{row["protocol"], row["type"], row["deliveryMethod"]}, any(kind)) {
			all = append(all, members...)
		}
	}
	for _, m := range all {
		name, text := m.Key.(string), m.Value.(string)
		if strings.Contains(text, " required") && !strings.ContainsAny(text, "-") && !strings.Contains(text, "default") && !strings.Contains(name, ".") {
			out = append(out, name)
		}
	}
	return out
}

func clone(t *testing.T, row map[string]any) (out map[string]any) {
	t.Helper()
	raw, err := json.Marshal(row)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

func withoutTimes(row map[string]any) map[string]any {
	out := make(map[string]any)
	for name, v := range row {
		if name != "updatedAt" && name != "modified" {
			out[name] = v
		}
	}
	return out
}

// TestResourceActions does what a media type names.
func TestResourceActions(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 100})
	domain := members(f.get(f.env("/customDomains")), "customDomains")[1]
	at := f.env("/customDomains/" + domain["id"].(string))
	post := func(media string) (int, map[string]any) {
		req := f.request(http.MethodPost, at, map[string]any{})
		req.Header.Set("Content-Type", media)
		return f.send(req)
	}
	assert.Equal(t, "VERIFICATION_REQUIRED", domain["status"])
	status, body := post("application/json")
	assert.Equal(t, http.StatusUnsupportedMediaType, status, body)
	status, body = post("application/vnd.pingidentity.domainName.verify+json")
	assert.Equal(t, http.StatusOK, status, body)
	assert.Equal(t, "SSL_CERTIFICATE_REQUIRED", f.get(at)["status"])
}

// TestResourceParts reads and sets members by addresses of their own.
func TestResourceParts(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 100})
	themes := members(f.get(f.env("/themes")), "themes")
	require.Equal(t, []any{true, false}, []any{themes[0]["default"], themes[1]["default"]})
	second := f.env("/themes/" + themes[1]["id"].(string))
	status, body := f.do(http.MethodPut, second+"/default", map[string]any{"default": true})
	require.Equal(t, http.StatusOK, status, body)
	assert.Equal(t, true, f.get(second + "/default")["default"])
	assert.Equal(t, false, f.get(f.env("/themes/" + themes[0]["id"].(string)))["default"], "there is one default")
	status, _ = f.do(http.MethodPut, second+"/default", map[string]any{})
	assert.Equal(t, http.StatusBadRequest, status)
}

// TestResourcesGoWithTheirOwner deletes a row that owns others.
func TestResourcesGoWithTheirOwner(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 100})
	agreement := members(f.get(f.env("/agreements")), "agreements")[0]
	at := f.env("/agreements/" + agreement["id"].(string))
	require.NotEmpty(t, members(f.get(at+"/languages"), "languages"))
	status, _ := f.do(http.MethodDelete, at, nil)
	require.Equal(t, http.StatusNoContent, status)
	status, _ = f.do(http.MethodGet, at+"/languages", nil)
	assert.Equal(t, http.StatusNotFound, status)
}

// textAt is a value at a path as a filter compares it; false when there is none.
func textAt(row any, names []string) (string, bool) {
	if list, ok := row.([]any); ok && len(list) > 0 {
		row = list[0]
	}
	if len(names) == 0 {
		return fmt.Sprint(row), row != nil
	}
	object, _ := row.(map[string]any)
	return textAt(object[names[0]], names[1:])
}

// TestResourcesFilter tries each declared filter on the values of the rows, and
// what is not declared.
func TestResourcesFilter(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 100})
	for _, r := range resourceFiles(t) {
		if len(r.Filters) == 0 {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			rows, addresses := f.rowsAt(t, r)
			address := addresses[0][:strings.LastIndex(addresses[0], "/")]
			code := func(filter string) any {
				_, body := f.do(http.MethodGet, address+"?filter="+url.QueryEscape(filter), nil)
				details, _ := body["details"].([]any)
				require.NotEmpty(t, details, "%s: %v", filter, body)
				return path(details[0], "code")
			}
			for attribute, operators := range r.Filters {
				k := slices.IndexFunc(rows, func(row map[string]any) bool {
					_, has := textAt(row, strings.Split(attribute, "."))
					return has
				})
				require.GreaterOrEqual(t, k, 0, attribute)
				value, _ := textAt(rows[k], strings.Split(attribute, "."))
				for op := range strings.FieldsSeq(operators) {
					filter := attribute + " " + op + ` "` + strings.ReplaceAll(value, `"`, `\"`) + `"`
					found := f.idsAlong(address+"?filter="+url.QueryEscape(filter), r.Key)
					itself := op != "lt" && op != "gt" && op != "ne"
					assert.Equal(t, itself, slices.Contains(found, rows[k]["id"].(string)), filter)
				}
				assert.Equal(t, "INVALID_FILTER", code(attribute+` co "x"`))
				require.NoError(t, f.SetUnkind("refuse-filter="+attribute))
				op, _, _ := strings.Cut(operators, " ")
				assert.Equal(t, "INVALID_FILTER", code(attribute+" "+op+` "x"`))
				require.NoError(t, f.SetUnkind(""))
			}
			assert.Equal(t, "INVALID_FILTER", code(`nothing eq "x"`))
		})
	}
}

// TestResourcesOrder reads in each declared order, in pages.
func TestResourcesOrder(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 100})
	for _, r := range resourceFiles(t) {
		for _, order := range r.Order {
			t.Run(r.name+" "+order, func(t *testing.T) {
				_, addresses := f.rowsAt(t, r)
				address := addresses[0][:strings.LastIndex(addresses[0], "/")]
				attribute, descending := strings.CutPrefix(order, "-")
				var values []string
				for _, row := range f.all(address+"?limit=1&order="+order, r.Key) {
					values = append(values, row[attribute].(string))
				}
				require.Greater(t, len(values), 1)
				if descending {
					slices.Reverse(values)
				}
				assert.True(t, slices.IsSorted(values), values)
			})
		}
	}
}

// TestApplicationRolesHaveTwoSides: what a user is given, the role's users show.
func TestApplicationRolesHaveTwoSides(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 20})
	roles := f.idsAlong(f.env("/applicationRoles"), "applicationRoles")
	user := f.users("")[7]["id"].(string)
	held, users := f.env("/users/"+user+"/applicationRoles"), f.env("/applicationRoles/"+roles[0]+"/users")
	for _, step := range []struct {
		method, address string
		body            any
		status          int
		there           bool
	}{
		{http.MethodPost, held, object{"id": roles[0]}, http.StatusCreated, true},
		{http.MethodPost, held, object{"id": f.admin}, http.StatusBadRequest, true},
		{http.MethodDelete, held + "/" + roles[0], nil, http.StatusNoContent, false},
	} {
		status, body := f.do(step.method, step.address, step.body)
		assert.Equal(t, step.status, status, body)
		assert.Equal(t, step.there, slices.Contains(f.idsAlong(users, "users"), user), "%s %s", step.method, step.address)
		assert.Equal(t, step.there, slices.Contains(f.idsAlong(held, "applicationRoles"), roles[0]))
	}
}
