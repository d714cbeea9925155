package fair_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/fair"
)

// bench is a queue with the requests that tests have sent.
type bench struct {
	*fair.Queue
	t *testing.T
	// log has a caller's name for each place given, and name! for each refusal.
	mu   sync.Mutex
	log  []string
	held map[string][]func()
}

func newBench(t *testing.T, places, waiting int, share float64) *bench {
	return &bench{Queue: fair.New(places, waiting, share), t: t, held: map[string][]func(){}}
}

// send sends requests, one caller after the other, and waits until each has a
// place, waits for one or was refused.
func (b *bench) send(ctx context.Context, callers ...string) {
	for _, name := range callers {
		go func() {
			done, err := b.Take(ctx, name)
			b.mu.Lock()
			defer b.mu.Unlock()
			switch {
			case errors.Is(err, fair.ErrFull):
				b.log = append(b.log, name+"!")
			case err == nil:
				b.log = append(b.log, name)
				b.held[name] = append(b.held[name], done)
			}
		}()
		synctest.Wait()
	}
}

// end ends the first running request of a caller.
func (b *bench) end(callers ...string) {
	for _, name := range callers {
		b.mu.Lock()
		done := b.held[name][0]
		b.held[name] = b.held[name][1:]
		b.mu.Unlock()
		done()
		done() // which changes nothing
		synctest.Wait()
	}
}

func (b *bench) endAll() {
	for name := range b.held {
		for len(b.held[name]) > 0 {
			b.end(name)
		}
	}
}

// expect holds what happened since the last time against a list.
func (b *bench) expect(want string, because ...any) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	assert.Equal(b.t, want, strings.Join(b.log, " "), because...)
	b.log = nil
}

func times(n int, name string) []string {
	return strings.Fields(strings.Repeat(name+" ", n))
}

func TestShares(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		places int
		share  float64
		greedy int   // callers that send more than there are places, one after the other
		want   []int // places that each of them gets
		free   int   // what newcomers with one request each find
	}{
		"alone, a half":           {32, 0.5, 1, []int{16}, 16},
		"alone, a quarter":        {32, 0.25, 1, []int{8}, 24},
		"alone, everything":       {32, 1, 1, []int{32}, 0},
		"two after each other":    {32, 0.5, 2, []int{16, 8}, 8},
		"four after each other":   {32, 0.5, 4, []int{16, 8, 4, 2}, 2},
		"four, a quarter":         {32, 0.25, 4, []int{8, 6, 5, 4}, 9},
		"one place":               {1, 0.5, 2, []int{1, 0}, 0},
		"two places":              {2, 0.5, 2, []int{1, 1}, 0},
		"a share that gives none": {2, 0.01, 1, []int{1}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				b := newBench(t, c.places, 1000, c.share)
				for i := range c.greedy {
					b.send(ctx, times(c.places+1, fmt.Sprint("greedy", i))...)
				}
				for i, want := range c.want {
					assert.Len(t, b.held[fmt.Sprint("greedy", i)], want, "caller %d", i)
				}
				b.log = nil
				var newcomers []string
				for i := range c.free + 1 {
					newcomers = append(newcomers, fmt.Sprint("new", i))
				}
				b.send(ctx, newcomers...)
				b.expect(strings.Join(newcomers[:c.free], " "))
				cancel()
				synctest.Wait()
				b.endAll()
			})
		})
	}
}

// TestFreedPlaces: who holds fewest is next, whoever came first.
func TestFreedPlaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 4, 100, 1)
		b.send(t.Context(), times(8, "a")...)
		b.expect("a a a a")
		b.send(t.Context(), "b", "b", "c", "b", "c")
		b.expect("")
		b.end("a")
		b.expect("b", "it came before c")
		b.end("a")
		b.expect("c", "b has one")
		b.end("a", "c")
		b.expect("b c", "equals by turns")
		b.end("b", "b")
		b.expect("a b", "each had one; then b had none")
		b.end("b", "c", "a", "a")
		b.expect("a a a", "nobody else is left")
		b.endAll()
	})
}

func TestRoomToWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1, 4, 1)
		b.send(t.Context(), times(6, "a")...)
		b.expect("a a!", "four wait")
		b.send(t.Context(), "b")
		b.expect("a!", "a fills the room; b may wait nevertheless")
		b.send(t.Context(), "b")
		b.expect("a!")
		b.send(t.Context(), "b")
		b.expect("b!", "both have half of it")
		b.end("a")
		b.expect("b")
		b.end("b")
		b.expect("a")
		b.end("a")
		b.expect("b")
		b.end("b")
		b.expect("a")
		b.endAll()

		none := newBench(t, 1, 0, 1)
		none.send(t.Context(), "a", "a", "b")
		none.expect("a a! b!", "nobody may wait")
		none.endAll()
	})
}

func TestWhoLeavesGivesUpItsPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1, 10, 0.5)
		b.send(t.Context(), "a")
		why := errors.New("hurry")
		ctx, cancel := context.WithCancelCause(t.Context())
		result := make(chan error, 1)
		go func() { _, err := b.Take(ctx, "b"); result <- err }()
		synctest.Wait()
		b.send(t.Context(), "c")
		cancel(why)
		require.ErrorIs(t, <-result, why)
		b.log = nil
		b.end("a")
		b.expect("c")
		b.endAll()
	})
}

// TestPlacesAreNeverLost lets callers come, wait, leave and end at random.
func TestPlacesAreNeverLost(t *testing.T) {
	t.Parallel()
	const places, room = 5, 6
	q := fair.New(places, room, 0.5)
	var running, most, got atomic.Int64
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				if random.IntN(3) == 0 {
					cancel()
				}
				done, err := q.Take(ctx, fmt.Sprint(random.IntN(6)))
				if err == nil {
					got.Add(1)
					n := running.Add(1)
					for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
					}
					running.Add(-1)
					done()
				}
				cancel()
			}
		})
	}
	wg.Wait()
	assert.LessOrEqual(t, most.Load(), int64(places))
	assert.Positive(t, got.Load())
	for i := range places { // all are free again
		_, err := q.Take(t.Context(), fmt.Sprint("last", i))
		require.NoError(t, err)
	}
}
