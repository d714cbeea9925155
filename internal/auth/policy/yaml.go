package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/pingone-gateway/gateway/internal/yamlnode"
)

// maxFile bounds a policy file, in bytes.
const maxFile = 1 << 20

// Problem is one thing wrong with a policy file.
type Problem struct {
	Line    int // from 1
	Message string
}

// Problems are all things wrong with a policy file, by line.
type Problems []Problem

// Error lists the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, x := range p {
		lines[i] = fmt.Sprintf("line %d: %s", x.Line, x.Message)
	}
	return strings.Join(lines, "\n")
}

// reader walks a YAML document and collects what is wrong with it.
type reader struct{ problems Problems }

func (r *reader) fail(n ast.Node, format string, args ...any) {
	r.problems = append(r.problems, Problem{Line: yamlnode.Line(n), Message: fmt.Sprintf(format, args...)})
}

// document parses the text into its one document.
func (r *reader) document(text []byte) ast.Node {
	if len(text) > maxFile {
		r.problems = append(r.problems, Problem{1, fmt.Sprintf("the file is larger than %d bytes", maxFile)})
		return nil
	}
	doc, problem := yamlnode.Parse(text)
	switch {
	case problem != nil:
		r.problems = append(r.problems, Problem(*problem))
	case doc == nil:
		r.problems = append(r.problems, Problem{1, "the file must hold one YAML document"})
	}
	return doc
}

// mapping calls the field's function for each member; unknown members are
// problems.
func (r *reader) mapping(n ast.Node, what string, fields map[string]func(ast.Node)) {
	r.each(n, what, func(key string, k, v ast.Node) {
		f, ok := fields[key]
		if !ok {
			r.fail(k, "%s has no member %q; it may have %s", what, key,
				strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
			return
		}
		f(v)
	})
}

// each calls visit for each member of a mapping.
func (r *reader) each(n ast.Node, what string, visit func(key string, k, v ast.Node)) {
	members, ok := yamlnode.Pairs(n)
	if !ok {
		r.fail(n, "%s must be a mapping of names to values", what)
		return
	}
	seen := map[string]bool{}
	for _, m := range members {
		key, ok := yamlnode.Scalar(m.Key)
		if !ok {
			r.fail(m.Key, "a member of %s must have a plain name", what)
			continue
		}
		if seen[key] {
			r.fail(m.Key, "%s has %q twice", what, key)
			continue
		}
		seen[key] = true
		visit(key, m.Key, m.Value)
	}
}

// items calls visit for each item of a sequence.
func (r *reader) items(n ast.Node, what string, visit func(ast.Node)) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fail(n, "%s must be a list", what)
		return
	}
	for _, v := range s.Values {
		visit(v)
	}
}

// text reads a scalar as text; ok is false after a problem.
func (r *reader) text(n ast.Node, what string) (string, bool) {
	s, ok := yamlnode.Scalar(n)
	switch {
	case !ok && isAlias(n):
		r.fail(n, "%s: anchors and aliases are not possible; put a star in quotes: \"*\"", what)
	case !ok:
		r.fail(n, "%s must be a text", what)
	case strings.TrimSpace(s) == "":
		r.fail(n, "%s is empty", what)
		ok = false
	}
	return s, ok
}

func isAlias(n ast.Node) bool {
	switch n.(type) {
	case *ast.AliasNode, *ast.AnchorNode:
		return true
	}
	return false
}

// names reads a list of texts.
func (r *reader) names(n ast.Node, what string) []string {
	out := []string{}
	r.items(n, what, func(item ast.Node) {
		if s, ok := r.text(item, "an item of "+what); ok {
			out = append(out, s)
		}
	})
	return out
}

// patterns reads a list of names with stars.
func (r *reader) patterns(n ast.Node, what string) []Pattern {
	out := []Pattern{}
	for _, s := range r.names(n, what) {
		out = append(out, Pattern(s))
	}
	return out
}

// number reads a number that is at least min; "none" gives 0, which lifts a
// limit.
func (r *reader) number(n ast.Node, what string, minimum float64) (float64, bool) {
	s, ok := r.text(n, what)
	if !ok {
		return 0, false
	}
	if s == "none" {
		return 0, true
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || v != v || v < minimum || v > 1e15 {
		r.fail(n, "%s is %q; use a number from %v on, or none", what, s, minimum)
		return 0, false
	}
	return v, true
}
