package sim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestReadersAndWriters lets everything happen at once: with the race detector
// it shows that the directory is guarded.
func TestReadersAndWriters(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 120})
	groups := f.Groups(sim.EnvironmentAdministrators)
	attributes := f.env("/schemas/" + f.SchemaID(sim.EnvironmentAdministrators) + "/attributes")
	population := f.SchemaID(sim.EnvironmentAdministrators) // any UUID
	limited := f.tokenOf(sim.AppPopulationOnly)
	work := map[string]func(k int) (method, path string, body any){
		"list": func(k int) (string, string, any) { return "GET", f.env(fmt.Sprintf("/users?limit=%d", 5+k)), nil },
		"search": func(int) (string, string, any) {
			return "GET", f.env("/users?filter=" + url.QueryEscape(`memberOfGroups[id eq "`+groups["All Staff"]+`"]`)), nil
		},
		"create": func(k int) (string, string, any) {
			return "POST", f.env("/users"), object{"username": fmt.Sprint("u", k)}
		},
		"patch": func(k int) (string, string, any) {
			return "PATCH", f.env("/users/" + f.UserID(sim.EnvironmentAdministrators, k)), object{"title": "t"}
		},
		"delete": func(k int) (string, string, any) {
			return "DELETE", f.env("/users/" + f.UserID(sim.EnvironmentAdministrators, 100+k)), nil
		},
		"groups": func(int) (string, string, any) { return "GET", f.env("/groups"), nil },
		"new group": func(k int) (string, string, any) {
			return "POST", f.env("/groups"), object{"name": fmt.Sprint("g", k), "userFilter": `title eq "t"`}
		},
		"populations": func(int) (string, string, any) { return "GET", f.env("/populations"), nil },
		"new population": func(k int) (string, string, any) {
			return "POST", f.env("/populations"), object{"name": fmt.Sprint("p", k), "theme": object{"id": population}}
		},
		"new attribute": func(k int) (string, string, any) { return "POST", attributes, object{"name": fmt.Sprint("a", k)} },
		"memberships": func(k int) (string, string, any) {
			return "GET", f.env("/users/" + f.UserID(sim.EnvironmentAdministrators, k) + "/memberOfGroups"), nil
		},
	}
	var wg sync.WaitGroup
	for name, next := range work {
		wg.Go(func() {
			for k := range 15 {
				method, path, body := next(k)
				req := f.request(method, path, body)
				if name == "list" && k%3 == 0 {
					req.Header.Set("Authorization", "Bearer "+limited)
				}
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				_ = resp.Body.Close()
				assert.Less(t, resp.StatusCode, 300, name)
			}
		})
	}
	wg.Go(func() {
		for range 15 {
			f.Stats()
			f.Requests()
			if err := f.SetFaults(); err != nil {
				t.Error(err)
			}
			f.Populations(sim.EnvironmentAdministrators)
			f.Groups(sim.EnvironmentAdministrators)
		}
	})
	wg.Wait()
	assert.Len(t, f.users(""), 120+15-15)
	for _, g := range f.all(f.env("/groups"), "groups") {
		assert.Contains(t, g, "directMemberCounts")
	}
}
