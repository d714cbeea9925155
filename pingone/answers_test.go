package pingone_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

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

// TestAnswersThatAreRefused are not asked for again.
func TestAnswersThatAreRefused(t *testing.T) {
	t.Parallel()
	large := strings.Repeat(" ", 1<<20) + pageOf("", 1)
	for name, tt := range map[string]struct {
		handle func(w http.ResponseWriter, r *http.Request, _ int64)
		calls  int64
	}{
		"a link to itself": {func(w http.ResponseWriter, r *http.Request, _ int64) {
			fmt.Fprint(w, pageOf("http://"+r.Host+r.URL.Path+"?cursor=same", 1))
		}, 2},
		"a redirect": {func(w http.ResponseWriter, r *http.Request, _ int64) {
			http.Redirect(w, r, "http://"+r.Host+"/elsewhere", http.StatusFound)
		}, 1},
		"a large one": {func(w http.ResponseWriter, _ *http.Request, _ int64) { fmt.Fprint(w, large) }, 1},
		"a small one that becomes large": {func(w http.ResponseWriter, _ *http.Request, _ int64) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			fmt.Fprint(z, large)
			_ = z.Close()
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, func(c *pingone.Config) { c.MaxBody = 1 << 20 }, tt.handle)
			_, err := s.read(context.Background())
			require.True(t, gwerr.Is(err, gwerr.UpstreamRejected), "%v", err)
			require.Equal(t, tt.calls, s.calls.Load())
		})
	}
}

// TestCompressionCanBeLeftOut: by the configuration, and where few rows can come.
func TestCompressionCanBeLeftOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		disabled, few bool
		want          string
	}{
		"usual": {false, false, "gzip"}, "by the configuration": {true, false, ""}, "few rows": {false, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, func(cfg *pingone.Config) { cfg.DisableCompression = c.disabled }, func(w http.ResponseWriter, r *http.Request, _ int64) {
				if r.Header.Get("Accept-Encoding") != c.want {
					w.WriteHeader(http.StatusTeapot)
				}
				fmt.Fprint(w, pageOf("", 1))
			})
			rows, err := s.read(context.Background(), func(r *scan.Request) { r.Few = c.few })
			require.NoError(t, err)
			require.Equal(t, [][]string{{userID(1)}}, rows)
		})
	}
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

// What a caller sees names the cause and the hint, but no value of the request.
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
