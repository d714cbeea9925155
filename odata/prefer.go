package odata

import (
	"net/http"
	"strconv"
	"strings"
)

// preferences are what the gateway honours of the Prefer header. Unknown
// preferences are ignored.
//
// Source: OData 4.01 Part 1, section 8.2.8.
type preferences struct {
	// pageRows is odata.maxpagesize, 0 if not given.
	pageRows  int64
	omitNulls bool
	// minimal and representation are return=…: whether a change answers the
	// entity.
	minimal, representation bool
	track                   bool

	maxRows   int64
	pageName  string // as the client has written it
	nullName  string
	trackName string
}

// applied is the Preference-Applied header, "" if nothing was applied.
func (p *preferences) applied() string {
	var out []string
	if p.pageRows > 0 {
		out = append(out, p.pageName+"="+strconv.FormatInt(p.pageRows, 10))
	}
	if p.omitNulls {
		out = append(out, p.nullName+"=nulls")
	}
	if p.track {
		out = append(out, p.trackName)
	}
	switch {
	case p.minimal:
		out = append(out, "return=minimal")
	case p.representation:
		out = append(out, "return=representation")
	}
	return strings.Join(out, ", ")
}

// maxRows bounds the page size, unless it is 0.
func parsePrefer(h http.Header, maxRows int64) preferences {
	p := preferences{maxRows: maxRows}
	for _, line := range h.Values("Prefer") {
		for _, item := range splitList(line, ',') {
			item, _, _ = strings.Cut(item, ";")
			name, value, _ := strings.Cut(item, "=")
			p.add(strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"`))
		}
	}
	return p
}

func (p *preferences) add(name, value string) {
	switch strings.TrimPrefix(strings.ToLower(name), "odata.") {
	case "maxpagesize":
		n, err := strconv.ParseInt(value, 10, 64)
		if err == nil && n > 0 && p.pageRows == 0 {
			if p.maxRows > 0 {
				n = min(n, p.maxRows)
			}
			p.pageRows = n
			p.pageName = strings.ToLower(name)
		}
	case "track-changes":
		p.track, p.trackName = true, strings.ToLower(name)
	case "return":
		if !p.minimal && !p.representation {
			p.minimal, p.representation = strings.EqualFold(value, "minimal"), strings.EqualFold(value, "representation")
		}
	case "omit-values":
		if strings.EqualFold(value, "nulls") && !p.omitNulls {
			p.omitNulls, p.nullName = true, strings.ToLower(name)
		}
	}
}

// splitList splits a header's list at the separator, but not within quotes.
func splitList(s string, separator byte) []string {
	var out []string
	start, quoted := 0, false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == separator && !quoted:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}
