//go:build duckdb_arrow

package duck

import (
	"context"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// Of a column LIKE 'text_%', DuckDB 1.5.5 makes the range from 'text' to the
// text whose last byte is one more. That is no UTF-8 after a byte 7F or BF, the
// end of "п", "ο" or "ÿ", and the statement fails, where it is planned as where
// it runs. It makes no range for an expression, so such a statement is written
// with column || '' LIKE 'text_%'.

// badRange is how the failure is reported.
const badRange = "detected in value construction"

// planLikes plans a statement again, with expressions before each LIKE, if the
// first reply reports a bad range.
func (b *binder) planLikes(ctx context.Context, first *planReply) (*planReply, error) {
	if !first.Error || first.ErrorType != "invalid input" || !strings.Contains(first.ErrorMessage, badRange) {
		return first, nil
	}
	tokens, err := sqltext.Lex(b.sql)
	if err != nil {
		return nil, err
	}
	sql, maps := b.sql, len(b.maps)
	b.edit(likeEdits(tokens))
	again, err := b.askPlan(ctx, wire.Planning)
	if err != nil {
		return nil, err
	}
	if again.Error && !unreadable[again.ErrorType] {
		b.sql, b.maps = sql, b.maps[:maps]
		return first, nil
	}
	return again, nil
}

// likeEdits appends an empty text to what stands before each LIKE, written as
// word or as operator. The operator || binds no less than both and no closer than
// what may stand there.
func likeEdits(tokens []sqltext.Token) []sqltext.Edit {
	var edits []sqltext.Edit
	for i, t := range tokens {
		switch operator := symbolsAt(tokens, i); {
		case operator == "~~", operator == "!~~":
		case !t.Is("like"):
			continue
		case i > 0 && tokens[i-1].Is("not"):
			i--
		}
		if i == 0 || tokens[i-1].Is("*") { // SELECT * LIKE picks columns by name
			continue
		}
		edits = append(edits, sqltext.Edit{Start: tokens[i].Start, End: tokens[i].Start, Text: "|| '' "})
	}
	return edits
}

// symbolsAt is the operator that begins with token i, "" if none does.
func symbolsAt(tokens []sqltext.Token, i int) string {
	const symbols = "~!@#%^&|?<>=+-*/"
	part := func(i int) bool { return strings.Contains(symbols, tokens[i].Text) }
	if !part(i) || i > 0 && part(i-1) && tokens[i-1].End == tokens[i].Start {
		return ""
	}
	text := tokens[i].Text
	for i++; i < len(tokens) && part(i) && tokens[i].Start == tokens[i-1].End; i++ {
		text += tokens[i].Text
	}
	return text
}

// unjoined takes away what likeEdits appended to an expression.
func unjoined(e *planExpr) *planExpr {
	if e != nil && e.Name == "||" && len(e.Children) == 2 && isEmptyText(e.Children[1]) {
		return e.Children[0]
	}
	return e
}

// isEmptyText recognises an empty text, whose value a plan leaves out.
func isEmptyText(e *planExpr) bool {
	v := &planValue{IsNull: true}
	if e != nil && e.Class == "BOUND_CONSTANT" && e.Value != nil {
		v = e.Value
	}
	return !v.IsNull && v.Type.ID == planTypes[catalog.String] && len(v.Value) == 0
}

// begins gives a condition that all rows meet which f keeps, where f is what
// likeEdits made of LIKE; nil for others. The engine's range says the same.
func begins(f *planFilter, c *catalog.Column) predicate.Expr {
	if f == nil || f.Expr == nil || f.Expr.Name != "~~" || len(f.Expr.Children) != 2 || c.Type != catalog.String {
		return nil
	}
	left, right := unjoined(f.Expr.Children[0]), f.Expr.Children[1]
	if left == nil || left.Class != "BOUND_REF" || right == nil || right.Class != "BOUND_CONSTANT" {
		return nil
	}
	pattern, ok := constant(right.Value, catalog.String)
	fixed := strings.IndexAny(pattern.Str, "%_")
	if !ok || fixed <= 0 {
		return nil
	}
	return predicate.Match{Column: c.Name, Kind: predicate.Prefix, Text: pattern.Str[:fixed]}
}
