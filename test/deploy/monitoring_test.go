package deploy_test

import (
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/metrics"
)

var metricName = regexp.MustCompile(`pingone_gateway_[a-z0-9_]+`)

// TestRulesAndDashboardUseRealMetrics compares the names with the code.
func TestRulesAndDashboardUseRealMetrics(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, d := range metrics.New(metrics.Config{}).Definitions() {
		known[d.Name] = true
		if d.Type == "histogram" {
			known[d.Name+"_bucket"], known[d.Name+"_sum"], known[d.Name+"_count"] = true, true, true
		}
	}
	for _, path := range []string{"deploy/prometheus/rules.yml", "deploy/grafana/dashboards/pingone-gateway.json"} {
		names := metricName.FindAllString(read(t, path), -1)
		assert.NotEmpty(t, names, path)
		for _, n := range names {
			assert.True(t, known[n], "%s uses %s, which does not exist", path, n)
		}
	}
}

type dashboard struct {
	Annotations struct {
		List []struct{ Expr string } `json:"list"`
	} `json:"annotations"`
	Templating struct {
		List []struct{ Name string } `json:"list"`
	} `json:"templating"`
	Links  []dashboardLink `json:"links"`
	Panels []struct {
		ID          int    `json:"id"`
		Type        string `json:"type"`
		Title       string `json:"title"`
		GridPos     struct{ H, W, X, Y int }
		Targets     []struct{ Expr string } `json:"targets"`
		Links       []dashboardLink         `json:"links"`
		FieldConfig struct {
			Defaults struct {
				Thresholds *struct {
					Steps []struct{ Value *float64 } `json:"steps"`
				} `json:"thresholds"`
			} `json:"defaults"`
		} `json:"fieldConfig"`
	} `json:"panels"`
}

type dashboardLink struct{ Title, URL string }

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	require.NoError(t, json.Unmarshal([]byte(read(t, "deploy/grafana/dashboards/pingone-gateway.json")), &d))
	return d
}

// dashboardExpressions lists the queries of the panels.
func dashboardExpressions(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, p := range readDashboard(t).Panels {
		for _, target := range p.Targets {
			out = append(out, target.Expr)
		}
	}
	require.NotEmpty(t, out)
	return out
}

func TestDashboardIsWellFormed(t *testing.T) {
	t.Parallel()
	ids := map[int]bool{}
	for _, p := range readDashboard(t).Panels {
		assert.False(t, ids[p.ID], "id %d is used twice", p.ID)
		ids[p.ID] = true
		assert.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
		if p.Type != "row" {
			assert.NotEmpty(t, p.Targets, p.Title)
		}
	}
}

// TestDashboardLeadsOn: every query is of the jobs and instances that were chosen,
// links lead to headings of the runbook, and some numbers say when they are bad.
func TestDashboardLeadsOn(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)
	var variables []string
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
	}
	assert.Equal(t, []string{"datasource", "job", "instance", "connection"}, variables)
	for _, e := range dashboardExpressions(t) {
		assert.Equal(t, strings.Count(e, "pingone_gateway_")+strings.Count(e, "process_resident_memory"), strings.Count(e, `{job=~"$job", instance=~"$instance"`), e)
	}
	links, thresholds := d.Links, 0
	for _, p := range d.Panels {
		links = append(links, p.Links...)
		if limits := p.FieldConfig.Defaults.Thresholds; limits != nil {
			thresholds++
			assert.GreaterOrEqual(t, len(limits.Steps), 2, p.Title)
		}
	}
	headings := runbook(t)
	for _, l := range links {
		page, heading, ok := strings.Cut(l.URL, "#")
		assert.FileExists(t, root(strings.TrimPrefix(page, "https://github.com/pingone-gateway/gateway/blob/main/")))
		assert.True(t, !ok || headings[heading], "docs/operations.md has no heading %s", heading)
	}
	assert.GreaterOrEqual(t, len(links), 10)
	assert.GreaterOrEqual(t, thresholds, 7)
	for _, file := range [][2]string{{"deploy/grafana/dashboards/pingone-gateway.json", "dashboard.json"}, {"deploy/prometheus/rules.yml", "rules.yml"}} {
		assert.Equal(t, read(t, file[0]), read(t, "helm/pingone-gateway/files/"+file[1]), "the chart has another %s", file[1])
	}
}

// runbook has the headings of docs/operations.md as links name them.
func runbook(t *testing.T) map[string]bool {
	t.Helper()
	headings := map[string]bool{}
	for _, line := range strings.Split(read(t, "docs/operations.md"), "\n") {
		if title := strings.TrimLeft(line, "#"); title != line {
			headings[strings.ToLower(strings.ReplaceAll(strings.TrimSpace(title), " ", "-"))] = true
		}
	}
	return headings
}

// grafana gives the dashboard's variables their values.
var grafana = strings.NewReplacer("$__rate_interval", "1m", "$__range", "1h", "$job", ".*", "$instance", ".*", "$connection", ".*")

// TestDashboardExpressionsParse lets promtool read every query of the
// dashboard, as recording rules.
func TestDashboardExpressionsParse(t *testing.T) {
	t.Parallel()
	promtool := needs(t, "promtool")
	expressions := dashboardExpressions(t)
	for _, a := range readDashboard(t).Annotations.List {
		expressions = append(expressions, a.Expr)
	}
	type rule struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	type group struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	}
	g := group{Name: "dashboard"}
	for i, e := range expressions {
		g.Rules = append(g.Rules, rule{Record: "dashboard:" + strconv.Itoa(i), Expr: grafana.Replace(e)})
	}
	text, err := yaml.Marshal(map[string][]group{"groups": {g}})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "rules.yml")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	out, err := exec.CommandContext(t.Context(), promtool, "check", "rules", path).CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), strconv.Itoa(len(expressions))+" rules found")
}

// TestGrafanaFindsItsFiles holds the provisioning against the compose file:
// the folder of dashboards is mounted, and the data source is the Prometheus
// that runs there.
func TestGrafanaFindsItsFiles(t *testing.T) {
	t.Parallel()
	var dashboards struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Type string
			Options    struct{ Path string }
		}
	}
	var sources struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, Access, URL string
			IsDefault                    bool `yaml:"isDefault"`
		}
	}
	provisioning := "deploy/grafana/provisioning/"
	require.NoError(t, yaml.UnmarshalWithOptions([]byte(read(t, provisioning+"dashboards/dashboards.yml")), &dashboards, yaml.Strict()))
	require.NoError(t, yaml.UnmarshalWithOptions([]byte(read(t, provisioning+"datasources/prometheus.yml")), &sources, yaml.Strict()))
	require.Len(t, dashboards.Providers, 1)
	require.Len(t, sources.Datasources, 1)
	assert.Equal(t, []int{1, 1}, []int{dashboards.APIVersion, sources.APIVersion})

	p := loadCompose(t, nil)
	mounted := map[string]string{}
	for _, v := range p.Services["grafana"].Volumes {
		mounted[v.Target] = filepath.Base(v.Source)
	}
	assert.Equal(t, "file", dashboards.Providers[0].Type)
	assert.Equal(t, "dashboards", mounted[dashboards.Providers[0].Options.Path])
	assert.Equal(t, "provisioning", mounted["/etc/grafana/provisioning"])
	home := p.Services["grafana"].Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
	require.NotNil(t, home)
	assert.Equal(t, "dashboards", mounted[filepath.Dir(*home)])
	assert.FileExists(t, root("deploy/grafana/dashboards", filepath.Base(*home)))

	u, err := url.Parse(sources.Datasources[0].URL)
	require.NoError(t, err)
	require.Contains(t, p.Services, u.Hostname())
	port, err := strconv.Atoi(u.Port())
	require.NoError(t, err)
	assert.Equal(t, port, int(p.Services[u.Hostname()].Ports[0].Target))
	assert.True(t, sources.Datasources[0].IsDefault)
}

// needs finds a program. Where it is missing the test fails under CI and is
// skipped elsewhere.
func needs(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed; run: make deps", program)
	}
	t.Skipf("SKIPPED: %s is not installed; run: make deps", program)
	return ""
}

// TestRunbooksExist follows every runbook link to its heading.
func TestRunbooksExist(t *testing.T) {
	t.Parallel()
	headings := runbook(t)
	links := regexp.MustCompile(`docs/operations\.md#([a-z]+)`).FindAllStringSubmatch(read(t, "deploy/prometheus/rules.yml"), -1)
	require.NotEmpty(t, links)
	for _, l := range links {
		assert.True(t, headings[l[1]], "docs/operations.md has no heading %s", l[1])
	}
	alerts := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(read(t, "deploy/prometheus/rules.yml"), -1)
	require.Len(t, alerts, len(links), "each alert has one runbook")
	for i, a := range alerts {
		assert.Equal(t, strings.ToLower(a[1]), links[i][1])
	}
}
