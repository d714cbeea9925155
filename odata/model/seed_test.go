package model_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit/seed"
)

// random is a source of the test's seed.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(seed.Of(t), 4))
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
