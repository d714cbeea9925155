//go:build duckdb_arrow

package conformance

import (
	"os"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/duck"
)

func TestMain(m *testing.M) {
	duck.Worker()
	os.Exit(m.Run())
}
