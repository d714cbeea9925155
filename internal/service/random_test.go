//go:build duckdb_arrow

package service_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/quota"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit/seed"
)

// asked is a request as the model knows it.
type asked struct {
	of     string // caller
	begun  time.Time
	turn   bool
	rows   int64
	ran    bool
	ctx    context.Context
	answer *service.Request
}

// callerRules are what the model holds a caller to.
type callerRules struct {
	tokens  int // requests that it may begin at once
	filled  time.Time
	running int
}

// desks is a service and the model of it: what it may give to whom, and what it must
// have told.
type desks struct {
	*desk
	t       *testing.T
	now     time.Time
	atOnce  int
	limits  limits
	callers map[string]*callerRules
	open    []*asked
	full    bool // the trail
	told    []string
}

var errFull = gwerr.New(gwerr.Busy, "The trail is full.", "")

func newDesks(t *testing.T, r *rand.Rand) *desks {
	t.Helper()
	d := &desks{
		t: t, now: time.Unix(1_000_000, 0), atOnce: 1 + r.IntN(4), callers: map[string]*callerRules{},
		limits: limits{RequestsPerSecond: 1, Burst: 3 + r.IntN(6), Concurrency: 1 + r.IntN(4), RowsPerQuery: 20},
	}
	d.desk = newDesk(t, func(c *service.Config) {
		now := func() time.Time { return d.now }
		c.Turns, c.Policy, c.Now = service.Turns{AtOnce: d.atOnce, Share: 1}, d.limits, now
		c.Quota = quota.New(quota.Config{Now: now, Patience: time.Nanosecond})
		c.Audit = func(context.Context) (func(context.Context, audit.Record), error) {
			if d.full {
				return nil, errFull
			}
			return d.keep, nil
		}
	})
	return d
}

// mayTurn gives a turn by the rule of several callers: one that is alone may have all,
// others half of them, and at least one.
func (d *desks) mayTurn(caller string) gwerr.Code {
	own, others := 0, 0
	for _, a := range d.open {
		switch {
		case a.turn && a.of == caller:
			own++
		case a.turn:
			others++
		}
	}
	switch {
	case own+others == d.atOnce:
		return gwerr.Busy
	case others > 0 && own+1 > max(1, d.atOnce/2):
		return gwerr.TooManyRequests
	}
	return ""
}

// mayBegin is why a request is refused, "" if it is not.
func (d *desks) mayBegin(caller, connection string) gwerr.Code {
	c := d.callers[caller]
	if c == nil {
		c = &callerRules{tokens: d.limits.Burst, filled: d.now}
		d.callers[caller] = c
	}
	c.tokens = min(d.limits.Burst, c.tokens+int(d.now.Sub(c.filled)/time.Second))
	c.filled = d.now
	if c.tokens == 0 {
		return gwerr.TooManyRequests
	}
	c.tokens-- // whatever comes of it
	if c.running == d.limits.Concurrency {
		return gwerr.TooManyRequests
	}
	if code := d.mayTurn(caller); code != "" {
		return code
	}
	if connection == "nowhere" {
		return gwerr.NotFound
	}
	return ""
}

// record is one as it must be on the trail.
func (d *desks) record(action, caller, connection string, rows int64, took time.Duration, code gwerr.Code) {
	d.told = append(d.told, fmt.Sprint(action, " ", caller, " at ", connection, ": ", rows, " rows in ", took, " ", code))
}

func (d *desks) begin(caller, connection string) {
	want := d.mayBegin(caller, connection)
	who := auth.NewAnonymous()
	who.ID = caller
	ctx, r, err := d.Open(auth.WithPrincipal(d.t.Context(), who), connection, "sql").Begin(d.t.Context(), "/")
	switch {
	case d.full:
		require.ErrorIs(d.t, err, errFull)
		return
	case want != "":
		require.Error(d.t, err)
		require.Equal(d.t, want, gwerr.From(err).Code, "%v", err)
		require.Nil(d.t, r)
		d.record("query", caller, connection, 0, 0, want)
		return
	}
	require.NoError(d.t, err)
	d.callers[caller].running++
	d.open = append(d.open, &asked{of: caller, begun: d.now, turn: true, ctx: ctx, answer: r})
}

func (d *desks) end(i int, err error) {
	a := d.open[i]
	a.answer.End(err)
	require.Error(d.t, a.ctx.Err(), "what it held is given back")
	action, code := "query", gwerr.Code("")
	switch {
	case err != nil:
		code = gwerr.From(err).Code
	case !a.ran:
		action = "metadata"
	}
	d.record(action, a.of, "main", a.rows, d.now.Sub(a.begun), code)
	d.callers[a.of].running--
	d.open = append(d.open[:i:i], d.open[i+1:]...)
}

// step does one of all that a front end does.
func (d *desks) step(r *rand.Rand) {
	what := r.IntN(10)
	if what < 4 || len(d.open) == 0 {
		d.full = r.IntN(10) == 0
		d.begin([]string{"a", "b", "c"}[r.IntN(3)], []string{"", "main", "main", "nowhere"}[r.IntN(4)])
		return
	}
	i := r.IntN(len(d.open))
	a := d.open[i]
	switch what {
	case 4:
		a.answer.Pause()
		a.turn = false
	case 5:
		want := gwerr.Code("")
		if !a.turn {
			want = d.mayTurn(a.of)
		}
		err := a.answer.Resume(a.ctx)
		if want == "" {
			require.NoError(d.t, err)
			a.turn = true
			return
		}
		require.Error(d.t, err)
		require.Equal(d.t, want, gwerr.From(err).Code)
		require.Equal(d.t, time.Second, gwerr.From(err).RetryAfter)
	case 6:
		n := int64(r.IntN(9))
		err := a.answer.Returned(n)
		if a.rows+n > d.limits.RowsPerQuery {
			require.True(d.t, gwerr.Is(err, gwerr.LimitExceeded), "%v", err)
			return
		}
		require.NoError(d.t, err)
		a.rows, a.ran = a.rows+n, true
	case 7:
		d.now = d.now.Add(time.Duration(r.IntN(4)) * time.Second)
	default:
		d.end(i, []error{nil, nil, gwerr.New(gwerr.Syntax, "That is not a statement.", ""), errors.New("a defect")}[r.IntN(4)])
	}
}

// check holds what the service told against what the model says.
func (d *desks) check() {
	turns := 0
	for _, a := range d.open {
		if a.turn {
			turns++
		}
		require.NoError(d.t, a.ctx.Err())
	}
	require.Equal(d.t, turns, d.inFlight("queries"))
	require.Zero(d.t, d.inFlight("queued"))
	require.Len(d.t, d.records, len(d.told))
}

// TestRandomSessions: whatever callers do one after the other, each has the turns that
// are its, is held to its quota, and has one record for each request that was admitted or
// refused.
func TestRandomSessions(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(seed.Of(t), 0))
	codes := map[string]int{}
	for range 30 {
		d := newDesks(t, r)
		for range 120 {
			d.step(r)
			d.check()
		}
		for len(d.open) > 0 {
			d.end(0, nil)
			d.check()
		}
		finished := 0
		for _, e := range d.events {
			if _, ok := e.(observe.QueryFinished); ok {
				finished++
			}
		}
		for i, got := range d.records {
			code := gwerr.Code("")
			if got.Err != nil {
				code = gwerr.From(got.Err).Code
			}
			require.Equal(t, d.told[i], fmt.Sprint(got.Action, " ", got.Principal.ID, " at ", got.Connection, ": ", got.Rows, " rows in ", got.Duration, " ", code))
			if got.Action != "metadata" {
				finished--
			}
			codes[string(code)]++
		}
		assert.Zero(t, finished, "metrics tell of each that did more than look at the catalog")
	}
	for _, code := range []gwerr.Code{"", gwerr.Busy, gwerr.TooManyRequests, gwerr.NotFound, gwerr.Syntax, gwerr.Internal} {
		assert.Greater(t, codes[string(code)], 20, "requests that end with %q", code)
	}
}
