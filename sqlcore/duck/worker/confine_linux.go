//go:build duckdb_arrow

package worker

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
)

// confine shuts the process in, as far as the kernel can: it sees no file but
// those of its directory, opens no connection, starts no program and gains no
// right. Data of callers goes into no core dump, and where the machine runs out
// of memory, this process goes first.
func confine(s wire.Setup) (wire.Walls, error) {
	var w wire.Walls
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return w, fmt.Errorf("no core dumps: %w", err)
	}
	// Raising one's own badness needs no right, but some sandboxes have no such
	// file.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0o600)
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return w, fmt.Errorf("no new privileges: %w", err)
	}
	if v, err := landlockVersion(); err == nil && v > 0 {
		// DuckDB ends the process where it can't read the container's limits.
		err := landlock.V6.BestEffort().Restrict(landlock.RWDirs(s.TempDir),
			landlock.ROFiles("/proc/self/cgroup").IgnoreIfMissing(), landlock.RODirs("/sys/fs/cgroup").IgnoreIfMissing())
		if err != nil {
			return w, fmt.Errorf("landlock: %w", err)
		}
		w.Files = true
	}
	err := refuseCalls()
	w.Calls = err == nil
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) || errors.Is(err, errArchitecture) {
		err = nil // a kernel without seccomp
	}
	return w, err
}

func landlockVersion() (int, error) {
	const askVersion = 1
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, askVersion)
	if errno != 0 {
		return 0, errno
	}
	return int(v), nil
}

// refused are the calls of the kernel that the engine never needs: network, new
// programs, other processes, and what is rarely used and often wrong.
var refused = append([]uint32{
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT4,
	unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV,
	unix.SYS_KILL, unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_KCMP,
	unix.SYS_SETNS, unix.SYS_UNSHARE, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT,
	unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSMOUNT, unix.SYS_MOUNT_SETATTR,
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER,
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE,
	unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF,
	unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_MEMFD_SECRET, unix.SYS_PERSONALITY,
}, refusedHere...)

var errArchitecture = errors.New("no list of calls for " + runtime.GOARCH)

// refuseCalls has the kernel answer those calls with EPERM, in all threads.
func refuseCalls() error {
	if auditArch == 0 {
		return errArchitecture
	}
	// Offsets in struct seccomp_data (linux/seccomp.h).
	const number, arch = 0, 4
	program := []bpf.Instruction{
		bpf.LoadAbsolute{Off: arch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: auditArch, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)}, // another calling convention
		bpf.LoadAbsolute{Off: number, Size: 4},
		// The calls of x32 have this bit, on amd64; no other numbers reach it.
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: 1 << 30, SkipTrue: uint8(len(refused)) + 1},
	}
	for i, call := range refused {
		program = append(program, bpf.JumpIf{Cond: bpf.JumpEqual, Val: call, SkipTrue: uint8(len(refused) - i)})
	}
	program = append(program,
		bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW},
		bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)})
	raw, err := bpf.Assemble(program)
	if err != nil {
		return err
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	list := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&list))) //nolint:gosec // as the call takes it
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	return nil
}
