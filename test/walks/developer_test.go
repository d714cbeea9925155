//go:build duckdb_arrow

package walks

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
)

// A Python developer has the demo's address and the package: the steps are developer.py.
func TestTheDevelopersWalk(t *testing.T) {
	t.Parallel()
	python := testkit.Program(t, filepath.Join("..", "..", ".cache", "python", "current", "bin", "python"))
	d := startDemo(t, "--users", "300")
	chart := filepath.Join(t.TempDir(), "users.png")
	said, err := exec.CommandContext(t.Context(), python, "developer.py", d.wire, chart).CombinedOutput()
	require.NoError(t, err, "%s", said)
	assert.Contains(t, string(said), "ok\n")
	b := decode(t, chart).Bounds()
	assert.Greater(t, b.Dx()*b.Dy(), 10_000, "a chart")
}
