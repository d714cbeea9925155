package resource

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
	"github.com/stretchr/testify/require"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	require.NoError(t, Check(os.DirFS("../../resources"), "users", "environments"))
}

// Check holds all resources of a file system against the rules and tells what is
// wrong with file and line. The rows of the collections in code, which their
// files do not name, may own rows and be referred to.
func Check(files fs.FS, code ...string) error {
	set, err := Load(files)
	if err != nil {
		return err
	}
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return err
	}
	c := &checks{Set: set, code: code, rows: make(map[string]string)}
	for k, t := range set.Types { // they come in the order of the files
		raw, err := fs.ReadFile(files, names[k])
		if err != nil {
			return err
		}
		f := &file{Type: t, name: names[k], raw: raw}
		if twice := slices.IndexFunc(c.files, func(other *file) bool { return other.Name == t.Name }); twice >= 0 {
			return f.fail("$.path", "%s is declared in %s already", t.Path, c.files[twice].name)
		}
		c.files = append(c.files, f)
	}
	for _, f := range c.files {
		if err := cmp.Or(c.declarations(f), f.seeds()); err != nil {
			return err
		}
	}
	return cmp.Or(c.owners(), c.references())
}

// checks are what there is to hold files against.
type checks struct {
	*Set
	files []*file
	code  []string
	rows  map[string]string // the file of each seeded row by its address
}

// file is a resource with where it is declared.
type file struct {
	*Type
	name string
	raw  []byte
}

// fail makes an error at a place, such as $.members.name.
func (f *file) fail(at, format string, values ...any) error {
	return fmt.Errorf("%s:%d: %s", f.name, f.line(at), fmt.Sprintf(format, values...))
}

// line finds a place; the first line when it is nowhere.
func (f *file) line(at string) int {
	path, err := yaml.PathString(at)
	if err != nil {
		return 1
	}
	tree, err := parser.ParseBytes(f.raw, 0)
	if err != nil {
		return 1
	}
	node, err := path.FilterFile(tree)
	if err != nil || node == nil {
		return 1
	}
	return node.GetToken().Position.Line
}

var pathForm = regexp.MustCompile(`^(/[A-Za-z0-9]+(/\{[a-z]+\})?)+$`)

// declarations refuses what could not be served.
func (c *checks) declarations(f *file) error {
	switch {
	case !pathForm.MatchString(f.Path) || strings.HasSuffix(f.Path, "}"):
		return f.fail("$.path", "a path is such as /environments/{env}/gateways, without the row's id, not %q", f.Path)
	case f.One == "":
		return f.fail("$", "one is missing: what messages call a row, such as gateway")
	case len(f.Methods) == 0:
		return f.fail("$", "methods is missing: such as list, read")
	case f.Single() && (f.Can("list") || f.Can("create") || f.Page.Most > 0 || f.Count || len(f.Filters) > 0):
		return f.fail("$.methods", "a resource without key is one row: it has no list, page, count or filters")
	case !f.Single() && !f.Can("list"):
		return f.fail("$.methods", "a collection needs the method list")
	case (f.Page.Most > 0) != (f.Page.Default > 0) || f.Page.Default > f.Page.Most:
		return f.fail("$.page", "a page needs default and most, and default is not above most")
	}
	if parent := f.Parent(); parent != "" && c.names[parent] == nil && !slices.Contains(c.code, parent) {
		return f.fail("$.path", "no file declares %s, whose rows own these", parent)
	}
	err := cmp.Or(
		f.known("methods", f.Methods, "list", "read", "create", "replace", "patch", "delete"),
		f.known("permission", slices.Concat(f.Permission.Read, f.Permission.Write), "configuration", "directory", "organization", "everyone"),
		f.variants(), f.inPath(f.Members, ""),
	)
	for attribute, operators := range f.Filters {
		err = cmp.Or(err, f.named("filters", attribute), f.known("filters", operators, "eq", "ne", "sw", "ew", "co", "lt", "le", "gt", "ge"))
	}
	for _, order := range f.Order {
		err = cmp.Or(err, f.named("order", strings.TrimPrefix(order, "-")))
	}
	for _, p := range f.Parts {
		err = cmp.Or(err, f.named("parts", append(strings.Fields(p.Of), p.Members...)...), f.known("parts", p.Methods, "read", "replace"))
	}
	return err
}

// known refuses words that there are not.
func (f *file) known(at string, given []string, known ...string) error {
	for _, word := range given {
		if !slices.Contains(known, word) {
			return f.fail("$."+at, "%s has %q; there are %s", at, word, strings.Join(known, ", "))
		}
	}
	return nil
}

// named refuses names that are no members. The id in an owner is one, although it
// is not declared.
func (f *file) named(at string, names ...string) error {
	for _, name := range names {
		head, isID := strings.CutSuffix(name, ".id")
		owner := f.Members.At(head)
		if !f.has(name) && !(isID && owner != nil && owner.Kind == Owner) {
			return f.fail("$."+at, "%s names %s, which is not a member", at, name)
		}
	}
	return nil
}

func (f *file) variants() error {
	m := f.Members.Child(f.Variant)
	switch {
	case f.Variant == "" && len(f.Variants) > 0:
		return f.fail("$.variants", "variant is missing: the member that tells the variants apart")
	case f.Variant == "":
		return nil
	case m == nil || len(m.Allowed) == 0:
		return f.fail("$.variant", "the variant %s must be a member with declared values", f.Variant)
	}
	return f.known("variants", slices.Collect(maps.Keys(f.Variants)), m.Allowed...)
}

// inPath refuses owners that are not in the path.
func (f *file) inPath(m *Member, at string) error {
	for _, c := range m.Children {
		if c.Kind == Owner && !slices.Contains(f.Owners, c.Owner) {
			return f.fail("$.members.'"+at+c.Name+"'", "the path has no owner %q; it has %s", c.Owner, strings.Join(f.Owners, ", "))
		}
		if err := f.inPath(c, at+c.Name+"."); err != nil {
			return err
		}
	}
	return nil
}

// seeds holds the seeded rows against the declared members.
func (f *file) seeds() error {
	for k, seed := range f.Rows {
		at := "$.rows[" + strconv.Itoa(k) + "]"
		if f.Variant != "" && seed.Members[f.Variant] == nil {
			return f.fail(at, "row %s does not tell its %s", seed.Name, f.Variant)
		}
		shape := settable(f.Shape(seed.Members))
		values := resolve(seed.Members, func(string) string { return "00000000-0000-4000-8000-000000000000" })
		sent, _ := values.(map[string]any)
		c := &checker{strict: true, exists: func(string, string) bool { return true }}
		c.take(shape, sent, nil, "")
		problem := c.problem
		if name := undeclared(shape, sent, ""); name != "" {
			problem = &Detail{Target: name, Message: "is not declared"}
		}
		if problem != nil {
			top := strings.FieldsFunc(problem.Target, func(r rune) bool { return r == '.' || r == '[' })[0]
			return f.fail(at+"."+top, "row %s: %s %s", seed.Name, problem.Target, problem.Message)
		}
	}
	return nil
}

// settable is a tree of members as a file may give them: what the service sets
// too, but for what it works out.
func settable(m *Member) *Member {
	out := *m
	out.ReadOnly, out.Fixed, out.Children = false, false, nil
	for _, child := range m.Children {
		if child.Kind != Owner && child.Kind != Computed {
			out.Children = append(out.Children, settable(child))
		}
	}
	return &out
}

// undeclared is the path of a member that an object, or those in a list, has but
// its shape has not; empty: there is none.
func undeclared(shape *Member, v any, at string) string {
	switch v := v.(type) {
	case []any:
		for k, item := range v {
			if name := undeclared(shape, item, at+"["+strconv.Itoa(k)+"]"); name != "" {
				return name
			}
		}
	case map[string]any:
		for name, inner := range v {
			child := shape.Child(name)
			switch path := strings.TrimPrefix(at+"."+name, "."); {
			case child == nil && len(shape.Children) > 0:
				return path
			case child != nil && undeclared(child, inner, path) != "":
				return undeclared(child, inner, path)
			}
		}
	}
	return ""
}

// owners refuses rows whose owners are not named, and rows that are twice.
func (c *checks) owners() error {
	for _, f := range c.files {
		for k, seed := range f.Rows {
			at, address := "$.rows["+strconv.Itoa(k)+"]", f.row(seed.Of, seed.Name)
			if depth := strings.Count(f.local, "{"); len(seed.Of) != depth {
				return f.fail(at, "row %s needs the names of %d owning rows under of", seed.Name, depth)
			}
			for _, environment := range append(seed.In, "")[:max(1, len(seed.In))] {
				if other, twice := c.rows[address+" in "+environment]; twice {
					return f.fail(at, "row %s is in %s already", address, other)
				}
				c.rows[address], c.rows[address+" in "+environment] = f.name, f.name
			}
		}
	}
	return nil
}

// references refuses rows whose owners, or whose references, there are not.
func (c *checks) references() error {
	for _, f := range c.files {
		for k, seed := range f.Rows {
			var refs []string
			resolve(seed.Members, func(address string) string {
				refs = append(refs, address)
				return ""
			})
			if parent := c.names[f.Parent()]; parent != nil {
				last := len(seed.Of) - 1
				refs = append(refs, parent.row(seed.Of[:last], seed.Of[last]))
			}
			for _, ref := range refs {
				if head, _, _ := strings.Cut(ref, "/"); c.rows[ref] == "" && !slices.Contains(c.code, head) {
					return f.fail("$.rows["+strconv.Itoa(k)+"]", "row %s: there is no row %s", seed.Name, ref)
				}
			}
		}
	}
	return nil
}
