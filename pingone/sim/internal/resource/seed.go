package resource

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// Seed is a row that is there from the start. Texts that begin with @ stand for
// ids and are resolved when an environment is made.
type Seed struct {
	Name    string         // unique below its owner
	Of      string         // names of the owning rows, such as terms/en
	In      []string       // environments by name; none: each that has content; everywhere: new ones too
	Makes   map[string]any // what is made for the row beside it, such as its members
	Members map[string]any
}

// declareRows reads the seeded rows.
func (t *Type) declareRows() error {
	for k, items := range t.Seeds {
		at := "$.rows[" + strconv.Itoa(k) + "]"
		seed := Seed{Members: make(map[string]any)}
		for _, item := range items {
			name := fmt.Sprint(item.Key)
			switch name {
			case "row":
				seed.Name = fmt.Sprint(item.Value)
			case "of":
				seed.Of = fmt.Sprint(item.Value)
			case "in":
				for name := range strings.SplitSeq(fmt.Sprint(item.Value), ",") {
					seed.In = append(seed.In, strings.TrimSpace(name))
				}
			default:
				v, err := plain(item.Value)
				if err != nil {
					return t.file.fail(at, "row %s, member %s: %v", seed.Name, name, err)
				}
				if name == "makes" {
					seed.Makes, _ = v.(map[string]any)
					continue
				}
				seed.Members[name] = v
			}
		}
		if seed.Name == "" || strings.Contains(seed.Name, "/") {
			return t.file.fail(at, "a row needs a name without / under row")
		}
		t.Rows = append(t.Rows, seed)
	}
	return nil
}

// plain turns a value of YAML into what a decoder of JSON gives.
func plain(v any) (any, error) {
	var out any
	raw, err := yaml.MarshalWithOptions(v, yaml.JSON())
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return out, d.Decode(&out)
}

// checkRows holds the seeded rows against the declared members.
func (t *Type) checkRows() error {
	for k, seed := range t.Rows {
		at := "$.rows[" + strconv.Itoa(k) + "]"
		if t.Variant != "" && seed.Members[t.Variant] == nil {
			return t.file.fail(at, "row %s does not tell its %s", seed.Name, t.Variant)
		}
		if _, problem := (checker{true, true}).take(t.Shape(seed.Members), seed.Members, nil, ""); problem != nil {
			top := strings.FieldsFunc(problem.Target, func(r rune) bool { return r == '.' || r == '[' })[0]
			return t.file.fail(at+"."+top, "row %s: %s %s", seed.Name, problem.Target, problem.Message)
		}
	}
	return nil
}

// address is where a seed is, such as agreements/terms/languages/en: its
// collections and its names in turn.
func (t *Type) address(of, name string) string {
	var out []string
	owners := strings.Split(of, "/")
	params := t.owners
	if t.InEnvironment() {
		params = params[1:]
	}
	for _, segment := range strings.Split(t.name, "/") {
		out = append(out, segment)
		if len(params) > 0 && segment == params[0] && len(owners) > 0 {
			out, owners, params = append(out, owners[0]), owners[1:], params[1:]
		}
	}
	if !t.Single() {
		out = append(out, name)
	}
	return strings.Join(out, "/")
}

// depth is how many rows own one of this type, the environment apart.
func (t *Type) depth() int {
	n := len(t.owners)
	if t.InEnvironment() {
		n--
	}
	return n
}

// checkSeeds refuses rows whose owners, or whose references, there are not.
func (s *Set) checkSeeds() error {
	for _, t := range s.Types {
		for k, seed := range t.Rows {
			at, address := "$.rows["+strconv.Itoa(k)+"]", t.address(seed.Of, seed.Name)
			if n := len(strings.FieldsFunc(seed.Of, func(r rune) bool { return r == '/' })); n != t.depth() {
				return t.file.fail(at, "row %s needs the names of %d owning rows under of", seed.Name, t.depth())
			}
			for _, environment := range append(seed.In, "")[:max(1, len(seed.In))] {
				if other, twice := s.seeds[address+" in "+environment]; twice {
					return t.file.fail(at, "row %s is in %s already", address, other)
				}
				s.seeds[address], s.seeds[address+" in "+environment] = t.file.name, t.file.name
			}
			if given, ok := seed.Members["id"].(string); ok {
				s.given[address] = given
			} else if t.IDFrom != "" {
				s.given[address] = seed.Name
			}
		}
	}
	for _, t := range s.Types {
		for k, seed := range t.Rows {
			at := "$.rows[" + strconv.Itoa(k) + "]"
			refs := references(seed.Members)
			if parent := s.names[t.Parent()]; parent != nil {
				owners := strings.Split(seed.Of, "/")
				refs = append(refs, parent.address(strings.Join(owners[:len(owners)-1], "/"), owners[len(owners)-1]))
			}
			for _, ref := range refs {
				if head, _, _ := strings.Cut(ref, "/"); s.seeds[ref] == "" && !slices.Contains(s.code, head) {
					return t.file.fail(at, "row %s: there is no row %s", seed.Name, ref)
				}
			}
		}
	}
	return nil
}

// references are the rows that values name with @.
func references(v any) (out []string) {
	switch v := v.(type) {
	case string:
		if ref, ok := strings.CutPrefix(v, "@"); ok && !strings.HasPrefix(ref, "@") {
			out = append(out, ref)
		}
	case []any:
		for _, item := range v {
			out = append(out, references(item)...)
		}
	case map[string]any:
		for _, item := range v {
			out = append(out, references(item)...)
		}
	}
	return out
}

// Resolver turns the address of a seeded row, such as gateways/ldap, into its id.
type Resolver func(address string) string

// Plant puts the seeded rows of the types that are, or are not, in environments
// into a store; empty leaves out all but those that are everywhere. stamp completes a row that has no id
// or times yet.
func (s *Set) Plant(into *Store, environment string, empty bool, id Resolver, stamp func(t *Type, row, makes map[string]any)) {
	made := id
	id = func(address string) string {
		if given := s.given[address]; given != "" {
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
			members := resolve(seed.Members, id).(map[string]any)
			address := t.address(seed.Of, seed.Name)
			own := id(address)
			members["id"] = own
			stamp(t, members, seed.Makes)
			into.At(s.collectionOf(t, seed, id)).Put(&Row{own, members})
		}
	}
}

// collectionOf is the address of a seed's collection, with ids.
func (s *Set) collectionOf(t *Type, seed Seed, id Resolver) string {
	var ids []string
	owners := strings.FieldsFunc(seed.Of, func(r rune) bool { return r == '/' })
	above := t
	for k := len(owners); k > 0; k-- {
		name := above.Parent()
		above = s.names[name]
		if above == nil {
			above = &Type{Path: "/environments/{env}/" + name, Key: name}
			above.split()
		}
		ids = append([]string{id(above.address(strings.Join(owners[:k-1], "/"), owners[k-1]))}, ids...)
	}
	return t.At(ids)
}

// At is the address of a collection in a store, of the ids in its path.
func (t *Type) At(ids []string) string {
	if t.InEnvironment() && len(ids) == len(t.owners) {
		ids = ids[1:]
	}
	address := t.address(strings.Join(ids, "/"), "")
	return strings.TrimSuffix(address, "/")
}

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
