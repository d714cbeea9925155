//go:build duckdb_arrow

package odataclients

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
)

// TestOlingo lets Apache Olingo read the model, with the vocabularies that it refers
// to, and do what a Java program does.
func TestOlingo(t *testing.T) {
	t.Parallel()
	lib := filepath.Join(testkit.Installed(t, "olingo"), "lib", "*")
	ends(t, exec.CommandContext(t.Context(), testkit.Program(t, "java"), "-cp", lib, filepath.Join("olingo", "Client.java"), root(t)))
}

func TestPythonOData(t *testing.T) {
	t.Parallel()
	python := filepath.Join(testkit.Installed(t, "python"), "bin", "python")
	ends(t, exec.CommandContext(t.Context(), python, filepath.Join("python", "client.py"), root(t)))
}

func root(t *testing.T) string {
	t.Helper()
	return gateway(t, fewUsers).URL + "/odata/pingone/Administrators/"
}

// ends runs a program, which says at its end that all is done.
func ends(t *testing.T, c *exec.Cmd) {
	t.Helper()
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "all done")
}

func TestPythonGuide(t *testing.T) {
	t.Parallel()
	bin := filepath.Join(testkit.Installed(t, "python"), "bin")
	g, folder, service := follow(t, "python-odata"), t.TempDir(), locked(t)
	wanted, err := os.ReadFile(filepath.Join("python", "requirements.txt"))
	require.NoError(t, err)
	assert.Contains(t, g.text, "pip install "+strings.TrimSpace(string(wanted))+"\n")
	g.write(t, folder, service)
	g.run(t, folder, service, "PATH="+bin+":"+os.Getenv("PATH"))
}

func TestOlingoGuide(t *testing.T) {
	t.Parallel()
	testkit.Program(t, "java")
	g, folder, service := follow(t, "olingo"), t.TempDir(), locked(t)
	require.NoError(t, os.Symlink(filepath.Join(testkit.Installed(t, "olingo"), "lib"), filepath.Join(folder, "lib")))
	wanted, err := os.ReadFile(filepath.Join("olingo", "pom.xml"))
	require.NoError(t, err)
	for text := range strings.Lines(block.FindStringSubmatch(g.text)[2]) {
		assert.Contains(t, string(wanted), strings.TrimSpace(text))
	}
	g.write(t, folder, service)
	g.run(t, folder, service)
}

// TestOData2TSGuide makes classes of the whole model, compiles them with the page's
// program and one that does more, and runs both.
func TestOData2TSGuide(t *testing.T) {
	t.Parallel()
	modules := filepath.Join(testkit.Installed(t, "odata2ts"), "node_modules")
	node, npx := testkit.Program(t, "node"), testkit.Program(t, "npx")
	g, folder, service := follow(t, "odata2ts"), t.TempDir(), locked(t)
	text, err := os.ReadFile(filepath.Join("odata2ts", "package.json"))
	require.NoError(t, err)
	var wanted struct{ Dependencies map[string]string }
	require.NoError(t, json.Unmarshal(text, &wanted))
	for name, version := range wanted.Dependencies {
		assert.Contains(t, g.text, " "+name+"@"+version)
	}
	require.NoError(t, os.CopyFS(folder, os.DirFS("odata2ts")))
	require.NoError(t, os.Symlink(modules, filepath.Join(folder, "node_modules")))
	g.write(t, folder, service)
	g.run(t, folder, service, "PATH="+filepath.Dir(npx)+":"+os.Getenv("PATH"))
	more := exec.CommandContext(t.Context(), node, "dist/client.js", service)
	more.Dir = folder
	more.Env = append(more.Environ(), "GATEWAY_KEY="+key)
	ends(t, more)
}
