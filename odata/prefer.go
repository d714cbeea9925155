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
	// applied lists the preferences for the Preference-Applied header.
	applied []string
}

func parsePrefer(h http.Header) preferences {
	var p preferences
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
			p.pageRows = n
			p.applied = append(p.applied, strings.ToLower(name)+"="+value)
		}
	case "omit-values":
		if strings.EqualFold(value, "nulls") && !p.omitNulls {
			p.omitNulls = true
			p.applied = append(p.applied, strings.ToLower(name)+"=nulls")
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
