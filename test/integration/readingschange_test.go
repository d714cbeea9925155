//go:build duckdb_arrow

package integration

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
)

// changer deletes, creates and renames users while a feed is being read.
type changer struct {
	t       *testing.T
	sim     *testkit.Simulator
	random  *rand.Rand
	touched map[string]bool
	made    int
}

// change does one of each; last is a user whose row was sent last, which makes
// it the hardest to do without.
func (c *changer) change(last string) {
	c.t.Helper()
	const where = sim.EnvironmentAdministrators
	pick := func() string {
		for {
			// The first users are those that others refer to.
			if id := c.sim.UserID(where, 20+c.random.IntN(500)); !c.touched[id] {
				c.touched[id] = true
				return id
			}
		}
	}
	write := func(method, path string, members map[string]any) {
		if _, err := c.sim.Write(method, where, path, members); err != nil {
			c.t.Fatal(err)
		}
	}
	c.made++
	if !c.touched[last] {
		c.touched[last] = true
		write(http.MethodDelete, "/users/"+last, nil)
	}
	write(http.MethodDelete, "/users/"+pick(), nil)
	write(http.MethodPatch, "/users/"+pick(), map[string]any{"username": fmt.Sprintf("%c.renamed.%d", 'a'+c.random.IntN(26), c.made)})
	write(http.MethodPost, "/users", map[string]any{"username": fmt.Sprintf("%c.new.%d", 'a'+c.random.IntN(26), c.made), "email": "new@example.com"})
}

// Rows that nobody touches come exactly once, whatever happens to others
// between two pages and whichever gateway answers, from its stream or anew.
func TestPagesOfAChangingDirectory(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, path string
		size       int
		skip       bool
	}{
		{"users", "Users?$select=Id", 60, false},
		{"users by $skip", "Users?$select=Id", 60, true},
		{"sorted users", "Users?$select=Id&$orderby=Title", 60, false},
		{"memberships", "UserGroupAssociations?$select=UserId,GroupId", 60, false},
		{"memberships by $skip", "UserGroupAssociations?$select=UserId,GroupId", 60, true},
	}
	for i, c := range cases {
		for _, gateways := range []int{1, 2} {
			if c.skip && gateways > 1 {
				continue // a number of rows is no place that another reading can find
			}
			t.Run(fmt.Sprintf("%s on %d", c.name, gateways), func(t *testing.T) {
				t.Parallel()
				web, stores := readers(t, gateways, 600, reading.Options{})
				ch := &changer{t: t, sim: web[0].Simulator, random: rand.New(rand.NewPCG(uint64(i), 7)), touched: map[string]bool{}}
				key := func(row map[string]any) string {
					if id, ok := row["Id"].(string); ok {
						return id
					}
					return row["UserId"].(string) + " " + row["GroupId"].(string)
				}
				wanted := map[string]bool{}
				for _, row := range page(t, web[0], odataRoot+c.path, nil).Value {
					wanted[key(row)] = true
				}
				got := map[string]int{}
				path := odataRoot + c.path
				if c.skip {
					path += fmt.Sprintf("&$top=%d&$skip=0", c.size)
				}
				for n := 0; path != ""; n++ {
					for _, w := range web {
						path = strings.TrimPrefix(path, w.URL)
					}
					p := page(t, web[n%gateways], path, preferring(c.size))
					for _, row := range p.Value {
						got[key(row)]++
					}
					path = p.Next
					if c.skip && len(p.Value) == c.size {
						path = fmt.Sprintf("%s%s&$top=%d&$skip=%d", odataRoot, c.path, c.size, (n+1)*c.size)
					}
					last := key(p.Value[len(p.Value)-1])
					user, _, _ := strings.Cut(last, " ")
					ch.change(user)
					if !c.skip && n%3 == 1 {
						stores[n%gateways].Drop(web[n%gateways].Executor)
					}
				}
				lost, repeated := 0, 0
				for k := range wanted {
					user, _, _ := strings.Cut(k, " ")
					switch {
					case ch.touched[user]:
					case got[k] == 0:
						lost++
					}
				}
				for _, n := range got {
					if n > 1 {
						repeated++
					}
				}
				if lost > 0 || repeated > 0 {
					t.Errorf("%d rows are lost, %d repeated, of %d", lost, repeated, len(wanted))
				}
			})
		}
	}
}
