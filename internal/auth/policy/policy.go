package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Policy is a policy file that has been read and checked. It is immutable.
type Policy struct {
	Roles map[string]*Role
	// DefaultRoles are the roles of a caller who has none of Roles otherwise.
	DefaultRoles []string
}

// Role is a set of rights with a name.
type Role struct {
	Name        string
	Description string
	Grants      []Grant
	// Procedures are the procedures and actions that may be called.
	Procedures []Pattern
	Limits     Limits
	// Line is where the file declares the role, from 1.
	Line int
}

// Grant gives access to some tables. Where lists are empty nothing matches,
// but for Columns, where nil means all.
type Grant struct {
	Connections []Pattern
	Schemas     []Pattern
	Tables      []Pattern
	// Except takes tables out of Tables.
	Except []Pattern
	// Columns are those shown, nil for all; Hide takes some out of them.
	Columns []Pattern
	Hide    []Pattern
	Masks   []MaskRule
	// Rows is the condition on rows, or nil for all rows.
	Rows *Filter
	// Write allows INSERT, UPDATE and DELETE besides reading.
	Write bool
	// Line is where the file has the grant, from 1.
	Line int
}

// MaskRule masks the columns that match.
type MaskRule struct {
	Column Pattern
	Mask   catalog.Mask
}

// Limits bound what a caller may ask for. In a role, nil says nothing and a
// value of 0 lifts the limit.
type Limits struct {
	RequestsPerSecond *float64
	// Burst is the number of requests that may come at once; it goes with
	// RequestsPerSecond.
	Burst        *int
	RowsPerQuery *int64
	Concurrency  *int
	Time         *time.Duration
}

// Pattern matches a name, letter case ignored; * stands for any text.
type Pattern string

// Match reports whether the name matches.
func (p Pattern) Match(name string) bool {
	parts := strings.Split(strings.ToLower(string(p)), "*")
	name = strings.ToLower(name)
	if len(parts) == 1 {
		return name == parts[0]
	}
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	last := parts[len(parts)-1]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name = name[i+len(part):]
	}
	return strings.HasSuffix(name, last)
}

func anyMatch(patterns []Pattern, name string) bool {
	return slices.ContainsFunc(patterns, func(p Pattern) bool { return p.Match(name) })
}

// coversSchema reports whether the grant is about the schema, which is known
// by its name and by its id.
func (g *Grant) coversSchema(connection string, s catalog.SchemaName) bool {
	return anyMatch(g.Connections, connection) &&
		(anyMatch(g.Schemas, s.Name) || s.ID != "" && anyMatch(g.Schemas, s.ID))
}

// coversTable reports whether the grant is about the table, given that it is
// about its schema.
func (g *Grant) coversTable(table string) bool {
	return anyMatch(g.Tables, table) && !anyMatch(g.Except, table)
}

// rolesOf returns the roles of the file that the names stand for, in the order
// of their names; unknown names give nothing.
func (p *Policy) rolesOf(names []string) []*Role {
	var out []*Role
	for _, n := range names {
		if r, ok := p.Roles[n]; ok {
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		for _, n := range p.DefaultRoles {
			out = append(out, p.Roles[n])
		}
	}
	slices.SortFunc(out, func(a, b *Role) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(out)
}
