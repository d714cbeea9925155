//go:build duckdb_arrow

package deploy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit/loopback"
	"github.com/pingone-gateway/gateway/test/built"
)

// demo runs the services of docker-compose.yml as processes of this machine:
// the same programs with the same arguments and environment. Only addresses
// and folders are other ones, since there is one network and one file system.
type demo struct {
	t       *testing.T
	project *types.Project
	bin     string
	at      map[string]string // what the file says → what it is here
	rewrite *strings.Replacer
	output  map[string]string // file with what each service wrote to standard output
}

const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"

// TestComposeRunsAsProcesses follows the comment at the top of the compose
// file, and lets the real Prometheus scrape what came of it.
func TestComposeRunsAsProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("whole processes are not started with -short")
	}
	t.Parallel()
	for _, program := range []string{"redis-server", "redis-cli", "prometheus"} {
		needs(t, program)
	}
	d := newDemo(t)
	d.up("gateway", "prometheus")

	key := strings.TrimSpace(d.read("keys"))
	require.NotEmpty(t, key, "the service keys printed no key")
	d.eventually("the gateway is ready", func() error { return d.get("http://"+d.at["gateway:9090"]+"/readyz", nil) })

	var feed struct{ Value []map[string]any }
	d.ask(key, "/odata/pingone/Administrators/Users?$top=5", &feed)
	assert.Len(t, feed.Value, 5)
	var answer struct{ Rows [][]any }
	d.ask(key, "/sql?query="+url.QueryEscape("SELECT count(*) FROM Users WHERE IsEnabled"), &answer)
	assert.NotEmpty(t, answer.Rows)
	// PingOne can filter by the first condition, the gateway must by the second.
	d.ask(key, "/sql?query="+url.QueryEscape("SELECT Id FROM Users WHERE IsEnabled AND Username <> 'x' LIMIT 5"), &answer)
	assert.Len(t, answer.Rows, 5)
	assert.Equal(t, http.StatusUnauthorized, d.status("wrong", "/odata/pingone/Administrators/Users?$top=5"))

	prometheus := "http://" + d.at["prometheus:9090"]
	for _, query := range []string{
		`up{job="pingone-gateway"} == 1`,
		`pingone_gateway_build_info`,
		`pingone_gateway_frontend_requests_total{front_end="odata",status="200"} >= 1`,
		`pingone_gateway_query_predicates_total{where="pushed"} >= 1`,
		`pingone_gateway_query_predicates_total{where="residual"} >= 1`,
		`pingone_gateway_query_rows_fetched_total{front_end="sql"} >= 5`,
		`pingone_gateway_query_rows_returned_total{front_end="sql"} == 6`,
		`pingone_gateway_frontend_rows_total{front_end="sql"} >= 5`,
		`pingone_gateway_token_store_up{store="redis"} == 1`,
	} {
		d.eventually(query, func() error { return d.found(prometheus, query) })
	}
	d.dashboard(key, prometheus)
	d.eventually("exemplars", func() error { return d.exemplar(prometheus) })
}

func newDemo(t *testing.T) *demo {
	bin, remove, err := built.Gateway()
	require.NoError(t, err)
	t.Cleanup(remove)
	d := &demo{t: t, project: loadCompose(t, nil), bin: bin, at: map[string]string{}, output: map[string]string{}}
	for _, name := range []string{"gateway:8080", "gateway:9090", "simulator:8090", "redis:6379", "prometheus:9090"} {
		d.at[name] = loopback.Address(t)
	}
	home := t.TempDir()
	pairs := []string{"0.0.0.0:8090", d.at["simulator:8090"]}
	for from, to := range d.at {
		pairs = append(pairs, from, to)
	}
	for _, folder := range []string{"/var/lib/gateway", "/tmp/gateway", "/etc/prometheus", "/prometheus"} {
		to := filepath.Join(home, folder)
		require.NoError(t, os.MkdirAll(to, 0o700))
		if folder != "/prometheus" { // that one is the working directory of the image
			pairs = append(pairs, folder, to)
		}
		d.at[folder] = to
	}
	d.rewrite = strings.NewReplacer(pairs...)
	rules := read(t, "deploy/prometheus/rules.yml")
	require.NoError(t, os.WriteFile(filepath.Join(d.at["/etc/prometheus"], "rules.yml"), []byte(rules), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(d.at["/etc/prometheus"], "prometheus.yml"), []byte(d.scraping()), 0o600))
	return d
}

// scraping is the configuration of Prometheus with the gateway's address in
// the place of a look-up by name, and scrapes each second.
func (d *demo) scraping() string {
	text := read(d.t, "deploy/prometheus/prometheus.yml")
	at := strings.Index(text, "    dns_sd_configs:")
	require.Positive(d.t, at)
	require.Contains(d.t, text[at:], "names: [gateway, pingone], type: A, port: 9090")
	return strings.ReplaceAll(text[:at], "_interval: 10s", "_interval: 1s") +
		"    static_configs:\n      - targets: [\"" + d.at["gateway:9090"] + "\"]\n"
}

// up starts services, those first that they depend on.
func (d *demo) up(names ...string) {
	d.t.Helper()
	err := d.project.ForEachService(names, func(name string, s *types.ServiceConfig) error {
		args, env := append([]string(nil), s.Command...), environ(*s)
		switch {
		case strings.HasPrefix(s.Image, "pingone-gateway:"):
			args = append([]string{d.bin}, args...)
		case name == "redis":
			host, port, _ := net.SplitHostPort(d.at["redis:6379"])
			args = append(args, "--bind", host, "--port", port)
		case name == "prometheus":
			args = append([]string{"prometheus"}, append(args, "--web.listen-address="+d.at["prometheus:9090"])...)
		}
		for i := range args {
			args[i] = d.rewrite.Replace(args[i])
		}
		for i := range env {
			env[i] = d.rewrite.Replace(env[i])
		}
		if name == "gateway" {
			env = append(env, "GATEWAY_LISTEN_ADDRESS="+d.at["gateway:8080"], "GATEWAY_ADMIN_ADDRESS="+d.at["gateway:9090"])
		}
		process := d.start(name, args, env)
		d.reached(name, *s, process)
		return nil
	})
	require.NoError(d.t, err)
}

// reached waits for what services that depend on this one wait for.
func (d *demo) reached(name string, s types.ServiceConfig, process *exec.Cmd) {
	for _, dependent := range d.project.Services {
		switch dependent.DependsOn[name].Condition {
		case types.ServiceConditionCompletedSuccessfully:
			require.NoError(d.t, process.Wait(), "%s: %s", name, d.read(name))
			return
		case types.ServiceConditionHealthy:
			require.Equal(d.t, types.HealthCheckTest{"CMD", "redis-cli", "ping"}, s.HealthCheck.Test)
			host, port, _ := net.SplitHostPort(d.at["redis:6379"])
			d.eventually(name+" is healthy", func() error { return exec.Command("redis-cli", "-h", host, "-p", port, "ping").Run() })
			return
		}
	}
}

// start runs a program until the test ends.
func (d *demo) start(name string, args, env []string) *exec.Cmd {
	d.t.Helper()
	d.output[name] = filepath.Join(d.t.TempDir(), name)
	out, err := os.Create(d.output[name])
	require.NoError(d.t, err)
	log, err := os.Create(d.output[name] + ".log")
	require.NoError(d.t, err)
	c := exec.Command(args[0], args[1:]...)
	c.Env, c.Dir, c.Stdout, c.Stderr = env, d.at["/prometheus"], out, log
	c.Env = append(c.Env, "PATH="+os.Getenv("PATH"))
	require.NoError(d.t, c.Start())
	d.t.Cleanup(func() {
		if c.ProcessState == nil {
			_ = c.Process.Signal(os.Interrupt)
			_ = c.Wait()
		}
		_, _ = out.Close(), log.Close()
		if words, _ := os.ReadFile(log.Name()); d.t.Failed() {
			d.t.Logf("%s said:\n%s", name, words[max(0, len(words)-3000):])
		}
	})
	return c
}

func (d *demo) read(name string) string {
	text, err := os.ReadFile(d.output[name])
	require.NoError(d.t, err)
	return string(text)
}

// ask sends a request as the compose file's comment does, in a trace.
func (d *demo) ask(key, target string, into any) {
	d.t.Helper()
	r := d.request(key, target)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(d.t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(d.t, err)
	require.Equal(d.t, http.StatusOK, resp.StatusCode, string(body))
	require.NoError(d.t, json.Unmarshal(body, into))
}

func (d *demo) request(key, target string) *http.Request {
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, "http://"+d.at["gateway:8080"]+target, nil)
	require.NoError(d.t, err)
	r.SetBasicAuth("demo", key)
	r.Header.Set("Traceparent", "00-"+traceID+"-00f067aa0ba902b7-01")
	return r
}

func (d *demo) status(key, target string) int {
	resp, err := http.DefaultClient.Do(d.request(key, target))
	require.NoError(d.t, err)
	_ = resp.Body.Close()
	return resp.StatusCode
}

// found reports whether Prometheus has an answer to the query.
func (d *demo) found(prometheus, query string) error {
	var answer struct{ Data struct{ Result []any } }
	if err := d.get(prometheus+"/api/v1/query?query="+url.QueryEscape(query), &answer); err != nil {
		return err
	}
	if len(answer.Data.Result) == 0 {
		return fmt.Errorf("%s is nothing", query)
	}
	return nil
}

// dashboard asks what the dashboard asks. What only shows in trouble is
// parsed; everything else must show something after a few requests.
func (d *demo) dashboard(key, prometheus string) {
	d.t.Helper()
	trouble := []string{"_failures_total", "_shed_requests_total", "_retries_total", "_limit_wait_seconds"}
	for _, expr := range dashboardExpressions(d.t) {
		query, quiet := grafana.Replace(expr), false
		for _, name := range trouble {
			quiet = quiet || strings.Contains(expr, name)
		}
		d.eventually(query, func() error {
			if quiet { // it is enough that Prometheus can read it
				return d.get(prometheus+"/api/v1/query?query="+url.QueryEscape(query), nil)
			}
			d.status(key, "/odata/pingone/Administrators/Users?$top=5&$filter=IsEnabled%20eq%20true")
			return d.found(prometheus, query)
		})
	}
}

// exemplar reports whether the trace of the first request can be found from
// the latencies.
func (d *demo) exemplar(prometheus string) error {
	var answer struct {
		Data []struct {
			Exemplars []struct {
				Labels struct {
					TraceID string `json:"trace_id"`
				}
			}
		}
	}
	values := url.Values{
		"query": {"pingone_gateway_frontend_request_duration_seconds_bucket"},
		"start": {fmt.Sprint(time.Now().Add(-time.Hour).Unix())}, "end": {fmt.Sprint(time.Now().Add(time.Hour).Unix())},
	}
	if err := d.get(prometheus+"/api/v1/query_exemplars?"+values.Encode(), &answer); err != nil {
		return err
	}
	for _, series := range answer.Data {
		for _, e := range series.Exemplars {
			if e.Labels.TraceID == traceID {
				return nil
			}
		}
	}
	return fmt.Errorf("no exemplar among %d series", len(answer.Data))
}

func (d *demo) get(address string, into any) error {
	ctx, cancel := context.WithTimeout(d.t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %s", resp.Status, body)
	case into == nil:
		return nil
	}
	return json.Unmarshal(body, into)
}

// eventually asks until there is no error, for some minutes at most: other tests
// may have the processors.
func (d *demo) eventually(what string, ok func() error) {
	d.t.Helper()
	var err error
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if err = ok(); err == nil {
			return
		}
	}
	require.NoError(d.t, err, what)
}
