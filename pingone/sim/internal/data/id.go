package data

import (
	"encoding/binary"

	"github.com/google/uuid"
)

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
