package testkit

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// NoneIn fails the test unless the goroutines that run one of these functions, or were
// started by one, end. A part of a name as a stack shows it is enough.
//
// It waits: a goroutine whose work has been waited for may still be on its way out, and
// that of a request whose handler panicked shows the handler's functions until its
// connection is closed.
func NoneIn(t testing.TB, functions ...string) {
	t.Helper()
	late := time.Now().Add(2 * time.Minute)
	for left := goroutinesIn(functions); len(left) > 0; left = goroutinesIn(functions) {
		if time.Now().After(late) {
			t.Errorf("%d goroutines are left:\n%s", len(left), strings.Join(left, "\n\n"))
			return
		}
		runtime.Gosched()
	}
}

func goroutinesIn(functions []string) []string {
	buf := make([]byte, 4<<20)
	all := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
	return slices.DeleteFunc(all, func(stack string) bool {
		return !slices.ContainsFunc(functions, func(f string) bool { return strings.Contains(stack, f) })
	})
}
