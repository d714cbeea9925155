//go:build duckdb_arrow

package reliability

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// memoryWatch looks at the memory of a process and of those that it started.
type memoryWatch struct {
	p      *process
	before int // MiB that the process had resident

	mu       sync.Mutex
	children map[int]int // most MiB that it had, by process
	done     chan struct{}
	ended    chan struct{}
}

func watchMemory(t *testing.T, p *process) *memoryWatch {
	t.Helper()
	w := &memoryWatch{p: p, before: p.residentMiB(), children: map[int]int{}, done: make(chan struct{}), ended: make(chan struct{})}
	// From now on the kernel notes the peak anew.
	if err := os.WriteFile("/proc/"+strconv.Itoa(p.pid())+"/clear_refs", []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(w.ended)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-w.done:
				return
			case <-tick.C:
				w.look()
			}
		}
	}()
	return w
}

// look notes the peaks of what is the children's own.
func (w *memoryWatch) look() {
	parent := "PPid:\t" + strconv.Itoa(w.p.pid()) + "\n"
	files, _ := filepath.Glob("/proc/[0-9]*/status")
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil || !strings.Contains(string(raw), parent) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		_, rest, _ := strings.Cut(string(raw), "RssAnon:") // but for the program that all share
		if fields := strings.Fields(rest); len(fields) > 0 {
			kib, _ := strconv.Atoi(fields[0])
			w.mu.Lock()
			w.children[pid] = max(w.children[pid], kib/1024)
			w.mu.Unlock()
		}
	}
}

// stop gives by how many MiB the process grew at most, and the peak of each
// that it started.
func (w *memoryWatch) stop() (grown int, children map[int]int) {
	close(w.done)
	<-w.ended
	if !w.p.alive() {
		return 0, w.children
	}
	return w.p.peakMiB() - w.before, w.children
}

// most gives the largest of the peaks.
func most(children map[int]int) int {
	return slices.Max(append(slices.Collect(maps.Values(children)), 0))
}

// alive tells whether the process runs still.
func (p *process) alive() bool {
	p.mu.Lock()
	done := p.done
	p.mu.Unlock()
	select {
	case <-done:
		return false
	default:
		return true
	}
}
