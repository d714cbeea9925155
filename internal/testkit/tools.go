//go:build duckdb_arrow

package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Installed is the folder of what scripts/install-odata-clients.sh has installed under a
// name; the test, which is two folders below the repository's, is skipped without it,
// except in CI.
func Installed(t testing.TB, name string) string {
	t.Helper()
	at, err := filepath.Abs(filepath.Join("..", "..", ".cache", "clients", name))
	if err == nil {
		_, err = os.Stat(filepath.Join(at, "installed"))
	}
	if err != nil {
		missing(t, name)
	}
	return at
}

// Program is the path of a command that the test needs, by any of its names.
func Program(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, names[0])
	return ""
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing; run scripts/install-odata-clients.sh", what)
	}
	t.Skipf("%s is not installed (scripts/install-odata-clients.sh)", what)
}
