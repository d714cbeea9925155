//go:build duckdb_arrow

package duck

import (
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// maxAliases bounds how many names of columns get an AS, each by reading the text
// anew.
const maxAliases = 32

// putAs writes AS before the word at which the text can't be read, where that may be
// the name that a column of the result is given: PostgreSQL and SQL Server take
// words such as name, type and value there, the engine only behind AS. A text that
// can be read is never changed.
func (b *binder) putAs(r *planReply) bool {
	pos, err := parsePosition(r.Position)
	if err != nil || r.ErrorType != "parser" && r.ErrorType != "syntax" {
		return false
	}
	pos = byteOffset(b.sql, pos)
	tokens, err := sqltext.Lex(b.sql)
	if err != nil {
		return false
	}
	for i, t := range tokens {
		if t.Start != pos {
			continue
		}
		if i == 0 || t.Kind != sqltext.Word || reserved[strings.ToLower(t.Text)] || !endsValue(tokens[i-1]) {
			return false
		}
		b.edit([]sqltext.Edit{{Start: pos, End: pos, Text: "AS "}})
		return true
	}
	return false
}

// endsValue reports whether an expression may end with the token.
func endsValue(t sqltext.Token) bool {
	switch t.Kind {
	case sqltext.Word:
		return !reserved[strings.ToLower(t.Text)] || t.Is("end") || t.Is("null") || t.Is("true") || t.Is("false")
	case sqltext.Symbol:
		return t.Is(")") || t.Is("]")
	default:
		return true
	}
}
