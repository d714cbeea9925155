package pingone_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
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

// fewAlone is what asks for a few rows and nothing else.
func fewAlone(r *scan.Request) { r.Few, r.Alone = true, true }

// TestRowsAloneAreTheSame whether their reader waits for the call itself or a
// goroutine does.
func TestRowsAloneAreTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 30}, nil)
	users := w.table("Users")
	list := w.request(users, "list", "Id", "Username", "EnvironmentId")
	some := w.rows(list)[:3]
	one, byID, none := list, w.request(users, "by_id", "Username", "Id", "EnvironmentId"), list
	one.Filters = []string{fmt.Sprintf("username eq %q", some[0][1])}
	none.Filters = []string{`username eq "nobody"`}
	byID.Keys = [][]string{{some[1][0]}}
	gone := byID
	gone.Keys = [][]string{{"00000000-0000-4000-8000-000000000000"}}
	limited, paged := list, list
	limited.Limit, paged.Page = 7, 4
	for name, c := range map[string]struct {
		request scan.Request
		rows    int
	}{
		"one row": {one, 1}, "no row": {none, 0}, "by its key": {byID, 1}, "no such key": {gone, 0},
		"a limit": {limited, 7}, "more pages than were expected": {paged, len(w.rows(list))},
	} {
		r := c.request
		want := w.rows(r)
		w.events.reset()
		fewAlone(&r)
		assert.Equal(t, want, w.rows(r), name)
		assert.Len(t, want, c.rows, name)
		if calls := len(w.events.calls()); calls != 1 && name != "more pages than were expected" {
			t.Errorf("%s: %d calls", name, calls)
		}
	}
}

// TestRowsAloneWaitForTheirReader: no call is made for rows that nobody takes.
func TestRowsAloneWaitForTheirReader(t *testing.T) {
	t.Parallel()
	s := newStub(t, nil, func(w http.ResponseWriter, _ *http.Request, _ int64) { fmt.Fprint(w, pageOf("", 1)) })
	r := scan.Request{Table: s.users, Path: s.users.Path("list"), Columns: []int{0}}
	fewAlone(&r)
	for range 20 {
		rows, err := s.conn.Scan(t.Context(), r)
		require.NoError(t, err)
		rows.Close()
	}
	assert.Zero(t, s.calls.Load())
	rows, err := s.conn.Scan(t.Context(), r)
	require.NoError(t, err)
	_, err = rows.Next(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 1, s.calls.Load())
	rows.Close() // with the row's successor not asked for
	rows.Close()
}

// TestRowsAloneEnd as those of a stream do: with the reader, with the scan, and with
// what goes wrong.
func TestRowsAloneEnd(t *testing.T) {
	t.Parallel()
	s := newStub(t, func(c *pingone.Config) { c.MaxAttempts = 1 }, func(_ http.ResponseWriter, r *http.Request, _ int64) { <-r.Context().Done() })
	r := scan.Request{Table: s.users, Path: s.users.Path("list"), Columns: []int{0}}
	fewAlone(&r)
	soon := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	left, leave := context.WithCancel(t.Context())
	leave()
	for name, c := range map[string]struct {
		scan, next context.Context
		want       gwerr.Code
	}{
		"the reader's time":    {t.Context(), soon(), gwerr.From(context.DeadlineExceeded).Code},
		"the scan's time":      {soon(), t.Context(), gwerr.From(context.DeadlineExceeded).Code},
		"the reader has left":  {t.Context(), left, gwerr.From(context.Canceled).Code},
		"the scan was stopped": {left, t.Context(), gwerr.From(context.Canceled).Code},
	} {
		rows, err := s.conn.Scan(c.scan, r)
		require.NoError(t, err, name)
		for range 2 { // it stays so
			_, err = rows.Next(c.next)
			require.ErrorAs(t, err, new(*gwerr.Error), name)
			assert.Equal(t, c.want, gwerr.From(err).Code, "%s: %v", name, err)
		}
		rows.Close()
	}
}

func TestRowsAloneFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want gwerr.Code
	}{
		"no JSON":       {`{"_embedded":`, gwerr.UpstreamCutShort},
		"another place": {pageOf("https://elsewhere.example/v1/users", 1), gwerr.UpstreamRejected},
	} {
		s := newStub(t, func(c *pingone.Config) { c.MaxAttempts = 1 }, func(w http.ResponseWriter, _ *http.Request, _ int64) { fmt.Fprint(w, c.body) })
		_, want := s.read(t.Context())
		_, err := s.read(t.Context(), fewAlone)
		require.Error(t, err, name)
		require.NotErrorIs(t, err, io.EOF, name)
		assert.Equal(t, c.want, gwerr.From(err).Code, name)
		assert.Equal(t, want.Error(), err.Error(), name)
	}
	defect := &faulty{RoundTripper: http.DefaultTransport}
	s := newStub(t, func(c *pingone.Config) { c.Transport = defect }, func(http.ResponseWriter, *http.Request, int64) {})
	end := "/users"
	defect.armed.Store(&end)
	_, err := s.read(t.Context(), fewAlone)
	assert.True(t, gwerr.Is(err, gwerr.Internal), err)
	require.Len(t, s.events.panics(), 1)
	assert.Equal(t, observe.InScan, s.events.panics()[0].Where)
}
