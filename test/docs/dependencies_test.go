package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	requirement = regexp.MustCompile(`(?m)^\s*(?:require )?([a-z0-9]+(?:\.[a-z0-9-]+)+/\S+) v\S+( // indirect)?$`)
	moduleLine  = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\|$")
)

// direct lists the modules that go.mod requires directly.
func direct(goMod string) []string {
	var out []string
	for _, m := range requirement.FindAllStringSubmatch(goMod, -1) {
		if m[2] == "" {
			out = append(out, m[1])
		}
	}
	return out
}

func TestDirectRequirements(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, goMod string
		want        []string
	}{
		{"block", "require (\n\texample.org/a v1.2.3\n\texample.org/b/v2 v2.0.0 // indirect\n)\n", []string{"example.org/a"}},
		{"one line", "require example.org/x-y/z v0.0.0-20260101000000-abcdef\n", []string{"example.org/x-y/z"}},
		{"the module and the language are none", "module example.org/m\n\ngo 1.26.0\n", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, direct(c.goMod))
		})
	}
}

// TestEveryDependencyIsExplained compares docs/dependencies.md with go.mod,
// both ways.
func TestEveryDependencyIsExplained(t *testing.T) {
	t.Parallel()
	goMod, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "dependencies.md"))
	require.NoError(t, err)
	var explained []string
	for _, m := range moduleLine.FindAllStringSubmatch(string(page), -1) {
		explained = append(explained, m[1])
		for i, what := range []string{"for", "why", "licence"} {
			assert.NotEmpty(t, strings.TrimSpace(m[i+2]), "%s: column %s", m[1], what)
		}
	}
	require.NotEmpty(t, explained)
	assert.ElementsMatch(t, direct(string(goMod)), explained, "docs/dependencies.md has one line for each direct requirement of go.mod")
}
