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
		return "(" + v.search(text, e.Left) + " AND " + v.search(text, e.Right) + ")"
	case *uri.SearchOr:
		return "(" + v.search(text, e.Left) + " OR " + v.search(text, e.Right) + ")"
	case *uri.SearchTerm:
		return "contains(lower(" + text + "), lower(" + v.text(e.Text) + "))"
	default:
		return "FALSE"
	}
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
