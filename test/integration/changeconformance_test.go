//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Every table is written as it declares: a row is made like one that is there,
// read again, changed column by column and deleted.
func TestDeclaredWritesConform(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 60}, MaxAffected: 5, Allows: map[string]bool{"AllowSchemaDelete": true}})
	names, err := s.Directory.Names(testkit.Context(t))
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, n := range names {
		schema, err := s.Directory.Schema(testkit.Context(t), n.Name)
		require.NoError(t, err)
		if n.Name != "Information" && n.Name != "Administrators" {
			continue
		}
		for _, table := range schema.Tables {
			if table.Writes == nil || seen[table.Name] {
				continue
			}
			seen[table.Name] = true
			if leftOut(len(seen)) {
				continue
			}
			t.Run(table.Name, func(t *testing.T) { (&writeProbe{T: t, s: s, table: table}).run() })
		}
	}
	assert.Greater(t, len(seen), 10)
}

// Rules of PingOne's own, which the test goes around: rows that can't be copied,
// and truth values that one row has at a time.
var (
	uncopied = map[string]string{
		"Gateways":              `"Type" NOT IN ('LDAP', 'RADIUS')`, // their secrets are never shown
		"UserGroupAssociations": `"GroupId" IN (SELECT "Id" FROM "Groups" WHERE "UserFilter" IS NULL AND "SourceType" IS NULL)`,
		"IdentityProviders":     `"Type" = 'SAML'`,
		"Populations":           `"IsDefault" IS NOT TRUE`,
	}
	// named are columns whose items PingOne completes.
	named  = map[string]bool{"RiskPolicySets.RiskRules": true, "AdminRoles.Permissions": true}
	single = map[string]bool{"Populations.IsDefault": true}
)

type writeProbe struct {
	*testing.T
	s     *testkit.Stack
	table *catalog.Table
}

func (p *writeProbe) from() string { return quoted(p.table.Schema.Name) + "." + quoted(p.table.Name) }

func (p *writeProbe) run() {
	w := p.table.Writes
	rows := p.s.Query(p.T, "SELECT * FROM "+p.from()+p.only())
	if len(rows) == 0 && w.Insert != nil { // only rows of one's own can be changed, and there is none yet
		rows = p.s.Query(p.T, "SELECT * FROM "+p.from())
	}
	require.NotEmpty(p.T, rows, "no row can be changed, which tests nothing")
	if w.Insert != nil {
		if p.keyed() || w.Delete != nil && w.Update == nil && len(w.Parts) == 0 {
			p.delete(rows[0]) // there is one such row at most
		}
		made := p.insert(rows[0])
		p.update(made)
		if w.Delete != nil {
			p.delete(made)
		}
		return
	}
	p.update(rows[0])
	if w.Delete != nil {
		p.delete(rows[0])
	}
}

// only is the condition that rows must fulfil to be changed.
func (p *writeProbe) only() string {
	var all []string
	for name, text := range p.table.Writes.Only {
		all = append(all, "CAST("+quoted(name)+" AS VARCHAR) = '"+text+"'")
	}
	if rule := uncopied[p.table.Name]; rule != "" {
		all = append(all, rule)
	}
	if len(all) == 0 {
		return ""
	}
	slices.Sort(all)
	return " WHERE " + strings.Join(all, " AND ")
}

// keyed reports whether an insert gives the key.
func (p *writeProbe) keyed() bool {
	return !slices.ContainsFunc(p.table.Key(), func(at int) bool { return p.table.Columns[at].Access == catalog.ReadOnly })
}

// key is the condition that finds a row.
func (p *writeProbe) key(row []string) string {
	var all []string
	for _, at := range p.table.Key() {
		all = append(all, quoted(p.table.Columns[at].Name)+" = "+p.literal(at, row[at]))
	}
	return strings.Join(all, " AND ")
}

// insert makes a row like another one and returns it as it is read.
func (p *writeProbe) insert(like []string) []string {
	p.Helper()
	var columns, values []string
	given := map[int]string{}
	for i := range p.table.Columns {
		c := &p.table.Columns[i]
		if c.Access != catalog.Writable && c.Access != catalog.OnInsert || like[i] == "NULL" {
			continue
		}
		v := like[i]
		if c.Type == catalog.String && len(c.Values) == 0 && c.References == nil && slices.Contains([]string{"Name", "Username", "Key", "DomainName", "EmailAddress"}, c.Name) {
			v = "new." + strings.ReplaceAll(v, " ", "")
		}
		given[i] = v
		columns, values = append(columns, quoted(c.Name)), append(values, p.literal(i, v))
	}
	answer := p.s.Query(p.T, "INSERT INTO "+p.from()+" ("+strings.Join(columns, ", ")+") VALUES ("+strings.Join(values, ", ")+")")
	require.Len(p.T, answer, 1)
	row := slices.Clone(like)
	for i, at := range p.table.Key() {
		row[at] = answer[0][i]
	}
	read := p.s.Query(p.T, "SELECT * FROM "+p.from()+" WHERE "+p.key(row))
	require.Len(p.T, read, 1, "the row made is not found by the key that was answered")
	for i, v := range given {
		p.same(i, v, read[0][i])
	}
	return read[0]
}

// update sets each column to what it is, and truth values to what they aren't:
// nothing else may change.
func (p *writeProbe) update(row []string) {
	p.Helper()
	for i := range p.table.Columns {
		c := &p.table.Columns[i]
		part := p.table.Writes.Part(c.Name)
		if c.Access != catalog.Writable && c.Access != catalog.OnUpdate || row[i] == "NULL" || p.table.Writes.Update == nil && part == nil {
			continue
		}
		v := row[i]
		if c.Type == catalog.Bool && !single[p.table.Name+"."+c.Name] && (part == nil || len(part.Values) == 0) {
			v = map[string]string{"true": "false", "false": "true"}[v]
		}
		if part != nil && len(part.Values) > 0 {
			v = part.Values[len(part.Values)-1]
		}
		if c.Name == "Description" {
			v = "Changed"
		}
		answer := p.s.Query(p.T, "UPDATE "+p.from()+" SET "+quoted(c.Name)+" = "+p.literal(i, v)+" WHERE "+p.key(row)+" RETURNING "+quoted(c.Name))
		require.Len(p.T, answer, 1, c.Name)
		p.same(i, v, answer[0][0])
		read := p.s.Query(p.T, "SELECT * FROM "+p.from()+" WHERE "+p.key(row))
		require.Len(p.T, read, 1)
		for j := range p.table.Columns {
			if other := &p.table.Columns[j]; j != i && !strings.HasPrefix(c.Source, other.Source+".") && other.Access != catalog.ReadOnly && p.table.Writes.Part(other.Name) == nil {
				p.same(j, row[j], read[0][j])
			}
		}
		row = read[0]
	}
}

func (p *writeProbe) delete(row []string) {
	p.Helper()
	require.Len(p.T, p.s.Query(p.T, "DELETE FROM "+p.from()+" WHERE "+p.key(row)), 1)
	assert.Equal(p.T, [][]string{{"0"}}, p.s.Query(p.T, "SELECT count(*) FROM "+p.from()+" WHERE "+p.key(row)))
}

// same compares values of a column as texts, JSON by its meaning.
func (p *writeProbe) same(at int, want, got string) {
	p.Helper()
	c := &p.table.Columns[at]
	if named[p.table.Name+"."+c.Name] {
		return
	}
	if c.Type == catalog.JSON && want != "NULL" && got != "NULL" {
		assert.JSONEq(p.T, want, got, c.Name)
		return
	}
	assert.Equal(p.T, want, got, c.Name)
}

func (p *writeProbe) literal(at int, text string) string {
	c := &p.table.Columns[at]
	switch {
	case text == "NULL":
		return "NULL"
	case c.Type == catalog.StringList:
		var list []string
		require.NoError(p.T, json.Unmarshal([]byte(text), &list), c.Name)
		for i := range list {
			list[i] = "'" + strings.ReplaceAll(list[i], "'", "''") + "'"
		}
		return "[" + strings.Join(list, ", ") + "]"
	case c.Type == catalog.Bool, c.Type == catalog.Int32, c.Type == catalog.Int64, c.Type == catalog.Float64:
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}
