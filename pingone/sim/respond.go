package sim

import (
	"cmp"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
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
	if u.respells() {
		body = s.respell(body, u)
	}
	h.Set("Content-Type", halJSON)
	if !u.of("hal-json").on {
		h.Set("Content-Type", mediaType(r.Header.Values("Accept")))
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(cmp.Or(a.status, http.StatusOK))
	_, _ = w.Write(body) // a client that is gone needs no answer
}

// writeError sends a refusal.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, refused *apiError) {
	e := *refused
	if e.status == http.StatusTooManyRequests && s.unkind.Load().of("no-retry-after").on {
		e.retryAfter, e.Details = nil, nil
	}
	if e.retryAfter != nil {
		w.Header().Set("Retry-After", strconv.Itoa(*e.retryAfter))
	}
	if e.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="PingOne", error="invalid_token"`)
	}
	body := jx.GetEncoder()
	e.ID = s.nextID()
	writeJSON(body, e)
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
	qualities := make(map[string]float64)
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, params, err := mime.ParseMediaType(part)
		q, none := strconv.ParseFloat(params["q"], 64)
		if none != nil {
			q = 1
		}
		if err == nil {
			qualities[name] = max(qualities[name], q)
		}
	}
	if qualities["application/json"] > qualities["application/hal+json"] {
		return plainJSON
	}
	return halJSON
}

// apiError is an answer that refuses a call, in the shape of the API's error model.
type apiError struct {
	ID         string   `json:"id"` // makes it traceable
	Code       string   `json:"code"`
	Message    string   `json:"message"`
	Details    []detail `json:"details,omitempty"`
	status     int
	retryAfter *int // seconds in Retry-After; nil sends none
}

type (
	detail     = resource.Detail
	innerError = resource.InnerError
)

// Error implements error.
func (e *apiError) Error() string { return e.Code + ": " + e.Message }

// refusals are what the API says with each status: a code, a message, and the
// code and message of the detail when there is no other.
var refusals = map[int][4]string{
	http.StatusBadRequest:                  {"INVALID_REQUEST", "The request was malformed or invalid."},
	http.StatusUnauthorized:                {"ACCESS_FAILED", "You do not have access to this resource.", "INVALID_TOKEN", "The token is not valid."},
	http.StatusForbidden:                   {"ACCESS_FAILED", "You do not have access to this resource.", "INSUFFICIENT_PERMISSIONS", "The actor attempting to perform the request is not authorized."},
	http.StatusNotFound:                    {"NOT_FOUND", "The requested resource was not found.", "INVALID_VALUE", "The resource does not exist."},
	http.StatusMethodNotAllowed:            {"INVALID_REQUEST", "The method is not supported by this resource."},
	http.StatusRequestURITooLong:           {"INVALID_REQUEST", "The request was malformed or invalid."},
	http.StatusUnsupportedMediaType:        {"INVALID_REQUEST", "The request was malformed or invalid."},
	http.StatusTooManyRequests:             {"REQUEST_LIMITED", "The limit on the number of requests was exceeded.", "LIMIT_EXCEEDED", "Too many requests."},
	http.StatusRequestHeaderFieldsTooLarge: {"INVALID_REQUEST", "The request was malformed or invalid."},
}

// refuse makes the answer of a status.
func refuse(status int, details ...detail) *apiError {
	e := &apiError{status: status, Code: "REQUEST_FAILED", Message: "The request could not be completed.", Details: details}
	if r, ok := refusals[status]; ok {
		e.Code = r[0]
		e.Message += " " + r[1]
		if details == nil && r[2] != "" {
			e.Details = []detail{{Code: r[2], Message: r[3]}}
		}
	} else if status >= http.StatusInternalServerError {
		e.Code, e.Message = "UNEXPECTED_ERROR", "An unexpected error occurred. Please try again later."
	}
	return e
}

// invalidData refuses values in a body.
func invalidData(details ...detail) *apiError {
	e := refuse(http.StatusBadRequest, details...)
	e.Code, e.Message = "INVALID_DATA", "The request could not be completed. One or more validation errors were in the request."
	return e
}

// invalidRequest refuses a malformed request.
func invalidRequest(details ...detail) *apiError { return refuse(http.StatusBadRequest, details...) }

func invalidParameter(name, message string) *apiError {
	return invalidRequest(detail{Code: "INVALID_PARAMETER", Target: name, Message: message})
}

// refusedCursor is the answer to a cursor that is not good, or no longer. What
// the service answers is not documented: this is the only place that decides.
func refusedCursor(message string) *apiError {
	return invalidRequest(detail{Code: "INVALID_VALUE", Target: "cursor", Message: message})
}

func invalidValue(target, message string) *apiError {
	return invalidData(detail{Code: "INVALID_VALUE", Target: target, Message: message})
}

// constraint refuses what contradicts the state of the directory.
func constraint(target, message string) *apiError {
	return invalidData(detail{Code: "CONSTRAINT_VIOLATION", Target: target, Message: message})
}

func required(target string) *apiError {
	return invalidData(detail{Code: "REQUIRED_VALUE", Target: target, Message: "must not be null"})
}

func notUnique(target, existing string) *apiError {
	return invalidData(*resource.NotUnique(target, existing))
}

func unauthorized(message string) *apiError {
	return refuse(http.StatusUnauthorized, detail{Code: "INVALID_TOKEN", Message: message})
}

func forbidden() *apiError { return refuse(http.StatusForbidden) }

func notFound(message string) *apiError {
	return refuse(http.StatusNotFound, detail{Code: "INVALID_VALUE", Message: message})
}

func unsupportedMedia(got string) *apiError {
	return refuse(http.StatusUnsupportedMediaType, detail{Code: "INVALID_VALUE", Target: "Content-Type", Message: "Content type '" + got + "' is not supported."})
}

// tooMany refuses a call over the limit.
func tooMany(seconds, limit int) *apiError {
	e := refuse(http.StatusTooManyRequests)
	e.Details[0].InnerError, e.retryAfter = &innerError{QuotaLimit: limit, RetryAfter: seconds}, &seconds
	return e
}
