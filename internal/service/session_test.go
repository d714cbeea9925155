//go:build duckdb_arrow

package service_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/quota"
	"github.com/pingone-gateway/gateway/internal/fair"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

var errUnplanned = errors.New("not planned here")

// desk is a service with its records and events.
type desk struct {
	*service.Service
	mu      sync.Mutex
	records []audit.Record
	events  []observe.Event
	bound   []duck.BindRequest
	// used are the contexts under which connections stay open.
	used []context.Context
}

// newDesk is a service over one connection, named "main", whose binder refuses
// everything.
func newDesk(t *testing.T, change func(*service.Config)) *desk {
	t.Helper()
	d := &desk{}
	c := service.Config{
		Pool: d, Binder: d, Aliases: []string{"Other"},
		Audit: func(context.Context) (func(context.Context, audit.Record), error) { return d.keep, nil },
		Sink:  observe.SinkFunc(func(_ context.Context, e observe.Event) { d.mu.Lock(); d.events = append(d.events, e); d.mu.Unlock() }),
	}
	if change != nil {
		change(&c)
	}
	d.Service = service.New(c)
	t.Cleanup(d.Close)
	return d
}

func (d *desk) keep(_ context.Context, r audit.Record) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records = append(d.records, r)
}

// Default implements service.Pool.
func (d *desk) Default() string { return "main" }

// Database implements service.Pool.
func (d *desk) Database(ctx context.Context, name string, _ *auth.Principal) (*service.Database, error) {
	if name != "" && name != "main" {
		return nil, gwerr.New(gwerr.NotFound, "There is no such connection.", "")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.used = append(d.used, ctx)
	return &service.Database{Name: "main", MaxRows: 100}, nil
}

// View implements service.Binder.
func (d *desk) View(ctx context.Context, r duck.BindRequest) (*query.Query, *catalog.View, error) {
	q, err := d.Bind(ctx, r)
	return q, &catalog.View{Text: r.SQL, SQL: r.SQL}, err
}

// Bind implements service.Binder.
func (d *desk) Bind(_ context.Context, r duck.BindRequest) (*query.Query, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bound = append(d.bound, r)
	return nil, errUnplanned
}

// begin starts a request of a caller at the default connection.
func (d *desk) begin(ctx context.Context, statement string) (context.Context, *service.Request, error) {
	return d.Open(auth.WithPrincipal(ctx, auth.NewAnonymous()), "", "sql").Begin(ctx, statement)
}

func (d *desk) inFlight(what string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.events {
		if f, ok := e.(observe.InFlight); ok && f.What == what {
			n += f.Delta
		}
	}
	return n
}

// shed are the reasons why requests were refused a turn.
func (d *desk) shed() (reasons []string) {
	for _, e := range d.events {
		if s, ok := e.(observe.RequestShed); ok {
			reasons = append(reasons, s.Reason)
		}
	}
	slices.Sort(reasons)
	return reasons
}

func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, func(c *service.Config) { c.Turns = service.Turns{AtOnce: 1, Queue: 2, QueueTime: 4 * time.Second} })
		_, first, err := d.begin(t.Context(), "first")
		require.NoError(t, err)
		wait := func(ctx context.Context) (chan error, func()) {
			out, held := make(chan error, 1), make(chan *service.Request, 1)
			go func() {
				_, r, err := d.begin(ctx, "later")
				held <- r
				out <- err
			}()
			synctest.Wait()
			return out, func() { (<-held).End(nil) }
		}
		ctx, cancel := context.WithCancel(t.Context())
		leaving, _ := wait(ctx)
		late, _ := wait(t.Context())
		assert.Equal(t, 2, d.inFlight("queued"))

		_, _, err = d.begin(t.Context(), "one too many")
		assert.True(t, gwerr.Is(err, gwerr.Busy), "%v", err)
		assert.Equal(t, 2*time.Second, gwerr.From(err).RetryAfter)

		cancel() // who leaves gives up its place
		require.ErrorIs(t, <-leaving, context.Canceled)
		time.Sleep(time.Second)
		next, end := wait(t.Context())
		assert.True(t, gwerr.Is(<-late, gwerr.Busy), "it has waited long enough")
		first.End(nil)
		require.NoError(t, <-next)
		assert.Equal(t, 1, d.inFlight("queries"))
		end()
		assert.Equal(t, 0, d.inFlight("queries")+d.inFlight("queued"))
		assert.Equal(t, []string{"queue_full", "queue_time"}, d.shed())
		assert.Len(t, d.records, 5, "each of them is on the trail")
	})
}

func TestWhoWaitsForHimselfKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, func(c *service.Config) {
			c.Turns, c.Policy, c.Quota = service.Turns{AtOnce: 2}, limits{Concurrency: 1}, quota.New(quota.Config{})
		})
		_, first, err := d.begin(t.Context(), "")
		require.NoError(t, err)
		go func() { _, _, _ = d.begin(t.Context(), "") }()
		synctest.Wait()
		other := auth.NewAnonymous()
		other.ID = "other"
		_, second, err := d.Open(auth.WithPrincipal(t.Context(), other), "", "sql").Begin(t.Context(), "")
		require.NoError(t, err)
		second.End(nil)
		time.Sleep(time.Minute) // the one who waited has given up
		first.End(nil)
	})
}

// TestNobodyTakesAllTurns: a caller who sends more than its share waits for
// itself, and another one begins at once.
func TestNobodyTakesAllTurns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		share float64
		alone int // turns of a caller that is alone
	}{"by default": {0, 4}, "a quarter": {0.25, 2}, "one caller's gateway": {1, 8}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, func(c2 *service.Config) {
					c2.Turns = service.Turns{AtOnce: 8, Share: c.share, Queue: 100, QueueTime: time.Second}
				})
				ctx := func(name string) context.Context {
					return auth.WithPrincipal(t.Context(), &auth.Principal{Kind: auth.Key, Name: name})
				}
				held, refused := make(chan *service.Request, 20), make(chan error, 20)
				for range 20 {
					go func() {
						_, r, err := d.Open(ctx("greedy"), "", "sql").Begin(ctx("greedy"), "")
						if err != nil {
							refused <- err
							return
						}
						held <- r
					}()
				}
				synctest.Wait()
				assert.Len(t, held, c.alone)
				if c.alone < 8 {
					inner, r, err := d.Open(ctx("other"), "", "sql").Begin(ctx("other"), "")
					require.NoError(t, err)
					assert.Equal(t, "api_key:other", fair.Caller(inner), "what works for the request knows for whom")
					r.End(nil)
				}
				time.Sleep(2 * time.Second) // those who waited have given up
				why := map[bool]gwerr.Code{true: gwerr.Busy, false: gwerr.TooManyRequests}[c.alone == 8]
				for range 20 - c.alone {
					err := <-refused
					assert.True(t, gwerr.Is(err, why), "%v", err)
				}
				for range c.alone {
					(<-held).End(nil)
				}
				assert.Equal(t, 0, d.inFlight("queries")+d.inFlight("queued"))
			})
		})
	}
}

func TestOneDeadlineForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, func(c *service.Config) { c.MaxTime, c.Policy = time.Minute, limits{Time: time.Second} })
		ctx, r, err := d.begin(t.Context(), "")
		require.NoError(t, err)
		time.Sleep(900 * time.Millisecond)
		require.NoError(t, ctx.Err())
		time.Sleep(200 * time.Millisecond)
		assert.True(t, gwerr.Is(context.Cause(ctx), gwerr.Timeout), "%v", context.Cause(ctx))
		r.End(errors.New("write: broken pipe"))
		assert.Equal(t, context.Cause(ctx), d.records[0].Err, "the cause, not what came of it")
	})
}

func TestRecords(t *testing.T) {
	t.Parallel()
	secret := "CALL RefreshOAuthAccessToken('sec-ret')"
	for name, c := range map[string]struct {
		connection, statement string
		do                    func(context.Context, *service.Request) error
		want                  audit.Record
	}{
		"the catalog alone": {"", "/", func(context.Context, *service.Request) error { return nil }, audit.Record{Action: "metadata", Connection: "main", Statement: "/"}},
		"rows": {
			"main", "/x", func(_ context.Context, r *service.Request) error { return errors.Join(r.Returned(40), r.Returned(60)) },
			audit.Record{Action: "query", Connection: "main", Statement: "/x", Rows: 100},
		},
		"too many rows": {
			"", "/x", func(_ context.Context, r *service.Request) error { return errors.Join(r.Returned(40), r.Returned(61)) },
			audit.Record{Action: "query", Connection: "main", Statement: "/x", Rows: 40, Err: gwerr.New(gwerr.LimitExceeded, "", "")},
		},
		"a statement": {
			"", "SELECT 1", func(ctx context.Context, r *service.Request) error { return ask(ctx, r, "SELECT 1") },
			audit.Record{Action: "query", Connection: "main", Statement: "SELECT 1", Err: gwerr.From(errUnplanned)},
		},
		"a plan": {"", "SELECT 1", func(ctx context.Context, r *service.Request) error {
			_, err := r.Explain(ctx, query.Statement{SQL: "SELECT 1"})
			return err
		}, audit.Record{Action: "explain", Connection: "main", Statement: "SELECT 1", Err: gwerr.From(errUnplanned)}},
		"a procedure": {
			"", secret, func(ctx context.Context, r *service.Request) error { return ask(ctx, r, secret) },
			audit.Record{Action: "call", Connection: "main", Err: gwerr.New(gwerr.UnknownFunction, "", "")},
		},
		"a procedure elsewhere": {"", "CALL nope.main.GetIt()", func(ctx context.Context, r *service.Request) error {
			return ask(ctx, r, "CALL nope.main.GetIt()")
		}, audit.Record{Action: "call", Connection: "main", Err: gwerr.New(gwerr.NotFound, "", "")}},
		"no such connection": {"nope", "SELECT 1", nil, audit.Record{Action: "query", Connection: "nope", Statement: "SELECT 1", Err: gwerr.New(gwerr.NotFound, "", "")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, nil)
			ctx, r, err := d.Open(auth.WithPrincipal(t.Context(), auth.NewAnonymous()), c.connection, "sql").Begin(t.Context(), c.statement)
			if err == nil {
				r.End(c.do(ctx, r))
			}
			require.Len(t, d.records, 1)
			got := d.records[0]
			if want := c.want.Err; want == nil {
				require.NoError(t, got.Err)
			} else {
				assert.Equal(t, gwerr.From(want).Code, gwerr.From(got.Err).Code, "%v", got.Err)
			}
			assert.Equal(t, "anonymous", got.Principal.Name)
			assert.NotContains(t, got.Statement, "sec-ret")
			got.Started, got.Duration, got.Principal, got.Err, c.want.Err = time.Time{}, 0, nil, nil, nil
			c.want.FrontEnd = "sql"
			assert.Equal(t, c.want, got)
			assert.Equal(t, 0, d.inFlight("queries"))
		})
	}
}

func ask(ctx context.Context, r *service.Request, sql string) error {
	_, err := r.SQL(ctx, query.Statement{SQL: sql})
	return err
}

func TestBindHandsOnEverything(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	ctx, r, err := d.begin(t.Context(), "SELECT ?")
	require.NoError(t, err)
	list := []query.Parameter{{Value: predicate.IntValue(1)}, {List: []query.Parameter{{Null: true}}}}
	_, err = r.Bind(ctx, query.Statement{SQL: "SELECT ?", Positional: list, Named: map[string]query.Parameter{"a": list[0]}})
	require.ErrorIs(t, err, errUnplanned)
	r.End(err)
	require.Len(t, d.bound, 1)
	b := d.bound[0]
	assert.Equal(t, "SELECT ?", b.SQL)
	assert.Equal(t, []string{"main", "Other"}, b.Catalogs)
	assert.Equal(t, list, b.Positional)
	assert.Equal(t, map[string]query.Parameter{"a": list[0]}, b.Named)
}

// TestAConnectionIsHeldByRequests: a client of the wire may stay for days.
func TestAConnectionIsHeldByRequests(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	session := d.Open(auth.WithPrincipal(t.Context(), auth.NewAnonymous()), "", "wire")
	for i := range 2 {
		_, r, err := session.Begin(t.Context(), "SELECT 1")
		require.NoError(t, err)
		require.Len(t, d.used, i+1)
		require.NoError(t, d.used[i].Err())
		r.End(nil)
		require.Error(t, d.used[i].Err())
	}
}

func TestATrailThatRefusesHoldsNothing(t *testing.T) {
	t.Parallel()
	full := gwerr.New(gwerr.Busy, "The trail is full.", "")
	d := newDesk(t, func(c *service.Config) {
		c.Turns.AtOnce = 1
		c.Audit = func(context.Context) (func(context.Context, audit.Record), error) { return nil, full }
	})
	for range 2 {
		_, _, err := d.begin(t.Context(), "")
		require.ErrorIs(t, err, full)
	}
	assert.Equal(t, 0, d.inFlight("queries"))
}

func TestWithoutACallerNothingBegins(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	_, _, err := d.Open(t.Context(), "", "sql").Begin(t.Context(), "SELECT 1")
	assert.True(t, gwerr.Is(err, gwerr.Unauthenticated))
	assert.Len(t, d.records, 1)
}

// limits are a policy that shows everything.
type limits quota.Limits

// Provider implements service.Policy.
func (limits) Provider(_ string, base catalog.Provider, _ *auth.Principal) catalog.Provider {
	return base
}

// Writable implements service.Policy.
func (l limits) Writable(_ string, base catalog.Provider, _ *auth.Principal) catalog.Provider {
	return base
}

// MayWrite implements service.Policy.
func (limits) MayWrite(string, catalog.SchemaName, string, *auth.Principal) error { return nil }

// Limits implements service.Policy.
func (l limits) Limits(*auth.Principal) quota.Limits { return quota.Limits(l) }

// MayCall implements service.Policy.
func (limits) MayCall(string, *auth.Principal) error { return nil }
