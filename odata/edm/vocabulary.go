package edm

import (
	"encoding/xml"
	"strings"
	"sync"
)

// VocabularySegment stands beside the service roots; below it are the vocabularies
// that $metadata refers to, so that a client needs nobody else to read them.
const VocabularySegment = "$vocabularies"

// vocabulary is the part of one of OASIS's vocabularies that the gateway uses. records
// are the types of records within those of terms.
type vocabulary struct {
	namespace string
	terms     []term
	records   []term
}

// term is a term with its type; properties are those of a record, whose type is
// called as the term and Type.
type term struct {
	name, typ  string
	appliesTo  string
	properties []term
}

const tag = core + ".Tag"

// Types of properties of records.
const (
	booleanType     = "Edm.Boolean"
	textsType       = "Collection(Edm.String)"
	pathsType       = "Collection(Edm.PropertyPath)"
	navigationsType = "Collection(Edm.NavigationPropertyPath)"
)

// restrictions is a term of sets whose value is a record.
func restrictions(name string, properties ...term) term {
	return term{name: name, typ: capabilities + "." + name + "Type", appliesTo: "EntitySet Collection", properties: properties}
}

// supports is a term of the container whose record says that something is supported, and
// what of it.
func supports(name string, more ...term) term {
	properties := append([]term{{name: "Supported", typ: booleanType}}, more...)
	return term{name: name, typ: capabilities + "." + name + "Type", appliesTo: "EntityContainer", properties: properties}
}

// alone are the properties that say that entities are changed one by one.
var alone = []term{{name: "FilterSegmentSupported", typ: booleanType}, {name: "TypecastSegmentSupported", typ: booleanType}, {name: "MaxLevels", typ: "Edm.Int32"}}

// vocabularies hold what annotations in $metadata use, and nothing else.
//
// Source: OData Vocabularies 4.0, Org.OData.Core.V1, Org.OData.Capabilities.V1 and
// Org.OData.Aggregation.V1.
var vocabularies = []vocabulary{
	{core, []term{
		{name: "Description", typ: "Edm.String"},
		{name: "LongDescription", typ: "Edm.String"},
		{name: "ODataVersions", typ: "Edm.String", appliesTo: "EntityContainer"},
		{name: "Computed", typ: tag, appliesTo: "Property"},
		{name: "Immutable", typ: tag, appliesTo: "Property"},
		{name: "OptimisticConcurrency", typ: pathsType, appliesTo: "EntitySet"},
	}, nil},
	{capabilities, []term{
		{name: "SupportedFormats", typ: textsType, appliesTo: "EntityContainer"},
		{name: "AsynchronousRequestsSupported", typ: tag, appliesTo: "EntityContainer"},
		{name: "CrossJoinSupported", typ: tag, appliesTo: "EntityContainer"},
		{name: "BatchSupported", typ: tag, appliesTo: "EntityContainer"},
		{name: "BatchContinueOnErrorSupported", typ: tag, appliesTo: "EntityContainer"},
		{name: "KeyAsSegmentSupported", typ: tag, appliesTo: "EntityContainer"},
		{name: "QuerySegmentSupported", typ: tag, appliesTo: "EntityContainer"},
		{name: "FilterFunctions", typ: textsType, appliesTo: "EntityContainer EntitySet"},
		{name: "TopSupported", typ: tag, appliesTo: "EntitySet"},
		{name: "SkipSupported", typ: tag, appliesTo: "EntitySet"},
		{name: "ComputeSupported", typ: tag, appliesTo: "EntitySet"},
		{name: "IndexableByKey", typ: tag, appliesTo: "EntitySet"},
		supports(
			"BatchSupport", term{name: "ContinueOnErrorSupported", typ: booleanType}, term{name: "ReferencesInRequestBodiesSupported", typ: booleanType},
			term{name: "ReferencesAcrossChangeSetsSupported", typ: booleanType}, term{name: "EtagReferencesSupported", typ: booleanType},
			term{name: "RequestDependencyConditionsSupported", typ: booleanType}, term{name: "SupportedFormats", typ: textsType},
		),
		supports("SelectSupport"), supports("DeepInsertSupport"), supports("DeepUpdateSupport"),
		restrictions("ChangeTracking", term{name: "Supported", typ: booleanType}),
		restrictions("CountRestrictions", term{name: "Countable", typ: booleanType}),
		restrictions("FilterRestrictions", term{name: "Filterable", typ: booleanType}),
		restrictions("SortRestrictions", term{name: "Sortable", typ: booleanType}, term{name: "NonSortableProperties", typ: pathsType}),
		restrictions("SearchRestrictions", term{name: "Searchable", typ: booleanType}),
		restrictions("ExpandRestrictions", term{name: "Expandable", typ: booleanType}),
		restrictions("ReadRestrictions", term{name: "Readable", typ: booleanType}, term{name: "Description", typ: "Edm.String"}),
		restrictions("NavigationRestrictions", term{name: "RestrictedProperties", typ: "Collection(" + capabilities + ".NavigationPropertyRestriction)"}),
		restrictions("InsertRestrictions", term{name: "Insertable", typ: booleanType}, term{name: "NonInsertableProperties", typ: pathsType}, term{name: "RequiredProperties", typ: pathsType}),
		restrictions("UpdateRestrictions", append([]term{{name: "Updatable", typ: booleanType}, {name: "NonUpdatableNavigationProperties", typ: navigationsType}}, alone...)...),
		restrictions("DeleteRestrictions", append([]term{{name: "Deletable", typ: booleanType}, {name: "NonDeletableNavigationProperties", typ: navigationsType}}, alone...)...),
	}, []term{
		{name: "NavigationPropertyRestriction", properties: []term{
			{name: "NavigationProperty", typ: "Edm.NavigationPropertyPath"}, {name: "InsertRestrictions", typ: capabilities + ".InsertRestrictionsType"},
		}},
	}},
	{aggregation, []term{
		{
			name: "ApplySupported", typ: aggregation + ".ApplySupportedType", appliesTo: "EntitySet ComplexType EntityContainer",
			properties: []term{{name: "Transformations", typ: textsType}},
		},
	}, nil},
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

// vocabularies are those that a document refers to.
func (o Options) vocabularies() []vocabulary {
	if o.Later {
		return vocabularies
	}
	return vocabularies[:2] // no term of 2017 is of the others
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
		if t.properties != nil {
			w.record(t.name+"Type", t.properties)
		}
	}
	for _, t := range v.records {
		w.record(t.name, t.properties)
	}
	w.close("Schema")
	w.close("edmx:DataServices")
	w.close("edmx:Edmx")
	return w.buf.Bytes()
}

func (w *xmlWriter) record(name string, properties []term) {
	w.open("ComplexType", "Name", name)
	for _, p := range properties {
		w.empty("Property", "Name", p.name, "Type", p.typ, "Nullable", "false")
	}
	w.close("ComplexType")
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
		if t.properties != nil {
			types.add(t.name+"Type", jsonRecord(t.properties))
		}
	}
	for _, t := range v.records {
		types.add(t.name, jsonRecord(t.properties))
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

func jsonRecord(properties []term) object {
	out := object{{"$Kind", "ComplexType"}}
	for _, p := range properties {
		out.add(p.name, jsonType(p.typ))
	}
	return out
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
