package odata

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/odata/uri"
)

// errorBody is the JSON of a failed answer.
//
// Source: OData JSON Format 4.01, section 21.1.
type errorBody struct {
	Error struct {
		Code    string        `json:"code"`
		Message string        `json:"message"`
		Target  string        `json:"target,omitempty"`
		Details []errorDetail `json:"details,omitempty"`
		Inner   *innerError   `json:"innererror,omitempty"`
	} `json:"error"`
}

type errorDetail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// innerError is what the administrator needs to find the request in the log.
type innerError struct {
	RequestID string `json:"requestId"`
}

// fail answers with an error. Where the answer has begun it breaks off
// instead, so that the client sees an incomplete body.
func (q *request) fail(err error) {
	err = gwerr.Because(q.r.Context(), err)
	e := q.inCharacters(gwerr.From(err))
	q.h.cfg.Failed(q.r.Context(), err)
	if q.started {
		panic(http.ErrAbortHandler)
	}
	kind := e.Kind()
	status := kind.HTTP
	if q.status != 0 { // of a header or a batch, which has no code of its own
		status = q.status
	}
	var body errorBody
	body.Error.Code, body.Error.Message, body.Error.Target = kind.OData, e.Error(), e.Target
	if e.Position >= 0 {
		body.Error.Details = []errorDetail{{Code: "Position", Message: "Character " + strconv.Itoa(e.Position+1) + " of " + e.Target + "."}}
	}
	if id := observe.RequestID(q.r.Context()); id != "" {
		body.Error.Inner = &innerError{id}
	}
	text, err := json.Marshal(body)
	if err != nil { // strings always marshal
		panic(err)
	}
	if e.RetryAfter > 0 {
		seconds := (e.RetryAfter + time.Second - 1) / time.Second
		q.w.Header().Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
	}
	q.w.Header().Del("ETag")
	if h := q.w.Header(); status == http.StatusMethodNotAllowed && h.Get("Allow") == "" {
		h.Set("Allow", readMethods)
	}
	_ = q.whole(status, format{name: "application/json"}.contentType(q.version), text)
}

// inCharacters has the place of an error in the address count characters, as its reader
// does, and not bytes.
func (q *request) inCharacters(e *gwerr.Error) *gwerr.Error {
	counted := *e
	if e.Target == "" { // in a statement that the client hasn't written
		counted.Position = gwerr.NoPosition
	}
	if c := e.Character(uri.TextOf(e.Target, q.rest, q.query)); c > 0 {
		counted.Position = c - 1
	}
	return &counted
}
