package httpguard

import (
	"cmp"
	"io"
	"net/http"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// LimitsConfig bounds requests. Zero values take the defaults named.
type LimitsConfig struct {
	// URL is the longest address in bytes (32 KiB).
	URL int
	// Body is the largest body in bytes (16 MiB).
	Body int64
	// Headers is the largest number of header lines (100). Their size is
	// bounded by http.Server.MaxHeaderBytes.
	Headers int
}

// Limits refuses requests that are larger than allowed. A body whose length
// isn't announced is cut off where it passes the bound, which
// reading it tells by an http.MaxBytesError.
func Limits(cfg LimitsConfig, fail Fail) Middleware {
	cfg.URL, cfg.Body, cfg.Headers = cmp.Or(cfg.URL, 32<<10), cmp.Or(cfg.Body, 16<<20), cmp.Or(cfg.Headers, 100)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			lines := 0
			for _, v := range r.Header {
				lines += len(v)
			}
			switch {
			case len(r.URL.RequestURI()) > cfg.URL:
				fail(w, r, gwerr.Newf(gwerr.TooLarge, "The address is longer than %d bytes.", cfg.URL).WithHint("Send the query in the body: POST to /$query or /sql."))
				return
			case lines > cfg.Headers:
				fail(w, r, gwerr.Newf(gwerr.TooLarge, "The request has more than %d header lines.", cfg.Headers))
				return
			case r.ContentLength > cfg.Body:
				// A client that still sends when the connection ends sees that, not the
				// answer; one that waits for 100 Continue sends nothing.
				if r.Header.Get("Expect") == "" {
					_, _ = io.CopyN(io.Discard, r.Body, cfg.Body)
				}
				fail(w, r, gwerr.Newf(gwerr.TooLarge, "The body is larger than %d bytes.", cfg.Body).WithHint("Send less at a time."))
				return
			case encoded(r):
				w.Header().Set("Accept-Encoding", "identity")
				fail(w, r, gwerr.New(gwerr.UnsupportedMedia, "The body is compressed, and such bodies are not read.", "Send it without Content-Encoding."))
				return
			}
			if r.Body != nil && r.Body != http.NoBody {
				r.Body = http.MaxBytesReader(w, r.Body, cfg.Body)
			}
			next.ServeHTTP(w, r)
		})
	}
}

// encoded tells whether a body is said to be something else than what its type says.
//
// Source: RFC 9110, sections 8.4 and 15.5.16.
func encoded(r *http.Request) bool {
	for _, name := range r.Header.Values("Content-Encoding") {
		if name != "" && !strings.EqualFold(name, "identity") {
			return r.ContentLength != 0
		}
	}
	return false
}
