package server_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/observe"
)

// deaf is a connection whose client has gone.
type deaf struct{ httptest.ResponseRecorder }

func (*deaf) Write([]byte) (int, error) {
	return 0, &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}
}

// A write that fails because the client has gone is no failure of the gateway's, even
// where the request's context doesn't know it yet.
func TestAClientThatHasGone(t *testing.T) {
	t.Parallel()
	s, sink := build(t, func(w http.ResponseWriter, _ *http.Request) {
		_, err := w.Write([]byte("row"))
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, syscall.EPIPE)
		panic(http.ErrAbortHandler)
	}, nil)
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
		s.Handler().ServeHTTP(&deaf{}, httptest.NewRequest(http.MethodGet, "/odata/x", nil))
	})
	finished := all[observe.RequestFinished](sink)
	require.Len(t, finished, 1)
	assert.Equal(t, 499, finished[0].Status)
}
