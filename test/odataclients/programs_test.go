//go:build duckdb_arrow

package odataclients

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOlingo lets Apache Olingo read the model, with the vocabularies that it refers
// to, and do what a Java program does.
func TestOlingo(t *testing.T) {
	t.Parallel()
	lib := filepath.Join(installed(t, "olingo"), "lib", "*")
	ends(t, exec.CommandContext(t.Context(), program(t, "java"), "-cp", lib, filepath.Join("olingo", "Client.java"), root(t)))
}

func TestPythonOData(t *testing.T) {
	t.Parallel()
	python := filepath.Join(installed(t, "python"), "bin", "python")
	ends(t, exec.CommandContext(t.Context(), python, filepath.Join("python", "client.py"), root(t)))
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
