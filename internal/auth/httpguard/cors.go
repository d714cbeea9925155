package httpguard

import (
	"net/http"
	"net/url"
	"time"

	"github.com/rs/cors"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// corsAge is how long browsers keep the permission.
const corsAge = 10 * time.Minute

// CORS lets pages of the listed origins, such as https://reports.example.com, read
// answers; without any, no page of another origin can. Cookies play no part:
// callers send the Authorization header. The error is gwerr.Config for what is
// no origin, a star among it.
func CORS(origins []string) (Middleware, error) {
	if len(origins) == 0 {
		return func(next http.Handler) http.Handler { return next }, nil
	}
	for _, o := range origins {
		u, err := url.Parse(o)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || o != u.Scheme+"://"+u.Host || u.Hostname() == "*" {
			return nil, gwerr.Newf(gwerr.Config, "%q is not an origin for CORS; write one such as https://reports.example.com.", o)
		}
	}
	c := cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders: []string{"Authorization", "X-API-Key", "Content-Type", "Accept", "OData-Version", "OData-MaxVersion", "Prefer", "X-Query-Id", "If-Match", "If-None-Match"},
		ExposedHeaders: []string{"OData-Version", "ETag", "Preference-Applied", "Retry-After", "X-Request-Id", "X-Query-Id", "Age", "Gateway-Notes"},
		MaxAge:         int(corsAge / time.Second),
	})
	return c.Handler, nil
}
