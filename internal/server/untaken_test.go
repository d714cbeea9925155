package server_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/server"
)

// TestClientsThatTakeNoAnswer are cut off, however much of it there is.
func TestClientsThatTakeNoAnswer(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	s, _ := build(t, func(w http.ResponseWriter, _ *http.Request) {
		part := make([]byte, 1<<20)
		for {
			if _, err := w.Write(part); err != nil {
				ended <- err
				return
			}
		}
	}, func(c *server.Config) { c.Limits.AnswerTime = 10 * time.Millisecond })
	run(t, s)
	conn, err := net.Dial("tcp", s.PublicAddr())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET /odata/x HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	assert.ErrorIs(t, <-ended, os.ErrDeadlineExceeded)
}
