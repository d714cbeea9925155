package uri

import (
	"net/url"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

const pathTarget = "the path"

// parsePath splits the escaped path at its slashes, decodes the pieces and
// parses each. Offsets count in the decoded path without leading slash.
func (w *work) parsePath(escaped string) ([]Segment, error) {
	escaped = strings.TrimPrefix(escaped, "/")
	escaped = strings.TrimSuffix(escaped, "/")
	if escaped == "" {
		return nil, nil
	}
	var path []Segment
	base := 0
	for rest, more := escaped, true; more; {
		var piece string
		piece, rest, more = cutPiece(rest)
		w.steps += len(piece) + 1
		text, err := url.PathUnescape(piece)
		if err != nil {
			return nil, badEscape(pathTarget, pathTarget)
		}
		p, err := w.newParser(pathTarget, text)
		if err != nil {
			return nil, err
		}
		p.base = base
		if path, err = p.pathPiece(path); err != nil {
			return nil, err
		}
		base += len(text) + 1
	}
	return path, checkOrder(path)
}

// cutPiece cuts the path at its first slash; slashes within `$filter(…)`
// belong to the condition.
func cutPiece(s string) (piece, rest string, more bool) {
	slash := strings.IndexByte(s, '/')
	if slash < 0 {
		return s, "", false
	}
	if open := strings.IndexByte(s, '('); open > 0 && open < slash && isFilterName(s[:open]) {
		if end := balancedEnd(s, open); end > slash {
			next := strings.IndexByte(s[end:], '/')
			if next < 0 {
				return s, "", false
			}
			slash = end + next
		}
	}
	return s[:slash], s[slash+1:], true
}

func isFilterName(escaped string) bool {
	name, err := url.PathUnescape(escaped)
	return err == nil && name == "$filter"
}

// pathPiece parses one piece between slashes. `$filter(…)(key)` is one
// segment; every other piece is one segment too.
func (p *parser) pathPiece(path []Segment) ([]Segment, error) {
	if p.text == "" {
		return nil, p.expected("a name between two slashes")
	}
	segment, err := p.pathSegment(len(path) == 0)
	if err != nil {
		return nil, err
	}
	if !p.atEnd() {
		return nil, p.expected("a slash or the end")
	}
	return append(path, segment), nil
}

func (p *parser) pathSegment(first bool) (Segment, error) {
	if p.peek() == '$' {
		return p.systemSegment(first)
	}
	if p.peek() == '@' && !first {
		return p.annotation()
	}
	end := nameEnd(p.text, 0)
	for end > 0 && p.peekAt(end) == '.' && nameEnd(p.text, end+1) > end+1 {
		end = nameEnd(p.text, end+1)
	}
	p.steps += end
	isName := end > 0 && (end == len(p.text) || p.peekAt(end) == '(')
	switch {
	case !isName && !first && strings.IndexByte(p.text, '(') < 0:
		literal := &LiteralSegment{Offset: p.at(0), Text: p.text}
		p.pos = len(p.text)
		return literal, nil
	case !isName:
		p.pos = end
		return nil, p.expected("a name")
	}
	name, err := p.qualifiedName("a name")
	if err != nil {
		return nil, err
	}
	if first && strings.Contains(name, ".") {
		return nil, p.expectedAt(0, "the name of an entity set, a singleton, or an unbound function or action")
	}
	segment := &NameSegment{Offset: p.at(0), Name: name}
	if p.peek() == '(' {
		segment.Args, err = p.args(0, name, valuesAreLiterals)
	}
	return segment, err
}

// systemSegment reads a segment that starts with `$`; its name is
// case-sensitive.
func (p *parser) systemSegment(first bool) (Segment, error) {
	end := nameEnd(p.text, 1)
	name := p.text[:end]
	if name == "$filter" && !first {
		p.pos = end
		return p.filterSegment(0)
	}
	if name == "$crossjoin" && first {
		p.pos = end
		return p.crossjoin()
	}
	for kind, known := range systemNames {
		if name == known && first == (SystemKind(kind) <= SystemAll) {
			p.pos = end
			return &SystemSegment{Offset: p.at(0), Kind: SystemKind(kind)}, nil
		}
	}
	return nil, p.expected("a name or one of OData's own segments")
}

func (p *parser) crossjoin() (Segment, error) {
	segment := &CrossjoinSegment{Offset: p.at(0)}
	if !p.skip('(') {
		return nil, p.expected("an opening parenthesis")
	}
	for {
		name, err := p.name("the name of an entity set")
		if err != nil {
			return nil, err
		}
		segment.Sets = append(segment.Sets, name)
		if more, err := p.comma(len(segment.Sets)); err != nil {
			return nil, err
		} else if !more {
			return segment, p.closing()
		}
	}
}

// checkOrder checks which segments may follow which, as far as that does not
// depend on the model.
func checkOrder(path []Segment) error {
	for i, segment := range path[:max(len(path)-1, 0)] {
		next := path[i+1]
		if !mayFollow(segment, next) {
			return gwerr.New(gwerr.Syntax, "This segment cannot follow the one before it in the path.", "").
				At(next.Pos()).On(pathTarget)
		}
	}
	return nil
}

// mayFollow reports whether any model admits next after segment.
//
// Source: ABNF rule resourcePath and those it uses.
func mayFollow(segment, next Segment) bool {
	switch s := segment.(type) {
	case *CrossjoinSegment:
		return isSystem(next, SystemQuery)
	case *SystemSegment:
		name, isName := next.(*NameSegment)
		switch s.Kind {
		case SystemEntity, SystemAll:
			return isName && name.Args == nil
		case SystemEach:
			return isName
		default:
			return false
		}
	}
	return true
}

func isSystem(segment Segment, kind SystemKind) bool {
	s, ok := segment.(*SystemSegment)
	return ok && s.Kind == kind
}
