package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
)

type manifest struct {
	Kind     string                `yaml:"kind"`
	Metadata struct{ Name string } `yaml:"metadata"`
	Data     map[string]string     `yaml:"data"`
	String   map[string]string     `yaml:"stringData"`
	Spec     struct {
		PolicyTypes []string `yaml:"policyTypes"`
		Egress      []struct {
			Ports []struct{ Port any } `yaml:"ports"`
		} `yaml:"egress"`
		Template struct {
			Metadata struct {
				Annotations map[string]string `yaml:"annotations"`
			} `yaml:"metadata"`
			Spec struct {
				EnableServiceLinks            *bool `yaml:"enableServiceLinks"`
				AutomountServiceAccountToken  *bool `yaml:"automountServiceAccountToken"`
				TerminationGracePeriodSeconds int   `yaml:"terminationGracePeriodSeconds"`
				SecurityContext               struct {
					RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
					SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
				} `yaml:"securityContext"`
				Containers []struct {
					Image string   `yaml:"image"`
					Args  []string `yaml:"args"`
					Env   []struct {
						Name      string `yaml:"name"`
						ValueFrom struct {
							Secret struct{ Name, Key string } `yaml:"secretKeyRef"`
						} `yaml:"valueFrom"`
					} `yaml:"env"`
					SecurityContext struct {
						AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
						ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
						Capabilities             struct{ Drop []string }
					} `yaml:"securityContext"`
				} `yaml:"containers"`
			} `yaml:"spec"`
		} `yaml:"template"`
	} `yaml:"spec"`
}

// rendered returns the objects of each value set that scripts/check-chart.sh
// has rendered. Without it, as in a plain go test, there is nothing to check.
func rendered(t *testing.T) map[string][]manifest {
	t.Helper()
	dir := os.Getenv("RENDERED")
	if dir == "" {
		t.Skip("make charts renders the chart and runs this test")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 6)
	out := map[string][]manifest{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		for _, part := range strings.Split(string(text), "\n---\n") {
			var m manifest
			require.NoError(t, yaml.Unmarshal([]byte(part), &m), "%s: %s", f, part)
			if m.Kind != "" {
				out[filepath.Base(f)] = append(out[filepath.Base(f)], m)
			}
		}
	}
	return out
}

// TestRenderedConfigurationIsValid loads the configuration that each value set
// makes, with the secrets that would come from the Secret.
func TestRenderedConfigurationIsValid(t *testing.T) {
	t.Parallel()
	for name, objects := range rendered(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := ""
			env := []string{"GATEWAY_CONNECTIONS_PINGONE_OAUTH_CLIENT_SECRET=x"}
			for _, m := range objects {
				if m.Kind == "ConfigMap" && m.Data["gateway.yaml"] != "" {
					text = m.Data["gateway.yaml"]
				}
				for k, v := range m.String {
					env = append(env, k+"="+v)
				}
			}
			if !strings.Contains(strings.Join(env, ""), "GATEWAY_TOKENS_ENCRYPTION_KEYS") {
				env = append(env, "GATEWAY_TOKENS_ENCRYPTION_KEYS=k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
			}
			require.NotEmpty(t, text)
			c, err := config.Load(config.Sources{File: "gateway.yaml", Env: env, ReadFile: func(string) ([]byte, error) { return []byte(text), nil }})
			require.NoError(t, err, text)
			for _, m := range objects {
				if spec := m.Spec.Template.Spec; m.Kind == "Deployment" && spec.Containers[0].Args[0] == "serve" {
					assert.Greater(t, spec.TerminationGracePeriodSeconds, int((c.Listen.DrainDelay + c.Listen.GraceTime).Seconds()), "the drain fits in")
				}
			}
		})
	}
}

// TestRenderedPodsAreRestricted holds pods against the restricted Pod Security
// Standard and against a root file system that is read-only.
func TestRenderedPodsAreRestricted(t *testing.T) {
	t.Parallel()
	for name, objects := range rendered(t) {
		for _, m := range objects {
			if m.Kind != "Deployment" {
				continue
			}
			spec := m.Spec.Template.Spec
			where := name + " " + m.Metadata.Name
			assert.True(t, spec.SecurityContext.RunAsNonRoot, where)
			assert.Equal(t, "RuntimeDefault", spec.SecurityContext.SeccompProfile.Type, where)
			require.NotNil(t, spec.EnableServiceLinks, where)
			assert.False(t, *spec.EnableServiceLinks, where)
			require.NotNil(t, spec.AutomountServiceAccountToken, where)
			assert.False(t, *spec.AutomountServiceAccountToken, where)
			for _, c := range spec.Containers {
				require.NotNil(t, c.SecurityContext.AllowPrivilegeEscalation, where)
				assert.False(t, *c.SecurityContext.AllowPrivilegeEscalation, where)
				assert.True(t, c.SecurityContext.ReadOnlyRootFilesystem, where)
				assert.Equal(t, []string{"ALL"}, c.SecurityContext.Capabilities.Drop, where)
			}
		}
	}
}

// TestRenderedSecretsStaySecret looks for the secrets of the value sets outside
// of Secrets, and for hashes of them, which give weak ones away.
func TestRenderedSecretsStaySecret(t *testing.T) {
	t.Parallel()
	for name, objects := range rendered(t) {
		for _, m := range objects {
			for k, v := range m.Spec.Template.Metadata.Annotations {
				if k != "checksum/config" {
					assert.Less(t, len(v), 32, "%s %s: %s", name, m.Metadata.Name, k)
				}
			}
			text, err := yaml.Marshal(m)
			require.NoError(t, err)
			if m.Kind != "Secret" {
				assert.NotContains(t, string(text), "OAuthClientSecret=", "%s %s", name, m.Metadata.Name)
			}
		}
	}
}

// TestRenderedRedisHasAPassword: the chart's own Redis and the gateway take it
// from one Secret.
func TestRenderedRedisHasAPassword(t *testing.T) {
	t.Parallel()
	from := map[string]string{}
	for _, m := range rendered(t)["bundled-redis.yaml"] {
		if m.Kind == "Secret" && m.Data["password"] != "" {
			from["Secret"] = m.Metadata.Name + " password"
			assert.GreaterOrEqual(t, len(m.Data["password"]), 40)
		}
		for _, c := range m.Spec.Template.Spec.Containers {
			for _, e := range c.Env {
				from[e.Name] = e.ValueFrom.Secret.Name + " " + e.ValueFrom.Secret.Key
			}
			assert.NotContains(t, strings.Join(c.Args, " "), "--requirepass", "arguments can be read")
		}
	}
	require.NotEmpty(t, from["Secret"])
	assert.Equal(t, from["Secret"], from["GATEWAY_REDIS_PASSWORD"])
	assert.Equal(t, from["Secret"], from["REDISCLI_AUTH"])
}

// TestRenderedImagesByDigest: a digest takes the place of the tag.
func TestRenderedImagesByDigest(t *testing.T) {
	t.Parallel()
	images := map[string][]string{}
	for name, objects := range rendered(t) {
		for _, m := range objects {
			for _, c := range m.Spec.Template.Spec.Containers {
				images[name] = append(images[name], c.Image)
			}
		}
	}
	digest := "@sha256:" + strings.Repeat("0", 64)
	require.NotEmpty(t, images["production.yaml"])
	for _, image := range images["production.yaml"] {
		assert.True(t, strings.HasSuffix(image, digest) && strings.Count(image, ":") == 1, image)
	}
	for _, image := range images["minimal.yaml"] {
		assert.NotContains(t, image, "@")
	}
}

// TestRenderedPodsAreFenced: network policies are there unless turned off, and
// open the ports of the configuration's own addresses.
func TestRenderedPodsAreFenced(t *testing.T) {
	t.Parallel()
	ports := map[string]map[string]bool{}
	for name, objects := range rendered(t) {
		ports[name] = map[string]bool{}
		for _, m := range objects {
			if m.Kind != "NetworkPolicy" {
				continue
			}
			assert.ElementsMatch(t, []string{"Ingress", "Egress"}, m.Spec.PolicyTypes, name)
			for _, rule := range m.Spec.Egress {
				for _, p := range rule.Ports {
					ports[name][fmt.Sprint(p.Port)] = true
				}
			}
		}
	}
	for name, opened := range ports {
		if name == "postgres.yaml" { // turns them off
			assert.Empty(t, opened)
			continue
		}
		assert.True(t, opened["53"] && opened["443"] && !opened["22"] && !opened["80"], "%s: %v", name, opened)
	}
	assert.True(t, ports["production.yaml"]["4318"] && ports["production.yaml"]["26379"], "%v", ports["production.yaml"])
	assert.False(t, ports["minimal.yaml"]["4318"])
}
