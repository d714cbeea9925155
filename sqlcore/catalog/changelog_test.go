package catalog_test

import (
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// TestTrackedTables: a log tells all changes of a table only where the caller sees all
// rows of both, and of the log what names a row.
func TestTrackedTables(t *testing.T) {
	t.Parallel()
	part := func(f func(*catalog.Restriction)) func(*catalog.Table) {
		return func(of *catalog.Table) {
			of.Restriction = &catalog.Restriction{Base: of, Where: predicate.True}
			f(of.Restriction)
		}
	}
	masks := func(column string) func(*catalog.Table) {
		return part(func(r *catalog.Restriction) { r.Masks = map[string]catalog.Mask{column: catalog.MaskHash} })
	}
	without := func(column string) func(*catalog.Table) {
		return func(of *catalog.Table) {
			of.Columns = append(of.Columns[:of.Index(column):of.Index(column)], of.Columns[of.Index(column)+1:]...)
		}
	}
	whole := part(func(*catalog.Restriction) {})
	noWhere := part(func(r *catalog.Restriction) { r.Where = nil })
	someRows := part(func(r *catalog.Restriction) { r.Where = predicate.IsNull{Column: "Colour"} })
	bySQL := part(func(r *catalog.Restriction) { r.FilterSQL = "Colour > 'a'" })
	for name, c := range map[string]struct {
		log, cars func(*catalog.Table)
		asked     string
		tracks    bool
	}{
		"both whole":                         {nil, nil, "Cars", true},
		"a table of no kind":                 {nil, nil, "Owners", false},
		"a kind of no table":                 {nil, nil, "Boats", false},
		"some rows of the log":               {someRows, nil, "Cars", false},
		"some rows of the table":             {nil, someRows, "Cars", false},
		"some rows of the log, by SQL":       {bySQL, nil, "Cars", false},
		"some rows of the table, by SQL":     {nil, bySQL, "Cars", false},
		"roles that hide nothing":            {whole, whole, "Cars", true},
		"roles that say no condition":        {noWhere, noWhere, "Cars", true},
		"the log's time is masked":           {masks("At"), nil, "Cars", false},
		"the log's kind is masked":           {masks("Kind"), nil, "Cars", false},
		"the log's key is masked":            {masks("Of"), nil, "Cars", false},
		"another column of the log is":       {masks("Actor"), nil, "Cars", true},
		"the table's key is masked":          {nil, masks("Id"), "Cars", false},
		"another column of the table is":     {nil, masks("Colour"), "Cars", true},
		"the log's time is hidden":           {without("At"), nil, "Cars", false},
		"the log's kind is hidden":           {without("Kind"), nil, "Cars", false},
		"the log's key is hidden":            {without("Of"), nil, "Cars", false},
		"another column of the log is away":  {without("Actor"), nil, "Cars", true},
		"the table has no key":               {nil, without("Id"), "Cars", false},
		"another column of the table is not": {nil, without("Colour"), "Cars", true},
		"a key of two columns":               {nil, func(of *catalog.Table) { of.Columns[1].Key = true }, "Cars", false},
		"the log is not there":               {func(of *catalog.Table) { of.Name = "Log2" }, nil, "Cars", false},
		"the table is not there":             {nil, func(of *catalog.Table) { of.Name = "Vans" }, "Cars", false},
	} {
		columns := func(names ...string) (out []catalog.Column) {
			for i, column := range names {
				out = append(out, catalog.Column{Name: column, Key: i == 0})
			}
			return out
		}
		s := &catalog.Schema{Tables: []*catalog.Table{
			{Name: "Log", Columns: columns("Id", "At", "Kind", "Of", "Actor")}, {Name: "Cars", Columns: columns("Id", "Colour")}, {Name: "Owners", Columns: columns("Id")},
		}}
		for i, change := range []func(*catalog.Table){c.log, c.cars} {
			if change != nil {
				change(s.Tables[i])
			}
		}
		l := &catalog.ChangeLog{Table: "Log", Time: "At", Kind: "Kind", Key: "Of", Kinds: map[string]string{"Cars": "CAR", "Boats": "BOAT"}}
		if got := l.Tracks(s, c.asked); got != c.tracks {
			t.Errorf("%s: tracked %v", name, got)
		}
		if (*catalog.ChangeLog)(nil).Tracks(s, c.asked) {
			t.Errorf("%s: no log tracks it", name)
		}
	}
}
