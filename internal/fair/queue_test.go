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
		"four, a quarter":         {32, 0.25, 4, []int{8, 4, 4, 4}, 12},
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

// TestBesideOthers: beside others a caller comes to half of what it could have
// alone, and to that when they have gone.
func TestBesideOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		share  float64
		others int
		beside int // places of each caller that wants 40 of the 32
		alone  int // and of the one that is left
	}{
		"a quarter each":     {0.5, 1, 8, 16},
		"of three":           {0.5, 2, 8, 16},
		"less of four":       {0.5, 3, 7, 16},
		"an eighth each":     {0.25, 1, 4, 8},
		"half each, of all":  {1, 1, 16, 32},
		"one each, at least": {0.02, 1, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, 32, 1000, c.share)
				ctx, cancel := context.WithCancel(t.Context())
				leaving, leave := context.WithCancel(t.Context())
				callers := []string{"stays"}
				for range 40 {
					b.send(ctx, "stays")
					for i := range c.others {
						b.send(leaving, fmt.Sprint("leaves", i))
					}
				}
				for i := range c.others {
					callers = append(callers, fmt.Sprint("leaves", i))
				}
				for _, name := range callers {
					assert.InDelta(t, c.beside, len(b.held[name]), 1, name) // the first come to a little more
					assert.LessOrEqual(t, float64(len(b.held[name])), max(1, c.share/2*32), name)
				}
				assert.ElementsMatch(t, callers, b.Waiting())
				leave()
				synctest.Wait()
				for _, name := range callers[1:] {
					for len(b.held[name]) > 0 {
						b.end(name)
					}
				}
				assert.Len(t, b.held["stays"], c.alone)
				cancel()
				synctest.Wait()
				assert.Empty(t, b.Waiting())
				b.endAll()
			})
		})
	}
}

// TestWorkNeverWaitsForItself: what holds a place gets further ones, which
// count for its caller.
func TestWorkNeverWaitsForItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := fair.New(4, 100, 0.5)
		first, second := fair.WithCaller(t.Context(), "a"), fair.WithCaller(t.Context(), "a")
		var held []func()
		for range 5 {
			done, err := q.Enter(first)
			require.NoError(t, err)
			held = append(held, done)
		}
		assert.Equal(t, 0, q.Free(), "it has one more than there are")
		got := make(chan func(), 2)
		enter := func(ctx context.Context) {
			done, err := q.Enter(ctx)
			if err == nil {
				got <- done
			}
		}
		go enter(second)
		go enter(fair.WithCaller(t.Context(), "b"))
		synctest.Wait()
		assert.Empty(t, got)
		assert.ElementsMatch(t, []string{"a", "b"}, q.Waiting())
		own, err := q.Enter(t.Context())
		require.NoError(t, err, "the gateway's own work needs no place")
		own()
		held[0]()
		held[0]()
		synctest.Wait()
		assert.Empty(t, got, "there is still no place")
		held[1]()
		synctest.Wait()
		require.Len(t, got, 1)
		assert.Equal(t, []string{"a"}, q.Waiting(), "b came later and had none")
		(<-got)()
		for _, done := range held[2:] {
			done()
		}
		synctest.Wait()
		require.Len(t, got, 1)
		(<-got)()
		assert.Equal(t, 4, q.Free())
		assert.Empty(t, q.Waiting())
		assert.Equal(t, "a", fair.Caller(first))
		assert.Empty(t, fair.Caller(t.Context()))
	})
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

// TestFreePlaces: a place can be had without a wait exactly where a request that must
// not wait gets one, whatever was given before.
func TestFreePlaces(t *testing.T) {
	t.Parallel()
	for _, share := range []float64{0.25, 0.5, 1} {
		t.Run(fmt.Sprint(share), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 2))
			waiting, free := fair.New(8, 0, share), fair.New(8, 0, share)
			var held []func()
			given := 0
			for range 2000 {
				if len(held) > 0 && random.IntN(3) == 0 {
					i := random.IntN(len(held))
					held[i]()
					held[i]() // which changes nothing
					held = append(held[:i], held[i+1:]...)
				}
				name := string(rune('a' + random.IntN(4)))
				one, err := waiting.Take(t.Context(), name)
				other, ok := free.TakeFree(name)
				require.Equal(t, err == nil, ok, "%v", err)
				if ok {
					given++
					held = append(held, func() { one(); other() })
				}
				require.Equal(t, waiting.Free(), free.Free())
			}
			require.Greater(t, given, 100)
			require.Less(t, given, 2000)
		})
	}
	t.Run("not before those who wait", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 4, 4, 0.5)
			b.send(t.Context(), "ann", "ann", "ann", "ann")
			require.Positive(t, b.Free())
			_, ok := b.TakeFree("bob")
			require.False(t, ok)
			b.endAll()
			done, ok := b.TakeFree("bob")
			require.True(t, ok)
			done()
		})
	})
}
