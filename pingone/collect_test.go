package pingone

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// A collection that the connection reads for itself is whole, or there is an
// error; and no chain of links is followed for ever.
func TestCollect(t *testing.T) {
	t.Parallel()
	page := func(id, next string) string {
		return fmt.Sprintf(`{"_links":{"next":{"href":%q}},"_embedded":{"x":[%q]}}`, next, id)
	}
	for _, c := range []struct {
		name   string
		answer func(cursor string, n int64) (int, string) // of the n-th call, from 1
		want   int
		code   gwerr.Code
		calls  int64
	}{
		{"two pages", func(cursor string, _ int64) (int, string) {
			if cursor == "" {
				return 200, page("1", "/v1/x?cursor=b")
			}
			return 200, page("2", "")
		}, 2, "", 2},
		{"two links in turn", func(cursor string, _ int64) (int, string) {
			if cursor == "a" {
				return 200, page("2", "/v1/x?cursor=b")
			}
			return 200, page("1", "/v1/x?cursor=a")
		}, 0, gwerr.UpstreamRejected, 3},
		{"a cursor that was refused", func(cursor string, n int64) (int, string) {
			switch {
			case cursor == "":
				return 200, page("1", "/v1/x?cursor=b")
			case n == 2:
				return 400, ""
			}
			return 200, page("2", "")
		}, 2, "", 4},
		{"cursors that are always refused", func(cursor string, _ int64) (int, string) {
			if cursor == "" {
				return 200, page("1", "/v1/x?cursor=b")
			}
			return 410, ""
		}, 0, gwerr.UpstreamRejected, 8},
		{"another collection", func(string, int64) (int, string) { return 200, page("1", "/v1/y") }, 0, gwerr.UpstreamRejected, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				status, body := c.answer(r.URL.Query().Get("cursor"), calls.Add(1))
				w.WriteHeader(status)
				fmt.Fprint(w, body)
			}))
			t.Cleanup(s.Close)
			conn, err := New(Config{APIURL: s.URL + "/v1", Authorizer: &minted{life: time.Hour}})
			require.NoError(t, err)
			t.Cleanup(func() { _ = conn.Close() })
			items, err := conn.collect(t.Context(), listing{address: address{path: "x"}, items: "x", endpoint: "x", group: groupConfiguration})
			require.Equal(t, c.calls, calls.Load())
			if c.code != "" {
				require.True(t, gwerr.Is(err, c.code), "%v", err)
				return
			}
			require.NoError(t, err)
			require.Len(t, items, c.want)
		})
	}
}
