//go:build duckdb_arrow

// Package reliability runs whole processes, gateways, a simulated PingOne and
// Redis, and breaks them under load. The tests are short by default; with
// -long they run for the time that docs/reliability.md speaks of:
//
//	go test -tags duckdb_arrow ./test/reliability -long -v
package reliability

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/test/built"
)

var (
	long   = flag.Bool("long", false, "run the long forms, whose numbers are in docs/reliability.md")
	binary string // the gateway under test
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

// run has the gateway built once for all tests.
func run(m *testing.M) int {
	if testing.Short() {
		fmt.Println("reliability: whole processes are not started with -short")
		return 0
	}
	var remove func()
	var err error
	if binary, remove, err = built.Gateway(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer remove()
	return m.Run()
}

// pick gives the value for the form of the test.
func pick[T any](short, longer T) T {
	if *long {
		return longer
	}
	return short
}

// besideOthers lets a test run at the same time as others, but in the long
// form, which measures.
func besideOthers(t *testing.T) {
	if *long {
		logLoad(t)
		return
	}
	t.Parallel()
}

// logLoad notes how busy the machine is with other things.
func logLoad(t *testing.T) {
	others, _ := os.ReadFile("/proc/loadavg")
	t.Logf("load of the machine before the test: %s", others)
}

// patience bounds every wait for what has to come: it is longer than anything takes on
// the busiest machine.
const patience = 3 * time.Minute

// eventually waits until ok, which it asks often.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}
