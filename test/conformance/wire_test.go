//go:build duckdb_arrow

package conformance

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/stretchr/testify/assert"
)

var jsonFormat = []line{
	{number: "J1", demand: must, rule: "application/json in Accept", check: func(c *check) {
		c.get("Groups", "Accept", "application/json").ok()
		c.get("Groups", "Accept", "application/json;odata.metadata=minimal;IEEE754Compatible=false").ok()
	}},
	{number: "J2", demand: must, rule: "well-formed JSON", check: func(c *check) {
		g := c.make("J2 \\\" \\\\ \\u2028 é")
		if body := c.get(g).ok().has(`"Name":"J2 \" \\`).body; !valid(body) {
			c.t.Error(body)
		}
	}},
	{number: "J3", demand: must, rule: "metadata=full", check: func(c *check) {
		c.get("Groups({sales})?$format=application/json;odata.metadata=full").ok().
			has(`"@odata.type":"#PingOne.Group"`, `"@odata.id":"`, `"Id@odata.type":"#Guid"`, `"Users@odata.navigationLink":"`+c.root+`Groups({sales})/Users"`)
	}},
	{number: "J3.1", demand: must, rule: "actions in metadata=full", check: func(c *check) {
		c.get("Users({ada})?$format=application/json;odata.metadata=full").ok().has(`"#PingOne.UnlockUserAccount":{"title":"UnlockUserAccount","target":"` + c.root + `Users({ada})/PingOne.UnlockUserAccount"}`)
	}},
	{number: "J4", demand: must, rule: "nextLink in partial results", check: func(c *check) {
		next := c.get("Users", "Prefer", "odata.maxpagesize=2").ok().text("@odata.nextLink")
		assert.True(c.t, strings.HasPrefix(next, c.root+"Users?"), next)
	}},
	{number: "J5", demand: must, rule: "null is there unless omit-values was applied", check: func(c *check) {
		c.get("Users({ada})").ok().has(`"Nickname":null`)
		c.get("Users({ada})", "Prefer", "omit-values=nulls").ok().header("Preference-Applied", "omit-values=nulls").lacks(`"Nickname"`)
		c.get("Users({ada})", "Prefer", "omit-values=defaults").ok().header("Preference-Applied", "").has(`"Nickname":null`)
	}},
	{number: "J6", demand: must, rule: "payloads of 4.0 for OData-MaxVersion 4.0", check: func(c *check) {
		c.get("Groups({sales})?$format=application/json;odata.metadata=full", later, "4.0").ok().
			has(`"@odata.context"`, `"@odata.type":"#`).lacks(`"@context"`, `"@type"`)
	}},
	{number: "J7", demand: should, rule: "$format", check: func(c *check) {
		c.get("Groups?$format=json", "Accept", "text/html").ok()
		c.get("Groups?$format=application/json;odata.metadata=none", "Accept", "application/xml").ok().lacks("context")
		c.get("Groups?$format=application/pdf").is(http.StatusNotAcceptable)
	}},
	{number: "J8", demand: may, rule: "streaming", check: func(c *check) {
		c.get("Groups", "Accept", "application/json;odata.streaming=true").ok().headerHas("Content-Type", "odata.streaming=true")
	}},
	{number: "J9", demand: must, rule: "the parameter metadata in Content-Type", check: func(c *check) {
		c.get("Groups").ok().header("Content-Type", "application/json;odata.metadata=minimal")
		c.get("Groups", later, "4.01").ok().header("Content-Type", "application/json;metadata=minimal")
		c.get("Groups?$format=application/json;metadata=full").ok().header("Content-Type", "application/json;odata.metadata=full")
	}},
	{number: "J10", demand: must, rule: "IEEE754Compatible in Content-Type where numbers are text", check: func(c *check) {
		c.get("Groups?$count=true", "Accept", "application/json;IEEE754Compatible=true").ok().
			headerHas("Content-Type", "IEEE754Compatible=true").has(`"@odata.count":"`)
		assert.NotContains(c.t, c.get("Groups?$count=true").ok().lacks(`"@odata.count":"`).Get("Content-Type"), "IEEE754")
	}},
	{number: "J11", demand: must, rule: "406 where streaming=true alone is accepted and not done", check: func(c *check) {
		c.get("Groups", "Accept", "application/json;odata.streaming=true").ok()
		c.get("Groups", "Accept", "application/json;odata.streaming=maybe").is(http.StatusNotAcceptable)
	}},
	{number: "J12", demand: must, rule: "the entity's id where its key isn't selected", check: func(c *check) {
		c.get("Groups?$select=Name&$top=1").ok().has(`"@odata.id":"` + c.root + `Groups(`)
		c.get("Groups?$select=Id&$top=1").ok().lacks("@odata.id")
		c.get("Groups?$select=Name&$top=1&$format=application/json;odata.metadata=none").ok().lacks("odata.id", `"Id"`)
	}},
	{number: "J12.1", demand: must, rule: "in 4.0, null as the id of aggregated rows", check: func(c *check) {
		c.get("Users?$apply=groupby((Population/Name))&$top=1").ok().has(`"value":[{"@odata.id":null,"Population":{"@odata.id":null,"Name":"`)
		c.get("Users?$apply=aggregate($count as N)", later, "4.01").ok().lacks("@id", "odata.id")
		c.get("Users?$apply=aggregate($count as N)&$format=application/json;odata.metadata=none").ok().lacks("odata.id")
	}},
	{number: "J12.2", demand: must, rule: "in metadata=full, a read link where nobody edits", check: func(c *check) {
		c.get("Schemas?$top=1&$format=application/json;odata.metadata=full").ok().has(`"@odata.readLink":"` + c.root + `Schemas(`).lacks("editLink")
	}},
	{number: "J13", demand: must, rule: "context URLs whose fragment isn't percent-encoded", check: func(c *check) {
		c.get("Users?$select=Username&$expand=Population($select=Name)&$top=1").ok().has(`$metadata#Users(Username,Population(Name))"`)
	}},
	{number: "J14", demand: must, rule: "never a delta link beside a next link", check: func(c *check) {
		c.get("Users", "Prefer", "odata.maxpagesize=1,odata.track-changes").ok().has("nextLink").lacks("deltaLink")
	}},
	{number: "J15", demand: must, rule: "in 4.01, annotations before their property", check: func(c *check) {
		a := c.get("Users?$top=1&$format=application/json;metadata=full", later, "4.01").ok()
		assert.Contains(c.t, a.body, `"CreatedAt@type":"DateTimeOffset","CreatedAt":`)
		a.lacks("@odata.")
		a = c.get("Users({ada})?$expand=Population($select=Id)&$format=application/json;metadata=full", later, "4.01").ok()
		assert.Regexp(c.t, `"Population@navigationLink":"[^"]*/Population","Population":\{`, a.body)
	}},
}

var protocol = []line{
	{number: "H1", demand: must, rule: "Vary names the headers that decide", check: func(c *check) {
		c.get("Groups").ok().headerHas("Vary", "OData-MaxVersion").headerHas("Vary", "Prefer").headerHas("Vary", "Accept")
	}},
	{number: "H2", demand: must, rule: "Allow in 405", check: func(c *check) {
		for _, r := range [][2]string{{"PUT", "Groups"}, {"POST", "Groups({sales})"}, {"TRACE", "Groups"}, {"POST", ""}, {"PATCH", "Groups/$count"}, {"DELETE", "$metadata"}} {
			assert.NotEmpty(c.t, c.do(r[0], r[1], "").is(http.StatusMethodNotAllowed).Get("Allow"), r)
		}
		c.get("UnlockUserAccount").is(http.StatusMethodNotAllowed).header("Allow", "POST")
	}},
	{number: "H3", demand: must, rule: "412 for snapshot isolation where there is none", check: func(c *check) {
		c.get("Groups", "OData-Isolation", "snapshot").is(http.StatusPreconditionFailed)
		c.get("Groups", "Isolation", "snapshot").is(http.StatusPreconditionFailed)
	}},
	{number: "H4", demand: must, rule: "unknown preferences are ignored", check: func(c *check) {
		c.get("Groups", "Prefer", "odata.unheard=1;x, wait=10, handling=strict").ok().header("Preference-Applied", "")
	}},
	{number: "H5", demand: must, rule: "ranges of Accept with unknown parameters are left out", check: func(c *check) {
		c.get("Groups", "Accept", "application/json;odata.unheard=1").is(http.StatusNotAcceptable)
		c.get("Groups", "Accept", "application/json;odata.unheard=1,application/json;odata.metadata=none;q=0.1").ok().headerHas("Content-Type", "metadata=none")
	}},
	{number: "H6", demand: must, rule: "tags of entities; weak ones for reads with If-None-Match", check: func(c *check) {
		a := c.get("Groups({sales})").ok()
		tag := a.Get("ETag")
		if !assert.True(c.t, strings.HasPrefix(tag, `W/"`), tag) {
			return
		}
		c.get("Groups({sales})", "If-None-Match", tag).is(http.StatusNotModified).header("ETag", tag)
		c.get("Groups({sales})", "If-None-Match", `W/"a", `+tag).is(http.StatusNotModified)
		c.get("Groups({sales})", "If-None-Match", `W/"a"`).ok()
		c.get("Groups?$top=2&$format=application/json;odata.metadata=full").ok().has(`"@odata.etag":"W/\"`)
		c.get("Users({ada})?$select=Username&$expand=Population").ok().has(`"Population":{"@odata.etag":"W/\"`)
		m := c.get("$metadata").ok()
		c.get("$metadata", "If-None-Match", m.Get("ETag")).is(http.StatusNotModified)
	}},
	{number: "H7", demand: must, rule: "unknown system options, and options given twice, are refused", check: func(c *check) {
		c.get("Groups?$unheard=1").is(http.StatusBadRequest)
		c.get("Groups?$top=1&$top=1").is(http.StatusBadRequest)
		c.get("Groups?$top=1&TOP=1").is(http.StatusBadRequest)
	}},
	{number: "H8", demand: must, rule: "errors with code and message", check: func(c *check) {
		a := c.get("Users?$filter=Nothing eq 1").is(http.StatusBadRequest).has(`"code":"UnknownProperty"`, `"target":"$filter"`)
		a.headerHas("Content-Type", "application/json")
		c.get("Users({nobody})").is(http.StatusNotFound).has(`"message":"`)
	}},
	{number: "H9", demand: must, rule: "an error after the first row leaves the JSON broken", check: func(c *check) {
		c.beside("test/reliability breaks the API in the midst of a feed: the connection is cut")
	}},
	{number: "H10", demand: must, rule: "204 for a single value that is null", check: func(c *check) {
		c.get("Users({ada})/Nickname").is(http.StatusNoContent)
		c.get("Users({ada})/IdentityProvider").is(http.StatusNoContent)
		c.get("Users({nobody})/Nickname").is(http.StatusNotFound)
	}},
	{number: "H11", demand: must, rule: "nothing changes where the answer is an error", check: func(c *check) {
		g := c.make("H11")
		before := c.get(g).ok().body
		c.do(http.MethodPatch, g, `{"Description":"x","Nothing":1}`).is(http.StatusBadRequest)
		c.do(http.MethodPatch, g, `{"Description":"x",`).is(http.StatusBadRequest)
		c.do(http.MethodPatch, g, `{"Description":1}`).is(http.StatusBadRequest)
		c.do(http.MethodPatch, g+"?$unheard=1", `{"Description":"x"}`).is(http.StatusBadRequest)
		assert.Equal(c.t, before, c.get(g).ok().body)
	}},
	{number: "H12", demand: must, rule: "HEAD as GET without a body", check: func(c *check) {
		a := c.do(http.MethodHead, "Groups", "").ok()
		assert.Empty(c.t, a.body)
		c.do(http.MethodHead, "", "").ok().header("OData-Version", "4.0")
		_, err := strconv.Atoi(c.do(http.MethodHead, "$metadata", "").ok().Get("Content-Length"))
		assert.NoError(c.t, err)
	}},
}
