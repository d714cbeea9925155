// Package loopback gives tests addresses for the programs that they start.
package loopback

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
)

// taken counts the ports that this process has given away.
var taken atomic.Uint32

// Address is a host and port of loopback on which nothing listens, nor will until the
// program that it is for does, or does again. A port that is asked for as 0 and closed
// is soon somebody else's on a busy machine. So the host is one of 127.64.0.0/10 that is
// this process's alone, by its id, and the port is below those that systems give away.
func Address(t testing.TB) string {
	t.Helper()
	const first, most = 10000, 20000 // Linux gives away 32768 and more
	pid := os.Getpid()
	host := fmt.Sprintf("127.%d.%d.%d", 64|pid>>16&63, pid>>8&255, pid&255)
	if l, err := net.Listen("tcp", net.JoinHostPort(host, "0")); err == nil {
		_ = l.Close()
	} else {
		host = "127.0.0.1" // all that macOS has, unless told otherwise
	}
	for n := taken.Add(1); n <= most; n = taken.Add(1) {
		address := net.JoinHostPort(host, strconv.Itoa(first+int(n)))
		if l, err := net.Listen("tcp", address); err == nil { // or somebody listens on all hosts
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no port of loopback is free")
	return ""
}
