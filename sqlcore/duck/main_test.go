//go:build duckdb_arrow

package duck

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	Worker()
	os.Exit(m.Run())
}
