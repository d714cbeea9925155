// Package sizing divides the memory that the process may use between Go and
// the embedded engine, which allocates outside of Go's sight.
//
// It owns the arithmetic and where the numbers come from. It knows nothing
// else of the gateway. Processors need no such division: Go's scheduler
// follows the container's quota by itself.
package sizing

import (
	"math"
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

const (
	// leastEngine is what the engine needs for a small join.
	leastEngine = 128 << 20
	// leastGo keeps the collector from running all the time.
	leastGo = 64 << 20
	// unknown is taken for the memory of a system that does not tell.
	unknown = 2 << 30
)

// Memory is the memory there is, in bytes.
type Memory struct {
	Total int64
	// Limited says that the process is killed for more: a container's limit.
	Limited bool
}

// Detect reads the container's limit (cgroup v1 or v2), or else the host's
// memory.
func Detect() Memory { return detect(memlimit.FromCgroup, memlimit.FromSystem) }

func detect(container, host memlimit.Provider) Memory {
	total, known := read(host)
	if !known {
		total = unknown
	}
	// A limit above what the host has limits nothing.
	if limit, ok := read(container); ok && (limit < total || !known) {
		return Memory{Total: limit, Limited: true}
	}
	return Memory{Total: total}
}

func read(p memlimit.Provider) (int64, bool) {
	n, err := p()
	if err != nil || n == 0 || n > math.MaxInt64 {
		return 0, false
	}
	return int64(n), true
}

// Engine returns the engine's memory in bytes where the configuration leaves
// it open: half of all, or a little more where all is little.
func (m Memory) Engine() int64 {
	return max(m.Total/2, min(leastEngine, m.Total/4*3))
}

// Go returns the soft limit for Go beside an engine of that size, in bytes;
// less than the rest by a tenth of all, for stacks, buffers of the kernel and
// what the engine does not count. It is 0, for no limit, outside of a container.
func (m Memory) Go(engine int64) int64 {
	if !m.Limited {
		return 0
	}
	return max(m.Total-m.Total/10-engine, leastGo)
}

// LimitGo sets Go's soft limit of memory beside an engine of that size and
// returns it; 0 if it set none: outside of a container, and where the operator
// gave a limit in GOMEMLIMIT.
func (m Memory) LimitGo(engine int64) int64 {
	bytes := m.Go(engine)
	if bytes == 0 || os.Getenv("GOMEMLIMIT") != "" {
		return 0
	}
	debug.SetMemoryLimit(bytes)
	return bytes
}
