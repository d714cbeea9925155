package sqltext

import (
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// One checks that the tokens are one statement that reads, and returns them
// without a closing semicolon. Errors are gwerr.Syntax, gwerr.ReadOnly for
// statements that write, and gwerr.NotImplemented for all others.
func One(tokens []Token) ([]Token, error) {
	tokens, err := single(tokens)
	if err != nil {
		return nil, err
	}
	if len(tokens) == 0 {
		return nil, gwerr.New(gwerr.Syntax, "The query is empty.", "Write a SELECT statement.").At(0)
	}
	return tokens, readOnly(tokens)
}

// Read begins to read a text that is one statement, of any kind. Errors are
// gwerr.TooLarge and gwerr.Syntax.
func Read(text string) (Cursor, error) {
	tokens, err := Lex(text)
	if err == nil {
		tokens, err = single(tokens)
	}
	return Cursor{Text: text, Tokens: tokens}, err
}

// single takes the closing semicolons from one statement.
func single(tokens []Token) ([]Token, error) {
	for len(tokens) > 0 && tokens[len(tokens)-1].Is(";") {
		tokens = tokens[:len(tokens)-1]
	}
	for _, t := range tokens {
		if t.Is(";") {
			return nil, gwerr.New(gwerr.Syntax, "Only one statement is allowed in a query.", "Send the statements one by one.").At(t.Start)
		}
	}
	return tokens, nil
}

// reading are the words that may begin a statement.
var reading = Set("select with values from table ( pivot unpivot")

var writing = Set("insert update delete merge upsert replace truncate")

// other are the words that begin statements of the engine which are none of a
// reader's business.
var other = Set(`alter analyze attach begin call checkpoint comment commit copy create deallocate describe detach drop exec
	execute explain export force grant import install load pragma prepare reset revoke rollback set show summarize
	use vacuum`)

func readOnly(tokens []Token) error {
	first := strings.ToLower(tokens[0].Text)
	verb := tokens[0]
	if first == "with" {
		verb = mainVerb(tokens)
	}
	word := strings.ToUpper(verb.Text)
	switch {
	case writing[strings.ToLower(verb.Text)]:
		return gwerr.New(gwerr.ReadOnly, "Data can't be changed by "+word+" here.", "Use SELECT; where the connection allows changes, INSERT, UPDATE and DELETE as statements of their own.").At(verb.Start)
	case tokens[0].Kind <= Symbol && reading[first]:
		return notInto(tokens)
	case verb.Kind != Word:
		return gwerr.New(gwerr.Syntax, "A query begins with SELECT, WITH, VALUES or FROM.", "").At(verb.Start)
	case !other[strings.ToLower(verb.Text)]:
		return gwerr.New(gwerr.Syntax, "A query can't begin with "+clip(verb.Text)+".", "Use SELECT, WITH, VALUES or FROM.").At(verb.Start)
	default:
		return gwerr.New(gwerr.NotImplemented, "The statement "+clip(word)+" is not offered.", "Use SELECT, WITH, VALUES or FROM.").At(verb.Start)
	}
}

// notInto refuses SELECT … INTO, which makes a table.
func notInto(tokens []Token) error {
	for i, t := range tokens {
		if names := i+1 < len(tokens) && tokens[i+1].Is("name"); t.Kind == Word && t.Is("into") && !names { // UNPIVOT … INTO NAME
			return gwerr.New(gwerr.NotImplemented, "SELECT … INTO is not offered: tables can't be made here.", "Leave INTO out, or change rows of a table that is there by INSERT INTO … SELECT.").At(t.Start)
		}
	}
	return nil
}

// mainVerb finds the verb behind the WITH clause.
func mainVerb(tokens []Token) Token {
	for i, t := range tokens {
		if i > 0 && t.Depth == 0 && t.Kind == Word && tokens[i-1].Is(")") {
			if w := strings.ToLower(t.Text); writing[w] || reading[w] {
				return t
			}
		}
	}
	return tokens[0]
}

// Verb gives the word with which a text begins, in small letters; "" if it
// begins with something else. What follows may be anything, even what can't be
// read as tokens.
func Verb(text string) string {
	l := &lexer{text: text}
	if l.skipSpace() != nil {
		return ""
	}
	end := l.pos
	for end < len(text) && (isLetter(text[end]) || isDigit(text[end]) || text[end] == '_' || text[end] == '$') {
		end++
	}
	return strings.ToLower(text[l.pos:end])
}

func clip(s string) string {
	if len(s) > 30 {
		return strings.ToValidUTF8(s[:30], "") + "…"
	}
	return s
}
