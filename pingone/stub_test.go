package pingone_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
