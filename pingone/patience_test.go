package pingone_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Failures that may pass are tried again; the rest is answered at once.
func TestRetries(t *testing.T) {
	t.Parallel()
	status := func(code int) func(http.ResponseWriter) { return func(w http.ResponseWriter) { w.WriteHeader(code) } }
	body := func(text string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { fmt.Fprint(w, text) }
	}
	cases := []struct {
		name   string
		fail   func(http.ResponseWriter)
		reason string // "" if not tried again
		code   gwerr.Code
	}{
		{"500", status(500), "5xx", gwerr.UpstreamFailed},
		{"502", status(502), "5xx", gwerr.UpstreamFailed},
		{"503", status(503), "5xx", gwerr.UpstreamFailed},
		{"501", status(501), "", gwerr.UpstreamFailed},
		{"408", status(408), "408", gwerr.UpstreamFailed},
		{"400", status(400), "", gwerr.UpstreamRejected},
		{"403", status(403), "", gwerr.UpstreamForbidden},
		{"404", status(404), "", gwerr.UpstreamRejected},
		{"414", status(414), "", gwerr.UpstreamRejected},
		{"401", status(401), "401", gwerr.UpstreamAuth},
		{"429", status(429), "429", gwerr.UpstreamLimited},
		{"cut body", func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "5000")
			fmt.Fprint(w, pageOf("", 1)[:40])
		}, "cut_short", gwerr.UpstreamCutShort},
		{"body cut by the server without a word", body(pageOf("", 1)[:60]), "cut_short", gwerr.UpstreamCutShort},
		{"garbage", body("<html>"), "cut_short", gwerr.UpstreamCutShort},
		{"dropped connection", func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, "network", gwerr.UpstreamFailed},
	}
	for _, c := range cases {
		t.Run(c.name+" passes", func(t *testing.T) {
			t.Parallel()
			s := newStub(t, nil, func(w http.ResponseWriter, _ *http.Request, n int64) {
				if n == 1 {
					c.fail(w)
					return
				}
				fmt.Fprint(w, pageOf("", 1))
			})
			rows, err := s.read(context.Background())
			if c.reason == "" {
				require.True(t, gwerr.Is(err, c.code), "%v", err)
				require.EqualValues(t, 1, s.calls.Load())
				return
			}
			require.NoError(t, err)
			require.Len(t, rows, 1)
			if c.reason != "network" { // the transport repeats some of these itself
				require.Equal(t, map[string]int{c.reason: 1}, s.events.retries())
			}
		})
		t.Run(c.name+" stays", func(t *testing.T) {
			t.Parallel()
			s := newStub(t, nil, func(w http.ResponseWriter, _ *http.Request, _ int64) { c.fail(w) })
			_, err := s.read(context.Background())
			require.True(t, gwerr.Is(err, c.code), "%v", err)
			require.NotErrorIs(t, err, io.EOF, "to a stream's reader it means that all rows were there")
			switch c.reason {
			case "":
				require.EqualValues(t, 1, s.calls.Load())
			case "401":
				require.EqualValues(t, 3, s.calls.Load())
				require.EqualValues(t, 3, s.refused.Load())
			case "429":
				require.LessOrEqual(t, s.clock.total(), 30*time.Second)
				require.Positive(t, gwerr.From(err).RetryAfter)
			case "network":
				require.Equal(t, map[string]int{"network": 4}, s.events.retries())
			default:
				require.EqualValues(t, 5, s.calls.Load())
			}
		})
	}
}

func (c *fakeClock) total() (sum time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.slept {
		sum += d
	}
	return sum
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, header string
		want         time.Duration
	}{
		{"seconds", "7", 7 * time.Second},
		{"date", time.Unix(1_750_000_000, 0).Add(9 * time.Second).UTC().Format(http.TimeFormat), 9 * time.Second},
		{"longer than is believed", "86400", 0},
		{"longest", "1e9", 0},
		{"late date", time.Unix(1_750_000_000, 0).Add(24 * time.Hour).UTC().Format(http.TimeFormat), 0},
		{"past date", time.Unix(1_740_000_000, 0).UTC().Format(http.TimeFormat), 100 * time.Millisecond},
		{"nonsense", "soon", 100 * time.Millisecond},
		{"none", "", 100 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, nil, func(w http.ResponseWriter, _ *http.Request, n int64) {
				if n == 1 {
					w.Header().Set("Retry-After", c.header)
					w.WriteHeader(http.StatusTooManyRequests)
					return
				}
				fmt.Fprint(w, pageOf("", 1))
			})
			_, err := s.read(context.Background())
			if c.want == 0 { // nobody waits for that
				require.True(t, gwerr.Is(err, gwerr.UpstreamLimited), "%v", err)
				require.Equal(t, 5*time.Minute, gwerr.From(err).RetryAfter)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []time.Duration{c.want}, s.clock.slept)
		})
	}
}

// Who waits for an answer learns soon that the rate limit stays closed; bulk
// work has more time.
func TestPatienceWithTheRateLimit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		bulk        bool
		least, most time.Duration
	}{{"interactive", false, 25 * time.Second, 30 * time.Second}, {"bulk", true, 100 * time.Second, 2 * time.Minute}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, nil, func(w http.ResponseWriter, _ *http.Request, _ int64) {
				w.Header().Set("Retry-After", "3")
				w.WriteHeader(http.StatusTooManyRequests)
			})
			_, err := s.read(context.Background(), func(r *scan.Request) { r.Bulk = c.bulk })
			require.True(t, gwerr.Is(err, gwerr.UpstreamLimited), "%v", err)
			require.GreaterOrEqual(t, s.clock.total(), c.least)
			require.LessOrEqual(t, s.clock.total(), c.most)
			require.Positive(t, gwerr.From(err).RetryAfter)
		})
	}
}

// shut is a rate budget that closes after the first call, and gives up no
// sooner than its caller.
type shut struct{ asked atomic.Int64 }

func (s *shut) Acquire(ctx context.Context, _ pingone.Permit) (func(), error) {
	if s.asked.Add(1) == 1 {
		return func() {}, nil
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func (*shut) Report(context.Context, pingone.Permit, int, time.Duration) {}

func TestTheBudgetIsNotWaitedForLonger(t *testing.T) {
	t.Parallel()
	s := newStub(t, func(c *pingone.Config) { c.Limiter, c.MaxRetryTime = &shut{}, time.Second }, func(w http.ResponseWriter, _ *http.Request, _ int64) {
		w.WriteHeader(http.StatusTooManyRequests)
	})
	_, err := s.read(context.Background())
	require.True(t, gwerr.Is(err, gwerr.UpstreamLimited), "%v", err)
	require.EqualValues(t, 1, s.calls.Load())
}

// Waits double, with jitter taken off, up to a bound.
func TestBackOff(t *testing.T) {
	t.Parallel()
	s := newStub(t, func(c *pingone.Config) { c.MaxAttempts = 4 }, func(w http.ResponseWriter, _ *http.Request, _ int64) { w.WriteHeader(500) })
	_, err := s.read(context.Background())
	require.Error(t, err)
	require.Equal(t, []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond}, s.clock.slept)
}

func TestStalledAnswersEnd(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	s := newStub(t, func(c *pingone.Config) { c.IdleTimeout, c.MaxAttempts = 20*time.Millisecond, 2 }, func(w http.ResponseWriter, r *http.Request, _ int64) {
		fmt.Fprint(w, pageOf("", 1)[:30])
		w.(http.Flusher).Flush()
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	})
	defer close(hold)
	_, err := s.read(context.Background())
	require.True(t, gwerr.Is(err, gwerr.UpstreamCutShort), "%v", err)
	require.EqualValues(t, 2, s.calls.Load())
}

func TestCallsThatTakeTooLongEnd(t *testing.T) {
	t.Parallel()
	s := newStub(t, func(c *pingone.Config) { c.CallTimeout, c.MaxAttempts = 20*time.Millisecond, 2 }, func(_ http.ResponseWriter, r *http.Request, _ int64) {
		<-r.Context().Done()
	})
	_, err := s.read(context.Background())
	require.True(t, gwerr.Is(err, gwerr.UpstreamFailed), "%v", err)
	require.Len(t, s.events.calls(), 2)
}

// limits counts permits and what is reported.
type limits struct {
	inFlight, most, reports atomic.Int64
	retryAfter              atomic.Int64
}

func (l *limits) Acquire(ctx context.Context, p pingone.Permit) (func(), error) {
	if p.Group != "rlgDirAccessRps" && p.Group != "rlgConfigRpm" || p.Bulk {
		return nil, gwerr.New(gwerr.Internal, "odd group", "")
	}
	n := l.inFlight.Add(1)
	for {
		most := l.most.Load()
		if n <= most || l.most.CompareAndSwap(most, n) {
			break
		}
	}
	return func() { l.inFlight.Add(-1) }, ctx.Err()
}

func (l *limits) Report(_ context.Context, _ pingone.Permit, status int, retryAfter time.Duration) {
	l.reports.Add(1)
	if status == http.StatusTooManyRequests {
		l.retryAfter.Store(int64(retryAfter))
	}
}

func TestLimiterIsAskedAndTold(t *testing.T) {
	t.Parallel()
	l := &limits{}
	s := newStub(t, func(c *pingone.Config) { c.Limiter = l }, func(w http.ResponseWriter, _ *http.Request, n int64) {
		if n == 1 {
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(429)
			return
		}
		fmt.Fprint(w, pageOf("", 1))
	})
	_, err := s.read(context.Background())
	require.NoError(t, err)
	require.Zero(t, l.inFlight.Load())
	require.EqualValues(t, 3*time.Second, l.retryAfter.Load())
	require.EqualValues(t, 2, l.reports.Load())
}

func TestCallsInFlightAreBounded(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	s := newStub(t, func(c *pingone.Config) { c.MaxParallel = 3 }, func(w http.ResponseWriter, r *http.Request, _ int64) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		fmt.Fprintf(w, `{"id":%q}`, r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
	})
	rows, err := s.read(context.Background(), func(r *scan.Request) {
		r.Path = s.users.Path("by_id")
		for i := range 60 {
			r.Keys = append(r.Keys, []string{userID(i)})
		}
	})
	require.NoError(t, err)
	require.Len(t, rows, 60)
	require.LessOrEqual(t, most.Load(), int64(3))
}

func TestCancelStopsWaiting(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	s := newStub(t, nil, func(_ http.ResponseWriter, r *http.Request, _ int64) {
		cancel()
		<-r.Context().Done()
	})
	_, err := s.read(ctx)
	require.True(t, gwerr.Is(err, gwerr.Canceled), "%v", err)
}

func TestPatienceIsBounded(t *testing.T) {
	t.Parallel()
	s := newStub(t, func(c *pingone.Config) { c.MaxRetryTime = 5 * time.Second }, func(w http.ResponseWriter, _ *http.Request, _ int64) {
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	_, err := s.read(context.Background())
	require.True(t, gwerr.Is(err, gwerr.UpstreamLimited), "%v", err)
	require.EqualValues(t, 3, s.calls.Load())
	require.Equal(t, 2*time.Second, gwerr.From(err).RetryAfter)
}

// lateTokens gives no token in time.
type lateTokens struct{}

// Token implements pingone.Authorizer.
func (lateTokens) Token(ctx context.Context) (pingone.Token, error) {
	<-ctx.Done()
	return nil, gwerr.From(ctx.Err())
}

// A call that ends while it waits for its token was not given up by the caller.
func TestCallsWithoutATokenInTimeEnd(t *testing.T) {
	t.Parallel()
	s := newStub(t, func(c *pingone.Config) {
		c.Authorizer, c.CallTimeout, c.MaxAttempts = lateTokens{}, 20*time.Millisecond, 2
	}, func(http.ResponseWriter, *http.Request, int64) {})
	_, err := s.read(context.Background())
	require.True(t, gwerr.Is(err, gwerr.UpstreamFailed), "%v", err)
	require.Len(t, s.events.calls(), 2)
	require.Zero(t, s.calls.Load())
}
