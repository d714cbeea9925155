//go:build duckdb_arrow

package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/assert"
)

var intermediate = []line{
	{number: "B1", demand: must, rule: "the level below", check: below(minimal)},
	{number: "B2", demand: must, rule: "the whole grammar is read; what isn't done is 501", check: func(c *check) {
		for _, path := range []string{
			"Users?$filter=geo.distance(@a,@b) lt 1", "Users?$filter=Id has PingOne.Kind'A'", "Users?$index=1", "Users/$filter(IsEnabled)/$each",
		} {
			c.get(path).is(http.StatusNotImplemented)
		}
	}},
	{number: "B3", demand: must, rule: "$select", check: func(c *check) {
		a := c.get("Users?$select=Username,Email&$top=1").ok().has(`$metadata#Users(Username,Email)"`)
		assert.Len(c.t, a.rows()[0], 3, "with @odata.id")
		c.get("Users?$select=*&$top=1").ok().has(`"Username"`, `"Email"`)
		c.get("Users?$select=Nothing").is(http.StatusBadRequest)
	}},
	{number: "B4", demand: must, rule: "segments with the name of a derived type", check: func(c *check) {
		c.get("Users/PingOne.User?$top=1").ok().has(`"Username"`)
		c.get("Users/PingOne.Group").is(http.StatusBadRequest, http.StatusNotFound)
		c.beside("no type is derived from another; an entity's own type may stand there")
	}},
	{number: "B5", demand: must, rule: "$top", check: func(c *check) {
		assert.Len(c.t, c.get("Users?$top=3").ok().rows(), 3)
		assert.Empty(c.t, c.get("Users?$top=0").ok().rows())
	}},
	{number: "B6", demand: must, rule: "/$value of a property", check: func(c *check) {
		assert.Equal(c.t, "ada.admin", c.get("Users({ada})/Username/$value").ok().headerHas("Content-Type", "text/plain").body)
		c.get("Users({ada})/Nickname/$value").is(http.StatusNoContent)
	}},
	{number: "B7", demand: must, rule: "$filter with eq and ne, and aliases; 501 for functions and operators that aren't done", check: func(c *check) {
		assert.Equal(c.t, []any{"ada.admin"}, c.usernames("$filter=Username eq 'ada.admin'"))
		assert.Len(c.t, c.usernames("$filter=Username ne 'ada.admin'"), c.users-1)
		assert.Equal(c.t, []any{"ada.admin"}, c.usernames("$filter=Username eq @name&@name='ada.admin'"))
		assert.Equal(c.t, []any{"ada.admin"}, c.usernames("$filter=Username eq 'ada.admin' and IsEnabled and not (Email eq null)"))
		c.get("Users?$filter=geo.intersects(@a,@b)").is(http.StatusNotImplemented)
		c.get("Users?$filter=PingOne.Unknown(Username) eq 1").is(http.StatusNotImplemented, http.StatusBadRequest)
	}},
	{number: "B8", demand: should, rule: "$metadata as XML", check: func(c *check) { c.get("$metadata").ok().header("Content-Type", "application/xml") }},
	{number: "B9", demand: should, rule: "JSON", check: func(c *check) { c.get("Groups").ok().headerHas("Content-Type", "application/json") }},
	{number: "B10", demand: should, rule: "Basic authentication by https", check: func(c *check) {
		c.beside("the tests of authentication have it: a key as the password, whatever the user name")
	}},
	{number: "B11", demand: should, rule: "$search", check: func(c *check) {
		assert.Contains(c.t, c.usernames(`$search="ada.admin"`), "ada.admin")
		assert.Empty(c.t, c.usernames(`$search="ada.admin" NOT admin`))
	}},
	{number: "B12", demand: should, rule: "$skip", check: func(c *check) {
		all := c.usernames("")
		assert.Equal(c.t, all[2:5], c.usernames("$skip=2&$top=3"))
		assert.Empty(c.t, c.usernames("$skip=1000"))
	}},
	{number: "B13", demand: should, rule: "$count=true", check: func(c *check) {
		c.get("Users?$count=true&$top=1").ok().has(`"@odata.count":` + strconv.Itoa(c.users))
		c.get("Users?$count=true&$top=0&$filter=Username eq 'ada.admin'").ok().has(`"@odata.count":1`)
	}},
	{number: "B14", demand: should, rule: "$expand", check: func(c *check) {
		c.get("Users?$expand=Population($select=Name),Groups&$top=2").ok().has(`"Population":{`, `"Groups":[`)
	}},
	{number: "B15", demand: should, rule: "any and all", check: func(c *check) {
		assert.Contains(c.t, c.usernames("$filter=Groups/any(g:g/Name eq 'Sales') or Username eq 'ada.admin'"), "ada.admin")
		assert.Len(c.t, c.usernames("$filter=Groups/any() or not Groups/any()"), c.users)
		assert.Len(c.t, c.usernames("$filter=Groups/all(g:g/Name ne null)"), c.users)
	}},
	{number: "B16", demand: should, rule: "/$count", check: func(c *check) { assert.Equal(c.t, c.users, c.count("true")) }},
	{number: "B17", demand: should, rule: "$orderby", check: func(c *check) {
		up := c.get("Groups?$select=Name&$orderby=Name").ok().all("Name")
		down := c.get("Groups?$select=Name&$orderby=Name desc").ok().all("Name")
		assert.Equal(c.t, up[0], down[len(down)-1])
	}},
}

var advanced = []line{
	{number: "C1", demand: must, rule: "the level below", check: below(intermediate)},
	{number: "C2", demand: must, rule: "$metadata as XML", check: func(c *check) { c.get("$metadata").ok().has("<edmx:Edmx") }},
	{number: "C3", demand: must, rule: "JSON", check: func(c *check) { c.get("Groups").ok().has(`"value":[`) }},
	{number: "C4", demand: must, rule: "/$count of navigation properties and collections", check: func(c *check) {
		assert.Equal(c.t, strconv.Itoa(len(c.get("Groups({staff})/ChildGroups").ok().rows())), c.get("Groups({staff})/ChildGroups/$count").ok().body)
		assert.Equal(c.t, c.users, c.count("skills/$count ge 0"))
		staff := c.get("Populations?$filter=AlternativeIdentifiers/any(a:a eq 'staff')&$select=Id,AlternativeIdentifiers").ok().rows()[0]
		items, _ := staff["AlternativeIdentifiers"].([]any)
		assert.Equal(c.t, strconv.Itoa(len(items)), c.get(fmt.Sprint("Populations(", staff["Id"], ")/AlternativeIdentifiers/$count")).ok().body)
	}},
	{number: "C5", demand: must, rule: "any and all", check: func(c *check) {
		assert.Len(c.t, c.get("Populations?$filter=AlternativeIdentifiers/any(a:a eq 'staff')").ok().rows(), 1)
		assert.Equal(c.t, c.users, c.count("Groups/any(g:startswith(g/Name,'A')) or Groups/all(g:not startswith(g/Name,'A'))"))
	}},
	{number: "C6", demand: must, rule: "$skip", check: func(c *check) { assert.Len(c.t, c.usernames("$skip=5"), c.users-5) }},
	{number: "C7", demand: must, rule: "$count", check: func(c *check) {
		c.get("Users?$count=true&$skip=3&$top=1").ok().has(`"@odata.count":` + strconv.Itoa(c.users))
		c.get("Users?$count=false&$top=1").ok().lacks("@odata.count")
	}},
	{number: "C8", demand: must, rule: "$orderby ascending and descending, by several properties", check: func(c *check) {
		order := func(by string) (got []string) {
			for _, row := range c.get("Users?$select=IsEnabled,Username&$orderby=" + by).ok().rows() {
				got = append(got, fmt.Sprint(row["IsEnabled"], row["Username"]))
			}
			return got
		}
		up := order("Username")
		assert.Len(c.t, up, c.users)
		down := slices.Clone(up)
		slices.Reverse(down)
		assert.Equal(c.t, down, order("Username desc"))
		slices.SortStableFunc(up, func(a, b string) int { return strings.Compare(b[:1], a[:1]) }) // t before f
		assert.Equal(c.t, up, order("IsEnabled desc,Username asc"))
		c.get("Users?$orderby=Population/Name,length(Username) desc&$top=3").ok()
	}},
	{number: "C9", demand: must, rule: "$expand with $filter and a cast segment", check: func(c *check) {
		c.get("Users({ada})?$expand=Groups($filter=Name eq 'Nobody')").ok().has(`"Groups":[]`)
		c.get("Users({ada})?$expand=Groups/PingOne.Group").ok().has(`"Groups":[`)
	}},
	{number: "C9.1", demand: must, rule: "$expand of $ref", check: func(c *check) {
		c.get("Users({ada})?$expand=Population/$ref").ok().has(`"Population":{"@odata.id":"`)
		c.get("Groups({staff})?$expand=ChildGroups/$ref").ok().has(`"ChildGroups":[{"@odata.id":"` + c.root + `Groups(`).lacks(`"Name":"Sales"`)
	}},
	{number: "C9.2", demand: should, rule: "$orderby, $count, $top, $skip and $search in $expand", check: func(c *check) {
		children := c.get("Groups({staff})/ChildGroups/$count").ok().body
		a := c.get("Groups({staff})?$expand=ChildGroups($orderby=Name desc;$count=true;$top=1;$skip=1;$select=Name)").ok().has(`"ChildGroups@odata.count":` + children)
		list, _ := a.object()["ChildGroups"].([]any)
		assert.Len(c.t, list, 1)
		c.get("Groups({staff})?$expand=ChildGroups($search=Sales;$select=Name)").ok().lacks(`"Engineering"`)
	}},
	{number: "C9.3", demand: should, rule: "$levels in $expand", check: func(c *check) {
		c.get("Groups({staff})?$expand=ChildGroups($levels=2)").ok().has(`"ChildGroups":[`)
	}},
	{number: "C9.4", demand: may, rule: "$compute in $expand", check: func(c *check) {
		c.get("Groups({staff})?$expand=ChildGroups($compute=length(Name) as Letters;$select=Letters)").ok().has(`"Letters":`)
	}},
	{number: "C10", demand: must, rule: "$search", check: func(c *check) {
		assert.Equal(c.t, []any{"ada.admin"}, c.usernames(`$search="ada.admin@example.com"`))
		c.get(`Users?$search="open`).is(http.StatusBadRequest)
	}},
	{number: "C11", demand: must, rule: "$batch as multipart; may: as JSON", check: func(c *check) {
		c.do(http.MethodPost, "$batch", multipart, "Content-Type", "multipart/mixed;boundary=b").ok().
			headerHas("Content-Type", "multipart/mixed").has("HTTP/1.1 200", `"Name":"Sales"`, "HTTP/1.1 404")
		c.do(http.MethodPost, "$batch", `{"requests":[{"id":"1","method":"GET","url":"Groups({sales})"}]}`).ok().has(`"status":200`, `"Name":"Sales"`)
	}},
	{number: "C12", demand: must, rule: "the conventions of resource paths", check: func(c *check) {
		for path, part := range map[string]string{
			"Users({ada})": `"ada.admin"`, "Users(Id={ada})/Username": `"value":"ada.admin"`, "Users({ada})/Population/Name": `"value":"`,
			"Users({ada})/Groups": `$metadata#Groups"`, "Populations({home})/Users({ada})/Username": `"ada.admin"`, "UserGroupAssociations?$top=1": `"UserId"`,
		} {
			c.get(path).ok().has(part)
		}
		c.get("Users({nobody})").is(http.StatusNotFound)
		c.get("Users({ada})/Nothing").is(http.StatusNotFound)
		c.get("Users(7)").is(http.StatusNotFound, http.StatusBadRequest)
	}},
	{number: "C12.1", demand: must, rule: "$ref of entities", check: func(c *check) {
		c.get("Users({ada})/Population/$ref").ok().has(`"@odata.id":"`)
		c.get("Groups({staff})/ChildGroups/$ref").ok().has(`$metadata#Collection($ref)"`, `{"@odata.id":"`+c.root+`Groups(`).lacks(`"Name"`)
		c.get("Groups/$ref?$filter=Name eq 'Sales'").ok().has(`[{"@odata.id":"` + c.root + `Groups({sales})"}]`)
	}},
	{number: "C12.2", demand: must, rule: "$entity", check: func(c *check) {
		c.get("$entity?$id=Users({ada})").ok().has(`"ada.admin"`)
		c.get("$entity?$id=" + c.root + "Groups({sales})&$select=Name").ok().has(`"Name":"Sales"`)
		c.get("$entity").is(http.StatusBadRequest)
		c.get("$entity?$id=http://elsewhere/Users(1)").is(http.StatusBadRequest, http.StatusNotFound)
	}},
	{number: "C12.3", demand: must, rule: "$all", check: func(c *check) {
		sum := 0
		for _, set := range c.get("").ok().rows() {
			sum += c.countOf(set["name"].(string), "true")
		}
		all := c.get("$all?$count=true").ok().has(`$metadata#Collection(Edm.EntityType)"`, `"@odata.type":"#PingOne.User","@odata.id":"`+c.root+`Users({ada})"`)
		assert.Len(c.t, all.rows(), sum)
		assert.EqualValues(c.t, sum, all.object()["@odata.count"])
		assert.Equal(c.t, c.get("$all?$top=200").ok().rows()[3:], c.get("$all?$skip=3&$top=197").ok().rows())
		assert.Len(c.t, c.get("$all?$skip=3").ok().rows(), sum-3)
		assert.Equal(c.t, c.usernames(""), c.get("$all/PingOne.User?$select=Username&$orderby=Username").ok().all("Username"))
		assert.NotEmpty(c.t, c.get("$all?$search=ada.admin").ok().rows())
		c.get("$all?$orderby=Id").is(http.StatusBadRequest)
	}},
	{number: "C13", demand: should, rule: "asynchronous requests", check: func(c *check) {
		c.get("$metadata").ok().has(`Term="Org.OData.Capabilities.V1.AsynchronousRequestsSupported" Bool="true"`, `Term="Org.OData.Capabilities.V1.CrossJoinSupported" Bool="true"`)
		c.awaited("Groups?$select=Name", "Prefer", "odata.maxpagesize=2").has("nextLink")
		a := c.get("Users?$select=Username", "Prefer", "respond-async").is(http.StatusAccepted).header("Preference-Applied", "respond-async")
		c.do(http.MethodDelete, a.Get("Location"), "").is(http.StatusNoContent)
		c.get(a.Get("Location")).is(http.StatusNotFound)
	}},
	{number: "C14", demand: should, rule: "delta links", check: func(c *check) {
		c.get("Users?$top=1", "Prefer", "odata.track-changes").ok().header("Preference-Applied", "").lacks("deltaLink")
		delta := c.get("Groups?$select=Name", "Prefer", "odata.track-changes").ok().header("Preference-Applied", "odata.track-changes").text("@odata.deltaLink")
		id := c.do(http.MethodPost, "Groups", `{"Name":"C14-{n}"}`).is(http.StatusCreated).text("Id")
		c.get(delta).ok().has(`$metadata#Groups(Name)/$delta"`, `"Name":"C14-{n}"`, `"@odata.deltaLink":"`)
		c.do(http.MethodDelete, "Groups("+id+")", "").is(http.StatusNoContent)
		c.get(delta).ok().has(`"id":"` + c.root + `Groups(` + id + `)","reason":"deleted"`)
		c.get(delta, later, "4.01").ok().has(`{"@removed":{"reason":"deleted"},"@id":"` + c.root + `Groups(` + id + `)"}`)
		c.get("Groups?$deltatoken=a").is(http.StatusGone)
	}},
	{number: "C15", demand: should, rule: "$crossjoin", check: func(c *check) {
		c.get("$crossjoin(Users,Populations)?$filter=Users/PopulationId eq Populations/Id and Users/Id eq {ada}").ok().
			has(`$metadata#Collection(Edm.ComplexType)","value":[{"Users@odata.navigationLink":"` + c.root + `Users({ada})","Populations@odata.navigationLink":"` + c.root + `Populations({home})"}]`)
		c.get("$crossjoin(Groups,Populations)?$filter=Groups/Name eq 'Sales' and Populations/Id eq {home}&$expand=Groups($select=Name)&$count=true").ok().
			has(`"@odata.count":1`, `"Groups":{"@odata.id":"`+c.root+`Groups({sales})","Name":"Sales"}`, `"Populations@odata.navigationLink":`)
		sets, pairs := c.countOf("Groups", "true"), c.get("$crossjoin(Groups,Populations)").ok().rows()
		assert.Len(c.t, pairs, sets*c.countOf("Populations", "true"))
		assert.Equal(c.t, pairs[1:4], c.get("$crossjoin(Groups,Populations)?$skip=1&$top=3").ok().rows())
		c.get("$crossjoin(Groups,Nothing)").is(http.StatusNotFound)
	}},
	{number: "C16", demand: may, rule: "$compute", check: func(c *check) {
		c.get("Users?$compute=length(Username) as Letters&$select=Letters&$top=1").ok().has(`"Letters":`)
	}},
}

const multipart = "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET Groups({sales}) HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n" +
	"--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET Groups({nobody}) HTTP/1.1\r\n\r\n\r\n--b--\r\n"

// below demands all that other levels demand.
func below(levels ...[]line) func(*check) {
	return func(c *check) {
		var missing []string
		for _, l := range levels {
			for i := range l {
				if l[i].demand == must && l[i].refused != "" {
					missing = append(missing, l[i].number)
				}
			}
		}
		if len(missing) > 0 {
			c.line.refused = "see " + strings.Join(missing, ", ")
		}
	}
}

// valid reports whether text is JSON.
func valid(text string) bool { return json.Valid([]byte(strings.TrimSpace(text))) }
