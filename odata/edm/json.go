package edm

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// JSON returns the schema's $metadata document as CSDL JSON.
//
// Source: OData CSDL JSON Representation 4.01.
func JSON(s *catalog.Schema, o Options, actions ...Action) []byte {
	types := object{}
	for _, t := range s.Tables {
		types.add(t.Entity, entityType(s, t, o))
	}
	types.addActions(actions, o)
	types.add(Container, container(s, o, actions))

	refs := object{}
	for _, v := range o.vocabularies() {
		refs.add(reference(v.namespace, "json"), object{{"$Include", []object{{{"$Namespace", v.namespace}}}}})
	}
	doc := object{
		{"$Version", "4.01"},
		{"$EntityContainer", o.namespace() + "." + Container},
		{"$Reference", refs},
		{o.namespace(), types},
	}
	return doc.appendTo(nil)
}

func entityType(s *catalog.Schema, t *catalog.Table, o Options) object {
	var key []string
	for _, k := range t.Key() {
		key = append(key, t.Columns[k].Name)
	}
	out := object{{"$Kind", "EntityType"}, {"$Key", key}}
	out.describe(sentence(t.Doc))
	for i := range t.Columns {
		p := property(&t.Columns[i])
		for _, a := range propertyAnnotations(t, &t.Columns[i], o) {
			p.add("@"+a.term, a.value)
		}
		out.add(t.Columns[i].Name, p)
	}
	for _, n := range Navigations(s, t) {
		out.add(n.Name, navigation(n, o))
	}
	return out
}

func property(c *catalog.Column) object {
	out := object{}
	if c.Type == catalog.StringList {
		out.add("$Collection", true)
	} else if edm := c.Type.Edm(); edm != "Edm.String" {
		out.add("$Type", edm)
	}
	if nullable(c) {
		out.add("$Nullable", true)
	}
	if c.Type == catalog.String && c.MaxLength > 0 {
		out.add("$MaxLength", c.MaxLength)
	}
	if c.Type == catalog.Timestamp {
		out.add("$Precision", timestampPrecision)
	}
	out.describe(describe(c))
	return out
}

func navigation(n Navigation, o Options) object {
	out := object{{"$Kind", "NavigationProperty"}, {"$Type", o.TypeName(n.Target)}}
	if n.Many {
		out.add("$Collection", true)
	} else if n.Nullable {
		out.add("$Nullable", true)
	}
	if n.Partner != "" {
		out.add("$Partner", n.Partner)
	}
	if n.Dependent {
		var equal object
		target := n.With(n.TargetColumn)
		for i, column := range n.With(n.Column) {
			equal.add(column, target[i])
		}
		out.add("$ReferentialConstraint", equal)
	}
	return out
}

func container(s *catalog.Schema, o Options, actions []Action) object {
	out := object{{"$Kind", "EntityContainer"}}
	for _, a := range containerAnnotations(o) {
		out.add("@"+a.term, a.value)
	}
	for _, t := range s.Tables {
		set := object{{"$Collection", true}, {"$Type", o.TypeName(t)}}
		bindings := object{}
		for _, n := range Navigations(s, t) {
			bindings.add(n.Name, n.Target.Name)
		}
		if len(bindings) > 0 {
			set.add("$NavigationPropertyBinding", bindings)
		}
		set.describe(sentence(t.Doc))
		for _, a := range setAnnotations(s, t, o) {
			set.add("@"+a.term, a.value)
		}
		out.add(t.Name, set)
	}
	for _, a := range actions {
		out.add(a.Name, object{{"$Action", o.namespace() + "." + a.Name}})
	}
	return out
}

// object is a JSON object whose members keep their order.
type object []pair

type pair struct {
	name  string
	value any
}

func (o *object) add(name string, value any) { *o = append(*o, pair{name, value}) }

func (o *object) describe(text string) {
	if text != "" {
		o.add("@"+core+".Description", text)
	}
}

func (o object) appendTo(b []byte) []byte {
	b = append(b, '{')
	for i, p := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, p.name), ':')
		b = appendJSON(b, p.value)
	}
	return append(b, '}')
}

func (v value) appendTo(b []byte) []byte {
	switch {
	case v.bool != nil:
		return strconv.AppendBool(b, *v.bool)
	case v.number != nil:
		return strconv.AppendInt(b, int64(*v.number), 10)
	case v.text != "" || v.navigation != "":
		return appendText(b, v.text+v.navigation)
	case v.records != nil:
		return appendList(b, v.records, func(b []byte, r value) []byte { return r.appendTo(b) })
	case v.record != nil:
		out := object{}
		for _, m := range v.record {
			out.add(m.name, m.value)
		}
		return out.appendTo(b)
	case v.texts != nil:
		return appendJSON(b, v.texts)
	case v.navigations != nil:
		return appendJSON(b, v.navigations)
	default:
		return appendJSON(b, v.paths)
	}
}

// appendJSON encodes what this package builds. Encoding it here, where types are
// known, takes a tenth of what a Marshaler does, whose text is checked again at
// every level.
func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case object:
		return v.appendTo(b)
	case value:
		return v.appendTo(b)
	case string:
		return appendText(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case []object:
		return appendList(b, v, func(b []byte, o object) []byte { return o.appendTo(b) })
	case []string:
		return appendList(b, v, appendText)
	default:
		panic(fmt.Sprintf("edm: a %T in a document", v))
	}
}

func appendList[T any](b []byte, list []T, one func([]byte, T) []byte) []byte {
	if list == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, v)
	}
	return append(b, ']')
}

// appendText encodes a string.
func appendText(b []byte, s string) []byte {
	if !plain(s) {
		quoted, _ := json.Marshal(s) // strings don't fail
		return append(b, quoted...)
	}
	return append(append(append(b, '"'), s...), '"')
}
