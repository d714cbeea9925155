package pingone

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRateLimitsAreBelowLicenseQuantities(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		want       map[string]float64
	}{
		{"nested", `{"licenseQuantities":{"rlgDirAccessRps":{"limit":200},"rlgConfigRpm":{"limit":600}}}`, map[string]float64{"rlgDirAccessRps": 200, "rlgConfigRpm": 10}},
		{"top level", `{"rlgDirAccessRps":{"limit":50}}`, map[string]float64{"rlgDirAccessRps": 50}},
		{"both", `{"licenseQuantities":{"rlgDirAccessRps":{"limit":200}},"rlgDirAccessRps":{"limit":50},"rlgConfigRpm":{"limit":300}}`, map[string]float64{"rlgDirAccessRps": 200, "rlgConfigRpm": 5}},
		{"of another form", `{"licenseQuantities":[],"rlgDirAccessRps":7,"rlgConfigRpm":{"limit":-1}}`, map[string]float64{}},
		{"none", `{}`, map[string]float64{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, c.body) }))
			t.Cleanup(s.Close)
			conn, err := New(Config{APIURL: s.URL + "/v1", Authorizer: &minted{life: time.Hour}, WorkerAppEnvironmentID: "e"})
			require.NoError(t, err)
			t.Cleanup(func() { _ = conn.Close() })
			got, err := conn.RateLimits(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}
