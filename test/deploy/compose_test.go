// Package deploy_test holds what is deployed against the code: the compose file
// and its commands, the names in rules and dashboard, the keys in the chart.
package deploy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
)

func root(parts ...string) string { return filepath.Join(append([]string{"..", ".."}, parts...)...) }

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(root(path))
	require.NoError(t, err)
	return string(text)
}

// loadCompose reads the compose file as `docker compose config` does: checked
// against the schema of the specification, variables filled in, and every name
// of a service, volume or network looked up.
func loadCompose(t *testing.T, env []string, profiles ...string) *types.Project {
	t.Helper()
	dir, err := filepath.Abs(root())
	require.NoError(t, err)
	o, err := cli.NewProjectOptions([]string{filepath.Join(dir, "docker-compose.yml")},
		cli.WithWorkingDirectory(dir), cli.WithDiscardEnvFile, cli.WithEnv(env), cli.WithProfiles(profiles))
	require.NoError(t, err)
	project, err := o.LoadProject(t.Context())
	require.NoError(t, err)
	return project
}

// dotEnv is .env.example, filled in.
func dotEnv(t *testing.T) []string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(read(t, ".env.example")), "\n")
	require.Len(t, lines, 4)
	for i, line := range lines {
		_, value, ok := strings.Cut(line, "=")
		require.True(t, ok, line)
		if value == "" {
			lines[i] += "filled-in"
		}
	}
	return lines
}

func TestComposeIsValid(t *testing.T) {
	t.Parallel()
	demo := []string{"gateway", "grafana", "keys", "prometheus", "redis", "simulator"}
	assert.ElementsMatch(t, demo, loadCompose(t, nil).ServiceNames(), "without a profile: the demo")
	p := loadCompose(t, dotEnv(t), "pingone")
	assert.ElementsMatch(t, append([]string{"pingone"}, demo...), p.ServiceNames())
	for name, s := range p.Services {
		assert.NotEmpty(t, s.Image, name)
		for _, v := range s.Volumes {
			if v.Type == types.VolumeTypeBind {
				assert.DirExists(t, v.Source, "%s mounts it", name)
			}
		}
		for _, port := range s.Ports {
			assert.Equal(t, "127.0.0.1", port.HostIP, "%s is only reachable from this machine", name)
		}
	}
	for name := range p.Services["pingone"].DependsOn {
		assert.Empty(t, p.Services[name].Profiles, "pingone depends on %s, which a profile may leave out", name)
	}
}

// TestComposeSettingsAreValid loads each service's environment as the gateway
// would.
func TestComposeSettingsAreValid(t *testing.T) {
	t.Parallel()
	p := loadCompose(t, dotEnv(t), "pingone")
	for _, name := range []string{"gateway", "pingone"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := p.Services[name]
			require.Equal(t, types.ShellCommand{"serve"}, s.Command)
			c, err := config.Load(config.Sources{Env: environ(s)})
			require.NoError(t, err)
			assert.Empty(t, c.Warnings)
			assert.Equal(t, []string{config.AuthKeys}, c.Auth.Modes)
			assert.True(t, c.Connections["pingone"].Readonly)
			assert.True(t, s.ReadOnly)
			var ports []string
			for _, port := range s.Ports {
				ports = append(ports, ":"+strconv.Itoa(int(port.Target)))
			}
			listening := slices.DeleteFunc([]string{c.Listen.Address, c.Postgres.Address, c.Admin.Address}, func(at string) bool { return at == "" })
			assert.Equal(t, listening, ports, "what is published is what listens")
		})
	}
}

// environ is a service's environment as a process gets it.
func environ(s types.ServiceConfig) []string {
	var out []string
	for name, value := range s.Environment {
		if value != nil {
			out = append(out, name+"="+*value)
		}
	}
	return out
}
