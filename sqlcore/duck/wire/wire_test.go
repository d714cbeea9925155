package wire

import (
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func pair(t *testing.T) (a, b *Conn, raw net.Conn) {
	t.Helper()
	x, y := net.Pipe()
	t.Cleanup(func() { x.Close(); y.Close() })
	return NewConn(x), NewConn(y), x
}

func TestFrames(t *testing.T) {
	t.Parallel()
	a, b, _ := pair(t)
	long := string(make([]byte, 100_000))
	go func() {
		assert.NoError(t, a.SendStrings(Ask, 7, "", "é", long))
		assert.NoError(t, a.SendJSON(Run, 8, Job{SQL: "SELECT 1", Window: 4}))
		assert.NoError(t, a.Send(More, 9, nil))
		assert.NoError(t, a.Close())
	}()
	f, err := b.Receive()
	require.NoError(t, err)
	got, err := f.Strings()
	require.NoError(t, err)
	assert.Equal(t, []string{"", "é", long}, got)
	assert.Equal(t, uint32(7), f.Stream)
	f, err = b.Receive()
	require.NoError(t, err)
	var j Job
	require.NoError(t, f.JSON(&j))
	assert.Equal(t, "SELECT 1", j.SQL)
	f, err = b.Receive()
	require.NoError(t, err)
	assert.Equal(t, Frame{Kind: More, Stream: 9, Body: []byte{}}, f)
	_, err = b.Receive()
	assert.ErrorIs(t, err, io.EOF)
}

// TestBrokenFrames reads what no side of this program sends.
func TestBrokenFrames(t *testing.T) {
	t.Parallel()
	for kind, size := range map[Kind]int{Batch: maxFrame, Answer: maxAnswer} {
		a, b, raw := pair(t)
		go func() {
			header := []byte{byte(kind), 0, 0, 0, 0, 0, 0, 0, 0}
			binary.LittleEndian.PutUint32(header[5:], uint32(size)+1)
			_, _ = raw.Write(header)
		}()
		_, err := b.Receive()
		require.ErrorContains(t, err, "a frame of")
		require.ErrorIs(t, a.Send(kind, 1, make([]byte, size+1)), ErrTooLarge)
	}
	for _, body := range [][]byte{{5}, {2, 'a'}, {0xFF}, {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}} {
		_, err := Frame{Body: body}.Strings()
		assert.Error(t, err, "%v", body)
	}
}
