package sim

import (
	"math"
	"slices"
	"strconv"
)

// What cursor.Hop says.
const (
	afterEmpty = 1 // the page before was empty, so this one is not
	atEnd      = 2 // there was nothing more, and still there is this page
)

// turn reads the page that was asked for from a result and sets the count and
// the links of the listing. Every paged endpoint goes through it, so that each
// way of being unkind holds for all of them.
func (s *Server) turn(c *call, p paging, l *listing, found *selection) []uint32 {
	total := found.count()
	if l.count = total; l.uncounted || c.mood.hideCount && total > c.mood.countUpTo {
		l.count = -1
	}
	if p.at.Backward {
		return s.turnBack(c, p, l, found)
	}
	drawn := s.draw("page", c.request.URL.Path, p.at.Filter, strconv.Itoa(int(p.at.Index)), strconv.Itoa(p.limit), strconv.Itoa(p.at.Loop))
	if c.mood.emptyPages > 0 && p.at.Hop == 0 && drawn%c.mood.emptyPages == 0 && total > 0 {
		again := p.at
		again.Hop = afterEmpty
		l.next = s.link(c, p, again)
		return nil
	}
	rows, after, more := c.pageRows(p, found, pageSize(c.mood, p.limit, drawn>>20))
	hop := !more && len(rows) > 0 && p.at.Hop != atEnd && c.mood.emptyPages > 0 && drawn>>10%c.mood.emptyPages == 0
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
func pageSize(u *unkindness, limit int, drawn uint64) int {
	if u.shortPages == 0 {
		return limit
	}
	return 1 + int(drawn%uint64(max(1, int(float64(limit)*u.shortPages))))
}

// pageRows reads a page and tells where the next one begins and whether there is
// anything.
func (c *call) pageRows(p paging, found *selection, size int) (rows []uint32, after uint32, more bool) {
	repeat := 0
	if p.continued {
		repeat = min(c.mood.repeatRows, size-1)
	}
	if p.at.Offset || c.mood.shifting && !p.continued {
		first := max(0, int(p.at.Index)-repeat)
		rows, more = found.page(position{index: found.nth(first)}, size)
		return rows, uint32(first + len(rows)), more
	}
	start := position{index: p.at.Index}
	var repeated []uint32
	if repeat > 0 {
		repeated, _ = found.page(position{start.index, true}, repeat)
	}
	rows, more = found.page(start, size-len(repeated))
	after = start.index
	if len(rows) > 0 {
		after = rows[len(rows)-1] + 1
	}
	return append(slices.Clip(repeated), rows...), after, more
}

// nextPlace is where the next link leads.
func (c *call) nextPlace(p paging, after uint32, hop bool) cursor {
	next := cursor{Index: after, Offset: p.at.Offset || c.mood.shifting && !p.continued}
	if hop {
		next.Hop = atEnd
	}
	switch {
	case !c.mood.endless || !p.continued:
	case p.at.Loop == 0:
		next.Loop, next.Other = 1, p.at.Index
	default:
		next.Index, next.Other, next.Loop = p.at.Other, p.at.Index, 3-p.at.Loop
	}
	return next
}

// turnBack reads the page before a place.
func (s *Server) turnBack(c *call, p paging, l *listing, found *selection) []uint32 {
	first, last := p.at, p.at
	last.Backward = false
	var rows []uint32
	var more bool
	if p.at.Offset {
		from := max(0, int(p.at.Index)-p.limit)
		rows, _ = found.page(position{index: found.nth(from)}, int(p.at.Index)-from)
		first.Index, more = uint32(from), from > 0
	} else if rows, more = found.page(position{p.at.Index, true}, p.limit); len(rows) > 0 {
		first.Index, last.Index = rows[0], rows[len(rows)-1]+1
	}
	if len(rows) == 0 {
		return nil
	}
	l.next = s.link(c, p, last)
	if more {
		l.prev = s.link(c, p, first)
	}
	return rows
}

// nth is the row at an offset of a result, as a place to read from.
func (s *selection) nth(k int) uint32 {
	rows, _ := s.page(position{}, k+1)
	if k >= len(rows) {
		return math.MaxUint32
	}
	return rows[k]
}
