package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// simulated is a simulator in this process.
func simulated(t *testing.T, users int) *simulator {
	t.Helper()
	model, err := sim.New(sim.Options{Users: users})
	require.NoError(t, err)
	server := httptest.NewServer(model)
	t.Cleanup(server.Close)
	s := &simulator{
		address: strings.TrimPrefix(server.URL, "http://"), client: server.Client(),
		environment: model.EnvironmentID(sim.EnvironmentAdministrators),
	}
	require.NoError(t, s.signIn(context.Background()))
	return s
}

func TestReadersSeeEveryUser(t *testing.T) {
	t.Parallel()
	ctx, s := context.Background(), simulated(t, 450)
	c, err := s.sdk()
	require.NoError(t, err)
	calls, err := s.calls(ctx, func() error {
		n, err := sdkUsers(ctx, c, s.environment)
		assert.Equal(t, 450, n)
		return err
	})
	require.NoError(t, err)
	assert.Equal(t, 3, calls)

	proxy := httptest.NewServer(httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: s.address}))
	defer proxy.Close()
	seen := 0
	s.client.Transport = counting{s.client.Transport, strings.TrimPrefix(proxy.URL, "http://"), &seen}
	copied, err := copyUsers(ctx, strings.TrimPrefix(proxy.URL, "http://"), s)
	require.NoError(t, err)
	assert.Equal(t, 450, copied.rows)
	assert.Equal(t, 3, seen, "every page came through the proxy")
	assert.Greater(t, copied.bytes, int64(450*200))
}

// counting counts the requests that go to a host.
type counting struct {
	http.RoundTripper
	host string
	n    *int
}

func (c counting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == c.host {
		*c.n++
	}
	return c.RoundTripper.RoundTrip(r)
}

func TestSamples(t *testing.T) {
	t.Parallel()
	ctx, s := context.Background(), simulated(t, 300)
	users, err := s.someUsers(ctx, 20)
	require.NoError(t, err)
	require.Len(t, users, 20)
	for _, u := range users { // some have another attribute that is named userName
		a, err := s.named(ctx, u.Username)
		require.NoError(t, err)
		assert.Equal(t, 1, a.rows, "%q", u.Username)
	}

	groups, err := s.someGroups(ctx, 50)
	require.NoError(t, err)
	assert.Len(t, groups, 50)
	_, err = s.someGroups(ctx, 5000)
	require.Error(t, err)

	total, err := s.members(ctx, groups[:5])
	require.NoError(t, err)
	assert.Positive(t, total)

	c, err := s.sdk()
	require.NoError(t, err)
	calls, err := s.calls(ctx, func() error {
		err := sdkMemberships(ctx, c, s.environment, users)
		return err
	})
	require.NoError(t, err)
	assert.Equal(t, 20, calls, "one call per user")
}

func TestRefusedAnswers(t *testing.T) {
	t.Parallel()
	ctx, s := context.Background(), simulated(t, 1)
	s.token = "wrong"
	_, err := s.someUsers(ctx, 1)
	require.ErrorContains(t, err, "401")
	_, err = copyUsers(ctx, s.address, s)
	require.ErrorContains(t, err, "401")
	c, err := s.sdk()
	require.NoError(t, err)
	_, err = sdkUsers(ctx, c, s.environment)
	require.ErrorContains(t, err, "with the SDK")
	s.environment = "nothing"
	require.ErrorContains(t, s.signIn(ctx), "signing in")
}

func TestNextLink(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body, want string
		fails            bool
	}{
		{name: "more", body: `{"_links":{"self":{"href":"a"},"next":{"href":"b"}},"_embedded":{}}`, want: "b"},
		{name: "last page", body: `{"_links":{"self":{"href":"a"}},"_embedded":{}}`},
		{name: "links at the end", body: `{"_embedded":{"users":[{"_links":{"next":{"href":"no"}}}]},"_links":{"next":{"href":"b"}}}`, want: "b"},
		{name: "no links", body: `{"size":1}`, fails: true},
		{name: "cut", body: `{"_links":{"next":{"hr`, fails: true},
		{name: "empty", fails: true},
		{name: "no object", body: `[1]`, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := nextLink([]byte(c.body))
			assert.Equal(t, c.fails, err != nil, "%v", err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestNeedle(t *testing.T) {
	t.Parallel()
	text := strings.Repeat(`{"Id":1,"Username":"a"}`, 40) + `"Userna` + `"Username"`
	want := strings.Count(text, entity)
	for name, r := range map[string]io.Reader{
		"at once":        strings.NewReader(text),
		"byte by byte":   iotest.OneByteReader(strings.NewReader(text)),
		"half the space": iotest.HalfReader(strings.NewReader(text)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, firsts := newNeedle(entity), 0
			n.onFirst = func() { firsts++ }
			written, err := io.CopyBuffer(struct{ io.Writer }{n}, struct{ io.Reader }{r}, make([]byte, 14))
			require.NoError(t, err)
			assert.EqualValues(t, len(text), written)
			assert.Equal(t, want, n.found)
			assert.Equal(t, 1, firsts)
		})
	}
	lines := newNeedle("\n")
	_, err := io.WriteString(lines, "a\nb\n\nc")
	require.NoError(t, err)
	assert.Equal(t, 3, lines.found)
}

func TestGatewayAnswers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var base string
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sql", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case strings.Contains(string(body), "broken"):
			_, _ = io.WriteString(w, "{}\n")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case strings.Contains(string(body), "wrong"):
			http.Error(w, "no such table", http.StatusBadRequest)
		default:
			_, _ = io.WriteString(w, "{}\n{}\n")
		}
	})
	mux.HandleFunc("GET /odata/pingone/Administrators/Users", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Has("$skiptoken"):
			_, _ = io.WriteString(w, `{"value":[{"Username":"c"}]}`)
		case r.Header.Get("Prefer") == "odata.maxpagesize=2":
			_, _ = io.WriteString(w, `{"value":[{"Username":"a"},{"Username":"b"}],"@odata.nextLink":"`+base+`/odata/pingone/Administrators/Users?$skiptoken=x"}`)
		default:
			_, _ = io.WriteString(w, `{"value":[{"Username":"a"},{"Username":"b"},{"Username":"c"}]}`)
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	base = server.URL
	g := &gateway{address: strings.TrimPrefix(server.URL, "http://"), client: server.Client()}

	a, err := g.sql(ctx, "fine")
	require.NoError(t, err)
	assert.Equal(t, 2, a.rows)
	assert.Positive(t, a.first)
	assert.LessOrEqual(t, a.first, a.whole)
	_, err = g.sql(ctx, "broken")
	require.Error(t, err, "an answer that breaks off does not count")
	_, err = g.sql(ctx, "wrong")
	require.ErrorContains(t, err, "no such table")

	feed, err := g.feed(ctx, scanFeed)
	require.NoError(t, err)
	assert.Equal(t, 3, feed.rows)
	rows, err := g.pages(ctx, scanFeed, 2)
	require.NoError(t, err)
	assert.Equal(t, 3, rows)
}

func TestByUsername(t *testing.T) {
	t.Parallel()
	got, err := url.ParseQuery(byUsername("o'neil + ü&b", "Id,Username"))
	require.NoError(t, err)
	assert.Equal(t, "Username eq 'o''neil + ü&b'", got.Get("$filter"))
	assert.Equal(t, "Id,Username", got.Get("$select"))
	assert.NotContains(t, byUsername("a b", "Id"), "+", "OData clients send spaces as %20")
}
