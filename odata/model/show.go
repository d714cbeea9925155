package model

import (
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// SQL is a statement that gives the rows of a feed, for people who go on in SQL; "" where
// an address leads to them over other rows, or transforms them. Expanded rows are not
// part of it.
func (r *Resource) SQL() string {
	if r.Kind != Feed || r.stage != nil || r.via != nil || len(r.Hops) > 0 {
		return ""
	}
	shown, limit := *r, int64(-1)
	shown.Columns = r.Columns[:r.Visible]
	if r.Top != nil {
		limit = *r.Top
	}
	if !shown.filter.complete { // the whole says it all
		shown.filter.words = nil
	}
	text := r.scopes.values.inline(shown.sql(nil, limit))
	if r.selected == nil {
		_, rest, _ := strings.Cut(text, " FROM ")
		text = "SELECT " + r.scopes.root().alias + ".* FROM " + rest
	}
	if r.Skip != nil {
		text += " OFFSET " + strconv.FormatInt(*r.Skip, 10)
	}
	if r.needsEngine() {
		return text
	}
	return unqualified(text, r.scopes.root().alias)
}

// unqualified is a statement over one table as people write it: without the table's name
// before columns.
func unqualified(text, alias string) string {
	tokens, err := sqltext.Lex(text)
	if err != nil {
		return text
	}
	var edits []sqltext.Edit
	for i := range len(tokens) - 1 {
		if tokens[i].Text == alias && tokens[i+1].Text == "." {
			edits = append(edits, sqltext.Edit{Start: tokens[i].Start, End: tokens[i+1].End})
		}
	}
	out, _ := sqltext.Apply(text, edits)
	return out
}
