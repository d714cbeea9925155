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

// rules says for each tree of packages which others of ours it may import. A
// tree may always import itself. The most specific row counts.
var rules = map[string][]string{
	"internal/gwerr":      {},
	"internal/observe":    {},
	"internal/yamlnode":   {},
	"internal/safely":     {"internal/gwerr", "internal/observe"},
	"sqlcore/predicate":   {},
	"sqlcore/catalog":     {"sqlcore/predicate", "internal/gwerr", "internal/yamlnode"},
	"sqlcore/scan":        {"sqlcore/catalog"},
	"sqlcore/query":       {"sqlcore/catalog", "sqlcore/predicate", "sqlcore/scan"},
	"sqlcore/scim":        {"sqlcore/catalog", "sqlcore/predicate"},
	"sqlcore/cell":        {"sqlcore/catalog"},
	"sqlcore/mask":        {"sqlcore/catalog"},
	"sqlcore/plan":        {"sqlcore/catalog", "sqlcore/predicate", "sqlcore/query", "sqlcore/scan", "sqlcore/scim", "internal/gwerr"},
	"sqlcore/change":      {"sqlcore/catalog", "sqlcore/cell", "sqlcore/duck/sqltext", "sqlcore/query", "sqlcore/scan", "internal/gwerr"},
	"sqlcore/exec":        {"sqlcore/catalog", "sqlcore/mask", "sqlcore/plan", "sqlcore/predicate", "sqlcore/query", "sqlcore/scan", "internal/gwerr", "internal/observe", "internal/safely"},
	"sqlcore/reading":     {"sqlcore/scan", "internal/gwerr", "internal/observe"},
	"sqlcore/duck":        {"sqlcore/catalog", "sqlcore/predicate", "sqlcore/query", "sqlcore/scan", "internal/gwerr", "internal/observe", "internal/safely"},
	"sqlcore/sqlhttp":     {"sqlcore/catalog", "sqlcore/cell", "sqlcore/predicate", "sqlcore/query", "sqlcore/scan", "internal/gwerr", "internal/observe"},
	"sqlcore/procedure":   {"sqlcore/catalog", "sqlcore/duck/sqltext", "sqlcore/predicate", "sqlcore/query", "sqlcore/scan", "internal/gwerr"},
	"internal/procedures": {"sqlcore/catalog", "sqlcore/procedure", "tokens", "internal/gwerr"},
	"odata":               {"sqlcore/catalog", "sqlcore/cell", "sqlcore/change", "sqlcore/duck/sqltext", "sqlcore/predicate", "sqlcore/query", "sqlcore/reading", "sqlcore/scan", "internal/gwerr", "internal/observe", "internal/safely"},
	"pingone/procedures":  {"sqlcore/catalog"},
	"pingone/tables":      {"sqlcore/catalog"},
	"pingone":             {"sqlcore/catalog", "sqlcore/change", "sqlcore/duck/sqltext", "sqlcore/predicate", "sqlcore/procedure", "sqlcore/scan", "sqlcore/query", "sqlcore/scim", "internal/gwerr", "internal/observe", "internal/safely"},
	"pingone/sim":         {},
	"tokens":              {"internal/gwerr", "internal/observe", "internal/safely"},
	"metrics":             {"internal/gwerr", "internal/observe"},
	"internal/logging":    {"internal/gwerr", "internal/observe"},
	"internal/reach":      {"internal/gwerr"},
	"internal/fair":       {},
	"internal/sizing":     {},
	"internal/pool":       {},
	"internal/tracing":    {"internal/gwerr", "internal/observe"},
	"internal/auth":       {"sqlcore/catalog", "sqlcore/duck/sqltext", "sqlcore/predicate", "tokens", "internal/gwerr", "internal/observe", "internal/safely", "internal/yamlnode"},
	"internal/audit":      {"internal/auth", "internal/gwerr", "internal/observe"},
	"internal/config":     {"tokens", "internal/gwerr", "internal/yamlnode"},
	"internal/service":    {"sqlcore/catalog", "sqlcore/change", "sqlcore/duck", "sqlcore/exec", "sqlcore/predicate", "sqlcore/procedure", "sqlcore/query", "sqlcore/reading", "sqlcore/scan", "internal/audit", "internal/auth", "internal/fair", "internal/gwerr", "internal/observe", "internal/safely"},
	"internal/server":     {"internal/auth", "tokens", "internal/gwerr", "internal/observe", "internal/safely"},
	"internal/testkit":    {""},
	"cmd":                 {""},
	"bench":               {""},
	"test":                {""},
}

// strangers are other modules that one tree alone may import.
var strangers = map[string][]string{
	"github.com/duckdb/":                        {"sqlcore/duck/worker"},
	"golang.org/x/sync/errgroup":                {"internal/safely", "internal/server", "cmd"},
	"github.com/CiscoM31/godata":                {"odata/uri"},
	"github.com/redis/go-redis":                 {"tokens"},
	"github.com/go-redis/redis_rate":            {"tokens"},
	"github.com/prometheus/client_golang":       {"metrics"},
	"github.com/go-chi/chi":                     {"internal/server"},
	"github.com/goccy/go-yaml":                  {"internal/config", "internal/server", "internal/auth", "internal/yamlnode", "pingone/sim/internal", "sqlcore/catalog"},
	"github.com/spf13/cobra":                    {"cmd"},
	"go.opentelemetry.io/otel/sdk":              {"internal/tracing"},
	"go.opentelemetry.io/otel/exporters":        {"internal/tracing"},
	"github.com/patrickcping/pingone-go-sdk-v2": {"pingone/sim", "bench"},
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
func row(path string) (tree string, ok bool) {
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
	for _, p := range all {
		path, own := strings.CutPrefix(p.ImportPath, module+"/")
		if !own {
			continue // the root package, which embeds openapi.yaml
		}
		tree, ok := row(path)
		if !assert.True(t, ok, "%s has no row in the table: add one here and in docs/architecture.md", path) {
			continue
		}
		for _, i := range p.Imports {
			target, ours := strings.CutPrefix(i, module+"/")
			if !ours || under(target, tree) {
				continue
			}
			allowed := slices.ContainsFunc(rules[tree], func(a string) bool { return under(target, a) })
			assert.True(t, allowed, "%s imports %s, which the row %s does not allow", path, target, tree)
		}
	}
}

func TestStrangersStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		path := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		for _, i := range p.Imports {
			for stranger, homes := range strangers {
				if !strings.HasPrefix(i, stranger) {
					continue
				}
				home := slices.ContainsFunc(homes, func(h string) bool { return under(path, h) })
				assert.True(t, home, "%s imports %s; only %s may", path, i, strings.Join(homes, ", "))
			}
		}
	}
}

// TestTheDocumentHasEveryRow keeps docs/architecture.md complete.
func TestTheDocumentHasEveryRow(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "architecture.md"))
	require.NoError(t, err)
	for tree := range rules {
		if tree == "bench" || tree == "test" || tree == "internal/testkit" || tree == "cmd" {
			continue
		}
		found := strings.Contains(string(text), "`"+tree+"`") || strings.Contains(string(text), "`"+tree+"/…`")
		assert.True(t, found, "docs/architecture.md has no row for %s", tree)
	}
}
