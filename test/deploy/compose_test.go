// Package deploy_test holds what is deployed against the code: the commands of
// the compose file, the names in rules and dashboard, the keys in the chart.
package deploy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/metrics"
)

func root(parts ...string) string { return filepath.Join(append([]string{"..", ".."}, parts...)...) }

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(root(path))
	require.NoError(t, err)
	return string(text)
}

type compose struct {
	Services map[string]struct {
		Image       string            `yaml:"image"`
		Profiles    []string          `yaml:"profiles"`
		Command     []string          `yaml:"command"`
		Environment map[string]string `yaml:"environment"`
		Ports       []string          `yaml:"ports"`
		Volumes     []string          `yaml:"volumes"`
		DependsOn   any               `yaml:"depends_on"`
		ReadOnly    bool              `yaml:"read_only"`
	} `yaml:"services"`
	Volumes map[string]any `yaml:"volumes"`
}

func loadCompose(t *testing.T) compose {
	t.Helper()
	var c compose
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "docker-compose.yml")), &c))
	return c
}

var variable = regexp.MustCompile(`\$\{([A-Z_]+)(:-([^}]*))?\}`)

// expand replaces ${NAME:-default} as compose does.
func expand(text string, env map[string]string) string {
	return variable.ReplaceAllStringFunc(text, func(s string) string {
		m := variable.FindStringSubmatch(s)
		if v := env[m[1]]; v != "" {
			return v
		}
		return m[3]
	})
}

// TestComposeSettingsAreValid loads each service's environment as the gateway
// would.
func TestComposeSettingsAreValid(t *testing.T) {
	t.Parallel()
	dotEnv := map[string]string{}
	lines := strings.Split(strings.TrimSpace(read(t, ".env.example")), "\n")
	require.Len(t, lines, 4)
	for _, line := range lines {
		name, value, ok := strings.Cut(line, "=")
		require.True(t, ok, line)
		if value == "" {
			value = "filled-in"
		}
		dotEnv[name] = value
	}
	for name, s := range loadCompose(t).Services {
		if len(s.Command) == 0 || s.Command[0] != "serve" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var env []string
			for k, v := range s.Environment {
				env = append(env, k+"="+expand(v, dotEnv))
			}
			c, err := config.Load(config.Sources{Env: env})
			require.NoError(t, err)
			assert.Empty(t, c.Warnings)
			assert.Equal(t, []string{config.AuthKeys}, c.Auth.Modes)
			assert.True(t, c.Connections["pingone"].Readonly)
			assert.True(t, s.ReadOnly)
			for _, p := range s.Ports {
				assert.True(t, strings.HasPrefix(p, "127.0.0.1:"), "%s is only reachable from this machine", p)
			}
		})
	}
}

// TestComposeIsWhole checks that what services name exists.
func TestComposeIsWhole(t *testing.T) {
	t.Parallel()
	c := loadCompose(t)
	for name, s := range c.Services {
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if strings.HasPrefix(from, "./") {
				_, err := os.Stat(root(from))
				assert.NoError(t, err, "%s mounts %s", name, from)
				continue
			}
			assert.Contains(t, c.Volumes, from, "%s mounts %s", name, from)
		}
		var needs []string
		switch d := s.DependsOn.(type) {
		case map[string]any:
			for n := range d {
				needs = append(needs, n)
			}
		case []any:
			for _, n := range d {
				needs = append(needs, n.(string))
			}
		}
		for _, n := range needs {
			require.Contains(t, c.Services, n, "%s depends on it", name)
			assert.Empty(t, c.Services[n].Profiles, "%s depends on %s, which a profile may leave out", name, n)
		}
		assert.NotEmpty(t, s.Image, name)
	}
	assert.Equal(t, []string{"pingone"}, c.Services["pingone"].Profiles)
}

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

func TestDashboardIsWellFormed(t *testing.T) {
	t.Parallel()
	var d struct {
		Panels []struct {
			ID      int    `json:"id"`
			Type    string `json:"type"`
			Title   string `json:"title"`
			GridPos struct{ H, W, X, Y int }
			Targets []struct{ Expr string } `json:"targets"`
		} `json:"panels"`
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, "deploy/grafana/dashboards/pingone-gateway.json")), &d))
	ids := map[int]bool{}
	for _, p := range d.Panels {
		assert.False(t, ids[p.ID], "id %d is used twice", p.ID)
		ids[p.ID] = true
		assert.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
		if p.Type != "row" {
			assert.NotEmpty(t, p.Targets, p.Title)
		}
	}
}

// TestRunbooksExist follows every runbook link to its heading.
func TestRunbooksExist(t *testing.T) {
	t.Parallel()
	headings := map[string]bool{}
	for _, line := range strings.Split(read(t, "docs/operations.md"), "\n") {
		if title, ok := strings.CutPrefix(line, "### "); ok {
			headings[strings.ToLower(strings.ReplaceAll(strings.TrimSpace(title), " ", "-"))] = true
		}
	}
	links := regexp.MustCompile(`docs/operations\.md#([a-z]+)`).FindAllStringSubmatch(read(t, "deploy/prometheus/rules.yml"), -1)
	require.NotEmpty(t, links)
	for _, l := range links {
		assert.True(t, headings[l[1]], "docs/operations.md has no heading %s", l[1])
	}
}
