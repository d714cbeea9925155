package policy

import (
	"slices"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// shade is how much of a column's values a caller sees. A larger one shows
// more, so that the union of rights is the largest.
type shade uint8

const (
	hidden shade = iota
	asNull
	asHash
	asPartial
	clear
)

func shadeOf(m catalog.Mask) shade {
	switch m {
	case catalog.MaskHash:
		return asHash
	case catalog.MaskPartial:
		return asPartial
	default:
		return asNull
	}
}

func (s shade) mask() catalog.Mask {
	switch s {
	case asHash:
		return catalog.MaskHash
	case asPartial:
		return catalog.MaskPartial
	default:
		return catalog.MaskNull
	}
}

// column gives the shade of one column under one grant: where several masks
// match, the strictest.
func (g *Grant) column(name string) shade {
	if g.Columns != nil && !anyMatch(g.Columns, name) || anyMatch(g.Hide, name) {
		return hidden
	}
	s := clear
	for _, m := range g.Masks {
		if m.Column.Match(name) {
			s = min(s, shadeOf(m.Mask))
		}
	}
	return s
}

// shades gives the shade of each column of the table under all grants. A key
// column is never less than a hash where anything of the table is visible:
// without it rows would have no identity.
func shades(t *catalog.Table, grants []*Grant) []shade {
	out := make([]shade, len(t.Columns))
	for i := range t.Columns {
		for _, g := range grants {
			out[i] = max(out[i], g.column(t.Columns[i].Name))
		}
	}
	if !slices.ContainsFunc(out, func(s shade) bool { return s != hidden }) {
		return out
	}
	for i := range t.Columns {
		if t.Columns[i].Key && out[i] < clear {
			out[i] = asHash
		}
	}
	return out
}
