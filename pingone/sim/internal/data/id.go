package data

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/google/uuid"
)

// ID is a UUID (version 4 in form).
type ID [16]byte

// String is the UUID in small letters.
func (id ID) String() string {
	var room [36]byte
	return string(id.Append(room[:0]))
}

// Append adds the UUID's text to dst.
func (id ID) Append(dst []byte) []byte {
	dst = hex.AppendEncode(dst, id[0:4])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, id[4:6])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, id[6:8])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, id[8:10])
	dst = append(dst, '-')
	return hex.AppendEncode(dst, id[10:16])
}

// ParseID reads a UUID in either case.
func ParseID(s string) (id ID, ok bool) {
	if len(s) != 36 {
		return id, false // the package reads other forms too
	}
	u, err := uuid.Parse(s)
	return ID(u), err == nil
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
