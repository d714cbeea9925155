package seed_test

import (
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit/seed"
)

func TestSeeds(t *testing.T) {
	t.Setenv(seed.Variable, "")
	if first, again := seed.Of(t), seed.Of(t); first != again {
		t.Errorf("%d and then %d", first, again)
	}
	t.Setenv(seed.Variable, "18446744073709551615")
	if n := seed.Of(t); n != 1<<64-1 {
		t.Errorf("%d", n)
	}
}
