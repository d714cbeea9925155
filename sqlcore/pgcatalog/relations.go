package pgcatalog

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

type row = system.Row

// names begins the names of the relations of our own that functions look names up
// in, one for each kind of thing: by object id, and a place within it.
const names = "pg_gateway_names_"

// keywordList is the relation of our own that pg_get_keywords reads.
const keywordList = "pg_gateway_keywords"

func relations() []system.Table {
	each := map[string]func(context.Context, *system.Catalog, *catalog.Schema) ([]row, error){
		"pg_class": classes, "pg_attribute": attributes, "pg_attrdef": defaults, "pg_constraint": constraints, "pg_index": indexes, "pg_description": descriptions, "pg_tables": tableList,
	}
	all := map[string]func(context.Context, *system.Catalog) ([]row, error){
		"pg_namespace": namespaces, "pg_database": databases,
	}
	out := []system.Table{
		{Name: keywordList, All: fixed(keywordRows()...), Columns: texts("word", "catcode", "barelabel", "catdesc", "baredesc")},
	}
	out = append(out, lookups()...)
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		r := declared[name]
		t := system.Table{Name: name, Doc: "PostgreSQL's " + name + ".", Columns: r.tableColumns(), Each: each[name], All: all[name], Keys: keys[name], Unique: unique[name]}
		if t.Each == nil && t.All == nil {
			t.All = fixed() // of which a directory has no rows
			if _, err := data.Open("data/" + name + ".tsv"); err == nil {
				t.All = fixed(r.constant()...)
			}
		}
		out = append(out, t)
	}
	return out
}

// keys tell by which columns the rows of schemas are told apart.
var keys = map[string][]system.Key{
	"pg_class":       {{Column: "oid", Holds: holds}, spaceIn("relnamespace")},
	"pg_attribute":   {{Column: "attrelid", Holds: holds}},
	"pg_attrdef":     {{Column: "adrelid", Holds: holds}},
	"pg_constraint":  {{Column: "oid", Holds: holds}, {Column: "conrelid", Holds: holds}, spaceIn("connamespace")},
	"pg_index":       {{Column: "indexrelid", Holds: holds}, {Column: "indrelid", Holds: holds}},
	"pg_description": {{Column: "objoid", Holds: holds}},
	"pg_tables":      {{Column: "schemaname", Named: func(n catalog.SchemaName) string { return n.Name }}},
}

// unique are the columns that tell the rows of relations apart.
var unique = map[string][]string{
	"pg_class": {"oid"}, "pg_attribute": {"attrelid", "attnum"}, "pg_attrdef": {"adrelid", "adnum"}, "pg_constraint": {"oid"}, "pg_index": {"indexrelid"},
	"pg_description": {"objoid", "classoid", "objsubid"}, "pg_namespace": {"oid"}, "pg_type": {"oid"},
}

// spaceIn is the key of a relation whose column of that name has the object id of
// the schema.
func spaceIn(column string) system.Key {
	return system.Key{Column: column, Named: func(n catalog.SchemaName) string { return strconv.FormatInt(namespaceOID(n.Name, n.ID), 10) }}
}

// idsKey is that of the object ids of a schema.
type idsKey struct{}

// holds tells whether an object id may be that of a table, an index or a
// constraint of the schema.
func holds(s *catalog.Schema, value string) bool {
	ids, _ := s.Derived(idsKey{}, func() any {
		ids := map[string]bool{}
		add := func(oid int64) { ids[strconv.FormatInt(oid, 10)] = true }
		if s.Name == Name {
			add(0) // of what has none
		}
		for _, t := range s.Tables {
			add(tableOID(s, t))
			add(indexOID(s, t))
			add(keyOID(s, keyName(t)))
			for i := range t.Columns {
				if t.Columns[i].References != nil {
					add(keyOID(s, system.ForeignKeyName(t, &t.Columns[i])))
				}
			}
		}
		return ids
	}).(map[string]bool)
	return ids[value]
}

// texts are the columns of a relation of our own; ids and places are numbers.
func texts(names ...string) []catalog.Column {
	out := make([]catalog.Column, len(names))
	for i, n := range names {
		out[i] = catalog.Column{Name: n, Type: catalog.String}
		switch n {
		case "gw_oid", "gw_place":
			out[i].Type = catalog.Int64
		case "barelabel":
			out[i].Type = catalog.Bool
		}
	}
	return out
}

func keywordRows() (out []row) {
	for _, line := range file("keywords.tsv") {
		c := strings.Split(line, "\t")
		out = append(out, row{c[0], c[1], c[2] == "t", c[3], c[4]})
	}
	return out
}

func databases(_ context.Context, c *system.Catalog) ([]row, error) {
	return []row{{int64(databaseOID), c.Connection(), int64(ownerOID), int64(6), "c", false, true, int64(-1), int64(0), int64(0), int64(1663), "C.UTF-8", "C.UTF-8", nil, nil, nil}}, nil
}

// fixed gives the same rows to all.
func fixed(rows ...row) func(context.Context, *system.Catalog) ([]row, error) {
	return func(context.Context, *system.Catalog) ([]row, error) { return rows, nil }
}

func namespaces(ctx context.Context, c *system.Catalog) (out []row, err error) {
	all, err := c.Names(ctx)
	for _, n := range all {
		out = append(out, row{namespaceOID(n.Name, n.ID), n.Name, int64(ownerOID), nil})
	}
	return out, err
}

// kindOf is the kind of a relation: r for a table, v for a view.
func kindOf(s *catalog.Schema, t *catalog.Table) string {
	switch r := declared[t.Name]; {
	case !s.System:
		return "r"
	case s.Name == Name && r != nil:
		return r.kind
	default:
		return "v"
	}
}

func classes(_ context.Context, _ *system.Catalog, s *catalog.Schema) (out []row, err error) {
	space := namespaceOID(s.Name, s.ID)
	class := func(oid int64, name, kind string, columns int, hasIndex bool) row {
		access, file, pages, tuples, identity := int64(heapOID), oid, int64(0), -1.0, "d"
		switch {
		case kind == "i":
			access, pages, tuples, identity = btreeOID, 1, 0, "n"
		case kind == "v":
			access, file, identity = 0, 0, "n"
		case s.System:
			identity = "n"
		}
		return row{
			oid, name, space, int64(0), int64(0), int64(ownerOID), access, file, int64(0), pages, tuples, int64(0), int64(0), hasIndex, false, "p", kind, int64(columns),
			// PostgreSQL keeps references by triggers, so that psql looks for them where there are some.
			int64(0), kind == "v", kind == "r" && !s.System, false, false, false, true, identity, false, int64(0), int64(0), int64(0), nil, nil, nil,
		}
	}
	for _, t := range s.Tables {
		key := t.Key()
		out = append(out, class(tableOID(s, t), t.Name, kindOf(s, t), len(t.Columns), len(key) > 0))
		if len(key) > 0 {
			out = append(out, class(indexOID(s, t), keyName(t), "i", len(key), false))
		}
	}
	return out, nil
}

// keyName is the name of a table's primary key and of its index.
func keyName(t *catalog.Table) string { return "pk_" + t.Name }

func attributes(_ context.Context, c *system.Catalog, s *catalog.Schema) (out []row, err error) {
	attribute := func(of *catalog.Table, id int64, col *catalog.Column, place int, notNull, filled bool) row {
		t := typeOf(col.Type)
		if r := declared[of.Name]; r != nil && s.Name == Name {
			t, notNull = typeByOID[int64(typeNamed[r.columns[place-1].kind])], r.columns[place-1].notNull
		}
		dimensions := int64(0)
		if t.category == "A" {
			dimensions = 1
		}
		return row{id, col.Name, t.oid, int64(-1), t.size, int64(place), dimensions, int64(-1), int64(-1), t.byValue, t.align, t.storage, "", notNull, filled, false, "", "", false, true, int64(0), t.collation, nil, nil, nil, nil}
	}
	for _, t := range s.Tables {
		for i := range t.Columns {
			out = append(out, attribute(t, tableOID(s, t), &t.Columns[i], i+1, t.Columns[i].Required || t.Columns[i].Key, c.DefaultOf(s, t, &t.Columns[i]) != nil))
		}
		for i, at := range t.Key() {
			out = append(out, attribute(t, indexOID(s, t), &t.Columns[at], i+1, false, false))
		}
	}
	return out, nil
}

// defaults are those of columns that a new row takes no value for, so that clients
// leave them out of INSERT.
func defaults(_ context.Context, c *system.Catalog, s *catalog.Schema) (out []row, err error) {
	for _, t := range s.Tables {
		for i := range t.Columns {
			if text := c.DefaultOf(s, t, &t.Columns[i]); text != nil {
				out = append(out, row{defaultOID(s, t, &t.Columns[i]), tableOID(s, t), int64(i + 1), text})
			}
		}
	}
	return out, nil
}

func indexes(_ context.Context, _ *system.Catalog, s *catalog.Schema) (out []row, err error) {
	for _, t := range s.Tables {
		key := t.Key()
		if len(key) == 0 {
			continue
		}
		collations, classes := make([]int64, len(key)), make([]int64, len(key))
		for i, at := range key {
			kind := typeOf(t.Columns[at].Type)
			collations[i], classes[i] = kind.collation, operatorClasses[kind.oid]
		}
		out = append(out, row{
			indexOID(s, t), tableOID(s, t), int64(len(key)), int64(len(key)), true, false, true, false, true, false, true, false, true, true, false,
			places(key), collations, classes, make([]int64, len(key)), nil, nil,
		})
	}
	return out, nil
}

// operatorClasses are the ones by which B-trees order values, by type.
var operatorClasses = func() map[int64]int64 {
	out := map[int64]int64{}
	for _, r := range declared["pg_opclass"].constant() {
		class, _ := r[0].(int64)
		kind, _ := r[6].(int64)
		out[kind] = class
	}
	return out
}()

// places counts columns from 1.
func places(columns []int) []int64 {
	out := make([]int64, len(columns))
	for i, at := range columns {
		out[i] = int64(at + 1)
	}
	return out
}

func descriptions(_ context.Context, _ *system.Catalog, s *catalog.Schema) (out []row, err error) {
	for _, t := range s.Tables {
		of := tableOID(s, t)
		if t.Doc != "" {
			out = append(out, row{of, declared["pg_class"].oid, int64(0), t.Doc})
		}
		for i := range t.Columns {
			if doc := t.Columns[i].Doc; doc != "" {
				out = append(out, row{of, declared["pg_class"].oid, int64(i + 1), doc})
			}
		}
	}
	return out, nil
}

// tableList is pg_tables and its like.
func tableList(_ context.Context, _ *system.Catalog, s *catalog.Schema) (out []row, err error) {
	for _, t := range s.Tables {
		if kindOf(s, t) == "r" {
			out = append(out, row{s.Name, t.Name, Owner, nil, len(t.Key()) > 0, false, !s.System, false})
		}
	}
	return out, nil
}

func constraints(ctx context.Context, c *system.Catalog, s *catalog.Schema) (out []row, err error) {
	space := namespaceOID(s.Name, s.ID)
	constraint := func(name, kind string, of, index, target int64, columns, targets []int64) row {
		update, match := " ", " "
		var to, equal any
		if kind == "f" {
			update, match, to, equal = "a", "s", targets, slices.Repeat([]int64{98}, len(targets))
		}
		return row{keyOID(s, name), name, space, kind, false, false, true, of, int64(0), index, int64(0), target, update, update, match, true, int64(0), true, columns, to, equal, equal, equal, nil, nil, nil}
	}
	for _, t := range s.Tables {
		if key := t.Key(); len(key) > 0 {
			out = append(out, constraint(keyName(t), "p", tableOID(s, t), indexOID(s, t), 0, places(key), nil))
		}
	}
	foreign, err := system.ForeignKeys(ctx, c, s)
	for _, k := range foreign {
		out = append(out, constraint(k.Name, "f", tableOID(s, k.Table), indexOID(k.In, k.Target), tableOID(k.In, k.Target), places(k.Columns), places(k.Targets)))
	}
	return out, err
}
