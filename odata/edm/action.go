package edm

import (
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
)

// Action is a procedure as a service offers it: by a name of the container, and
// bound to the entities that its first input names.
type Action struct {
	*procedure.Procedure
	// Bound is the table whose key the first input has, nil for none.
	Bound *catalog.Table
}

// Actions are the procedures of a schema as actions. One whose first input is
// called as an entity type and Id is bound to that type.
func Actions(s *catalog.Schema, set procedure.Set) []Action {
	out := make([]Action, len(set))
	for i := range set {
		out[i].Procedure = &set[i]
		if len(set[i].Inputs) == 0 || !set[i].Inputs[0].Required {
			continue
		}
		for _, t := range s.Tables {
			if key := t.Key(); len(key) == 1 && t.Entity+"Id" == set[i].Inputs[0].Name && t.Columns[key[0]].Type == set[i].Inputs[0].Type {
				out[i].Bound = t
			}
		}
	}
	return out
}

// Result is the name of the type of what an action answers, "" for nothing.
func (a Action) Result() string {
	if len(a.Outputs) == 0 {
		return ""
	}
	return a.Name + "Result"
}

// overload is an action with one list of parameters.
type overload struct {
	bound      *catalog.Table
	parameters []procedure.Input
}

func (a Action) overloads() []overload {
	out := []overload{{parameters: a.Inputs}}
	if a.Bound != nil {
		out = append(out, overload{a.Bound, a.Inputs[1:]})
	}
	return out
}

// column is an output, or an input, as a property.
func column(name string, t catalog.Type, required bool, doc string) *catalog.Column {
	return &catalog.Column{Name: name, Type: t, Required: required, Doc: doc}
}

// actionsKey tells lists of actions apart: those of one schema are the same where
// their names are.
func actionsKey(actions []Action) string {
	names := make([]string, len(actions))
	for i, a := range actions {
		names[i] = a.Name
	}
	return strings.Join(names, " ")
}

func (w *xmlWriter) action(a Action, o Options) {
	if a.Result() != "" {
		w.open("ComplexType", "Name", a.Result())
		for _, out := range a.Outputs {
			w.property(column(out.Name, out.Type, false, out.Doc))
		}
		w.close("ComplexType")
	}
	for _, v := range a.overloads() {
		attrs := []string{"Name", a.Name}
		if v.bound != nil {
			attrs = append(attrs, "IsBound", "true")
		}
		w.open("Action", attrs...)
		if v.bound != nil {
			w.empty("Parameter", "Name", v.bound.Entity, "Type", o.TypeName(v.bound), "Nullable", "false")
		}
		for _, in := range v.parameters {
			w.typed("Parameter", column(in.Name, in.Type, in.Required, in.Doc))
		}
		if a.Result() != "" {
			w.empty("ReturnType", "Type", o.namespace()+"."+a.Result())
		}
		w.description(sentence(a.Doc))
		w.close("Action")
	}
}

// addActions adds the types and overloads of actions.
func (o *object) addActions(actions []Action, options Options) {
	for _, a := range actions {
		if a.Result() != "" {
			result := object{{"$Kind", "ComplexType"}}
			for _, out := range a.Outputs {
				result.add(out.Name, property(column(out.Name, out.Type, false, out.Doc)))
			}
			o.add(a.Result(), result)
		}
		var overloads []object
		for _, v := range a.overloads() {
			overloads = append(overloads, v.json(a, options))
		}
		o.add(a.Name, overloads)
	}
}

func (v overload) json(a Action, o Options) object {
	out := object{{"$Kind", "Action"}}
	parameters := []object{}
	if v.bound != nil {
		out.add("$IsBound", true)
		parameters = append(parameters, object{{"$Name", v.bound.Entity}, {"$Type", o.TypeName(v.bound)}})
	}
	for _, in := range v.parameters {
		parameters = append(parameters, append(object{{"$Name", in.Name}}, property(column(in.Name, in.Type, in.Required, in.Doc))...))
	}
	out.add("$Parameter", parameters)
	if a.Result() != "" {
		out.add("$ReturnType", object{{"$Type", o.namespace() + "." + a.Result()}})
	}
	out.describe(sentence(a.Doc))
	return out
}
