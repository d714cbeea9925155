//go:build duckdb_arrow

package conformance

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/stretchr/testify/assert"
)

var minimal = []line{
	{number: "A1", demand: must, rule: "service document at the service root", check: func(c *check) {
		c.get("").ok().has(`"@odata.context":"`+c.root+`$metadata"`, `{"name":"Users","kind":"EntitySet","url":"Users"}`)
	}},
	{number: "A2", demand: must, rule: "data in the JSON format", check: func(c *check) {
		c.get("Groups", "Accept", "application/json").ok().has(`"@odata.context":"`+c.root+`$metadata#Groups"`, `"value":[{"Id":"`)
		c.get("Groups?$format=json").ok().headerHas("Content-Type", "application/json")
	}},
	{number: "A3", demand: must, rule: "partial results by server-driven paging alone", check: func(c *check) {
		seen := map[any]bool{}
		next := "Users?$select=Id"
		for range 20 {
			a := c.get(next, "Prefer", "odata.maxpagesize=7").ok()
			for _, id := range a.all("Id") {
				seen[id] = true
			}
			if next = a.text("@odata.nextLink"); next == "" {
				break
			}
		}
		assert.Len(c.t, seen, c.users)
		assert.Empty(c.t, c.get("Users?$top=3").ok().text("@odata.nextLink"), "what the client has limited is whole")
	}},
	{number: "A4", demand: must, rule: "OData-Version in every answer", check: func(c *check) {
		c.get("Groups").ok().header("OData-Version", "4.0")
		c.get("Groups", "OData-MaxVersion", "4.0").ok().header("OData-Version", "4.0")
		c.get("Groups", "OData-MaxVersion", "4.01").ok().header("OData-Version", "4.01")
		c.get("Nothing").is(http.StatusNotFound).header("OData-Version", "4.0")
	}},
	{number: "A5", demand: must, rule: "Accept and OData-MaxVersion are obeyed or the request fails", check: func(c *check) {
		c.get("Groups", "Accept", "application/atom+xml").is(http.StatusNotAcceptable)
		c.get("Groups", "Accept", "application/atom+xml,application/json;q=0.5").ok().headerHas("Content-Type", "application/json")
		c.get("Groups", "OData-MaxVersion", "3.0").is(http.StatusNotAcceptable)
		c.get("Groups?$format=xml").is(http.StatusNotAcceptable)
	}},
	{number: "A6", demand: must, rule: "extensions are allowed where the specification has them", check: func(c *check) {
		c.get("Groups?custom=1&also", "X-Custom", "1").ok()
		c.do(http.MethodPost, "Groups", `{"Name":"A6{n}","@my.note":1,"Name@my.note":{"a":1}}`).is(http.StatusCreated)
	}},
	{number: "A7", demand: must, rule: "options by the grammar, else 501", check: func(c *check) {
		c.get("Groups?$filter=Name eq eq 'a'").is(http.StatusBadRequest)
		c.get("Groups?$top=-1").is(http.StatusBadRequest)
		c.get("Groups?$filter=geo.length(@g) gt 1").is(http.StatusNotImplemented)
	}},
	{number: "A8", demand: must, rule: "types of the specification alone", check: func(c *check) {
		types := map[string]bool{}
		eachElement(c.get("$metadata").ok().body, func(e xml.StartElement) {
			for _, attr := range e.Attr {
				if attr.Name.Local == "Type" && (e.Name.Local == "Property" || e.Name.Local == "Parameter") {
					types[strings.TrimSuffix(strings.TrimPrefix(attr.Value, "Collection("), ")")] = true
				}
			}
		})
		known := "Edm.Boolean Edm.DateTimeOffset Edm.Double Edm.Guid Edm.Int32 Edm.Int64 Edm.String "
		for name := range types {
			assert.True(c.t, strings.Contains(known, name+" ") || strings.HasPrefix(name, "PingOne."), name)
		}
		assert.Greater(c.t, len(types), 5)
	}},
	{number: "A9", demand: must, rule: "clients need neither annotations nor headers of the service's own", check: func(c *check) {
		c.get("Groups").ok().has(`"Name":"Sales"`)
		c.do(http.MethodPost, "Groups", `{"Name":"A9{n}"}`).is(http.StatusCreated)
	}},
	{number: "A10", demand: must, rule: "an update does what the specification says, and no more", check: func(c *check) {
		g := c.make("A10")
		c.do(http.MethodPatch, g, `{"Description":"second","Id":"{nobody}"}`).is(http.StatusNoContent)
		c.get(g).ok().has(`"Name":"A10{n}"`, `"Description":"second"`, strings.TrimSuffix(strings.TrimPrefix(g, "Groups("), ")"))
		c.do(http.MethodPut, g, `{"Name":"A10{n}"}`).is(http.StatusNoContent)
		c.get(g).ok().has(`"Name":"A10{n}"`, `"Description":null`)
	}},
	{number: "A11", demand: must, rule: "reading changes nothing", check: func(c *check) {
		before := c.get("Groups(" + "{sales})").ok().body
		c.get("Groups({sales})?$expand=Users").ok()
		assert.Equal(c.t, before, c.get("Groups({sales})").ok().body)
	}},
	{number: "A12", demand: should, rule: "$expand", check: func(c *check) {
		c.get("Users({ada})?$expand=Population").ok().has(`"Population":{"@odata.etag":"W/\"`, `"Id":"{home}"`)
		c.get("Users({ada})?$expand=Groups").ok().has(`"Groups":[`)
	}},
	{number: "A13", demand: should, rule: "$metadata as XML; may: as JSON", check: func(c *check) {
		c.get("$metadata").ok().header("Content-Type", "application/xml").has(`<edmx:Edmx Version="4.0"`, `<EntityType Name="User">`)
		c.get("$metadata", "Accept", "application/json").ok().has(`"$EntityContainer":"PingOne.Container"`)
	}},
	{number: "A14", demand: must, rule: "preferences with the prefix odata.", check: func(c *check) {
		c.get("Groups", "Prefer", "odata.maxpagesize=1").ok().header("Preference-Applied", "odata.maxpagesize=1").has(`"@odata.nextLink"`)
		c.get("Groups", "Prefer", "odata.omit-values=nulls").ok().header("Preference-Applied", "odata.omit-values=nulls").lacks(":null")
	}},
	{number: "A15", demand: must, rule: "durations and enumerations with their prefix", check: func(c *check) {
		c.holds("CreatedAt add duration'P1D' gt CreatedAt", "CreatedAt sub CreatedAt eq duration'PT0S'")
	}},
	{number: "A16", demand: must, rule: "the end of an asynchronous answer is application/http", check: func(c *check) {
		c.awaited("Groups?$select=Name&$filter=Name eq 'Sales'").header("Content-Type", "application/http").
			has("HTTP/1.1 200 OK\r\n", "Content-Type: application/json", "OData-Version: 4.0", `"Name":"Sales"}`)
		c.awaited("Nothing").has("HTTP/1.1 404 Not Found")
	}},
	{number: "A17", demand: may, rule: "AsyncResult in it", check: func(c *check) {
		c.awaited("Groups?$top=1").header("AsyncResult", "200")
	}},
}

var updatable = []line{
	{number: "A18", demand: must, rule: "edit links", check: func(c *check) {
		c.get("Groups({sales})?$format=application/json;odata.metadata=full").ok().has(`"@odata.editLink":"` + c.root + `Groups({sales})"`)
	}},
	{number: "A19", demand: must, rule: "POST to an entity set", check: func(c *check) {
		c.do(http.MethodPost, "Groups", `{"Name":"A19{n}","Description":"new"}`).is(http.StatusCreated).has(`"Name":"A19{n}"`, `"Description":"new"`, `$metadata#Groups/$entity"`)
	}},
	{number: "A20", demand: must, rule: "POST to a navigation property", check: func(c *check) {
		g := c.make("A20")
		c.do(http.MethodPost, "Users({ada})/UserGroupAssociations", `{"GroupId":"`+keyOf(g)+`"}`).is(http.StatusCreated).has(`"UserId":"{ada}"`)
		c.get(g + "/Users?$select=Username").ok().has(`"ada.admin"`)
	}},
	{number: "A21", demand: must, rule: "POST to $ref of a collection", check: func(c *check) {
		g := c.make("A21")
		c.do(http.MethodPost, g+"/Users/$ref", `{"@odata.id":"Users({ada})"}`).is(http.StatusNoContent)
		c.get(g + "/Users?$select=Username").ok().has(`"ada.admin"`)
	}},
	{number: "A22", demand: must, rule: "PUT to $ref of a single entity", check: func(c *check) {
		c.do(http.MethodPut, "Users({ada})/Population/$ref", `{"@odata.id":"Populations({away})"}`).is(http.StatusNoContent)
		c.get("Users({ada})/PopulationId/$value").ok().has("{away}")
		c.do(http.MethodPut, "Users({ada})/Population/$ref", `{"@odata.id":"`+c.root+`Populations({home})"}`).is(http.StatusNoContent)
	}},
	{number: "A23", demand: must, rule: "PATCH of an entity", check: func(c *check) {
		g := c.make("A23")
		c.do(http.MethodPatch, g, `{"Description":"changed"}`).is(http.StatusNoContent)
		c.get(g).ok().has(`"Description":"changed"`, `"Name":"A23{n}"`)
		c.do(http.MethodPatch, g, `{"Description":"again"}`, "Prefer", "return=representation").ok().has(`"Description":"again"`)
		c.do(http.MethodPatch, g, `{"Nothing":1}`).is(http.StatusBadRequest)
	}},
	{number: "A24", demand: must, rule: "DELETE of an entity", check: func(c *check) {
		g := c.make("A24")
		c.do(http.MethodDelete, g, "").is(http.StatusNoContent)
		c.get(g).is(http.StatusNotFound)
		c.do(http.MethodDelete, g, "").is(http.StatusNotFound)
	}},
	{number: "A25", demand: must, rule: "DELETE of $ref", check: func(c *check) {
		g := c.make("A25")
		c.do(http.MethodPost, g+"/Users/$ref", `{"@odata.id":"Users({ada})"}`).is(http.StatusNoContent)
		c.do(http.MethodDelete, g+"/Users/$ref?$id="+c.root+"Users({ada})", "").is(http.StatusNoContent)
		c.get(g + "/Users/$count").ok().has("0")
	}},
	{number: "A26", demand: must, rule: "If-Match where entities have tags", check: func(c *check) {
		g := c.make("A26")
		tag := c.get(g).ok().Get("ETag")
		if !assert.NotEmpty(c.t, tag) {
			return
		}
		c.do(http.MethodPatch, g, `{"Description":"lost"}`, "If-Match", `W/"another"`).is(http.StatusPreconditionFailed)
		c.do(http.MethodDelete, g, "", "If-Match", `W/"another"`).is(http.StatusPreconditionFailed)
		c.get(g).ok().header("ETag", tag).has(`"Description":"first"`)
		next := c.do(http.MethodPatch, g, `{"Description":"kept"}`, "If-Match", tag).is(http.StatusNoContent).Get("ETag")
		c.get(g).ok().header("ETag", next).has(`"Description":"kept"`)
		c.do(http.MethodPatch, g, `{"Description":"late"}`, "If-Match", tag).is(http.StatusPreconditionFailed)
		c.do(http.MethodDelete, g, "", "If-Match", "*").is(http.StatusNoContent)
	}},
	{number: "A27", demand: must, rule: "Location of what was made", check: func(c *check) {
		a := c.do(http.MethodPost, "Groups", `{"Name":"A27{n}"}`).is(http.StatusCreated)
		c.get(a.Get("Location")).ok().has(`"Name":"A27{n}"`)
	}},
	{number: "A28", demand: must, rule: "OData-EntityId in a 204 of what was made", check: func(c *check) {
		a := c.do(http.MethodPost, "Groups", `{"Name":"A28{n}"}`, "Prefer", "return=minimal").is(http.StatusNoContent).header("Preference-Applied", "return=minimal")
		c.get(a.Get("OData-EntityId")).ok().has(`"Name":"A28{n}"`)
		a.header("Location", a.Get("OData-EntityId"))
	}},
	{number: "A29", demand: must, rule: "upsert, except where the service makes the keys", check: func(c *check) {
		c.do(http.MethodPatch, "Groups({nobody})", `{"Name":"A29{n}"}`).is(http.StatusNotFound)
		c.do(http.MethodPut, "Groups({nobody})", `{"Name":"A29{n}"}`).is(http.StatusNotFound)
		assert.Zero(c.t, c.countOf("Groups", "Name eq 'A29'"))
	}},
	{number: "A30", demand: should, rule: "PUT of a property", check: func(c *check) {
		g := c.make("A30")
		c.do(http.MethodPut, g+"/Description", `{"value":"alone"}`).is(http.StatusNoContent)
		c.get(g).ok().has(`"Description":"alone"`, `"Name":"A30{n}"`)
		c.do(http.MethodPut, g+"/Description/$value", "bare", "Content-Type", "text/plain").is(http.StatusNoContent)
		c.get(g + "/Description/$value").ok().has("bare")
	}},
	{number: "A31", demand: should, rule: "DELETE of a property sets it to null", check: func(c *check) {
		g := c.make("A31")
		c.do(http.MethodDelete, g+"/Description", "").is(http.StatusNoContent)
		c.get(g).ok().has(`"Description":null`)
		c.do(http.MethodDelete, g+"/Name", "").is(http.StatusBadRequest)
	}},
	{number: "A32", demand: should, rule: "deep insert", check: func(c *check) {
		c.do(http.MethodPost, "Users", `{"Username":"a32","Population":{"Name":"A32{n}"}}`).is(http.StatusCreated)
	}},
	{number: "A33", demand: may, rule: "updates of sets", check: func(c *check) {
		c.do(http.MethodPatch, "Groups/$filter(Name eq 'A33')/$each", `{"Description":"x"}`).is(http.StatusOK, http.StatusNoContent)
	}},
}

func keyOf(address string) string {
	return strings.TrimSuffix(address[strings.IndexByte(address, '(')+1:], ")")
}

// eachElement walks through an XML document.
func eachElement(document string, f func(xml.StartElement)) {
	d := xml.NewDecoder(strings.NewReader(document))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			panic(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			f(e)
		}
	}
}
