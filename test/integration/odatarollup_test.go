//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestSubtotalsLackWhatTheyAreOf: what rows lack they lack behind a navigation
// property, too, where a null would be a group of its own; and nulls are omitted there
// for clients that prefer it.
//
// Source: OData Data Aggregation 4.0, section 3.2.3.2; OData 4.01 Part 1, section 8.2.8.6.
func TestSubtotalsLackWhatTheyAreOf(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 200}}).Serve(t, testkit.WebOptions{})
	all := w.URL + odataRoot + "UserGroupAssociations?$count=true&$top=0&$filter="
	_, counted := sent(t, http.MethodGet, all+url.QueryEscape("User/NamePrefix eq null and User/IsEnabled"), "")
	_, enabled := sent(t, http.MethodGet, all+url.QueryEscape("User/IsEnabled"), "")
	nulls, whole := fmt.Sprint(counted["@odata.count"]), fmt.Sprint(enabled["@odata.count"])
	for _, c := range []struct{ name, apply, prefer, first, total string }{
		{
			"subtotals", "groupby((User/IsEnabled,rollup($all,User/NamePrefix)),aggregate($count as N))", "",
			`{"IsEnabled":true,"NamePrefix":null}`, `{"IsEnabled":true}`,
		},
		{
			"of all", "groupby((rollup($all,User/IsEnabled,User/NamePrefix)),aggregate($count as N))", "",
			`{"IsEnabled":true,"NamePrefix":null}`, `{"IsEnabled":true}`,
		},
		{
			"of several ways", "concat(groupby((User/IsEnabled,User/NamePrefix),aggregate($count as N)),groupby((User/IsEnabled),aggregate($count as N)))", "",
			`{"IsEnabled":true,"NamePrefix":null}`, `{"IsEnabled":true}`,
		},
		{
			"without nulls", "groupby((User/IsEnabled,User/NamePrefix),aggregate($count as N))", "omit-values=nulls",
			`{"IsEnabled":true}`, "",
		},
	} {
		_, feed := sent(t, http.MethodGet, w.URL+odataRoot+"UserGroupAssociations?$apply="+url.QueryEscape(c.apply), "", "Prefer", c.prefer)
		found := map[string]int{}
		for _, r := range feed["value"].([]any) {
			part := r.(map[string]any)["User"]
			if named, ok := part.(map[string]any); ok {
				delete(named, "@odata.id") // null, of which another test is
			}
			user, err := json.Marshal(part)
			require.NoError(t, err)
			found[fmt.Sprintf("%s %v", user, r.(map[string]any)["N"])]++
		}
		if found[c.first+" "+nulls] != 1 || c.total != "" && found[c.total+" "+whole] != 1 {
			t.Errorf("%s: %v", c.name, feed)
		}
	}
}
