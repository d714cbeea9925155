package data

import (
	"encoding/binary"

	"github.com/google/uuid"
)

// ID is a UUID (version 4 in form).
type ID = uuid.UUID

// ParseID reads a UUID in either case.
func ParseID(s string) (id ID, ok bool) {
	if len(s) != 36 {
		return id, false // the package reads other forms too
	}
	id, err := uuid.Parse(s)
	return id, err == nil
}

// IDs maps indexes to UUIDs and back without a table: the last four bytes hold
// the index, masked by a hash of the others.
type IDs uint64

// ID is the UUID of an index.
func (salt IDs) ID(index uint32) ID {
	hi := Mix(uint64(salt) ^ (uint64(index)+1)*golden)
	hi = hi&^0xF000 | 0x4000
	lo := Mix(hi^uint64(salt))&^(3<<62) | 2<<62
	lo = lo&^0xFFFFFFFF | uint64(uint32(lo)^index)
	var id ID
	binary.BigEndian.PutUint64(id[:8], hi)
	binary.BigEndian.PutUint64(id[8:], lo)
	return id
}

// Index finds the index of a UUID; false when the UUID is of another kind.
func (salt IDs) Index(id ID) (uint32, bool) {
	hi := binary.BigEndian.Uint64(id[:8])
	lo := binary.BigEndian.Uint64(id[8:])
	index := uint32(lo) ^ uint32(Mix(hi^uint64(salt)))
	return index, salt.ID(index) == id
}

// NamedID is a UUID made from a name alone, the same with every seed.
func NamedID(name string) ID { return IDs(SaltOf(name)).ID(0) }
