// Package architecture_test holds the code against the rules of
// docs/architecture.md: who may import whom.
package architecture_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/pingone-gateway/gateway"

// border is a row of a table of docs/architecture.md: who may import what.
type border struct {
	names   []string // of the first column
	allowed []string // of the last one, as ends of paths
}

// borders reads the rows of the table whose first column has a title. A name
// with … is the tree of that name.
func borders(t *testing.T, title string) []border {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "architecture.md"))
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "\n| "+title+" |")
	require.True(t, found, "docs/architecture.md has no table of %s", title)
	table, _, _ = strings.Cut(table, "\n\n")
	names := func(cell string) []string {
		cell = strings.NewReplacer("`", "", "/…", "", "– (tests alone)", "", "–", "", " ", "").Replace(cell)
		return slices.DeleteFunc(strings.Split(cell, ","), func(s string) bool { return s == "" })
	}
	var out []border
	for _, line := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		out = append(out, border{names(cells[0]), names(cells[len(cells)-1])})
	}
	require.NotEmpty(t, out)
	return out
}

// rulesOf says for each tree of packages which others of ours it may import.
// A tree may always import itself. The most specific row counts.
func rulesOf(t *testing.T, all []listed) map[string][]string {
	t.Helper()
	rules := map[string][]string{}
	for _, b := range borders(t, "package") {
		var allowed []string
		for _, short := range b.allowed {
			allowed = append(allowed, full(t, all, short))
		}
		for _, name := range b.names {
			assert.Contains(t, trees(all), name, "docs/architecture.md names a package that is not there")
			assert.NotContains(t, rules, name, "%s stands in two rows of docs/architecture.md", name)
			rules[name] = allowed
		}
	}
	return rules
}

// trees are the paths of our packages and of the folders above them.
func trees(all []listed) map[string]bool {
	out := map[string]bool{}
	for _, p := range all {
		for path := strings.TrimPrefix(p.ImportPath, module+"/"); path != "." && path != p.ImportPath; path = filepath.Dir(path) {
			out[path] = true
		}
	}
	return out
}

// full is the one path that ends with a name of the tables: the shortest, as a
// tree has folders of its own.
func full(t *testing.T, all []listed, short string) string {
	t.Helper()
	if short == "all" {
		return ""
	}
	var found []string
	for path := range trees(all) {
		if path == short || strings.HasSuffix(path, "/"+short) {
			found = append(found, path)
		}
	}
	slices.SortFunc(found, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
	require.NotEmpty(t, found, "docs/architecture.md allows %s, which is no package", short)
	if len(found) > 1 {
		require.Less(t, strings.Count(found[0], "/"), strings.Count(found[1], "/"), "%s of docs/architecture.md may be any of %v", short, found)
	}
	return found[0]
}

type listed struct {
	ImportPath string
	Imports    []string
	Error      *struct{ Err string }
}

// packages asks the go command for all packages, with the engine.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-tags", "duckdb_arrow", "-json=ImportPath,Imports,Error", "./...")
	cmd.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		require.Nil(t, p.Error, "%s", p.ImportPath)
		all = append(all, p)
	}
}

// under reports whether a path is the tree or in it.
func under(path, tree string) bool {
	return tree == "" || path == tree || strings.HasPrefix(path, tree+"/")
}

// row returns the most specific tree that has a rule for the package.
func row(rules map[string][]string, path string) (tree string, ok bool) {
	for t := range rules {
		if under(path, t) && len(t) >= len(tree) {
			tree, ok = t, true
		}
	}
	return tree, ok
}

func TestImportsFollowTheTable(t *testing.T) {
	t.Parallel()
	all := packages(t)
	require.NotEmpty(t, all)
	rules := rulesOf(t, all)
	for _, p := range all {
		path, own := strings.CutPrefix(p.ImportPath, module+"/")
		if !own {
			continue // the root package, which embeds openapi.yaml
		}
		tree, ok := row(rules, path)
		if !assert.True(t, ok, "%s has no row in docs/architecture.md: add one", path) {
			continue
		}
		for _, i := range p.Imports {
			target, ours := strings.CutPrefix(i, module+"/")
			if !ours || under(target, tree) {
				continue
			}
			allowed := slices.ContainsFunc(rules[tree], func(a string) bool { return under(target, a) })
			assert.True(t, allowed, "%s imports %s, which the row %s of docs/architecture.md does not allow", path, target, tree)
		}
	}
}

func TestStrangersStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	all := packages(t)
	for _, b := range borders(t, "module") {
		var homes []string
		for _, short := range b.allowed {
			homes = append(homes, full(t, all, short))
		}
		met := false
		for _, p := range all {
			path := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
			for _, i := range p.Imports {
				if !strings.HasPrefix(i, b.names[0]) {
					continue
				}
				met = true
				home := slices.ContainsFunc(homes, func(h string) bool { return under(path, h) })
				assert.True(t, home, "%s imports %s; only %s may", path, i, strings.Join(homes, ", "))
			}
		}
		assert.True(t, met || len(homes) == 0, "docs/architecture.md names %s, which nothing imports", b.names[0])
	}
}
