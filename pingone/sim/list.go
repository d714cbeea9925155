package sim

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-faster/jx"
)

// listing is what stands around the rows of a page.
type listing struct {
	key        string // in _embedded
	count      int    // -1: not told
	next, prev string
	plain      bool // _links.self without the query
	uncounted  bool // the endpoint never tells the count
}

// page is the answer with a page of rows, each written by its number.
func (c *call) page(l *listing, rows []uint32, write func(e *jx.Encoder, number uint32)) reply {
	e := jx.GetEncoder()
	e.ObjStart()
	e.FieldStart("_links")
	e.ObjStart()
	self := c.self()
	if l.plain {
		self = c.address()
	}
	link(e, "self", self)
	if l.next != "" {
		link(e, "next", l.next)
	}
	if l.prev != "" {
		link(e, "prev", l.prev)
	}
	e.ObjEnd()
	e.FieldStart("_embedded")
	e.ObjStart()
	e.FieldStart(l.key)
	e.ArrStart()
	for _, number := range rows {
		write(e, number)
	}
	e.ArrEnd()
	e.ObjEnd()
	if l.count >= 0 {
		e.FieldStart("count")
		e.Int(l.count)
	}
	e.FieldStart("size")
	e.Int(len(rows))
	e.ObjEnd()
	return reply{body: e}
}

// paging is what a caller asked of a listing.
type paging struct {
	limit     int
	at        cursor // with the filter and expand; zero place: the beginning
	continued bool   // there was a cursor
}

// paging reads limit, cursor, filter and expand. A cursor brings its own filter;
// one that is sent along must be the same.
func (s *Server) paging(c *call, def, most int) (paging, error) {
	p := paging{limit: def, at: cursor{Filter: c.query.Get("filter"), Expand: c.query.Get("expand"), Order: c.query.Get("order")}}
	if text := c.query.Get("limit"); c.query.Has("limit") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			one := 1
			return p, invalidRequest(detail{
				Code: "INVALID_PARAMETER", Target: "limit", Message: "The limit must be a number of at least 1.",
				InnerError: &innerError{RangeMinimumValue: &one, RangeMaximumValue: &most},
			})
		}
		p.limit = min(n, most)
	}
	if !c.query.Has("cursor") {
		return p, nil
	}
	at, err := s.unseal(c.query.Get("cursor"), c)
	if err != nil {
		return p, err
	}
	if p.at.Filter != "" && p.at.Filter != at.Filter || p.at.Expand != "" && p.at.Expand != at.Expand {
		return p, refusedCursor("The cursor belongs to another filter or expand.")
	}
	p.at, p.continued = at, true
	return p, nil
}

// link is the address of another page.
func (s *Server) link(c *call, p paging, at cursor) string {
	at.Scope, at.Filter, at.Expand, at.Order = c.request.URL.Path, p.at.Filter, p.at.Expand, p.at.Order
	out := c.address() + "?cursor=" + s.seal(c, at) + "&limit=" + strconv.Itoa(p.limit)
	for _, name := range []string{"samplePeriod", "aggregatedBy"} {
		if value := c.query.Get(name); value != "" {
			out += "&" + name + "=" + url.QueryEscape(value)
		}
	}
	return out
}

// has reports whether a comma-separated parameter names a value.
func has(parameter, value string) bool {
	for part := range strings.SplitSeq(parameter, ",") {
		if strings.TrimSpace(part) == value {
			return true
		}
	}
	return false
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
