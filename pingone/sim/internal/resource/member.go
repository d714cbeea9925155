package resource

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

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
	Name      string
	Kind      Kind
	List      bool
	Required  bool
	ReadOnly  bool
	WriteOnly bool   // never answered
	Fixed     bool   // set by create alone
	Unique    bool   // among the rows of the collection
	Exclusive bool   // true in one row of the collection: setting it clears the others
	Exact     bool   // with Unique: names that differ by case alone are different
	Within    string // with Unique: among the rows that have the same value here alone
	Asked     string // the parameter that must name the member for it to be answered: include or expand
	Allowed   []string
	Pattern   *regexp.Regexp // of a string
	Min, Max  *int           // length of a string, value of a number
	Default   any
	Owner     string // collection that an owner is in
	Children  []*Member
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
		return nil, fmt.Errorf("%q is no type; there are %v", words[0], kinds)
	}
	rest := words[1:]
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
		if err := m.flag(next(), next, &rest); err != nil {
			return nil, err
		}
	}
	m.ReadOnly = m.ReadOnly || m.service()
	return m, nil
}

// flag reads a word of a description and what belongs to it.
func (m *Member) flag(word string, next func() string, rest *[]string) error {
	flags := map[string]*bool{"required": &m.Required, "read-only": &m.ReadOnly, "write-only": &m.WriteOnly, "create-only": &m.Fixed, "unique": &m.Unique, "exactly": &m.Exact, "exclusive": &m.Exclusive}
	if set := flags[word]; set != nil {
		*set = true
		return nil
	}
	switch word {
	case "within":
		m.Within = next()
	case "asked":
		m.Asked = next()
	case "pattern":
		var err error
		if m.Pattern, err = regexp.Compile(next()); err != nil {
			return fmt.Errorf("pattern needs a regular expression: %w", err)
		}
	case "min", "max":
		n, err := strconv.Atoi(next())
		if err != nil {
			return fmt.Errorf("%s needs a whole number", word)
		}
		if word == "min" {
			m.Min = &n
		} else {
			m.Max = &n
		}
	case "one":
		if next() != "of" || len(*rest) == 0 {
			return fmt.Errorf("write the values at the end, as: one of A|B")
		}
		m.Allowed, *rest = strings.Split(strings.Join(*rest, " "), "|"), nil
	case "default":
		return m.setDefault(next())
	default:
		return fmt.Errorf("%q is not known; there are required, read-only, write-only, create-only, unique, exactly, within, exclusive, asked, pattern, min, max, one of, default", word)
	}
	return nil
}

func (m *Member) setDefault(text string) error {
	switch m.Kind {
	case Boolean:
		v, err := strconv.ParseBool(text)
		m.Default = v
		return err
	case Integer:
		n, err := strconv.ParseInt(text, 10, 64)
		m.Default = number(n)
		return err
	case String:
		m.Default = text
		return nil
	default:
		return fmt.Errorf("a default needs a boolean, an integer or a string")
	}
}
