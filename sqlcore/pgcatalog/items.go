package pgcatalog

import "strings"

// Element is one of a list's text.
type Element struct {
	Text   string
	Quoted bool
}

// Null tells whether the element stands for no value.
func (e Element) Null() bool { return !e.Quoted && strings.EqualFold(e.Text, "null") }

// Elements are those of a list's text, without its braces (PostgreSQL's section
// 8.15.6). There is one at least.
func Elements(text string) (out []Element) {
	var item strings.Builder
	var e Element
	open := false
	end := func() {
		if e.Text = item.String(); !e.Quoted {
			e.Text = strings.TrimSpace(e.Text)
		}
		out = append(out, e)
		item.Reset()
		e = Element{}
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
			e.Quoted = true
		case open:
			item.WriteByte(c)
		case c == ',':
			end()
		case !e.Quoted:
			item.WriteByte(c)
		}
	}
	end()
	return out
}
