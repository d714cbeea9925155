package resource

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

// source tells where in its file something stands.
type source struct {
	name string
	raw  []byte
}

// fail makes an error at a place, such as $.members.name.
func (s *source) fail(at, format string, values ...any) error {
	return fmt.Errorf("%s:%d: %s", s.name, s.line(at), fmt.Sprintf(format, values...))
}

// line finds a place; the first line when it is nowhere.
func (s *source) line(at string) int {
	path, err := yaml.PathString(at)
	if err != nil {
		return 1
	}
	tree, err := parser.ParseBytes(s.raw, 0)
	if err != nil {
		return 1
	}
	node, err := path.FilterFile(tree)
	if err != nil || node == nil {
		return 1
	}
	return node.GetToken().Position.Line
}

// Set is all declared resources.
type Set struct {
	Types []*Type
	names map[string]*Type
	code  []string          // collections whose rows code gives
	seeds map[string]string // the file of each seeded row by its address
	given map[string]string // ids that files give
}

// Type finds a resource by its name, such as gateways/instances.
func (s *Set) Type(name string) *Type { return s.names[name] }

// Load reads all resources of a file system and refuses what could not be
// served, with file and line. The rows of the collections in code, which
// their files do not name, may own rows and be referred to.
func Load(files fs.FS, code ...string) (*Set, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the resources: %w", err)
	}
	set := &Set{names: make(map[string]*Type), code: code, seeds: make(map[string]string), given: make(map[string]string)}
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read a resource: %w", err)
		}
		t, err := read(name, raw)
		if err != nil {
			return nil, err
		}
		if other := set.names[t.Name]; other != nil {
			return nil, t.file.fail("$.path", "%s is declared in %s already", t.Path, other.file.name)
		}
		set.Types, set.names[t.Name] = append(set.Types, t), t
	}
	for _, t := range set.Types {
		if err := cmp.Or(set.check(t), t.checkRows()); err != nil {
			return nil, err
		}
	}
	return set, set.checkSeeds()
}

// read reads one file.
func read(name string, raw []byte) (*Type, error) {
	t := &Type{file: &source{name, raw}, Groups: Words{"rlgConfigRpm"}}
	t.Permission = roles{Words{"configuration"}, Words{"configuration"}}
	if err := yaml.UnmarshalWithOptions(raw, t, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	t.split()
	if err := t.declareMembers(); err != nil {
		return nil, err
	}
	return t, t.declareRows()
}

// declareMembers builds the trees of members.
func (t *Type) declareMembers() error {
	t.Members = &Member{Kind: Object}
	if err := t.declare(t.Members, t.Declared, "$.members"); err != nil {
		return err
	}
	t.Variants = make(map[string]*Member)
	for name, members := range t.Kinds {
		t.Variants[name] = t.Members.Clone()
		if err := t.declare(t.Variants[name], members, "$.variants."+name); err != nil {
			return err
		}
	}
	return nil
}

func (t *Type) declare(into *Member, members Texts, at string) error {
	for _, item := range members {
		if err := into.add(item.Name, item.Text); err != nil {
			return t.file.fail(at+".'"+item.Name+"'", "member %s: %v", item.Name, err)
		}
	}
	return nil
}

var pathForm = regexp.MustCompile(`^(/[A-Za-z0-9]+(/\{[a-z]+\})?)+$`)

// check refuses what could not be served.
func (s *Set) check(t *Type) error {
	switch {
	case !pathForm.MatchString(t.Path) || strings.HasSuffix(t.Path, "}"):
		return t.file.fail("$.path", "a path is such as /environments/{env}/gateways, without the row's id, not %q", t.Path)
	case t.One == "":
		return t.file.fail("$", "one is missing: what messages call a row, such as gateway")
	case len(t.Methods) == 0:
		return t.file.fail("$", "methods is missing: such as list, read")
	case t.Single() && (t.Can("list") || t.Can("create") || t.Page.Most > 0 || t.Count || len(t.Filters) > 0):
		return t.file.fail("$.methods", "a resource without key is one row: it has no list, page, count or filters")
	case !t.Single() && !t.Can("list"):
		return t.file.fail("$.methods", "a collection needs the method list")
	case (t.Page.Most > 0) != (t.Page.Default > 0) || t.Page.Default > t.Page.Most:
		return t.file.fail("$.page", "a page needs default and most, and default is not above most")
	}
	if parent := t.Parent(); parent != "" && s.names[parent] == nil && !slices.Contains(s.code, parent) {
		return t.file.fail("$.path", "no file declares %s, whose rows own these", parent)
	}
	err := cmp.Or(
		t.known("methods", t.Methods, "list", "read", "create", "replace", "patch", "delete"),
		t.known("permission", slices.Concat(t.Permission.Read, t.Permission.Write), "configuration", "directory", "organization", "everyone"),
		t.checkVariants(), t.checkOwners(t.Members, ""),
	)
	for attribute, operators := range t.Filters {
		err = cmp.Or(err, t.named("filters", attribute), t.known("filters", operators, "eq", "ne", "sw", "ew", "co", "lt", "le", "gt", "ge"))
	}
	for _, order := range t.Order {
		err = cmp.Or(err, t.named("order", strings.TrimPrefix(order, "-")))
	}
	for _, p := range t.Parts {
		err = cmp.Or(err, t.named("parts", append(strings.Fields(p.Of), p.Members...)...), t.known("parts", p.Methods, "read", "replace"))
	}
	return err
}

// known refuses words that there are not.
func (t *Type) known(at string, given []string, known ...string) error {
	for _, word := range given {
		if !slices.Contains(known, word) {
			return t.file.fail("$."+at, "%s has %q; there are %s", at, word, strings.Join(known, ", "))
		}
	}
	return nil
}

// named refuses names that are no members.
func (t *Type) named(at string, names ...string) error {
	for _, name := range names {
		if !t.has(name) {
			return t.file.fail("$."+at, "%s names %s, which is no member", at, name)
		}
	}
	return nil
}

// has reports whether a path is a member of some rows, or the id in an owner,
// which is not declared.
func (t *Type) has(path string) bool {
	shapes := append(slices.Collect(maps.Values(t.Variants)), t.Members)
	if slices.ContainsFunc(shapes, func(m *Member) bool { return m.At(path) != nil }) {
		return true
	}
	head, ok := strings.CutSuffix(path, ".id")
	m := t.Members.At(head)
	return ok && m != nil && m.Kind == Owner
}

func (t *Type) checkVariants() error {
	m := t.Members.Child(t.Variant)
	switch {
	case t.Variant == "" && len(t.Variants) > 0:
		return t.file.fail("$.variants", "variant is missing: the member that tells the variants apart")
	case t.Variant == "":
		return nil
	case m == nil || len(m.Allowed) == 0:
		return t.file.fail("$.variant", "the variant %s must be a member with declared values", t.Variant)
	}
	return t.known("variants", slices.Collect(maps.Keys(t.Variants)), m.Allowed...)
}

// checkOwners refuses owners that are not in the path.
func (t *Type) checkOwners(m *Member, at string) error {
	for _, c := range m.Children {
		if c.Kind == Owner && !slices.Contains(t.Owners, c.Owner) {
			return t.file.fail("$.members.'"+at+c.Name+"'", "the path has no owner %q; it has %s", c.Owner, strings.Join(t.Owners, ", "))
		}
		if err := t.checkOwners(c, at+c.Name+"."); err != nil {
			return err
		}
	}
	return nil
}
