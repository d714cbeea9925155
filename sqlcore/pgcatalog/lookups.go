package pgcatalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// lookups are the relations in which functions and casts look up names.
func lookups() []system.Table {
	table := func(kind string) system.Table {
		return system.Table{Name: names + kind, Columns: texts("gw_oid", "gw_place", "gw_name", "gw_bare"), Unique: []string{"gw_oid", "gw_place"}}
	}
	each := func(kind string, rows func(context.Context, *system.Catalog, *catalog.Schema) ([]row, error)) system.Table {
		t := table(kind)
		t.Each, t.Keys = rows, []system.Key{{Column: "gw_oid", Holds: holds}}
		return t
	}
	all := func(kind string, rows func(context.Context, *system.Catalog) ([]row, error)) system.Table {
		t := table(kind)
		t.All = rows
		return t
	}
	kinds := []row{{int64(0), int64(0), "-", ""}}
	for _, t := range types {
		kinds = append(kinds, row{t.oid, int64(0), t.format(), t.name})
	}
	var functions []row
	for oid, name := range procedures {
		functions = append(functions, row{oid, int64(0), name, name})
	}
	return []system.Table{
		all("type", fixed(kinds...)), all("proc", fixed(functions...)), all("namespace", spaceNames), all("visible", visibleTables),
		each("class", classNames), each("index", indexDefinitions), each("constraint", constraintDefinitions),
	}
}

func spaceNames(ctx context.Context, c *system.Catalog) (out []row, err error) {
	all, err := c.Names(ctx)
	for _, n := range all {
		out = append(out, row{namespaceOID(n.Name, n.ID), int64(0), quoted(n.Name), n.Name})
	}
	return out, err
}

// inSight tells whether a schema's tables are found without its name.
func inSight(c *system.Catalog, name, environment string) bool {
	return name == Name || strings.EqualFold(name, c.Default()) || environment != "" && strings.EqualFold(environment, c.Default())
}

// visibleTables are those that are found without their schema's name.
func visibleTables(ctx context.Context, c *system.Catalog) (out []row, err error) {
	all, err := c.Names(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range all {
		if !inSight(c, n.Name, n.ID) {
			continue
		}
		s, err := c.Schema(ctx, id(n.Name, n.ID))
		if gwerr.Is(err, gwerr.UnknownSchema) { // it went after it was listed
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, t := range s.Tables {
			out = append(out, row{tableOID(s, t), int64(0), t.Name, t.Name})
		}
	}
	return out, nil
}

// shown is a table's name as others name it.
func shown(c *system.Catalog, s *catalog.Schema, t *catalog.Table) string {
	if inSight(c, s.Name, s.ID) {
		return quoted(t.Name)
	}
	return quoted(s.Name) + "." + quoted(t.Name)
}

func classNames(_ context.Context, c *system.Catalog, s *catalog.Schema) (out []row, err error) {
	if s.Name == Name {
		out = append(out, row{int64(0), int64(0), "-", ""})
	}
	for _, t := range s.Tables {
		out = append(out, row{tableOID(s, t), int64(0), shown(c, s, t), strings.ToLower(s.Name + "." + t.Name)})
		if len(t.Key()) > 0 {
			out = append(out, row{indexOID(s, t), int64(0), quoted(keyName(t)), ""})
		}
	}
	return out, nil
}

// columnNames are names of a table's columns, as PostgreSQL shows them.
func columnNames(t *catalog.Table, positions []int) []string {
	out := make([]string, len(positions))
	for i, at := range positions {
		out[i] = quoted(t.Columns[at].Name)
	}
	return out
}

func columnList(t *catalog.Table, positions []int) string {
	return strings.Join(columnNames(t, positions), ", ")
}

// indexDefinitions are statements that would make the indexes, and their columns.
func indexDefinitions(_ context.Context, c *system.Catalog, s *catalog.Schema) (out []row, err error) {
	for _, t := range s.Tables {
		key := columnNames(t, t.Key())
		if len(key) == 0 {
			continue
		}
		for i, name := range key {
			out = append(out, row{indexOID(s, t), int64(i + 1), name, ""})
		}
		statement := func(of string) string {
			return fmt.Sprintf("CREATE UNIQUE INDEX %s ON %s USING btree (%s)", quoted(keyName(t)), of, strings.Join(key, ", "))
		}
		out = append(out, row{indexOID(s, t), int64(0), statement(quoted(s.Name) + "." + quoted(t.Name)), statement(shown(c, s, t))})
	}
	return out, nil
}

func constraintDefinitions(ctx context.Context, c *system.Catalog, s *catalog.Schema) (out []row, err error) {
	for _, t := range s.Tables {
		if key := columnNames(t, t.Key()); len(key) > 0 {
			out = append(out, row{keyOID(s, keyName(t)), int64(0), "PRIMARY KEY (" + strings.Join(key, ", ") + ")", ""})
		}
	}
	foreign, err := system.ForeignKeys(ctx, c, s)
	for _, k := range foreign {
		target := quoted(k.Target.Name)
		if k.In.Name != s.Name || !inSight(c, s.Name, s.ID) {
			target = quoted(k.In.Name) + "." + target
		}
		out = append(out, row{keyOID(s, k.Name), int64(0), fmt.Sprintf("FOREIGN KEY (%s) REFERENCES %s(%s)", columnList(k.Table, k.Columns), target, columnList(k.Target, k.Targets)), ""})
	}
	return out, err
}

// quoted is a name as PostgreSQL shows it: in quotes where it needs them.
func quoted(name string) string {
	for i, r := range name {
		if !(r >= 'a' && r <= 'z' || r == '_' || i > 0 && (r >= '0' && r <= '9' || r == '$')) {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	return name
}
