package resource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

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
