package limiter

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	b, err := New(Config{RateShare: 0.5, Limits: map[string]float64{"known": 1000}})
	require.NoError(t, err)
	defer b.Close()
	assert.Empty(t, b.Usage())
	var release func()
	for range 3 {
		release, err = b.Acquire(t.Context(), Request{License: "l", Group: "known"})
		require.NoError(t, err)
	}
	_, err = b.Acquire(t.Context(), Request{License: "l", Group: "unknown"})
	require.NoError(t, err)
	release()
	byGroup := map[string]Usage{}
	for _, u := range b.Usage() {
		u.PerSecond = 0 // it is of the clock
		byGroup[u.Group] = u
	}
	assert.Equal(t, map[string]Usage{
		"known":   {License: "l", Group: "known", Rate: 500, InFlight: 2},
		"unknown": {License: "l", Group: "unknown", InFlight: 1},
	}, byGroup)
}

// What is counted is what the last one or two seconds saw.
func TestUsageOfTheLastSeconds(t *testing.T) {
	t.Parallel()
	b, err := New(Config{})
	require.NoError(t, err)
	defer b.Close()
	k := b.bucket(key{"l", "g"})
	const second = int64(1e6)
	for range 4 {
		k.seen.add(10 * second)
	}
	assert.InDelta(t, 4, k.usage(10*second).PerSecond, 0)
	assert.InDelta(t, 2, k.usage(11*second+second/2).PerSecond, 0)
	assert.Zero(t, k.usage(13*second).PerSecond)
}
