package httpguard

import (
	"net/http"
	"net/url"
	"time"

	"github.com/rs/cors"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// CORSConfig configures CORS. Without origins, browsers' pages of other
// origins can't read answers.
type CORSConfig struct {
	// Origins are whole origins, such as https://reports.example.com.
	Origins []string
	// Methods are those allowed besides GET, HEAD and POST.
	Methods []string
	// MaxAge is how long browsers keep the permission.
	MaxAge time.Duration
}

// CORS lets pages of the listed origins read answers. Cookies play no part:
// callers send the Authorization header. The error is gwerr.Config for what is
// no origin, a star among it.
func CORS(cfg CORSConfig) (Middleware, error) {
	if len(cfg.Origins) == 0 {
		return func(next http.Handler) http.Handler { return next }, nil
	}
	for _, o := range cfg.Origins {
		u, err := url.Parse(o)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || o != u.Scheme+"://"+u.Host || u.Hostname() == "*" {
			return nil, gwerr.Newf(gwerr.Config, "%q is not an origin for CORS; write one such as https://reports.example.com.", o)
		}
	}
	c := cors.New(cors.Options{
		AllowedOrigins: cfg.Origins,
		AllowedMethods: append([]string{http.MethodGet, http.MethodHead, http.MethodPost}, cfg.Methods...),
		AllowedHeaders: []string{"Authorization", "X-API-Key", "Content-Type", "Accept", "OData-Version", "OData-MaxVersion", "Prefer", "X-Query-Id", "If-Match", "If-None-Match"},
		ExposedHeaders: []string{"OData-Version", "ETag", "Preference-Applied", "Retry-After", "X-Request-Id", "X-Query-Id", "Age", "Gateway-Notes"},
		MaxAge:         int(cfg.MaxAge / time.Second),
	})
	return c.Handler, nil
}
