//go:build duckdb_arrow

package reliability

import (
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// usage is what a gateway holds when nothing is asked of it.
type usage struct {
	goroutines, files float64
	residentMiB       int
}

func (g *gateway) usage() usage {
	return usage{g.metric("go_goroutines"), g.metric("process_open_fds"), g.residentMiB()}
}

// TestRollingRestart restarts two gateways one after the other under load. No
// request may fail: a gateway that stops is not sent any more, and answers
// those that it has.
func TestRollingRestart(t *testing.T) {
	wrk := needs(t, "wrk")
	logLoad(t)
	seconds := pick(10, 60)
	// The balancer has time to see that a gateway goes, and requests to end: a busy
	// machine is slow at both.
	slow := settings{
		"tokens.encryption_keys": sealingKey(), "log.level": "warn", "listen.drain_delay": drainDelay.String(), "listen.grace_time": "3m", "limits.queue_time": "3m",
	}
	s := startSimulator(t, "--users", "2000")
	gateways := []*gateway{newGateway(t, "replica-1", s, slow).run(), newGateway(t, "replica-2", s, slow).run()}
	b := startBalancer(t, 100*time.Millisecond, gateways...)
	warm := exec.Command(wrk, "-t1", "-c4", "-d2s", "-s", "testdata/mixed.lua", b.URL)
	if out, err := warm.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b.client.CloseIdleConnections()
	before := gateways[0].usage()

	// It goes on until it is told to end, once both have been restarted.
	cmd := exec.Command(wrk, "-t2", "-c64", "-d1h", "--timeout", "3m", "-s", "testdata/mixed.lua", b.URL)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	begun := time.Now()
	time.Sleep(time.Duration(seconds) * time.Second / 4) // the load before the restarts
	peak := []int{gateways[0].peakMiB(), gateways[1].peakMiB()}
	for _, g := range gateways {
		restart(t, g)
		eventually(t, g.name+" has requests again", func() bool { return b.sendsTo(g) })
	}
	time.Sleep(time.Until(begun.Add(time.Duration(seconds) * time.Second))) // and after them
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	result := parseResult(t, out.String())
	t.Logf("64 connections, %.0f s, both gateways restarted: %.0f requests, %.0f a second, latency ms p50 %.0f p90 %.0f p99 %.0f p99.9 %.0f max %.0f",
		result["seconds"], result["requests"], result["requests"]/result["seconds"], result["p50"], result["p90"], result["p99"], result["p999"], result["max"])
	t.Logf("sent elsewhere after a refused connection: %d; second attempts of net/http: %d; failures: %v", b.resent.Load(), b.doubled.Load(), b.failures())
	for _, kind := range []string{"connect", "read", "write", "status", "timeout"} {
		if result[kind] != 0 {
			t.Errorf("wrk counts %.0f errors of kind %s", result[kind], kind)
		}
	}
	if len(b.failures()) > 0 {
		t.Errorf("requests failed: %v", b.failures())
	}
	if s.said("panic") > 0 || gateways[0].said("panic") > 0 {
		t.Error("something panicked")
	}
	checkRest(t, gateways[0], b, before, peak)
}

// drainDelay is how long a gateway that is told to stop takes connections still.
const drainDelay = 5 * time.Second

// restart stops a gateway in order and starts it anew. It turns not ready
// before it refuses connections.
func restart(t *testing.T, g *gateway) {
	t.Helper()
	start := time.Now()
	g.signal(syscall.SIGTERM)
	eventually(t, g.name+" turns not ready", func() bool { return !g.ready() })
	notReady := time.Since(start)
	resp, err := http.Get(g.url + "/odata/pingone/Administrators/Users?$top=1&$select=Id")
	switch asked := time.Since(start); {
	case err != nil && asked < drainDelay:
		t.Errorf("%s refuses connections as soon as it is not ready: %v", g.name, err)
	case err != nil:
		t.Logf("the machine is too busy to ask a stopping gateway in time: %s", asked)
	default:
		if resp.StatusCode != http.StatusOK || !resp.Close {
			t.Errorf("a stopping gateway answers %s, close %v", resp.Status, resp.Close)
		}
		_ = resp.Body.Close()
	}
	if err := g.wait(); err != nil {
		t.Errorf("%s ended with %v", g.name, err)
	}
	ended := time.Since(start)
	g.run()
	t.Logf("%s: not ready after %d ms, ended after %.1f s, ready again after %.1f s", g.name, notReady.Milliseconds(), ended.Seconds(), time.Since(start).Seconds())
}

// idleCalls is how many connections to PingOne a gateway may keep open after
// its calls, each with two goroutines.
const idleCalls = 32

// checkRest looks for what a gateway has not given back once the load is over.
func checkRest(t *testing.T, g *gateway, b *balancer, before usage, peak []int) {
	t.Helper()
	b.client.CloseIdleConnections()
	var after usage
	left := func() bool {
		after = g.usage()
		return after.files > before.files+idleCalls || after.goroutines > before.goroutines+2*idleCalls+10
	}
	for end := time.Now().Add(patience); left() && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
	}
	t.Logf("before the load: %+v; after it: %+v; peak resident before the restarts, MiB: %v", before, after, peak)
	if left() {
		t.Error("the load left goroutines or files behind")
	}
	if g.peakMiB() > 1024 {
		t.Errorf("the gateway took %d MiB", g.peakMiB())
	}
}

// parseResult reads the line that testdata/mixed.lua prints.
func parseResult(t *testing.T, out string) map[string]float64 {
	t.Helper()
	_, line, ok := strings.Cut(out, "RESULT ")
	if !ok {
		t.Fatalf("wrk says: %s", out)
	}
	line, _, _ = strings.Cut(line, "\n")
	got := map[string]float64{}
	for _, field := range strings.Fields(line) {
		name, value, _ := strings.Cut(field, "=")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatal(err)
		}
		got[name] = n
	}
	return got
}
