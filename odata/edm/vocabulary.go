package edm

import (
	"encoding/xml"
	"strings"
	"sync"
)

// VocabularySegment stands beside the service roots; below it are the vocabularies
// that $metadata refers to, so that a client needs nobody else to read them.
const VocabularySegment = "$vocabularies"

// vocabulary is the part of one of OASIS's vocabularies that the gateway uses.
type vocabulary struct {
	namespace string
	terms     []term
}

// term is a term with its type; properties are those of a record, whose type is
// called as the term and Type.
type term struct {
	name, typ  string
	appliesTo  string
	properties []term
}

const tag = core + ".Tag"

func flagRecord(name string, properties ...string) term {
	t := term{name: name, typ: capabilities + "." + name + "Type", appliesTo: "EntitySet Collection"}
	for _, p := range properties {
		t.properties = append(t.properties, term{name: p, typ: "Edm.Boolean"})
	}
	return t
}

// vocabularies hold what annotations in $metadata use, and nothing else.
//
// Source: OData Vocabularies 4.0, Org.OData.Core.V1 and Org.OData.Capabilities.V1.
var vocabularies = []vocabulary{
	{core, []term{
		{name: "Description", typ: "Edm.String"},
		{name: "ODataVersions", typ: "Edm.String", appliesTo: "EntityContainer"},
		{name: "Computed", typ: tag, appliesTo: "Property"},
		{name: "Immutable", typ: tag, appliesTo: "Property"},
		{name: "OptimisticConcurrency", typ: "Collection(Edm.PropertyPath)", appliesTo: "EntitySet"},
	}},
	{capabilities, []term{
		{name: "SupportedFormats", typ: "Collection(Edm.String)", appliesTo: "EntityContainer"},
		{name: "AsynchronousRequestsSupported", typ: tag, appliesTo: "EntityContainer"},
		{name: "CrossJoinSupported", typ: tag, appliesTo: "EntityContainer"},
		{name: "BatchSupported", typ: tag, appliesTo: "EntityContainer"},
		{name: "BatchContinueOnErrorSupported", typ: tag, appliesTo: "EntityContainer"},
		{name: "KeyAsSegmentSupported", typ: tag, appliesTo: "EntityContainer"},
		{name: "FilterFunctions", typ: "Collection(Edm.String)", appliesTo: "EntityContainer EntitySet"},
		{name: "TopSupported", typ: tag, appliesTo: "EntitySet"},
		{name: "SkipSupported", typ: tag, appliesTo: "EntitySet"},
		{name: "IndexableByKey", typ: tag, appliesTo: "EntitySet"},
		flagRecord("CountRestrictions", "Countable"),
		flagRecord("FilterRestrictions", "Filterable"),
		{
			name: "SortRestrictions", typ: capabilities + ".SortRestrictionsType", appliesTo: "EntitySet Collection",
			properties: []term{{name: "Sortable", typ: "Edm.Boolean"}, {name: "NonSortableProperties", typ: "Collection(Edm.PropertyPath)"}},
		},
		flagRecord("SearchRestrictions", "Searchable"),
		flagRecord("ExpandRestrictions", "Expandable"),
		flagRecord("InsertRestrictions", "Insertable"),
		flagRecord("UpdateRestrictions", "Updatable"),
		flagRecord("DeleteRestrictions", "Deletable"),
	}},
}

var vocabularyDocuments = sync.OnceValue(func() map[string]Document {
	out := map[string]Document{}
	for _, v := range vocabularies {
		out[v.namespace+".xml"], out[v.namespace+".json"] = newDocument(v.xml()), newDocument(v.json())
	}
	return out
})

// Vocabulary returns a vocabulary by the name of its file, such as
// Org.OData.Core.V1.xml or Org.OData.Core.V1.json.
func Vocabulary(file string) (Document, bool) {
	d, ok := vocabularyDocuments()[file]
	return d, ok
}

// reference is where $metadata finds a vocabulary: relative, so that it holds behind
// any proxy.
func reference(namespace, form string) string {
	return "../" + VocabularySegment + "/" + namespace + "." + form
}

// others are the vocabularies that this one uses types of.
func (v vocabulary) others() []string {
	if v.namespace == core {
		return nil
	}
	return []string{core}
}

func (v vocabulary) xml() []byte {
	w := &xmlWriter{}
	w.buf.WriteString(xml.Header)
	w.open("edmx:Edmx", "Version", "4.0", "xmlns:edmx", edmxNamespace)
	for _, other := range v.others() {
		w.open("edmx:Reference", "Uri", other+".xml")
		w.empty("edmx:Include", "Namespace", other)
		w.close("edmx:Reference")
	}
	w.open("edmx:DataServices")
	w.open("Schema", "Namespace", v.namespace, "xmlns", edmNamespace)
	if v.namespace == core {
		w.empty("TypeDefinition", "Name", "Tag", "UnderlyingType", "Edm.Boolean")
	}
	for _, t := range v.terms {
		attrs := []string{"Name", t.name, "Type", t.typ, "Nullable", "false"}
		if t.typ == tag {
			attrs = append(attrs, "DefaultValue", "true")
		}
		if t.appliesTo != "" {
			attrs = append(attrs, "AppliesTo", t.appliesTo)
		}
		w.empty("Term", attrs...)
		if t.properties == nil {
			continue
		}
		w.open("ComplexType", "Name", t.name+"Type")
		for _, p := range t.properties {
			w.empty("Property", "Name", p.name, "Type", p.typ, "Nullable", "false")
		}
		w.close("ComplexType")
	}
	w.close("Schema")
	w.close("edmx:DataServices")
	w.close("edmx:Edmx")
	return w.buf.Bytes()
}

func (v vocabulary) json() []byte {
	types := object{}
	if v.namespace == core {
		types.add("Tag", object{{"$Kind", "TypeDefinition"}, {"$UnderlyingType", "Edm.Boolean"}})
	}
	for _, t := range v.terms {
		declared := append(object{{"$Kind", "Term"}}, jsonType(t.typ)...)
		if t.typ == tag {
			declared.add("$DefaultValue", true)
		}
		if t.appliesTo != "" {
			declared.add("$AppliesTo", strings.Fields(t.appliesTo))
		}
		types.add(t.name, declared)
		if t.properties == nil {
			continue
		}
		record := object{{"$Kind", "ComplexType"}}
		for _, p := range t.properties {
			record.add(p.name, jsonType(p.typ))
		}
		types.add(t.name+"Type", record)
	}
	document := object{{"$Version", "4.01"}}
	if others := v.others(); others != nil {
		refs := object{}
		for _, other := range others {
			refs.add(other+".json", object{{"$Include", []object{{{"$Namespace", other}}}}})
		}
		document.add("$Reference", refs)
	}
	document.add(v.namespace, types)
	return document.appendTo(nil)
}

// jsonType is a type as CSDL JSON has it, without what goes without saying.
func jsonType(name string) object {
	out := object{}
	if item, ok := strings.CutPrefix(name, "Collection("); ok {
		out.add("$Collection", true)
		name = strings.TrimSuffix(item, ")")
	}
	if name != "Edm.String" {
		out.add("$Type", name)
	}
	return out
}
