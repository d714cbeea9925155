// Package resource is the part of the simulated API that is data: resources
// declared in YAML files, and a store that lists, creates, replaces, patches and
// deletes their rows. It knows nothing of HTTP.
package resource

import (
	"maps"
	"slices"
	"strings"
)

// Type is a declared resource: a collection of rows, or a single one. Its file
// has the same words.
type Type struct {
	Path       string     // such as /environments/{env}/gateways/{gateway}/instances
	Key        string     // of a list's rows in _embedded; empty for a single row
	One        string     // what messages call a row
	Methods    Words      // of list, read, create, replace, patch, delete
	Permission Permission // whose roles may do so
	Group      Words      // rate-limit group of reads, then of writes
	Page       Page
	Count      bool             // whether lists tell how many members there are
	IDs        string           // name: rows go by their member name, not by a UUID
	Numbers    string           // strict: a fraction given for an integer is refused, not cut
	Filters    map[string]Words // operators by attribute
	Or         bool             // whether filters may use or
	Order      []string         // such as -beginsAt
	Links      Named[string]    // relations beyond self, the environment and declared children: paths from the API's base; ./ stands for the row
	Variant    string           // the member that tells which of Variants a row is; empty: all alike
	Parts      Named[Part]
	Actions    Named[string] // POST on a row that code does, by media type

	Members  *Member            `yaml:"-"` // what all rows have
	Variants map[string]*Member `yaml:"-"`
	Rows     []Seed             `yaml:"-"`

	name   string   // gateways/instances, or /organizations/licenses
	owners []string // collections of the path's parameters: environments, gateways
	file   *source
}

// Permission are classes of roles: configuration, directory, organization,
// everyone.
type Permission struct{ Read, Write Words }

// Page is the number of rows of a page when the caller names no limit, and of
// the largest page. Without it the whole collection comes at once.
type Page struct{ Default, Most int }

// Part is an address below a row that shows and sets some of its members.
type Part struct {
	Members Words
	Methods Words  // of read, replace
	Answers string // row: answers with the whole row
}

// Words are written as a list with commas or spaces.
type Words []string

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (w *Words) UnmarshalYAML(read func(any) error) error {
	var text string
	err := read(&text)
	*w = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	return err
}

// Named are values in the order of their names.
type Named[T any] []Entry[T]

// Entry is a value with its name.
type Entry[T any] struct {
	Name  string
	Value T
}

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (n *Named[T]) UnmarshalYAML(read func(any) error) error {
	var values map[string]T
	err := read(&values)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		*n = append(*n, Entry[T]{name, values[name]})
	}
	return err
}

// Name is the path without its parameters and, in environments, without that:
// gateways/instances or /organizations/licenses.
func (t *Type) Name() string { return t.name }

// InEnvironment reports whether there is one collection in each environment.
func (t *Type) InEnvironment() bool { return strings.HasPrefix(t.Path, "/environments/{") }

// Single reports whether the resource is one row rather than a collection.
func (t *Type) Single() bool { return t.Key == "" }

// Can reports whether a method is declared.
func (t *Type) Can(method string) bool { return slices.Contains(t.Methods, method) }

// Owners are the collections that the parameters of the path stand for.
func (t *Type) Owners() []string { return t.owners }

// Shape is the tree of members of a row.
func (t *Type) Shape(row map[string]any) *Member {
	if kind, ok := row[t.Variant].(string); ok {
		if m := t.Variants[kind]; m != nil {
			return m
		}
	}
	return t.Members
}

// split takes a path apart into its fixed name and the owners of its parameters.
func (t *Type) split() {
	var fixed []string
	segments := strings.Split(strings.TrimPrefix(t.Path, "/"), "/")
	for k, s := range segments {
		if !strings.HasPrefix(s, "{") {
			fixed = append(fixed, s)
		} else if k > 0 {
			t.owners = append(t.owners, segments[k-1])
		}
	}
	if t.name = "/" + strings.Join(fixed, "/"); t.InEnvironment() {
		t.name = strings.Join(fixed[1:], "/")
	}
}

// Parent is the name of the collection whose rows own this one; empty: none.
func (t *Type) Parent() string {
	at := strings.LastIndex(t.Path, "}/")
	if at < 0 {
		return ""
	}
	above := &Type{Path: t.Path[:strings.LastIndex(t.Path[:at], "/")]}
	if above.split(); above.Path == "/environments" {
		return ""
	}
	return above.name
}
