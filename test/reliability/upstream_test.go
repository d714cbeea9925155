//go:build duckdb_arrow

package reliability

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestPingOneMisbehaves lets calls go wrong in every way that the simulator
// knows, again and again. Reads are repeated, so callers notice nothing, and
// no answer may be short of rows.
func TestPingOneMisbehaves(t *testing.T) {
	besideOthers(t)
	s := startSimulator(t, "--users", "1500")
	list := questions(t, s)
	g := newGateway(t, "gateway", s, settings{"log.level": "warn"}).run()
	const users = "GET /v1/environments/*/users"
	kinds := []sim.Fault{
		{Match: users, Do: "status", Status: 500},
		{Match: users, Do: "status", Status: 503},
		{Match: users, Do: "cut"},
		{Match: users, Do: "garbage"},
		{Match: users, Do: "reset"},
		{Match: users, Do: "slow", For: sim.Duration(300 * time.Millisecond)},
	}
	// All tokens end at once. A 401 forces a new token, but not every few
	// seconds, so this happens once.
	revoke := sim.Fault{Match: "GET /v1/**", After: 3, Do: "revoke"}
	stop := load(t, 4, list, g)
	s.meet(revoke)
	met := 1
	for range pick(2, 10) {
		for _, f := range kinds {
			f.After, f.Times = 3, 1
			s.meet(f)
			met++
		}
	}
	s.faults()
	got := stop()
	t.Logf("%d faults: %s; calls repeated: %.0f", met, got, g.metric("pingone_gateway_upstream_retries_total"))
	for _, w := range got.wrong {
		t.Errorf("a wrong answer: %s", w)
	}
	for kind, n := range got.failed {
		t.Errorf("%d requests failed though reads are repeated: %s: %s", n, kind, got.examples[kind])
	}
	if g.metric("pingone_gateway_upstream_retries_total") < float64(met)/2 {
		t.Error("few calls were repeated: the faults tested nothing")
	}
}

// meet lets a call go wrong, and waits until one has: when so many calls for users that
// begin after the fault is there have been noted.
func (s *simulator) meet(f sim.Fault) {
	s.t.Helper()
	s.faults(f)
	s.control(http.MethodDelete, "requests", "")
	eventually(s.t, "calls meet the fault "+f.Do, func() bool {
		calls := 0
		for _, r := range s.requests() {
			if strings.HasSuffix(r.Path, "/users") {
				calls++
			}
		}
		return calls > f.After
	})
}
