package system

import (
	"context"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// The directions of a parameter.
const (
	directionIn  = int64(1)
	directionOut = int64(4)
)

func sysOfProcedure() []catalog.Column { return sysOf("ProcedureName", "Name of the procedure.") }

func sysProcedures() Table {
	return Table{
		Name: "sys_procedures", Doc: "Procedures that you may call.",
		Columns: joined(sysOfProcedure(), []catalog.Column{text("Description", "What it does."), text("ProcedureType", "Always PROCEDURE.")}),
		All: func(ctx context.Context, c *Catalog) (out []Row, err error) {
			all, err := procedures(ctx, c)
			for _, p := range all {
				out = append(out, Row{c.Connection(), p.schema, p.Name, orNull(p.Doc), "PROCEDURE"})
			}
			return out, err
		},
	}
}

func sysProcedureParameters() Table {
	return Table{
		Name: "sys_procedureparameters", Doc: "Inputs and outputs of procedures.",
		Columns: joined(sysOfProcedure(), []catalog.Column{
			text("ColumnName", "Name of the parameter."), number("Direction", "1 for an input, 4 for an output."),
			text("DataTypeName", "Type in SQL."), number("DataType", "Number of the type in java.sql.Types."),
			number("NumericPrecision", "Bits of a number."), number("Length", "Always null."),
			number("NumericScale", "Digits after the point, for whole numbers 0."), flag("IsNullable", "Whether it may be null."),
			flag("IsRequired", "Whether it must be given."), text("Description", "What it is."), number("Ordinal", "Place of the parameter, from 1."),
		}),
		All: func(ctx context.Context, c *Catalog) (out []Row, err error) {
			all, err := procedures(ctx, c)
			for _, p := range all {
				for i, a := range arguments(p.Procedure) {
					direction := directionIn
					if a.out {
						direction = directionOut
					}
					n := namesOfTypes[a.kind]
					out = append(out, Row{
						c.Connection(), p.schema, p.Name, a.name, direction, a.kind.SQL(), n.jdbc, n.precision, nil, n.scale,
						!a.required, a.required, orNull(a.doc), int64(i + 1),
					})
				}
			}
			return out, err
		},
	}
}
