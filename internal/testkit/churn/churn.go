// Package churn changes the directory of a simulator while tests read it.
package churn

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// Churn changes a directory while it is read: creations, deletions, renamings,
// moves, memberships and new populations follow from a seed. With one reader at
// a time, a run repeats exactly; with several, the writes are the same and their
// places between the calls differ.
type Churn struct {
	server      *sim.Server
	environment string
	perCall     int

	mu          sync.Mutex
	random      *rand.Rand
	users       []string // that may be changed
	populations []string
	groups      []string
	written     map[string]bool
	count       int
	err         error
}

// New prepares writes to an environment, by name: perCall of them come
// before each call to the API once Start was called.
func New(s *sim.Server, environment string, seed uint64, perCall int) *Churn {
	c := &Churn{
		server: s, environment: environment, perCall: perCall,
		random: rand.New(rand.NewPCG(seed, seed)), written: make(map[string]bool), // #nosec G404 -- test data
	}
	populations := s.Populations(environment)
	for _, name := range slices.Sorted(maps.Keys(populations)) {
		c.populations = append(c.populations, populations[name])
	}
	for _, g := range s.AllGroups(environment) {
		if g.Population == "" {
			c.groups = append(c.groups, g.ID)
		}
	}
	for _, u := range s.Users(environment) {
		c.users = append(c.users, u.ID)
	}
	return c
}

// Start makes the writes come; Stop ends them.
func (c *Churn) Start() { c.server.SetOnRequest(func(int64) { c.Step(c.perCall) }) }

// Stop ends the writes and tells the first that failed.
func (c *Churn) Stop() error {
	c.server.SetOnRequest(nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Written are the ids of the users that a write concerned so far. Every other
// user existed unchanged throughout, and so did its memberships.
func (c *Churn) Written() map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.written)
}

// Step makes n writes now.
func (c *Churn) Step(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range n {
		if c.err != nil {
			return
		}
		c.count++
		c.err = c.one()
	}
}

// one makes a write. Half of them change who belongs to a listing.
func (c *Churn) one() error {
	k := c.random.IntN(max(1, len(c.users)))
	n := c.random.IntN(100)
	if n < 25 || len(c.users) < 10 {
		return c.create()
	}
	user := "/users/" + c.users[k]
	if n < 97 {
		c.written[c.users[k]] = true
	}
	switch {
	case n < 45:
		c.users = slices.Delete(c.users, k, k+1)
		return c.write(http.MethodDelete, user, nil)
	case n < 65:
		return c.write(http.MethodPatch, user, map[string]any{"username": c.name()})
	case n < 80:
		return c.write(http.MethodPut, user+"/population", map[string]any{"id": pickOf(c.random, c.populations)})
	case n < 85 || n < 97 && len(c.groups) == 0:
		return c.write(http.MethodPut, user+"/enabled", map[string]any{"enabled": n%2 == 0})
	case n < 97:
		c.member(user+"/memberOfGroups", pickOf(c.random, c.groups))
		return nil
	}
	id, err := c.server.Write(http.MethodPost, c.environment, "/populations", map[string]any{"name": "Population " + c.name()})
	c.populations = append(c.populations, id)
	return err
}

func (c *Churn) write(method, path string, members map[string]any) error {
	_, err := c.server.Write(method, c.environment, path, members)
	return err
}

func (c *Churn) create() error {
	id, err := c.server.Write(http.MethodPost, c.environment, "/users", map[string]any{
		"username": c.name(), "population": map[string]any{"id": pickOf(c.random, c.populations)},
	})
	c.written[id] = true
	c.users = append(c.users, id)
	return err
}

// name is a new name whose first character may be any letter or digit.
func (c *Churn) name() string {
	first := []rune("abcdefghijklmnopqrstuvwxyz0123456789äéßØя日")
	return fmt.Sprintf("%cchurn%d", first[c.random.IntN(len(first))], c.count)
}

// member adds a user to a group, or removes one who is there already. External
// groups keep their members.
func (c *Churn) member(memberships, group string) {
	if c.write(http.MethodPost, memberships, map[string]any{"id": group}) != nil {
		_ = c.write(http.MethodDelete, memberships+"/"+group, nil)
	}
}

func pickOf[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
