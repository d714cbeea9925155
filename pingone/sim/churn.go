package sim

import (
	"fmt"
	"math/rand/v2"
	"sync"
)

// Churn changes a directory while it is read: creations, deletions, renamings,
// moves, memberships and new populations follow from a seed. With one reader at
// a time, a run repeats exactly; with several, the writes are the same and their
// places between the calls differ.
type Churn struct {
	server      *Server
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

// NewChurn prepares writes to an environment, by name: perCall of them come
// before each call to the API once Start was called.
func NewChurn(s *Server, environment string, seed uint64, perCall int) *Churn {
	c := &Churn{
		server: s, environment: environment, perCall: perCall,
		random: rand.New(rand.NewPCG(seed, seed)), written: make(map[string]bool), // #nosec G404 -- test data
	}
	populations := s.Populations(environment)
	for _, name := range sortedKeys(populations) {
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
	out := make(map[string]bool, len(c.written))
	for id := range c.written {
		out[id] = true
	}
	return out
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
	s, env := c.server, c.environment
	if len(c.users) < 10 {
		return c.create()
	}
	k := c.random.IntN(len(c.users))
	user := c.users[k]
	switch n := c.random.IntN(100); {
	case n < 25:
		return c.create()
	case n < 45:
		c.written[user] = true
		c.users[k] = c.users[len(c.users)-1]
		c.users = c.users[:len(c.users)-1]
		return s.DeleteUser(env, user)
	case n < 65:
		c.written[user] = true
		return s.RenameUser(env, user, c.name())
	case n < 80:
		c.written[user] = true
		return s.MoveUser(env, user, pickOf(c.random, c.populations))
	case n < 85:
		c.written[user] = true
		return s.EnableUser(env, user, n%2 == 0)
	case n < 97 && len(c.groups) > 0:
		c.written[user] = true
		return c.member(user, pickOf(c.random, c.groups))
	}
	id, err := s.CreatePopulation(env, "Population "+c.name())
	c.populations = append(c.populations, id)
	return err
}

func (c *Churn) create() error {
	id, err := c.server.CreateUser(c.environment, map[string]any{
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

// member adds a user to a group, or removes one who is there already. Groups
// whose members come from elsewhere are left alone.
func (c *Churn) member(user, group string) error {
	if c.server.AddMember(c.environment, user, group) == nil {
		return nil
	}
	_ = c.server.RemoveMember(c.environment, user, group) // an external group keeps its members
	return nil
}

func pickOf[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
