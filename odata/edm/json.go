package edm

import (
	"bytes"
	"encoding/json"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// JSON returns the schema's $metadata document as CSDL JSON.
//
// Source: OData CSDL JSON Representation 4.01.
func JSON(s *catalog.Schema, o Options) []byte {
	types := object{}
	for _, t := range s.Tables {
		types.add(t.Entity, entityType(s, t, o))
	}
	types.add(Container, container(s, o))

	refs := object{}
	for _, r := range references {
		refs.add(r[0], object{{"$Include", []object{{{"$Namespace", r[1]}}}}})
	}
	doc := object{
		{"$Version", "4.01"},
		{"$EntityContainer", o.namespace() + "." + Container},
		{"$Reference", refs},
		{o.namespace(), types},
	}
	return marshal(doc)
}

// ServiceDocument returns the service document for the absolute service root,
// which ends in a slash. prefix is that of control information: "@odata." in
// answers of version 4.0, "@" in later ones.
func ServiceDocument(s *catalog.Schema, root, prefix string) []byte {
	sets := make([]object, len(s.Tables))
	for i, t := range s.Tables {
		sets[i] = object{{"name", t.Name}, {"kind", "EntitySet"}, {"url", t.Name}}
	}
	doc := object{{"value", sets}}
	if prefix != "" {
		doc = append(object{{prefix + "context", root + "$metadata"}}, doc...)
	}
	return marshal(doc)
}

func entityType(s *catalog.Schema, t *catalog.Table, o Options) object {
	var key []string
	for _, k := range t.Key() {
		key = append(key, t.Columns[k].Name)
	}
	out := object{{"$Kind", "EntityType"}, {"$Key", key}}
	out.describe(sentence(t.Doc))
	for i := range t.Columns {
		out.add(t.Columns[i].Name, property(&t.Columns[i]))
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
		out.add("$ReferentialConstraint", object{{n.Column, n.TargetColumn}})
	}
	return out
}

func container(s *catalog.Schema, o Options) object {
	out := object{{"$Kind", "EntityContainer"}}
	for _, a := range containerAnnotations() {
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
		for _, a := range setAnnotations(t, o) {
			set.add("@"+a.term, a.value)
		}
		out.add(t.Name, set)
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

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(marshal(p.name))
		b.WriteByte(':')
		b.Write(marshal(p.value))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// MarshalJSON implements json.Marshaler.
func (v value) MarshalJSON() ([]byte, error) {
	switch {
	case v.bool != nil:
		return marshal(*v.bool), nil
	case v.record != nil:
		out := object{}
		for _, m := range v.record {
			out.add(m.name, m.value)
		}
		return out.MarshalJSON()
	case v.texts != nil:
		return marshal(v.texts), nil
	default:
		return marshal(v.paths), nil
	}
}

// marshal encodes what this file builds: strings, numbers, lists and objects,
// all of which JSON can hold.
func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("edm: " + err.Error())
	}
	return b
}
