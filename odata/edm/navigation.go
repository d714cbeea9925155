package edm

import (
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Navigation is a navigation property: from a row of the table it stands in
// to those rows of Target whose TargetColumn equals the row's Column.
type Navigation struct {
	Name   string
	Target *catalog.Table
	// Column is the column of the table that the navigation starts from.
	Column string
	// TargetColumn is the column of Target that it leads to.
	TargetColumn string
	// Many is true for a collection.
	Many bool
	// Nullable is true for a single-valued navigation that may lead nowhere.
	Nullable bool
	// Dependent is true where Column is the foreign key.
	Dependent bool
	// Partner is the navigation back, or "".
	Partner string
}

// noNavigation is the name that declares that there is no navigation.
const noNavigation = "-"

// Navigations returns the navigation properties of the table t of schema s,
// those of its own foreign keys first. A navigation whose target stands in
// another schema doesn't exist, nor one whose name another property of t has.
func Navigations(s *catalog.Schema, t *catalog.Table) []Navigation {
	return navigations(s, t, true)
}

// Find returns the navigation property of that name.
func Find(s *catalog.Schema, t *catalog.Table, name string) (Navigation, bool) {
	for _, n := range Navigations(s, t) {
		if n.Name == name {
			return n, true
		}
	}
	return Navigation{}, false
}

func navigations(s *catalog.Schema, t *catalog.Table, partners bool) []Navigation {
	used := map[string]bool{strings.ToLower(t.Entity): true}
	for i := range t.Columns {
		used[strings.ToLower(t.Columns[i].Name)] = true
	}
	var out []Navigation
	add := func(n Navigation) {
		lower := strings.ToLower(n.Name)
		if n.Name == noNavigation || used[lower] {
			return
		}
		used[lower] = true
		out = append(out, n)
	}
	for i := range t.Columns {
		if n, ok := forward(s, &t.Columns[i]); ok {
			add(n)
		}
	}
	for _, child := range s.Tables {
		for i := range child.Columns {
			if n, ok := backward(t, child, &child.Columns[i]); ok {
				add(n)
			}
		}
	}
	if partners {
		for i := range out {
			out[i].Partner = partnerOf(s, t, out[i])
		}
	}
	return out
}

func forward(s *catalog.Schema, c *catalog.Column) (Navigation, bool) {
	r := c.References
	if r == nil {
		return Navigation{}, false
	}
	target := table(s, r.Table)
	if target == nil || target.Column(r.Column) == nil {
		return Navigation{}, false
	}
	name := r.Forward
	if name == "" {
		name = strings.TrimSuffix(c.Name, "Id")
	}
	return Navigation{
		Name: name, Target: target, Column: c.Name, TargetColumn: r.Column,
		Nullable: !c.Required, Dependent: true,
	}, true
}

func backward(t, child *catalog.Table, c *catalog.Column) (Navigation, bool) {
	r := c.References
	if r == nil || r.Table != t.Name || t.Column(r.Column) == nil {
		return Navigation{}, false
	}
	name := r.Backward
	if name == "" {
		name = child.Name
	}
	key := child.Key()
	alone := len(key) == 1 && child.Columns[key[0]].Name == c.Name
	return Navigation{
		Name: name, Target: child, Column: r.Column, TargetColumn: c.Name,
		Many: !alone, Nullable: alone,
	}, true
}

// partnerOf finds the navigation that leads back over the same columns.
func partnerOf(s *catalog.Schema, t *catalog.Table, n Navigation) string {
	for _, back := range navigations(s, n.Target, false) {
		if back.Target == t && back.Column == n.TargetColumn && back.TargetColumn == n.Column &&
			back.Dependent != n.Dependent {
			return back.Name
		}
	}
	return ""
}

// table finds a table of the schema by its exact name.
func table(s *catalog.Schema, name string) *catalog.Table {
	for _, t := range s.Tables {
		if t.Name == name {
			return t
		}
	}
	return nil
}
