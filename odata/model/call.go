package model

import (
	"regexp"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
)

// signature is one of OData's functions as the engine's SQL: $1, $2 … stand
// for the arguments. Null in any argument gives null.
type signature struct {
	args   []kind
	result kind
	sql    string
}

// trimmed are the blanks that trim removes: those of Unicode.
const trimmed = `^[\s\v\x{85}\p{Z}]+|[\s\v\x{85}\p{Z}]+$`

// utc is an instant as the engine's timestamp without zone.
const utc = "make_timestamp(epoch_us($1))"

// functions are the functions by name, with one row for each type of the
// first argument.
//
// Source: OData 4.01 Part 2, sections 5.1.1.5 to 5.1.1.10.
var functions = map[string][]signature{
	"contains":   {{[]kind{textKind, textKind}, boolKind, "contains($1, $2)"}, {twoLists, boolKind, "(len(" + places + ") > 0)"}},
	"startswith": {{[]kind{textKind, textKind}, boolKind, "starts_with($1, $2)"}, {twoLists, boolKind, "(list_slice($1, 1, len($2)) = $2)"}},
	"endswith": {
		{[]kind{textKind, textKind}, boolKind, "ends_with($1, $2)"},
		{twoLists, boolKind, "(len($1) >= len($2) AND list_slice($1, len($1) - len($2) + 1, len($1)) = $2)"},
	},
	"concat":  {{[]kind{textKind, textKind}, textKind, "($1 || $2)"}, {twoLists, listKind, "list_concat($1, $2)"}},
	"indexof": {{[]kind{textKind, textKind}, intKind, "(strpos($1, $2) - 1)"}, {twoLists, intKind, "COALESCE(" + places + "[1], -1)"}},
	"length":  {{[]kind{textKind}, intKind, "length($1)"}, {[]kind{listKind}, intKind, "len($1)"}},
	"tolower": {{[]kind{textKind}, textKind, "lower($1)"}},
	"toupper": {{[]kind{textKind}, textKind, "upper($1)"}},
	"trim":    {{[]kind{textKind}, textKind, "regexp_replace($1, '" + trimmed + "', '', 'g')"}},
	"substring": {
		{[]kind{textKind, intKind}, textKind, "substring($1, " + start + ")"},
		{[]kind{textKind, intKind, intKind}, textKind, "substring($1, " + start + ", " + amount + ")"},
		{[]kind{listKind, intKind}, listKind, "list_slice($1, " + first + ", len($1))"},
		{[]kind{listKind, intKind, intKind}, listKind, "list_slice($1, " + first + ", " + first + " - 1 + " + amount + ")"},
	},
	"year":              {{[]kind{instantKind}, intKind, "year(" + utc + ")"}, {[]kind{dateKind}, intKind, "year($1)"}},
	"month":             {{[]kind{instantKind}, intKind, "month(" + utc + ")"}, {[]kind{dateKind}, intKind, "month($1)"}},
	"day":               {{[]kind{instantKind}, intKind, "day(" + utc + ")"}, {[]kind{dateKind}, intKind, "day($1)"}},
	"hour":              {{[]kind{instantKind}, intKind, "hour(" + utc + ")"}, {[]kind{clockKind}, intKind, "hour($1)"}},
	"minute":            {{[]kind{instantKind}, intKind, "minute(" + utc + ")"}, {[]kind{clockKind}, intKind, "minute($1)"}},
	"second":            {{[]kind{instantKind}, intKind, "second(" + utc + ")"}, {[]kind{clockKind}, intKind, "second($1)"}},
	"fractionalseconds": {{[]kind{instantKind}, doubleKind, "(microsecond(" + utc + ") % 1000000 / 1e6)"}, {[]kind{clockKind}, doubleKind, "(microsecond($1) % 1000000 / 1e6)"}},
	"date":              {{[]kind{instantKind}, dateKind, "CAST(" + utc + " AS DATE)"}, {[]kind{dateKind}, dateKind, "$1"}},
	"time":              {{[]kind{instantKind}, clockKind, "CAST(" + utc + " AS TIME)"}, {[]kind{clockKind}, clockKind, "$1"}},
	// Instants are kept in UTC.
	"totaloffsetminutes": {{[]kind{instantKind}, intKind, "(0 * year(" + utc + "))"}},
	"totalseconds":       {{[]kind{durationKind}, doubleKind, "epoch($1)"}},
	"ceiling":            {{[]kind{intKind}, intKind, "$1"}, {[]kind{decimalKind}, decimalKind, "ceil($1)"}, {[]kind{doubleKind}, doubleKind, "ceil($1)"}},
	"floor":              {{[]kind{intKind}, intKind, "$1"}, {[]kind{decimalKind}, decimalKind, "floor($1)"}, {[]kind{doubleKind}, doubleKind, "floor($1)"}},
	"round":              {{[]kind{intKind}, intKind, "$1"}, {[]kind{decimalKind}, decimalKind, "round($1)"}, {[]kind{doubleKind}, doubleKind, "round($1)"}},
}

// start is the engine's position, from 1, of OData's index, from 0; a negative
// index counts from the end. The engine's LEAST and GREATEST pass over nulls, which
// therefore reach no branch.
const start = "CASE WHEN $2 >= 0 THEN LEAST($2, " + farthest + ") + 1 WHEN $2 < 0 THEN GREATEST($2, -length($1)) END::BIGINT"

// amount is the engine's number of characters, or of items.
const amount = "CASE WHEN $3 > 0 THEN LEAST($3, " + farthest + ") WHEN $3 <= 0 THEN 0 END::BIGINT"

// first is that position in a list.
const first = "CASE WHEN $2 >= 0 THEN LEAST($2, " + farthest + ") + 1 WHEN $2 < 0 THEN GREATEST(len($1) + GREATEST($2, -" + farthest + "), 0) + 1 END::BIGINT"

// places are the indexes, from 0, at which one list stands in another.
const places = "list_filter(range(0, len($1) - len($2) + 1), lambda i: list_slice($1, i + 1, i + len($2)) = $2)"

var twoLists = []kind{listKind, listKind}

// farthest is behind the end of every text, and as far as the engine counts.
const farthest = "2147483647::BIGINT"

func (c *compiler) call(e *uri.Call) (term, error) {
	switch e.Method {
	case "now":
		return c.nowTerm(e.Offset), nil
	case "mindatetime":
		return c.edge(e, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)), nil
	case "maxdatetime":
		return c.edge(e, time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)), nil
	case "matchespattern":
		return c.matchesPattern(e)
	case "hassubset":
		return c.hasSubset(e)
	case "hassubsequence":
		return c.hasSubsequence(e)
	}
	overloads, ok := functions[e.Method]
	if !ok {
		return term{}, c.unsupported(e.Offset, "the function "+e.Method)
	}
	args := make([]term, len(e.Args))
	for i, a := range e.Args {
		var err error
		if args[i], err = c.compile(a); err != nil {
			return term{}, err
		}
	}
	return c.apply(e, overloads, args)
}

// apply picks the overload that fits and writes its SQL.
func (c *compiler) apply(e *uri.Call, overloads []signature, args []term) (term, error) {
	out := term{pos: e.Offset}
	for _, s := range overloads {
		if len(s.args) != len(args) || !fits(s, args) {
			continue
		}
		var err error
		for i := range args {
			if args[i], err = c.as(args[i], s.args[i]); err != nil {
				return out, err
			}
			if args[i].kind == nullKind {
				return null(e.Offset), nil
			}
			out.nullable, out.nan = out.nullable || args[i].nullable, out.nan || args[i].nan
		}
		if err := c.zone(e, args); err != nil {
			return out, err
		}
		out.sql, out.kind = substitute(s.sql, args), s.result
		out.nan = out.nan && s.result == doubleKind
		return out, nil
	}
	given := make([]string, len(args))
	for i, a := range args {
		given[i] = a.kind.String()
	}
	return out, c.fail(gwerr.TypeMismatch, e.Offset, "The function %s does not take %s.", e.Method, strings.Join(given, ", "))
}

// null is what a function of null gives.
//
// Source: OData 4.01 Part 2, section 5.1.1.4.
func null(pos int) term { return term{sql: "NULL", kind: nullKind, nullable: true, pos: pos} }

func fits(s signature, args []term) bool {
	for i, a := range args {
		if a.kind == s.args[i] || a.kind == nullKind {
			continue
		}
		if a.literal == nil || a.kind != textKind {
			return false
		}
		if _, ok := retype(a.literal, s.args[i]); !ok {
			return false
		}
	}
	return true
}

// zone refuses parts of a constant that is not in UTC: the gateway would have
// to answer for another zone than the one written.
func (c *compiler) zone(e *uri.Call, args []term) error {
	if len(args) != 1 || args[0].literal == nil || args[0].kind != instantKind {
		return nil
	}
	at, ok := args[0].literal.Time()
	if _, seconds := at.Zone(); ok && seconds != 0 {
		return c.fail(gwerr.BadRequest, args[0].pos, "The function %s takes instants in UTC; write the time with Z.", e.Method)
	}
	return nil
}

func substitute(sql string, args []term) string {
	var pairs []string
	for i, a := range args {
		pairs = append(pairs, "$"+string(rune('1'+i)), a.sql)
	}
	return strings.NewReplacer(pairs...).Replace(sql)
}

func (c *compiler) edge(e *uri.Call, at time.Time) term {
	return term{sql: instantLiteral(at), kind: instantKind, instant: &at, pos: e.Offset}
}

// patternFlags are the flags of an ECMAScript pattern that the engine has.
var patternFlags = regexp.MustCompile(`^[imsu]*$`)

// matchesPattern compiles a pattern that is a constant. Of ECMAScript's
// patterns the engine lacks back references and look-around.
func (c *compiler) matchesPattern(e *uri.Call) (term, error) {
	text, err := c.compile(e.Args[0])
	if err != nil {
		return text, err
	}
	if text.kind == nullKind {
		return text, nil
	}
	if text.kind != textKind {
		return text, c.fail(gwerr.TypeMismatch, e.Args[0].Pos(), "matchesPattern needs Edm.String, and this is %s.", text.kind)
	}
	var parts [2]string
	for i, a := range e.Args[1:] {
		l, ok := c.constant(a).(*uri.Literal)
		switch {
		case ok && l.Kind == uri.NullLiteral:
			return null(e.Offset), nil
		case !ok || l.Kind != uri.StringLiteral:
			return text, c.unsupported(a.Pos(), "a pattern that is not a constant")
		}
		parts[i] = l.Text
	}
	pattern, flags := parts[0], strings.ReplaceAll(parts[1], "u", "")
	if !patternFlags.MatchString(parts[1]) {
		return text, c.unsupported(e.Args[2].Pos(), "the pattern flags "+parts[1])
	}
	if flags != "" {
		pattern = "(?" + flags + ")" + pattern
	}
	if _, err := regexp.Compile(pattern); err != nil {
		if lookAround.MatchString(pattern) {
			return text, c.unsupported(e.Args[1].Pos(), "look-around and back references in patterns")
		}
		return text, c.fail(gwerr.BadRequest, e.Args[1].Pos(), "The pattern is not a valid regular expression.")
	}
	return term{
		sql:  "regexp_matches(" + text.sql + ", " + textLiteral(pattern) + ")",
		kind: boolKind, nullable: text.nullable, pos: e.Offset,
	}, nil
}

var lookAround = regexp.MustCompile(`\(\?(=|!|<=|<!)|\\[1-9]|\\k<`)
