//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/internal/testkit/seed"
)

const odataRequests = 600 / thinner

// Random requests for users answer what the specification says, evaluated
// plainly over all rows, whether conditions are pushed down or not.
func TestODataAnswersAsSpecified(t *testing.T) {
	t.Parallel()
	start := seed.Of(t)
	on, off := twins(t, propertyUsers)
	with, without := on.Serve(t, testkit.WebOptions{}), off.Serve(t, testkit.WebOptions{})
	g := &odatagen{r: rand.New(rand.NewPCG(start, 99)), users: readODataUsers(t, without)}
	if len(g.users.rows) != propertyUsers {
		t.Fatalf("%d users", len(g.users.rows))
	}
	empty, ordered := 0, 0
	for n := range odataRequests {
		w := g.wish(t)
		for name, web := range map[string]*testkit.Web{"with push-down": with, "without": without} {
			if problem := w.check(get(t, web, w.path)); problem != "" {
				t.Errorf("request %d, PROPERTY_SEED=%d, %s: %s\n%s", n, start, name, w.path, problem)
			}
		}
		if w.rows == 0 {
			empty++
		}
		if w.ordered {
			ordered++
		}
	}
	t.Logf("%d requests, %d without rows, %d sorted", odataRequests, empty, ordered)
	if empty > odataRequests*6/10 {
		t.Error("the requests say too little")
	}
}

// check says what is wrong with an answer.
func (w wish) check(a answer) string {
	var feed struct {
		Count *int `json:"@odata.count"`
		Value []struct{ ID string }
	}
	if a.status != http.StatusOK || a.err != nil || json.Unmarshal(a.body, &feed) != nil {
		return fmt.Sprintf("status %d %v %s", a.status, a.err, a.body)
	}
	if w.count >= 0 && (feed.Count == nil || *feed.Count != w.count) {
		return fmt.Sprintf("@odata.count is not %d: %.200s", w.count, a.body)
	}
	var got []string
	for _, v := range feed.Value {
		got = append(got, v.ID)
	}
	switch {
	case len(got) != w.rows:
		return fmt.Sprintf("%d rows, want %d", len(got), w.rows)
	case w.ordered && !slices.Equal(got, w.ids):
		return fmt.Sprintf("rows in the wrong order:\n%v\nwant\n%v", got, w.ids)
	}
	may := map[string]bool{}
	for _, id := range w.ids {
		may[id] = true
	}
	for _, id := range got {
		if !may[id] {
			return "row " + id + " does not belong to the answer, or comes twice"
		}
		delete(may, id)
	}
	return ""
}
