package edm

import (
	"bytes"
	"encoding/xml"
	"strconv"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

const (
	edmxNamespace = "http://docs.oasis-open.org/odata/ns/edmx"
	edmNamespace  = "http://docs.oasis-open.org/odata/ns/edm"
)

// XML returns the schema's $metadata document as CSDL XML of version 4.0,
// which readers of 4.01 read as well.
//
// Source: OData CSDL XML Representation 4.01.
func XML(s *catalog.Schema, o Options, actions ...Action) []byte {
	w := &xmlWriter{}
	w.buf.WriteString(xml.Header)
	w.open("edmx:Edmx", "Version", "4.0", "xmlns:edmx", edmxNamespace)
	for _, v := range o.vocabularies() {
		w.open("edmx:Reference", "Uri", reference(v.namespace, "xml"))
		w.empty("edmx:Include", "Namespace", v.namespace)
		w.close("edmx:Reference")
	}
	w.open("edmx:DataServices")
	w.open("Schema", "Namespace", o.namespace(), "xmlns", edmNamespace)
	for _, t := range s.Tables {
		w.entityType(s, t, o)
	}
	for _, a := range actions {
		w.action(a, o)
	}
	w.container(s, o, actions)
	w.close("Schema")
	w.close("edmx:DataServices")
	w.close("edmx:Edmx")
	return w.buf.Bytes()
}

type xmlWriter struct {
	buf   bytes.Buffer
	depth int
}

func (w *xmlWriter) entityType(s *catalog.Schema, t *catalog.Table, o Options) {
	w.open("EntityType", "Name", t.Entity)
	w.open("Key")
	for _, k := range t.Key() {
		w.empty("PropertyRef", "Name", t.Columns[k].Name)
	}
	w.close("Key")
	for i := range t.Columns {
		w.typed("Property", &t.Columns[i], propertyAnnotations(t, &t.Columns[i], o)...)
	}
	for _, n := range Navigations(s, t) {
		w.navigation(n, o)
	}
	w.description(sentence(t.Doc))
	w.close("EntityType")
}

func (w *xmlWriter) property(c *catalog.Column) { w.typed("Property", c) }

// typed writes what has a name and a type.
func (w *xmlWriter) typed(element string, c *catalog.Column, annotations ...annotation) {
	attrs := []string{"Name", c.Name, "Type", c.Type.Edm()}
	if !nullable(c) {
		attrs = append(attrs, "Nullable", "false")
	}
	if c.Type == catalog.String && c.MaxLength > 0 {
		attrs = append(attrs, "MaxLength", strconv.Itoa(c.MaxLength))
	}
	if c.Type == catalog.Timestamp {
		attrs = append(attrs, "Precision", strconv.Itoa(timestampPrecision))
	}
	text := describe(c)
	if text == "" && len(annotations) == 0 {
		w.empty(element, attrs...)
		return
	}
	w.open(element, attrs...)
	w.description(text)
	for _, a := range annotations {
		w.annotation(a)
	}
	w.close(element)
}

// timestampPrecision is the number of fraction digits of seconds.
const timestampPrecision = 3

// nullable tells whether values may be null. Of a collection it speaks of the
// items: those of a list of strings never are.
func nullable(c *catalog.Column) bool {
	return !c.Required && !c.Key && c.Type != catalog.StringList
}

func (w *xmlWriter) navigation(n Navigation, o Options) {
	typ := o.TypeName(n.Target)
	if n.Many {
		typ = "Collection(" + typ + ")"
	}
	attrs := []string{"Name", n.Name, "Type", typ}
	if !n.Many && !n.Nullable {
		attrs = append(attrs, "Nullable", "false")
	}
	if n.Partner != "" {
		attrs = append(attrs, "Partner", n.Partner)
	}
	if !n.Dependent {
		w.empty("NavigationProperty", attrs...)
		return
	}
	w.open("NavigationProperty", attrs...)
	target := n.With(n.TargetColumn)
	for i, column := range n.With(n.Column) {
		w.empty("ReferentialConstraint", "Property", column, "ReferencedProperty", target[i])
	}
	w.close("NavigationProperty")
}

func (w *xmlWriter) container(s *catalog.Schema, o Options, actions []Action) {
	w.open("EntityContainer", "Name", Container)
	for _, t := range s.Tables {
		w.open("EntitySet", "Name", t.Name, "EntityType", o.TypeName(t))
		for _, n := range Navigations(s, t) {
			w.empty("NavigationPropertyBinding", "Path", n.Name, "Target", n.Target.Name)
		}
		w.description(sentence(t.Doc))
		for _, a := range setAnnotations(s, t, o) {
			w.annotation(a)
		}
		w.close("EntitySet")
	}
	for _, a := range actions {
		w.empty("ActionImport", "Name", a.Name, "Action", o.namespace()+"."+a.Name)
	}
	for _, a := range containerAnnotations(o) {
		w.annotation(a)
	}
	w.close("EntityContainer")
}

func (w *xmlWriter) description(text string) {
	if text != "" {
		w.empty("Annotation", "Term", core+".Description", "String", text)
	}
}

func (w *xmlWriter) annotation(a annotation) { w.valued("Annotation", "Term", a.term, a.value) }

// valued writes an element with a value: as an attribute where it has one.
func (w *xmlWriter) valued(element, attribute, name string, v value) {
	if kind, text := v.attribute(); kind != "" {
		w.empty(element, attribute, name, kind, text)
		return
	}
	w.open(element, attribute, name)
	w.value(v)
	w.close(element)
}

// attribute is the name and the text of the attribute that a simple value is.
func (v value) attribute() (kind, text string) {
	switch {
	case v.bool != nil:
		return "Bool", strconv.FormatBool(*v.bool)
	case v.number != nil:
		return "Int", strconv.Itoa(*v.number)
	case v.navigation != "":
		return "NavigationPropertyPath", v.navigation
	case v.text != "":
		return "String", v.text
	}
	return "", ""
}

func (w *xmlWriter) value(v value) {
	if v.record != nil {
		w.open("Record")
		for _, m := range v.record {
			w.valued("PropertyValue", "Property", m.name, m.value)
		}
		w.close("Record")
		return
	}
	w.open("Collection")
	for _, r := range v.records {
		w.value(r)
	}
	for _, s := range v.texts {
		w.leaf("String", s)
	}
	for _, s := range v.paths {
		w.leaf("PropertyPath", s)
	}
	for _, s := range v.navigations {
		w.leaf("NavigationPropertyPath", s)
	}
	w.close("Collection")
}

func (w *xmlWriter) open(name string, attrs ...string) {
	w.tag(name, ">\n", attrs)
	w.depth++
}

func (w *xmlWriter) empty(name string, attrs ...string) { w.tag(name, "/>\n", attrs) }

func (w *xmlWriter) close(name string) {
	w.depth--
	w.indent()
	w.write("</", name, ">\n")
}

func (w *xmlWriter) leaf(name, text string) {
	w.indent()
	w.write("<", name, ">")
	w.escape(text)
	w.write("</", name, ">\n")
}

func (w *xmlWriter) write(parts ...string) {
	for _, p := range parts {
		w.buf.WriteString(p)
	}
}

func (w *xmlWriter) tag(name, end string, attrs []string) {
	w.indent()
	w.write("<", name)
	for i := 0; i+1 < len(attrs); i += 2 {
		w.write(" ", attrs[i], `="`)
		w.escape(attrs[i+1])
		w.buf.WriteByte('"')
	}
	w.buf.WriteString(end)
}

func (w *xmlWriter) indent() {
	for range w.depth {
		w.buf.WriteString("  ")
	}
}

// escape writes text; characters that XML can't hold become U+FFFD. A
// bytes.Buffer doesn't fail.
func (w *xmlWriter) escape(text string) {
	if plain(text) {
		w.buf.WriteString(text)
		return
	}
	_ = xml.EscapeText(&w.buf, []byte(text))
}

// plain reports whether neither XML nor JSON escapes anything in a text: most
// texts of a model are so, and escaping takes longer than all else.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '&' || c == '\'' || c == '<' || c == '>' || c == '\\' {
			return false
		}
	}
	return true
}
