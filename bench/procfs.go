package main

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/prometheus/procfs"
)

// tick is the unit of CPU times in /proc: USER_HZ is 100 on every architecture
// that Go runs on (proc_pid_stat(5)).
const tick = 10 * time.Millisecond

// cpuTime is the user and system time that a process has used.
func cpuTime(pid int) (time.Duration, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return 0, err
	}
	stat, err := p.Stat()
	return time.Duration(stat.CPUTime() * float64(time.Second)), err
}

// peakMemory is the most memory that a process has had resident, in bytes.
func peakMemory(pid int) (int64, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return 0, err
	}
	status, err := p.NewStatus()
	return int64(status.VmHWM), err
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
	files, err := procfs.NewFS(proc)
	if err != nil {
		return m
	}
	if cpus, err := files.CPUInfo(); err == nil && len(cpus) > 0 && cpus[0].ModelName != "" {
		m.model = cpus[0].ModelName
	}
	if memory, err := files.Meminfo(); err == nil && memory.MemTotalBytes != nil {
		m.memory = int64(*memory.MemTotalBytes)
	}
	if release, err := files.SysctlStrings("kernel.osrelease"); err == nil && len(release) > 0 {
		m.system = "Linux " + release[0]
	}
	if load, err := files.LoadAvg(); err == nil {
		m.load = fmt.Sprintf("%.2f", load.Load1)
	}
	return m
}
