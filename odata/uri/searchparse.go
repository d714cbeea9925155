package uri

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// searchOption reads $search: a search expression, or one single-quoted
// text.
//
// Source: ABNF rules searchExpr and searchExpr-incomplete.
func (p *parser) searchOption() (SearchExpr, error) {
	p.blanks()
	if p.peek() == '\'' {
		start := p.pos
		text, err := p.quoted()
		return &SearchTerm{Offset: p.at(start), Text: text, Phrase: true}, err
	}
	return p.searchOr()
}

func (p *parser) searchOr() (SearchExpr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	left, err := p.searchAnd()
	for err == nil && p.searchOperator("OR") {
		var right SearchExpr
		right, err = p.searchAnd()
		left = &SearchOr{Left: left, Right: right}
	}
	return left, err
}

func (p *parser) searchAnd() (SearchExpr, error) {
	left, err := p.searchNot()
	for err == nil {
		if !p.searchOperator("AND") {
			if !p.searchGoesOn() {
				return left, nil
			}
		}
		var right SearchExpr
		right, err = p.searchNot()
		left = &SearchAnd{Left: left, Right: right}
	}
	return left, err
}

// searchGoesOn reports whether an operand follows that an implicit AND joins
// to the one before, and consumes the blanks before it.
func (p *parser) searchGoesOn() bool {
	end := p.blanksEnd(p.pos)
	if end == p.pos || p.searchEnds(end) || p.operatorAt("OR", end) {
		return false
	}
	p.pos = end
	return true
}

// searchOperator consumes blanks, the given word and blanks if an operand
// follows; otherwise the word is a word to search for.
func (p *parser) searchOperator(word string) bool {
	start := p.blanksEnd(p.pos)
	if start == p.pos || !p.operatorAt(word, start) {
		return false
	}
	p.pos = p.blanksEnd(start + len(word))
	return true
}

func (p *parser) operatorAt(word string, pos int) bool {
	p.steps++
	if !strings.HasPrefix(p.text[min(pos, len(p.text)):], word) {
		return false
	}
	end := p.blanksEnd(pos + len(word))
	return end > pos+len(word) && !p.searchEnds(end)
}

func (p *parser) blanksEnd(pos int) int {
	for isBlank(p.peekAt(pos)) {
		pos++
	}
	return pos
}

func (p *parser) searchEnds(pos int) bool {
	return pos >= len(p.text) || p.text[pos] == ')' || p.text[pos] == ';' && p.nested > 0
}

func (p *parser) searchNot() (SearchExpr, error) {
	start := p.pos
	if !p.operatorAt("NOT", start) {
		return p.searchPrimary()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.pos = p.blanksEnd(start + len("NOT"))
	x, err := p.searchNot()
	return &SearchNot{Offset: p.at(start), X: x}, err
}

func (p *parser) searchPrimary() (SearchExpr, error) {
	start := p.pos
	switch p.peek() {
	case '(':
		p.pos++
		p.blanks()
		x, err := p.searchOr()
		if err != nil {
			return nil, err
		}
		p.blanks()
		if !p.skip(')') {
			return nil, p.expected("a blank and another word, or a closing parenthesis")
		}
		return x, nil
	case '"':
		return p.searchPhrase()
	}
	end := p.wordEnd(start)
	if end == start {
		return nil, p.expected("a word or a phrase in double quotes")
	}
	p.pos = end
	return &SearchTerm{Offset: p.at(start), Text: p.text[start:end]}, nil
}

// searchPhrase reads a text in double quotes, in which a backslash stands before
// a double quote or a backslash of the text.
//
// Source: ABNF rules searchPhrase and qchar-no-AMP-DQUOTE.
func (p *parser) searchPhrase() (SearchExpr, error) {
	start := p.pos
	var text strings.Builder
	for pos := start + 1; pos < len(p.text); pos++ {
		switch b := p.text[pos]; {
		case b == '"' && text.Len() > 0:
			p.steps += pos - start
			p.pos = pos + 1
			return &SearchTerm{Offset: p.at(start), Text: text.String(), Phrase: true}, nil
		case b == '"':
			return nil, p.expected("a phrase with a closing double quote")
		case b == '\\' && (p.peekAt(pos+1) == '"' || p.peekAt(pos+1) == '\\'):
			pos++
			text.WriteByte(p.text[pos])
		default:
			text.WriteByte(b)
		}
	}
	return nil, p.expected("a phrase with a closing double quote")
}

// wordEnd returns the end of a word: characters other than blanks,
// parentheses and double quotes; it does not start with a single quote. A
// semicolon, which may have been encoded, ends it only within parentheses, where
// it divides options.
func (p *parser) wordEnd(pos int) int {
	start := pos
	for pos < len(p.text) {
		r, size := utf8.DecodeRuneInString(p.text[pos:])
		if unicode.IsSpace(r) || strings.ContainsRune("()\"", r) || r == ';' && p.nested > 0 || r == '\'' && pos == start {
			break
		}
		pos += size
	}
	p.steps += pos - start
	return pos
}
