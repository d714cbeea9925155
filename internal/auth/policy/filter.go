package policy

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// maxValues bounds the values of one list in a filter.
const maxValues = 1000

// errMissing says that a filter needs a value that the caller does not have.
var errMissing = errors.New("policy: the caller lacks a value")

// Filter is a condition on rows with places for values of the caller. It is
// kept as tokens: a value takes the place of a whole token and becomes a
// literal of its type, so that no value can change the shape of the condition.
type Filter struct {
	text string
	// parts alternate: parts[0] refs[0] parts[1] refs[1] … parts[n].
	parts []string
	refs  []reference
}

// reference is a caller.<name> in a filter.
type reference struct {
	name string
	// list is true inside IN ( … ), where several values may stand.
	list bool
	// bare is true right after IN, where the list brings its own parentheses.
	bare bool
}

// String returns the filter as the policy file has it.
func (f *Filter) String() string { return f.text }

// Attributes returns the names used as caller.<name>, each once, sorted.
func (f *Filter) Attributes() []string {
	var out []string
	for _, r := range f.refs {
		out = append(out, r.name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Bind returns the condition with the caller's values as literals. It fails
// where a value is missing, and with gwerr.LimitExceeded where a list is too
// long: cutting it would silently hide rows.
func (f *Filter) Bind(have map[string]auth.Attribute) (string, error) {
	literals, err := f.literals(have)
	if err != nil {
		return "", err
	}
	return f.fill(literals), nil
}

// template returns the condition with NULL for every value, to check it.
func (f *Filter) template() string {
	literals := make([]string, len(f.refs))
	for i, r := range f.refs {
		literals[i] = "NULL"
		if r.bare {
			literals[i] = "(NULL)"
		}
	}
	return f.fill(literals)
}

func (f *Filter) fill(literals []string) string {
	var b strings.Builder
	for i, l := range literals {
		b.WriteString(f.parts[i])
		b.WriteString(l)
	}
	b.WriteString(f.parts[len(f.parts)-1])
	return b.String()
}

func (f *Filter) literals(have map[string]auth.Attribute) ([]string, error) {
	out := make([]string, len(f.refs))
	for i, r := range f.refs {
		values := have[r.name]
		switch {
		case len(values) > maxValues:
			return nil, gwerr.Newf(gwerr.LimitExceeded, "The caller has more than %d values of %s, which a row filter uses.", maxValues, r.name).
				WithHint("Ask the administrator to map the claim to fewer values.")
		case len(values) == 0, len(values) > 1 && !r.list:
			return nil, errMissing
		}
		texts := make([]string, len(values))
		for j, v := range values {
			l, ok := literal(v)
			if !ok {
				return nil, errMissing
			}
			texts[j] = l
		}
		out[i] = strings.Join(texts, ", ")
		if r.bare {
			out[i] = "(" + out[i] + ")"
		}
	}
	return out, nil
}

// literal writes a value as one SQL literal; ok is false for values that no
// literal can hold, such as text with control characters.
func literal(v predicate.Value) (text string, ok bool) {
	switch v.Kind {
	case predicate.String, predicate.UUID:
		if !utf8.ValidString(v.Str) || strings.ContainsFunc(v.Str, unicode.IsControl) {
			return "", false
		}
		return v.String(), true
	case predicate.Float:
		if math.IsNaN(v.Float) || math.IsInf(v.Float, 0) {
			return "", false
		}
		return "(" + v.String() + ")", true
	case predicate.Int:
		return "(" + v.String() + ")", true
	case predicate.Time:
		y := v.Time.In(time.UTC).Year()
		return v.String(), y >= 1 && y <= 9999
	default:
		return v.String(), true
	}
}

// parseFilter reads a filter. Errors are sentences for the policy's author.
func parseFilter(text string) (*Filter, error) {
	tokens, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	if len(tokens) == 0 {
		return nil, errors.New("the condition is empty; leave `rows` out to show all rows")
	}
	f := &Filter{text: text}
	var lists []bool // for each open parenthesis: is it IN's?
	from := 0
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		switch {
		case t.Is("("):
			lists = append(lists, i > 0 && tokens[i-1].Is("in"))
		case t.Is(")"):
			lists = lists[:len(lists)-1]
		case t.Is("select"), t.Is("from"), t.Is("with"):
			return nil, fmt.Errorf("%s at character %d: a row filter is a condition over the table's own columns, without sub-queries", strings.ToUpper(t.Text), character(text, t.Start))
		case t.Is("caller"):
			ref, end, err := parseReference(text, tokens, i, len(lists) > 0 && lists[len(lists)-1])
			if err != nil {
				return nil, err
			}
			f.parts = append(f.parts, text[from:t.Start])
			f.refs = append(f.refs, ref)
			from = tokens[end].End
			i = end
		}
	}
	f.parts = append(f.parts, text[from:])
	return f, nil
}

// parseReference reads caller.<name> at token i of the text; end is its last token. inList
// says that the innermost parenthesis is IN's.
func parseReference(text string, tokens []sqltext.Token, i int, inList bool) (ref reference, end int, err error) {
	if i+2 >= len(tokens) || !tokens[i+1].Is(".") || tokens[i+2].Name() == "" {
		return ref, 0, fmt.Errorf("caller at character %d must be followed by a dot and a name, such as caller.email", character(text, tokens[i].Start))
	}
	if i+3 < len(tokens) && tokens[i+3].Is(".") {
		return ref, 0, fmt.Errorf("caller.%s at character %d has a second dot; map the nested claim to an attribute of its own", tokens[i+2].Name(), character(text, tokens[i].Start))
	}
	ref.name = tokens[i+2].Name()
	ref.bare = i > 0 && tokens[i-1].Is("in")
	ref.list = ref.bare || inList && (tokens[i-1].Is("(") || tokens[i-1].Is(","))
	return ref, i + 2, nil
}

// columnsOf returns the columns of t whose names stand in the condition.
func columnsOf(sql string, t *catalog.Table) []string {
	tokens, err := tokenize(sql)
	var out []string
	for i := range t.Columns {
		name := t.Columns[i].Name
		// A text that can't be cut into tokens may read any column.
		if err != nil || slices.ContainsFunc(tokens, func(k sqltext.Token) bool { return strings.EqualFold(k.Name(), name) }) {
			out = append(out, name)
		}
	}
	return out
}
