package limiter

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/pingone-gateway/gateway/internal/testkit/redistest"
	"github.com/pingone-gateway/gateway/tokens/redisconn"
	"github.com/pingone-gateway/gateway/tokens/seal"
)

func connect(t *testing.T, url string) *redisconn.Conn {
	t.Helper()
	conn, err := redisconn.New(t.Context(), redisconn.Config{URL: redistest.Patient(url, time.Minute), Required: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// The script must compute what the meter computes.
func TestScriptEqualsMeter(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	mini := miniredis.RunT(t)
	for name, url := range map[string]string{"redis": server.URL(), "miniredis": "redis://" + mini.Addr()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shared := NewRedis(connect(t, url), seal.NewEphemeralRing())
			for seed := range uint64(20) {
				compare(t, shared, rand.New(rand.NewPCG(seed, 7)), key{"l", fmt.Sprint(seed, "Rps")})
				compare(t, shared, rand.New(rand.NewPCG(seed, 8)), key{"l", fmt.Sprint(seed, "Rpm")})
			}
		})
	}
}

func compare(t *testing.T, shared *Redis, random *rand.Rand, k key) {
	t.Helper()
	m := meter{window: k.window()}
	at := time.Now().UnixMicro()
	limit := []float64{0, 0.3, 1, 9.7, 100, 2500}[random.IntN(6)]
	for step := range 60 {
		at += random.Int64N(1 + int64(1)<<random.IntN(24))
		shared.now = fmt.Sprint(at)
		var want, got reading
		var err error
		if random.IntN(12) == 0 {
			wait, observed := time.Duration(random.IntN(3000))*time.Millisecond, random.Float64()*50
			want = m.hit(at, limit, wait, observed)
			got, err = shared.hit(t.Context(), k, limit, wait, observed)
		} else {
			n := random.IntN(8)
			want = m.take(at, limit, n)
			got, err = shared.take(t.Context(), k, limit, n)
		}
		if err != nil {
			t.Fatal(err)
		}
		if d := want.usable - got.usable; want.granted != got.granted || want.wait != got.wait || want.closed != got.closed || d*d > 1e-12 {
			t.Fatalf("group %s step %d at limit %g: script %+v, meter %+v", k.group, step, limit, got, want)
		}
	}
}

func TestGarbageAnswers(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string][]any{
		"empty": {}, "short": {int64(1)}, "negative": {int64(-1), "0", "0", "0"}, "text": {"1", "0", "0", "0"},
		"numbers": {int64(1), int64(0), "0", "0"}, "not a number": {int64(1), "NaN", "0", "0"}, "infinite": {int64(1), "0", "0", "Inf"},
	} {
		if r, err := decode(answer); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// given are the calls that replicas granted in each second of their clock. When the
// callers go on with them is another matter: on a busy machine they come late, and so
// in bunches.
type given map[int64]map[int]float64

func (g given) note(replica int, b *Budget) {
	b.mu.Lock()
	k := b.buckets[key{"l", "g"}]
	b.mu.Unlock()
	if k == nil {
		return // nobody has asked yet
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for second, calls := range map[int64]float64{k.seen.second: k.seen.current, k.seen.second - 1: k.seen.last} {
		if g[second] == nil {
			g[second] = map[int]float64{}
		}
		g[second][replica] = max(g[second][replica], calls)
	}
}

// most are the most calls of all replicas in any second.
func (g given) most() (most float64) {
	for _, second := range g {
		sum := 0.0
		for _, calls := range second {
			sum += calls
		}
		most = max(most, sum)
	}
	return most
}

// run lets busy workers call through each budget until ctx ends, and counts them.
func run(ctx context.Context, t *testing.T, budgets []*Budget, made *atomic.Int64) {
	var wg sync.WaitGroup
	for i, b := range budgets {
		for range 8 {
			wg.Go(func() {
				for {
					release, err := b.Acquire(ctx, Request{License: "l", Group: "g", Caller: fmt.Sprint(i)})
					if ctx.Err() != nil {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					made.Add(1)
					release()
				}
			})
		}
	}
	wg.Wait()
}

func replicas(t *testing.T, server *redistest.Server, limit float64) []*Budget {
	t.Helper()
	ring := seal.NewEphemeralRing()
	var budgets []*Budget
	for range 3 {
		b, err := New(Config{Shared: NewRedis(connect(t, server.URL()), ring), Replicas: 3, RateShare: 1, Limits: map[string]float64{"g": limit}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = b.Close() })
		budgets = append(budgets, b)
	}
	return budgets
}

// Three replicas together stay below the limit, and make use of it, while Redis is
// killed, comes back empty, hangs and goes on.
func TestThreeReplicasShareALimit(t *testing.T) {
	t.Parallel()
	for _, limit := range []float64{20, 300} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			budgets := replicas(t, server, limit)
			// Without a deadline: a call that could not be made before it would
			// be refused, which is no fault of the budget.
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var made atomic.Int64
			ended := make(chan struct{})
			go func() { defer close(ended); run(ctx, t, budgets, &made) }()
			seconds := given{}
			look := func() {
				for i, b := range budgets {
					seconds.note(i, b)
				}
			}
			// Each goes on for a second, and until calls were made for half of one
			// meanwhile, but while they wait for a server that hangs.
			for _, step := range []struct {
				do    func()
				calls float64
			}{{func() {}, limit / 2}, {server.Kill, limit / 2}, {server.Run, limit / 2}, {server.Hang, 0}, {server.Resume, limit / 2}} {
				step.do()
				want := made.Load() + int64(step.calls)
				for begun := time.Now(); time.Since(begun) < time.Second || made.Load() < want; <-time.After(50 * time.Millisecond) {
					if time.Since(begun) > 2*time.Minute {
						t.Fatalf("%d calls in two minutes at a limit of %g", made.Load(), limit)
					}
					look()
				}
			}
			cancel()
			<-ended
			look()
			if seconds.most() > limit {
				t.Errorf("%g calls in a second at a limit of %g: %v", seconds.most(), limit, seconds)
			}
			t.Logf("limit %g: at most %g in a second, %d in all", limit, seconds.most(), made.Load())
		})
	}
}

// hears waits until a replica knows that it may not call.
func hears(t *testing.T, b *Budget) {
	t.Helper()
	for begun := time.Now(); ; <-time.After(5 * time.Millisecond) {
		b.mu.Lock()
		k := b.buckets[key{"l", "g"}]
		b.mu.Unlock()
		if !k.idle() {
			return
		}
		if time.Since(begun) > time.Minute {
			t.Fatal("a replica does not learn of the 429 of another one")
		}
	}
}

// One replica's 429 stops all of them.
func TestRetryAfterStopsEveryReplica(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]float64{"limit known": 100, "limit unknown": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			budgets := replicas(t, server, limit)
			// Long enough for replicas that wait for a processor to hear of it in between.
			const closed = 20 * time.Second
			told := time.Now() // before: Redis counts from the moment at which it hears
			budgets[0].Report(t.Context(), "l", "g", Outcome{Status: 429, RetryAfter: closed})
			if limit == 0 { // replicas ask four times a second, beside a call
				for _, b := range budgets[1:] { // the first one knows, and waits
					release, err := b.Acquire(t.Context(), Request{License: "l", Group: "g"})
					if err != nil {
						t.Fatal(err)
					}
					release()
				}
				for _, b := range budgets[1:] {
					hears(t, b)
				}
			}
			for i, b := range budgets {
				release, err := b.Acquire(t.Context(), Request{License: "l", Group: "g"})
				if err != nil {
					t.Fatal(err)
				}
				release()
				if d := time.Since(told); d < closed-50*time.Millisecond {
					t.Errorf("replica %d calls %v after the 429", i, d)
				}
			}
		})
	}
}
