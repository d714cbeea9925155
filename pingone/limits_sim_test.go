package pingone_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

func TestRateLimitsAreReadFromCapabilities(t *testing.T) {
	t.Parallel()
	const capabilities = "GET /v1/environments/*/capabilities"
	limits := map[string]sim.Rate{"rlgDirAccessRps": {Limit: 120, Per: time.Second}, "rlgConfigRpm": {Limit: 300, Per: time.Minute}, "rlgMfaRps": {Limit: 50, Per: time.Second}}
	told := map[string]float64{"rlgDirAccessRps": 120, "rlgConfigRpm": 5, "rlgMfaRps": 50, "rlgAuditRps": 10}
	cases := []struct {
		name   string
		fault  *sim.Fault
		change func(*pingone.Config)
		want   map[string]float64
		code   gwerr.Code
	}{
		{name: "told", want: told},
		{name: "told at the second try", fault: &sim.Fault{Match: capabilities, Do: "garbage"}, want: told},
		{name: "not offered", fault: &sim.Fault{Match: capabilities, Times: -1, Do: "status", Status: 404}, want: map[string]float64{}},
		{name: "not for this application", fault: &sim.Fault{Match: capabilities, Times: -1, Do: "status", Status: 403}, want: map[string]float64{}},
		{name: "no environment to ask about", change: func(c *pingone.Config) { c.WorkerAppEnvironmentID = "" }, want: map[string]float64{}},
		{name: "refused", fault: &sim.Fault{Match: capabilities, Times: -1, Do: "status", Status: 400}, code: gwerr.UpstreamRejected},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sim.Options{Users: 20, RateLimits: limits}, c.change)
			if c.fault != nil {
				require.NoError(t, w.sim.SetFaults(*c.fault))
			}
			got, err := w.conn.RateLimits(context.Background())
			if c.code != "" {
				require.True(t, gwerr.Is(err, c.code), "%v", err)
				return
			}
			require.NoError(t, err)
			if len(c.want) == 0 {
				require.Empty(t, got)
			}
			for group, want := range c.want {
				require.InDelta(t, want, got[group], 0, group)
			}
		})
	}
}
