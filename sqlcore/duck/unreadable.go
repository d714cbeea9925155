//go:build duckdb_arrow

package duck

import (
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// unreadable says what the user wrote where the engine's parser, which said so at
// a place of the user's text, has no words that help; nil elsewhere.
func (b *binder) unreadable(said string, pos int) error {
	refuse := func(at int, message, hint string) error {
		return gwerr.New(gwerr.NotImplemented, message, hint).At(at)
	}
	switch {
	case strings.HasPrefix(said, "SELECT locking clause"):
		return refuse(b.locking(), "Rows can't be locked here: there are no transactions.", "Leave out FOR UPDATE, FOR SHARE and what follows them.")
	case strings.HasPrefix(said, "unicode_to_utf8"), strings.HasPrefix(said, "pg_verifymbstr"):
		return refuse(b.escapes(), `Texts with U&, and with \u or \x in E'…', are not offered.`, "Write the characters themselves, or chr(228) for one by its number.")
	case strings.HasPrefix(said, "syntax error"):
		return b.constantCalled(pos)
	}
	return nil
}

// locking is the place of the last FOR UPDATE, FOR SHARE or the like.
func (b *binder) locking() int {
	for i := len(b.tokens) - 2; i >= 0; i-- {
		if next := b.tokens[i+1]; b.tokens[i].Is("for") && (next.Is("update") || next.Is("share") || next.Is("no") || next.Is("key")) {
			return b.tokens[i].Start
		}
	}
	return gwerr.NoPosition
}

// escapes is the place of the first text or name with escapes.
func (b *binder) escapes() int {
	for i, t := range b.tokens {
		prefixed := t.Is("u") && i+1 < len(b.tokens) && b.tokens[i+1].Is("&") && b.tokens[i+1].Start == t.End
		if prefixed || t.Kind == sqltext.String && strings.ContainsAny(t.Text[:1], "eE") {
			return t.Start
		}
	}
	return gwerr.NoPosition
}

// constantCalled speaks of a function behind a constant, as in 'abc'.upper(), which
// the engine takes behind parentheses alone.
func (b *binder) constantCalled(pos int) error {
	for i := 3; i < len(b.tokens); i++ {
		constant, name := b.tokens[i-3], b.tokens[i-1]
		if b.tokens[i].Start != pos || !b.tokens[i].Is("(") || !b.tokens[i-2].Is(".") || constant.Kind != sqltext.String || name.Kind != sqltext.Word {
			continue
		}
		return gwerr.New(gwerr.Syntax, "A function can't follow a text with a point.",
			"Write "+name.Text+"(…) around it, or parentheses, as in ('abc')."+name.Text+"().").At(name.Start)
	}
	return nil
}
