package httpguard

import (
	"net/http"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Methods refuses every method that is not listed, such as TRACE and CONNECT.
func Methods(fail Fail, allowed ...string) Middleware {
	allow := strings.Join(allowed, ", ")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !slices.Contains(allowed, r.Method) {
				w.Header().Set("Allow", allow)
				fail(w, r, gwerr.New(gwerr.MethodNotAllowed, "The service does not take this HTTP method.", "Use one of "+allow+"."))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
