package httpguard

import (
	"fmt"
	"net/http"
	"time"
)

const (
	// DataPolicy is the Content-Security-Policy of data: nothing in it may run
	// or be framed.
	DataPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"
	// PagePolicy is that of documentation and console pages, whose scripts and
	// styles come from the service itself.
	PagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

// Headers sets the headers that keep browsers from misusing data. Handlers of
// pages set others over them. hsts is how long browsers shall use https alone, sent
// over https alone (RFC 6797); 0 for not at all.
func Headers(hsts time.Duration) Middleware {
	transport := fmt.Sprintf("max-age=%d; includeSubDomains", int64(hsts/time.Second))
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("X-Frame-Options", "DENY")
			h.Set("Referrer-Policy", "no-referrer")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Content-Security-Policy", DataPolicy)
			h.Set("Cache-Control", "no-store")
			if hsts > 0 && OriginOf(r).Scheme == "https" {
				h.Set("Strict-Transport-Security", transport)
			}
			next.ServeHTTP(w, r)
		})
	}
}
