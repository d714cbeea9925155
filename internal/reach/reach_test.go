package reach_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/reach"
)

func TestSkew(t *testing.T) {
	t.Parallel()
	for ahead, says := range map[time.Duration]string{
		0: "", time.Minute: "", -time.Minute: "", 95 * time.Second: "1m35s behind", -2 * time.Hour: "2h0m0s ahead of",
	} {
		err := reach.Skew(ahead)
		if says == "" {
			require.NoError(t, err, ahead)
			continue
		}
		require.ErrorContains(t, err, says)
		assert.Contains(t, gwerr.From(err).Hint, "NTP")
	}
}

func TestAskTellsTheTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		date string
		told bool
	}{
		"an hour ahead": {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), true},
		"no time":       {"", false},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Date"] = nil
			if c.date != "" {
				w.Header().Set("Date", c.date)
			}
			http.Error(w, "no", http.StatusForbidden)
		}))
		t.Cleanup(s.Close)
		ahead, told, err := reach.Ask(t.Context(), reach.Client("", nil, nil), s.URL)
		require.NoError(t, err, "%s: any answer will do", name)
		assert.Equal(t, c.told, told, name)
		assert.Equal(t, c.told, ahead > 30*time.Minute, name)
	}
}

func TestAskSaysWhatStandsBetween(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, c := range map[string]struct{ address, message, hint string }{
		"a strange authority": {secure.URL, "authority that is not trusted", "SSLServerCert"},
		"nobody there":        {gone.URL, "can't be reached", "firewalls"},
	} {
		_, _, err := reach.Ask(t.Context(), reach.Client("", nil, nil), c.address)
		require.Error(t, err, name)
		assert.True(t, gwerr.Is(err, gwerr.UpstreamFailed), name)
		assert.Contains(t, gwerr.From(err).Message, c.message, name)
		assert.Contains(t, gwerr.From(err).Hint, c.hint, name)
	}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	_, _, err := reach.Ask(t.Context(), reach.Client("", nil, authority), secure.URL)
	require.NoError(t, err, "an authority that is given is trusted")
}

func TestClientTakesTheProxyButForExceptions(t *testing.T) {
	t.Parallel()
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = append(asked, r.Host) }))
	t.Cleanup(proxy.Close)
	client := reach.Client(proxy.URL, []string{"direct.invalid"}, nil)
	_, _, err := reach.Ask(t.Context(), client, "http://api.invalid/")
	require.NoError(t, err)
	_, _, err = reach.Ask(t.Context(), client, "http://direct.invalid/")
	require.Error(t, err)
	assert.Equal(t, []string{"api.invalid"}, asked)
}
