package system

import (
	"context"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
)

// placed is a procedure in one of the schemas where it can be called.
type placed struct {
	schema string
	*procedure.Procedure
}

// procedures are those that the caller may call: in each environment what is done
// there, and in the schema that belongs to the connection all else.
func procedures(ctx context.Context, c *Catalog) (out []placed, err error) {
	names, err := c.Provider.Names(ctx)
	if err != nil {
		return nil, err
	}
	set := c.Procedures()
	for _, n := range names {
		for i := range set {
			if p := set[i].In(n.Name, n.ID); p != nil {
				out = append(out, placed{n.Name, p})
			}
		}
	}
	return out, nil
}

// argument is an input or an output of a procedure.
type argument struct {
	name, doc, def string
	kind           catalog.Type
	out, required  bool
}

// arguments are the inputs and then the outputs.
func arguments(p *procedure.Procedure) (out []argument) {
	for _, in := range p.Inputs {
		out = append(out, argument{name: in.Name, doc: in.Doc, def: in.Default, kind: in.Type, required: in.Required})
	}
	for _, o := range p.Columns() {
		out = append(out, argument{name: o.Name, kind: o.Type, out: true})
	}
	for i, o := range p.Outputs {
		out[len(out)-len(p.Outputs)+i].doc = o.Doc
	}
	return out
}

func ofRoutine() []catalog.Column {
	return []catalog.Column{
		text("specific_catalog", "Name of the connection."), text("specific_schema", "Schema in which the procedure is called."),
		text("specific_name", "Name of the procedure."),
	}
}

func routinesTable() Table {
	return Table{
		Name: "routines", Doc: "Procedures that you may call.",
		Columns: joined(ofRoutine(), []catalog.Column{
			text("routine_catalog", "Name of the connection."), text("routine_schema", "Schema in which the procedure is called."),
			text("routine_name", "Name of the procedure."), text("routine_type", "Always PROCEDURE."),
			text("sql_data_access", "MODIFIES for what changes the directory, else READS."), text("remarks", "Description of the procedure."),
		}),
		All: func(ctx context.Context, c *Catalog) (out []Row, err error) {
			all, err := procedures(ctx, c)
			for _, p := range all {
				access := "READS"
				if p.Writes {
					access = "MODIFIES"
				}
				out = append(out, Row{
					c.Connection(), p.schema, p.Name, c.Connection(), p.schema, p.Name, "PROCEDURE", access, orNull(p.Doc),
				})
			}
			return out, err
		},
	}
}

func parametersTable() Table {
	return Table{
		Name: "parameters", Doc: "Inputs and outputs of procedures.",
		Columns: joined(ofRoutine(), []catalog.Column{
			number("ordinal_position", "Place of the parameter, from 1."), text("parameter_mode", "IN or OUT."), text("is_result", "Always NO."),
			text("parameter_name", "Name of the parameter."), text("data_type", "Type in the SQL standard's words."),
			text("udt_name", "PostgreSQL's name of the type."), text("parameter_default", "What an input has that is not given."),
			text("remarks", "Description of the parameter."),
		}),
		All: func(ctx context.Context, c *Catalog) (out []Row, err error) {
			all, err := procedures(ctx, c)
			for _, p := range all {
				for i, a := range arguments(p.Procedure) {
					mode := "IN"
					if a.out {
						mode = "OUT"
					}
					n := namesOfTypes[a.kind]
					out = append(out, Row{
						c.Connection(), p.schema, p.Name, int64(i + 1), mode, "NO", a.name, n.standard, n.udt, orNull(a.def), orNull(a.doc),
					})
				}
			}
			return out, err
		},
	}
}
