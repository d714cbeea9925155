//go:build duckdb_arrow

package integration

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// Rows to which a computed property is added come in the order of the plain feed where
// $top or $skip leave some: the first ones take the calls that they need, and parts
// join to the whole.
func TestComputedRowsAsTheyAreRead(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 2400}}).Serve(t, testkit.WebOptions{})
	warm(t, w)
	keys := func(t *testing.T, address string, headers ...string) (out []string, next string) {
		t.Helper()
		p := readApplied(t, w, address, headers...)
		for _, r := range p.rows {
			out = append(out, text(r, "Id"))
			if name, ok := r["Username"].(string); ok && r["L"] != nil {
				require.EqualValues(t, utf8.RuneCountInString(name), r["L"], "%v", r)
			}
		}
		return out, strings.TrimPrefix(p.Next, w.URL)
	}
	w.ResetRequests()
	counted := readApplied(t, w, odataRoot+"Users?$compute=length(Username) as L&$top=3&$count=true")
	assert.LessOrEqual(t, w.Calls(), 2)
	assert.Len(t, counted.rows, 3)
	assert.Equal(t, string(mustGet(t, w, odataRoot+"Users/$count", http.StatusOK)), fmt.Sprint(*counted.Count))
	cases := map[string]struct {
		plain, computed string
		calls           int // of the first three rows; 0 where they hang on what is read ahead
	}{
		"all users":           {"Users?$select=Username", "Users?$compute=length(Username) as L&$select=Username,L", 1},
		"of those before":     {"Users?$select=Username", "Users?$compute=length(Username) as L,L add 1 as M&$select=Username,L,M", 1},
		"a transformation":    {"Users?$select=Username", "Users?$apply=compute(length(Username) as L)&$select=Username,L", 1},
		"with a condition":    {"Users?$select=Username&$filter=IsEnabled", "Users?$apply=filter(IsEnabled)/compute(length(Username) as L)&$select=Username,L", 1},
		"behind a condition":  {"Users?$select=Username&$filter=contains(Username,'a')", "Users?$apply=filter(contains(Username,'a'))/compute(length(Username) as L)&$select=Username,L", 0},
		"in all environments": {"../AllEnvironments/Users?$select=Username", "../AllEnvironments/Users?$compute=length(Username) as L&$select=Username,L", 0},
	}
	for name, c := range cases { // before there are streams that wait
		if c.calls > 0 {
			w.ResetRequests()
			keys(t, odataRoot+c.computed+"&$top=3")
			assert.LessOrEqual(t, w.Calls(), c.calls, name)
		}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			root := odataRoot
			if trimmed, ok := strings.CutPrefix(c.plain, "../"); ok {
				root, c.plain, c.computed = strings.TrimSuffix(odataRoot, "Administrators/"), trimmed, strings.TrimPrefix(c.computed, "../")
			}
			first, _ := keys(t, root+c.computed+"&$top=3")
			want, _ := keys(t, root+c.plain+"&$top=700")
			require.Len(t, want, 700)
			assert.Equal(t, want[:3], first)
			var got []string
			for at := 0; at < len(want); at += 350 {
				some, _ := keys(t, root+c.computed+fmt.Sprintf("&$skip=%d&$top=350", at))
				got = append(got, some...)
			}
			assert.Equal(t, want, got, "by $skip")
			got = nil
			for next := root + c.computed + "&$top=700"; next != ""; {
				some, after := keys(t, next, "Prefer", "odata.maxpagesize=300")
				again, _ := keys(t, next, "Prefer", "odata.maxpagesize=300") // by another reading
				require.Equal(t, some, again)
				got, next = append(got, some...), after
			}
			assert.Equal(t, want, got, "by next links")
		})
	}
}
