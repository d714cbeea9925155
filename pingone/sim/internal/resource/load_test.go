package resource_test

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

const good = `path: /environments/{env}/gateways
key: gateways
one: gateway
methods: list, create, read, replace, patch, delete
filters: {name: eq}
members:
  id: id
  environment: owner environments
  name: string required unique max 10
  kind: string default A one of A|B
  default: boolean exclusive
  createdAt: created
  state: string read-only
  region: string create-only
  size: integer min 1 max 9
  inner: object
  inner.list: object[]
  inner.list[].id: string required
  inner.list[].mark: string read-only
rows:
  - row: first
    name: one
    inner: {list: [{id: '@gateways/second', mark: kept}]}
  - row: second
    name: "@@two"
`

func file(text string) fs.FS { return fstest.MapFS{"g.yaml": &fstest.MapFile{Data: []byte(text)}} }

func load(t *testing.T) *resource.Set {
	t.Helper()
	set, err := resource.Load(file(good))
	require.NoError(t, err)
	return set
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	require.NoError(t, resource.Check(file(good), "users"))
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown word":         {"key: gateways", "kez: gateways", `unknown field "kez"`},
		"bad path":             {"/gateways\n", "/gateways/{id}\n", "g.yaml:1: a path is such as"},
		"unknown parent":       {"path: /environments/{env}/gateways", "path: /environments/{env}/cars/{car}/gateways", "g.yaml:1: no file declares cars"},
		"no noun":              {"one: gateway\n", "", "one is missing"},
		"unknown method":       {"list, create", "list, make", `g.yaml:4: methods has "make"`},
		"no list":              {"methods: list, ", "methods: ", "g.yaml:4: a collection needs the method list"},
		"row that lists":       {"key: gateways\n", "", "a resource without key is one row"},
		"filter on nothing":    {"filters: {name", "filters: {nane", "g.yaml:5: filters names nane, which is not a member"},
		"unknown operator":     {"{name: eq}", "{name: is}", `g.yaml:5: filters has "is"`},
		"unknown type":         {"string required unique", "text required unique", `"text" is not a type`},
		"unknown flag":         {"required unique", "required uniqe", `unknown field "uniqe"`},
		"owner not in path":    {"owner environments", "owner cars", `g.yaml:8: the path has no owner "cars"`},
		"object not declared":  {"  inner: object\n", "", "has no object above it"},
		"row without name":     {"- row: first\n    name", "- name", "a row needs a name"},
		"row twice":            {"row: second", "row: first", "row gateways/first is in g.yaml already"},
		"member not declared":  {"name: one", "name: one\n    colour: red", "colour is not declared"},
		"required is missing":  {"    name: one\n", "", "row first: name must not be null"},
		"value of wrong type":  {"name: one", "name: one\n    size: big", "row first: size must be a number"},
		"value out of range":   {"name: one", "name: one\n    size: 10", "row first: size is out of range"},
		"value not allowed":    {"name: one", "name: one\n    kind: C", "row first: kind is not an allowed value"},
		"reference to nothing": {"@gateways/second", "@gateways/third", "there is no row gateways/third"},
		"owners not named":     {"row: second", "row: second\n    of: first", "needs the names of 0 owning rows"},
		"order on nothing":     {"filters:", "order: [-age]\nfilters:", "order names age"},
		"page without default": {"filters:", "page: {most: 5}\nfilters:", "a page needs default and most"},
		"unknown permission":   {"filters:", "permission: {read: all}\nfilters:", `permission has "all"`},
		"part of nothing":      {"filters:", "parts: {x: {members: age, methods: read}}\nfilters:", "parts names age"},
		"variant of nothing":   {"filters:", "variant: age\nfilters:", "the variant age must be a member"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, good, c.old)
			err := resource.Check(file(strings.Replace(good, c.old, c.new, 1)), "users")
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
			assert.True(t, strings.HasPrefix(err.Error(), "g.yaml:"), err.Error())
		})
	}
}

func decode(t *testing.T, text string) (out map[string]any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&out))
	return out
}

func TestTake(t *testing.T) {
	t.Parallel()
	set := load(t)
	kind := set.Type("gateways")
	old := decode(t, `{"name":"a","state":"UP","region":"EU","inner":{"list":[{"id":"1","mark":"m"}]}}`)
	for name, c := range map[string]struct{ sent, old, want, code, target string }{
		"defaults":                     {sent: `{"name":"a"}`, want: `{"name":"a","kind":"A"}`},
		"unknown members are ignored":  {sent: `{"name":"a","kind":"B","colour":1}`, want: `{"name":"a","kind":"B"}`},
		"read-only members are kept":   {sent: `{"name":"b","kind":"A","state":"DOWN","region":"NA"}`, old: "old", want: `{"name":"b","kind":"A","state":"UP","region":"EU"}`},
		"replace clears":               {sent: `{"name":"b"}`, old: "old", want: `{"name":"b","kind":"A","state":"UP","region":"EU"}`},
		"items keep theirs by id":      {sent: `{"name":"b","inner":{"list":[{"id":"2"},{"id":"1"}]}}`, old: "old", want: `{"name":"b","kind":"A","state":"UP","region":"EU","inner":{"list":[{"id":"2"},{"id":"1","mark":"m"}]}}`},
		"fractions are cut":            {sent: `{"name":"a","size":3.7}`, want: `{"name":"a","kind":"A","size":3}`},
		"required is missing":          {sent: `{}`, code: "REQUIRED_VALUE", target: "name"},
		"required is null":             {sent: `{"name":null}`, code: "REQUIRED_VALUE", target: "name"},
		"required is empty":            {sent: `{"name":""}`, code: "EMPTY_VALUE", target: "name"},
		"too long":                     {sent: `{"name":"abcdefghijk"}`, code: "SIZE_LIMIT_EXCEEDED", target: "name"},
		"out of range":                 {sent: `{"name":"a","size":0}`, code: "OUT_OF_RANGE", target: "size"},
		"not allowed":                  {sent: `{"name":"a","kind":"C"}`, code: "INVALID_VALUE", target: "kind"},
		"wrong type":                   {sent: `{"name":1}`, code: "INVALID_VALUE", target: "name"},
		"no list":                      {sent: `{"name":"a","inner":{"list":{}}}`, code: "INVALID_VALUE", target: "inner.list"},
		"required in an item":          {sent: `{"name":"a","inner":{"list":[{}]}}`, code: "REQUIRED_VALUE", target: "inner.list[0].id"},
		"create-only is set by create": {sent: `{"name":"a","region":"NA"}`, want: `{"name":"a","kind":"A","region":"NA"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var before map[string]any
			if c.old != "" {
				before = old
			}
			got, problem := kind.Take(kind.Members, decode(t, c.sent), before, nil)
			if c.code != "" {
				require.NotNil(t, problem)
				assert.Equal(t, []string{c.code, c.target}, []string{problem.Code, problem.Target})
				return
			}
			require.Nil(t, problem)
			assert.Equal(t, decode(t, c.want), got)
		})
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	shape := &resource.Member{Children: []*resource.Member{{Name: "free", Kind: resource.Object}}}
	for name, c := range map[string]struct{ row, patch, want string }{
		"omitted stays":           {`{"a":1,"b":2}`, `{"a":3}`, `{"a":3,"b":2}`},
		"null clears":             {`{"a":1,"b":2}`, `{"a":null}`, `{"b":2}`},
		"objects merge":           {`{"a":{"x":1,"y":2}}`, `{"a":{"x":null,"z":3}}`, `{"a":{"y":2,"z":3}}`},
		"arrays replace":          {`{"a":[1,2]}`, `{"a":[3]}`, `{"a":[3]}`},
		"object replaces":         {`{"a":1}`, `{"a":{"x":1}}`, `{"a":{"x":1}}`},
		"any object is one value": {`{"free":{"x":1}}`, `{"free":{"y":2}}`, `{"free":{"y":2}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, decode(t, c.want), shape.Merge(decode(t, c.row), decode(t, c.patch)))
		})
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	set := load(t)
	kind := set.Type("gateways")
	s := resource.NewStore()
	set.Plant(s, "Administrators", false, func(address string) string { return "id of " + address }, func(_ *resource.Type, row, _ map[string]any) { row["createdAt"] = "then" })
	rows := s.Read("gateways")
	require.Equal(t, 2, rows.Len())
	first := rows.Row(0)
	assert.Equal(t, decode(t, `{"id":"id of gateways/first","name":"one","createdAt":"then","inner":{"list":[{"id":"id of gateways/second","mark":"kept"}]}}`), first.Members)
	assert.Equal(t, "@two", rows.Row(1).Members["name"])

	twin := &resource.Row{ID: "3", Members: map[string]any{"name": "ONE", "default": true}}
	problem := rows.Clash(kind, twin)
	require.NotNil(t, problem)
	assert.Equal(t, []string{"UNIQUENESS_VIOLATION", "name", first.ID}, []string{problem.Code, problem.Target, problem.InnerError.ExistingID})
	twin.Members["name"] = "three"
	require.Nil(t, rows.Clash(kind, twin))
	rows.Put(twin)
	fourth := &resource.Row{ID: "4", Members: map[string]any{"name": "four", "default": true}}
	rows.Put(fourth)
	rows.Yield(kind, fourth)
	assert.Equal(t, false, rows.Find("3").Members["default"])
	assert.Equal(t, true, rows.Find("4").Members["default"])

	s.At("gateways/" + first.ID + "/instances").Put(&resource.Row{ID: "5"})
	rows.Delete(first.ID)
	s.Forget("gateways/" + first.ID)
	assert.Nil(t, rows.Find(first.ID))
	assert.Nil(t, rows.Row(0), "the places of the others stay")
	assert.Zero(t, s.Read("gateways/"+first.ID+"/instances").Len())
	assert.Len(t, rows.All(), 3)
	assert.Equal(t, []string{"one"}, resource.Values(first.Members, "name"))
	assert.Equal(t, []string{"id of gateways/second"}, resource.Values(first.Members, "inner.list.id"))
}

// TestTakeRelates sends members that must be ids of rows, and those that stay.
func TestTakeRelates(t *testing.T) {
	t.Parallel()
	set, err := resource.Load(file(strings.Replace(good, "rows:\n", "  zone: string constant\n  twin: uuid ref gateways|cars\nrows:\n", 1)))
	require.NoError(t, err)
	kind := set.Type("gateways")
	const car, gone = "b7510814-e5a0-45f9-93b9-6332af2d0738", "b7510814-e5a0-45f9-93b9-6332af2d0739"
	exists := func(collection, id string) bool { return collection == "cars" && id == car }
	for name, c := range map[string]struct{ sent, old, want, code, target string }{
		"a row that is there":        {sent: `{"name":"a","twin":"` + car + `"}`, want: `{"name":"a","kind":"A","twin":"` + car + `"}`},
		"in capitals":                {sent: `{"name":"a","twin":"` + strings.ToUpper(car) + `"}`, want: `{"name":"a","kind":"A","twin":"` + car + `"}`},
		"a row that is not":          {sent: `{"name":"a","twin":"` + gone + `"}`, code: "INVALID_VALUE", target: "twin"},
		"one that is gone meanwhile": {sent: `{"name":"a","twin":"` + gone + `"}`, old: `{"name":"a","twin":"` + gone + `"}`, want: `{"name":"a","kind":"A","twin":"` + gone + `"}`},
		"a constant is set":          {sent: `{"name":"a","zone":"x"}`, want: `{"name":"a","kind":"A","zone":"x"}`},
		"a constant stays":           {sent: `{"name":"a"}`, old: `{"name":"a","zone":"x"}`, want: `{"name":"a","kind":"A","zone":"x"}`},
		"a constant is sent again":   {sent: `{"name":"a","zone":"x"}`, old: `{"name":"a","zone":"x"}`, want: `{"name":"a","kind":"A","zone":"x"}`},
		"a constant is changed":      {sent: `{"name":"a","zone":"y"}`, old: `{"name":"a","zone":"x"}`, code: "CONSTRAINT_VIOLATION", target: "zone"},
		"a constant comes later":     {sent: `{"name":"a","zone":"y"}`, old: `{"name":"a"}`, code: "CONSTRAINT_VIOLATION", target: "zone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var old map[string]any
			if c.old != "" {
				old = decode(t, c.old)
			}
			got, problem := kind.Take(kind.Members, decode(t, c.sent), old, exists)
			if c.code != "" {
				require.NotNil(t, problem)
				assert.Equal(t, []string{c.code, c.target}, []string{problem.Code, problem.Target})
				return
			}
			require.Nil(t, problem)
			assert.Equal(t, decode(t, c.want), got)
		})
	}
}
