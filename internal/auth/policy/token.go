package policy

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// tokenize cuts a condition into tokens. It refuses what could make the
// condition end early or mean more than it shows: comments, semicolons,
// parameters, dollar quotes and escape strings.
func tokenize(s string) ([]sqltext.Token, error) {
	tokens, err := sqltext.Lex(s)
	if err != nil {
		e := gwerr.From(err)
		return nil, fmt.Errorf("character %d: %s", e.Character(s), e.Message)
	}
	end := 0
	for _, t := range tokens {
		if err := blank(s, end, t.Start); err != nil {
			return nil, err
		}
		end = t.End
		switch first := rune(t.Text[0]); {
		case t.Kind == sqltext.Param, strings.ContainsRune(";$?#\\`@{}", first), unicode.IsControl(first):
			return nil, fmt.Errorf("%q at character %d has no place in a condition", t.Text, character(s, t.Start))
		case t.Kind == sqltext.String && first != '\'':
			return nil, fmt.Errorf("%c'…' at character %d: write the text in plain single quotes", first, character(s, t.Start))
		}
	}
	return tokens, blank(s, end, len(s))
}

// blank makes sure that nothing but plain white space stands between tokens.
func blank(s string, from, to int) error {
	if i := strings.IndexFunc(s[from:to], func(r rune) bool { return !strings.ContainsRune(" \t\r\n", r) }); i >= 0 {
		return fmt.Errorf("character %d begins a comment or is not a plain space; put comments outside of the condition", character(s, from+i))
	}
	return nil
}

// character counts from 1 to the one at a byte of the text.
func character(s string, offset int) int { return utf8.RuneCountInString(s[:offset]) + 1 }
