package pingone_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/pingone"
)

func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	s := newStub(t, nil, func(w http.ResponseWriter, r *http.Request, _ int64) {
		if !strings.HasPrefix(r.Header.Get("Accept"), "application/json") || r.Header.Get("User-Agent") == "" ||
			r.Header.Get("Authorization") != "Bearer token-0" || r.Header.Get("Accept-Encoding") != "gzip" || r.URL.Query().Get("limit") != "200" {
			w.WriteHeader(http.StatusTeapot)
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "application/hal+json;charset=UTF-8")
		z := gzip.NewWriter(w)
		fmt.Fprint(z, pageOf("", 1, 2))
		_ = z.Close()
	})
	rows, err := s.read(context.Background())
	require.NoError(t, err)
	require.Equal(t, [][]string{{userID(1)}, {userID(2)}}, rows)
	calls := s.events.calls()
	require.Len(t, calls, 1)
	require.Equal(t, "users", calls[0].Endpoint)
	require.Equal(t, "rlgDirAccessRps", calls[0].Group)
	require.Equal(t, 200, calls[0].Status)
	require.Equal(t, 1, calls[0].Attempt)
	require.EqualValues(t, len(pageOf("", 1, 2)), calls[0].Bytes)
}

func TestConfigurationErrors(t *testing.T) {
	t.Parallel()
	auth := &worker{}
	for _, c := range []struct {
		name string
		cfg  pingone.Config
		want string
	}{
		{"no credentials", pingone.Config{}, "AuthScheme"},
		{"unknown region", pingone.Config{Authorizer: auth, Region: "MOON"}, "Region"},
		{"relative address", pingone.Config{Authorizer: auth, APIURL: "/v1"}, "ApiUrl"},
		{"address with a user", pingone.Config{Authorizer: auth, APIURL: "https://u:p@h/v1"}, "ApiUrl"},
		{"too many calls", pingone.Config{Authorizer: auth, MaxParallel: 1000}, "MaxParallel"},
		{"no certificate", pingone.Config{Authorizer: auth, CAPEM: []byte("x")}, "SSLServerCert"},
		{"odd proxy", pingone.Config{Authorizer: auth, ProxyURL: "::"}, "ProxyServer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := pingone.New(c.cfg)
			require.True(t, gwerr.Is(err, gwerr.Config), "%v", err)
			require.Equal(t, c.want, gwerr.From(err).Target)
		})
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"": "https://api.pingone.com/v1", "us": "https://api.pingone.com/v1", "NA": "https://api.pingone.com/v1", "CA": "https://api.pingone.ca/v1",
		"EU": "https://api.pingone.eu/v1", "AU": "https://api.pingone.com.au/v1", "SG": "https://api.pingone.sg/v1", "AP": "https://api.pingone.asia/v1",
	} {
		api, auth, err := pingone.Endpoints(region)
		require.NoError(t, err)
		require.Equal(t, want, api)
		require.Equal(t, strings.TrimSuffix(strings.Replace(want, "//api.", "//auth.", 1), "/v1"), auth)
	}
}
