package sim

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

const (
	halJSON   = "application/hal+json;charset=UTF-8"
	plainJSON = "application/json;charset=UTF-8"
)

// smallBody is the size in bytes up to which compression is not worth it.
const smallBody = 1024

// write sends an answer.
func (s *Server) write(w http.ResponseWriter, r *http.Request, a reply) {
	if a.pooled {
		defer giveBuffer(a.body)
	}
	u := s.unkind.Load()
	if u.spelling != (spelling{}) {
		a.body = s.respell(a.body, u.spelling)
	}
	h := w.Header()
	s.commonHeaders(h)
	if a.location != "" {
		h.Set("Location", a.location)
	}
	status := a.status
	if status == 0 {
		status = http.StatusOK
	}
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	h.Set("Content-Type", halJSON)
	if !u.halAlways {
		h.Set("Content-Type", mediaType(r.Header.Values("Accept")))
	}
	if len(a.body) > smallBody && !s.opt.NoCompression && acceptsGzip(r.Header.Values("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		w.WriteHeader(status)
		compress(w, a.body)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(status)
	_, _ = w.Write(a.body) // a client that is gone needs no answer
}

// writeError sends a refusal.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	e := asAPIError(err)
	if e.status == http.StatusTooManyRequests && s.unkind.Load().noRetryAfter {
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
	s.write(w, r, reply{status: e.status, body: e.body(s.nextID().String())})
}

// nextID is a UUID for tracing.
func (s *Server) nextID() data.ID {
	return data.IDs(data.Mix(s.opt.Seed ^ data.SaltOf("errors"))).ID(s.errorIDs.Add(1))
}

// commonHeaders are on every answer of the API.
func (s *Server) commonHeaders(h http.Header) {
	h.Set("Correlation-Id", s.nextID().String())
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

func acceptsGzip(accept []string) bool {
	for _, line := range accept {
		for part := range strings.SplitSeq(line, ",") {
			name, q, _ := strings.Cut(part, ";")
			if strings.TrimSpace(name) == "gzip" && strings.TrimSpace(q) != "q=0" {
				return true
			}
		}
	}
	return false
}

var zippers = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is valid
	}
	return z
}}

// compress sends a body as gzip. Errors mean that the client is gone.
func compress(w http.ResponseWriter, body []byte) {
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(w)
	_, _ = z.Write(body)
	_ = z.Close()
}

// buffers are bodies to write the next one into.
var buffers sync.Pool

// maxPooled keeps outsized buffers from living on, in bytes.
const maxPooled = 8 << 20

func takeBuffer() []byte {
	if b, ok := buffers.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, 16<<10)
}

func giveBuffer(b []byte) {
	if cap(b) <= maxPooled {
		buffers.Put(&b)
	}
}
