package pingone_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// faulty is a transport with a defect that shows, once it is armed, in calls
// whose path ends so.
type faulty struct {
	http.RoundTripper
	armed atomic.Pointer[string]
}

func (f *faulty) RoundTrip(r *http.Request) (*http.Response, error) {
	if end := f.armed.Load(); end != nil && strings.HasSuffix(r.URL.Path, *end) {
		var none []int
		_ = none[len(r.URL.Path)]
	}
	return f.RoundTripper.RoundTrip(r)
}

// permits counts those that are held.
type permits struct{ held atomic.Int64 }

func (p *permits) Acquire(context.Context, pingone.Permit) (func(), error) {
	p.held.Add(1)
	return func() { p.held.Add(-1) }, nil
}

func (*permits) Report(context.Context, pingone.Permit, int, time.Duration) {}

// A panic fails the work that it happened in, wherever that runs; what the work
// held comes back, and the same work goes well afterwards.
func TestPanicFailsItsQueryAlone(t *testing.T) {
	t.Parallel()
	keys := func(w *world, r scan.Request, table string) scan.Request {
		for _, row := range w.rows(w.request(w.table(table), "list", "Id"))[:8] {
			r.Keys = append(r.Keys, []string{row[0]})
		}
		return r
	}
	scanning := func(build func(w *world) scan.Request) func(w *world) func() error {
		return func(w *world) func() error {
			r := build(w)
			return func() error { _, err := w.read(t.Context(), r); return err }
		}
	}
	cases := []struct {
		name, path string // the end of the path of the call that goes wrong
		where      observe.Place
		work       func(w *world) func() error
	}{
		{"a listing", "/users", observe.InScan, scanning(func(w *world) scan.Request {
			return w.request(w.table("Users"), "list", "Id")
		})},
		{"keys side by side", "", observe.InScan, scanning(func(w *world) scan.Request {
			return keys(w, w.request(w.table("Users"), "by_id", "Id"), "Users")
		})},
		{"keys in order", "", observe.InScan, scanning(func(w *world) scan.Request {
			r := keys(w, w.request(w.table("Users"), "by_id", "Id"), "Users")
			r.Ordered = true
			return r
		})},
		{"parts", "/users", observe.InScan, scanning(func(w *world) scan.Request {
			r := w.request(w.table("Users"), "list", "Id", "Username")
			r.Partition = true
			return r
		})},
		{"the values of parts", "/populations", observe.InScan, scanning(func(w *world) scan.Request {
			r := w.request(w.table("Users"), "list", "Id")
			r.Partition = true
			return r
		})},
		{"rows of parents", "/users", observe.InScan, scanning(func(w *world) scan.Request {
			return w.request(w.table("UserGroupAssociations"), "all_by_group", "UserId", "GroupId")
		})},
		{"variants", "/users", observe.InScan, scanning(func(w *world) scan.Request {
			return keys(w, w.request(w.table("UserGroupAssociations"), "by_group", "UserId", "Type"), "Groups")
		})},
		{"a look-up", "/groups", observe.InScan, scanning(func(w *world) scan.Request {
			return keys(w, w.request(w.table("UserGroupAssociations"), "by_group", "UserId", "GroupName"), "Groups")
		})},
		{"a count", "/users", observe.InCount, func(w *world) func() error {
			r := w.request(w.table("Users"), "list", "Id")
			return func() error { _, _, err := w.conn.Count(t.Context(), r); return err }
		}},
		{"the names of schemas", "/environments", observe.InSchema, func(w *world) func() error {
			return func() error { _, err := w.conn.Names(t.Context()); return err }
		}},
		{"a schema", "/attributes", observe.InSchema, func(w *world) func() error {
			return func() error { _, err := w.conn.Schema(t.Context(), sim.EnvironmentAdministrators); return err }
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, p := &faulty{}, &permits{}
			w := newWorld(t, sim.Options{Users: 1500}, func(cfg *pingone.Config) {
				cfg.Limiter = p
				cfg.Wrap = func(rt http.RoundTripper) http.RoundTripper { f.RoundTripper = rt; return f }
			})
			work := c.work(w)
			if c.path == "" {
				c.path = w.rows(w.request(w.table("Users"), "list", "Id"))[5][0]
			}
			f.armed.Store(&c.path)
			err := work()
			require.True(t, gwerr.Is(err, gwerr.Internal), "%v", err)
			assert.NotContains(t, err.Error(), "index out of range", "that is for the log")
			seen := w.events.panics()
			require.NotEmpty(t, seen)
			assert.Equal(t, c.where, seen[0].Where)
			assert.Contains(t, seen[0].Stack, "panic_test.go")
			assert.Zero(t, p.held.Load(), "permits that did not come back")
			f.armed.Store(nil)
			require.NoError(t, work(), "after the defect")
			require.NoError(t, w.conn.Close(), "what still ran would be waited for")
		})
	}
}
