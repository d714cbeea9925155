//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

const (
	coreTerm         = "@Org.OData.Core.V1."
	capabilitiesTerm = "@Org.OData.Capabilities.V1."
	applyTerm        = "@Org.OData.Aggregation.V1.ApplySupported"
)

// element is an element of $metadata as JSON: what it says of itself and its members.
type element map[string]json.RawMessage

func (e element) member(name string) (out element) {
	_ = json.Unmarshal(e[name], &out)
	return out
}

func (e element) texts(name string) (out []string) {
	_ = json.Unmarshal(e[name], &out)
	return out
}

func (e element) text(name string) (out string) {
	_ = json.Unmarshal(e[name], &out)
	return out
}

// claim is true where the element says so.
func (e element) claim(name string) bool { return string(e[name]) == "true" }

// prober tries what $metadata says of a service.
type prober struct {
	t               *testing.T
	root            string
	types, sets     element
	tried, declared map[string]bool // terms
}

// ask sends a request and gives the status of its answer.
func (p *prober) ask(method, address, body string, header ...string) (int, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.root+address, strings.NewReader(body))
	require.NoError(p.t, err)
	r.Header.Set("OData-MaxVersion", "4.01")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	return resp.StatusCode, string(text)
}

// answers asks for a set with options, and compares whether it is answered.
func (p *prober) answers(claimed bool, term, address string, options ...string) {
	p.t.Helper()
	p.tried[term] = true
	for i, o := range options {
		name, value, _ := strings.Cut(o, "=")
		address += map[bool]string{true: "?", false: "&"}[i == 0] + name + "=" + url.QueryEscape(value)
	}
	if status, body := p.ask(http.MethodGet, address, ""); (status == http.StatusOK) != claimed {
		p.t.Errorf("%s is claimed to be %v, and %s answers %d %s", term, claimed, address, status, body)
	}
}

// never are the statuses of changes that are not done, whatever they say.
var never = []int{http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented}

// changes sends a change of what isn't there: it is refused as something that can't be
// changed, with one of the statuses, or, if that is claimed, for another reason.
func (p *prober) changes(claimed bool, term, method, address, body string, refusals ...int) {
	p.t.Helper()
	p.tried[term] = true
	status, text := p.ask(method, address, body)
	refused := slices.Contains(never, status) || slices.Contains(refusals, status)
	if refused == claimed || status >= http.StatusInternalServerError && status != http.StatusNotImplemented {
		p.t.Errorf("%s is claimed to be %v, and %s %s %s answers %d %s", term, claimed, method, address, body, status, text)
	}
}

// key is the address of an entity that isn't there.
func (p *prober) key(set string) string {
	entity := p.entity(set)
	var parts []string
	keys := entity.texts("$Key")
	for _, name := range keys {
		value := map[string]string{
			"Edm.Guid": "0a0a0a0a-0000-4000-8000-000000000009", "": "'nobody'", "Edm.Int32": "9", "Edm.Int64": "9", "Edm.DateTimeOffset": "2020-01-01T00:00:00Z", "Edm.Boolean": "true",
		}[entity.member(name).text("$Type")]
		if len(keys) > 1 {
			value = name + "=" + value
		}
		parts = append(parts, value)
	}
	return set + "(" + strings.Join(parts, ",") + ")"
}

func (p *prober) entity(set string) element {
	return p.types.member(strings.TrimPrefix(p.sets.member(set).text("$Type"), "PingOne."))
}

// properties of a type, those to other entities apart.
func (e element) properties() (own, navigations []string) {
	for _, name := range slices.Sorted(maps.Keys(e)) {
		switch {
		case strings.ContainsAny(name, "$@"):
		case e.member(name).text("$Kind") == "NavigationProperty":
			navigations = append(navigations, name)
		default:
			own = append(own, name)
		}
	}
	return own, navigations
}

// TestCapabilities tries what $metadata says of every set and of the service: what is said
// to be answered is, and what is said to be refused is refused.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 20}, MaxAffected: 5})
	web := s.Serve(t, testkit.WebOptions{})
	p := &prober{t: t, root: web.URL + "/odata/pingone/Administrators/", tried: map[string]bool{}, declared: map[string]bool{}}
	status, text := p.ask(http.MethodGet, "$metadata?$format=json", "")
	require.Equal(t, http.StatusOK, status, text)
	var document element
	require.NoError(t, json.Unmarshal([]byte(text), &document))
	p.types = document.member("PingOne")
	p.sets = p.types.member("Container")
	sets := 0
	for name := range p.sets {
		if p.sets.member(name).claim("$Collection") {
			sets++
			p.set(name)
		}
	}
	assert.Greater(t, sets, 30)
	p.container()
	for _, e := range []element{p.sets, p.sets.member("Users"), p.sets.member("Groups")} {
		for name := range e {
			p.declared[name] = strings.HasPrefix(name, "@")
		}
	}
	for term, annotation := range p.declared {
		known := []string{coreTerm + "Description", coreTerm + "OptimisticConcurrency", coreTerm + "ODataVersions", capabilitiesTerm + "AsynchronousRequestsSupported"}
		if annotation && !p.tried[term] && !slices.Contains(known, term) { // the others have tests of their own
			t.Errorf("%s is never tried", term)
		}
	}
}

// set tries what is said of a set.
func (p *prober) set(name string) {
	at := func(term string) element { return p.sets.member(name).member(capabilitiesTerm + term) }
	entity := p.entity(name)
	own, navigations := entity.properties()
	sorts := at("SortRestrictions").texts("NonSortableProperties")
	var conditions, orders []string
	for _, property := range own {
		condition := property + " eq null"
		if entity.member(property).claim("$Collection") {
			condition = property + "/any(x:x eq 'a')"
		}
		conditions = append(conditions, condition)
		if !slices.Contains(sorts, property) {
			orders = append(orders, property)
		}
	}
	none := "$top=0"
	tag := func(term string) {
		p.answers(p.sets.member(name).claim(capabilitiesTerm+term), capabilitiesTerm+term, name, tags[term]...)
	}
	tag("TopSupported")
	tag("SkipSupported")
	tag("ComputeSupported")
	p.answers(at("FilterRestrictions").claim("Filterable"), capabilitiesTerm+"FilterRestrictions", name, none, "$filter="+strings.Join(conditions, " or "))
	p.answers(at("SortRestrictions").claim("Sortable"), capabilitiesTerm+"SortRestrictions", name, none, "$orderby="+strings.Join(orders, ","))
	for _, list := range sorts {
		p.answers(false, capabilitiesTerm+"SortRestrictions", name, none, "$orderby="+list)
	}
	p.answers(at("SearchRestrictions").claim("Searchable"), capabilitiesTerm+"SearchRestrictions", name, none, "$search=x")
	_, tracked := p.ask(http.MethodGet, name+"?$filter=false", "", "Prefer", "track-changes")
	p.tried[capabilitiesTerm+"ChangeTracking"] = true
	assert.Equal(p.t, at("ChangeTracking").claim("Supported"), strings.Contains(tracked, `"@deltaLink"`), name)
	p.answers(at("CountRestrictions").claim("Countable"), capabilitiesTerm+"CountRestrictions", name, none, "$count=true", "$filter=false")
	if navigations != nil {
		p.answers(at("ExpandRestrictions").claim("Expandable"), capabilitiesTerm+"ExpandRestrictions", name, none, "$expand="+strings.Join(navigations, ","))
	}
	p.tried[capabilitiesTerm+"ReadRestrictions"] = at("ReadRestrictions").claim("Readable") && at("ReadRestrictions").text("Description") != ""
	p.tried[capabilitiesTerm+"IndexableByKey"] = true
	status, text := p.ask(http.MethodGet, p.key(name), "")
	assert.Equal(p.t, p.sets.member(name).claim(capabilitiesTerm+"IndexableByKey"), status == http.StatusNotFound || status == http.StatusOK, "%s: %s", p.key(name), text)
	for _, property := range own {
		if entity.member(property).claim("$Collection") {
			status, text := p.ask(http.MethodGet, p.key(name)+"/"+property+"/$count", "")
			assert.Contains(p.t, []int{http.StatusNotFound, http.StatusOK}, status, text)
		}
	}
	p.entityChanges(name, at)
	for _, n := range navigations {
		p.linkChanges(name, n, at)
	}
}

// tags are the options that try terms which say yes or no.
var tags = map[string][]string{"TopSupported": {"$top=0"}, "SkipSupported": {"$top=0", "$skip=2"}, "ComputeSupported": {"$top=0", "$compute=1 add 1 as Two"}}

// entityChanges tries to insert, update and delete.
func (p *prober) entityChanges(name string, at func(string) element) {
	entity := p.entity(name)
	own, _ := entity.properties()
	change := own[0]
	for _, property := range own {
		e := entity.member(property)
		if !e.claim(coreTerm+"Computed") && !e.claim(coreTerm+"Immutable") && !slices.Contains(entity.texts("$Key"), property) {
			change = property
		}
	}
	insert := at("InsertRestrictions")
	p.changes(insert.claim("Insertable"), capabilitiesTerm+"InsertRestrictions", http.MethodPost, name, "{}")
	if needed := insert.texts("RequiredProperties"); needed != nil {
		status, text := p.ask(http.MethodPost, name, "{}")
		assert.Equal(p.t, http.StatusBadRequest, status, text)
		assert.True(p.t, slices.ContainsFunc(needed, func(n string) bool { return strings.Contains(text, n) }), "%s needs %s: %s", name, needed, text)
	}
	p.changes(at("UpdateRestrictions").claim("Updatable"), capabilitiesTerm+"UpdateRestrictions", http.MethodPatch, p.key(name), fmt.Sprintf("{%q:%s}", change, sample(entity.member(change))), http.StatusBadRequest)
	p.changes(at("DeleteRestrictions").claim("Deletable"), capabilitiesTerm+"DeleteRestrictions", http.MethodDelete, p.key(name), "")
	p.changes(false, capabilitiesTerm+"DeleteRestrictions", http.MethodDelete, name+"/$filter(true)/$each", "")
}

// sample is a value of a property's type.
func sample(property element) string {
	switch {
	case property.claim("$Collection"):
		return `["a"]`
	case strings.Contains(property.text(coreTerm+"Description"), "JSON text."):
		return `"{}"`
	}
	return map[string]string{
		"": `"a"`, "Edm.Boolean": "true", "Edm.Int32": "1", "Edm.Int64": "1", "Edm.Double": "1.5",
		"Edm.Guid": `"0a0a0a0a-0000-4000-8000-000000000009"`, "Edm.DateTimeOffset": `"2020-01-01T00:00:00Z"`,
	}[property.text("$Type")]
}

// linkChanges tries what is said of a navigation property: to make entities behind it, to
// change them there, and to set and delete links.
func (p *prober) linkChanges(set, name string, at func(string) element) {
	n := p.entity(set).member(name)
	target := p.sets.member(set).member("$NavigationPropertyBinding").text(name)
	here := p.key(set) + "/" + name
	many := n.claim("$Collection")
	link, method, deleted := fmt.Sprintf(`{"@odata.id":%q}`, p.key(target)), http.MethodPut, here+"/$ref"
	if many {
		method, deleted = http.MethodPost, here+"/$ref?$id="+url.QueryEscape(p.key(target))
		var restricted []element
		_ = json.Unmarshal(at("NavigationRestrictions")["RestrictedProperties"], &restricted)
		insertable := p.sets.member(target).member(capabilitiesTerm + "InsertRestrictions").claim("Insertable")
		for _, r := range restricted {
			if r.text("NavigationProperty") == name {
				insertable = r.member("InsertRestrictions").claim("Insertable")
			}
		}
		p.changes(insertable, capabilitiesTerm+"NavigationRestrictions", http.MethodPost, here, "{}")
	}
	p.changes(!slices.Contains(at("UpdateRestrictions").texts("NonUpdatableNavigationProperties"), name), capabilitiesTerm+"UpdateRestrictions", method, here+"/$ref", link, http.StatusBadRequest)
	// Whoever refers to nothing where it must refer to something is told so only if it is there.
	needed := n
	if many {
		needed = p.entity(target).member(n.text("$Partner"))
	}
	deletable, refusals := !slices.Contains(at("DeleteRestrictions").texts("NonDeletableNavigationProperties"), name), []int{http.StatusBadRequest}
	if !deletable && !needed.claim("$Nullable") {
		refusals = append(refusals, http.StatusNotFound)
	}
	p.changes(deletable, capabilitiesTerm+"DeleteRestrictions", http.MethodDelete, deleted, "", refusals...)
}

// container tries what is said of the service.
func (p *prober) container() {
	for _, f := range p.sets.texts(capabilitiesTerm + "SupportedFormats") {
		p.answers(true, capabilitiesTerm+"SupportedFormats", "Groups", "$top=0", "$format="+f)
	}
	for _, name := range p.sets.texts(capabilitiesTerm + "FilterFunctions") {
		require.Contains(p.t, functions, name)
		set := "Users"
		if strings.Contains(functions[name], "Tags") {
			set = "Activities"
		}
		p.answers(true, capabilitiesTerm+"FilterFunctions", set, "$top=0", "$filter="+functions[name])
	}
	claimed := p.sets.member(applyTerm).texts("Transformations")
	for name, sample := range transformations {
		p.answers(slices.Contains(claimed, name), applyTerm, "Users", "$apply=filter(Username eq 'nobody')/"+sample)
	}
	assert.Subset(p.t, slices.Collect(maps.Keys(transformations)), claimed)
	p.answers(p.sets.claim(capabilitiesTerm+"CrossJoinSupported"), capabilitiesTerm+"CrossJoinSupported", "$crossjoin(Groups,Populations)", "$top=1")
	p.answers(p.sets.claim(capabilitiesTerm+"KeyAsSegmentSupported"), capabilitiesTerm+"KeyAsSegmentSupported", "Users/0a0a0a0a-0000-4000-8000-000000000009/UserGroupAssociations", "$top=0")
	p.answers(p.sets.member(capabilitiesTerm+"SelectSupport").claim("Supported"), capabilitiesTerm+"SelectSupport", "Users", "$top=0", "$select=Id")
	p.answers(false, capabilitiesTerm+"SelectSupport", "Users", "$top=0", "$select=Id($filter=true)")
	status, text := p.ask(http.MethodPost, "Users/$query", "$top=0", "Content-Type", "text/plain")
	p.tried[capabilitiesTerm+"QuerySegmentSupported"] = true
	assert.Equal(p.t, p.sets.claim(capabilitiesTerm+"QuerySegmentSupported"), status == http.StatusOK, text)
	status, text = p.ask(http.MethodPost, "$batch", `{"requests":[{"id":"1","method":"GET","url":"nothing"},{"id":"2","method":"GET","url":"Groups?$top=0"}]}`, "Prefer", "continue-on-error")
	p.tried[capabilitiesTerm+"BatchSupported"], p.tried[capabilitiesTerm+"BatchContinueOnErrorSupported"] = true, true
	assert.Equal(p.t, p.sets.claim(capabilitiesTerm+"BatchSupported"), status == http.StatusOK, text)
	assert.Equal(p.t, p.sets.claim(capabilitiesTerm+"BatchContinueOnErrorSupported"), strings.Contains(text, `"id":"2","status":200`), text)
	p.batches()
	for _, c := range []struct{ term, method, address, body string }{
		{"DeepInsertSupport", http.MethodPost, "Populations", `{"Name":"New","Users":[{"Username":"new"}]}`},
		{"DeepUpdateSupport", http.MethodPatch, p.key("Populations"), `{"Users":[{"Username":"new"}]}`},
	} {
		p.tried[capabilitiesTerm+c.term] = true
		status, text := p.ask(c.method, c.address, c.body)
		assert.Equal(p.t, p.sets.member(capabilitiesTerm+c.term).claim("Supported"), status < http.StatusBadRequest, text)
		assert.Contains(p.t, text, "Users")
	}
}

// batches tries what is said of the requests of a batch.
func (p *prober) batches() {
	p.tried[capabilitiesTerm+"BatchSupport"] = true
	support := p.sets.member(capabilitiesTerm + "BatchSupport")
	_, text := p.ask(http.MethodPost, "$batch", `{"requests":[
		{"id":"1","atomicityGroup":"g1","method":"POST","url":"Populations","body":{"Name":"Tried"}},
		{"id":"2","method":"POST","url":"Users","dependsOn":["g1"],"body":{"Username":"tried","Population@odata.bind":"$1"}},
		{"id":"3","atomicityGroup":"g2","method":"PATCH","url":"$1","dependsOn":["g1"],"body":{"Description":"d"}},
		{"id":"4","method":"PATCH","url":"$1","headers":{"if-match":"$1"},"dependsOn":["g2"],"body":{"Description":"e"}},
		{"id":"5","method":"GET","url":"Users/$count","dependsOn":["2"],"if":"$2/$succeeded"}]}`, "Prefer", "continue-on-error")
	for name, answered := range map[string]string{
		"Supported":                            `"id":"1","atomicityGroup":"g1","status":201`,
		"ContinueOnErrorSupported":             `"id":"5","status":`,
		"ReferencesInRequestBodiesSupported":   `"id":"2","status":201`,
		"ReferencesAcrossChangeSetsSupported":  `"id":"3","atomicityGroup":"g2","status":204`,
		"EtagReferencesSupported":              `"id":"4","status":204`,
		"RequestDependencyConditionsSupported": `"id":"5","status":200`,
	} {
		assert.Contains(p.t, support, name)
		assert.Equal(p.t, support.claim(name), strings.Contains(text, answered), "%s: %s", name, text)
	}
	formats := support.texts("SupportedFormats")
	assert.Len(p.t, formats, 2)
	for _, format := range formats {
		_, text := p.ask(http.MethodPost, "$batch", `{"requests":[{"id":"1","method":"GET","url":"Users/$count"}]}`, "Accept", format)
		assert.Equal(p.t, format == "application/json", strings.HasPrefix(text, "{"), "%s: %s", format, text)
	}
}

// functions has a condition for each function of $filter.
var functions = map[string]string{
	"any": "UserGroupAssociations/any()", "all": "UserGroupAssociations/all(a:a/Type eq 'x')", "case": "case(IsEnabled:true,true:false)", "cast": "cast(IsEnabled,Edm.String) eq 'true'",
	"ceiling": "ceiling(1.5) eq 2", "concat": "concat(Username,'x') eq 'x'", "contains": "contains(Username,'x')", "date": "date(CreatedAt) eq 2020-01-01", "day": "day(CreatedAt) eq 1",
	"endswith": "endswith(Username,'x')", "floor": "floor(1.5) eq 1", "fractionalseconds": "fractionalseconds(CreatedAt) eq 0.5", "hassubsequence": `hassubsequence(Tags,["a"])`, "hassubset": `hassubset(Tags,["a"])`, "hour": "hour(CreatedAt) eq 1",
	"indexof": "indexof(Username,'x') eq 1", "isof": "isof(Username,Edm.String)", "length": "length(Username) eq 1", "matchesPattern": "matchesPattern(Username,'x')",
	"maxdatetime": "CreatedAt lt maxdatetime()", "mindatetime": "CreatedAt gt mindatetime()", "minute": "minute(CreatedAt) eq 1", "month": "month(CreatedAt) eq 1", "now": "CreatedAt lt now()",
	"round": "round(1.5) eq 2", "second": "second(CreatedAt) eq 1", "startswith": "startswith(Username,'x')", "substring": "substring(Username,1) eq 'x'", "time": "time(CreatedAt) eq 10:00",
	"tolower": "tolower(Username) eq 'x'", "totaloffsetminutes": "totaloffsetminutes(CreatedAt) eq 0", "totalseconds": "totalseconds(duration'PT1S') eq 1", "toupper": "toupper(Username) eq 'X'",
	"trim": "trim(Username) eq 'x'", "year": "year(CreatedAt) eq 2020",
}

// transformations has each that the specification knows.
var transformations = map[string]string{
	"aggregate": "aggregate($count as N)", "bottomcount": "bottomcount(1,CreatedAt)", "bottompercent": "bottompercent(50,SecondsUntilUnlock)", "bottomsum": "bottomsum(5,SecondsUntilUnlock)",
	"compute": "compute(1 add 1 as Two)", "concat": "concat(identity,identity)", "filter": "filter(IsEnabled)", "groupby": "groupby((Locale))", "identity": "identity",
	"nest": "nest(identity as A)", "orderby": "orderby(Username)", "search": "search(x)", "skip": "skip(1)", "top": "top(1)", "topcount": "topcount(1,CreatedAt)", "toppercent": "toppercent(50,SecondsUntilUnlock)",
	"topsum": "topsum(5,SecondsUntilUnlock)", "addnested": "addnested(UserGroupAssociations,identity as A)", "join": "join(UserGroupAssociations as A)", "outerjoin": "outerjoin(UserGroupAssociations as A)",
	"ancestors": "ancestors($root/Users,H,Id,identity)", "descendants": "descendants($root/Users,H,Id,identity)", "traverse": "traverse($root/Users,H,Id,preorder)",
}
