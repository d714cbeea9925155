package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/pingone-gateway/gateway/internal/yamlnode"
)

// problems collects what is wrong with the declarations.
type problems struct {
	file string
	list []error
}

// at notes a problem at a node of the current file.
func (p *problems) at(n ast.Node, format string, args ...any) {
	p.atLine(yamlnode.Line(n), format, args...)
}

func (p *problems) atLine(line int, format string, args ...any) {
	p.list = append(p.list, fmt.Errorf("%s:%d: %s", p.file, line, fmt.Sprintf(format, args...)))
}

// fields is a mapping whose keys were checked against the allowed ones.
type fields struct {
	p      *problems
	node   ast.Node
	values map[string]ast.Node
}

// line gives the place of a mapping for problems found later.
func (f fields) line() int { return yamlnode.Line(f.node) }

// mapping reads a node as a mapping with the keys that the declaration of
// that kind allows.
func (p *problems) mapping(n ast.Node, kind string) fields {
	f := fields{p: p, node: n, values: map[string]ast.Node{}}
	for _, pair := range p.pairs(n, kind) {
		name := pair.Key.GetToken().Value
		if !slices.Contains(declarationKeys[kind], name) {
			p.at(pair.Key, "unknown key %q of a %s; use one of %s", name, kind, strings.Join(declarationKeys[kind], ", "))
			continue
		}
		f.values[name] = pair.Value // YAML allows a key once
	}
	return f
}

// pairs reads a node as a mapping with free keys.
func (p *problems) pairs(n ast.Node, kind string) []*ast.MappingValueNode {
	pairs, ok := yamlnode.Pairs(n)
	if !ok {
		p.at(n, "a %s must be a mapping", kind)
	}
	return pairs
}

// several reports whether more than one of the keys is there.
func (f fields) several(keys ...string) bool {
	n := 0
	for _, key := range keys {
		if f.has(key) {
			n++
		}
	}
	return n > 1
}

func (f fields) has(key string) bool { return f.values[key] != nil }

// str reads a text; "" if the key is missing.
func (f fields) str(key string) string {
	n := f.values[key]
	if n == nil {
		return ""
	}
	return f.p.text(n, key)
}

// must reads a text that may not be missing or empty.
func (f fields) must(key string) string {
	s := f.str(key)
	if s == "" {
		f.p.at(f.node, "%q is missing", key)
	}
	return s
}

func (p *problems) text(n ast.Node, key string) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	default:
		p.at(n, "%q must be a text; put it in quotes", key)
		return ""
	}
}

func (f fields) flag(key string) bool {
	n := f.values[key]
	if n == nil {
		return false
	}
	b, ok := n.(*ast.BoolNode)
	if !ok {
		f.p.at(n, "%q must be true or false", key)
		return false
	}
	return b.Value
}

func (f fields) number(key string) int64 {
	n := f.values[key]
	if n == nil {
		return 0
	}
	return f.p.integer(n, key)
}

func (p *problems) integer(n ast.Node, key string) int64 {
	if i, ok := n.(*ast.IntegerNode); ok {
		if v, ok := i.Value.(uint64); ok && v <= 1<<40 {
			return int64(v)
		}
	}
	p.at(n, "%q must be a whole number from 0", key)
	return 0
}

// items reads a sequence; none if the key is missing.
func (f fields) items(key string) []ast.Node {
	n := f.values[key]
	if n == nil {
		return nil
	}
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		f.p.at(n, "%q must be a list", key)
		return nil
	}
	return s.Values
}

func (f fields) texts(key string) []string {
	var out []string
	for _, n := range f.items(key) {
		if n.GetToken().Type == token.NullType {
			f.p.at(n, "an entry of %q is empty", key)
			continue
		}
		out = append(out, f.p.text(n, key))
	}
	return out
}

// textMap reads a mapping from free keys to texts.
func (f fields) textMap(key string) map[string]string {
	if !f.has(key) {
		return nil
	}
	out := map[string]string{}
	for _, pair := range f.p.pairs(f.values[key], key) {
		out[pair.Key.GetToken().Value] = f.p.text(pair.Value, key)
	}
	return out
}

// choice reads a text that is one of a few; the first if missing.
func (f fields) choice(key string, options ...string) int {
	if !f.has(key) {
		return 0
	}
	s := f.str(key)
	if i := slices.Index(options, s); i >= 0 {
		return i
	}
	f.p.at(f.values[key], "%q must be one of %s, not %q", key, strings.Join(options, ", "), s)
	return 0
}
