package sqltext

import (
	"slices"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Cursor reads the tokens of a text one after the other.
type Cursor struct {
	Text   string
	Tokens []Token
	At     int
}

// Peek gives a token ahead, 0 for the next one; behind the last it is one without
// text at the text's end.
func (c *Cursor) Peek(ahead int) Token {
	if i := c.At + ahead; i >= 0 && i < len(c.Tokens) {
		return c.Tokens[i]
	}
	return Token{Kind: Symbol, Start: len(c.Text), End: len(c.Text)}
}

// Next takes a token.
func (c *Cursor) Next() Token {
	c.At++
	return c.Peek(-1)
}

// Take takes the next token if it is the keyword or symbol.
func (c *Cursor) Take(word string) bool {
	if !c.Peek(0).Is(word) {
		return false
	}
	c.At++
	return true
}

// Chain takes a dotted name of at most so many parts; it is empty, and nothing
// taken, where none stands here.
func (c *Cursor) Chain(most int) Chain {
	name := ChainAt(c.Tokens, c.At)
	if len(name) == 0 || len(name) > most {
		return nil
	}
	c.At += 2*len(name) - 1
	return name
}

// Wrong is the error that something else was expected at the next token.
func (c *Cursor) Wrong(message, hint string) error {
	return gwerr.New(gwerr.Syntax, message, hint).At(c.Peek(0).Start)
}

// IsAny reports whether the token is one of the keywords and symbols.
func (t Token) IsAny(words ...string) bool { return slices.ContainsFunc(words, t.Is) }

// Closing is the place of the bracket that closes the one at i; without one, of the
// last token.
func Closing(tokens []Token, i int) int {
	for j := i + 1; j < len(tokens); j++ {
		if t := tokens[j]; t.Depth == tokens[i].Depth && t.IsAny(")", "]", "}") {
			return j
		}
	}
	return len(tokens) - 1
}
