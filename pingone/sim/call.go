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
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	t := targetOf(r)
	c := &call{request: r, route: t.route, params: t.params, base: scheme(r) + "://" + r.Host + "/v1", now: s.opt.Clock(), mood: s.unkind.Load(), number: s.calls.Add(1)}
	if hook := s.onRequest.Load(); hook != nil {
		(*hook)(c.number)
	}
	answer, err := s.run(c, t.known)
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	s.write(w, r, answer)
}

// scheme is how the client reached the server.
func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// run checks a call and runs its handler.
func (s *Server) run(c *call, known bool) (reply, error) {
	if err := c.checkSizes(); err != nil {
		return reply{}, err
	}
	var err error
	if c.access, err = s.authorize(c.request); err != nil {
		return reply{}, err
	}
	if err := s.admit(c.request, c.route.group, c.environmentKey()); err != nil {
		return reply{}, err
	}
	switch {
	case !known:
		return reply{}, notFound("The address is not known.")
	case c.route.handle == nil:
		return reply{}, refuse(http.StatusMethodNotAllowed)
	}
	if c.query, err = url.ParseQuery(c.request.URL.RawQuery); err != nil {
		return reply{}, invalidParameter("query", "The query is not encoded correctly.")
	}
	if most := c.mood.of("max-filter").most; most > 0 && len(c.query.Get("filter")) > most {
		return reply{}, refuse(http.StatusRequestURITooLong)
	}
	if err := s.enter(c); err != nil {
		return reply{}, err
	}
	return c.route.handle(c)
}

// checkSizes refuses headers that are too long.
func (c *call) checkSizes() error {
	most, size := maxHeader, headerSize(c.request.Header)
	if own := c.mood.of("max-header"); own.on {
		most, size = own.most, size+len(c.request.RequestURI)
	}
	if size > most {
		return refuse(http.StatusRequestHeaderFieldsTooLarge)
	}
	return nil
}

// enter finds the environment of a call and checks the right to see it.
func (s *Server) enter(c *call) error {
	rest, ok := strings.CutPrefix(c.request.URL.Path, "/v1/environments/")
	if !ok {
		return nil
	}
	head, _, _ := strings.Cut(rest, "/")
	e := s.environment(canonical(head))
	if e == nil || !c.access.sees(e.id) {
		return forbidden()
	}
	if age := c.now.Sub(e.created()); age < c.mood.of("new-environments").span {
		return forbidden()
	}
	c.environment, c.params = e, c.params[1:]
	return nil
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
func (c *call) sent(most int, types ...string) (map[string]any, error) {
	media := c.mediaOf()
	if media == "" || !slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, media) }) {
		return nil, unsupportedMedia(c.request.Header.Get("Content-Type"))
	}
	raw, err := io.ReadAll(http.MaxBytesReader(nil, c.request.Body, maxBody))
	if err != nil {
		return nil, invalidRequest(detail{Code: "SIZE_LIMIT_EXCEEDED", Message: "The body is too large or was cut."})
	}
	members, err := decodeObject(raw)
	switch {
	case err != nil:
		return nil, invalidRequest(detail{Code: "INVALID_VALUE", Message: "The body must be one JSON object."})
	case most > 0 && len(raw) > most:
		return nil, invalidData(detail{Code: "SIZE_LIMIT_EXCEEDED", Message: "The body is larger than the resource may be."})
	}
	return members, nil
}

// decodeObject reads one JSON object and nothing else.
func decodeObject(raw []byte) (members map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&members); err != nil {
		return nil, err
	}
	if members == nil || d.More() {
		return nil, io.ErrUnexpectedEOF
	}
	return members, nil
}
