package pool

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// attributes let a process end with the service, and apart from its terminal.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// yield lets others go before the process and its threads (setpriority(2)); no
// process without privileges gets back what it gave up. One that has ended needs
// nothing.
func yield(pid, nice int) { _ = unix.Setpriority(unix.PRIO_PGRP, pid, nice) }

// worked gives the time that processors have spent on the process.
func worked(pid int) time.Duration {
	const scheduled = 2 // CPUCLOCK_SCHED: see clock_getcpuclockid(3)
	var t unix.Timespec
	if unix.ClockGettime(int32(^pid<<3|scheduled), &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// statm reads /proc/<pid>/statm (proc(5)), in bytes.
func statm(pid int) (fields [7]int64, ok bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return fields, false
	}
	list := strings.Fields(string(text))
	if len(list) != len(fields) {
		return fields, false
	}
	for i := range fields {
		n, err := strconv.ParseInt(list[i], 10, 64)
		if err != nil {
			return fields, false
		}
		fields[i] = n * int64(os.Getpagesize())
	}
	return fields, true
}

// ownMemory gives the resident memory that is the process's own: not that of
// the program's file, which all share.
func ownMemory(pid int) int64 {
	const resident, shared = 1, 2
	f, _ := statm(pid)
	return f[resident] - f[shared]
}

// limitData has the kernel refuse the process more memory than it has mapped
// and so much. A kernel without statm leaves it to the watch.
func limitData(pid int, more int64) error {
	const data = 5
	f, ok := statm(pid)
	if !ok {
		return nil
	}
	most := uint64(f[data] + more)
	return unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: most, Max: most}, nil)
}
