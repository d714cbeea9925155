package pgwire

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// statement is one statement, as it was sent or prepared.
type statement struct {
	text   string
	tokens []sqltext.Token
	// message is what the client sent, and offset the statement's place in it.
	message string
	offset  int
	// oids are the types of $1, $2 …; 0 for one that nobody knows.
	oids []uint32
	// columns are what the result was described with, if it was.
	columns   []column
	described bool
}

// split reads a text as statements; empty ones are left out.
func split(text string) ([]*statement, error) {
	tokens, err := sqltext.Lex(text)
	if err != nil {
		return nil, err
	}
	var out []*statement
	for len(tokens) > 0 {
		end := slices.IndexFunc(tokens, func(t sqltext.Token) bool { return t.Depth == 0 && t.Is(";") })
		if end < 0 {
			end = len(tokens)
		}
		if end > 0 {
			out = append(out, statementOf(text, tokens[:end]))
		}
		tokens = tokens[min(end+1, len(tokens)):]
	}
	return out, nil
}

// statementOf is the statement that tokens of a text are.
func statementOf(text string, tokens []sqltext.Token) *statement {
	begin := tokens[0].Start
	st := &statement{text: text[begin:tokens[len(tokens)-1].End], message: text, offset: begin}
	st.tokens = slices.Clone(tokens)
	for i := range st.tokens {
		st.tokens[i].Start -= begin
		st.tokens[i].End -= begin
	}
	return st
}

// part is the statement that tokens from one on are, such as that of EXPLAIN.
func (s *statement) part(from, to int) *statement {
	inner := statementOf(s.text, s.tokens[from:to])
	inner.offset += s.offset
	inner.message = s.message
	return inner
}

// verb is the word with which it begins, in small letters.
func (s *statement) verb() string {
	if len(s.tokens) == 0 || s.tokens[0].Kind != sqltext.Word {
		return ""
	}
	return strings.ToLower(s.tokens[0].Text)
}

// is reports whether it begins with the words.
func (s *statement) is(words ...string) bool {
	if len(s.tokens) < len(words) {
		return false
	}
	for i, w := range words {
		if !s.tokens[i].Is(w) {
			return false
		}
	}
	return true
}

// has reports whether it has the word outside of brackets.
func (s *statement) has(word string) bool {
	return slices.ContainsFunc(s.tokens, func(t sqltext.Token) bool { return t.Depth == 0 && t.Is(word) })
}

// changes reports whether it writes rows, and returns whether it shows them.
func (s *statement) changes() (returning, ok bool) {
	switch verb := s.verb(); verb {
	case "insert", "update", "delete":
		return s.has("returning"), true
	case "with":
		if s.has("insert") || s.has("update") || s.has("delete") {
			return s.has("returning"), true
		}
	}
	return false, false
}

// acts reports whether it does more than read: a change, or a procedure.
func (s *statement) acts() bool {
	_, changes := s.changes()
	return changes || s.is("call") || s.is("execute") || s.is("exec")
}

// wrong is the error of a statement that can't be read.
func (s *statement) wrong(at int, message string) error {
	place := len(s.text)
	if at < len(s.tokens) {
		place = s.tokens[at].Start
	}
	return gwerr.New(gwerr.Syntax, message, "").At(place)
}

// maxParameters bounds the parameters of a statement; the protocol counts them
// in 16 bits.
const maxParameters = 1<<16 - 1

// declare takes the types that the client declares, and makes room for those of
// all parameters.
func (s *statement) declare(oids []uint32) error {
	s.oids = slices.Clone(oids)
	for i, t := range s.tokens {
		n, ok := ordinal(t)
		if !ok {
			continue
		}
		if n < 1 || n > maxParameters {
			return gwerr.New(gwerr.BadParameter, "Parameters count from 1 to 65535.", "").At(t.Start)
		}
		if n > len(s.oids) {
			s.oids = append(s.oids, make([]uint32, n-len(s.oids))...)
		}
		if s.oids[n-1] == 0 || s.oids[n-1] == pgtype.UnknownOID {
			s.oids[n-1] = s.typeAt(i)
		}
	}
	return nil
}

// ordinal is the number of the parameter that a token is.
func ordinal(t sqltext.Token) (n int, ok bool) {
	if t.Kind != sqltext.Param || t.Text[0] != '$' {
		return 0, false
	}
	n, err := strconv.Atoi(t.Text[1:])
	return n, err == nil
}

// typeAt gives the type that stands beside a parameter: its cast, or that of
// what counts rows; 0 for none.
func (s *statement) typeAt(i int) uint32 {
	next := func(n int) sqltext.Token {
		if i+n < 0 || i+n >= len(s.tokens) {
			return sqltext.Token{Kind: sqltext.String}
		}
		return s.tokens[i+n]
	}
	switch {
	case next(1).Is("::"):
		return s.castAt(i + 2)
	case next(1).Is("as") && next(-1).Is("(") && (next(-2).Is("cast") || next(-2).Is("try_cast")):
		return s.castAt(i + 2)
	case next(-1).Is("limit"), next(-1).Is("offset"), next(-1).Is("top"):
		return pgtype.Int8OID
	}
	return 0
}

// castAt reads the name of a type; 0 for one that is none of PostgreSQL's.
func (s *statement) castAt(i int) uint32 {
	if i+2 < len(s.tokens) && s.tokens[i].Is("pg_catalog") && s.tokens[i+1].Is(".") {
		i += 2
	}
	if i >= len(s.tokens) || !s.tokens[i].IsName() {
		return 0
	}
	oid, ok := named[strings.ToUpper(s.tokens[i].Name())]
	switch {
	case !ok:
		return 0
	case s.tokens[i].Is("timestamp") && i+1 < len(s.tokens) && s.tokens[i+1].Is("with"):
		oid = pgtype.TimestamptzOID
	case i+2 < len(s.tokens) && s.tokens[i+1].Is("[") && s.tokens[i+2].Is("]"):
		oid = kindOf(oid).array
	}
	return oid
}

// withTypes is the text with a null of the parameter's type for each of them,
// by which a result is described before there are values, and its places.
func (s *statement) withTypes() (string, sqltext.Map) {
	var edits []sqltext.Edit
	for i, t := range s.tokens {
		n, ok := ordinal(t)
		if !ok || n > len(s.oids) {
			continue
		}
		text, name := " NULL ", castName(s.oids[n-1])
		textual := castName(pgtype.TextOID)
		switch {
		case (name == "" || name == textual) && s.joined(i):
			text, name = " '' ", "" // the engine's null makes all of it a number
		case name == "" && s.shown(i):
			name = textual
		}
		if name != "" {
			text = " CAST(NULL AS " + name + ") "
		}
		edits = append(edits, sqltext.Edit{Start: t.Start, End: t.End, Text: text})
	}
	return sqltext.Apply(s.text, edits)
}

// at is the token at a place, a comma beyond both ends.
func (s *statement) at(i int) sqltext.Token {
	if i < 0 || i >= len(s.tokens) {
		return sqltext.Token{Kind: sqltext.Symbol, Text: ","}
	}
	return s.tokens[i]
}

// joined reports whether the parameter at i is joined with a text by ||.
func (s *statement) joined(i int) bool {
	for _, by := range []int{1, -1} {
		other := s.at(i + 3*by)
		_, parameter := ordinal(other)
		if s.at(i+by).Is("|") && s.at(i+2*by).Is("|") && (parameter || other.Kind == sqltext.String) {
			return true
		}
	}
	return false
}

// shown reports whether the parameter at i is one that a SELECT lists as it is.
func (s *statement) shown(i int) bool {
	if !s.at(i-1).IsAny("select", "distinct", ",") || !s.at(i+1).IsAny(",", "as", "from", "limit", "union", ")") {
		return false
	}
	depth := s.tokens[i].Depth
	for k := i - 1; k >= 0 && s.tokens[k].Depth >= depth; k-- {
		if t := s.tokens[k]; t.Depth == depth && t.IsAny("select", "from", "where", "by", "values") {
			return t.Is("select")
		}
	}
	return false
}

// withCasts is the text with their types beside the parameters that the engine gets as
// texts, such as dates and intervals, and its places. One that is plainly compared stays
// bare: it takes the type of what it is compared with, and a plan serves all its values.
func (s *statement) withCasts() (string, sqltext.Map) {
	var edits []sqltext.Edit
	for i, t := range s.tokens {
		n, ok := ordinal(t)
		if !ok || i == 0 || n > len(s.oids) || s.verb() == "call" || s.verb() == "execute" || s.verb() == "exec" {
			continue
		}
		switch s.oids[n-1] {
		case pgtype.DateOID, pgtype.TimeOID, pgtype.TimestampOID, pgtype.IntervalOID, pgtype.UUIDOID, pgtype.JSONOID, pgtype.JSONBOID:
			if s.typeAt(i) == 0 && !s.compared(i) {
				edits = append(edits, sqltext.Edit{Start: t.Start, End: t.End, Text: "CAST(" + t.Text + " AS " + castName(s.oids[n-1]) + ")"})
			}
		}
	}
	return sqltext.Apply(s.text, edits)
}

// compared reports whether the parameter at i is one side of a comparison, or given to a column.
func (s *statement) compared(i int) bool {
	before, after := s.tokens[i-1], sqltext.Token{}
	if i+1 < len(s.tokens) {
		after = s.tokens[i+1]
	}
	computes := func(t sqltext.Token) bool { return t.IsAny("+", "-", "*", "/") }
	return !computes(before) && !computes(after) && (before.IsAny("=", "<", ">", "between") || after.IsAny("=", "<", ">"))
}
