package config

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/pingone-gateway/gateway/internal/yamlnode"
)

// shorthands are sections that may be written as one value.
var shorthands = map[string]string{"auth": "auth.mode"}

var namePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,62}$`)

// file reads the YAML file, if one is named.
func (l *loader) file() {
	path := cmp.Or(l.src.File, lookup(l.src.Env, EnvFile))
	if path == "" {
		return
	}
	data, err := l.src.ReadFile(path)
	if err != nil {
		l.problem("", path, "Check the path given by --config or "+EnvFile+".", "the configuration file can't be read: %v.", err)
		return
	}
	l.cfg.File = path
	l.yaml(path, data)
}

func (l *loader) yaml(path string, data []byte) {
	doc, problem := yamlnode.Parse(data)
	switch {
	case problem != nil:
		l.problem("", fmt.Sprintf("%s:%d", path, problem.Line), "Keep one document in the file, with its indentation and quotes right.", "%s.", problem.Message)
	case doc != nil:
		l.mapping(path, "", doc)
	}
}

// at is the place of a node.
func at(path string, n ast.Node) string { return fmt.Sprintf("%s:%d", path, yamlnode.Line(n)) }

// entries returns the key-value pairs of a mapping.
func entries(n ast.Node) ([]*ast.MappingValueNode, bool) {
	if yamlnode.Empty(n) {
		return nil, true
	}
	return yamlnode.Pairs(n)
}

// mapping reads the keys under an address: those of a section, or names of the
// operator's choice.
func (l *loader) mapping(file, prefix string, n ast.Node) {
	pairs, ok := entries(n)
	if !ok {
		l.noKeys(file, prefix, n)
		return
	}
	if _, section, name := starred(prefix); section != "" && !l.named(section, name, at(file, n)) {
		return
	}
	for _, kv := range pairs {
		l.entry(file, strings.TrimPrefix(prefix+"."+kv.Key.GetToken().Value, "."), kv)
	}
}

// noKeys reads what stands where keys are expected: a short form, or nothing that
// is right.
func (l *loader) noKeys(file, path string, n ast.Node) {
	_, section, name := starred(path)
	text, plain := scalar(n)
	switch {
	case shorthands[path] != "":
		l.value(file, l.index.byPath[shorthands[path]], "", n)
	case section == "connections" && plain:
		l.connectionString(name, text, at(file, n))
	case section == "connections":
		l.problem(path, at(file, n), "Write properties under it, or one connection string.", "expects properties.")
	case sections[path].add != nil:
		l.problem(path, at(file, n), "Write a name and its properties under it.", "expects names, not a value.")
	default:
		l.problem(path, at(file, n), "Write keys under it, each with its value.", "expects keys, not a value.")
	}
}

func (l *loader) entry(file, path string, kv *ast.MappingValueNode) {
	key, where := kv.Key.GetToken().Value, at(file, kv.Key)
	pattern, section, _ := starred(path)
	o, name, fromFile := l.index.find(path)
	switch {
	case o == nil && l.index.prefixes[pattern]:
		l.mapping(file, path, kv.Value)
		return
	case o == nil && section == "connections":
		l.unknownProperty(name, key, where)
		return
	case o == nil:
		p := l.index.unknown(path)
		p.Where = where
		l.problems = append(l.problems, p)
		return
	}
	if _, mapping := yamlnode.Pairs(kv.Value); mapping && o.Property == viewsProperty {
		o, _ = l.index.property("UserDefinedViews")
	}
	if first, twice := l.seen[o.at(name)]; twice {
		l.problem(o.at(name), where, "Keep one of them.", "is given twice, first %s.", first)
		return
	}
	l.seen[o.at(name)] = "at " + where
	if section == "connections" {
		l.seen[o.at(name)] = "as " + key
	}
	if fromFile {
		l.secretFile(file, o, name, kv.Value)
		return
	}
	l.value(file, o, name, kv.Value)
}

// value sets an option from a node.
func (l *loader) value(file string, o *Option, name string, n ast.Node) {
	where := at(file, n)
	if seq, ok := n.(*ast.SequenceNode); ok && o.list {
		parts := make([]string, 0, len(seq.Values))
		for _, v := range seq.Values {
			text, ok := scalar(v)
			if !ok {
				l.problem(o.at(name), at(file, v), "Write plain values.", "a list entry is not a plain value.")
				return
			}
			parts = append(parts, text)
		}
		l.apply(o, name, joinList(parts), where)
		return
	}
	if o.Kind == viewsCodec.kind {
		if pairs, ok := yamlnode.Pairs(n); ok {
			l.views(file, o, name, n, pairs)
			return
		}
	}
	text, ok := scalar(n)
	if !ok {
		l.problem(o.at(name), where, "Write one value.", "expects a %s.", o.Kind)
		return
	}
	l.apply(o, name, text, where)
}

// secretFile sets a secret from the file that a node names.
func (l *loader) secretFile(file string, o *Option, name string, n ast.Node) {
	where := at(file, n)
	path, ok := scalar(n)
	if !ok || path == "" {
		l.problem(o.at(name)+"_file", where, "Write the path of a file.", "expects a path.")
		return
	}
	l.applyFile(o, name, path, where)
}

// scalar returns the text of a plain value as it was written, "" for null.
func scalar(n ast.Node) (string, bool) {
	if _, null := n.(*ast.NullNode); null {
		return "", true
	}
	return yamlnode.Scalar(n)
}
