package sim

import (
	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// user is a row of the directory, whole: made from the seed for the length of a
// call, or kept because it was written.
type user struct {
	index      uint32
	text       [data.NumTexts]string
	enabled    bool
	population int // index into environment.populations
	status     data.Status
	providerID string
	times      data.Times // Unix milliseconds
	remoteIP   string
	custom     []customValue
	password   string // set by a write; empty: the password of all seeded users
	// groups are the direct memberships of a written user. They are nil in a row
	// made from the seed: those follow from the groups' shares.
	groups map[int]bool
}

// customValue holds the values of a custom attribute: JSON text for JSON
// attributes, plain strings otherwise.
type customValue struct {
	attribute int // index into environment.attributes
	values    []string
}
