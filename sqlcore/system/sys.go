package system

import (
	"context"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// sysRows make the rows of the views of sys.
var sysRows = map[string]Table{
	"sys_catalogs": {All: func(_ context.Context, c *Catalog) ([]Row, error) { return []Row{{c.Connection()}}, nil }},
	"sys_schemas":  {All: sysSchemaRows},
	"sys_tables": {Each: eachTable(func(c *Catalog, s *catalog.Schema, t *catalog.Table) []Row {
		return []Row{{c.Connection(), s.Name, t.Name, strings.TrimPrefix(kindOf(t), "BASE "), orNull(t.Doc), c.Writable(s, t)}}
	})},
	"sys_tablecolumns":        {Each: eachTable(sysColumnRows)},
	"sys_keycolumns":          {Each: eachKey(sysKeyColumnRow)},
	"sys_primarykeys":         {Each: eachTable(sysPrimaryKeyRows)},
	"sys_foreignkeys":         {Each: eachKey(sysForeignKeyRow)},
	"sys_procedures":          {All: sysProcedureRows},
	"sys_procedureparameters": {All: sysParameterRows},
	"sys_indexes":             {All: func(context.Context, *Catalog) ([]Row, error) { return nil, nil }}, // a directory has none to choose from
	"sys_connection_props":    {All: sysPropertyRows},
	"sys_accesspaths":         {Each: eachTable(sysPathRows)},
}

// eachTable makes rows of the tables of schemas other than the system's.
func eachTable(row func(c *Catalog, s *catalog.Schema, t *catalog.Table) []Row) func(context.Context, *Catalog, *catalog.Schema) ([]Row, error) {
	return func(_ context.Context, c *Catalog, s *catalog.Schema) (out []Row, err error) {
		if s.System {
			return nil, nil
		}
		for _, t := range s.Tables {
			out = append(out, row(c, s, t)...)
		}
		return out, nil
	}
}

func sysSchemaRows(ctx context.Context, c *Catalog) (out []Row, err error) {
	names, err := c.Provider.Names(ctx)
	for _, n := range names {
		out = append(out, Row{c.Connection(), n.Name})
	}
	return out, err
}

func sysColumnRows(c *Catalog, s *catalog.Schema, t *catalog.Table) (out []Row) {
	for i := range t.Columns {
		col := &t.Columns[i]
		n := namesOfTypes[col.Type]
		fixed := t.Writes == nil || col.Access == catalog.ReadOnly
		out = append(out, Row{
			c.Connection(), s.Name, t.Name, col.Name, col.Type.SQL(), n.jdbc, length(col), n.precision, n.scale, !col.Required && !col.Key,
			orNull(col.Doc), int64(i + 1), false, t.Writes != nil && col.Key && fixed, fixed, col.Key, false,
		})
	}
	return out
}

func sysPropertyRows(_ context.Context, c *Catalog) (out []Row, err error) {
	for _, p := range c.Properties() {
		sensitivity := "NONE"
		if p.Secret {
			sensitivity = "SECRET"
		}
		out = append(out, Row{
			p.Name, orNull(p.Doc), orNull(p.Type), orNull(p.Default), orNull(strings.Join(p.Values, ",")), orNull(p.Value),
			false, orNull(p.Category), false, sensitivity,
		})
	}
	return out, nil
}

// eachKey makes rows of columns that belong to a primary key or to foreign ones,
// one for each of these; foreign is nil for a column of none.
func eachKey(row func(c *Catalog, s *catalog.Schema, t *catalog.Table, col *catalog.Column, foreign *foreignKey) Row) func(context.Context, *Catalog, *catalog.Schema) ([]Row, error) {
	return func(ctx context.Context, c *Catalog, s *catalog.Schema) (out []Row, err error) {
		if s.System {
			return nil, nil
		}
		all, err := foreignKeys(ctx, c, s)
		if err != nil {
			return nil, err
		}
		add := func(r Row) {
			if r != nil {
				out = append(out, r)
			}
		}
		for _, t := range s.Tables {
			for i := range t.Columns {
				col, refers := &t.Columns[i], false
				for k := range all[t] {
					if foreign := &all[t][k]; slices.Contains(foreign.columns, col.Name) {
						refers = true
						add(row(c, s, t, col, foreign))
					}
				}
				if col.Key && !refers {
					add(row(c, s, t, col, nil))
				}
			}
		}
		return out, nil
	}
}

// cells name what a foreign key points to, for a column of the key.
func (k *foreignKey) cells(c *Catalog, column string) []any {
	if k == nil {
		return []any{nil, nil, nil, nil}
	}
	return []any{c.Connection(), k.in.Name, k.table.Name, k.targets[slices.Index(k.columns, column)]}
}

func sysKeyColumnRow(c *Catalog, s *catalog.Schema, t *catalog.Table, col *catalog.Column, k *foreignKey) Row {
	var primary, foreign any
	if col.Key {
		primary = primaryKey(t)
	}
	if k != nil {
		foreign = k.name
	}
	return append(Row{c.Connection(), s.Name, t.Name, col.Name, col.Key, k != nil, primary, foreign}, k.cells(c, col.Name)...)
}

func sysPrimaryKeyRows(c *Catalog, s *catalog.Schema, t *catalog.Table) (out []Row) {
	for place, i := range t.Key() {
		out = append(out, Row{c.Connection(), s.Name, t.Name, t.Columns[i].Name, int64(place + 1), primaryKey(t)})
	}
	return out
}

func sysForeignKeyRow(c *Catalog, s *catalog.Schema, t *catalog.Table, col *catalog.Column, k *foreignKey) Row {
	if k == nil {
		return nil
	}
	return append(append(Row{c.Connection(), s.Name, t.Name, col.Name, orNull(k.unique()), k.name}, k.cells(c, col.Name)...), "IMPORT")
}
