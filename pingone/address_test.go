package pingone

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// A port that is left out is the scheme's own, in ApiUrl as in links.
func TestLinksOfTheSameOrigin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		base, link string
		same       bool
	}{
		{"https://api.pingone.eu:443/v1", "https://api.pingone.eu/v1/users?cursor=a", true},
		{"https://api.pingone.eu/v1", "https://api.pingone.eu:443/v1/users?cursor=a", true},
		{"https://api.pingone.eu/v1", "HTTPS://API.PINGONE.EU/v1/users?cursor=a", true},
		{"http://sim:80/v1", "http://sim/v1/users?cursor=a", true},
		{"http://sim/v1", "http://sim:80/v1/users?cursor=a", true},
		{"http://[::1]:80/v1", "http://[::1]/v1/users?cursor=a", true},
		{"http://sim:8080/v1", "http://sim:8080/v1/users?cursor=a", true},
		{"https://api.pingone.eu/v1", "https://api.pingone.eu:80/v1/users?cursor=a", false},
		{"https://api.pingone.eu/v1", "https://api.pingone.eu:8443/v1/users?cursor=a", false},
		{"https://api.pingone.eu/v1", "http://api.pingone.eu:443/v1/users?cursor=a", false},
		{"http://sim:8080/v1", "http://sim/v1/users?cursor=a", false},
		{"https://api.pingone.eu/v1", "https://api.pingone.eu.example.org/v1/users?cursor=a", false},
	} {
		t.Run(c.base+" "+c.link, func(t *testing.T) {
			t.Parallel()
			client := clientOf(t, Config{APIURL: c.base, Authorizer: &minted{}})
			got, err := client.relative(c.link)
			if !c.same {
				require.True(t, gwerr.Is(err, gwerr.UpstreamRejected), "%v", err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, address{path: "users", query: "cursor=a"}, got)
		})
	}
}
