package pool

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What an ended process said goes to the log without what rows may hold.
func TestWhatAProcessSaidLast(t *testing.T) {
	t.Parallel()
	const abort = "\nSIGABRT: abort\nPC=0x1 m=3 sigcode=18446744073709551610\nsignal arrived during cgo execution\n\ngoroutine 21 [syscall]:\nruntime.cgocall(0x1, 0x2)\n" +
		"github.com/duckdb/duckdb-go-bindings._Cfunc_duckdb_disconnect(0x7f)\n"
	const terminate = "terminate called after throwing an instance of 'duckdb::InternalException'"
	for _, c := range []struct{ said, want string }{
		{"", ""},
		{"runtime: out of memory: cannot allocate 4194304-byte block\nfatal error: ada.admin\n", "runtime: out of memory: cannot allocate 4194304-byte block"},
		{terminate + abort, terminate + ", in duckdb_disconnect"},
		{
			terminate + "\n  what():  {\"exception_type\":\"INTERNAL\",\"exception_message\":\"Failed to cast \\\"ada.admin\\\" at 17.5 of 'x' to Task\\nStack\"}" + abort,
			terminate + ": Failed to cast … at … of … to Task, in duckdb_disconnect",
		},
		{terminate + "\n  what():  {ada.admin" + abort, terminate + ", in duckdb_disconnect"},
	} {
		h := &head{}
		_, _ = fmt.Fprint(h, c.said)
		assert.Equal(t, c.want, h.told())
	}
}
