package pingone_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// bomb is a compressed body of so many bytes.
func bomb(t *testing.T, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	require.NoError(t, err)
	_, err = io.CopyN(z, spaces{}, size)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestBombs sends little that would become very much, as an answer of each kind.
func TestBombs(t *testing.T) { // alone: it looks at the memory of the process
	const inflated, bound = 128 << 20, 1 << 20
	packed := bomb(t, inflated)
	require.Less(t, len(packed), 1<<20)
	halves := bomb(t, inflated/64)
	for _, c := range []struct {
		name, encoding string
		status         int
		body           []byte
		code           gwerr.Code
	}{
		{"a page", "gzip", 200, packed, gwerr.UpstreamRejected},
		{"members one after the other", "gzip", 200, bytes.Repeat(halves, 64), gwerr.UpstreamRejected},
		{"spelt otherwise", "GZip", 200, packed, gwerr.UpstreamRejected},
		{"an error", "gzip", 400, packed, gwerr.UpstreamRejected},
		{"a refusal", "gzip", 403, packed, gwerr.UpstreamForbidden},
		{"packed twice", "gzip, gzip", 200, packed, gwerr.UpstreamCutShort},
		{"another coding", "br", 200, packed, gwerr.UpstreamCutShort},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStub(t, func(cfg *pingone.Config) { cfg.MaxBody, cfg.MaxAttempts = bound, 1 }, func(w http.ResponseWriter, _ *http.Request, _ int64) {
				w.Header().Set("Content-Encoding", c.encoding)
				w.WriteHeader(c.status)
				_, _ = w.Write(c.body)
			})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := s.read(context.Background())
			runtime.ReadMemStats(&after)
			require.True(t, gwerr.Is(err, c.code), "%v", err)
			require.EqualValues(t, 1, s.calls.Load())
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20), "bytes allocated for a bound of %d", bound)
		})
	}
}

// TestDeepAnswers nests what the decoder reads and what it skips.
func TestDeepAnswers(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	objects := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	user := func(more string) string {
		return `{"_embedded":{"users":[{"id":"` + userID(1) + `",` + more + `}]}}`
	}
	for _, c := range []struct {
		name, body string
		good       bool
	}{
		{"in a member that nobody wants", user(`"junk":` + deep(5_000_000)), false},
		{"in a member that nobody wants, and fits", user(`"username":"a","junk":` + deep(9_000)), true},
		{"in place of a text", user(`"username":` + objects(1_000_000)), false},
		{"beside the rows", `{"junk":` + deep(5_000_000) + `,"_embedded":{"users":[]}}`, false},
		{"in place of the link", `{"_links":{"next":` + objects(1_000_000) + `},"_embedded":{"users":[]}}`, false},
		{"in place of the answer", deep(5_000_000), false},
		{"without an end", strings.Repeat("[", 5_000_000), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, func(cfg *pingone.Config) { cfg.MaxAttempts = 1 }, func(w http.ResponseWriter, _ *http.Request, _ int64) {
				fmt.Fprint(w, c.body)
			})
			_, err := s.read(context.Background(), func(r *scan.Request) { r.Columns = []int{0, r.Table.Index("Username")} })
			if c.good {
				require.NoError(t, err)
				return
			}
			require.True(t, gwerr.Is(err, gwerr.UpstreamCutShort), "%v", err)
			require.Less(t, len(err.Error()), 1000)
		})
	}
	for name, body := range map[string]string{"error": `{"code":"X","message":` + deep(5_000_000) + `}`, "details": `{"details":` + deep(5_000_000) + `}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, nil, func(w http.ResponseWriter, _ *http.Request, _ int64) {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, body)
			})
			_, err := s.read(context.Background())
			require.True(t, gwerr.Is(err, gwerr.UpstreamRejected), "%v", err)
		})
	}
}

// TestErrorsShowNoTokens: the API, or a proxy before it, repeats what it was sent.
func TestErrorsShowNoTokens(t *testing.T) {
	t.Parallel()
	const (
		jwt    = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImRlZmF1bHQifQ.eyJjbGllbnRfaWQiOiI3ZjZmYjZhOSJ9.c2lnbmF0dXJl_0"
		secret = "Xk7~pQ2.vB9-mN4_wR8tZ1yL6cH3jF5dS0aG7uE2iO4"
	)
	for name, body := range map[string]string{
		"the token itself":        `{"code":"INVALID_TOKEN","message":"Token token-0 is no good."}`,
		"with its scheme":         `{"code":"INVALID_TOKEN","message":"Authorization: Bearer token-0, truly"}`,
		"another token":           `{"code":"INVALID_TOKEN","message":"Not ` + jwt + `."}`,
		"half a token":            `{"code":"INVALID_TOKEN","message":"Not ` + jwt[:40] + `..."}`,
		"a secret":                `{"code":"INVALID_TOKEN","message":"client_secret=` + secret + ` is wrong"}`,
		"among the attributes":    `{"details":[{"code":"INVALID_FILTER","innerError":{"supportedAttributes":["name","` + jwt[:60] + `","token-0"],"supportedOperators":["` + jwt[:50] + `"]}}]}`,
		"in an address":           `{"code":"X","message":"See https://api.example/v1?access_token=` + jwt + `&x=1"}`,
		"encoded by JSON escapes": `{"code":"X","message":"Not \u0065yJ` + jwt[3:] + `."}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, nil, func(w http.ResponseWriter, _ *http.Request, _ int64) {
				w.Header().Set("Correlation-Id", "token-0")
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, body)
			})
			_, err := s.read(context.Background(), func(r *scan.Request) { r.Filters = []string{`email eq "a"`} })
			require.Error(t, err)
			for _, part := range []string{"token-0", jwt[:30], jwt[40:60], secret[:12], secret[20:]} {
				require.NotContains(t, err.Error(), part)
			}
		})
	}
	t.Run("other words stay", func(t *testing.T) {
		t.Parallel()
		s := newStub(t, nil, func(w http.ResponseWriter, _ *http.Request, _ int64) {
			w.Header().Set("Correlation-Id", "5b1c9c52-6a3b-4df4-8c6b-5b0c31f7f3b2")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"code":"INVALID_DATA","message":"The passwordPolicyAssignmentKind of `+envID+` is missing."}`)
		})
		_, err := s.read(context.Background())
		require.ErrorContains(t, err, "The passwordPolicyAssignmentKind of "+envID+" is missing.")
		require.ErrorContains(t, err, "5b1c9c52-6a3b-4df4-8c6b-5b0c31f7f3b2")
	})
}
