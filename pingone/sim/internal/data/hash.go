// Package data makes the simulator's directory content: every value is a pure
// function of a seed and an index, so a million users need no memory until they
// are asked for. It knows nothing of HTTP or of the API.
package data

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
