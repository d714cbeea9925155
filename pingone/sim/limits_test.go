package sim_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

func TestRateLimits(t *testing.T) {
	t.Parallel()
	clock := newClock()
	f := start(t, sim.Options{Clock: clock.Now, RateLimits: map[string]sim.Rate{
		"rlgDirAccessRps": {Limit: 3, Per: time.Second}, "rlgConfigRpm": {Limit: 2, Per: time.Minute},
	}})
	customers := "/environments/" + f.EnvironmentID(sim.EnvironmentCustomers)
	users, other := f.env("/users?limit=1"), customers+"/users?limit=1"

	calls := []struct {
		name    string
		after   time.Duration
		path    string
		status  int
		seconds string
	}{
		{"first", 0, users, 200, ""},
		{"another environment shares the license", 0, other, 200, ""},
		{"another endpoint shares the group", 0, f.env("/groups?limit=1"), 200, ""},
		{"over the limit", 0, users, 429, "1"},
		{"over the limit elsewhere", 0, other, 429, "1"},
		{"another group has its own", 0, "/environments", 200, ""},
		{"still over", 999 * time.Millisecond, users, 429, "1"},
		{"a second later", time.Millisecond, users, 200, ""},
		{"per minute", 0, "/roles", 200, ""},
		{"per minute, over", 0, "/roles", 429, "59"},
		{"per minute, later", 59 * time.Second, "/roles", 200, ""},
	}
	for _, tt := range calls {
		clock.Advance(tt.after)
		resp, err := http.DefaultClient.Do(f.request(http.MethodGet, tt.path, nil))
		require.NoError(t, err)
		_ = resp.Body.Close()
		assert.Equal(t, tt.status, resp.StatusCode, tt.name)
		assert.Equal(t, tt.seconds, resp.Header.Get("Retry-After"), tt.name)
	}
	clock.Advance(10 * time.Minute)
	for range 3 {
		f.do(http.MethodGet, users, nil)
	}
	_, body := f.do(http.MethodGet, users, nil)
	assert.Equal(t, "REQUEST_LIMITED", body["code"])
	detail := body["details"].([]any)[0]
	assert.Equal(t, "LIMIT_EXCEEDED", path(detail, "code"))
	assert.EqualValues(t, 3, path(detail, "innerError", "quotaLimit"))
	assert.EqualValues(t, 1, path(detail, "innerError", "retryAfter"))
}

func TestSourceShare(t *testing.T) {
	t.Parallel()
	clock := newClock()
	f := start(t, sim.Options{Clock: clock.Now, Unkind: "source-share=0.35", RateLimits: map[string]sim.Rate{"rlgDirAccessRps": {Limit: 10, Per: time.Second}}})
	customers := "/environments/" + f.EnvironmentID(sim.EnvironmentCustomers) + "/users?limit=1"
	statuses := func(path string, n int) (out []int) {
		for range n {
			status, _ := f.do(http.MethodGet, path, nil)
			out = append(out, status)
		}
		return out
	}
	assert.Equal(t, []int{200, 200, 200, 429}, statuses(f.env("/users?limit=1"), 4), "35 % of 10")
	assert.Equal(t, []int{200, 200, 200, 429}, statuses(customers, 4), "in each environment")
}

func TestCapabilitiesTellTheLimits(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{RateLimits: map[string]sim.Rate{
		"rlgDirAccessRps": {Limit: 120, Per: time.Minute}, "rlgDirWriteRps": {Limit: 7, Per: time.Second},
	}})
	body := f.get(f.env("/capabilities"))
	for group, limit := range map[string]int{
		"rlgDirAccessRps": 2, "rlgDirWriteRps": 7, "rlgConfigRpm": 600, "rlgAuditRps": 10, "rlgAnalyticsRpm": 600,
	} {
		assert.EqualValues(t, limit, path(body, "licenseQuantities", group, "limit"), group)
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	clock := newClock()
	f := start(t, sim.Options{Clock: clock.Now, RateLimits: map[string]sim.Rate{"rlgDirAccessRps": {Limit: 5, Per: time.Second}}})
	stats := f.Stats()
	assert.Equal(t, 1, stats.Calls("POST /{env}/as/token"))
	assert.Equal(t, 1, stats.Groups["rlgAuthnRps"])

	f.ResetRequests()
	for range 8 {
		f.do(http.MethodGet, f.env("/users?limit=1"), nil)
		clock.Advance(100 * time.Millisecond)
	}
	clock.Advance(time.Second)
	f.do(http.MethodGet, f.env("/groups?limit=1"), nil)
	f.do(http.MethodGet, "/nothing", nil)

	stats = f.Stats()
	assert.Equal(t, 10, stats.Requests)
	assert.Equal(t, 8, stats.Calls("GET /environments/{env}/users"))
	assert.Equal(t, 9, stats.Groups["rlgDirAccessRps"])
	assert.Equal(t, 1, stats.Endpoints["GET (unknown)"])

	log := f.Requests()
	require.Len(t, log, 10)
	assert.Equal(t, "limit=1", log[0].Query)
	assert.Equal(t, "/v1"+f.env("/users"), log[0].Path)
	assert.Equal(t, "GET", log[0].Method)
	assert.Equal(t, "rlgDirAccessRps", log[0].Group)
	assert.Equal(t, 200, log[0].Status)
	assert.Equal(t, 429, log[5].Status)
	assert.Equal(t, 404, log[9].Status)
	f.ResetRequests()
	assert.Empty(t, f.Requests())
	assert.Zero(t, f.Stats().Requests)
}

func TestLogKeepsTheLastRequests(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{LogSize: 3})
	for k := range 5 {
		f.do(http.MethodGet, f.env("/users?limit="+strconv.Itoa(k+1)), nil)
	}
	var queries []string
	for _, r := range f.Requests() {
		queries = append(queries, r.Query)
	}
	assert.Equal(t, []string{"limit=3", "limit=4", "limit=5"}, queries)
	assert.Equal(t, 6, f.Stats().Requests)
}
