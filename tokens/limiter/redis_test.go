package limiter

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/pingone-gateway/gateway/internal/testkit/redistest"
	"github.com/pingone-gateway/gateway/tokens/redisconn"
	"github.com/pingone-gateway/gateway/tokens/seal"
)

func connect(t *testing.T, url string) *redisconn.Conn {
	t.Helper()
	conn, err := redisconn.New(t.Context(), redisconn.Config{URL: redistest.Patient(url, 10*time.Second), Required: true})
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

// counter as a server would: the most calls in any second.
type seen struct {
	mu sync.Mutex
	at []time.Time
}

func (s *seen) add() { s.mu.Lock(); defer s.mu.Unlock(); s.at = append(s.at, time.Now()) }

func (s *seen) most() (most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := 0
	for i := range s.at {
		for s.at[i].Sub(s.at[from]) >= time.Second {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// run lets busy workers call through each budget until ctx ends.
func run(ctx context.Context, t *testing.T, budgets []*Budget) *seen {
	s := &seen{}
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
					s.add()
					release()
				}
			})
		}
	}
	wg.Wait()
	return s
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

// Three replicas together stay below the limit, as the server sees it, while
// Redis is killed, comes back empty, hangs and goes on.
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
			time.AfterFunc(5*time.Second, cancel)
			faults := make(chan struct{})
			go func() {
				defer close(faults)
				for _, f := range []func(){server.Kill, server.Run, server.Hang, server.Resume} {
					<-time.After(time.Second)
					f()
				}
			}()
			s := run(ctx, t, budgets)
			<-faults
			if float64(s.most()) > limit {
				t.Errorf("%d calls in a second at a limit of %g", s.most(), limit)
			}
			if got := float64(len(s.at)) / 5; got < limit/2 {
				t.Errorf("only %.0f calls per second at a limit of %g", got, limit)
			}
			t.Logf("limit %g: at most %d in a second, %d in 5 s", limit, s.most(), len(s.at))
		})
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
			budgets[0].Report(t.Context(), "l", "g", Outcome{Status: 429, RetryAfter: 1500 * time.Millisecond})
			told := time.Now()
			if limit == 0 { // replicas ask four times a second
				for _, b := range budgets {
					release, err := b.Acquire(t.Context(), Request{License: "l", Group: "g"})
					if err != nil {
						t.Fatal(err)
					}
					release()
				}
				<-time.After(300 * time.Millisecond)
			}
			for i, b := range budgets {
				release, err := b.Acquire(t.Context(), Request{License: "l", Group: "g"})
				if err != nil {
					t.Fatal(err)
				}
				release()
				if d := time.Since(told); d < 1450*time.Millisecond {
					t.Errorf("replica %d calls %v after the 429", i, d)
				}
			}
		})
	}
}
