package sim

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-faster/jx"
	"github.com/klauspost/compress/flate"
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
func (s *Server) paging(c *call, def, most int) paging {
	p := paging{limit: def, at: cursor{Filter: c.query.Get("filter"), Expand: c.query.Get("expand"), Order: c.query.Get("order")}}
	if text := c.query.Get("limit"); c.query.Has("limit") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			one := 1
			panic(invalidRequest(detail{
				Code: "INVALID_PARAMETER", Target: "limit", Message: "The limit must be a number of at least 1.",
				InnerError: &innerError{RangeMinimumValue: &one, RangeMaximumValue: &most},
			}))
		}
		p.limit = min(n, most)
	}
	if !c.query.Has("cursor") {
		return p
	}
	at := s.unseal(c.query.Get("cursor"), c)
	if p.at.Filter != "" && p.at.Filter != at.Filter || p.at.Expand != "" && p.at.Expand != at.Expand {
		panic(refusedCursor("The cursor belongs to another filter or expand."))
	}
	p.at, p.continued = at, true
	return p
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
	return slices.Contains(strings.FieldsFunc(parameter, func(r rune) bool { return r == ',' || r == ' ' }), value)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// What cursor.Hop says.
const (
	afterEmpty = 1 // the page before was empty, so this one is not
	atEnd      = 2 // there was nothing more, and still there is this page
)

// turn reads the page that was asked for from a result, whose rows are numbers in
// ascending order, and sets the count and the links of the listing. Every paged
// endpoint goes through it, so that each way of being unkind holds for all of them.
func (s *Server) turn(c *call, p paging, l *listing, found []uint32) []uint32 {
	total, hidden, empty := len(found), c.mood.of("no-count"), uint64(c.mood.of("empty-pages").most)
	if l.count = total; l.uncounted || hidden.on && total > hidden.most {
		l.count = -1
	}
	if p.at.Backward {
		return s.turnBack(c, p, l, found)
	}
	drawn := s.draw("page", c.request.URL.Path, p.at.Filter, strconv.Itoa(int(p.at.Index)), strconv.Itoa(p.limit), strconv.Itoa(p.at.Loop))
	if empty > 0 && p.at.Hop == 0 && drawn%empty == 0 && total > 0 {
		again := p.at
		again.Hop = afterEmpty
		l.next = s.link(c, p, again)
		return nil
	}
	rows, after, more := c.pageRows(p, found, pageSize(c.mood.of("short-pages").part, p.limit, drawn>>20))
	hop := !more && len(rows) > 0 && p.at.Hop != atEnd && empty > 0 && drawn>>10%empty == 0
	if more || hop {
		l.next = s.link(c, p, c.nextPlace(p, after, hop))
	}
	if p.continued && len(rows) > 0 {
		before := p.at
		before.Backward, before.Hop, before.Loop = true, 0, 0
		if !before.Offset {
			before.Index = rows[0]
		}
		l.prev = s.link(c, p, before)
	}
	return rows
}

// pageSize is how many rows a page has.
func pageSize(part float64, limit int, drawn uint64) int {
	if part == 0 {
		return limit
	}
	return 1 + int(drawn%uint64(max(1, int(float64(limit)*part))))
}

// firstAt is where in a result a page begins: a place is an offset into it, or
// the number of a row.
func firstAt(found []uint32, place uint32, offset bool) int {
	if offset {
		return min(int(place), len(found))
	}
	at, _ := slices.BinarySearch(found, place)
	return at
}

// pageRows reads a page and tells where the next one begins and whether there is
// anything.
func (c *call) pageRows(p paging, found []uint32, size int) (rows []uint32, after uint32, more bool) {
	offset := p.at.Offset || c.mood.of("shifting-pages").on && !p.continued
	first := firstAt(found, p.at.Index, offset)
	if p.continued {
		first = max(0, first-min(c.mood.of("repeat-rows").most, size-1))
	}
	end := min(first+size, len(found))
	rows, more = found[first:end], end < len(found)
	switch {
	case offset:
		return rows, uint32(end), more
	case len(rows) == 0:
		return rows, p.at.Index, more
	}
	return rows, max(p.at.Index, rows[len(rows)-1]+1), more
}

// nextPlace is where the next link leads.
func (c *call) nextPlace(p paging, after uint32, hop bool) cursor {
	next := cursor{Index: after, Offset: p.at.Offset || c.mood.of("shifting-pages").on && !p.continued}
	if hop {
		next.Hop = atEnd
	}
	switch {
	case !c.mood.of("endless-links").on || !p.continued:
	case p.at.Loop == 0:
		next.Loop, next.Other = 1, p.at.Index
	default:
		next.Index, next.Other, next.Loop = p.at.Other, p.at.Index, 3-p.at.Loop
	}
	return next
}

// turnBack reads the page before a place.
func (s *Server) turnBack(c *call, p paging, l *listing, found []uint32) []uint32 {
	end := firstAt(found, p.at.Index, p.at.Offset)
	from := max(0, end-p.limit)
	if from == end {
		return nil
	}
	first, last := p.at, p.at
	last.Backward = false
	if first.Index = uint32(from); !p.at.Offset {
		first.Index, last.Index = found[from], found[end-1]+1
	}
	l.next = s.link(c, p, last)
	if from > 0 {
		l.prev = s.link(c, p, first)
	}
	return found[from:end]
}

// cursor is a place in a listing, with all that the listing depends on, so that
// a link needs nothing else. It travels sealed: PingOne's cursors are opaque.
type cursor struct {
	Scope    string `json:"s"` // path of the listing
	Filter   string `json:"f,omitempty"`
	Expand   string `json:"e,omitempty"`
	Order    string `json:"r,omitempty"`
	Index    uint32 `json:"i"` // before this row, or offset
	Backward bool   `json:"b,omitempty"`

	// What the switches add.
	Offset bool   `json:"o,omitempty"` // Index is an offset into the result
	Hop    int    `json:"h,omitempty"` // what empty pages have to do with it
	Loop   int    `json:"l,omitempty"` // 1 or 2: one of two pages that lead to each other
	Other  uint32 `json:"p,omitempty"` // Index of the other one
	Made   int64  `json:"m,omitempty"` // Unix milliseconds
	Call   int64  `json:"n,omitempty"` // number of the call that made it
	Token  string `json:"t,omitempty"` // hash of its access token
}

// maxCursor bounds what a cursor unpacks to.
const maxCursor = 64 << 10

// macSize is the length of the seal in bytes.
const macSize = 12

// longCursor is the length in bytes from which a cursor is packed: it then holds
// a long filter, and addresses have limits.
const longCursor = 400

// seal writes a cursor as URL-safe text, with what it is bound to.
func (s *Server) seal(c *call, at cursor) string {
	at.Made, at.Call, at.Token = 0, 0, ""
	if c.mood.of("cursor-ttl").on {
		at.Made = c.now.UnixMilli()
	}
	if c.mood.of("cursor-calls").on {
		at.Call = c.number
	}
	if c.mood.of("cursor-token").on {
		at.Token = c.tokenHash()
	}
	body, err := json.Marshal(at)
	if err != nil {
		panic(err) // strings and numbers: cannot fail
	}
	if len(body) >= longCursor {
		var packed bytes.Buffer
		_ = flate.StatelessDeflate(&packed, body, true, nil) // a Buffer takes everything
		body = packed.Bytes()
	}
	return base64.RawURLEncoding.EncodeToString(append(s.mac(body), body...))
}

// unseal reads a cursor and refuses one that was altered, made for another
// listing, or is no longer good.
func (s *Server) unseal(text string, by *call) (c cursor) {
	invalid := refusedCursor("The cursor is not valid.")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) <= macSize || !hmac.Equal(raw[:macSize], s.mac(raw[macSize:])) {
		panic(invalid)
	}
	body := raw[macSize:]
	if body[0] != '{' {
		if body, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body)), maxCursor)); err != nil {
			panic(invalid)
		}
	}
	if json.Unmarshal(body, &c) != nil || c.Scope != by.request.URL.Path {
		panic(invalid)
	}
	ttl, calls := by.mood.of("cursor-ttl"), by.mood.of("cursor-calls")
	switch {
	case ttl.on && c.Made > 0 && by.now.Sub(time.UnixMilli(c.Made)) >= ttl.span, calls.on && c.Call > 0 && by.number-c.Call > int64(calls.most):
		panic(refusedCursor("The cursor has expired."))
	case by.mood.of("cursor-token").on && c.Token != "" && c.Token != by.tokenHash():
		panic(refusedCursor("The cursor belongs to another access token."))
	}
	return c
}

// tokenHash tells access tokens apart.
func (c *call) tokenHash() string {
	sum := sha256.Sum256([]byte(c.request.Header.Get("Authorization")))
	return hex.EncodeToString(sum[:6])
}

func (s *Server) mac(packed []byte) []byte {
	h := hmac.New(sha256.New, s.cursorKey)
	_, _ = h.Write(packed) // never fails
	return h.Sum(nil)[:macSize]
}
