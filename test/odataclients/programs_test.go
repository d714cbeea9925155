//go:build duckdb_arrow

package odataclients

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
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

// TestOData2TS makes classes of the whole model, compiles them with a program that uses
// them, and runs it.
func TestOData2TS(t *testing.T) {
	t.Parallel()
	modules := filepath.Join(testkit.Installed(t, "odata2ts"), "node_modules")
	node, service := testkit.Program(t, "node"), root(t)
	at := t.TempDir()
	require.NoError(t, os.CopyFS(at, os.DirFS("odata2ts")))
	require.NoError(t, os.Symlink(modules, filepath.Join(at, "node_modules")))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, service+"$metadata", nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(at, "metadata.xml"), text, 0o600))
	run := func(args ...string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), node, args...)
		c.Dir = at
		return c
	}
	out, err := run("node_modules/@odata2ts/odata2ts/lib/run-cli.js").CombinedOutput()
	require.NoError(t, err, string(out))
	// The model is too deep for the compiler's usual stack.
	out, err = run("--stack-size=7800", "node_modules/typescript/lib/tsc.js", "-p", ".").CombinedOutput()
	require.NoError(t, err, string(out))
	ends(t, run("dist/client.js", service))
}

func root(t *testing.T) string {
	t.Helper()
	return gateway(t).URL + "/odata/pingone/Administrators/"
}

// ends runs a program, which says at its end that all is done.
func ends(t *testing.T, c *exec.Cmd) {
	t.Helper()
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "all done")
}
