package sim

import (
	"cmp"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-faster/jx"
	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

const (
	halJSON   = "application/hal+json;charset=UTF-8"
	plainJSON = "application/json;charset=UTF-8"
)

// write sends an answer.
func (s *Server) write(w http.ResponseWriter, r *http.Request, a reply) {
	h, u := w.Header(), s.unkind.Load()
	s.commonHeaders(h)
	if a.location != "" {
		h.Set("Location", a.location)
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	defer jx.PutEncoder(a.body)
	body := a.body.Bytes()
	if how := u.spelling(); how != (spelling{}) {
		body = s.respell(body, how)
	}
	h.Set("Content-Type", halJSON)
	if !u.of("hal-json").on {
		h.Set("Content-Type", mediaType(r.Header.Values("Accept")))
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(cmp.Or(a.status, http.StatusOK))
	_, _ = w.Write(body) // a client that is gone needs no answer
}

// compressed answers with gzip where the client takes it and it is worth it.
func (s *Server) compressed(h http.Handler) (http.Handler, error) {
	if s.opt.NoCompression {
		return h, nil
	}
	wrap, err := gzhttp.NewWrapper(gzhttp.CompressionLevel(gzip.BestSpeed))
	if err != nil {
		return nil, err
	}
	return wrap(h), nil
}

// writeError sends a refusal.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	e := asAPIError(err)
	if e.status == http.StatusTooManyRequests && s.unkind.Load().of("no-retry-after").on {
		silent := *e
		silent.retryAfter, silent.details = nil, nil
		e = &silent
	}
	if e.retryAfter != nil {
		w.Header().Set("Retry-After", strconv.Itoa(*e.retryAfter))
	}
	if e.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="PingOne", error="invalid_token"`)
	}
	body := jx.GetEncoder()
	body.Raw(e.body(s.nextID()))
	s.write(w, r, reply{status: e.status, body: body})
}

// nextID is a UUID for tracing.
func (s *Server) nextID() string {
	return data.IDs(data.Mix(s.opt.Seed ^ data.SaltOf("errors"))).ID(s.errorIDs.Add(1))
}

// commonHeaders are on every answer of the API.
func (s *Server) commonHeaders(h http.Header) {
	h.Set("Correlation-Id", s.nextID())
	h.Set("Date", s.opt.Clock().UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "0")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Xss-Protection", "1; mode=block")
	h.Set("Via", "1.1 simulator")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Correlation-Id")
	h["Vary"] = []string{"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers", "Accept", "Accept-Encoding"}
}

// mediaType chooses between plain JSON and HAL: plain only when Accept names it
// and does not name HAL with at least the same quality.
func mediaType(accept []string) string {
	hal, plain := -1.0, -1.0
	for _, line := range accept {
		for part := range strings.SplitSeq(line, ",") {
			name, params, err := mime.ParseMediaType(part)
			if err != nil {
				continue
			}
			q := 1.0
			if v, err := strconv.ParseFloat(params["q"], 64); err == nil {
				q = v
			}
			switch name {
			case "application/hal+json":
				hal = max(hal, q)
			case "application/json":
				plain = max(plain, q)
			}
		}
	}
	if plain > 0 && plain > hal {
		return plainJSON
	}
	return halJSON
}
