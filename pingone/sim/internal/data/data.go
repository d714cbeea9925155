// Package data makes the simulator's directory content: every value is a pure
// function of a seed and an index, so a million users need no memory until they
// are asked for. It knows nothing of HTTP or of the API.
package data

import (
	_ "embed"
	"encoding/binary"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/google/uuid"
)

// golden spreads consecutive indexes over the 64-bit range.
const golden = 0x9E3779B97F4A7C15

// Mix is the finalizer of splitmix64 (Steele, Lea, Flood 2014): a fast bijection
// with good avalanche.
func Mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xBF58476D1CE4E5B9
	x ^= x >> 27
	x *= 0x94D049BB133111EB
	return x ^ x>>31
}

// SaltOf turns a name into a salt (FNV-1a, then mixed).
func SaltOf(name string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return Mix(h)
}

// pick chooses an element by hash.
func pick[T any](h uint64, from []T) T { return from[h%uint64(len(from))] }

// in reports whether the hash falls into the first n of 1000 parts.
func in(h uint64, n uint64) bool { return h%1000 < n }

// idLength tells the usual form of a UUID from the others that the package reads.
const idLength = 36

// ParseID reads a UUID in either case and gives it in small letters.
func ParseID(text string) (id string, ok bool) {
	parsed, err := uuid.Parse(text)
	return parsed.String(), err == nil && len(text) == idLength
}

// IDs maps indexes to UUIDs (version 4 in form) and back without a table: the last
// four bytes hold the index, masked by a hash of the others.
type IDs uint64

// ID is the UUID of an index.
func (salt IDs) ID(index uint32) string { return salt.uuid(index).String() }

func (salt IDs) uuid(index uint32) (id uuid.UUID) {
	hi := Mix(uint64(salt) ^ (uint64(index)+1)*golden)
	hi = hi&^0xF000 | 0x4000
	lo := Mix(hi^uint64(salt))&^(3<<62) | 2<<62
	lo = lo&^0xFFFFFFFF | uint64(uint32(lo)^index)
	binary.BigEndian.PutUint64(id[:8], hi)
	binary.BigEndian.PutUint64(id[8:], lo)
	return id
}

// Index finds the index of a UUID; false when the UUID is of another kind.
func (salt IDs) Index(text string) (uint32, bool) {
	id, err := uuid.Parse(text)
	hi := binary.BigEndian.Uint64(id[:8])
	lo := binary.BigEndian.Uint64(id[8:])
	index := uint32(lo) ^ uint32(Mix(hi^uint64(salt)))
	return index, err == nil && len(text) == idLength && salt.uuid(index) == id
}

// NamedID is a UUID made from a name alone, the same with every seed.
func NamedID(name string) string { return IDs(SaltOf(name)).ID(0) }

//go:embed people.yaml
var peopleFile []byte

// wordLists are what the texts of users are made of.
type wordLists struct {
	Latin, Others                       []culture
	Titles, Nicknames, Streets, Domains []string
}

// culture is a pool of names with the places that fit them.
type culture struct {
	Given, Family []string
	Country       string // ISO 3166 alpha-2
	Locale        string
	Timezone      string
	Dial          string
	Cities        []city
}

type city struct{ Name, Region, Postal string }

var words = sync.OnceValue(func() *wordLists {
	out := new(wordLists)
	if err := yaml.UnmarshalWithOptions(peopleFile, out, yaml.Strict()); err != nil {
		panic(err) // the file is part of the program
	}
	return out
})
