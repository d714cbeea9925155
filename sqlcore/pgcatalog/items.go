package pgcatalog

import (
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// items are the elements of a list's text, without its braces, as literals
// (PostgreSQL's section 8.15.6).
func items(text string) (out []string) {
	var item strings.Builder
	quoted, open := false, false
	end := func() {
		s := item.String()
		if !quoted {
			s = strings.TrimSpace(s)
		}
		switch {
		case !quoted && strings.EqualFold(s, "null"):
			out = append(out, "NULL")
		case quoted || s != "":
			out = append(out, sqltext.Literal(s))
		}
		item.Reset()
		quoted = false
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			item.WriteByte(text[i])
		case c == '"':
			if open = !open; open {
				item.Reset() // of the space before it
			}
			quoted = true
		case open:
			item.WriteByte(c)
		case c == ',':
			end()
		case !quoted:
			item.WriteByte(c)
		}
	}
	end()
	return out
}
