package odata_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// Rows are sent before the next ones are waited for, and with the answer's end where
// none are.
func TestRowsAreSentBeforeAWait(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"Books?$top=100":           false,
		"Books?$top=101":           true,
		"Books?$top=100&$skip=100": false,
		"Books?$top=200":           true,
		"Books":                    true,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			s := start(t, 300, func(_ *odata.Config, e *odatatest.Executor) { e.BatchRows = 100 })
			w := httptest.NewRecorder()
			s.server.Config.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, s.URL+path, nil))
			if w.Code != http.StatusOK || w.Flushed != want {
				t.Errorf("%d, sent before the end: %v; want %v", w.Code, w.Flushed, want)
			}
		})
	}
}
