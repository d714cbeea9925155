package connections

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/pingone-gateway/gateway/tokens/limiter"
)

// toldLimits answers what PingOne tells of its limits.
type toldLimits struct {
	limits map[string]float64
	err    error
	asked  int
}

func (d *toldLimits) RateLimits(context.Context) (map[string]float64, error) {
	d.asked++
	return d.limits, d.err
}

// setLimits remembers the limits that a budget was told.
type setLimits struct {
	limiter.Limiter
	got map[string]float64
}

func (b *setLimits) SetLimit(license, group string, perSecond float64) {
	b.got[license+" "+group] = perSecond
}

func TestLimitsAreReadUntilTheyAreKnown(t *testing.T) {
	t.Parallel()
	budget := &setLimits{got: map[string]float64{}}
	directory := &toldLimits{err: errors.New("PingOne does not answer")}
	r := &Limits{directory: directory, budget: budget, license: "pingone/env"}
	for range 2 {
		if err := r.Read(t.Context()); err == nil {
			t.Fatal("a failed reading is told")
		}
	}
	if len(budget.got) > 0 {
		t.Fatalf("limits out of nothing: %v", budget.got)
	}
	directory.err, directory.limits = nil, map[string]float64{"rlgDirAccessRps": 300, "rlgConfigRpm": 10}
	for range 3 {
		if err := r.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]float64{"pingone/env " + "rlgDirAccessRps": 300, "pingone/env " + "rlgConfigRpm": 10}
	if !maps.Equal(budget.got, want) {
		t.Errorf("the budget was told %v, want %v", budget.got, want)
	}
	if directory.asked != 3 {
		t.Errorf("PingOne was asked %d times; limits that are known are kept", directory.asked)
	}
}
