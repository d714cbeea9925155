package architecture_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// largestFile bounds a file of the repository, in bytes. What is larger was
// downloaded or built.
const largestFile = 1 << 20

func TestNoLargeFiles(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	list := exec.CommandContext(t.Context(), "git", "-c", "safe.directory=*", "ls-files", "-z")
	list.Dir = root
	out, err := list.Output()
	require.NoError(t, err)
	names := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	require.Greater(t, len(names), 100)
	for _, name := range names {
		info, err := os.Lstat(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, not committed
		}
		require.NoError(t, err)
		assert.LessOrEqual(t, info.Size(), int64(largestFile), name)
	}
}
