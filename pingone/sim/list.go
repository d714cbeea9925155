package sim

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// listing is a page of a collection on its way out. The links are set first,
// then it is opened, then rows are added, then it is closed.
type listing struct {
	key       string // in _embedded
	count     int    // -1: not told
	next      string
	prev      string
	plain     bool // _links.self without the query
	uncounted bool // the endpoint never tells the count
	dst       []byte
	size      int
}

// open writes what stands before the rows.
func (c *call) open(l *listing) {
	o := open(takeBuffer())
	links := o.child("_links")
	if l.plain {
		links.link("self", c.address())
	} else {
		links.link("self", c.self())
	}
	if l.next != "" {
		links.link("next", l.next)
	}
	if l.prev != "" {
		links.link("prev", l.prev)
	}
	o.end(links)
	embedded := o.child("_embedded")
	embedded.key(l.key)
	l.dst = append(embedded.dst, '[')
}

// add writes another row.
func (l *listing) add(row func(dst []byte) []byte) {
	if l.size > 0 {
		l.dst = append(l.dst, ',')
	}
	l.dst = row(l.dst)
	l.size++
}

// close writes what stands behind the rows.
func (l *listing) close() reply {
	o := object{dst: append(l.dst, "]}"...)}
	if l.count >= 0 {
		o.int("count", l.count)
	}
	o.int("size", l.size)
	return reply{body: o.close(), pooled: true}
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
	text := c.query.Get("cursor")
	if !c.query.Has("cursor") {
		return p, nil
	}
	at, err := s.unseal(text, c)
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
