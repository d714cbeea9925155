package httpguard

import (
	"net/http"
	"strings"
	"unicode"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Framing refuses requests on whose borders or names a proxy in front might
// not agree, and that net/http lets pass:
//
//   - a body with GET, HEAD, DELETE or OPTIONS;
//   - header names with underscores, which some proxies read as hyphens, and
//     which so might pass as headers that only a proxy may set;
//   - trailers, which may arrive after access has been decided;
//   - control characters in the decoded path, and %00 in the query, at which C
//     programs end a text.
//
// net/http hides it when a request has both Transfer-Encoding and
// Content-Length. Connections end after every HTTP/1 request with chunked
// coding, so that nothing after it is taken for another request (RFC 9112
// section 6.3).
func Framing(fail Fail) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ProtoMajor == 1 && (len(r.TransferEncoding) > 0 || r.ProtoMinor == 0) {
				w.Header().Set("Connection", "close")
			}
			if problem := framing(r); problem != "" {
				w.Header().Set("Connection", "close")
				fail(w, r, gwerr.New(gwerr.BadRequest, problem, ""))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func framing(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodDelete, http.MethodOptions:
		if r.ContentLength > 0 || len(r.TransferEncoding) > 0 {
			return "A body is not possible with this method."
		}
	}
	for name := range r.Header {
		if strings.ContainsRune(name, '_') {
			return "Header names with underscores are not accepted."
		}
	}
	if len(r.Trailer) > 0 {
		return "Trailers are not accepted."
	}
	if strings.ContainsFunc(r.URL.Path, unicode.IsControl) {
		return "The path has control characters."
	}
	if strings.Contains(r.URL.RawQuery, "%00") || strings.Contains(r.URL.RawQuery, "\x00") {
		return "The query has the character %00."
	}
	return ""
}
