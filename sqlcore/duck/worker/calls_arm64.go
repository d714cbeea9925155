//go:build duckdb_arrow && linux

package worker

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// refusedHere are calls that only this architecture's list has.
var refusedHere = []uint32{unix.SYS_ACCEPT, unix.SYS_KEXEC_FILE_LOAD}
