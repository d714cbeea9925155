package held_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/held"
)

func TestSharedByGoroutines(t *testing.T) {
	t.Parallel()
	var (
		value   held.Value[map[string]int]
		counter held.Counter
		calls   int
		all     sync.WaitGroup
		seen    sync.Map
	)
	once := held.Once(func() map[string]int { calls++; return map[string]int{"made": calls} })
	assert.Nil(t, value.Load())
	for range 50 {
		all.Go(func() {
			value.Store(map[string]int{"stored": 1})
			assert.Equal(t, 1, value.Load()["stored"])
			assert.Equal(t, 1, once()["made"])
			_, twice := seen.LoadOrStore(counter.Next(), true)
			assert.False(t, twice)
		})
	}
	all.Wait()
	assert.Equal(t, 1, calls)
	assert.EqualValues(t, 51, counter.Next())
}

func TestOncePanicsEachTime(t *testing.T) {
	t.Parallel()
	calls := 0
	once := held.Once(func() int { calls++; panic("no") })
	for range 2 {
		assert.PanicsWithValue(t, "no", func() { once() })
	}
	assert.Equal(t, 2, calls)
}
