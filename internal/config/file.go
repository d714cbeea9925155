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

// mapping reads the keys under an address.
func (l *loader) mapping(file, prefix string, n ast.Node) {
	pairs, ok := entries(n)
	if !ok {
		if short, has := shorthands[prefix]; has {
			l.value(file, l.index.byPath[short], "", n)
			return
		}
		l.problem(prefix, at(file, n), "Write keys under it, each with its value.", "expects keys, not a value.")
		return
	}
	for _, kv := range pairs {
		key := kv.Key.GetToken().Value
		path := key
		if prefix != "" {
			path = prefix + "." + key
		}
		l.entry(file, path, kv)
	}
}

func (l *loader) entry(file, path string, kv *ast.MappingValueNode) {
	where := at(file, kv.Key)
	if o, ok := l.index.byPath[path]; ok {
		l.value(file, o, "", kv.Value)
		return
	}
	if stem, ok := strings.CutSuffix(path, "_file"); ok {
		if o, ok := l.index.byPath[stem]; ok && o.Secret {
			l.secretFile(file, o, "", kv.Value)
			return
		}
	}
	switch {
	case sections[path].add != nil:
		l.named(file, path, kv.Value)
	case l.index.prefixes[path]:
		l.mapping(file, path, kv.Value)
	default:
		p := l.index.unknown(path)
		p.Where = where
		l.problems = append(l.problems, p)
	}
}

// named reads a section whose keys are names of the operator's choice.
func (l *loader) named(file, section string, n ast.Node) {
	pairs, ok := entries(n)
	if !ok {
		l.problem(section, at(file, n), "Write a name and its properties under it.", "expects names, not a value.")
		return
	}
	for _, kv := range pairs {
		name := kv.Key.GetToken().Value
		if !namePattern.MatchString(name) {
			l.problem(section, at(file, kv.Key), "Use letters, digits, - and _, and start with a letter.", "%q can't be a name.", shorten(name))
			continue
		}
		if section == "connections" {
			l.connectionNode(file, name, kv)
			continue
		}
		sections[section].add(l.cfg, name)
		l.leaves(file, section, name, kv.Value)
	}
}

// leaves reads the keys of one named entry.
func (l *loader) leaves(file, section, name string, n ast.Node) {
	pairs, ok := entries(n)
	if !ok {
		l.problem(section+"."+name, at(file, n), "Write keys under it, each with its value.", "expects keys, not a value.")
		return
	}
	for _, kv := range pairs {
		key := kv.Key.GetToken().Value
		if o, ok := l.index.byPath[section+".*."+key]; ok {
			l.value(file, o, name, kv.Value)
			continue
		}
		p := l.index.unknown(section + "." + name + "." + key)
		p.Where = at(file, kv.Key)
		l.problems = append(l.problems, p)
	}
}

// connectionNode reads one connection, as properties or as a connection
// string.
func (l *loader) connectionNode(file, name string, kv *ast.MappingValueNode) {
	pairs, ok := entries(kv.Value)
	if !ok {
		if text, ok := scalar(kv.Value); ok {
			l.connectionString(name, text, at(file, kv.Key))
			return
		}
		l.problem("connections."+name, at(file, kv.Value), "Write properties under it, or one connection string.", "expects properties.")
		return
	}
	l.cfg.connection(name)
	seen := map[*Option]string{}
	for _, p := range pairs {
		key, where := p.Key.GetToken().Value, at(file, p.Key)
		o, isFile := l.index.property(key)
		if o == nil {
			l.unknownProperty(name, key, where)
			continue
		}
		if first, twice := seen[o]; twice {
			l.problem(o.at(name), where, "Keep one of them.", "is given twice, first as %s.", first)
			continue
		}
		if _, mapping := yamlnode.Pairs(p.Value); mapping && o.Property == "Views" {
			o, _ = l.index.property("UserDefinedViews")
		}
		seen[o] = key
		if isFile {
			l.secretFile(file, o, name, p.Value)
			continue
		}
		l.value(file, o, name, p.Value)
	}
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
		l.apply(o, name, strings.Join(parts, ","), where)
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
	l.once(o, name, where)
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
	l.once(o, name, where)
	l.applyFile(o, name, path, where)
}

// once reports a value that stands in the file both plain and as …_file.
func (l *loader) once(o *Option, name, where string) {
	if first, ok := l.cfg.origins[o.at(name)]; ok && first != where {
		l.problem(o.at(name), where, "Keep one of them.", "is given twice, first at %s.", first)
	}
}

// scalar returns the text of a plain value as it was written, "" for null.
func scalar(n ast.Node) (string, bool) {
	if _, null := n.(*ast.NullNode); null {
		return "", true
	}
	return yamlnode.Scalar(n)
}
