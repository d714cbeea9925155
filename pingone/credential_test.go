package pingone

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// minted is a source that gives another token each time it is asked.
type minted struct {
	mu    sync.Mutex
	count int
	life  time.Duration
}

type mintedToken struct {
	n   int
	end time.Time
}

func (m *minted) Token(context.Context) (Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count++
	return mintedToken{m.count, started.Add(time.Duration(m.count) * m.life)}, nil
}

func (t mintedToken) Set(h http.Header)        { h.Set("Authorization", strconv.Itoa(t.n)) }
func (t mintedToken) Refused(context.Context)  {}
func (t mintedToken) Valid(now time.Time) bool { return now.Before(t.end) }

var started = time.Unix(1_750_000_000, 0)

// hand is a clock that a test moves.
type hand struct{ now time.Time }

func (h *hand) Now() time.Time                             { return h.now }
func (h *hand) Sleep(context.Context, time.Duration) error { return nil }

// The calls that share a credential share its token until that expires or is
// refused, whatever the source gives meanwhile.
func TestCallsOfAWalkShareAToken(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		refuse  string // the token that the API refuses at the third call
		between time.Duration
		want    []string
	}{
		{"kept", "", time.Minute, []string{"1", "1", "1", "1"}},
		{"refused", "1", time.Minute, []string{"1", "1", "1", "2", "2"}},
		{"expired", "", 30 * time.Minute, []string{"1", "1", "2", "2"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var seen []string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				seen = append(seen, r.Header.Get("Authorization"))
				if len(seen) >= 3 && r.Header.Get("Authorization") == c.refuse {
					w.WriteHeader(http.StatusUnauthorized)
				}
			}))
			t.Cleanup(s.Close)
			clock := &hand{started}
			client := clientOf(t, Config{APIURL: s.URL + "/v1", Authorizer: &minted{life: time.Hour}, Clock: clock})
			cred := &credential{}
			for range 4 {
				found, err := client.get(t.Context(), call{address: address{path: "/x"}, cred: cred}, func([]byte) error { return nil })
				require.NoError(t, err)
				require.True(t, found)
				clock.now = clock.now.Add(c.between)
			}
			require.Equal(t, c.want, seen)
		})
	}
}

func clientOf(t *testing.T, cfg Config) *client {
	t.Helper()
	cfg, err := cfg.withDefaults()
	require.NoError(t, err)
	c, err := newClient(cfg)
	require.NoError(t, err)
	t.Cleanup(c.close)
	return c
}

// A cursor that is no longer taken is told apart from a row that is missing
// and from a call that is refused.
func TestRefusedCursors(t *testing.T) {
	t.Parallel()
	first, second := address{path: "/x", query: "limit=5"}, address{path: "/x", query: "limit=5&cursor=c"}
	for _, status := range []int{400, 404, 410} {
		for _, c := range []struct {
			name   string
			call   call
			cursor bool
			code   gwerr.Code
		}{
			{"first page", call{address: first}, false, gwerr.UpstreamRejected},
			{"later page", call{address: second}, true, gwerr.UpstreamRejected},
			{"later page of what may be missing", call{address: second, missing: []int{400, 404, 410}}, true, gwerr.UpstreamRejected},
			{"resumed", call{address: first, resumed: true}, true, gwerr.BadContinuation},
		} {
			t.Run(fmt.Sprint(c.name, " ", status), func(t *testing.T) {
				t.Parallel()
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
				t.Cleanup(s.Close)
				client := clientOf(t, Config{APIURL: s.URL + "/v1", Authorizer: &minted{life: time.Hour}})
				_, err := client.get(t.Context(), c.call, func([]byte) error { return nil })
				require.True(t, gwerr.Is(err, c.code), "%v", err)
				if c.cursor {
					require.ErrorIs(t, err, errCursor)
				} else {
					require.NotErrorIs(t, err, errCursor)
				}
			})
		}
	}
}
