package sim_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestFrozenConnections needs no token: a refusal is an answer too.
func TestFrozenConnections(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		http2  bool
		unkind string
		now    bool // freeze what is open after two calls
		want   []bool
	}{
		"HTTP/1.1, from the start":      {false, "freeze-connection=1", false, []bool{false, true, true}},
		"HTTP/1.1, the second":          {false, "freeze-connection=2+1", false, []bool{true, true, true}},
		"HTTP/1.1, after two answers":   {false, "freeze-connection=1+2", false, []bool{true, true, false, true}},
		"HTTP/2, from the start":        {true, "freeze-connection=1", false, []bool{false, true}},
		"HTTP/2, after two answers":     {true, "freeze-connection=1+2", false, []bool{true, true, false}},
		"HTTP/1.1, what is open now":    {false, "", true, []bool{true, true, false, true}},
		"HTTP/2, what is open now":      {true, "", true, []bool{true, true, false}},
		"other switches freeze nothing": {true, "short-pages", false, []bool{true, true, true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := sim.New(sim.Options{Users: 10, Unkind: tt.unkind, SigningKey: sharedKey()})
			require.NoError(t, err)
			web := httptest.NewUnstartedServer(s)
			web.Listener, web.EnableHTTP2 = s.Listener(web.Listener), tt.http2
			if tt.http2 {
				web.StartTLS()
			} else {
				web.Start()
			}
			t.Cleanup(func() { web.CloseClientConnections(); web.Close() })
			for k, want := range tt.want {
				if tt.now && k == 2 {
					s.FreezeConnections()
				}
				wait := 3 * time.Minute
				if !want {
					wait = 100 * time.Millisecond // for nothing: a frozen connection never answers
				}
				ctx, cancel := context.WithTimeout(t.Context(), wait)
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, web.URL+"/v1/environments", nil)
				require.NoError(t, err)
				resp, err := web.Client().Do(req)
				assert.Equal(t, want, err == nil, "call %d: %v", k, err)
				if err == nil {
					if tt.http2 {
						assert.Equal(t, 2, resp.ProtoMajor)
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				} else {
					require.ErrorIs(t, err, context.DeadlineExceeded, "frozen, not closed")
				}
				cancel()
			}
		})
	}
}
