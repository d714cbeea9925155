package sim_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestRotatedSecrets asks for tokens with the secrets of an application before
// and after one is made anew.
func TestRotatedSecrets(t *testing.T) {
	t.Parallel()
	clock := newClock()
	f := start(t, sim.Options{Users: 10, Clock: clock.Now, TokenLifetime: 100 * time.Hour})
	address := f.env("/applications/" + sim.AppReadOnly.ID + "/secret")
	status := func(secret string) int {
		app := sim.AppReadOnly
		app.Secret = secret
		code, _ := f.form("/"+f.admin+"/as/token", url.Values{"grant_type": {"client_credentials"}}, app)
		return code
	}
	old := sim.AppReadOnly.Secret
	assert.Equal(t, old, f.get(address)["secret"])
	assert.Equal(t, http.StatusOK, status(old))

	until := func(after time.Duration) map[string]any {
		return map[string]any{"previous": map[string]any{"expiresAt": clock.Now().Add(after).Format(time.RFC3339)}}
	}
	code, row := f.do(http.MethodPost, address, until(24*time.Hour))
	require.Equal(t, http.StatusOK, code, row)
	fresh := row["secret"].(string)
	assert.NotEqual(t, old, fresh)
	assert.Equal(t, http.StatusOK, status(fresh))
	assert.Equal(t, http.StatusOK, status(old), "until it expires")
	clock.Advance(25 * time.Hour)
	assert.Equal(t, http.StatusOK, status(fresh))
	assert.Equal(t, http.StatusUnauthorized, status(old))
	for name, body := range map[string]map[string]any{"expired before": until(-time.Hour), "without a time": {}} {
		code, row = f.do(http.MethodPost, address, body)
		require.Equal(t, http.StatusOK, code)
		assert.Equal(t, http.StatusUnauthorized, status(fresh), name)
		fresh = row["secret"].(string)
	}
}

// TestNewApplications signs nobody in: what a call made is known to the token
// endpoint, but has no roles.
func TestNewApplications(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 10})
	code, row := f.do(http.MethodPost, f.env("/applications"), map[string]any{
		"name": "new", "enabled": true, "protocol": "OPENID_CONNECT", "type": "WORKER", "grantTypes": []string{"CLIENT_CREDENTIALS"},
		"tokenEndpointAuthMethod": "CLIENT_SECRET_BASIC",
	})
	require.Equal(t, http.StatusCreated, code, row)
	id := row["id"].(string)
	app := sim.App{ID: id, Secret: f.get(f.env("/applications/" + id + "/secret"))["secret"].(string)}
	code, body := f.form("/"+f.admin+"/as/token", url.Values{"grant_type": {"client_credentials"}}, app)
	assert.Equal(t, http.StatusBadRequest, code)
	assert.Contains(t, body["error_description"], "role")
	code, _ = f.do(http.MethodDelete, f.env("/applications/"+id), nil)
	require.Equal(t, http.StatusNoContent, code)
	code, _ = f.form("/"+f.admin+"/as/token", url.Values{"grant_type": {"client_credentials"}}, app)
	assert.Equal(t, http.StatusUnauthorized, code)
}
