//go:build duckdb_arrow

package main

import (
	"os"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/duck"
)

func TestMain(m *testing.M) {
	duck.Worker()
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}
