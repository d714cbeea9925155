package resource

import (
	"fmt"
	"io/fs"

	"github.com/goccy/go-yaml"
)

// Set is all declared resources.
type Set struct {
	Types []*Type
	names map[string]*Type
	given map[string]string // ids that files give rows, by their addresses
}

// Type finds a resource by its name, such as gateways/instances.
func (s *Set) Type(name string) *Type { return s.names[name] }

// Load reads all resources of a file system. What they say is taken as it stands:
// the files are part of the program, and its tests hold them against the rules.
func Load(files fs.FS) (*Set, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the resources: %w", err)
	}
	set := &Set{names: make(map[string]*Type), given: make(map[string]string)}
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read a resource: %w", err)
		}
		t, err := read(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		set.Types, set.names[t.Name] = append(set.Types, t), t
		for _, seed := range t.Rows {
			if given, ok := seed.Members["id"].(string); ok {
				set.given[t.row(seed.Of, seed.Name)] = given
			} else if t.IDFrom != "" {
				set.given[t.row(seed.Of, seed.Name)] = seed.Name
			}
		}
	}
	return set, nil
}

// read reads one file.
func read(raw []byte) (*Type, error) {
	t := &Type{Groups: Words{"rlgConfigRpm"}, Members: &Member{Kind: Object}, Variants: make(map[string]*Member)}
	t.Permission = roles{Words{"configuration"}, Words{"configuration"}}
	if err := yaml.UnmarshalWithOptions(raw, t, yaml.Strict()); err != nil {
		return nil, err
	}
	t.split()
	if err := t.Members.declare(t.Declared); err != nil {
		return nil, err
	}
	for name, members := range t.Kinds {
		t.Variants[name] = t.Members.Clone()
		if err := t.Variants[name].declare(members); err != nil {
			return nil, err
		}
	}
	return t, t.declareRows()
}

// declare builds a tree of members.
func (m *Member) declare(members Texts) error {
	for _, item := range members {
		if err := m.add(item.Name, item.Text); err != nil {
			return fmt.Errorf("member %s: %w", item.Name, err)
		}
	}
	return nil
}

// has reports whether a path is a member of some rows.
func (t *Type) has(path string) bool {
	for _, m := range t.Variants {
		if m.At(path) != nil {
			return true
		}
	}
	return t.Members.At(path) != nil
}
