package model

import (
	"strings"

	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// search compiles $search: a word or phrase stands in the text, letter case
// ignored.
func (v *values) search(text string, e uri.SearchExpr) string {
	switch e := e.(type) {
	case *uri.SearchNot:
		return "(NOT " + v.search(text, e.X) + ")"
	case *uri.SearchAnd:
		parts, left := []uri.SearchExpr{e.Right}, e.Left
		for a, ok := left.(*uri.SearchAnd); ok; a, ok = left.(*uri.SearchAnd) {
			parts, left = append(parts, a.Right), a.Left
		}
		return v.chain(text, append(parts, left), " AND ")
	case *uri.SearchOr:
		parts, left := []uri.SearchExpr{e.Right}, e.Left
		for o, ok := left.(*uri.SearchOr); ok; o, ok = left.(*uri.SearchOr) {
			parts, left = append(parts, o.Right), o.Left
		}
		return v.chain(text, append(parts, left), " OR ")
	case *uri.SearchTerm:
		return "contains(lower(" + text + "), lower(" + v.text(e.Text) + "))"
	default:
		return "FALSE"
	}
}

// chain joins the operands of a chain, the last one first, on one level: the engine
// bounds how deep a statement nests.
func (v *values) chain(text string, operands []uri.SearchExpr, operator string) string {
	parts := make([]string, len(operands))
	for i := range operands {
		parts[i] = v.search(text, operands[len(operands)-1-i])
	}
	return "(" + strings.Join(parts, operator) + ")"
}

// search compiles $search on the rows of a scope.
func (s *scopes) search(in *scope, e uri.SearchExpr) string {
	return s.values.search(searchText(in), e)
}

// searchText is all text of a row, its parts divided by a character that
// nobody searches.
func searchText(root *scope) string {
	columns := []string{"chr(31)", "''"}
	for i := range root.table.Columns {
		if c := &root.table.Columns[i]; c.Type == catalog.String {
			root.used[i] = true
			columns = append(columns, root.sql(c.Name))
		}
	}
	for _, v := range root.views {
		columns = append(columns, searchText(v))
	}
	for _, f := range root.fields {
		if f.kind == textKind && !f.hidden {
			columns = append(columns, root.sql(f.path))
		}
	}
	return "concat_ws(" + strings.Join(columns, ", ") + ")"
}
