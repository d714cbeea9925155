package sim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

const usersOf = "GET /v1/environments/*/users"

// try makes a call that may fail at any point.
func (f *fixture) try(path string) (status int, body []byte, err error) {
	req := f.request(http.MethodGet, path, nil)
	req.Close = true // a client that finds a kept connection closed tries again
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

func TestFaultsComeAndGo(t *testing.T) {
	t.Parallel()
	zero, seven := 0, 7
	tests := map[string]struct {
		fault sim.Fault
		want  []int // statuses of calls, one after the other
		retry string
	}{
		"once":              {sim.Fault{Match: usersOf, Do: "status", Status: 500}, []int{500, 200}, ""},
		"after two":         {sim.Fault{Match: usersOf, After: 2, Do: "status", Status: 503}, []int{200, 200, 503, 200}, ""},
		"three times":       {sim.Fault{Match: usersOf, Times: 3, Do: "status", Status: 502}, []int{502, 502, 502, 200}, ""},
		"always":            {sim.Fault{Match: usersOf, Times: -1, Do: "status", Status: 504}, []int{504, 504, 504, 504}, ""},
		"any method":        {sim.Fault{Match: "* /v1/**", Do: "status", Status: 500}, []int{500, 200}, ""},
		"everything":        {sim.Fault{Do: "status", Status: 403}, []int{403, 200}, ""},
		"by query":          {sim.Fault{Query: "limit=2", Do: "status", Status: 404}, []int{404, 200}, ""},
		"with Retry-After":  {sim.Fault{Do: "status", Status: 429, RetryAfter: &seven}, []int{429, 200}, "7"},
		"Retry-After of 0":  {sim.Fault{Do: "status", Status: 503, RetryAfter: &zero}, []int{503, 200}, "0"},
		"another method":    {sim.Fault{Match: "POST /v1/environments/*/users", Do: "status", Status: 500}, []int{200}, ""},
		"another path":      {sim.Fault{Match: "GET /v1/environments/*/groups", Do: "status", Status: 500}, []int{200}, ""},
		"a star is no path": {sim.Fault{Match: "GET /v1/*", Do: "status", Status: 500}, []int{200}, ""},
		"another query":     {sim.Fault{Query: "limit=3", Do: "status", Status: 500}, []int{200}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, sim.Options{Users: 20})
			require.NoError(t, f.SetFaults(tt.fault))
			for k, want := range tt.want {
				resp, err := http.DefaultClient.Do(f.request(http.MethodGet, f.env("/users?limit=2"), nil))
				require.NoError(t, err)
				_ = resp.Body.Close()
				assert.Equal(t, want, resp.StatusCode, "call %d", k+1)
				if want >= 400 {
					assert.Equal(t, tt.retry, resp.Header.Get("Retry-After"))
					assert.Contains(t, resp.Header.Get("Content-Type"), "json")
				}
			}
		})
	}
}

func TestFaultsInTheMiddle(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 200})
	tests := []struct {
		do    string
		check func(t *testing.T, status int, body []byte, err error)
	}{
		{"cut", func(t *testing.T, _ int, body []byte, err error) {
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			assert.NotEmpty(t, body)
			assert.False(t, json.Valid(body))
		}},
		{"reset", func(t *testing.T, _ int, _ []byte, err error) { require.Error(t, err) }},
		{"garbage", func(t *testing.T, status int, body []byte, err error) {
			require.NoError(t, err)
			assert.Equal(t, http.StatusOK, status)
			assert.False(t, json.Valid(body))
		}},
		{"slow", func(t *testing.T, status int, body []byte, err error) {
			require.NoError(t, err)
			assert.Equal(t, http.StatusOK, status)
			assert.True(t, json.Valid(body))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.do, func(t *testing.T) {
			require.NoError(t, f.SetFaults(sim.Fault{Match: usersOf, Do: tt.do, For: sim.Duration(20 * time.Millisecond)}))
			status, body, err := f.try(f.env("/users"))
			tt.check(t, status, body, err)
			status, body, err = f.try(f.env("/users"))
			require.NoError(t, err)
			assert.Equal(t, http.StatusOK, status)
			assert.True(t, json.Valid(body))
		})
	}
}

func TestStorm(t *testing.T) {
	t.Parallel()
	clock := newClock()
	f := start(t, sim.Options{Clock: clock.Now})
	require.NoError(t, f.SetFaults(sim.Fault{Match: usersOf, Do: "storm", For: sim.Duration(3 * time.Second)}))
	for range 3 {
		resp, err := http.DefaultClient.Do(f.request(http.MethodGet, f.env("/users"), nil))
		require.NoError(t, err)
		_ = resp.Body.Close()
		assert.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
		assert.Equal(t, "1", resp.Header.Get("Retry-After"))
		clock.Advance(time.Second)
	}
	status, _ := f.do(http.MethodGet, f.env("/users"), nil)
	assert.Equal(t, http.StatusOK, status)
}

func TestRevokeInMidScan(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	require.NoError(t, f.SetFaults(sim.Fault{Match: usersOf, After: 1, Do: "revoke"}))
	page := f.get(f.env("/users?limit=5"))
	status, body := f.do(http.MethodGet, href(page, "next"), nil)
	require.Equal(t, http.StatusUnauthorized, status)
	assert.Equal(t, "INVALID_TOKEN", path(body["details"].([]any)[0], "code"))
	f.token = f.tokenOf(sim.AppWorker)
	status, _ = f.do(http.MethodGet, href(page, "next"), nil)
	assert.Equal(t, http.StatusOK, status)
}

func TestFaultsOnTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	require.NoError(t, f.SetFaults(sim.Fault{Match: "POST /*/as/token", Do: "status", Status: 503}))
	status, _ := f.form("/"+f.admin+"/as/token", map[string][]string{"grant_type": {"client_credentials"}}, sim.AppWorker)
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.NotEmpty(t, f.tokenOf(sim.AppWorker))
}

func TestLatencyHonoursTheClient(t *testing.T) {
	t.Parallel()
	s, err := sim.New(sim.Options{Users: 10, Latency: time.Hour})
	require.NoError(t, err)
	server := httptest.NewServer(s)
	defer server.Close()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/v1/environments", nil)
	require.NoError(t, err)
	failed := make(chan error, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		failed <- err
	}()
	require.Eventually(t, func() bool { return s.Stats().Requests == 1 }, time.Minute, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	assert.Equal(t, 0, s.Requests()[0].Status)
}

func TestParseFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want int
		err  string
	}{
		"nothing":          {"  ", 0, ""},
		"one":              {`[{"match":"GET /v1/environments/*/users","after":3,"times":1,"do":"status","status":500}]`, 1, ""},
		"two":              {`[{"do":"cut"},{"do":"slow","for":"1.5s"}]`, 2, ""},
		"no array":         {`{"do":"cut"}`, 0, "JSON array"},
		"unknown member":   {`[{"what":"cut"}]`, 0, "what"},
		"unknown kind":     {`[{"do":"explode"}]`, 0, "do must be one of"},
		"no status":        {`[{"do":"status"}]`, 0, "needs a status"},
		"no duration":      {`[{"do":"storm"}]`, 0, "needs for"},
		"number as time":   {`[{"do":"slow","for":3}]`, 0, "a duration is text"},
		"negative":         {`[{"do":"cut","after":-1}]`, 0, "must not be negative"},
		"match by half":    {`[{"do":"cut","match":"GET users"}]`, 0, "match must be a method and a path"},
		"match no pattern": {`[{"do":"cut","match":"GET /v1/[a"}]`, 0, "not a valid pattern"},
		"no file":          {"@/nowhere/faults.json", 0, "read faults"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faults, err := sim.ParseFaults(tt.text)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			assert.Len(t, faults, tt.want)
			raw, err := json.Marshal(faults)
			require.NoError(t, err)
			again, err := sim.ParseFaults(string(bytes.ReplaceAll(raw, []byte("null"), []byte("[]"))))
			require.NoError(t, err)
			assert.Len(t, again, tt.want)
		})
	}
}

func TestParseRateLimits(t *testing.T) {
	t.Parallel()
	second, minute := func(n int) sim.Rate { return sim.Rate{Limit: n, Per: time.Second} }, func(n int) sim.Rate { return sim.Rate{Limit: n, Per: time.Minute} }
	tests := map[string]struct {
		text string
		want map[string]sim.Rate
		err  string
	}{
		"nothing":       {"", nil, ""},
		"off":           {"off", nil, ""},
		"list":          {"rlgDirAccessRps=50, rlgConfigRpm=600", map[string]sim.Rate{"rlgDirAccessRps": second(50), "rlgConfigRpm": minute(600)}, ""},
		"units":         {"rlgDirAccessRps=50/m,rlgConfigRpm=6/s", map[string]sim.Rate{"rlgDirAccessRps": minute(50), "rlgConfigRpm": second(6)}, ""},
		"documented":    {"documented", sim.DocumentedRates(), ""},
		"unknown group": {"rlgFoo=3", nil, `"rlgFoo" is not known`},
		"no number":     {"rlgConfigRpm=many", nil, "a number of at least 1"},
		"zero":          {"0", nil, "a number of at least 1"},
		"unknown unit":  {"5/h", nil, "s or m"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sim.ParseRateLimits(tt.text)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
	t.Run("one number for all", func(t *testing.T) {
		t.Parallel()
		got, err := sim.ParseRateLimits("20")
		require.NoError(t, err)
		assert.Len(t, got, len(sim.DocumentedRates()))
		assert.Equal(t, second(20), got["rlgConfigRpm"])
	})
}

func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]sim.Options{
		"users":         {Users: -1},
		"many users":    {Users: sim.MaxUsers + 1},
		"page":          {MaxUsersPage: 5000},
		"share":         {Unkind: "source-share=2"},
		"no share":      {Unkind: "source-share=NaN"},
		"latency":       {Latency: -1},
		"unknown group": {RateLimits: map[string]sim.Rate{"x": {Limit: 1, Per: 1}}},
		"empty rate":    {RateLimits: map[string]sim.Rate{"rlgConfigRpm": {}}},
		"fault":         {Faults: []sim.Fault{{Do: "x"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sim.New(opt)
			require.Error(t, err)
		})
	}
}

func TestControls(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 20})
	control := func(method, path, body string) (int, string) {
		req, err := http.NewRequest(method, f.url+"/sim"+path, bytes.NewBufferString(body))
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(raw)
	}
	status, _ := control("POST", "/faults", `[{"do":"status","status":500,"times":-1}]`)
	assert.Equal(t, http.StatusNoContent, status)
	status, _ = f.do(http.MethodGet, "/environments", nil)
	assert.Equal(t, http.StatusInternalServerError, status)
	status, text := control("POST", "/faults", `[{"do":"x"}]`)
	assert.Equal(t, http.StatusBadRequest, status)
	assert.Contains(t, text, "do must be one of")
	status, _ = control("POST", "/faults", `[`)
	assert.Equal(t, http.StatusBadRequest, status)
	status, _ = control("DELETE", "/faults", "")
	assert.Equal(t, http.StatusNoContent, status)
	f.get("/environments")

	_, text = control("GET", "/requests", "")
	var seen struct {
		Stats    sim.Stats
		Requests []sim.Request
	}
	require.NoError(t, json.Unmarshal([]byte(text), &seen))
	assert.Equal(t, 2, seen.Stats.Calls("GET /environments"))
	assert.Len(t, seen.Requests, 3)
	control("DELETE", "/requests", "")
	assert.Empty(t, f.Requests())

	control("POST", "/tokens/revoke", "")
	status, _ = f.do(http.MethodGet, "/environments", nil)
	assert.Equal(t, http.StatusUnauthorized, status)
	status, _ = control("POST", "/device/approve", `{"userCode":"XXXX-XXXX","username":"ada.admin"}`)
	assert.Equal(t, http.StatusBadRequest, status)
	status, _ = control("POST", "/keys/rotate", "")
	assert.Equal(t, http.StatusNoContent, status)
	status, _ = control("GET", "/nothing", "")
	assert.Equal(t, http.StatusNotFound, status)

	for _, remote := range []string{"192.0.2.1:1234", "[2001:db8::1]:1", "nonsense"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodDelete, "/sim/faults", nil)
		r.RemoteAddr = remote
		f.ServeHTTP(w, r)
		assert.Equal(t, http.StatusForbidden, w.Code, remote)
	}
}

// TestDroppedCallsAreCounted reads the counters as soon as a connection is gone,
// and after calls one by one.
func TestDroppedCallsAreCounted(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Users: 10})
	s.ResetRequests()
	require.NoError(t, s.SetFaults(sim.Fault{Do: "reset", Times: -1}))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for n := range 20 {
		resp, err := client.Do(s.request(http.MethodGet, "/environments", nil))
		if err == nil {
			_ = resp.Body.Close()
		}
		require.Error(t, err)
		assert.Equal(t, n+1, s.Stats().Calls("GET /environments"))
		assert.Zero(t, s.Requests()[n].Status)
	}
	require.NoError(t, s.SetFaults())
	for range 20 {
		s.get("/environments")
	}
	assert.Equal(t, http.StatusOK, s.Requests()[39].Status)
}
