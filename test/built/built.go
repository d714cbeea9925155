// Package built gives tests the gateway as a program.
package built

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Variable names the environment variable with the path of a gateway that is built
// already, as it is by make.
const Variable = "PINGONE_GATEWAY_PROGRAM"

// Gateway is the path of the gateway's program, and what removes it in the end: the
// program that the environment names, or one that is built now.
func Gateway() (path string, remove func(), err error) {
	if path = os.Getenv(Variable); path != "" {
		// Asking for the file has go test see that a kept result is of another program.
		_, err = os.Stat(path)
		return path, func() {}, err
	}
	dir, err := os.MkdirTemp("", "built-gateway-")
	if err != nil {
		return "", nil, err
	}
	path, remove = filepath.Join(dir, "gateway"), func() { _ = os.RemoveAll(dir) }
	build := exec.Command("go", "build", "-buildvcs=false", "-tags", "duckdb_arrow", "-o", path, "github.com/pingone-gateway/gateway/cmd/gateway")
	if out, err := build.CombinedOutput(); err != nil {
		remove()
		return "", nil, fmt.Errorf("building the gateway: %w\n%s", err, out)
	}
	return path, remove, nil
}
