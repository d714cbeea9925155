package server_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/logging"
	"github.com/pingone-gateway/gateway/internal/server"
)

// TestMethodsThatAnAddressDoesNotTake: a method that nothing here has is refused as
// such; one that other addresses take, with those that this one does.
//
// Source: RFC 9110, sections 9.1 and 15.5.6.
func TestMethodsThatAnAddressDoesNotTake(t *testing.T) {
	t.Parallel()
	log, err := logging.New(logging.Config{Writer: io.Discard})
	require.NoError(t, err)
	s, _ := build(t, text("fine"), func(c *server.Config) {
		c.OpenAPI = []byte("openapi: 3.1.0\n")
		c.Admin.Metrics = text("metrics")
		c.Admin.Level = log
	})
	for _, c := range []struct {
		router       http.Handler
		method, path string
		status       int
		allow, tells string
	}{
		{s.Handler(), "FOO", "/odata/pingone/Users", http.StatusNotImplemented, "", `"code":"NotImplemented"`},
		{s.Handler(), "PROPFIND", "/nowhere", http.StatusNotImplemented, "", "has no such HTTP method"},
		{s.Handler(), "get", "/odata/pingone/Users", http.StatusNotImplemented, "", "has no such HTTP method"},
		{s.Handler(), "FOO", "/", http.StatusNotImplemented, "", "has no such HTTP method"},
		{s.Handler(), http.MethodTrace, "/", http.StatusNotImplemented, "", "has no such HTTP method"},
		{s.Handler(), http.MethodPost, "/", http.StatusMethodNotAllowed, "GET", "does not take this method"},
		{s.Handler(), http.MethodDelete, "/openapi.json", http.StatusMethodNotAllowed, "GET", "does not take this method"},
		{s.AdminHandler(), http.MethodPut, "/healthz", http.StatusMethodNotAllowed, "GET", "does not take this method"},
		{s.AdminHandler(), http.MethodPost, "/metrics", http.StatusMethodNotAllowed, "GET", "does not take this method"},
		{s.AdminHandler(), http.MethodDelete, "/loglevel", http.StatusMethodNotAllowed, "GET, POST", "does not take this method"},
		{s.AdminHandler(), "FOO", "/healthz", http.StatusNotImplemented, "", "has no such HTTP method"},
	} {
		w := httptest.NewRecorder()
		c.router.ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		assert.Equal(t, c.status, w.Code, "%s %s", c.method, c.path)
		assert.Equal(t, c.allow, w.Header().Get("Allow"), "%s %s", c.method, c.path)
		assert.Contains(t, w.Body.String(), c.tells, "%s %s", c.method, c.path)
	}
}
