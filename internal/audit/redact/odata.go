package redact

import (
	"net/url"
	"strings"
)

// OData returns an address of the OData service, path and query as in the
// request line, without keys and values. It is decoded, for people to read.
func OData(target string) string {
	path, query, has := strings.Cut(target, "?")
	out := odataPath(path)
	if !has {
		return out
	}
	var kept []string
	for _, p := range strings.Split(query, "&") {
		kept = append(kept, option(p))
	}
	return out + "?" + strings.Join(kept, "&")
}

// odataPath keeps the service root, which names a connection and a schema, and
// the names after it; keys go, in parentheses or as segments.
func odataPath(path string) string {
	segments := strings.Split(path, "/")
	for i, raw := range segments {
		s, err := url.PathUnescape(raw)
		root := i <= 3 && len(segments) > 1 && segments[0] == "" && segments[1] == "odata"
		switch {
		case err != nil:
			s = "?"
		case root:
			s = scanControls(s)
		case !isSegment(s):
			name, keys, has := strings.Cut(s, "(")
			if !has || !isSegment(name) {
				s = "?"
				break
			}
			s = name + "(" + scan(keys, dialect{})
		}
		segments[i] = s
	}
	return strings.Join(segments, "/")
}

// scanControls keeps a name on one line.
func scanControls(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// isSegment reports whether s is a name, a qualified name or a $-word, and no
// key in the form of a segment.
func isSegment(s string) bool {
	if s == "" {
		return true
	}
	if guid(s) == len(s) {
		return false
	}
	for i, r := range s {
		if !isWord(r) && r != '.' && (r != '$' || i != 0) || i == 0 && r >= '0' && r <= '9' {
			return false
		}
	}
	return true
}

// option redacts one query option. Options whose values are no expressions of
// names and literals go whole.
func option(p string) string {
	rawName, rawValue, has := strings.Cut(p, "=")
	name, err := url.QueryUnescape(rawName)
	if err != nil || !isOptionName(name) {
		return "?"
	}
	if !has {
		return name
	}
	value, err := url.QueryUnescape(rawValue)
	if err != nil {
		return name + "=?"
	}
	switch strings.ToLower(strings.TrimPrefix(name, "$")) {
	case "filter", "compute", "apply", "orderby", "expand", "select":
		return name + "=" + scan(value, dialect{})
	case "top", "skip", "count", "format":
		if isSafe(value) {
			return name + "=" + value
		}
	}
	return name + "=?"
}

func isOptionName(s string) bool {
	for i, r := range s {
		if !isWord(r) && r != '.' && r != '-' && (r != '$' && r != '@' || i != 0) {
			return false
		}
	}
	return len(s) <= 64
}

// isSafe accepts numbers, true, false and media types.
func isSafe(s string) bool {
	for _, r := range s {
		if !isWord(r) && !strings.ContainsRune("/;=.+ -", r) || r > 0x7f {
			return false
		}
	}
	return len(s) <= 100
}
