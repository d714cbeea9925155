package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in /proc: USER_HZ is 100 on every architecture
// that Go runs on (proc_pid_stat(5)).
const tick = 10 * time.Millisecond

// parseStat reads the user and system time from the text of /proc/<pid>/stat.
// The second field is the name of the program in parentheses, which may itself
// hold spaces and parentheses; utime and stime are fields 14 and 15.
func parseStat(text string) (time.Duration, error) {
	after := strings.LastIndexByte(text, ')')
	if after < 0 {
		return 0, errors.New("stat has no name")
	}
	fields := strings.Fields(text[after+1:]) // begins with field 3
	if len(fields) < 13 {
		return 0, errors.New("stat is too short")
	}
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("stat has no CPU times: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

// parseKB finds a line such as "VmHWM:   123 kB" and gives its value in bytes.
func parseKB(text, key string) (int64, error) {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, key+":")
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", key, err)
		}
		return n << 10, nil
	}
	return 0, fmt.Errorf("there is no line %s", key)
}

// cpuTime is the user and system time that a process has used.
func cpuTime(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	return parseStat(string(text))
}

// peakMemory is the most memory that a process has had resident, in bytes.
func peakMemory(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	return parseKB(string(text), "VmHWM")
}

// resetPeak makes peakMemory begin anew (proc_pid_clear_refs(5)).
func resetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}

// machine is what the numbers depend on.
type machine struct {
	model  string
	cores  int
	memory int64 // bytes
	system string
	golang string
	load   string // average of the last minute
}

func (m machine) String() string {
	return fmt.Sprintf("%d cores (%s), %d GiB memory, %s, %s, load average %s before the run",
		m.cores, m.model, (m.memory+1<<29)>>30, m.system, m.golang, m.load)
}

// machineOf describes the machine by its files in proc; what can't be read stays
// unknown.
func machineOf(proc string) machine {
	m := machine{model: "unknown CPU", load: "unknown", cores: runtime.NumCPU(), system: runtime.GOOS + "/" + runtime.GOARCH, golang: runtime.Version()}
	if text, err := os.ReadFile(filepath.Join(proc, "cpuinfo")); err == nil {
		m.model = cpuModel(string(text))
	}
	if text, err := os.ReadFile(filepath.Join(proc, "meminfo")); err == nil {
		m.memory, _ = parseKB(string(text), "MemTotal") // 0 says unknown
	}
	if text, err := os.ReadFile(filepath.Join(proc, "sys/kernel/osrelease")); err == nil {
		m.system = "Linux " + strings.TrimSpace(string(text))
	}
	if text, err := os.ReadFile(filepath.Join(proc, "loadavg")); err == nil {
		m.load, _, _ = strings.Cut(string(text), " ")
	}
	return m
}

// cpuModel finds the name of the first processor.
func cpuModel(cpuinfo string) string {
	s := bufio.NewScanner(strings.NewReader(cpuinfo))
	for s.Scan() {
		if key, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown CPU"
}
