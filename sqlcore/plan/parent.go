package plan

import (
	"context"
	"slices"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// parent plans the reading of a path's parent table with what the condition
// says of the keys and of what else the parent's row tells; it returns false
// where that can't be.
func (s *search) parent(ctx context.Context, c *candidate, path *catalog.Path) bool {
	if s.table.Schema == nil {
		return false
	}
	table, ok := s.table.Schema.Table(path.Parent.Table)
	if !ok {
		return false
	}
	where := s.ofParent(table, path)
	wanted, some := make([][]string, len(path.Parent.Columns)), false
	for i, key := range s.table.Path(path.Parent.Path).Keys {
		if path.Parent.Columns[i] == "" {
			for _, v := range s.each(key) {
				wanted[i] = append(wanted[i], v.Text())
			}
			c.empty = c.empty || len(wanted[i]) == 0
			c.request.ParentValues = wanted
			continue
		}
		values, ok := predicate.KeyValues(s.where, key)
		if !ok || s.planner.options.NoPushDown {
			continue
		}
		some = true
		c.empty = c.empty || len(values) == 0
		where = predicate.AllOf(where, predicate.In{Column: path.Parent.Columns[i], Values: values})
		wanted[i] = make([]string, len(values))
		for v := range values {
			wanted[i][v] = values[v].Text()
		}
	}
	base := table.Whole() // it is read for its keys, and the child's own restriction decides what is shown
	up := &search{planner: s.planner, table: base, where: where, access: query.Access{Table: base, Where: where, WhereComplete: true}}
	best, err := up.best(ctx)
	if err != nil {
		return false
	}
	if some {
		c.request.ParentValues = wanted
	}
	c.empty = c.empty || best.empty
	c.request.Parent, c.sent = &best.request, best.sent
	c.up, c.upBest = up, best
	return true
}

// ofParent gives the conditions on columns that come from the parent's own row,
// as conditions on that. Those on keys alone are left out.
func (s *search) ofParent(parent *catalog.Table, path *catalog.Path) predicate.Expr {
	where := predicate.True
	if s.planner.options.NoPushDown {
		return where
	}
	child, names := s.table.Path(path.Parent.Path), map[string]string{}
	for i, key := range child.Keys {
		if own := path.Parent.Columns[i]; own != "" {
			names[key] = own
		}
	}
	keys := len(names)
	for name, look := range child.Lookup {
		at := slices.Index(child.Keys, look.Key)
		if at >= 0 && look.Table == parent.Name && look.By == path.Parent.Columns[at] && parent.Column(look.Column).Type == s.table.Column(name).Type {
			names[name] = look.Column
		}
	}
	if len(names) == keys {
		return where
	}
	for _, e := range predicate.Conjuncts(s.where) {
		if slices.ContainsFunc(child.Keys, func(key string) bool { return isSet(e, key) }) {
			continue
		}
		if own, ok := predicate.Rename(e, names); ok {
			where = predicate.AllOf(where, own)
		}
	}
	return where
}
