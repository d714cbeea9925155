package httpguard

import "strings"

// maxHops bounds the elements of a Forwarded header.
const maxHops = 32

// parseForwarded reads Forwarded headers (RFC 7239 section 4). From the first
// element that can't be read backwards from the end, everything before is left
// out: what it says can't be assigned to a proxy.
func parseForwarded(lines []string) []hop {
	elements, ok := splitQuoted(strings.Join(lines, ","), ',')
	if !ok || len(elements) > maxHops {
		return nil
	}
	var out []hop
	for i := len(elements) - 1; i >= 0; i-- {
		h, ok := parseElement(elements[i])
		if !ok {
			break
		}
		out = append([]hop{h}, out...)
	}
	return out
}

func parseElement(s string) (hop, bool) {
	pairs, ok := splitQuoted(s, ';')
	if !ok {
		return hop{}, false
	}
	var h hop
	seen := map[string]bool{}
	for _, p := range pairs {
		p = strings.TrimSpace(p)
		if p == "" {
			continue
		}
		name, value, found := strings.Cut(p, "=")
		name = strings.ToLower(name)
		v, ok := unquote(value)
		if !found || !ok || seen[name] {
			return hop{}, false
		}
		seen[name] = true
		switch name {
		case "for":
			h.client = v
		case "proto":
			h.proto = strings.ToLower(v)
		case "host":
			h.host = v
		}
	}
	return h, len(seen) > 0
}

// splitQuoted splits at sep outside of quoted strings; ok is false where a
// quote stays open.
func splitQuoted(s string, sep byte) (out []string, ok bool) {
	if s == "" {
		return nil, true
	}
	quoted, from := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:]), !quoted
}

// unquote reads a token or a quoted string.
func unquote(s string) (string, bool) {
	if !strings.HasPrefix(s, `"`) {
		return s, s != "" && !strings.ContainsAny(s, "\" \t\\")
	}
	if len(s) < 2 || !strings.HasSuffix(s, `"`) {
		return "", false
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		switch s[i] {
		case '"':
			return "", false
		case '\\':
			if i++; i == len(s)-1 {
				return "", false
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), true
}
