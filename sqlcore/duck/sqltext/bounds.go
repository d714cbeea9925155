package sqltext

import (
	"fmt"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// The bounds of a text that go by its tokens. What the engine's parser and
// planner do with them takes time and memory that no error gives back.
const (
	MaxTokens  = 60_000
	MaxItems   = 25_000 // of one list, such as IN (…)
	MaxColumns = 1_000  // that one SELECT lists

	// MaxCopies bounds what the engine copies while it plans: the operand of
	// CASE x WHEN … WHEN … for each WHEN, a window's definition for each use.
	MaxCopies = 20_000
	// maxCube bounds the expressions of all CUBEs, which make 2^n groupings.
	maxCube = 8
)

// words bounds the number of some words: each nests a query or an expression
// without a bracket, or makes planning much slower.
var words = map[string]int{
	"select": 500, "values": 500, "from": 500, "union": 500, "except": 500, "intersect": 500,
	"not": 500, "case": 500, "and": 2000, "or": 2000, "join": 64, "over": 200,
}

// list counts the items between two brackets, or in a clause of a SELECT.
type list struct {
	items, most int
	cube        bool // its items are groups of CUBE
	windows     bool // a WINDOW clause has begun here
	window      int  // where the definition of a window begins that it is; 0 for none
	cases       []operand
}

// operand is what stands between CASE and its first WHEN.
type operand struct {
	begun, size int
	copied      bool // the size is known, and each WHEN copies it
}

// bounds holds the state of one pass over the tokens.
type bounds struct {
	lists   []list
	words   map[string]int
	copies  int // tokens
	cube    int
	windows int // tokens of the definitions in WINDOW clauses
	overs   int
}

func newBounds() *bounds {
	return &bounds{lists: []list{{items: 1, most: MaxItems}}, words: make(map[string]int, len(words))}
}

// check holds token i, when the one behind it is known, to the bounds; it is
// called for each token in turn, and for -1 before them. Errors are
// gwerr.TooLarge, with the position of the token that is too much.
func (b *bounds) check(tokens []Token, i int) error {
	if i < 0 {
		return nil
	}
	t, message := tokens[i], ""
	switch {
	case i >= MaxTokens:
		message = fmt.Sprintf("The query has more than %d words and signs.", MaxTokens)
	case t.Kind == Symbol:
		message = b.symbol(tokens, i)
	case t.Kind == Word && len(t.Text) <= len("intersect"):
		message = b.word(tokens, i)
	}
	if b.copies+b.windows*b.overs > MaxCopies {
		message = "The query makes the engine repeat parts of it too often."
	}
	if message == "" {
		return nil
	}
	return gwerr.New(gwerr.TooLarge, message, "Use IN for long lists, or split the query into several.").At(t.Start)
}

func (b *bounds) symbol(tokens []Token, i int) string {
	top := &b.lists[len(b.lists)-1]
	switch tokens[i].Text {
	case "(", "[", "{":
		b.open(tokens, i)
	case ")", "]", "}":
		if b.lists = b.lists[:len(b.lists)-1]; top.window > 0 {
			b.windows += i - top.window
		}
	case ",":
		if top.items++; top.items > top.most {
			return fmt.Sprintf("The list has more than %d items.", top.most)
		}
		if top.cube {
			b.cube++
		}
	}
	if b.cube > maxCube {
		return fmt.Sprintf("CUBE takes at most %d expressions.", maxCube)
	}
	return ""
}

func (b *bounds) open(tokens []Token, i int) {
	l := list{items: 1, most: MaxItems}
	if i > 0 && tokens[i-1].Is("cube") {
		l.cube = true
		b.cube++
	}
	if i > 0 && tokens[i-1].Is("as") && b.lists[len(b.lists)-1].windows {
		l.window = i
	}
	b.lists = append(b.lists, l)
}

func (b *bounds) word(tokens []Token, i int) string {
	if i > 0 && tokens[i-1].Is(".") { // a name, whatever it is
		return ""
	}
	top, word := &b.lists[len(b.lists)-1], strings.ToLower(tokens[i].Text)
	switch word {
	case "select":
		top.items, top.most, top.windows = 1, MaxColumns, false
	case "from", "where", "group", "order", "values":
		top.items, top.most = 1, MaxItems
	case "case":
		simple := i+1 < len(tokens) && !tokens[i+1].Is("when")
		top.cases = append(top.cases, operand{begun: i + b.copies, copied: !simple})
	case "when":
		b.when(top.cases, i)
	case "end":
		top.cases = top.cases[:max(0, len(top.cases)-1)]
	case "over":
		b.overs++
	case "window":
		top.windows = true
	}
	limit, bounded := words[word]
	if !bounded {
		return ""
	}
	if b.words[word]++; b.words[word] > limit {
		return "The query repeats " + strings.ToUpper(word) + " too often."
	}
	return ""
}

// when ends the operand of the innermost CASE, or copies it.
func (b *bounds) when(cases []operand, i int) {
	if len(cases) == 0 {
		return
	}
	c := &cases[len(cases)-1]
	if c.copied {
		b.copies += c.size
	} else {
		c.copied, c.size = true, i+b.copies-c.begun
	}
}
