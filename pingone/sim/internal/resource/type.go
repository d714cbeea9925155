// Package resource is the part of the simulated API that is data: resources
// declared in YAML files, and a store that lists, creates, replaces, patches and
// deletes their rows. It knows nothing of HTTP.
package resource

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Type is a declared resource, a collection of rows or a single one, as its file
// is written.
type Type struct {
	Path       string            `yaml:"path"`    // such as /environments/{env}/gateways/{gateway}/instances
	Key        string            `yaml:"key"`     // of a list's rows in _embedded; empty for a single row
	One        string            `yaml:"one"`     // what messages call a row
	Methods    Words             `yaml:"methods"` // of list, read, create, replace, patch, delete
	Groups     Words             `yaml:"group"`   // rate-limit groups of reads and of writes
	Permission roles             `yaml:"permission"`
	Page       page              `yaml:"page"`
	Count      bool              `yaml:"count"`   // whether lists tell how many members there are
	IDFrom     string            `yaml:"ids"`     // the member that a client's rows go by; empty: the service gives UUIDs; none: rows have no address
	Numbers    string            `yaml:"numbers"` // strict: a fraction given for an integer is refused, not cut
	Unknown    string            `yaml:"unknown"` // refused: members that are not declared are not ignored
	Bytes      int               `yaml:"bytes"`   // longest body; 0: any
	Imports    string            `yaml:"imports"` // media type of creations besides plain JSON
	Filters    map[string]Words  `yaml:"filters"` // operators by attribute
	Demands    Words             `yaml:"demands"` // attributes that a filter must name; a|b: one of them
	Or         bool              `yaml:"or"`      // whether filters may use or
	Whole      Words             `yaml:"whole"`   // attributes with which a filter makes limit mean nothing
	Order      []string          `yaml:"order"`   // such as -beginsAt
	Links      Texts             `yaml:"links"`   // relations: paths from the API's base, with {env} and members such as {license.id}; . stands for the row
	Expand     Texts             `yaml:"expand"`  // what expand embeds: a resource and the member with the id
	Embeds     Words             `yaml:"embeds"`  // what single rows embed of themselves: paths of members
	Variant    string            `yaml:"variant"` // the member that tells which of Variants a row is; empty: all alike
	Parts      map[string]Part   `yaml:"parts"`   // by their last segment
	Actions    map[string]Action `yaml:"actions"` // by their names

	Members  *Member            `yaml:"-"` // what all rows have
	Variants map[string]*Member `yaml:"-"`
	Rows     []Seed             `yaml:"-"`

	Declared Texts            `yaml:"members"`
	Kinds    map[string]Texts `yaml:"variants"`
	Seeds    []map[string]any `yaml:"rows"`

	// Name is the path without its parameters and, in environments, without that:
	// gateways/instances or /organizations/licenses.
	Name   string   `yaml:"-"`
	Owners []string `yaml:"-"` // collections of the path's parameters: environments, gateways
	local  string   // the path within an environment
}

// roles are those that may read and write: configuration, directory,
// organization, everyone.
type roles struct {
	Read  Words `yaml:"read"`
	Write Words `yaml:"write"`
}

// page is how many rows a page has when the caller names no limit, and at most;
// 0: the whole collection at once.
type page struct {
	Default int `yaml:"default"`
	Most    int `yaml:"most"`
}

// Part is an address below a row that shows and sets some of its members.
type Part struct {
	Of      string `yaml:"of"` // the object whose members they are; empty: the row
	Members Words  `yaml:"members"`
	Methods Words  `yaml:"methods"` // of read, replace
	Answers string `yaml:"answers"` // row: with the whole row
	Group   string `yaml:"group"`   // rate-limit group; empty: that of the row
}

// Action is what a call does to a row by its media type. What a declaration
// cannot say of it, code of the same name does.
type Action struct {
	Media  string            `yaml:"media"`
	Method string            `yaml:"method"` // empty: POST
	All    bool              `yaml:"all"`    // it is for the whole collection
	Code   string            `yaml:"code"`   // the member of the body that must have the code that was sent
	Sets   map[string]string `yaml:"sets"`   // what becomes of members, by their paths; now is the time of the call
	Takes  Words             `yaml:"takes"`  // members that it takes from the body
}

// Action finds what a media type does to a row, or to the whole collection.
func (t *Type) Action(method, media string, all bool) (name string, a Action, ok bool) {
	for name, a := range t.Actions {
		if cmp.Or(a.Method, "POST") == method && strings.EqualFold(a.Media, media) && a.All == all {
			return name, a, true
		}
	}
	return "", a, false
}

// Words is a text of words, with commas or without.
type Words []string

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (w *Words) UnmarshalYAML(read func(any) error) error {
	var text string
	err := read(&text)
	*w = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	return err
}

// Texts are named texts in the order of the file.
type Texts []Text

// Text is a text with its name.
type Text struct{ Name, Text string }

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (t *Texts) UnmarshalYAML(read func(any) error) error {
	var items yaml.MapSlice
	err := read(&items)
	for _, item := range items {
		*t = append(*t, Text{fmt.Sprint(item.Key), fmt.Sprint(item.Value)})
	}
	return err
}

// Group is the rate-limit group of a method.
func (t *Type) Group(reads bool) string {
	if reads {
		return t.Groups[0]
	}
	return t.Groups[len(t.Groups)-1]
}

// InEnvironment reports whether there is one collection in each environment.
func (t *Type) InEnvironment() bool { return strings.HasPrefix(t.Path, "/environments/{") }

// Single reports whether the resource is one row rather than a collection.
func (t *Type) Single() bool { return t.Key == "" }

// Can reports whether a method is declared.
func (t *Type) Can(method string) bool { return slices.Contains(t.Methods, method) }

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
			t.Owners = append(t.Owners, segments[k-1])
		}
	}
	t.Name, t.local = "/"+strings.Join(fixed, "/"), t.Path
	if t.InEnvironment() {
		t.Name, t.local = strings.Join(fixed[1:], "/"), strings.Join(segments[2:], "/")
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
	return above.Name
}

// Kind is what a member holds.
type Kind string

// The kinds. Those from ID on are the service's own: what a client sends for
// them is ignored.
const (
	String   Kind = "string"
	Integer  Kind = "integer"
	Number   Kind = "number"
	Boolean  Kind = "boolean"
	Time     Kind = "time"
	UUID     Kind = "uuid"
	Object   Kind = "object" // with declared members, or of any when none is
	Any      Kind = "any"
	ID       Kind = "id"
	Created  Kind = "created"
	Updated  Kind = "updated"
	Owner    Kind = "owner"    // {"id"} of a row above
	Computed Kind = "computed" // worked out by code when it is asked for
)

// Member is a member of a row and what is in it.
type Member struct {
	Name      string         `json:"-"`
	Kind      Kind           `json:"-"`
	List      bool           `json:"-"`
	Owner     string         `json:"-"` // collection that an owner is in
	Children  []*Member      `json:"-"`
	Required  bool           `json:"required"`
	ReadOnly  bool           `json:"read-only"`
	WriteOnly bool           `json:"write-only"`  // never answered
	Fixed     bool           `json:"create-only"` // set by create alone
	Constant  bool           `json:"constant"`    // another value is refused later
	Ref       string         `json:"ref"`         // collections, a or a|b: the value must be the id of a row there
	Unique    bool           `json:"unique"`      // among the rows of the collection
	Exclusive bool           `json:"exclusive"`   // true in one row of the collection: setting it clears the others
	Exact     bool           `json:"exactly"`     // with Unique: names that differ by case alone are different
	Within    string         `json:"within"`      // with Unique: among the rows that have the same value here alone
	Asked     string         `json:"asked"`       // the parameter that must name the member for it to be answered: include or expand
	Pattern   *regexp.Regexp `json:"pattern"`     // of a string
	Min       *int           `json:"min"`         // length of a string, value of a number
	Max       *int           `json:"max"`
	Default   any            `json:"default"`
	Allowed   []string       `json:"one of"`
}

// service reports whether the service alone sets the member.
func (m *Member) service() bool {
	return slices.Contains([]Kind{ID, Created, Updated, Owner, Computed}, m.Kind)
}

// IsTime reports whether the member holds an instant.
func (m *Member) IsTime() bool { return slices.Contains([]Kind{Time, Created, Updated}, m.Kind) }

// Child finds a member of an object by name.
func (m *Member) Child(name string) *Member {
	if m == nil {
		return nil
	}
	for _, c := range m.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// At finds a member by its path, such as license.id.
func (m *Member) At(path string) *Member {
	for name := range strings.SplitSeq(path, ".") {
		if m = m.Child(strings.TrimSuffix(name, "[]")); m == nil {
			return nil
		}
	}
	return m
}

// Clone copies the tree, so that a variant can have members of its own.
func (m *Member) Clone() *Member {
	out := *m
	out.Children = nil
	for _, c := range m.Children {
		out.Children = append(out.Children, c.Clone())
	}
	return &out
}

// add declares a member by its path and its description.
func (m *Member) add(path, text string) error {
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		if m = m.Child(strings.TrimSuffix(name, "[]")); m == nil || m.Kind != Object {
			return fmt.Errorf("%s has no object above it: declare its objects first", path)
		}
	}
	name := names[len(names)-1]
	made, err := parseMember(name, text)
	if err != nil {
		return err
	}
	if old := m.Child(name); old != nil {
		made.Children = old.Children
		*old = *made
		return nil
	}
	m.Children = append(m.Children, made)
	return nil
}

// parseMember reads a description such as "string required max 256" or
// "string[] one of A|B".
func parseMember(name, text string) (*Member, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return nil, fmt.Errorf("a member needs a type, such as string")
	}
	kind, list := strings.CutSuffix(words[0], "[]")
	m := &Member{Name: name, Kind: Kind(kind), List: list}
	kinds := []Kind{String, Integer, Number, Boolean, Time, UUID, Object, Any, ID, Created, Updated, Owner, Computed}
	if !slices.Contains(kinds, m.Kind) {
		return nil, fmt.Errorf("%q is not a type; there are %v", words[0], kinds)
	}
	fields, rest := make(map[string]any), words[1:]
	next := func() (word string) {
		if len(rest) > 0 {
			word, rest = rest[0], rest[1:]
		}
		return word
	}
	if m.Kind == Owner {
		m.Owner = next()
	}
	for len(rest) > 0 {
		switch word := next(); word {
		case "within", "asked", "pattern", "ref":
			fields[word] = next()
		case "min", "max":
			fields[word] = json.Number(next())
		case "default":
			if text := next(); m.Kind == String {
				fields[word] = text
			} else {
				fields[word] = json.RawMessage(text)
			}
		case "one": // of the values, which stand at the end
			fields["one of"], rest = strings.Split(strings.TrimPrefix(strings.Join(rest, " "), "of "), "|"), nil
		default:
			fields[word] = true
		}
	}
	if err := decode(fields, m); err != nil {
		return nil, err
	}
	m.ReadOnly = m.ReadOnly || m.service()
	return m, nil
}
