//go:build duckdb_arrow

package conformance

import (
	"net/http"

	"github.com/stretchr/testify/assert"
)

// semantics are the rules of operators, functions and options. Conditions are
// asked of all users, of whom they keep all or none.
var semantics = []line{
	{number: "S1", demand: must, rule: "precedence of operators", check: func(c *check) {
		c.holds("2 add 3 mul 4 eq 14", "(2 add 3) mul 4 eq 20", "10 sub 4 sub 3 eq 3", "8 div 4 div 2 eq 1", "-2 add 5 eq 3",
			"true or false and false", "not false and true", "not (1 eq 2) or false", "1 lt 2 eq true", "5 mod 3 add 1 eq 3")
		c.fails("(true or false) and false", "not (false or true)")
	}},
	{number: "S2", demand: must, rule: "null in comparisons", check: func(c *check) {
		c.holds("null eq null", "null ne 'x'", "Nickname eq null or Nickname ne null", "not (null eq 1)")
		c.fails("null gt 1", "null lt 1", "null ne null", "null gt null")
		assert.Equal(c.t, c.users, c.count("Nickname ne 'x'"), "null is not x")
	}},
	{number: "S3", demand: must, rule: "three-valued logic", check: func(c *check) {
		c.holds("true or null", "not (false and null)", "(null or true) and true")
		c.fails("null and true", "not null", "null or false")
	}},
	{number: "S4", demand: must, rule: "arithmetic", check: func(c *check) {
		c.holds("7 sub 2 eq 5", "7 add 2 eq 9", "7 mul 2 eq 14", "7 div 2 eq 3", "-7 div 2 eq -3", "7 div 2.0 eq 3.5", "7 divby 2 eq 3.5", "-7 mod 3 eq -1", "7 mod -3 eq 1", "1 add null eq null", "2 mul 3.5 eq 7",
			"1e0 div 0 eq INF", "INF eq INF", "NaN ne NaN", "-INF lt INF", "not (NaN eq NaN)")
	}},
	{number: "S5", demand: must, rule: "text functions", check: func(c *check) {
		c.holds("concat('a','b') eq 'ab'", "contains('abc','b')", "endswith('abc','c')", "startswith('abc','a')", "indexof('abc','c') eq 2", "indexof('abc','x') eq -1",
			"length('äöü') eq 3", "substring('abc',1) eq 'bc'", "substring('abc',1,1) eq 'b'", "substring('abc',5) eq ''", "tolower('ÄB') eq 'äb'", "toupper('äb') eq 'ÄB'", "trim('  a ') eq 'a'",
			"contains(null,'a') eq null", "length(null) eq null", "'a' ne 'A'", "'it''s' eq concat('it','''s')")
		c.fails("contains('abc','B')", "contains(null,'a')")
	}},
	{number: "S6", demand: must, rule: "matchesPattern", check: func(c *check) {
		c.holds(`matchesPattern('abc','^a.c$')`, `matchesPattern('Abc','B')eq false`)
		c.fails(`matchesPattern('abc','^b')`)
	}},
	{number: "S7", demand: must, rule: "times", check: func(c *check) {
		t := "2024-02-29T13:14:15.250Z"
		c.holds("year("+t+") eq 2024", "month("+t+") eq 2", "day("+t+") eq 29", "hour("+t+") eq 13", "minute("+t+") eq 14", "second("+t+") eq 15", "fractionalseconds("+t+") eq 0.25",
			"date("+t+") eq 2024-02-29", "time("+t+") eq 13:14:15.250", "totaloffsetminutes("+t+") eq 0", "totalseconds(duration'PT1M') eq 60", "now() gt CreatedAt",
			"mindatetime() lt maxdatetime()", t+" add duration'P1D' eq 2024-03-01T13:14:15.250Z", "2024-03-01T00:00:00Z sub 2024-02-29T00:00:00Z eq duration'P1D'",
			"2024-02-29T13:00:00+02:00 eq 2024-02-29T11:00:00Z", "2024-02-29 lt 2024-03-01", "2 mul duration'PT1H' eq duration'PT2H'")
	}},
	{number: "S8", demand: must, rule: "parts of times in another zone are refused, as times are UTC here", check: func(c *check) {
		c.get("Users?$filter=hour(2024-02-29T13:00:00%2B02:00) eq 13").is(http.StatusBadRequest, http.StatusNotImplemented)
	}},
	{number: "S9", demand: must, rule: "ceiling, floor, round", check: func(c *check) {
		c.holds("ceiling(1.2) eq 2", "floor(-1.2) eq -2", "round(2.5) eq 3", "round(-2.5) eq -3", "round(1.4) eq 1", "floor(null) eq null")
	}},
	{number: "S10", demand: must, rule: "cast and isof", check: func(c *check) {
		c.holds("cast(1,Edm.String) eq '1'", "cast('12',Edm.Int32) eq 12", "isof(Username,Edm.String)", "isof(PingOne.User)", "cast(true,Edm.String) eq 'true'")
		c.fails("isof(Username,Edm.Int32)")
	}},
	{number: "S11", demand: must, rule: "case", check: func(c *check) {
		c.holds("case(1 eq 2:'a',true:'b') eq 'b'", "case(false:1) eq null")
	}},
	{number: "S12", demand: must, rule: "lists", check: func(c *check) {
		c.holds(`hassubset(["a","b"],["b"])`, `hassubset(["a","b","a"],["a","a"])`, "hassubset(skills,skills)", "skills/any() or not skills/any()", "skills/all(s:s ne null)")
		assert.Len(c.t, c.get("Populations?$filter=hassubset(AlternativeIdentifiers,[\"staff\"])").ok().rows(), 1)
	}},
	{number: "S12.1", demand: should, rule: "hassubsequence", check: func(c *check) {
		c.holds(`hassubsequence(["a","b","c"],["a","c"])`, `hassubsequence(["a"],[])`, `hassubsequence(["a","a.b","a"],["a.b","a"])`)
		c.fails(`hassubsequence(["a","b","c"],["c","a"])`, `hassubsequence(["a"],["a","a"])`, `hassubsequence(["axb"],["a.b"])`, `hassubsequence(["ab"],["a"])`)
	}},
	{number: "S13", demand: must, rule: "$it and $root", check: func(c *check) {
		c.holds("$it/Username eq Username")
		c.get("Users?$filter=$root/Users({ada})/Username eq Username").ok()
		c.get("Groups({staff})?$expand=ChildGroups($filter=$this/Name eq 'Sales';$orderby=$this/Name;$select=Name)&$select=Id").ok().
			has(`"ChildGroups":[{"@odata.id":"` + c.root + `Groups({sales})","Name":"Sales"}]`)
		assert.Equal(c.t, 1, c.count("Groups/all(g:g/Name ne $it/Username) and $it/Id eq {ada}"))
	}},
	{number: "S14", demand: must, rule: "outer variables within lambda", check: func(c *check) {
		c.get("Users?$filter=Groups/any(g:g/PopulationId eq PopulationId)&$top=1").ok()
		c.get("Groups?$filter=Users/any(u:u/Groups/any(g:g/Name eq 'Sales'))&$top=1").ok()
	}},
	{number: "S15", demand: must, rule: "$search: phrases, NOT before AND before OR, capitals alone", check: func(c *check) {
		all := c.usernames("$search=example")
		assert.Equal(c.t, all, c.usernames("$search=example AND example"))
		assert.Equal(c.t, all, c.usernames("$search=example example"))
		assert.Empty(c.t, c.usernames("$search=example NOT example"))
		assert.Equal(c.t, all, c.usernames("$search=nobody123 AND nobody123 OR example"))
		assert.Empty(c.t, c.usernames("$search=NOTEWORTHY123"))
		assert.Empty(c.t, c.usernames("$search=example and nobody123"))
	}},
	{number: "S16", demand: must, rule: "$skip before $top, $filter before both, $count of all", check: func(c *check) {
		all := c.usernames("$filter=Username ne 'ada.admin'")
		a := c.get("Users?$top=2&$skip=1&$filter=Username ne 'ada.admin'&$orderby=Username&$count=true&$select=Username").ok()
		assert.Equal(c.t, all[1:3], a.all("Username"))
		assert.InDelta(c.t, len(all), a.object()["@odata.count"], 0)
	}},
	{number: "S17", demand: must, rule: "division by zero of whole numbers", check: func(c *check) {
		c.get("Users?$filter=1 div 0 eq 1").is(http.StatusBadRequest)
	}},
	{number: "S18", demand: should, rule: "$apply: aggregate", check: func(c *check) {
		c.get("Users?$apply=aggregate($count as N)").ok().has(`"N":`)
	}},
	{number: "S19", demand: should, rule: "$apply: groupby", check: func(c *check) {
		c.get("Users?$apply=groupby((PopulationId),aggregate($count as N))").ok().has(`"PopulationId":`, `"N":`)
		c.get("Users?$apply=filter(IsEnabled)/groupby((Population/Name),aggregate($count as N))&$orderby=N desc").ok().has(`"N":`)
	}},
	{number: "S20", demand: should, rule: "$apply: topcount, concat, compute and others", check: func(c *check) {
		c.get("Users?$apply=groupby((PopulationId),aggregate($count as N))/topcount(1,N)").ok().has(`"N":`)
		c.get("Users?$apply=groupby((PopulationId),nest(top(1) as First,aggregate($count as N) as Totals))&$top=1").ok().has(`"First":[{`, `"Totals":[{`)
	}},
	{number: "S21", demand: must, rule: "$batch: references, change sets, errors of single requests", check: func(c *check) {
		c.do(http.MethodPost, "$batch", `{"requests":[{"id":"1","method":"POST","url":"Groups","body":{"Name":"S21{n}"}},{"id":"2","dependsOn":["1"],"method":"PATCH","url":"$1","body":{"Description":"d"}},
			{"id":"3","dependsOn":["2"],"method":"GET","url":"$1/Description"}]}`).ok().has(`"status":201`, `"status":204`, `"value":"d"`)
		c.do(http.MethodPost, "$batch", `{"requests":[{"id":"1","method":"GET","url":"Groups({nobody})"},{"id":"2","method":"GET","url":"Groups?$top=1"}]}`).ok().
			has(`{"id":"1","status":404,`).lacks(`"id":"2"`)
	}},
	{number: "S21.1", demand: must, rule: "$batch: several changes as one", check: func(c *check) {
		a := c.do(http.MethodPost, "$batch", `{"requests":[{"id":"1","atomicityGroup":"g","method":"POST","url":"Groups","body":{"Name":"S21a{n}"}},{"id":"2","atomicityGroup":"g","method":"POST","url":"Groups","body":{"Name":"S21b{n}"}}]}`).ok()
		if assert.Contains(c.t, a.body, `"status":501`) {
			c.line.refused = "a change set has one change: all or none of several must be made (Part 1, 11.7.7.4), and PingOne has no transactions; each change goes in a change set of its own, or without one, in the same batch (S21.2)"
		}
		assert.Equal(c.t, "0", c.get("Groups/$count?$filter=Name in ('S21a{n}','S21b{n}')").ok().body)
	}},
	{number: "S21.2", demand: must, rule: "$batch: several changes, each for itself", check: func(c *check) {
		c.do(http.MethodPost, "$batch", `{"requests":[{"id":"1","method":"POST","url":"Groups","body":{"Name":"S21c{n}"}},{"id":"2","method":"PATCH","url":"Groups({nobody})","body":{"Name":"x"}},
			{"id":"3","method":"PATCH","url":"$1","body":{"Description":"d"}},{"id":"4","atomicityGroup":"g","method":"DELETE","url":"$1"}]}`, "Prefer", "continue-on-error").ok().
			has(`"id":"1","status":201`, `"id":"2","status":404`, `"id":"3","status":204`, `"id":"4","atomicityGroup":"g","status":204`)
		part := func(request, name string) string {
			return "--b\r\nContent-Type: application/http\r\n\r\n" + request + " HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"Name\":\"" + name + "{n}\"}\r\n"
		}
		c.do(http.MethodPost, "$batch", part("POST Groups", "S21d")+part("PATCH Groups({nobody})", "x")+part("POST Groups", "S21e")+"--b--\r\n",
			"Content-Type", "multipart/mixed; boundary=b", "Prefer", "continue-on-error").ok().has("HTTP/1.1 201 Created", "HTTP/1.1 404 Not Found")
		assert.Equal(c.t, "2", c.get("Groups/$count?$filter=Name in ('S21d{n}','S21e{n}')").ok().body)
	}},
	{number: "S21.3", demand: must, rule: "$batch: requests without Accept take the batch's", check: func(c *check) {
		c.do(http.MethodPost, "$batch", `{"requests":[{"id":"1","method":"GET","url":"Groups({sales})"},{"id":"2","method":"GET","url":"Groups({sales})","headers":{"accept":"application/json;odata.metadata=full"}}]}`,
			"Accept", "application/json;odata.metadata=none").ok().has(`"content-type":"application/json;odata.metadata=none"`, `"content-type":"application/json;odata.metadata=full"`)
	}},
	{number: "S22", demand: should, rule: "delta: track-changes, $deltatoken", check: func(c *check) {
		delta := c.get("Users?$select=Username&$filter=Username eq 'ada.admin'", "Prefer", "track-changes,odata.maxpagesize=1").ok().text("@odata.deltaLink")
		c.do(http.MethodPatch, "Users({ada})", `{"Nickname":"S22"}`).is(http.StatusNoContent)
		c.get(delta).ok().has(`"Username":"ada.admin"`)
	}},
	{number: "S23", demand: must, rule: "$metadata by the schemas of CSDL", check: func(c *check) {
		c.beside("the tests of odata/edm validate the XML against the schemas of OASIS; the JSON is held against golden files")
	}},
}
