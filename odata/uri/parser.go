package uri

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// work is what the parsers of one request share: the limits, and a count of
// scanning steps by which the tests see that the time is linear.
type work struct {
	limits Limits
	steps  int
}

// parser reads one decoded option value, or one segment of the path, by
// recursive descent. The text of nested options is read in place, so that
// every offset is one in the whole value.
type parser struct {
	*work
	// option names the text in errors: `$filter`, `@p`, `the path`.
	option string
	text   string
	pos    int
	// base is added to the offsets of nodes and errors.
	base int
	// depth counts open brackets, expands nested $expand, nested those of
	// options.
	depth, expands, nested int
	// whenOfCase is set directly inside a condition of case(), where a colon
	// may end the condition instead of continuing a time of day.
	whenOfCase bool
}

// newParser checks the text's length and encoding and returns its parser.
func (w *work) newParser(option, text string) (*parser, error) {
	if len(text) > w.limits.ExpressionBytes {
		return nil, gwerr.New(gwerr.TooLarge,
			fmt.Sprintf("The value of %s is %d bytes long, and the limit is %d.", option, len(text), w.limits.ExpressionBytes),
			"Shorten it, or raise the limit of the expression length.").On(option)
	}
	if !utf8.ValidString(text) {
		return nil, gwerr.New(gwerr.Syntax,
			fmt.Sprintf("The value of %s is not valid UTF-8.", option),
			"Percent-encode the UTF-8 bytes of the text.").On(option)
	}
	return &parser{work: w, option: option, text: text}, nil
}

// at returns the offset that nodes and errors show for a position.
func (p *parser) at(pos int) int { return p.base + pos }

// peek returns the byte at the position, or 0 at the end of the text.
func (p *parser) peek() byte { return p.peekAt(p.pos) }

func (p *parser) peekAt(pos int) byte {
	p.steps++
	if pos < len(p.text) {
		return p.text[pos]
	}
	return 0
}

func (p *parser) atEnd() bool { return p.pos >= len(p.text) }

// skip consumes the byte b if it is next.
func (p *parser) skip(b byte) bool {
	if p.atEnd() || p.peek() != b {
		return false
	}
	p.pos++
	return true
}

// blanks consumes blanks and reports whether there were any.
func (p *parser) blanks() bool {
	start := p.pos
	for isBlank(p.peek()) {
		p.pos++
	}
	return p.pos > start
}

// expect consumes b with blanks around it.
func (p *parser) expect(b byte, what string) error {
	p.blanks()
	if !p.skip(b) {
		return p.expected(what)
	}
	p.blanks()
	return nil
}

// end demands that nothing but blanks is left.
func (p *parser) end(what string) error {
	p.blanks()
	if !p.atEnd() {
		return p.expected(what)
	}
	return nil
}

// enter opens one level of nesting; every successful enter needs a leave.
func (p *parser) enter() error {
	return p.checkDepth(1)
}

func (p *parser) checkDepth(more int) error {
	if p.depth+more > p.limits.Depth {
		return p.tooLarge("nesting", p.limits.Depth, "levels")
	}
	p.depth += more
	return nil
}

func (p *parser) leave() { p.depth-- }

// room checks a list that is about to get item number n, counted from 1.
func (p *parser) room(n int) error {
	if n > p.limits.ListItems {
		return p.tooLarge("list", p.limits.ListItems, "items")
	}
	return nil
}

func (p *parser) tooLarge(what string, limit int, unit string) error {
	return gwerr.New(gwerr.TooLarge,
		fmt.Sprintf("The %s in %s exceeds the limit of %d %s.", what, p.option, limit, unit),
		"Split the request into smaller ones.").At(p.at(p.pos)).On(p.option)
}

// expected is the error for a text that breaks the grammar at the position.
func (p *parser) expected(what string) *gwerr.Error {
	return p.expectedAt(p.pos, what)
}

func (p *parser) expectedAt(pos int, what string) *gwerr.Error {
	return gwerr.New(gwerr.Syntax,
		fmt.Sprintf("Expected %s in %s, but found %s.", what, p.option, p.found(pos)), "").
		At(p.at(pos)).On(p.option)
}

// found quotes the next word or character for an error.
func (p *parser) found(pos int) string {
	const longest = 24
	rest := strings.TrimLeft(p.text[min(pos, len(p.text)):], " \t")
	if rest == "" {
		return "the end"
	}
	end := nameEnd(rest[:min(len(rest), longest)], 0)
	if end == 0 {
		_, end = utf8.DecodeRuneInString(rest)
	}
	return "`" + rest[:end] + "`"
}

// name reads an identifier of at most 128 characters.
func (p *parser) name(what string) (string, error) {
	start := p.pos
	end := nameEnd(p.text, start)
	p.steps += end - start
	if end == start {
		return "", p.expected(what)
	}
	if end-start > maxName && utf8.RuneCountInString(p.text[start:end]) > maxName {
		return "", gwerr.Newf(gwerr.Syntax, "A name in %s is longer than %d characters.", p.option, maxName).
			At(p.at(start)).On(p.option)
	}
	p.pos = end
	return p.text[start:end], nil
}

// maxName is the length of an odataIdentifier.
const maxName = 128

// qualifiedName reads names joined by dots.
func (p *parser) qualifiedName(what string) (string, error) {
	start := p.pos
	if _, err := p.name(what); err != nil {
		return "", err
	}
	for p.peek() == '.' && nameEnd(p.text, p.pos+1) > p.pos+1 {
		p.pos++
		if _, err := p.name(what); err != nil {
			return "", err
		}
	}
	return p.text[start:p.pos], nil
}

// word reads ahead an ASCII word of at most ten letters in lower case, and
// its end; it is empty if there is none or if the identifier goes on.
func (p *parser) word(pos int) (lower string, end int) {
	const longest = 10
	end = pos
	for end < len(p.text) && end-pos < longest && isASCIILetter(p.text[end]) {
		end++
	}
	p.steps += end - pos
	if end == pos || continuesName(p.text, end) {
		return "", pos
	}
	return strings.ToLower(p.text[pos:end]), end
}

func isASCIILetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
