package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
)

var update = flag.Bool("update", false, "rewrite the generated files")

// TestGeneratedFilesAreCurrent compares the repository's generated files with
// what the declarations give; -update rewrites them.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	t.Parallel()
	for path, write := range map[string]func(io.Writer) error{
		"docs/configuration.md":     config.WriteMarkdown,
		"docs/gateway.example.yaml": config.WriteExample,
		"docs/gateway.schema.json":  config.WriteSchema,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			var want bytes.Buffer
			require.NoError(t, write(&want))
			file := filepath.Join("..", "..", filepath.FromSlash(path))
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
				require.NoError(t, os.WriteFile(file, want.Bytes(), 0o644))
			}
			got, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, want.String(), string(got), "run make docs")
		})
	}
}

func TestOptionsAreWellDeclared(t *testing.T) {
	t.Parallel()
	pathForm := regexp.MustCompile(`^[a-z0-9_]+(\.([a-z0-9_]+|\*))*$`)
	paths, envs := map[string]bool{}, map[string]bool{}
	for _, o := range config.Options() {
		assert.Regexp(t, pathForm, o.Path)
		assert.False(t, paths[o.Path], "%s is declared twice", o.Path)
		assert.False(t, envs[o.Env()], "%s: the variable is used twice", o.Path)
		paths[o.Path], envs[o.Env()] = true, true
		assert.True(t, strings.HasSuffix(o.Help, "."), "%s: the help is a sentence", o.Path)
		assert.False(t, o.Secret && o.Default != "", "%s: a secret has no default", o.Path)
		if strings.HasPrefix(o.Path, "connections.") {
			assert.NotEmpty(t, o.Property, o.Path)
		}
		if o.Example != "" {
			c := config.Default()
			assert.NoError(t, c.Set(strings.Replace(o.Path, "*", "x", 1), o.Example), "%s: the example", o.Path)
		}
	}
}

// TestExampleFileLoads takes the example as it is, and once more with every
// comment that is an option made real.
func TestExampleFileLoads(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	require.NoError(t, config.WriteExample(&b))
	secrets := func(path string) ([]byte, error) {
		if path == "gateway.yaml" {
			return []byte(b.String()), nil
		}
		return []byte("secret"), nil
	}
	c, err := config.Load(config.Sources{File: "gateway.yaml", ReadFile: secrets})
	require.NoError(t, err, b.String())
	assert.Equal(t, "EU", c.Connections["pingone"].Region)

	option := regexp.MustCompile(`(?m)^# ( *[a-z0-9_]+:.*)$`)
	all := option.ReplaceAllString(b.String(), "$1")
	b.Reset()
	b.WriteString(all)
	_, err = config.Load(config.Sources{File: "gateway.yaml", ReadFile: secrets})
	if err != nil {
		assert.NotContains(t, err.Error(), "unknown key", all)
		assert.NotContains(t, err.Error(), "not valid YAML", all)
		assert.NotContains(t, err.Error(), "expects", all)
	}
}

// TestDumpRoundTrips loads what Dump wrote, secrets aside.
func TestDumpRoundTrips(t *testing.T) {
	t.Parallel()
	c := valid(t)
	require.NoError(t, c.Set("allow_ips", "10.0.0.0/8,::1"))
	require.NoError(t, c.Set("log.format", "text"))
	var first, second strings.Builder
	require.NoError(t, c.Dump(&first))
	again, err := load(first.String())
	require.NoError(t, err, first.String())
	require.NoError(t, again.Dump(&second))
	comments := regexp.MustCompile(` # from .*`)
	assert.Equal(t, comments.ReplaceAllString(first.String(), ""), comments.ReplaceAllString(second.String(), ""))
}

func TestSchemaCoversEveryOption(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, config.WriteSchema(&b))
	var root map[string]any
	require.NoError(t, json.Unmarshal(b.Bytes(), &root))
	for _, o := range config.Options() {
		at := root
		for _, key := range strings.Split(o.Path, ".") {
			if either, ok := at["anyOf"].([]any); ok {
				at = either[0].(map[string]any)
			}
			if key == "*" {
				at = at["additionalProperties"].(map[string]any)
				continue
			}
			next, ok := at["properties"].(map[string]any)[key].(map[string]any)
			require.True(t, ok, "%s is missing at %s", o.Path, key)
			at = next
		}
		assert.NotEmpty(t, at["description"], o.Path)
	}
}
