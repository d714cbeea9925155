package odata

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// monitorSegment is where answers are fetched that clients did not wait for.
const monitorSegment = "$requests"

const respondAsync = "respond-async"

// later begins a read whose client prefers to come back for its answer. begun is false
// where it is answered at once.
//
// Source: OData 4.01 Part 1, sections 8.2.8.8 and 11.6.
func (q *request) later() (begun bool, err error) {
	store := q.h.cfg.Async
	if store == nil || q.r.Method != http.MethodGet {
		return false, nil
	}
	written, wanted := prefers(q.r.Header, respondAsync)
	if !wanted {
		return false, nil
	}
	if _, inBatch := q.w.(*watched); inBatch || q.h.monitored(q.r) {
		return false, nil
	}
	if q.version, err = negotiateVersion(q.r.Header); err != nil {
		return false, err
	}
	id, ok := store.Start(q.r.Context(), q.h.cfg.Caller(q.r.Context()), func(ctx context.Context, w http.ResponseWriter) {
		r := q.r.Clone(ctx)
		r.Header.Set("Prefer", without(r.Header, respondAsync))
		q.h.ServeHTTP(w, r)
	})
	if !ok {
		return false, nil
	}
	q.route = "monitor"
	q.w.Header().Set("Preference-Applied", written)
	stamp := binary.AppendVarint(nil, q.h.cfg.Clock().Unix())
	token := q.h.links.sign(append(stamp, id...), q.monitorScope())
	q.accepted202(q.h.cfg.BaseURL(q.r) + q.h.cfg.Prefix + monitorSegment + "/" + token)
	return true, nil
}

// monitorScope keeps the addresses of answers apart from next links, and callers from
// one another.
func (q *request) monitorScope() string { return monitorSegment + " " + q.h.cfg.Caller(q.r.Context()) }

// accepted202 says that there is no answer yet.
func (q *request) accepted202(monitor string) {
	q.w.Header().Set("Location", monitor)
	q.w.Header().Set("Retry-After", "1")
	q.head(http.StatusAccepted, "")
}

// monitored tells whether the address is that of an answer.
func (h *Handler) monitored(r *http.Request) bool {
	return strings.HasPrefix(r.URL.EscapedPath(), h.cfg.Prefix+monitorSegment+"/")
}

// monitor answers with what a request was answered, if that is there, or forgets it.
//
// A request runs on one replica, and its answer waits there. To others the client comes
// as one that is too early.
func (q *request) monitor(token string) error {
	q.route = "monitor"
	store, caller := q.h.cfg.Async, q.h.cfg.Caller(q.r.Context())
	if store == nil {
		return gwerr.New(gwerr.NotFound, "There is no such request.", "")
	}
	switch q.r.Method {
	case http.MethodGet, http.MethodHead, http.MethodDelete:
	default:
		q.w.Header().Set("Allow", readMethods+", DELETE")
		return gwerr.New(gwerr.MethodNotAllowed, "An answer that waits is fetched by GET, and forgotten by DELETE.", "")
	}
	var err error
	if q.version, err = negotiateVersion(q.r.Header); err != nil {
		return err
	}
	body, ok := q.h.links.signed(token, q.monitorScope())
	begun, size := binary.Varint(body)
	if !ok || size <= 0 {
		return gwerr.New(gwerr.NotFound, "There is no such request.", "")
	}
	id := string(body[size:])
	if q.r.Method == http.MethodDelete && store.Remove(caller, id) {
		return q.nothing()
	}
	a, err := store.Find(caller, id)
	switch late := q.h.cfg.Clock().Sub(time.Unix(begun, 0)) > store.Lifetime(); {
	case a == nil && late:
		q.status = http.StatusGone
		return gwerr.New(gwerr.NotFound, "The request, and its answer, ended after "+store.Lifetime().String()+".", "Ask again.")
	case err != nil && store.Elsewhere(id) && q.r.Method != http.MethodDelete:
		// Another replica has it. A client that comes by another connection finds that one.
		q.w.Header().Set("Connection", "close")
		fallthrough
	case a == nil && err == nil:
		q.accepted202(q.h.cfg.BaseURL(q.r) + q.r.URL.EscapedPath())
		return nil
	case err != nil:
		return err
	}
	h := q.w.Header()
	h.Set("AsyncResult", strconv.Itoa(a.Status))
	if q.version == version401 && !strings.Contains(q.r.Header.Get("Accept"), "application/http") {
		for name, values := range a.Header {
			switch {
			case name != headerVersion:
				h[name] = values
			case slices.Contains(values, version40.String()): // of the request that it answers
				q.version = version40
			}
		}
		q.head(http.StatusOK, "")
		return q.copy(a.Body())
	}
	h.Set("Content-Transfer-Encoding", "binary")
	q.head(http.StatusOK, "application/http")
	var head strings.Builder
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", a.Status, http.StatusText(a.Status))
	_ = a.Header.Write(&head)
	head.WriteString("\r\n")
	return q.copy(io.MultiReader(strings.NewReader(head.String()), a.Body()))
}

func (q *request) copy(body io.Reader) error {
	if q.r.Method == http.MethodHead {
		return nil
	}
	_, err := bufio.NewReaderSize(body, writeBytes).WriteTo(writerFunc(func(p []byte) (int, error) { return len(p), q.write(p) }))
	return err
}

type writerFunc func([]byte) (int, error)

// Write implements io.Writer.
func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
