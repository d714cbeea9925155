package uri

// SearchExpr is a node of $search: *SearchTerm, *SearchNot, *SearchAnd or
// *SearchOr.
//
// Source: OData 4.01 Part 2, section 5.1.7.
type SearchExpr interface {
	// Pos is the byte offset of the node's first character in the decoded
	// option value.
	Pos() int
	search()
}

// SearchTerm is a word or a phrase.
type SearchTerm struct {
	Offset int
	// Text is the word, or the phrase without its quotes.
	Text string
	// Phrase is set if the text stood in quotes.
	Phrase bool
}

// SearchNot is `NOT x`.
type SearchNot struct {
	Offset int
	X      SearchExpr
}

// SearchAnd is `a AND b` or `a b`.
type SearchAnd struct{ Left, Right SearchExpr }

// SearchOr is `a OR b`.
type SearchOr struct{ Left, Right SearchExpr }

// Pos implements SearchExpr.
func (s *SearchTerm) Pos() int { return s.Offset }

// Pos implements SearchExpr.
func (s *SearchNot) Pos() int { return s.Offset }

// Pos implements SearchExpr.
func (s *SearchAnd) Pos() int { return s.Left.Pos() }

// Pos implements SearchExpr.
func (s *SearchOr) Pos() int { return s.Left.Pos() }

func (*SearchTerm) search() {}
func (*SearchNot) search()  {}
func (*SearchAnd) search()  {}
func (*SearchOr) search()   {}
