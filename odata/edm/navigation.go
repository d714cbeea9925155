package edm

import (
	"cmp"
	"slices"
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
	// Through is the table between both, nil if there is none.
	Through *Through
	// Many is true for a collection.
	Many bool
	// Nullable is true for a single-valued navigation that may lead nowhere.
	Nullable bool
	// Dependent is true where Column is the foreign key.
	Dependent bool
	// Shared is a column of both rows, and of Through, whose values are equal, too:
	// the environment's id where tables have the rows of several; else "".
	Shared string
	// Partner is the navigation back, or "".
	Partner string
}

// With gives a column, and the shared one behind it, if there is one.
func (n Navigation) With(column string) []string {
	if n.Shared == "" {
		return []string{column}
	}
	return []string{column, n.Shared}
}

// Through is a table whose rows link two others: Near equals the Column of the
// navigation, and Far its TargetColumn.
type Through struct {
	Table     *catalog.Table
	Near, Far string
	// Repeats says that several rows may link the same two: the key is another.
	Repeats bool
	// Listed says that the rows of one Near are read as those of the target that they
	// lead to: each leads to one, and there are as many.
	Listed bool
}

// noNavigation is the name that declares that there is no navigation.
const noNavigation = "-"

// derivedKey finds the navigations among what is derived from a schema.
type derivedKey struct{}

// Navigations returns the navigation properties of the table t of schema s:
// those of its own foreign keys, then those of others, then those through
// a table between. A navigation whose target stands in another schema doesn't
// exist, nor one whose name another property of t has. The caller doesn't
// change the list.
func Navigations(s *catalog.Schema, t *catalog.Table) []Navigation {
	all, _ := s.Derived(derivedKey{}, func() any { return allNavigations(s) }).(map[*catalog.Table][]Navigation)
	return all[t]
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

func allNavigations(s *catalog.Schema) map[*catalog.Table][]Navigation {
	all := make(map[*catalog.Table][]Navigation, len(s.Tables))
	referring := referrers(s)
	for _, t := range s.Tables {
		all[t] = navigations(s, t, referring[t.Name])
	}
	for t, list := range all {
		for i := range list {
			list[i].Partner = partnerOf(all, t, list[i])
		}
	}
	return all
}

// referrer is a column that refers to another table.
type referrer struct {
	table  *catalog.Table
	column *catalog.Column
}

// referrers gives by a table's name the columns that refer to it, in order.
func referrers(s *catalog.Schema) map[string][]referrer {
	out := map[string][]referrer{}
	for _, t := range s.Tables {
		for i := range t.Columns {
			if c := &t.Columns[i]; c.References != nil {
				out[c.References.Table] = append(out[c.References.Table], referrer{t, c})
			}
		}
	}
	return out
}

func navigations(s *catalog.Schema, t *catalog.Table, referring []referrer) []Navigation {
	used := map[string]bool{strings.ToLower(t.Entity): true}
	for i := range t.Columns {
		used[strings.ToLower(t.Columns[i].Name)] = true
	}
	var out []Navigation
	add := func(n Navigation, ok bool) {
		lower := strings.ToLower(n.Name)
		if !ok || n.Name == noNavigation || used[lower] {
			return
		}
		used[lower] = true
		if t.Members != nil {
			n.Shared = catalog.EnvironmentID
		}
		out = append(out, n)
	}
	for i := range t.Columns {
		add(forward(s, &t.Columns[i]))
	}
	for _, r := range referring {
		add(backward(t, r.table, r.column))
	}
	for _, link := range s.Tables {
		m := link.ManyToMany
		if m == nil {
			continue
		}
		from, to := link.Links()
		if m.From == t.Name {
			add(across(s, t, link, from, to, m.Forward))
		}
		if m.To == t.Name {
			add(across(s, t, link, to, from, m.Backward))
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
	if t.Column(r.Column) == nil {
		return Navigation{}, false
	}
	name := r.Backward
	if name == "" {
		name = child.Name
	}
	alone := slices.Equal(ownKey(child), []string{c.Name})
	return Navigation{
		Name: name, Target: child, Column: r.Column, TargetColumn: c.Name,
		Many: !alone, Nullable: alone,
	}, true
}

// across is the navigation from t over the columns near and far of the link,
// -1 where a column isn't there.
func across(s *catalog.Schema, t, link *catalog.Table, near, far int, name string) (Navigation, bool) {
	if near < 0 || far < 0 {
		return Navigation{}, false
	}
	n, f := &link.Columns[near], &link.Columns[far]
	target := table(s, f.References.Table)
	if target == nil || target.Column(f.References.Column) == nil || t.Column(n.References.Column) == nil {
		return Navigation{}, false
	}
	return Navigation{
		Name: name, Target: target, Column: n.References.Column, TargetColumn: f.References.Column,
		Through: &Through{
			Table: link, Near: n.Name, Far: f.Name, Repeats: !n.Key || !f.Key || len(ownKey(link)) != 2, Listed: listed(link, n.Name, f, target),
		},
		Many: true,
	}, true
}

// listed tells whether the link's rows of one near come from a listing of the target's
// rows, whose key is in the column far.
func listed(link *catalog.Table, near string, far *catalog.Column, target *catalog.Table) bool {
	key := target.Column(far.References.Column)
	return key.Key && slices.ContainsFunc(link.Paths, func(p catalog.Path) bool {
		return p.Filter != "" && slices.Equal(p.Keys, []string{near}) && cmp.Or(p.Sources[far.Name], far.Source) == key.Source &&
			slices.ContainsFunc(target.Paths, func(of catalog.Path) bool {
				return of.List == p.List && of.Items == p.Items && of.Filter == "" && len(of.Keys) == 0
			})
	})
}

// ownKey names the columns of the key that tell rows of one environment apart.
func ownKey(t *catalog.Table) (out []string) {
	for _, k := range t.Key() {
		if name := t.Columns[k].Name; t.Members == nil || name != catalog.EnvironmentID {
			out = append(out, name)
		}
	}
	return out
}

// partnerOf finds the navigation that leads back over the same columns.
func partnerOf(all map[*catalog.Table][]Navigation, t *catalog.Table, n Navigation) string {
	for _, back := range all[n.Target] {
		if back.Target == t && back.Column == n.TargetColumn && back.TargetColumn == n.Column && opposite(n, back) {
			return back.Name
		}
	}
	return ""
}

// opposite tells whether two navigations lead over the same link, there and
// back.
func opposite(a, b Navigation) bool {
	if a.Through == nil || b.Through == nil {
		return a.Through == nil && b.Through == nil && a.Dependent != b.Dependent
	}
	return a.Through.Table == b.Through.Table && a.Through.Near == b.Through.Far
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
