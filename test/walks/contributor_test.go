//go:build duckdb_arrow

package walks

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/tables"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// A contributor reads CONTRIBUTING, runs what it names, and adds a table by its page.
func TestTheContributorsWalk(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		require.NoError(t, err)
		return string(text)
	}
	contributing := read("CONTRIBUTING.md")
	run := func(args ...string) string {
		c := exec.CommandContext(t.Context(), "make", append(args, "-C", root, "--no-print-directory")...)
		out, err := c.CombinedOutput()
		require.NoError(t, err, "make %s: %s", args, out)
		return string(out)
	}
	help := run("help")
	targets := regexp.MustCompile(`\bmake ([a-z-]+)`).FindAllStringSubmatch(contributing, -1)
	require.NotEmpty(t, targets)
	for _, m := range targets {
		if m[1] != "help" {
			assert.Contains(t, help, "\n"+m[1]+"\t", "make help tells of it")
		}
		run("-n", m[1])
	}
	for _, m := range regexp.MustCompile("\\]\\(([^):#]+)\\)|`(pingone/[a-z]+|internal/[a-z]+)`").FindAllStringSubmatch(contributing, -1) {
		_, err := os.Stat(filepath.Join(root, filepath.FromSlash(m[1]+m[2])))
		require.NoError(t, err, "named by CONTRIBUTING")
	}
	addATable(t, read("docs/adding-a-table.md"))
}

// addATable declares the page's table beside the others, makes the slips that the page
// shows, and is told what it shows.
func addATable(t *testing.T, page string) {
	t.Helper()
	_, rest, found := strings.Cut(page, "`pingone/tables/gateways.yaml`:\n\n```yaml\n")
	require.True(t, found)
	declared, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	told := regexp.MustCompile(`(?m)^gateways\.yaml:\d+: (.+?), …$|^gateways\.yaml:\d+: (.+)$`).FindAllStringSubmatch(page, -1)
	require.Len(t, told, 2, "slips of this file that the page shows")

	load := func(text string) ([]*catalog.Table, error) {
		files := fstest.MapFS{"gateways.yaml": {Data: []byte(text)}}
		names, err := fs.Glob(tables.FS, "*.yaml")
		require.NoError(t, err)
		for _, name := range names {
			text, err := fs.ReadFile(tables.FS, name)
			require.NoError(t, err)
			if !strings.HasPrefix(name, "gateway") { // the table is there already, and others lead to its columns
				files[name] = &fstest.MapFile{Data: text}
			}
		}
		return catalog.Load(files)
	}
	all, err := load(declared)
	require.NoError(t, err, "the page's table is sound")
	at := slices.IndexFunc(all, func(t *catalog.Table) bool { return t.Name == "Gateways" })
	require.GreaterOrEqual(t, at, 0)
	assert.NotNil(t, all[at].Column("BindDN"))
	slips := map[string]string{"doc: Identifier": "docs: Identifier", "type: bool": "type: int"}
	for right, wrong := range slips {
		require.Contains(t, declared, right)
		_, err := load(strings.Replace(declared, right, wrong, 1))
		require.Error(t, err, wrong)
		said := slices.ContainsFunc(told, func(m []string) bool { return strings.Contains(err.Error(), m[1]+m[2]) })
		assert.True(t, said, "the page shows another answer than %v", err)
	}
}
