// Package pool keeps the engine's processes: it starts them ahead, lends each
// to one statement at a time, watches their time and memory, ends those that
// pass a bound and puts others in their place.
//
// It knows processes and frames, neither SQL nor DuckDB. What ends a process
// fails the statement that had it and no other.
package pool

import (
	"time"

	"github.com/pingone-gateway/gateway/internal/observe"
)

// Config sets a pool up.
type Config struct {
	// Processes is the most processes at a time, 2 or more. Spare of them are
	// kept ready.
	Processes, Spare int
	// Memory bounds each process, and Total all of them, in bytes of their own
	// memory. Engine of each is what the engine is told to stay within.
	Memory, Total, Engine int64
	// Time bounds how long the engine works on one statement, without its waits
	// for rows and for its reader.
	Time time.Duration
	// Wait bounds how long a statement waits for a process.
	Wait time.Duration
	// TempDir is where the pool makes its directory; "" means the system's.
	TempDir string
	// TempBytes bounds the files of each process.
	TempBytes int64
	// Threads are those of the engine in each process.
	Threads int
	// Share is the part of the processes that a caller can have if it is alone, as
	// package fair has it; 0 means all.
	Share float64
	Sink  observe.Sink
}

const (
	// tick is the time between two looks at the processes at work.
	tick = 20 * time.Millisecond
	// closeTick is that time while one has half of the memory that it may have: it
	// can take the rest within less than a tick.
	closeTick = 4 * time.Millisecond
	// patience is how long a process may take to give up a statement.
	patience = time.Second
	// mostWaiting bounds the statements that wait for a place among callers.
	mostWaiting = 4096
	// startTime bounds the start of a process.
	startTime = 30 * time.Second
	// startsAtOnce bounds the processes that are being started.
	startsAtOnce = 2
	// idleTime is how long more than the spare processes stay.
	idleTime = 5 * time.Second
	// parkedTime is how long a result must have lain unread before others may
	// have its process.
	parkedTime = time.Second
	// niceness keeps the processes from holding up the service itself, however
	// many of them compute.
	niceness = 2
	// A statement that processors have worked on for longWork, beside others, gets
	// a third of what they get. Less would starve it where other programs compute.
	longWork, longNiceness = 100 * time.Millisecond, 7
)
