package sim_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// declared is what the test needs of a table's declaration.
type declared struct {
	Table   string
	Columns []struct{ Name, From string }
	Paths   []struct {
		List, Get, Items string
		Supplies         []string
		Query            map[string]string
	}
}

var (
	placeholder   = regexp.MustCompile(`\{(\w+)\}`)
	environmentOf = regexp.MustCompile(`^/environments/[^/{]+`)
)

// TestEveryColumnHasAValue reads each declared table by its declared calls: a
// column that no seeded row fills would go through every test unseen.
func TestEveryColumnHasAValue(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 1200})
	files, err := filepath.Glob("../tables/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var d declared
		require.NoError(t, yaml.Unmarshal(raw, &d))
		t.Run(d.Table, func(t *testing.T) {
			rows, supplied := f.rowsOf(t, d)
			require.NotEmpty(t, rows)
			for _, column := range d.Columns {
				if slices.Contains(supplied, column.Name) {
					continue
				}
				from := column.From
				if from == "" {
					from = member(column.Name)
				}
				filled := slices.ContainsFunc(rows, func(row map[string]any) bool {
					return slices.ContainsFunc(strings.Split(from, "|"), func(p string) bool { return path(row, strings.Split(p, ".")...) != nil })
				})
				assert.True(t, filled, "no row has %s (%s)", column.Name, from)
			}
		})
	}
}

// member is the name of a column's member unless it is declared: its first
// letter, or the letters of an abbreviation, are small.
func member(column string) string {
	r := []rune(column)
	for k := range r {
		if k > 0 && k+1 < len(r) && unicode.IsLower(r[k+1]) || !unicode.IsUpper(r[k]) {
			break
		}
		r[k] = unicode.ToLower(r[k])
	}
	return string(r)
}

// rowsOf reads rows of a table by the paths that call the API for several rows
// or have a parent, over the first 400 of each parent.
func (f *fixture) rowsOf(t *testing.T, d declared) (rows []map[string]any, supplied []string) {
	t.Helper()
	const most = 400
	parents := map[string]func(string) []string{
		"EnvironmentId":  func(string) []string { return f.idsOf("/environments", "environments", most) },
		"OrganizationId": func(string) []string { return f.idsOf("/organizations", "organizations", most) },
		"SchemaId":       func(env string) []string { return f.idsOf(env+"/schemas", "schemas", most) },
		"UserId":         func(env string) []string { return f.idsOf(env+"/users", "users", most) },
		"GroupId":        func(env string) []string { return f.idsOf(env+"/groups", "groups", most) },
	}
	for _, p := range d.Paths {
		template := p.List + p.Get
		single := strings.Contains(template, "{Id}") || strings.Contains(template, "{GroupId}") && strings.Contains(template, "{UserId}")
		foreign := len(p.Supplies) > 0 && strings.HasSuffix(p.List, "/users") // rows of another table
		if template == "" || single || foreign {
			continue
		}
		supplied = p.Supplies
		query := ""
		for _, q := range p.Query {
			query = "?" + q
		}
		addresses := []string{"/" + template}
		for len(addresses) > 0 && strings.Contains(addresses[0], "{") {
			var next []string
			for _, a := range addresses {
				name := placeholder.FindStringSubmatch(a)[1]
				require.Contains(t, parents, name)
				for _, id := range parents[name](environmentOf.FindString(a)) {
					next = append(next, strings.Replace(a, "{"+name+"}", id, 1))
				}
			}
			addresses = next
		}
		for _, a := range addresses {
			if p.List != "" {
				rows = append(rows, f.all(a+query, p.Items)...)
			} else if one := f.ask(a + query); one.status == 200 {
				rows = append(rows, one.body)
			}
		}
	}
	return rows, supplied
}

func (f *fixture) idsOf(path, key string, most int) (out []string) {
	f.t.Helper()
	for _, row := range members(f.get(path), key) {
		out = append(out, row["id"].(string))
	}
	return out[:min(most, len(out))]
}
