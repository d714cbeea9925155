// Package seed gives random tests what their cases follow from.
package seed

import (
	"os"
	"strconv"
	"testing"
)

// Variable names the environment variable with another seed, to try other cases.
const Variable = "PROPERTY_SEED"

// usual is the seed of every run that names none: what passes once passes again.
const usual = 20260129

// Of is the seed of a test, which its log tells.
func Of(t testing.TB) uint64 {
	t.Helper()
	n := uint64(usual)
	if text := os.Getenv(Variable); text != "" {
		var err error
		if n, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", Variable, err)
		}
	}
	t.Logf("%s=%d", Variable, n)
	return n
}
