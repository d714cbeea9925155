package system

import (
	"context"
	"slices"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// typeNames is what others call a type.
type typeNames struct {
	// standard is the name of the SQL standard, as PostgreSQL spells it; udt is
	// PostgreSQL's own; jdbc the number in java.sql.Types.
	standard, udt string
	jdbc          int64
	// precision and scale are of numbers, in bits as radix 2 has it; instant is
	// the precision of a time in digits. They are nil where they say nothing.
	precision, scale, instant any
}

var namesOfTypes = map[catalog.Type]typeNames{
	catalog.String:     {standard: "character varying", udt: "varchar", jdbc: 12},
	catalog.Bool:       {standard: "boolean", udt: "bool", jdbc: 16},
	catalog.Int32:      {standard: "integer", udt: "int4", jdbc: 4, precision: int64(32), scale: int64(0)},
	catalog.Int64:      {standard: "bigint", udt: "int8", jdbc: -5, precision: int64(64), scale: int64(0)},
	catalog.Float64:    {standard: "double precision", udt: "float8", jdbc: 8, precision: int64(53)},
	catalog.Timestamp:  {standard: "timestamp with time zone", udt: "timestamptz", jdbc: 2014, instant: int64(3)},
	catalog.GUID:       {standard: "uuid", udt: "uuid", jdbc: 1111},
	catalog.JSON:       {standard: "json", udt: "json", jdbc: 12},
	catalog.StringList: {standard: "ARRAY", udt: "_varchar", jdbc: 2003},
	catalog.Int32List:  {standard: "ARRAY", udt: "_int4", jdbc: 2003},
}

// length is the longest text of a column; nil if not known.
func length(c *catalog.Column) any {
	if c.MaxLength > 0 {
		return int64(c.MaxLength)
	}
	return nil
}

// primaryKey is the name of a table's primary key.
func primaryKey(t *catalog.Table) string { return "pk_" + t.Name }

// foreignKey is a reference of columns to as many that the caller sees.
type foreignKey struct {
	name    string
	columns []string
	in      *catalog.Schema
	table   *catalog.Table
	targets []string // the columns there, in the order of columns
}

// unique is the name of the primary key that the targets are; "" if they are none.
func (k *foreignKey) unique() string {
	if key := k.table.Key(); len(key) != len(k.targets) || slices.ContainsFunc(k.targets, func(name string) bool { return k.place(name) == 0 }) {
		return ""
	}
	return primaryKey(k.table)
}

// place is where a column stands in the primary key of the table that is referred
// to, from 1; 0 if it doesn't.
func (k *foreignKey) place(column string) int64 {
	return int64(1 + slices.IndexFunc(k.table.Key(), func(i int) bool { return k.table.Columns[i].Name == column }))
}

// foreignKeys are those of a schema's tables, by table. Rows of several
// environments refer to rows of their own one.
func foreignKeys(ctx context.Context, c *Catalog, s *catalog.Schema) (map[*catalog.Table][]foreignKey, error) {
	around, err := c.above(ctx, s)
	if err != nil {
		return nil, err
	}
	out := map[*catalog.Table][]foreignKey{}
	for _, t := range s.Tables {
		for i := range t.Columns {
			col := &t.Columns[i]
			if col.References == nil {
				continue
			}
			for _, in := range around {
				target, ok := in.Table(col.References.Table)
				if !ok {
					continue
				}
				if to := target.Column(col.References.Column); to != nil {
					k := foreignKey{name: ForeignKeyName(t, col), columns: []string{col.Name}, in: in, table: target, targets: []string{to.Name}}
					if target.Members != nil {
						k.columns, k.targets = append(k.columns, catalog.EnvironmentID), append(k.targets, catalog.EnvironmentID)
					}
					out[t] = append(out[t], k)
				}
				break
			}
		}
	}
	return out, nil
}

// ForeignKeyName is the name of the reference that a table's column is.
func ForeignKeyName(t *catalog.Table, c *catalog.Column) string { return "fk_" + t.Name + "_" + c.Name }

// above are the schemas in which references of a schema's tables are looked for:
// itself, and for environments those that belong to the connection.
func (c *Catalog) above(ctx context.Context, s *catalog.Schema) ([]*catalog.Schema, error) {
	out := []*catalog.Schema{s}
	if s.ID == "" && s.Name != catalog.AllEnvironments {
		return out, nil
	}
	names, err := c.Provider.Names(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if n.ID != "" || n.Name == catalog.AllEnvironments {
			continue
		}
		shared, err := c.Provider.Schema(ctx, n.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, shared)
	}
	return out, nil
}

// ForeignKey is a reference of a table's columns to those of another table.
type ForeignKey struct {
	Name string
	// Table and Columns are what refers, by position; Target and Targets, in the
	// schema In, what is referred to.
	Table, Target    *catalog.Table
	In               *catalog.Schema
	Columns, Targets []int
}

// ForeignKeys are those of a schema's tables whose targets are primary keys that
// the caller sees, in the order of the tables and their columns.
func ForeignKeys(ctx context.Context, c *Catalog, s *catalog.Schema) (out []ForeignKey, err error) {
	all, err := foreignKeys(ctx, c, s)
	if err != nil {
		return nil, err
	}
	for _, t := range s.Tables {
		for _, k := range all[t] {
			if k.unique() != "" {
				out = append(out, ForeignKey{Name: k.name, Table: t, Target: k.table, In: k.in, Columns: positions(t, k.columns), Targets: positions(k.table, k.targets)})
			}
		}
	}
	return out, nil
}

func positions(t *catalog.Table, columns []string) []int {
	out := make([]int, len(columns))
	for i, name := range columns {
		out[i] = t.Index(name)
	}
	return out
}
