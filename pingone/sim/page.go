package sim

import (
	"slices"
	"strconv"
)

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
