package config

import (
	"slices"
	"strings"
	"sync"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// index finds options by address and by property.
type index struct {
	options    []Option
	byPath     map[string]*Option // with "*"
	properties map[string]*Option // by squashed property name and key
	prefixes   map[string]bool    // addresses that hold others
}

// theIndex is made once; options are constants in all but type.
func theIndex() *index {
	indexOnce.Do(func() { indexValue = newIndex(Options()) })
	return indexValue
}

var (
	indexOnce  sync.Once
	indexValue *index
)

func newIndex(options []Option) *index {
	x := &index{options: options, byPath: map[string]*Option{}, properties: map[string]*Option{}, prefixes: map[string]bool{"": true}}
	for i := range x.options {
		o := &x.options[i]
		x.byPath[o.Path] = o
		if o.Property != "" {
			x.properties[squash(o.Property)] = o
			_, leaf, _ := o.section()
			x.properties[squash(leaf)] = o
		}
		for p := o.Path; strings.Contains(p, "."); {
			p = p[:strings.LastIndexByte(p, '.')]
			x.prefixes[p] = true
		}
	}
	return x
}

// find returns the option at an address, the name in it, and whether the address
// asks for the value to be read from a file; nil if there is none. Properties of
// connections have any spelling.
func (x *index) find(path string) (o *Option, name string, file bool) {
	pattern, _, name := starred(path)
	if leaf, ok := strings.CutPrefix(pattern, "connections.*."); ok {
		o, file = x.property(leaf)
		return o, name, file
	}
	if o := x.byPath[pattern]; o != nil {
		return o, name, false
	}
	if stem, ok := strings.CutSuffix(pattern, "_file"); ok && x.byPath[stem] != nil && x.byPath[stem].Secret {
		return x.byPath[stem], name, true
	}
	return nil, name, false
}

// starred puts the star back into an address that holds a name of a section.
func starred(path string) (pattern, section, name string) {
	for section := range sections {
		if rest, under := strings.CutPrefix(path, section+"."); under {
			name, leaf, deeper := strings.Cut(rest, ".")
			if deeper {
				leaf = "." + leaf
			}
			return section + ".*" + leaf, section, name
		}
	}
	return path, "", ""
}

// property finds a connection property by any spelling; file is true when
// the spelling asks for the value to be read from a file.
func (x *index) property(name string) (o *Option, file bool) {
	s := squash(name)
	if o, ok := x.properties[s]; ok {
		return o, false
	}
	if stem, ok := strings.CutSuffix(s, "file"); ok {
		if o, ok := x.properties[stem]; ok && o.Secret {
			return o, true
		}
	}
	return nil, false
}

// familiar reports whether a name is like that of any property, ours or the
// connector's, so that it may be shown in a message.
func (x *index) familiar(name string) bool {
	return isIgnored(name) || refusal(name) != "" || gwerr.Nearest(name, x.propertyNames()) != ""
}

func (x *index) propertyNames() []string {
	var names []string
	for _, o := range x.options {
		if o.Property != "" {
			names = append(names, o.Property)
		}
	}
	return names
}

// squash brings a name to the form in which names are compared: letter case,
// underscores, hyphens and spaces don't count.
func squash(s string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
}

// children returns the keys that may stand under an address.
func (x *index) children(prefix string) []string {
	var keys []string
	for _, o := range x.options {
		rest := o.Path
		if prefix != "" {
			var under bool
			if rest, under = strings.CutPrefix(o.Path, prefix+"."); !under {
				continue
			}
		}
		key, deeper, _ := strings.Cut(rest, ".")
		if key == "*" {
			continue
		}
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
		if o.Secret && deeper == "" {
			keys = append(keys, key+"_file")
		}
	}
	return keys
}

// unknown is the problem of an address that no option has.
func (x *index) unknown(path string) Problem {
	p := Problem{Path: shorten(path), Message: "unknown key.", Hint: "See docs/configuration.md for the keys."}
	prefix, key := "", path
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		prefix, key = path[:i], path[i+1:]
	}
	pattern, _, _ := starred(prefix)
	keys := x.children(pattern)
	if near := gwerr.Nearest(key, keys); near != "" {
		p.Hint = "Did you mean " + strings.TrimPrefix(prefix+"."+near, ".") + "?"
		return p
	}
	// The right key in the wrong place is the other common mistake.
	for _, o := range x.options {
		if o.Path[strings.LastIndexByte(o.Path, '.')+1:] == key && o.Property == "" {
			p.Hint = "Did you mean " + o.Path + "?"
			return p
		}
	}
	if prefix != "" && len(keys) > 0 && len(keys) <= 8 {
		p.Hint = "Known here: " + strings.Join(keys, ", ") + "."
	}
	return p
}
