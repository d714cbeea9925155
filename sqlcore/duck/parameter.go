//go:build duckdb_arrow

package duck

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// Parameter is the value of a query's parameter.
type Parameter = query.Parameter

// Where the engine plans a statement, parameters that don't stay open become
// literals of the text, quoted here and nowhere else.

// parameters finds the value of each parameter of the text, by the place of its
// token. The tokens returned are those to which the places belong.
func parameters(tokens []sqltext.Token, positional []Parameter, named map[string]Parameter) ([]sqltext.Token, map[int]Parameter, error) {
	values := map[int]Parameter{}
	used := make([]bool, len(positional))
	seen := map[string]bool{}
	next := 0
	folded := make(map[string]Parameter, len(named))
	for name, p := range named {
		folded[strings.ToLower(name)] = p
	}
	tokens = asked(tokens, folded)
	for i, t := range tokens {
		if t.Kind != sqltext.Param {
			continue
		}
		p, err := lookup(t, positional, folded, used, seen, &next)
		if err != nil {
			return nil, nil, err
		}
		values[i] = p
	}
	for i, u := range used {
		if !u {
			return nil, nil, gwerr.New(gwerr.BadParameter, fmt.Sprintf("The query has no place for parameter %d.", i+1), "Give one value for each parameter of the query.")
		}
	}
	for name := range named {
		if !seen[strings.ToLower(name)] {
			return nil, nil, gwerr.New(gwerr.BadParameter, fmt.Sprintf("The query has no parameter %q.", name), "Give only values that the query names.").On(name)
		}
	}
	return tokens, values, nil
}

// spliced gives the edits that put the values in place, but for those that stay
// open, which get their numbers. The values together are no longer than a text
// may be, and their members no more than those of a list, however often one is
// used: the engine gets no more than that.
func spliced(tokens []sqltext.Token, values map[int]Parameter, open map[int]int) ([]sqltext.Edit, error) {
	var edits []sqltext.Edit
	size, members := 0, 0
	for i, t := range tokens {
		p, given := values[i]
		if !given {
			continue
		}
		if n := open[i]; n > 0 {
			edits = append(edits, sqltext.Edit{Start: t.Start, End: t.End, Text: " $" + strconv.Itoa(n) + " "})
			continue
		}
		if members += len(p.List); members > sqltext.MaxItems {
			return nil, gwerr.New(gwerr.TooLarge, fmt.Sprintf("The lists of its parameters have more than %d items where the query uses them.", sqltext.MaxItems), "Use a long list once.").At(t.Start).On(t.Text)
		}
		more, err := placed(tokens, i, p)
		if err != nil {
			return nil, gwerr.From(err).At(t.Start).On(t.Text)
		}
		for _, e := range more {
			size += len(e.Text)
		}
		if size > sqltext.MaxBytes {
			return nil, gwerr.New(gwerr.TooLarge, "With the values of its parameters the query is longer than 1 MiB.", "Use a long value once.").At(t.Start).On(t.Text)
		}
		edits = append(edits, more...)
	}
	return edits, nil
}

// asked takes [:n] for a parameter where one of that name, in small letters, is
// given; otherwise it is a slice up to the column n.
func asked(tokens []sqltext.Token, named map[string]Parameter) []sqltext.Token {
	if len(named) == 0 {
		return tokens
	}
	out := slices.Clone(tokens)
	for i := range out {
		if i < 2 || !out[i-2].Is("[") || !out[i-1].Is(":") || out[i-1].End != out[i].Start {
			continue
		}
		if _, given := named[strings.ToLower(out[i].Text)]; given {
			out[i].Kind, out[i].Start, out[i].Text = sqltext.Param, out[i-1].Start, ":"+out[i].Text
		}
	}
	return out
}

// placed gives the edits that put a value in the place of the parameter at i.
func placed(tokens []sqltext.Token, i int, p Parameter) ([]sqltext.Edit, error) {
	if p.List != nil {
		if edits, ok, err := members(tokens, i, p.List); ok || err != nil {
			return edits, err
		}
	}
	text, err := literal(p)
	return []sqltext.Edit{{Start: tokens[i].Start, End: tokens[i].End, Text: " " + text + " "}}, err
}

// lookup finds the value for a parameter token; the names are in small letters.
func lookup(t sqltext.Token, positional []Parameter, named map[string]Parameter, used []bool, seen map[string]bool, next *int) (Parameter, error) {
	name := t.Text[1:]
	var n int
	switch {
	case t.Text == "?":
		*next++
		n = *next
	case name[0] >= '0' && name[0] <= '9':
		var err error
		if n, err = strconv.Atoi(name); err != nil || n < 1 {
			return Parameter{}, gwerr.New(gwerr.BadParameter, "Parameters count from 1.", "").At(t.Start).On(t.Text)
		}
	default:
		name = strings.ToLower(name)
		if p, given := named[name]; given {
			seen[name] = true
			return p, nil
		}
		return Parameter{}, gwerr.New(gwerr.BadParameter, "No value is given for the parameter "+t.Text+".", "Add it to the parameters by its name.").At(t.Start).On(t.Text[1:])
	}
	if n > len(positional) {
		return Parameter{}, gwerr.New(gwerr.BadParameter, fmt.Sprintf("No value is given for parameter %d.", n), "Add it to the list of parameters.").At(t.Start).On(t.Text)
	}
	used[n-1] = true
	return positional[n-1], nil
}

// literal writes a value as SQL.
func literal(p Parameter) (string, error) {
	if p.Null {
		return "NULL", nil
	}
	if p.List != nil {
		text, err := literals(p.List)
		return "[" + text + "]", err
	}
	switch v := p.Value; v.Kind {
	case predicate.Bool, predicate.Time:
		return v.String(), nil
	case predicate.Int:
		if v.Int == math.MinInt64 {
			return "CAST('-9223372036854775808' AS BIGINT)", nil
		}
		return signed(strconv.FormatInt(v.Int, 10)), nil
	case predicate.Float:
		if math.IsNaN(v.Float) || math.IsInf(v.Float, 0) {
			return "", gwerr.New(gwerr.BadParameter, "A number must be finite.", "")
		}
		return signed(strconv.FormatFloat(v.Float, 'e', -1, 64)), nil
	default:
		if strings.IndexByte(v.Str, 0) >= 0 || !utf8.ValidString(v.Str) {
			return "", gwerr.New(gwerr.BadParameter, "A text must be valid UTF-8 without zero bytes.", "")
		}
		if len(v.Str) > sqltext.MaxBytes {
			return "", gwerr.New(gwerr.TooLarge, "A text is longer than 1 MiB.", "")
		}
		return sqltext.Literal(v.Str), nil
	}
}

// signed keeps a minus away from one that stands before it: two begin a
// comment.
func signed(number string) string {
	if strings.HasPrefix(number, "-") {
		return "(" + number + ")"
	}
	return number
}
