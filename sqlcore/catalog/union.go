package catalog

import (
	"cmp"
	"strings"
)

// The schema of all environments, and the columns that name a row's.
const (
	AllEnvironments = "AllEnvironments"
	EnvironmentName = "EnvironmentName"
	EnvironmentID   = environment
)

// Union returns a schema of the tables of several environments' schemas, in
// their order: a table has the rows of all its namesakes, and the columns that
// any of them has. A column whose type is not the same everywhere holds JSON.
// References are those that every member has; they lead to rows of the same
// environment. A new row needs its environment.
func Union(name string, schemas []*Schema) *Schema {
	out := &Schema{Name: name}
	at := map[string]*Table{}
	for _, s := range schemas {
		for _, note := range s.Notes {
			out.Notes = append(out.Notes, s.Name+": "+note)
		}
		for _, t := range s.Tables {
			key := strings.ToLower(t.Name)
			u := at[key]
			if u == nil {
				u = &Table{
					Name: t.Name, Entity: t.Entity, Doc: t.Doc, Scope: t.Scope, Schema: out, Paths: t.Paths, Group: t.Group,
					Permission: t.Permission, Examples: t.Examples, Writes: t.Writes, ManyToMany: t.ManyToMany, Hidden: t.Hidden,
				}
				at[key], out.Tables = u, append(out.Tables, u)
			}
			u.Members = append(u.Members, t)
		}
	}
	for _, u := range out.Tables {
		u.unite()
	}
	return out
}

// unite makes the columns of those of the members.
func (t *Table) unite() {
	for i, m := range t.Members {
		for k := range m.Columns {
			t.include(&m.Columns[k], i)
		}
		for k := range t.Columns {
			if m.Column(t.Columns[k].Name) == nil {
				t.Columns[k].Required = false
			}
		}
	}
	own := Column{
		Name: EnvironmentID, Type: GUID, Doc: "Environment of the row.", Key: true, Required: true,
	}
	if t.Writes != nil && t.Writes.Insert != nil {
		own.Access, own.Needed = OnInsert, true
	}
	if k := t.Index(EnvironmentID); k >= 0 {
		own.Doc, own.References = t.Columns[k].Doc, t.Columns[k].References
		t.Columns[k] = own
	} else {
		t.Columns = append(t.Columns, own)
	}
	t.Columns = append(t.Columns, Column{Name: EnvironmentName, Type: String, Doc: "Name of the environment.", Required: true})
}

// include adds a column of the member of that number.
func (t *Table) include(c *Column, member int) {
	if strings.EqualFold(c.Name, EnvironmentName) {
		return
	}
	known := t.Column(c.Name)
	if known == nil {
		own := *c
		own.Required = c.Required && member == 0
		t.Columns = append(t.Columns, own)
		return
	}
	if known.Type != c.Type {
		known.Type = JSON
	}
	if c.References == nil {
		known.References = nil
	}
	known.Required = known.Required && c.Required
}

// Everywhere gives the value that a column has in all rows of a member of a
// union; ok is false for columns of the rows.
func (t *Table) Everywhere(column string) (value string, ok bool) {
	switch {
	case t.Schema == nil:
	case column == EnvironmentID:
		return t.Schema.ID, true
	case column == EnvironmentName:
		return cmp.Or(t.Schema.Label, t.Schema.Name), true
	}
	return "", false
}
