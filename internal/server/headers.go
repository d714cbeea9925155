package server

import "net/http"

// safeHeaders sets what keeps browsers from doing anything clever with data,
// and caches from keeping it. A front end may say otherwise.
func safeHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "private, no-store")
		next.ServeHTTP(w, r)
	})
}
