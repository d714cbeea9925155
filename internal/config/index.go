package config

import (
	"slices"
	"strings"
	"sync"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// index finds options by address, property and environment name.
type index struct {
	options    []Option
	byPath     map[string]*Option // with "*"
	byEnv      map[string]*Option // without names
	properties map[string]*Option // by squashed property name and key
	prefixes   map[string]bool    // addresses that hold others
	named      []string           // prefixes under which names follow
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
	x := &index{
		options: options, byPath: map[string]*Option{}, byEnv: map[string]*Option{},
		properties: map[string]*Option{}, prefixes: map[string]bool{},
	}
	for i := range x.options {
		o := &x.options[i]
		x.byPath[o.Path] = o
		if o.Property != "" {
			x.properties[squash(o.Property)] = o
			_, leaf, _ := o.section()
			x.properties[squash(leaf)] = o
		}
		if prefix, _, ok := o.section(); !ok {
			x.byEnv[o.Env()] = o
		} else if !slices.Contains(x.named, prefix) {
			x.named = append(x.named, prefix)
		}
		for p := o.Path; strings.Contains(p, "."); {
			p = p[:strings.LastIndexByte(p, '.')]
			x.prefixes[p] = true
		}
	}
	return x
}

// find returns the option at an address that may hold a name, and the name.
func (x *index) find(path string) (o *Option, name string, ok bool) {
	if o, ok := x.byPath[path]; ok && !strings.Contains(path, "*") {
		return o, "", true
	}
	for _, prefix := range x.named {
		rest, under := strings.CutPrefix(path, prefix+".")
		if !under {
			continue
		}
		name, leaf, _ := strings.Cut(rest, ".")
		if o, ok := x.byPath[prefix+".*."+leaf]; ok {
			return o, name, true
		}
	}
	return nil, "", false
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
	for _, p := range ignoredProperties {
		if matches(p, name) {
			return true
		}
	}
	for _, p := range refusedProperties {
		if matches(p.name, name) {
			return true
		}
	}
	return gwerr.Nearest(name, x.propertyNames()) != ""
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
	if near := gwerr.Nearest(key, x.children(x.pattern(prefix))); near != "" {
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
	if keys := x.children(x.pattern(prefix)); prefix != "" && len(keys) > 0 && len(keys) <= 8 {
		p.Hint = "Known here: " + strings.Join(keys, ", ") + "."
	}
	return p
}

// pattern puts the star back into an address that holds a name.
func (x *index) pattern(prefix string) string {
	for _, n := range x.named {
		if rest, under := strings.CutPrefix(prefix, n+"."); under {
			_, tail, deeper := strings.Cut(rest, ".")
			if deeper {
				return n + ".*." + tail
			}
			return n + ".*"
		}
	}
	return prefix
}
