package system

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scim"
)

func sysPathRows(_ *Catalog, s *catalog.Schema, t *catalog.Table) (out []Row) {
	seen := t
	if len(t.Members) > 0 {
		seen = t.Members[0]
	}
	whole := seen.Whole()
	for i := range whole.Paths {
		if r := pathRow(seen, whole, &whole.Paths[i]); r != nil {
			out = append(out, append(Row{s.Name, t.Name}, r...))
		}
	}
	return out
}

// clear tells whether the caller sees a column's own values: only then does it
// learn of paths that test them, and only then are conditions sent.
func clear(seen *catalog.Table, column string) bool {
	return seen.Column(column) != nil && !seen.Restriction.Masked(column)
}

// pathRow is what the caller may know of a path; nil for nothing.
func pathRow(seen, whole *catalog.Table, p *catalog.Path) Row {
	child, request := p, ""
	if p.Parent != nil {
		if child = whole.Path(p.Parent.Path); child == nil {
			return nil
		}
		request = " for each of " + p.Parent.Table
	}
	keys := []string{}
	for _, k := range child.Keys {
		if !clear(seen, k) {
			return nil
		}
		if p.Parent == nil && !slices.Contains(child.Each, k) {
			keys = append(keys, k)
		}
	}
	request = "GET " + child.Get + child.List + request
	var page any
	if child.Page > 0 {
		page = int64(child.Page)
	}
	var partition string
	if p.Partition != nil && clear(seen, p.Partition.Column) {
		partition = p.Partition.Column
	}
	group := cmp.Or(child.Group, whole.Group)
	return Row{p.Name, keys, pushed(seen, child), request, page, orNull(group), child.CountExact && p.Parent == nil, orNull(partition)}
}

// pushed are the tests of a path on columns that the caller sees.
func pushed(seen *catalog.Table, p *catalog.Path) []string {
	out := []string{}
	for _, name := range slices.Sorted(maps.Keys(p.Filters)) {
		f := p.Filters[name]
		if !clear(seen, name) || len(f.Operators) == 0 {
			continue
		}
		var words []string
		for _, o := range f.Operators {
			words = append(words, scim.Word(o))
		}
		slices.Sort(words)
		kept := "superset"
		if f.Exact {
			kept = "exact"
		}
		out = append(out, name+":"+strings.Join(words, ",")+":"+kept)
	}
	return out
}
