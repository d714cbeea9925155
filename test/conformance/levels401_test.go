//go:build duckdb_arrow

package conformance

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/stretchr/testify/assert"
)

const later = "OData-MaxVersion"

var minimal401 = []line{
	{number: "D1", demand: must, rule: "4.0, Minimal", check: below(minimal)},
	{number: "D2", demand: must, rule: "the JSON format of 4.01", check: func(c *check) {
		c.get("Groups?$count=true", later, "4.01").ok().header("OData-Version", "4.01").
			has(`"@context":"`+c.root+`$metadata#Groups"`, `"@count":`).lacks("@odata.")
		c.get("Groups", later, "4.01", "Prefer", "maxpagesize=1").ok().has(`"@nextLink":"`)
	}},
	{number: "D3", demand: must, rule: "AsyncResult", check: func(c *check) {
		c.awaited("Groups?$select=Name&$filter=Name eq 'Sales'", later, "4.01").header("AsyncResult", "200").
			headerHas("Content-Type", "application/json").has(`{"@context"`, `"Name":"Sales"`)
		c.awaited("Nothing", later, "4.01").header("AsyncResult", "404").has(`"error"`)
		c.awaited("Groups?$top=1", later, "4.01", "Accept", "application/http").header("Content-Type", "application/http")
	}},
	{number: "D4", demand: must, rule: "preferences and format parameters with and without odata.", check: func(c *check) {
		c.get("Groups", "Prefer", "maxpagesize=1").ok().header("Preference-Applied", "maxpagesize=1").has("nextLink")
		c.get("Groups", "Prefer", "odata.maxpagesize=1").ok().has("nextLink")
		c.get("Groups", "Prefer", "omit-values=nulls").ok().lacks(":null")
		c.get("Groups", "Accept", "application/json;metadata=none").ok().lacks("context")
		c.get("Groups", "Accept", "application/json;odata.metadata=none").ok().lacks("context")
	}},
	{number: "D5", demand: must, rule: "an unknown $schemaversion is refused", check: func(c *check) {
		c.get("Groups?$schemaversion=7").is(http.StatusNotFound)
		c.get("Groups?$schemaversion=*").ok()
	}},
	{number: "D6", demand: must, rule: "options with or without $", check: func(c *check) {
		assert.Equal(c.t, []any{"ada.admin"}, c.get("Users?select=Username&filter=Username eq 'ada.admin'&orderby=Username&top=1&skip=0&count=true").ok().all("Username"))
	}},
	{number: "D7", demand: must, rule: "names of options, operators and functions in any case", check: func(c *check) {
		assert.Equal(c.t, []any{"ada.admin"}, c.get("Users?$SELECT=Username&$Filter=ToUpper(Username) EQ 'ADA.ADMIN' AND NOT (Username NE 'ada.admin')").ok().all("Username"))
		c.holds("CONTAINS(Username,'') OR False")
	}},
	{number: "D8", demand: must, rule: "identifiers in the case of $metadata", check: func(c *check) {
		c.get("Users?$select=Username&$filter=IsEnabled").ok()
		c.get("Users(Id={ada})/Population").ok()
	}},
	{number: "D9.1", demand: must, rule: "text as values of other types", check: func(c *check) {
		c.get("Users('{ada}')").ok().has(`"ada.admin"`)
		assert.Equal(c.t, []any{"ada.admin"}, c.usernames("$filter=Id eq '{ada}'"))
		c.holds("CreatedAt gt '1990-01-01T00:00:00Z'")
	}},
	{number: "D9.2", demand: must, rule: "durations and enumerations without prefix", check: func(c *check) {
		c.holds("CreatedAt add 'P1D' gt CreatedAt")
	}},
	{number: "D9.3", demand: must, rule: "functions without parameters with and without parentheses", check: func(c *check) {
		c.holds("now() gt CreatedAt", "mindatetime() lt CreatedAt")
		c.beside("no function that a segment or expression names without parentheses is declared; built-in ones have them by the grammar")
	}},
	{number: "D9.4", demand: must, rule: "actions without a body", check: func(c *check) {
		c.do(http.MethodPost, "Users({ada})/PingOne.UnlockUserAccount", "").ok().has(`"AccountStatus":"OK"`)
		c.do(http.MethodPost, "Users({ada})/PingOne.UnlockUserAccount", "{}").ok()
	}},
	{number: "D9.5", demand: must, rule: "names without their namespace", check: func(c *check) {
		c.do(http.MethodPost, "Users({ada})/UnlockUserAccount", "{}").ok().has(`"AccountStatus":"OK"`)
		c.do(http.MethodPost, "UnlockUserAccount", `{"UserId":"{ada}"}`).ok()
	}},
	{number: "D9.6", demand: must, rule: "aliases for keys", check: func(c *check) {
		c.get("Users(@id)?@id={ada}").ok().has(`"ada.admin"`)
		c.get("Users(Id=@id)?@id='{ada}'").ok().has(`"ada.admin"`)
	}},
	{number: "D9.7", demand: should, rule: "implicit aliases of function parameters", check: func(c *check) { c.beside("no functions are declared") }},
	{number: "D9.8", demand: should, rule: "navigation property eq null", check: func(c *check) {
		c.holds("Population ne null", "not (Population eq null)")
		assert.Equal(c.t, c.users, c.count("IdentityProvider eq null")+c.count("IdentityProvider ne null"))
	}},
	{number: "D9.9", demand: should, rule: "in", check: func(c *check) {
		assert.Equal(c.t, []any{"ada.admin"}, c.usernames("$filter=Username in ('ada.admin','nobody')"))
		c.fails("Username in ()")
	}},
	{number: "D9.10", demand: should, rule: "divby", check: func(c *check) { c.holds("7 divby 2 eq 3.5", "7 div 2 eq 3") }},
	{number: "D9.11", demand: should, rule: "substring with a negative index", check: func(c *check) { c.holds("substring('abcdef',-2) eq 'ef'") }},
	{number: "D9.12", demand: may, rule: "keys as segments", check: func(c *check) {
		c.get("Users/{ada}").ok().has(`"ada.admin"`)
		c.get("Users/{ada}/Population/Name").ok().has(`"value"`)
	}},
	{number: "D9.13", demand: may, rule: "$count($filter=…)", check: func(c *check) {
		assert.Equal(c.t, c.users, c.count("Groups/$count($filter=Name eq 'nobody') eq 0"))
	}},
	{number: "D9.14", demand: may, rule: "comparison of structures", check: func(c *check) { c.beside("there are no complex values") }},
	{number: "D10", demand: should, rule: "$metadata as JSON and as XML", check: func(c *check) {
		c.get("$metadata?$format=json").ok().has(`"$Version":"4.01"`)
		c.get("$metadata?$format=xml").ok().has("<edmx:Edmx")
	}},
	{number: "D11", demand: should, rule: "no names that differ by letter case alone", check: func(c *check) {
		seen := map[string]bool{}
		for _, set := range c.get("").ok().rows() {
			name := strings.ToLower(set["name"].(string))
			assert.False(c.t, seen[name], name)
			seen[name] = true
		}
	}},
	{number: "D12", demand: should, rule: "Core.ODataVersions", check: func(c *check) {
		c.get("$metadata", later, "4.01").ok().has(`<Annotation Term="Org.OData.Core.V1.ODataVersions" String="4.0 4.01"/>`)
		c.get("$metadata").ok().lacks("ODataVersions") // readers of 4.0 alone may not know it
	}},
	{number: "D13", demand: should, rule: "capabilities as annotations", check: func(c *check) {
		c.get("$metadata").ok().has("Capabilities.V1.FilterFunctions", "Capabilities.V1.InsertRestrictions", `Term="Org.OData.Core.V1.Computed"`)
		base := strings.TrimSuffix(c.root, "Administrators/")
		for _, name := range []string{"Core", "Capabilities"} { // the vocabularies are here, too
			file := "$vocabularies/Org.OData." + name + ".V1"
			c.get("$metadata").has(`Uri="../` + file + `.xml"`)
			c.get(base+file+".xml").ok().header("Content-Type", "application/xml").has("<Term Name=")
			c.get(base + file + ".json").ok().has(`"$Kind":"Term"`)
		}
		c.get(base + "$vocabularies/Other.xml").is(http.StatusNotFound)
	}},
	{number: "D14", demand: may, rule: "annotations in conditions", check: func(c *check) { c.get("Users?$filter=@Core.Note eq 1").ok() }},
	{number: "D15", demand: may, rule: "$compute", check: func(c *check) { c.get("Users?$compute=1 add 1 as Two&$top=1").ok() }},
	{number: "D16", demand: may, rule: "$search of related entities", check: func(c *check) { c.get("Users({ada})/Groups?$search=Sales").ok() }},
	{number: "D17", demand: may, rule: "answers of 4.01 without OData-MaxVersion", check: func(c *check) {
		c.get("Groups").ok().header("OData-Version", "4.0")
		c.beside("such clients get 4.0, which all of them read")
	}},
}

var updatable401 = []line{
	{number: "D18", demand: must, rule: "4.0, Minimal, updatable", check: below(updatable)},
	{number: "D19", demand: must, rule: "DELETE of a reference by the entity's key", check: func(c *check) {
		g := c.make("D19")
		c.do(http.MethodPost, g+"/Users/$ref", `{"@id":"Users({ada})"}`).is(http.StatusNoContent)
		c.do(http.MethodDelete, g+"/Users({ada})/$ref", "").is(http.StatusNoContent)
		c.get(g + "/Users/$count").ok().has("0")
	}},
	{number: "D20", demand: should, rule: "PUT with nested entities", check: func(c *check) {
		c.do(http.MethodPut, "Users({ada})", `{"Username":"ada.admin","Population":{"Name":"D20{n}"}}`).ok()
	}},
	{number: "D21", demand: should, rule: "deep update", check: func(c *check) {
		c.do(http.MethodPatch, "Users({ada})", `{"Population":{"Name":"D21{n}"}}`).is(http.StatusOK, http.StatusNoContent)
	}},
	{number: "D22", demand: should, rule: "PUT and DELETE of a collection's references", check: func(c *check) {
		c.do(http.MethodPut, "Groups({sales})/Users/$ref", `{"value":[]}`).is(http.StatusMethodNotAllowed)
		c.beside("405: links are added and taken away one by one")
	}},
	{number: "D23", demand: may, rule: "POST of collections, updates of sets and media", check: func(c *check) {
		c.do(http.MethodPatch, "Groups/$each", `{"Description":"x"}`).is(http.StatusOK, http.StatusNoContent)
	}},
}

var intermediate401 = []line{
	{number: "E1", demand: must, rule: "4.01, Minimal", check: below(minimal401)},
	{number: "E2", demand: must, rule: "4.0, Intermediate", check: below(intermediate)},
	{number: "E3", demand: must, rule: "navigation property eq and ne null", check: func(c *check) {
		c.holds("Population ne null", "IdentityProvider eq null or IdentityProvider ne null")
		c.fails("Population eq null")
	}},
	{number: "E4", demand: must, rule: "in", check: func(c *check) {
		assert.Equal(c.t, 1, c.count("Username in ('ada.admin','nobody')"))
		assert.Equal(c.t, c.users-1, c.count("not (Username in ('ada.admin'))"))
	}},
	{number: "E5", demand: must, rule: "$select within $select", check: func(c *check) {
		c.get("Users?$select=Username,Population($select=Name)&$top=1").is(http.StatusOK, http.StatusBadRequest, http.StatusNotImplemented)
		c.beside("only complex properties have a $select of their own, and there are none")
	}},
	{number: "E6", demand: should, rule: "number of a filtered collection", check: func(c *check) {
		c.holds("Groups/$count($filter=Name ne null) ge 0", "Groups/$count ge Groups/$count($filter=Name eq 'Sales')")
	}},
	{number: "E7", demand: should, rule: "comparison of structures", check: func(c *check) { c.beside("there are no complex values") }},
	{number: "E8", demand: should, rule: "$compute", check: func(c *check) {
		c.get("Users?$compute=length(Username) as Letters&$filter=Letters gt 3&$select=Letters&$top=1").ok().has(`"Letters":`)
	}},
	{number: "E9", demand: should, rule: "options within $select", check: func(c *check) {
		items := c.get("Populations?$filter=AlternativeIdentifiers/any(i:i eq 'staff')&$select=AlternativeIdentifiers($orderby=$this desc)").ok().rows()[0]["AlternativeIdentifiers"].([]any)
		c.get("Populations?$filter=AlternativeIdentifiers/any(i:i eq 'staff')&$select=AlternativeIdentifiers($orderby=$this;$top=1;$count=true)").ok().
			has(`"AlternativeIdentifiers@odata.count":`+strconv.Itoa(len(items)), `"AlternativeIdentifiers":["`+items[len(items)-1].(string)+`"]`)
		c.get("Populations?$filter=AlternativeIdentifiers/any(i:i eq 'staff')&$select=AlternativeIdentifiers($search=STAFF;$skip=1)").ok().has(`"AlternativeIdentifiers":[]`)
	}},
	{number: "E10", demand: may, rule: "aliases within $expand", check: func(c *check) {
		c.get("Users({ada})?$expand=Groups($filter=Name eq @n)&@n='nobody'").ok().has(`"Groups":[]`)
	}},
	{number: "E11", demand: may, rule: "/$filter as a segment", check: func(c *check) { c.get("Users/$filter(IsEnabled)?$top=1").ok() }},
}

var advanced401 = []line{
	{number: "F1", demand: must, rule: "4.01, Intermediate", check: below(intermediate401)},
	{number: "F2", demand: must, rule: "4.0, Advanced", check: below(advanced)},
	{number: "F3", demand: must, rule: "number of a filtered or searched collection in expressions", check: func(c *check) {
		c.holds("Groups/$count($filter=Name eq 'nobody') eq 0", "Groups/$count($search=nobodyatall) eq 0")
	}},
	{number: "F4", demand: must, rule: "$compute", check: func(c *check) {
		c.get("Users?$compute=length(Username) as Letters&$orderby=Letters&$select=Username,Letters&$top=1").ok().has(`"Letters":`)
	}},
	{number: "F5", demand: must, rule: "$filter within $select", check: func(c *check) {
		staff := c.get("Populations?$filter=AlternativeIdentifiers/any(i:i eq 'staff')&$select=Name,AlternativeIdentifiers").ok().rows()[0]
		others := len(staff["AlternativeIdentifiers"].([]any)) - 1
		c.get("Populations?$filter=Name eq '"+staff["Name"].(string)+"'&$select=AlternativeIdentifiers($filter=$this eq 'staff')").ok().
			has(`#Populations(AlternativeIdentifiers)"`, `"AlternativeIdentifiers":["staff"]`)
		c.get("Populations?$filter=Name eq '"+staff["Name"].(string)+"'&$select=AlternativeIdentifiers($filter=$this ne 'staff';$count=true;$top=0)").ok().
			has(`"AlternativeIdentifiers@odata.count":`+strconv.Itoa(others), `"AlternativeIdentifiers":[]`)
	}},
	{number: "F6", demand: must, rule: "$metadata as JSON", check: func(c *check) {
		c.get("$metadata", "Accept", "application/json", later, "4.01").ok().has(`"$Version":"4.01"`)
	}},
	{number: "F7", demand: must, rule: "$batch as multipart and as JSON", check: func(c *check) {
		c.do(http.MethodPost, "$batch", multipart, "Content-Type", "multipart/mixed;boundary=b", later, "4.01").ok().has("HTTP/1.1 200")
		c.do(http.MethodPost, "$batch", `{"requests":[
			{"id":"a","atomicityGroup":"g","method":"POST","url":"Groups","body":{"Name":"F7{n}"}},
			{"id":"b","dependsOn":["a"],"method":"GET","url":"$a/Name"},
			{"id":"c","method":"GET","url":"Groups({nobody})"},{"id":"d","dependsOn":["c"],"method":"GET","url":"Groups"}]}`,
			"Prefer", "continue-on-error", later, "4.01").ok().has(`"status":201`, `"value":"F7{n}"`, `"status":404`, `"status":424`)
	}},
	{number: "F8", demand: should, rule: "/$filter as a segment", check: func(c *check) { c.get("Users/$filter(IsEnabled)/$count").ok() }},
	{number: "F9", demand: should, rule: "aliases within $expand", check: func(c *check) {
		c.get("Users({ada})?$expand=Groups($filter=Name ne @n)&@n='nobody'").ok().has(`"Groups":[`)
	}},
	{number: "F10", demand: may, rule: "identifiers in any case", check: func(c *check) {
		c.get("users").is(http.StatusNotFound)
		c.beside("identifiers have the case of $metadata; the error names the right one")
	}},
}
