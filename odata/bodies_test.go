package odata_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A body whose length isn't announced is refused as one whose length is.
func TestBodiesThatTheServerCuts(t *testing.T) {
	t.Parallel()
	s := start(t, 3)
	for path, kind := range map[string]string{"Books": "application/json", "$batch": "application/json", "Books/$query": "text/plain"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/odata/lib/Main/"+path, nil)
		r.Header.Set("Content-Type", kind)
		r.Body = http.MaxBytesReader(w, io.NopCloser(strings.NewReader(strings.Repeat(" ", 101))), 100)
		s.server.Config.Handler.ServeHTTP(w, r)
		if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "longer than 100 bytes") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
