package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-faster/jx"
)

// call is one request to the API on its way through a handler.
type call struct {
	request     *http.Request
	route       route
	params      []string
	query       url.Values
	base        string // address of the API with /v1
	access      access
	environment *environment // nil above environments
	now         time.Time
	mood        *unkindness
	number      int64 // of the call, from 1
}

// reply is an answer that succeeded.
type reply struct {
	status   int         // 0: 200
	body     *jx.Encoder // goes back to its pool once it is sent; nil: none
	location string
}

// self is the address that was asked for, query included.
func (c *call) self() string {
	if c.request.URL.RawQuery == "" {
		return c.address()
	}
	return c.address() + "?" + encode(c.request.URL.RawQuery)
}

// encode percent-encodes what a query may hold as it is but an address in JSON
// should not.
func encode(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7F || c == '"' || c == '\\' || c == '<' || c == '>' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// address is the address without the query.
func (c *call) address() string {
	return c.base + strings.TrimPrefix(c.request.URL.EscapedPath(), "/v1")
}

// serveAPI answers a call under /v1.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, t *target) {
	c := &call{request: r, route: t.route, params: t.params, base: scheme(r) + "://" + r.Host + "/v1", now: s.opt.Clock(), mood: s.unkind.Load(), number: s.calls.Add(1)}
	if hook := s.onRequest.Load(); hook != nil && *hook != nil {
		(*hook)(c.number)
	}
	answer, refused := answered(func() reply { return s.run(c, t.known) })
	if refused != nil {
		s.writeError(w, r, refused)
		return
	}
	s.write(w, r, answer)
}

// answered runs what answers a call, or a part of it. What refuses a call panics
// with its *apiError, from however deep below, and this is where that ends.
func answered[T any](run func() T) (answer T, refused *apiError) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *apiError:
			refused = p
		default:
			panic(p)
		}
	}()
	return run(), nil
}

// scheme is how the client reached the server.
func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// run checks a call and runs its handler.
func (s *Server) run(c *call, known bool) reply {
	c.checkSizes()
	c.access = s.authorize(c.request)
	if refused := s.limits.admit(c.route.group, c.environmentKey(), c.request.RemoteAddr); refused != nil {
		panic(refused)
	}
	switch {
	case !known:
		panic(notFound("The address is not known."))
	case c.route.handle == nil:
		panic(refuse(http.StatusMethodNotAllowed))
	}
	var err error
	if c.query, err = url.ParseQuery(c.request.URL.RawQuery); err != nil {
		panic(invalidParameter("query", "The query is not encoded correctly."))
	}
	if most := c.mood.of("max-filter").most; most > 0 && len(c.query.Get("filter")) > most {
		panic(refuse(http.StatusRequestURITooLong))
	}
	s.enter(c)
	return c.route.handle(c)
}

// checkSizes refuses headers that are too long.
func (c *call) checkSizes() {
	most, size := maxHeader, headerSize(c.request.Header)
	if own := c.mood.of("max-header"); own.on {
		most, size = own.most, size+len(c.request.RequestURI)
	}
	if size > most {
		panic(refuse(http.StatusRequestHeaderFieldsTooLarge))
	}
}

// enter finds the environment of a call and checks the right to see it.
func (s *Server) enter(c *call) {
	rest, ok := strings.CutPrefix(c.request.URL.Path, "/v1/environments/")
	if !ok {
		return
	}
	head, _, _ := strings.Cut(rest, "/")
	e := s.environment(canonical(head))
	if e == nil || !c.access.sees(e.id) || c.now.Sub(e.created()) < c.mood.of("new-environments").span {
		panic(forbidden())
	}
	c.environment, c.params = e, c.params[1:]
}

// environmentKey names the environment for limits by source.
func (c *call) environmentKey() string {
	if len(c.params) == 0 {
		return ""
	}
	return c.params[0]
}

func headerSize(h http.Header) int {
	n := 0
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(v) + 4
		}
	}
	return n
}

// maxBody bounds a request body, in bytes.
const maxBody = 256 << 10

const mediaJSON = "application/json"

// mediaOf is the media type of a request in small letters, without parameters.
func (c *call) mediaOf() string {
	name, _, err := mime.ParseMediaType(c.request.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return name
}

// sent reads the JSON object of a call, which must have one of the media types.
// Numbers are json.Number. most bounds its size in bytes; 0 does not.
func (c *call) sent(most int, types ...string) map[string]any {
	media := c.mediaOf()
	if media == "" || !slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, media) }) {
		panic(unsupportedMedia(c.request.Header.Get("Content-Type")))
	}
	raw, err := io.ReadAll(http.MaxBytesReader(nil, c.request.Body, maxBody))
	if err != nil {
		panic(invalidRequest(detail{Code: "SIZE_LIMIT_EXCEEDED", Message: "The body is too large or was cut."}))
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var members map[string]any
	switch err := d.Decode(&members); {
	case err != nil || members == nil || d.More():
		panic(invalidRequest(detail{Code: "INVALID_VALUE", Message: "The body must be one JSON object."}))
	case most > 0 && len(raw) > most:
		panic(invalidData(detail{Code: "SIZE_LIMIT_EXCEEDED", Message: "The body is larger than the resource may be."}))
	}
	return members
}
