//go:build duckdb_arrow

package duck

import (
	"context"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// The engine folds each cast of a constant while it plans. One that is left
// can't be made: it would fail on the first row that reaches it, in words that
// name neither the column nor the place. So it fails when the query is bound,
// whatever the rows, as in PostgreSQL.

// literalTypes are the types whose casts are looked at, by the plan's names.
var literalTypes = map[string]bool{
	"BOOLEAN": true, "TINYINT": true, "SMALLINT": true, "INTEGER": true, "BIGINT": true, "HUGEINT": true,
	"UTINYINT": true, "USMALLINT": true, "UINTEGER": true, "UBIGINT": true, "FLOAT": true, "DOUBLE": true,
	"DATE": true, "TIME": true, "TIMESTAMP": true, "TIMESTAMP WITH TIME ZONE": true, "INTERVAL": true, "UUID": true,
}

// badLiteral is a text of the query that is not a value of the type wanted.
type badLiteral struct {
	text, kind string
	column     string // what it is compared with, "" if no column
	position   string
}

// checkLiterals returns gwerr.TypeMismatch for the first bad literal of a plan.
func (b *binder) checkLiterals(ctx context.Context, reply *planReply) error {
	if reply.Error || len(reply.Plans) != 1 {
		return nil
	}
	var found []badLiteral // the casts of texts that the plan is left with
	eachRoot(reply.Plans[0], 0, func(e *planExpr, keeps bool) { found = inExpression(e, keeps, "", found, 0) })
	for _, l := range found {
		answer, err := b.c.texts(ctx, "SELECT CAST(TRY_CAST("+sqltext.Literal(l.text)+" AS "+l.kind+") IS NULL AS VARCHAR)")
		if err != nil {
			return err
		}
		if len(answer) == 1 && answer[0] == "true" {
			return l.refuse(b)
		}
	}
	return nil
}

func (l badLiteral) refuse(b *binder) error {
	kind, text := strings.Replace(l.kind, "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", 1), l.text
	if runes := []rune(text); len(runes) > 40 {
		text = string(runes[:40]) + "…"
	}
	message := sqltext.Literal(text) + " is not of type " + kind + "."
	if l.column != "" {
		message = sqltext.Literal(text) + " is not of type " + kind + ", which " + l.column + " is compared with."
	}
	e := gwerr.New(gwerr.TypeMismatch, message, "Write a value of the type, or use TRY_CAST.").On(l.column)
	if pos, err := parsePosition(l.position); err == nil && pos <= len(b.sql) {
		return e.At(b.source(pos))
	}
	return e
}

// inExpression looks through an expression; whole is true for one that decides
// alone about a row, column is the one that e is compared with.
func inExpression(e *planExpr, whole bool, column string, out []badLiteral, depth int) []badLiteral {
	switch {
	case e == nil || depth > maxPlanDepth || e.Type == "OPERATOR_TRY":
		return out
	case e.Class == "BOUND_CAST":
		if l, ok := literalOf(e, column); ok {
			return append(out, l)
		}
	case whole && noSuchID(e):
		return out
	}
	whole = whole && e.Type == "CONJUNCTION_AND"
	compared := comparedColumn(e)
	for _, c := range e.parts() {
		out = inExpression(c, whole, compared, out, depth+1)
	}
	return out
}

func literalOf(e *planExpr, column string) (badLiteral, bool) {
	if e.TryCast || e.Child == nil || e.Child.Class != "BOUND_CONSTANT" || !literalTypes[e.ReturnType.ID] {
		return badLiteral{}, false
	}
	v, ok := constant(e.Child.Value, catalog.String)
	at := e.Location
	if pos, err := index(at); err != nil || pos == noColumn {
		at = e.Child.Location
	}
	return badLiteral{text: v.Str, kind: e.ReturnType.ID, column: column, position: at.String()}, ok
}

// noSuchID recognises a test of an id for a text that is not a UUID, which keeps
// no rows; see translator.badUUID.
func noSuchID(e *planExpr) bool {
	return e.Type == "COMPARE_EQUAL" && e.Left != nil && e.Left.Class == "BOUND_REF" &&
		e.Right != nil && e.Right.Class == "BOUND_CAST" && e.Right.ReturnType.ID == "UUID"
}

// comparedColumn names the column that a comparison tests, or gives "".
func comparedColumn(e *planExpr) string {
	if e.Class != "BOUND_COMPARISON" && e.Class != "BOUND_BETWEEN" && e.Type != "COMPARE_IN" && e.Type != "COMPARE_NOT_IN" {
		return ""
	}
	for _, c := range e.parts() {
		if c != nil && c.Class == "BOUND_REF" {
			return c.Alias
		}
	}
	return ""
}
