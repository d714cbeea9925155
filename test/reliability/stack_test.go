//go:build duckdb_arrow

package reliability

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit/loopback"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/tokens/seal"
)

// simulator is a simulated PingOne in a process of its own.
type simulator struct {
	*process
	url         string
	environment string
}

func startSimulator(t testing.TB, args ...string) *simulator {
	t.Helper()
	address := loopback.Address(t)
	s := &simulator{url: "http://" + address}
	s.process = newProcess(t, "simulator", append([]string{binary, "simulate", "--listen", address}, args...)...)
	s.start()
	eventually(t, "the simulator answers", func() bool {
		r, err := http.Get(s.url + "/sim/requests")
		if err == nil {
			_ = r.Body.Close()
		}
		return err == nil && r.StatusCode == http.StatusOK
	})
	directory, err := sim.New(sim.Options{Users: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.environment = directory.EnvironmentID(sim.EnvironmentAdministrators)
	return s
}

// control calls one of the simulator's controls.
func (s *simulator) control(method, path, body string) []byte {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+"/sim/"+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %d %v %s", method, path, resp.StatusCode, err, answer)
	}
	return answer
}

// faults replaces what goes wrong.
func (s *simulator) faults(list ...sim.Fault) {
	s.t.Helper()
	raw, err := json.Marshal(list)
	if err != nil {
		s.t.Fatal(err)
	}
	s.control(http.MethodPost, "faults", string(raw))
}

// requests gives the calls since the last reset, the last 10,000 at most.
func (s *simulator) requests() []sim.Request {
	s.t.Helper()
	var answer struct{ Requests []sim.Request }
	if err := json.Unmarshal(s.control(http.MethodGet, "requests", ""), &answer); err != nil {
		s.t.Fatal(err)
	}
	return answer.Requests
}

// gateway is a gateway in a process of its own.
type gateway struct {
	*process
	url, admin string
}

// settings are options by key, as --set takes them.
type settings map[string]string

// newGateway prepares a gateway over a simulator. more overrides what every
// test wants.
func newGateway(t testing.TB, name string, s *simulator, more settings) *gateway {
	t.Helper()
	public, admin := loopback.Address(t), loopback.Address(t)
	all := settings{
		"auth.mode": "none", "listen.address": public, "admin.address": admin,
		"listen.drain_delay": "1s", "listen.grace_time": "10s", "readiness.interval": "1s",
		"engine.memory":                                 "256MiB",
		"connections.pingone.api_url":                   s.url + "/v1",
		"connections.pingone.authorization_server_url":  s.url,
		"connections.pingone.worker_app_environment_id": s.environment,
		"connections.pingone.oauth_client_id":           sim.AppWorker.ID,
		"connections.pingone.oauth_client_secret":       sim.AppWorker.Secret,
		"connections.pingone.rate_share":                "1",
	}
	for k, v := range more {
		all[k] = v
	}
	args := []string{binary, "serve"}
	for k, v := range all {
		args = append(args, "--set", k+"="+v)
	}
	return &gateway{process: newProcess(t, name, args...), url: "http://" + public, admin: "http://" + admin}
}

// run starts the gateway and waits until it is ready.
func (g *gateway) run() *gateway {
	g.t.Helper()
	g.start()
	eventually(g.t, g.name+" is ready", g.ready)
	return g
}

func (g *gateway) ready() bool {
	status, _ := g.readyz()
	return status == http.StatusOK
}

// readyz asks for readiness in detail; 0 if nothing answers.
func (g *gateway) readyz() (status int, detail string) {
	resp, err := http.Get(g.admin + "/readyz?verbose")
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	raw, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(raw)
}

// metric sums the samples of a metric whose labels hold all of the texts.
func (g *gateway) metric(name string, labels ...string) float64 {
	g.t.Helper()
	resp, err := http.Get(g.admin + "/metrics")
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	sum := 0.0
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
next:
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), " ")
		if key != name && !strings.HasPrefix(key, name+"{") {
			continue
		}
		for _, l := range labels {
			if !strings.Contains(key, l) {
				continue next
			}
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			g.t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// atWork is the work under way, but for the request that asks for it.
func (g *gateway) atWork() float64 {
	g.t.Helper()
	return g.metric("pingone_gateway_query_inflight") - g.metric("pingone_gateway_query_inflight", `what="requests"`)
}

// sealingKey is one for the replicas of a test.
func sealingKey() string { return seal.GenerateKey("test").Reveal() }

// sqlRequest is a request for a statement.
func sqlRequest(t testing.TB, base, statement, accept string) *http.Request {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": statement})
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, base+"/sql", bytes.NewReader(body))
	req.RequestURI = ""
	req.Header.Set("Accept", accept)
	return req
}
