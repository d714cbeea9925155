package sqltext

import (
	"sort"
	"strings"
)

// Edit replaces a part of a text.
type Edit struct {
	Start, End int
	Text       string
}

// Map traces positions of an edited text back to the original.
type Map struct{ edits []Edit }

// Apply makes the edits, which must not overlap.
func Apply(text string, edits []Edit) (string, Map) {
	sorted := append([]Edit(nil), edits...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Start < sorted[j].Start })
	var b strings.Builder
	b.Grow(len(text) + 16*len(sorted))
	at := 0
	for _, e := range sorted {
		b.WriteString(text[at:e.Start])
		b.WriteString(e.Text)
		at = e.End
	}
	b.WriteString(text[at:])
	return b.String(), Map{sorted}
}

// Source gives the position in the original text of a position in the edited
// one. A place inside a replacement is the start of what it replaced.
func (m Map) Source(pos int) int {
	shift := 0
	for _, e := range m.edits {
		start := e.Start + shift
		if pos < start {
			break
		}
		if pos < start+len(e.Text) {
			return e.Start
		}
		shift += len(e.Text) - (e.End - e.Start)
	}
	return pos - shift
}

// Target gives the position in the edited text of a position in the original
// one that no edit replaces.
func (m Map) Target(pos int) int {
	shift := 0
	for _, e := range m.edits {
		if e.End > pos {
			break
		}
		shift += len(e.Text) - (e.End - e.Start)
	}
	return pos + shift
}

// Blank puts spaces in the place of all that stands between the tokens of a
// text, so that the engine never reads a comment. Ends of lines stay, since
// they join texts, and so do all positions.
func Blank(text string, tokens []Token) string {
	out := []byte(text)
	at := 0
	for _, t := range append(tokens[:len(tokens):len(tokens)], Token{Start: len(text), End: len(text)}) {
		for ; at < t.Start; at++ {
			if out[at] != '\n' {
				out[at] = ' '
			}
		}
		at = t.End
	}
	return string(out)
}
