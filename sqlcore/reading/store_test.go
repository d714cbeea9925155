package reading_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

func TestRequestThatFailsParksNothing(t *testing.T) {
	t.Parallel()
	linked := reading.Want{Rows: 2, Ending: reading.Linked}
	t.Run("canceled", func(t *testing.T) {
		t.Parallel()
		of, s := numbered(10, 3, false), newStore(t, reading.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		p, err := s.Page(ctx, of.target("ann"), linked)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if of.contexts[0].Err() != nil {
			t.Error("the stream ends with the request")
		}
		if _, err := p.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if _, ok := p.Rest(); ok {
			t.Error("a page without end has a rest")
		}
		p.Close()
		if s.Len() != 0 || of.closed != 1 || of.contexts[0].Err() == nil {
			t.Errorf("%d parked, %d closed", s.Len(), of.closed)
		}
	})
	t.Run("broken off", func(t *testing.T) {
		t.Parallel()
		of, s := numbered(10, 1, false), newStore(t, reading.Options{})
		_, next := mustPage(t, s, of.target("ann"), linked)
		of.err = gwerr.New(gwerr.UpstreamCutShort, "Cut.", "")
		if _, _, err := page(s, of.target("ann"), reading.Want{From: next, Rows: 4, Ending: reading.Linked}); !gwerr.Is(err, gwerr.UpstreamCutShort) {
			t.Errorf("error %v", err)
		}
		if s.Len() != 0 || of.closed != of.opened {
			t.Errorf("%d parked, %d of %d closed", s.Len(), of.closed, of.opened)
		}
	})
	t.Run("not delivered", func(t *testing.T) {
		t.Parallel()
		of, s := numbered(10, 3, false), newStore(t, reading.Options{})
		p, err := s.Page(t.Context(), of.target("ann"), linked)
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			var b scan.Batch
			if b, err = p.Next(t.Context()); err == nil {
				b.Record.Release()
			}
		}
		if _, ok := p.Rest(); !ok || s.Len() != 1 {
			t.Errorf("rest %v, %d parked", ok, s.Len())
		}
		p.Discard()
		p.Close()
		if s.Len() != 0 || of.closed != 1 {
			t.Errorf("%d parked, %d closed", s.Len(), of.closed)
		}
	})
}

func TestStoreIsBounded(t *testing.T) {
	t.Parallel()
	linked := reading.Want{Rows: 2, Ending: reading.Linked}
	park := func(t *testing.T, s *reading.Store, of *table, caller string) *reading.Place {
		_, next := mustPage(t, s, of.target(caller), linked)
		return next
	}
	t.Run("per caller", func(t *testing.T) {
		t.Parallel()
		of, s := numbered(10, 3, false), newStore(t, reading.Options{PerCaller: 2})
		bob := park(t, s, of, "bob")
		oldest := park(t, s, of, "ann")
		for range 3 {
			park(t, s, of, "ann")
		}
		if s.Len() != 3 || of.closed != 2 {
			t.Errorf("%d parked, %d closed", s.Len(), of.closed)
		}
		opened := of.opened
		if got, _ := mustPage(t, s, of.target("bob"), reading.Want{From: bob, Rows: 2}); !slices.Equal(got, of.keys[2:4]) || of.opened != opened {
			t.Errorf("bob's reading gave %v", got)
		}
		if got, _ := mustPage(t, s, of.target("ann"), reading.Want{From: oldest, Rows: 2}); !slices.Equal(got, of.keys[2:4]) || of.opened != opened+1 {
			t.Errorf("ann's oldest reading gave %v", got)
		}
	})
	t.Run("in all", func(t *testing.T) {
		t.Parallel()
		of, s := numbered(10, 3, false), newStore(t, reading.Options{Readings: 3})
		for i := range 5 {
			park(t, s, of, strconv.Itoa(i))
		}
		if s.Len() != 3 || of.closed != 2 {
			t.Errorf("%d parked, %d closed", s.Len(), of.closed)
		}
	})
	t.Run("in time", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			of, s := numbered(10, 3, false), reading.NewStore(reading.Options{Idle: time.Minute})
			defer s.Close()
			park(t, s, of, "ann")
			time.Sleep(40 * time.Second)
			park(t, s, of, "bob")
			time.Sleep(20 * time.Second)
			synctest.Wait()
			if s.Len() != 1 || of.ends() != 1 {
				t.Errorf("after a minute %d parked, %d closed", s.Len(), of.ends())
			}
			time.Sleep(40 * time.Second)
			synctest.Wait()
			if s.Len() != 0 || of.ends() != 2 {
				t.Errorf("later %d parked, %d closed", s.Len(), of.ends())
			}
		})
	})
	t.Run("by the source", func(t *testing.T) {
		t.Parallel()
		s, one, other := newStore(t, reading.Options{}), numbered(10, 3, false), numbered(10, 3, false)
		park(t, s, one, "ann")
		park(t, s, other, "bob")
		s.Drop(one)
		if s.Len() != 1 || one.closed != 1 || other.closed != 0 {
			t.Errorf("%d parked, %d and %d closed", s.Len(), one.closed, other.closed)
		}
	})
	t.Run("and told", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var waiting int
			var ends []string
			of := numbered(10, 3, false)
			s := reading.NewStore(reading.Options{Readings: 2, Idle: time.Minute, Sink: observe.SinkFunc(func(_ context.Context, e observe.Event) {
				switch e := e.(type) {
				case observe.InFlight:
					waiting += e.Delta
				case observe.ReadingEnded:
					ends = append(ends, e.How)
				}
			})})
			place := park(t, s, of, "ann")
			if waiting != 1 {
				t.Errorf("%d wait", waiting)
			}
			mustPage(t, s, of.target("ann"), reading.Want{From: place, Rows: 20})
			park(t, s, of, "bob")
			park(t, s, of, "cid")
			park(t, s, of, "dan") // bob goes
			s.Drop(numbered(1, 1, false))
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			park(t, s, of, "eve")
			s.Close()
			park(t, s, of, "fay") // is not taken
			if want := []string{"continued", "crowded_out", "expired", "expired", "closed"}; !slices.Equal(ends, want) || waiting != 0 {
				t.Errorf("%d wait, ended %v", waiting, ends)
			}
		})
	})
	t.Run("by the end", func(t *testing.T) {
		t.Parallel()
		of, s := numbered(10, 3, false), reading.NewStore(reading.Options{})
		park(t, s, of, "ann")
		s.Close()
		park(t, s, of, "bob")
		if s.Len() != 0 || of.closed != 2 {
			t.Errorf("%d parked, %d closed", s.Len(), of.closed)
		}
	})
}

// A page that skips rows tells whether more follow, where it is asked to, and reads
// them from the same stream.
func TestSkippedPagesLookAhead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows, skip, most int64
		more             bool
		left             int64
	}{
		"rows follow":       {10, 0, 4, true, 6},
		"behind some":       {10, 3, 4, true, 3},
		"it was the last":   {10, 0, 10, false, 0},
		"fewer than wanted": {10, 8, 4, false, 0},
		"none at all":       {0, 0, 4, false, 0},
		"all but the last":  {10, 0, 9, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of, s := numbered(int(c.rows), 3, false), newStore(t, reading.Options{})
			_, next := mustPage(t, s, of.target("ann"), reading.Want{Skip: c.skip, Rows: c.most, Ending: reading.Skipped, Look: true})
			if (next != nil) != c.more {
				t.Errorf("more rows: %t", next != nil)
			}
			rest, _ := mustPage(t, s, of.target("ann"), reading.Want{Skip: c.skip + c.most, Rows: 100, Ending: reading.Skipped})
			if int64(len(rest)) != c.left {
				t.Errorf("%d rows are left", len(rest))
			}
			if of.opened != 1 {
				t.Errorf("the rows were read %d times", of.opened)
			}
		})
	}
	of, s := numbered(10, 3, false), newStore(t, reading.Options{})
	if _, next := mustPage(t, s, of.target("ann"), reading.Want{Rows: 4, Ending: reading.Skipped}); next != nil {
		t.Error("nobody asked, and the next rows were read")
	}
}
