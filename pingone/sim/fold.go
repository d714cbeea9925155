package sim

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// foldRune maps every rune to the smallest of its simple case variants.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}

// fold maps a string so that strings which differ by case alone become equal.
func fold(s string) string { return strings.Map(foldRune, s) }

// foldHash hashes a folded string without building it (FNV-1a).
func foldHash(s string) uint32 {
	h := uint32(2166136261)
	for _, r := range s {
		h = (h ^ uint32(foldRune(r))) * 16777619
	}
	return h
}

// foldPrefix reports whether s starts with a folded prefix.
func foldPrefix(s, prefix string) bool {
	for _, want := range prefix {
		if s == "" {
			return false
		}
		got, size := utf8.DecodeRuneInString(s)
		if foldRune(got) != want {
			return false
		}
		s = s[size:]
	}
	return true
}
