package scim

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// show writes a tree in prefix form.
func show(e *Expr) string {
	switch e.Kind {
	case Compare:
		v := e.Value.Text
		if e.Value.Quoted {
			v = strconv.Quote(v)
		}
		return strings.TrimSpace(e.Attr + " " + e.Op + " " + v)
	case Path:
		return e.Attr + "[" + show(e.Children[0]) + "]"
	}
	var parts []string
	for _, child := range e.Children {
		parts = append(parts, show(child))
	}
	return [...]string{"and", "or", "not"}[e.Kind] + "(" + strings.Join(parts, ", ") + ")"
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ filter, want string }{
		"comparison":           {`username eq "ada"`, `username eq "ada"`},
		"operator in capitals": {`username EQ "ada"`, `username eq "ada"`},
		"presence":             {`email pr`, `email pr`},
		"bare value":           {`enabled eq true`, `enabled eq true`},
		"and over or":          {`a eq "1" or b eq "2" and c eq "3"`, `or(a eq "1", and(b eq "2", c eq "3"))`},
		"chains stay flat":     {`a eq "1" or b eq "2" or c eq "3"`, `or(a eq "1", b eq "2", c eq "3")`},
		"parentheses":          {`(a eq "1" or b eq "2") and c eq "3"`, `and(or(a eq "1", b eq "2"), c eq "3")`},
		"no blanks needed":     {`(a eq"1")and(b eq"2")`, `and(a eq "1", b eq "2")`},
		"keywords in capitals": {`a eq "1" AND b eq "2" Or c eq "3"`, `or(and(a eq "1", b eq "2"), c eq "3")`},
		"not":                  {`not (a eq "1") and b eq "2"`, `and(not(a eq "1"), b eq "2")`},
		"value path":           {`memberOfGroups[id eq "x" and type eq "DIRECT"]`, `memberOfGroups[and(id eq "x", type eq "DIRECT")]`},
		"value path spaced":    {`memberOfGroups [ id eq "x" ] or a eq "1"`, `or(memberOfGroups[id eq "x"], a eq "1")`},
		"names as they come":   {`büro:nr eq "1" and 2nd-phone sw "2"`, `and(büro:nr eq "1", 2nd-phone sw "2")`},
		"escapes":              {`a eq "\"\\\/\b\f\n\r\t\u00fc\ud800"`, "a eq " + strconv.Quote("\"\\/\b\f\n\r\tü\uFFFD")},
		"keywords as values":   {`a eq "and or not"`, `a eq "and or not"`},
		"keyword as operand":   {`and eq "1"`, `and eq "1"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := Parse(tt.filter)
			require.NoError(t, err)
			assert.Equal(t, tt.want, show(e))
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		filter, want string
		pos          int
	}{
		"nothing":            {"", "attribute or a parenthesis", 0},
		"blanks":             {"  ", "attribute or a parenthesis", 2},
		"attribute alone":    {"a", "operator is expected", 1},
		"string as operator": {`a "eq" "b"`, "operator is expected", 2},
		"no value":           {"a eq ", "value is expected", 5},
		"bracket as value":   {"a eq (", "value is expected", 5},
		"open string":        {`a eq "b`, "not closed", 5},
		"backslash at end":   {`a eq "b\`, "not closed", 5},
		"unknown escape":     {`a eq "\x"`, "escape sequence", 5},
		"short escape":       {`a eq "\u12"`, "escape sequence", 5},
		"escape no number":   {`a eq "\uzzzz"`, "escape sequence", 5},
		"goes on":            {`a eq "b" c eq "d"`, "goes on", 9},
		"open parenthesis":   {`(a eq "b"`, "closing bracket", 9},
		"wrong bracket":      {`(a eq "b"]`, "closing bracket", 9},
		"open value path":    {`a[b eq "c"`, "closing bracket", 10},
		"dangling or":        {`a eq "b" or`, "attribute or a parenthesis", 11},
		"only a bracket":     {`]`, "attribute or a parenthesis", 0},
		"too deep":           {strings.Repeat("(", MaxDepth+2), "too deeply", MaxDepth + 1},
		"nots too deep":      {strings.Repeat("not ", MaxDepth+2), "too deeply", 4 * (MaxDepth + 1)},
		"paths too deep":     {strings.Repeat("a[", MaxDepth+2), "too deeply", 2 * (MaxDepth + 1)},
		"too long":           {strings.Repeat("a", MaxLength+1), "too long", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(tt.filter)
			var syntax *Error
			require.ErrorAs(t, err, &syntax)
			assert.Contains(t, syntax.Message, tt.want)
			assert.Equal(t, tt.pos, syntax.Pos)
			assert.Contains(t, err.Error(), fmt.Sprintf("position %d", tt.pos+1))
		})
	}
}

// TestParseIsLinear counts allocations instead of the time. It cannot run beside
// other tests.
func TestParseIsLinear(t *testing.T) {
	for name, text := range map[string]func(n int) string{
		"chain":       func(n int) string { return strings.TrimSuffix(strings.Repeat(`a eq "b" or `, n), " or ") },
		"parentheses": func(n int) string { return strings.TrimSuffix(strings.Repeat(`(a eq "b") and `, n), " and ") },
	} {
		t.Run(name, func(t *testing.T) {
			small := testing.AllocsPerRun(5, func() { _, _ = Parse(text(50)) })
			large := testing.AllocsPerRun(5, func() { _, _ = Parse(text(500)) })
			assert.Less(t, large, 12*small, "ten times the text costs about ten times the work")
			e, err := Parse(text(500))
			require.NoError(t, err)
			assert.Len(t, e.Children, 500)
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`username eq "a"`, `(a eq "1" or b sw "2") and not c pr`, `memberOfGroups[id eq "x" and type eq "DIRECT"]`,
		`a eq "\u00fc\"`, `((((`, `a[b[c eq "d"]]`, "\x00", `a eq true AND b Eq FALSE`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			return
		}
		if depth(e) > 3*MaxDepth+3 {
			t.Fatalf("the tree of %q is %d deep", text, depth(e))
		}
		if nodes(e) > len(text) {
			t.Fatalf("the tree of %q has %d nodes", text, nodes(e))
		}
	})
}

func depth(e *Expr) int {
	deepest := 0
	for _, child := range e.Children {
		deepest = max(deepest, depth(child))
	}
	return deepest + 1
}

func nodes(e *Expr) int {
	n := 1
	for _, child := range e.Children {
		n += nodes(child)
	}
	return n
}
