package model_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
)

// random is a source with a fixed seed, so that a failure can be repeated;
// PROPERTY_SEED changes it.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(20260129)
	if s := os.Getenv("PROPERTY_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("PROPERTY_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 4))
}

// fewer is a number of random cases, of which short runs try a part.
func fewer(n int) int {
	if testing.Short() {
		return n / 4
	}
	return n
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// some are a few of the items, in any order.
func some[T any](r *rand.Rand, most int, from ...T) []T {
	out := slices.Clone(from)
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out[:r.IntN(min(most, len(out))+1)]
}
