package edm

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
)

// Action is a procedure as a service offers it: by a name of the container, and
// bound to the entities that its first inputs name.
type Action struct {
	*procedure.Procedure
	// Bound is the table whose key the first inputs have, nil for none; Key are the
	// columns that give them, in the order of the inputs.
	Bound *catalog.Table
	Key   []string
}

// Actions are the procedures of a schema as actions. One whose first input is
// called as an entity type and Id is bound to that type; where rows are of several
// environments, an input for the environment stands before it.
func Actions(s *catalog.Schema, set procedure.Set) []Action {
	out := make([]Action, len(set))
	for i := range set {
		out[i].Procedure = &set[i]
		for _, t := range s.Tables {
			if key := bindingKey(t, set[i].Inputs); key != nil {
				out[i].Bound, out[i].Key = t, key
			}
		}
	}
	return out
}

// bindingKey names the columns of a table's key that give the first inputs; nil
// where these are about something else.
func bindingKey(t *catalog.Table, inputs []procedure.Input) (columns []string) {
	key := t.Key()
	if len(key) == 0 || len(inputs) < len(key) {
		return nil
	}
	for _, in := range inputs[:len(key)] {
		at := slices.IndexFunc(key, func(i int) bool {
			c := &t.Columns[i]
			ofEnvironment := t.Members != nil && c.Name == catalog.EnvironmentID
			return in.Required && in.Type == c.Type && (ofEnvironment && in.Name == c.Name || !ofEnvironment && in.Name == t.Entity+"Id")
		})
		if at < 0 || slices.Contains(columns, t.Columns[key[at]].Name) {
			return nil
		}
		columns = append(columns, t.Columns[key[at]].Name)
	}
	return columns
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
		out = append(out, overload{a.Bound, a.Inputs[len(a.Key):]})
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
