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
	text := shown.sql(nil, limit)
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
// before columns, and with = for a comparison that differs only in what it makes of null.
func unqualified(text, alias string) string {
	tokens, err := sqltext.Lex(text)
	if err != nil {
		return text
	}
	var edits []sqltext.Edit
	equal := simple(tokens)
	for i := range tokens {
		switch {
		case i+1 < len(tokens) && tokens[i].Text == alias && tokens[i+1].Text == ".":
			edits = append(edits, sqltext.Edit{Start: tokens[i].Start, End: tokens[i+1].End})
		case equal && i > 0 && tokens[i-1].Kind == sqltext.Quoted && i+4 < len(tokens) && tokens[i+2].Text == "DISTINCT" && known(tokens[i+4]):
			edits = append(edits, sqltext.Edit{Start: tokens[i].Start, End: tokens[i+3].End, Text: "="})
		}
	}
	out, _ := sqltext.Apply(text, edits)
	return out
}

// known reports whether a literal begins that is not null.
func known(t sqltext.Token) bool {
	switch t.Kind {
	case sqltext.String, sqltext.Number:
		return true
	case sqltext.Word:
		return t.Text == "TRUE" || t.Text == "FALSE" || t.Text == "TIMESTAMPTZ"
	default:
		return false
	}
}

// simple reports whether the conditions of a statement are joined by AND and OR alone, so
// that an unknown one keeps a row out as a false one does.
func simple(tokens []sqltext.Token) bool {
	for i, t := range tokens {
		if t.Kind != sqltext.Word {
			continue
		}
		switch t.Text {
		case "SELECT", "FROM", "WHERE", "AND", "OR", "ORDER", "BY", "ASC", "DESC", "NULLS", "FIRST", "LAST", "LIMIT", "OFFSET", "IS", "DISTINCT", "TRUE", "FALSE", "TIMESTAMPTZ", "contains", "starts_with", "ends_with":
		case "NOT":
			if i+1 == len(tokens) || tokens[i+1].Text != "DISTINCT" {
				return false
			}
		default:
			return false
		}
	}
	return true
}
