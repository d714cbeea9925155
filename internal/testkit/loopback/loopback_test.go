package loopback_test

import (
	"net"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit/loopback"
)

func TestAddressesAreFreeAndDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 50 {
		address := loopback.Address(t)
		assert.False(t, seen[address], "%s is given twice", address)
		seen[address] = true
		for range 2 { // and once more after its program was restarted
			l, err := net.Listen("tcp", address)
			require.NoError(t, err)
			assert.True(t, l.Addr().(*net.TCPAddr).IP.IsLoopback())
			if runtime.GOOS == "linux" {
				assert.NotEqual(t, "127.0.0.1", l.Addr().(*net.TCPAddr).IP.String(), "where others ask for any port")
			}
			require.NoError(t, l.Close())
		}
	}
}

func TestAPortThatIsTakenOnAllHostsIsLeftOut(t *testing.T) { // not beside others, who ask for ports too
	_, port, err := net.SplitHostPort(loopback.Address(t))
	require.NoError(t, err)
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	next := strconv.Itoa(n + 1)
	everywhere, err := net.Listen("tcp", "0.0.0.0:"+next)
	if err == nil { // or another program has it
		defer everywhere.Close()
	}
	_, port, err = net.SplitHostPort(loopback.Address(t))
	require.NoError(t, err)
	assert.NotEqual(t, next, port)
}
