//go:build duckdb_arrow

package integration

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// A list at its own address takes the options of a collection, of whose items $it is one.
//
// Source: OData 4.01 Part 1, section 11.2.6; JSON Format, section 12.
func TestODataListsAtTheirAddress(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 200}})
	w := s.Serve(t, testkit.WebOptions{})
	found := s.Query(t, "SELECT Id, skills[1], skills[2], skills[3] FROM Users WHERE len(skills) = 3 AND regexp_matches(array_to_string(skills, ''), '^[a-z]+$') ORDER BY Id LIMIT 1")
	require.Len(t, found, 1)
	list := odataRoot + "Users(" + found[0][0] + ")/skills"
	first, second, third := `"`+found[0][1]+`"`, `"`+found[0][2]+`"`, `"`+found[0][3]+`"`
	named := strings.NewReplacer("{1}", found[0][1], "{2}", found[0][2], "{3}", found[0][3])
	for _, c := range []struct {
		options string
		status  int
		body    string // what the answer ends with, or has
	}{
		{"", 200, `"value":[` + first + "," + second + "," + third + "]}"},
		{"?$top=1", 200, `/skills","value":[` + first + "]}"},
		{"?$skip=1&$top=1&$count=true", 200, `/skills","@odata.count":3,"value":[` + second + "]}"},
		{"?$filter=$it ne '{2}'&$count=true", 200, `"@odata.count":2,"value":[` + first + "," + third + "]}"},
		{"?filter=$it eq @s&@s='{3}'", 200, `"value":[` + third + "]}"},
		{"?$filter=$it in ('{1}','{3}')&$skip=1", 200, `"value":[` + third + "]}"},
		{"?$search={1}", 200, first},
		{"?$filter=$it eq null", 200, `"value":[]}`},
		{"?$skip=5", 200, `"value":[]}`},
		{"?$count=true&$format=application/json;odata.metadata=none;IEEE754Compatible=true", 200, `{"@odata.count":"3","value":[` + first},
		{"/$count?$filter=$it ne '{2}'", 200, "2"},
		{"/$count?$top=1&$orderby=$it", 200, "3"},
		{"?$filter=Username eq 'x'", 400, "skills has no property Username."},
		{"?$filter=$it/Username eq 'x'", 400, "The variable $it is a string and has no properties."},
		{"?$filter=$it eq 5", 400, "Edm.String can't be compared with an integer."},
		{"?$filter=$it", 400, "A condition must be Edm.Boolean"},
		{"?$orderby=length($it)", 501, `"target":"$orderby"`},
		{"?$filter=$it eq $root/Users({ada})/Title", 501, "$root in a condition on the items of a list"},
		{"?$select=Id", 400, `"target":"$select"`},
		{"?$apply=identity", 400, `"target":"$apply"`},
		{"?$top=-1", 400, `"target":"$top"`},
	} {
		options := strings.ReplaceAll(named.Replace(c.options), "{ada}", found[0][0])
		a := get(t, w, list+strings.ReplaceAll(options, " ", "%20"))
		assert.Equal(t, c.status, a.status, "%s: %s", c.options, a.body)
		assert.Contains(t, string(a.body), c.body, c.options)
	}
	a := get(t, w, list+"?$orderby=$it%20desc")
	b := get(t, w, list+"?$orderby=$it")
	for _, skill := range []string{first, second, third} {
		assert.Contains(t, string(a.body), skill)
	}
	assert.NotEqual(t, a.body, b.body)
	a = get(t, w, odataRoot+"Users(00000000-0000-4000-8000-000000000000)/skills?$top=1")
	assert.Equal(t, http.StatusNotFound, a.status, a.body)
	s.ResetRequests()
	get(t, w, list+"?$filter=$it%20eq%20'x'")
	assert.Len(t, s.Requests(), 1, "the user alone is read")
}
