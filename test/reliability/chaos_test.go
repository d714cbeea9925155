//go:build duckdb_arrow

package reliability

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/testkit/redistest"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// directoryLimit is the simulated PingOne's limit in calls per second, and
// rateShare the part of it that the gateways may use together. The rest is for
// calls that bunch up on their way, as they do on a busy machine: half a second
// of them. Gateways that don't share, or that spend a second budget when Redis
// goes or comes back, pass the limit all the same.
const (
	directoryLimit = 120
	rateShare      = 0.6
)

// TestThreeReplicasWhileThingsBreak runs three gateways over one Redis. Redis
// is killed twice and loses everything, a gateway is killed while it waits for
// a new token, and PingOne answers 429 for ten seconds.
func TestThreeReplicasWhileThingsBreak(t *testing.T) {
	besideOthers(t)
	life := pick(8*time.Second, 40*time.Second)
	s := startSimulator(t, "--users", "1500", "--token-lifetime", life.String(),
		"--rate-limit", fmt.Sprintf("rlgDirAccessRps=%d,rlgConfigRpm=600/m", directoryLimit))
	list := questions(t, s)
	auth, r := startAuthServer(t, s), redistest.Start(t)
	gateways := make([]*gateway, 3)
	key := sealingKey()
	for i := range gateways {
		gateways[i] = newGateway(t, fmt.Sprintf("replica-%d", i+1), s, settings{
			"redis.url": redistest.Patient(r.URL(), time.Minute), "tokens.encryption_keys": key, "replicas": "3",
			"connections.pingone.authorization_server_url": auth.URL, "connections.pingone.rate_share": fmt.Sprint(rateShare),
		})
		gateways[i].start()
	}
	for _, g := range gateways {
		eventually(t, g.name+" is ready", g.ready)
	}
	s.control(http.MethodDelete, "requests", "")
	calls := watchCalls(s)
	begin := time.Now()
	stop := load(t, pick(6, 12), list, gateways...)

	killRedis := func(age, down time.Duration) {
		auth.next(t)
		time.Sleep(age) // the token's age at the outage
		t.Logf("%5.1f s: Redis is killed, and comes back empty after %s", time.Since(begin).Seconds(), down)
		r.Kill()
		time.Sleep(down) // the outage itself
		r.Run()
	}
	// In the long form Redis dies the very moment a token is given, so that it
	// may not be stored.
	killRedis(pick(2*time.Second, 0), time.Second)

	victim := auth.hold(t, gateways)
	t.Logf("%5.1f s: %s is killed while it waits for its token", time.Since(begin).Seconds(), victim.name)
	victim.kill()
	victim.run()

	t.Logf("%5.1f s: PingOne answers 429 for ten seconds", time.Since(begin).Seconds())
	one := 1
	storm := [2]time.Time{time.Now()}
	s.faults(sim.Fault{Match: "* /v1/**", Do: "storm", For: sim.Duration(10 * time.Second), RetryAfter: &one})
	storm[1] = time.Now().Add(10500 * time.Millisecond)
	time.Sleep(time.Until(storm[1])) // the storm itself

	killRedis(pick(2*time.Second, 10*time.Second), pick(time.Second, 5*time.Second))
	for range pick(1, 4) {
		auth.next(t)
	}
	got := stop()
	took := time.Since(begin)

	t.Logf("%.1f s, %s", took.Seconds(), got)
	for kind, e := range got.examples {
		t.Logf("%s, for example: %s", kind, e)
	}
	checkAnswers(t, got, victim)
	checkTokens(t, auth.requests(), life, victim.said(`"listening"`) > 2)
	checkCalls(t, calls(), begin, storm)
}

// checkAnswers accepts failures of requests that the killed process was
// answering, and no others; no answer may look good and be wrong.
func checkAnswers(t *testing.T, got *tally, victim *gateway) {
	t.Helper()
	for _, w := range got.wrong {
		t.Errorf("a wrong answer: %s", w)
	}
	if got.answered == 0 {
		t.Error("no answer: the load was none")
	}
	for kind, n := range got.failed {
		if kind != "broken off at "+victim.name {
			t.Errorf("%d requests failed: %s: %s", n, kind, got.examples[kind])
		}
	}
}

// restarts are those of a gateway and twice of Redis.
const restarts = 3

// checkTokens bounds the token requests: one to begin with, one per life of a
// token (which is replaced at 75 % of it at the earliest), and one per restart.
func checkTokens(t *testing.T, times []time.Time, life time.Duration, restarted bool) {
	t.Helper()
	var at []string
	for _, m := range times {
		at = append(at, fmt.Sprintf("%.1f", m.Sub(times[0]).Seconds()))
	}
	span := times[len(times)-1].Sub(times[0])
	most := 1 + int(span/(life*3/4)) + restarts
	t.Logf("%d token requests for tokens of %s, at %s s; at most %d allowed", len(times), life, strings.Join(at, ", "), most)
	if len(times) > most {
		t.Errorf("%d token requests, want at most %d", len(times), most)
	}
	if !restarted {
		t.Error("the killed gateway was not started again")
	}
}

// watchCalls collects the calls that reach PingOne: its log is of bounded
// length, so it is read again and again.
func watchCalls(s *simulator) (all func() []sim.Request) {
	seen := map[sim.Request]bool{}
	done, ended := make(chan struct{}), make(chan struct{})
	take := func() {
		for _, c := range s.requests() {
			seen[c] = true
		}
	}
	go func() {
		defer close(ended)
		tick := time.NewTicker(10 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				take()
			case <-done:
				return
			}
		}
	}()
	return func() []sim.Request {
		close(done)
		<-ended
		take()
		out := make([]sim.Request, 0, len(seen))
		for c := range seen {
			out = append(out, c)
		}
		slices.SortFunc(out, func(a, b sim.Request) int { return a.Time.Compare(b.Time) })
		return out
	}
}

// checkCalls holds what PingOne saw against its limit, refused calls included.
func checkCalls(t *testing.T, calls []sim.Request, begin time.Time, storm [2]time.Time) {
	t.Helper()
	var times []time.Time
	refused, inStorm := 0, 0
	for _, c := range calls {
		if c.Group != "rlgDirAccessRps" {
			continue
		}
		times = append(times, c.Time)
		switch {
		case c.Status != http.StatusTooManyRequests:
		case c.Time.After(storm[0].Add(-time.Second)) && c.Time.Before(storm[1]):
			inStorm++
		default:
			refused++
			t.Logf("%5.1f s: PingOne refused a call", c.Time.Sub(begin).Seconds())
		}
	}
	most := busiest(times, time.Second)
	t.Logf("%d directory calls, at most %d in any second, limit %d; 429: %d during the ten seconds, %d outside them",
		len(times), most, directoryLimit, inStorm, refused)
	if most > directoryLimit || refused > 0 {
		t.Errorf("PingOne's limit of %d a second was exceeded: %d in a second, %d refused", directoryLimit, most, refused)
	}
	if inStorm == 0 {
		t.Error("no call met the 429s: they tested nothing")
	}
}

// busiest is the most events within any window of that length; times are in
// order.
func busiest(times []time.Time, window time.Duration) int {
	most, first := 0, 0
	for i := range times {
		for times[i].Sub(times[first]) >= window {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
