package sim

import (
	"encoding/json"

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

type group struct {
	id                            data.ID
	name, description, externalID string
	population                    int // -1: of the environment
	userFilter                    string
	dynamic                       predicate // compiled userFilter; nil for none
	sourceID, sourceType          string
	customData                    json.RawMessage
	salt, share                   uint64 // who of the seeded users is a direct member
	parents                       map[int]bool
	createdAt, updated            int64
	deleted                       bool
}

// attribute is an attribute of the user schema.
type attribute struct {
	id                  data.ID
	name, displayName   string
	description         string
	kind                string // STRING, JSON, BOOLEAN, COMPLEX
	schemaType          string // CORE, STANDARD, CUSTOM
	ldap                string
	enabled, required   bool
	unique, multiValued bool
	enumerated          []enumValue
	regex               *regexRule
	subAttributes       []string
	seeded              bool
	source              data.Custom // valid when seeded
	deleted             bool
}

type enumValue struct {
	Value       string `json:"value"`
	Archived    bool   `json:"archived"`
	Description string `json:"description,omitempty"`
}

type regexRule struct {
	Pattern      string   `json:"pattern"`
	Requirements string   `json:"requirements"`
	Match        []string `json:"valuesPatternShouldMatch,omitempty"`
	NoMatch      []string `json:"valuesPatternShouldNotMatch,omitempty"`
}
