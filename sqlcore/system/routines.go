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

func routineRows(ctx context.Context, c *Catalog) (out []Row, err error) {
	all, err := procedures(ctx, c)
	for _, p := range all {
		access := "READS"
		if p.Writes {
			access = "MODIFIES"
		}
		out = append(out, Row{c.Connection(), p.schema, p.Name, c.Connection(), p.schema, p.Name, "PROCEDURE", access, orNull(p.Doc)})
	}
	return out, err
}

func parameterRows(ctx context.Context, c *Catalog) (out []Row, err error) {
	all, err := procedures(ctx, c)
	for _, p := range all {
		for i, a := range arguments(p.Procedure) {
			mode := "IN"
			if a.out {
				mode = "OUT"
			}
			n := namesOfTypes[a.kind]
			out = append(out, Row{c.Connection(), p.schema, p.Name, int64(i + 1), mode, "NO", a.name, n.standard, n.udt, orNull(a.def), orNull(a.doc)})
		}
	}
	return out, err
}

func sysProcedureRows(ctx context.Context, c *Catalog) (out []Row, err error) {
	all, err := procedures(ctx, c)
	for _, p := range all {
		out = append(out, Row{c.Connection(), p.schema, p.Name, orNull(p.Doc), "PROCEDURE"})
	}
	return out, err
}

// The directions of a parameter in sys.
const (
	directionIn  = int64(1)
	directionOut = int64(4)
)

func sysParameterRows(ctx context.Context, c *Catalog) (out []Row, err error) {
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
}
