package resource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

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

// Seed is a row that is there from the start. Texts that begin with @ stand for
// ids and are resolved when an environment is made.
type Seed struct {
	Name    string         // unique below its owner
	Of      []string       // names of the owning rows, such as terms and en
	In      []string       // environments by name; none: each that has content; everywhere: new ones too
	Makes   map[string]any // what is made for the row beside it, such as its members
	Members map[string]any
}

// declareRows reads the seeded rows.
func (t *Type) declareRows() error {
	for _, members := range t.Seeds {
		take := func(name, separator string) []string {
			text := fmt.Sprint(members[name])
			if _, ok := members[name]; !ok {
				return nil
			}
			delete(members, name)
			return strings.Split(text, separator)
		}
		seed := Seed{Name: strings.Join(take("row", "/"), "/"), Of: take("of", "/"), In: take("in", ", ")}
		if seed.Name == "" || strings.Contains(seed.Name, "/") {
			return errors.New("a row needs a name without / under row")
		}
		if err := decode(members, &seed.Members); err != nil {
			return fmt.Errorf("row %s: %w", seed.Name, err)
		}
		seed.Makes, _ = seed.Members["makes"].(map[string]any)
		delete(seed.Members, "makes")
		t.Rows = append(t.Rows, seed)
	}
	return nil
}

// decode reads values, such as those of YAML, as if they were JSON, whose members
// are all known.
func decode(values, into any) error {
	raw, err := json.Marshal(values)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// address is where a collection is, such as agreements/terms/languages: the
// collections above it and their rows in turn.
func (t *Type) address(of []string) string { return Fill(t.local, of) }

// row is the address of a row in a collection.
func (t *Type) row(of []string, name string) string {
	if t.Single() {
		return t.address(of)
	}
	return t.address(of) + "/" + name
}

// Resolver turns the address of a seeded row, such as gateways/ldap, into its id.
type Resolver func(address string) string

// Plant puts the seeded rows of the types that are, or are not, in environments
// into a store; empty leaves out all but those that are everywhere. stamp
// completes a row.
func (s *Set) Plant(into *Store, environment string, empty bool, id Resolver, stamp func(t *Type, row, makes map[string]any)) {
	made := id
	id = func(address string) string {
		given := s.given[address]
		if ref, ok := strings.CutPrefix(given, "@"); ok { // the id of another row
			return id(ref)
		}
		if given != "" {
			return given
		}
		return made(address)
	}
	for _, t := range s.Types {
		if t.InEnvironment() != (environment != "") {
			continue
		}
		for _, seed := range t.Rows {
			everywhere := slices.Contains(seed.In, "everywhere")
			if !everywhere && (empty || len(seed.In) > 0 && !slices.Contains(seed.In, environment)) {
				continue
			}
			members, _ := resolve(seed.Members, id).(map[string]any)
			own := id(t.row(seed.Of, seed.Name))
			members["id"] = own
			stamp(t, members, seed.Makes)
			into.At(t.resolved(seed.Of, id)).Put(&Row{own, members})
		}
	}
}

// resolved is the address of a collection with ids for the names of its owners.
func (t *Type) resolved(of []string, id Resolver) string {
	out, named := strings.Split(t.local, "/"), strings.Split(t.address(of), "/")
	for k, segment := range out {
		if strings.HasPrefix(segment, "{") {
			out[k] = id(strings.Join(named[:k+1], "/"))
		}
	}
	return strings.Join(out, "/")
}

// At is the address of a collection in a store, of the ids in its path.
func (t *Type) At(ids []string) string {
	return t.address(ids[len(t.Owners)-strings.Count(t.local, "{"):])
}

// Fill puts ids into a path; what there is no id for stays.
func Fill(path string, ids []string) string {
	parts := strings.Split(path, "/")
	for k, part := range parts {
		if strings.HasPrefix(part, "{") && len(ids) > 0 {
			parts[k], ids = ids[0], ids[1:]
		}
	}
	return strings.Join(parts, "/")
}

// resolve puts ids in the place of the rows that values name with @.
func resolve(v any, id Resolver) any {
	switch v := v.(type) {
	case string:
		if ref, ok := strings.CutPrefix(v, "@"); ok {
			if strings.HasPrefix(ref, "@") {
				return ref // @@ is @
			}
			return id(ref)
		}
	case []any:
		out := make([]any, len(v))
		for k, item := range v {
			out[k] = resolve(item, id)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, item := range v {
			out[name] = resolve(item, id)
		}
		return out
	}
	return v
}
