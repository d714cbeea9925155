// Package yamlnode reads YAML as nodes that know their lines, for the files
// that operators write by hand: each problem in one is reported at its place.
package yamlnode

import (
	"errors"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxNesting bounds the depth of flow brackets, which the YAML parser follows
// by recursion.
const maxNesting = 64

// Problem is why a text can't be read. It quotes nothing of the text, which may
// hold a secret.
type Problem struct {
	Line    int // from 1
	Message string
}

// Parse reads a text that holds at most one document, nil if there is none.
func Parse(text []byte) (ast.Node, *Problem) {
	if deep(text) {
		return nil, &Problem{1, "brackets are nested more than 64 deep"}
	}
	f, err := parser.ParseBytes(text, 0)
	if err != nil {
		p := &Problem{1, "not valid YAML"}
		var syntax yaml.Error
		if errors.As(err, &syntax) {
			p.Message += ": " + syntax.GetMessage()
			if t := syntax.GetToken(); t != nil && t.Position != nil {
				p.Line = t.Position.Line
			}
		}
		return nil, p
	}
	var body ast.Node
	for _, d := range f.Docs {
		if d.Body == nil {
			continue
		}
		if body != nil {
			return nil, &Problem{Line(d.Body), "a second document; the file must hold one YAML document"}
		}
		body = d.Body
	}
	return body, nil
}

func deep(text []byte) bool {
	depth, deepest := 0, 0
	for _, c := range text {
		switch c {
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth = max(0, depth-1)
		}
	}
	return deepest > maxNesting
}

// Line returns the line of a node, from 1; 1 if it has none.
func Line(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1
	}
	return n.GetToken().Position.Line
}

// Pairs returns the members of a mapping; ok is false if the node is none.
func Pairs(n ast.Node) (pairs []*ast.MappingValueNode, ok bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode: // a mapping with one member
		return []*ast.MappingValueNode{n}, true
	default:
		return nil, false
	}
}

// Empty reports whether a node holds nothing but comments.
func Empty(n ast.Node) bool {
	switch n.(type) {
	case *ast.NullNode, *ast.CommentGroupNode:
		return true
	default:
		return false
	}
}

// Scalar returns the text of a plain value as it was written; ok is false if
// the node holds none, as null does.
func Scalar(n ast.Node) (text string, ok bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	case *ast.MappingKeyNode:
		return Scalar(n.Value)
	default:
		return "", false
	}
}
