package pingone_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

const envID = "0b8c5f7e-2f6b-4f0e-9a39-0f6f5d0c7a10"

// stub is an API of which each test plays the part that it needs.
type stub struct {
	*httptest.Server
	calls   atomic.Int64
	refused atomic.Int64
	expiry  time.Time // of all tokens; zero for never
	conn    *pingone.Directory
	clock   *fakeClock
	events  *recorder
	users   *catalog.Table
}

func (s *stub) Token(context.Context) (pingone.Token, error) {
	return stubToken{s, s.refused.Load()}, nil
}

// stubToken is good until the stub's clock reaches its end, if it has one.
type stubToken struct {
	s *stub
	n int64
}

func (t stubToken) Set(h http.Header) {
	h.Set("Authorization", "Bearer token-"+strconv.FormatInt(t.n, 10))
}
func (t stubToken) Refused(context.Context)  { t.s.refused.Add(1) }
func (t stubToken) Valid(now time.Time) bool { return t.s.expiry.IsZero() || now.Before(t.s.expiry) }

// newStub answers the n-th call, from 1, of users by handle.
func newStub(t *testing.T, change func(*pingone.Config), handle func(w http.ResponseWriter, r *http.Request, n int64)) *stub {
	t.Helper()
	s := &stub{clock: &fakeClock{now: time.Unix(1_750_000_000, 0)}, events: &recorder{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v1/environments":
			fmt.Fprintf(w, `{"_embedded":{"environments":[{"id":%q,"name":"Main"}]}}`, envID)
		case strings.HasSuffix(r.URL.Path, "/schemas"):
			fmt.Fprint(w, `{"_embedded":{"schemas":[]}}`)
		default:
			handle(w, r, s.calls.Add(1))
		}
	}))
	t.Cleanup(s.Server.Close)
	cfg := pingone.Config{APIURL: s.URL + "/v1", Authorizer: s, Clock: s.clock, Sink: s.events, Jitter: func() float64 { return 0 }}
	patient, err := pingone.New(cfg) // the schema is not what a test is about
	require.NoError(t, err)
	t.Cleanup(func() { _ = patient.Close() })
	schema, err := patient.Schema(context.Background(), "main")
	require.NoError(t, err)
	s.users, _ = schema.Table("Users")
	s.events.reset()
	if change != nil {
		change(&cfg)
	}
	s.conn, err = pingone.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.conn.Close() })
	return s
}

// read reads the ids of all users.
func (s *stub) read(ctx context.Context, change ...func(*scan.Request)) ([][]string, error) {
	r := scan.Request{Table: s.users, Path: s.users.Path("list"), Columns: []int{0}}
	for _, c := range change {
		c(&r)
	}
	return (&world{conn: s.conn}).read(ctx, r)
}

func userID(n int) string { return fmt.Sprintf("57de9478-0000-4383-ab62-%012d", n) }

// pageOf writes a page of users; next may be "".
func pageOf(next string, ids ...int) string {
	rows := make([]string, len(ids))
	for i, id := range ids {
		rows[i] = `{"id":"` + userID(id) + `"}`
	}
	links := ""
	if next != "" {
		links = `"next":{"href":"` + next + `"}`
	}
	return `{"_links":{` + links + `},"_embedded":{"users":[` + strings.Join(rows, ",") + `]}}`
}

func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	s := newStub(t, nil, func(w http.ResponseWriter, r *http.Request, _ int64) {
		if !strings.HasPrefix(r.Header.Get("Accept"), "application/json") || r.Header.Get("User-Agent") == "" ||
			r.Header.Get("Authorization") != "Bearer token-0" || r.Header.Get("Accept-Encoding") != "gzip" || r.URL.Query().Get("limit") != "200" {
			w.WriteHeader(http.StatusTeapot)
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "application/hal+json;charset=UTF-8")
		z := gzip.NewWriter(w)
		fmt.Fprint(z, pageOf("", 1, 2))
		_ = z.Close()
	})
	rows, err := s.read(context.Background())
	require.NoError(t, err)
	require.Equal(t, [][]string{{userID(1)}, {userID(2)}}, rows)
	calls := s.events.calls()
	require.Len(t, calls, 1)
	require.Equal(t, "users", calls[0].Endpoint)
	require.Equal(t, "rlgDirAccessRps", calls[0].Group)
	require.Equal(t, 200, calls[0].Status)
	require.Equal(t, 1, calls[0].Attempt)
	require.EqualValues(t, len(pageOf("", 1, 2)), calls[0].Bytes)
}

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

// A link that leaves the API must not be followed: it would take the token
// along.
func TestNextLinksStayWithinTheAPI(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		fmt.Fprint(w, pageOf("", 2))
	}))
	t.Cleanup(other.Close)
	path := "/v1/environments/" + envID + "/users"
	for _, c := range []struct{ name, next string }{
		{"another host", other.URL + path + "?cursor=a"},
		{"host without a scheme", "//" + strings.TrimPrefix(other.URL, "http://") + path + "?cursor=a"},
		{"another scheme", "ftp://HOST" + path + "?cursor=a"},
		{"outside the base path", "http://HOST/v2/environments?cursor=a"},
		{"up and out", "http://HOST/v1/../admin?cursor=a"},
		{"encoded up and out", "http://HOST/v1/environments/%2e%2e/%2e%2e/admin?cursor=a"},
		{"with a user", "http://user@HOST" + path + "?cursor=a"},
		{"another collection", "http://HOST/v1/environments/" + envID + "/groups?cursor=a"},
		{"no address", "http://[::1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, nil, func(w http.ResponseWriter, r *http.Request, _ int64) {
				fmt.Fprint(w, pageOf(strings.ReplaceAll(c.next, "HOST", r.Host), 1))
			})
			_, err := s.read(context.Background())
			require.True(t, gwerr.Is(err, gwerr.UpstreamRejected), "%v", err)
			require.EqualValues(t, 1, s.calls.Load())
		})
	}
	require.Zero(t, elsewhere.Load())
}

func TestNextLinksAreReplayedVerbatim(t *testing.T) {
	t.Parallel()
	var seen []string
	s := newStub(t, nil, func(w http.ResponseWriter, r *http.Request, n int64) {
		seen = append(seen, r.URL.RawQuery)
		switch n {
		case 1:
			fmt.Fprint(w, pageOf("http://"+r.Host+r.URL.Path+"?cursor=a%2Bb%3D%3D&x=%20y&limit=3", 1))
		case 2:
			fmt.Fprint(w, pageOf(r.URL.Path+"?cursor=relative", 2))
		default:
			fmt.Fprint(w, pageOf("", 3))
		}
	})
	rows, err := s.read(context.Background())
	require.NoError(t, err)
	require.Len(t, rows, 3)
	require.Equal(t, []string{"limit=200", "cursor=a%2Bb%3D%3D&x=%20y&limit=3", "cursor=relative"}, seen)
}

func TestALinkToItselfEnds(t *testing.T) {
	t.Parallel()
	s := newStub(t, nil, func(w http.ResponseWriter, r *http.Request, _ int64) {
		fmt.Fprint(w, pageOf("http://"+r.Host+r.URL.Path+"?cursor=same", 1))
	})
	_, err := s.read(context.Background())
	require.True(t, gwerr.Is(err, gwerr.UpstreamRejected), "%v", err)
	require.EqualValues(t, 2, s.calls.Load())
}

func TestRedirectsAreRefused(t *testing.T) {
	t.Parallel()
	s := newStub(t, nil, func(w http.ResponseWriter, r *http.Request, _ int64) {
		http.Redirect(w, r, "http://"+r.Host+"/elsewhere", http.StatusFound)
	})
	_, err := s.read(context.Background())
	require.True(t, gwerr.Is(err, gwerr.UpstreamRejected), "%v", err)
	require.EqualValues(t, 1, s.calls.Load())
}

func TestLargeAnswersAreRefused(t *testing.T) {
	t.Parallel()
	s := newStub(t, func(c *pingone.Config) { c.MaxBody = 1 << 20 }, func(w http.ResponseWriter, _ *http.Request, _ int64) {
		fmt.Fprint(w, strings.Repeat(" ", 1<<20)+pageOf("", 1))
	})
	_, err := s.read(context.Background())
	require.True(t, gwerr.Is(err, gwerr.UpstreamRejected), "%v", err)
	require.EqualValues(t, 1, s.calls.Load())
}

// TestLargeAnswersAreRefusedOnceInflated sends little that becomes much.
func TestLargeAnswersAreRefusedOnceInflated(t *testing.T) {
	t.Parallel()
	s := newStub(t, func(c *pingone.Config) { c.MaxBody = 1 << 20 }, func(w http.ResponseWriter, _ *http.Request, _ int64) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprint(z, strings.Repeat(" ", 1<<20)+pageOf("", 1))
		_ = z.Close()
	})
	_, err := s.read(context.Background())
	require.True(t, gwerr.Is(err, gwerr.UpstreamRejected), "%v", err)
	require.EqualValues(t, 1, s.calls.Load())
}

func TestCompressionCanBeLeftOut(t *testing.T) {
	t.Parallel()
	s := newStub(t, func(c *pingone.Config) { c.DisableCompression = true }, func(w http.ResponseWriter, r *http.Request, _ int64) {
		if r.Header.Get("Accept-Encoding") != "" {
			w.WriteHeader(http.StatusTeapot)
		}
		fmt.Fprint(w, pageOf("", 1))
	})
	rows, err := s.read(context.Background())
	require.NoError(t, err)
	require.Equal(t, [][]string{{userID(1)}}, rows)
}

// TestCompressedAnswersCutShort are read again, wherever they end.
func TestCompressedAnswersCutShort(t *testing.T) {
	t.Parallel()
	var whole bytes.Buffer
	z := gzip.NewWriter(&whole)
	fmt.Fprint(z, pageOf("", 1, 2))
	require.NoError(t, z.Close())
	for _, lost := range []int{1, 9, whole.Len() - 5, whole.Len()} {
		t.Run(fmt.Sprint(lost, " bytes lost"), func(t *testing.T) {
			t.Parallel()
			s := newStub(t, nil, func(w http.ResponseWriter, _ *http.Request, n int64) {
				w.Header().Set("Content-Encoding", "gzip")
				sent := whole.Bytes()
				if n == 1 {
					sent = sent[:len(sent)-lost]
				}
				_, _ = w.Write(sent)
			})
			rows, err := s.read(context.Background())
			require.NoError(t, err)
			require.Len(t, rows, 2)
			require.EqualValues(t, 2, s.calls.Load())
		})
	}
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

// What a caller sees names the cause and the mend, but no value of the request.
func TestErrorsShowNoValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   []string
	}{
		{
			"filter", 400, `{"code":"INVALID_REQUEST","message":"m","details":[{"code":"INVALID_FILTER","target":"filter","message":"bad secret@example.com","innerError":{"supportedAttributes":["name"],"supportedOperators":["sw"]}}]}`,
			[]string{"email eq …", "name", "sw"},
		},
		{"other", 400, `{"code":"INVALID_DATA","message":"The value \"secret@example.com\" is wrong.","details":[{"message":"secret@example.com"}]}`, []string{"400", "INVALID_DATA", "The value … is wrong."}},
		{"forbidden", 403, `{"code":"ACCESS_FAILED"}`, []string{"does not exist", "no role"}},
		{"license", 403, `{"code":"ACCESS_FAILED","details":[{"code":"LICENSE_EXCEEDED"}]}`, []string{"license"}},
		{"not JSON", 400, `secret@example.com`, []string{"400"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, nil, func(w http.ResponseWriter, _ *http.Request, _ int64) {
				w.Header().Set("Correlation-Id", "c0ffee-1")
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			})
			_, err := s.read(context.Background(), func(r *scan.Request) { r.Filters = []string{`email eq "secret@example.com"`} })
			require.Error(t, err)
			require.NotContains(t, err.Error(), "secret")
			require.NotContains(t, err.Error(), "token-")
			require.Contains(t, err.Error(), "c0ffee-1")
			for _, want := range c.want {
				require.Contains(t, err.Error(), want)
			}
		})
	}
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

func TestConfigurationErrors(t *testing.T) {
	t.Parallel()
	auth := &worker{}
	for _, c := range []struct {
		name string
		cfg  pingone.Config
		want string
	}{
		{"no credentials", pingone.Config{}, "AuthScheme"},
		{"unknown region", pingone.Config{Authorizer: auth, Region: "MOON"}, "Region"},
		{"relative address", pingone.Config{Authorizer: auth, APIURL: "/v1"}, "ApiUrl"},
		{"address with a user", pingone.Config{Authorizer: auth, APIURL: "https://u:p@h/v1"}, "ApiUrl"},
		{"too many calls", pingone.Config{Authorizer: auth, MaxParallel: 1000}, "MaxParallel"},
		{"no certificate", pingone.Config{Authorizer: auth, CAPEM: []byte("x")}, "SSLServerCert"},
		{"odd proxy", pingone.Config{Authorizer: auth, ProxyURL: "::"}, "ProxyServer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := pingone.New(c.cfg)
			require.True(t, gwerr.Is(err, gwerr.Config), "%v", err)
			require.Equal(t, c.want, gwerr.From(err).Target)
		})
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"": "https://api.pingone.com/v1", "us": "https://api.pingone.com/v1", "NA": "https://api.pingone.com/v1", "CA": "https://api.pingone.ca/v1",
		"EU": "https://api.pingone.eu/v1", "AU": "https://api.pingone.com.au/v1", "SG": "https://api.pingone.sg/v1", "AP": "https://api.pingone.asia/v1",
	} {
		api, auth, err := pingone.Endpoints(region)
		require.NoError(t, err)
		require.Equal(t, want, api)
		require.Equal(t, strings.TrimSuffix(strings.Replace(want, "//api.", "//auth.", 1), "/v1"), auth)
	}
}

// The largest page of groups is not documented; where it is refused, a page of
// 200 is asked for.
func TestLargePagesFallBack(t *testing.T) {
	t.Parallel()
	var limits []string
	s := newStub(t, nil, func(w http.ResponseWriter, r *http.Request, _ int64) {
		limits = append(limits, r.URL.Query().Get("limit"))
		if len(limits) == 1 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, strings.Replace(pageOf("", 1), "users", "groups", 1))
	})
	groups, ok := s.users.Schema.Table("Groups")
	require.True(t, ok)
	rows, err := s.read(context.Background(), func(r *scan.Request) { r.Table, r.Path = groups, groups.Path("list") })
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, []string{"1000", "200"}, limits)
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
