package server

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// refuse ends a request before its front end sees it, and tells whoever keeps
// the trail.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if f := frontEndFor(r); s.cfg.Refused != nil && (f == "odata" || f == "sql" || f == "mcp") {
		s.cfg.Refused(r, f, err)
	}
	s.fail(w, r, err)
}

// frontEndFor is the front end of the mount, or the one that the address means.
func frontEndFor(r *http.Request) string {
	return orElse(observe.RequestOf(r.Context()).FrontEnd(), frontEndOf(r.URL.Path))
}

// fail answers with an error in the form of the front end asked for, or as a page.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	err = gwerr.Because(r.Context(), err)
	e, frontEnd := gwerr.From(err), frontEndFor(r)
	s.cfg.Sink.Observe(r.Context(), observe.RequestFailed{FrontEnd: frontEnd, Code: string(e.Code), Err: err})
	if frontEnd == "admin" || s.cfg.Page == nil || !s.cfg.Page(w, r, e) {
		WriteError(w, r, frontEnd, e)
	}
}

// WriteError writes an error as JSON: as OData has it for the front end
// odata, else with the gateway's own members.
func WriteError(w http.ResponseWriter, r *http.Request, frontEnd string, e *gwerr.Error) {
	h := w.Header()
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((e.RetryAfter.Milliseconds()+999)/1000)))
	}
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	body := map[string]any{"code": string(e.Code), "message": e.Message, "sqlstate": e.Kind().SQLState}
	if e.Hint != "" {
		body["hint"] = e.Hint
	}
	if id := observe.RequestID(r.Context()); id != "" {
		body["requestId"] = id
	}
	if frontEnd == "odata" {
		h.Set("OData-Version", "4.0")
		id, known := body["requestId"]
		body = map[string]any{"code": e.Kind().OData, "message": e.Error()}
		if known {
			body["innererror"] = map[string]any{"requestId": id}
		}
	}
	w.WriteHeader(e.Kind().HTTP)
	if r.Method == http.MethodHead {
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"error": body}) // a client that is gone reads nothing
}
