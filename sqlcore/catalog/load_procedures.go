package catalog

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// LoadProcedures reads the declarations of procedures at the root of files, as
// Load does those of tables: every *.yaml, a list each, in the order of the names.
func LoadProcedures(files fs.FS) ([]*Procedure, error) {
	p := &problems{}
	var found []*Procedure
	err := p.documents(files, func(body ast.Node) {
		m := p.mapping(body, "procedures")
		for _, n := range m.items("procedures") {
			f := p.mapping(n, "procedure")
			made := p.procedure(f, m)
			if slices.ContainsFunc(found, func(o *Procedure) bool { return strings.EqualFold(o.Signature.Name, made.Signature.Name) }) {
				p.at(n, "the procedure %s stands twice", made.Signature.Name)
			}
			found = append(found, made)
		}
	})
	if err = errors.Join(append(p.list, err)...); err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b *Procedure) int { return strings.Compare(a.Signature.Name, b.Signature.Name) })
	return found, nil
}

// procedure reads one procedure; the file says what its procedures share.
func (p *problems) procedure(m, file fields) *Procedure {
	t := &Table{Name: m.must("name"), Doc: m.must("doc"), Permission: file.must("permission"), Group: file.str("group"), Writes: &Writes{}}
	out := &Procedure{Signature: t, Idempotent: m.flag("idempotent"), Set: m.textMap("set"), Example: m.textMap("example")}
	for _, n := range m.items("inputs") {
		f := p.mapping(n, "input")
		c := p.column(f, t.Name)
		c.Needed, c.Required = c.Required, false
		if twice(t.Columns, c.Name) {
			p.at(n, "the input %s stands twice", c.Name)
		}
		t.Columns = append(t.Columns, c)
		out.Inputs = append(out.Inputs, Input{Default: f.str("default"), Right: f.flag("right")})
		if c.Needed && f.has("default") {
			p.at(n, "the input %s is required, so its default is never used", c.Name)
		}
	}
	for _, n := range m.items("outputs") {
		f := p.mapping(n, "output")
		c := p.column(f, t.Name)
		if twice(t.Columns[len(out.Inputs):], c.Name) {
			p.at(n, "the output %s stands twice", c.Name)
		}
		t.Columns = append(t.Columns, c)
		out.Outputs = append(out.Outputs, Output{When: f.str("when"), Refused: f.str("refused"), Count: f.flag("count")})
	}
	for i := range t.Columns {
		if i < len(out.Inputs) {
			out.Inputs[i].Column = &t.Columns[i]
		} else {
			out.Outputs[i-len(out.Inputs)].Column = &t.Columns[i]
		}
	}
	if m.has("each") {
		e := p.mapping(m.values["each"], "each")
		out.Each = &Each{List: e.must("list"), Items: e.must("items"), Key: e.must("key"), Where: e.textMap("where")}
		out.Each.Endpoint = endpoint(out.Each.List)
	}
	if m.has("call") {
		call := p.call(m, "", "")
		call.Whole = m.flag("whole")
		out.Call = &call
	}
	p.sound(m, out)
	return out
}

// sound checks that what is declared of a procedure can be done.
func (p *problems) sound(m fields, d *Procedure) {
	name := d.Signature.Name
	needed := func(where, input string) {
		if in := d.Input(input); in == nil || !in.Column.Needed {
			p.at(m.node, "%s of %s names %s; make it an input that is required", where, name, input)
		}
	}
	switch {
	case d.Call == nil:
		for _, key := range []string{"each", "type", "idempotent", "set", "whole"} {
			if m.has(key) {
				p.at(m.values[key], `%q needs "call", which %s has not`, key, name)
			}
		}
	case d.Each != nil:
		for _, key := range keysOf(d.Each.List) {
			needed("the list", key)
		}
		if !slices.Contains(d.Call.Keys, d.Each.Key) {
			p.at(m.values["each"], "the address of %s lacks {%s}, the items' key", name, d.Each.Key)
		}
	}
	if d.Call != nil {
		for _, key := range d.Call.Keys {
			if d.Each == nil || key != d.Each.Key {
				needed("the address", key)
			}
		}
	}
	for _, in := range d.Inputs {
		if in.Right && in.Column.Type != Bool {
			p.at(m.node, "the input %s needs a right to be TRUE; make it a bool", in.Column.Name)
		}
	}
	for _, o := range d.Outputs {
		if in := d.Input(o.When); o.When != "" && (in == nil || !in.Right || in.Column.Type != Bool) {
			p.at(m.node, "output %s is shown when %s is true; make it an input of type bool with a right", o.Column.Name, o.When)
		}
		if o.Refused != "" && (d.Input(o.Refused) == nil || o.Column.Type != Bool) {
			p.at(m.node, "output %s says whether %s was refused; make it a bool, and that an input", o.Column.Name, o.Refused)
		}
		if o.Count && (d.Each == nil || o.Column.Type != Int32 && o.Column.Type != Int64) {
			p.at(m.node, `output %s counts the calls of "each"; it needs that, and a whole number`, o.Column.Name)
		}
	}
	for input := range d.Example {
		if d.Input(input) == nil {
			p.at(m.node, "the example of %s names %s, which is not an input", name, input)
		}
	}
}

// Input finds an input by its name; nil if there is none.
func (d *Procedure) Input(name string) *Input {
	i := slices.IndexFunc(d.Inputs, func(in Input) bool { return in.Column.Name == name })
	if i < 0 {
		return nil
	}
	return &d.Inputs[i]
}
