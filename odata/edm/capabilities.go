package edm

import "github.com/pingone-gateway/gateway/sqlcore/catalog"

// The terms used here are those of the 2017 vocabularies, which the readers
// inside Excel and Power BI have built in; none has an enumeration as a value.
// Options.Later adds the others.
const (
	core         = "Org.OData.Core.V1"
	capabilities = "Org.OData.Capabilities.V1"
	aggregation  = "Org.OData.Aggregation.V1"
)

// filterFunctions are the functions that $filter and $orderby take.
var filterFunctions = []string{
	"any", "all", "case", "cast", "ceiling", "concat", "contains", "date", "day", "endswith", "floor",
	"fractionalseconds", "hassubsequence", "hassubset", "hour", "indexof", "isof", "length", "matchesPattern", "maxdatetime",
	"mindatetime", "minute", "month", "now", "round", "second", "startswith", "substring", "time", "tolower",
	"totaloffsetminutes", "totalseconds", "toupper", "trim", "year",
}

// transformations are those that $apply takes.
var transformations = []string{
	"aggregate", "bottomcount", "bottompercent", "bottomsum", "compute", "concat", "filter", "groupby", "identity",
	"nest", "orderby", "search", "skip", "top", "topcount", "toppercent", "topsum",
}

// value is the value of an annotation: bool, number, text, texts, paths of properties,
// one or more of navigation properties, a record or records.
type value struct {
	bool        *bool
	number      *int
	text        string
	texts       []string
	paths       []string
	navigations []string
	navigation  string
	record      []member
	records     []value
}

type member struct {
	name  string
	value value
}

type annotation struct {
	term  string
	value value
}

func flag(b bool) value { return value{bool: &b} }

func number(n int) value { return value{number: &n} }

func record(m ...member) value { return value{record: m} }

// batches tell what requests of a batch may refer to: entities that others before them
// have made, in addresses and in bodies.
//
// Source: OData 4.01 Part 1, section 11.7.4; JSON Format 4.01, section 19.1.
var batches = []member{
	{"Supported", flag(true)},
	{"ContinueOnErrorSupported", flag(true)},
	{"ReferencesInRequestBodiesSupported", flag(true)},
	{"ReferencesAcrossChangeSetsSupported", flag(true)},
	{"EtagReferencesSupported", flag(false)},
	{"RequestDependencyConditionsSupported", flag(false)},
	{"SupportedFormats", value{texts: []string{"application/json", "multipart/mixed"}}},
}

func containerAnnotations(o Options) []annotation {
	out := []annotation{
		{capabilities + ".SupportedFormats", value{texts: []string{
			"application/json;odata.metadata=minimal", "application/json;odata.metadata=full",
			"application/json;odata.metadata=none", "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		}}},
		{capabilities + ".AsynchronousRequestsSupported", flag(o.Async)},
		{capabilities + ".CrossJoinSupported", flag(true)},
		{capabilities + ".BatchSupported", flag(true)},
		{capabilities + ".BatchContinueOnErrorSupported", flag(true)},
		{capabilities + ".FilterFunctions", value{texts: filterFunctions}},
	}
	if o.Later {
		out = append(
			out, annotation{core + ".ODataVersions", value{text: "4.0 4.01"}},
			annotation{capabilities + ".KeyAsSegmentSupported", flag(true)},
			annotation{capabilities + ".QuerySegmentSupported", flag(true)},
			annotation{capabilities + ".SelectSupport", record(member{"Supported", flag(true)})},
			annotation{capabilities + ".BatchSupport", record(batches...)},
			annotation{capabilities + ".DeepInsertSupport", record(member{"Supported", flag(false)})},
			annotation{capabilities + ".DeepUpdateSupport", record(member{"Supported", flag(false)})},
			annotation{aggregation + ".ApplySupported", record(member{"Transformations", value{texts: transformations}})},
		)
	}
	return out
}

func setAnnotations(s *catalog.Schema, t *catalog.Table, o Options) []annotation {
	sort := []member{{"Sortable", flag(true)}}
	if lists := listColumns(t); len(lists) > 0 {
		sort = append(sort, member{"NonSortableProperties", value{paths: lists}})
	}
	w := writes(t, o)
	insert, change := []member{{"Insertable", flag(w.Insert != nil)}}, []member{{"Updatable", flag(o.Updatable(t))}}
	// What a connection must allow apart is not promised.
	remove := []member{{"Deletable", flag(w.Delete != nil && w.Delete.Allowed == "")}}
	if fixed, kept := unlinked(s, t, o); o.Writable {
		change = withNavigations(change, "NonUpdatableNavigationProperties", fixed)
		remove = withNavigations(remove, "NonDeletableNavigationProperties", kept)
	}
	if o.Later {
		insert = append(insert, insertable(t, w)...)
		change = append(change, addressed...)
		remove = append(remove, addressed...)
	}
	out := []annotation{
		{capabilities + ".TopSupported", flag(true)},
		{capabilities + ".SkipSupported", flag(true)},
		{capabilities + ".IndexableByKey", flag(true)},
		{capabilities + ".CountRestrictions", record(member{"Countable", flag(true)})},
		{capabilities + ".FilterRestrictions", record(member{"Filterable", flag(true)})},
		{capabilities + ".SortRestrictions", record(sort...)},
		{capabilities + ".SearchRestrictions", record(member{"Searchable", flag(true)})},
		{capabilities + ".ExpandRestrictions", record(member{"Expandable", flag(o.Expand)})},
		{capabilities + ".InsertRestrictions", record(insert...)},
		{capabilities + ".UpdateRestrictions", record(change...)},
		{capabilities + ".DeleteRestrictions", record(remove...)},
	}
	if o.Changes != nil {
		out = append(out, annotation{capabilities + ".ChangeTracking", record(member{"Supported", flag(o.Changes.Tracks(s, t.Name))})})
	}
	if o.Changed != "" && t.Column(o.Changed) != nil {
		out = append(out, annotation{core + ".OptimisticConcurrency", value{paths: []string{o.Changed}}})
	}
	if o.Later {
		out = append(out, laterAnnotations(s, t, o)...)
	}
	return out
}

// propertyAnnotations say of a property whether changes may set it, in a table that can
// be changed, and which conditions are cheap.
func propertyAnnotations(t *catalog.Table, c *catalog.Column, o Options) (out []annotation) {
	// Of a key that the service makes, python-odata would make no entity then.
	if o.Writable && t.Writes != nil && !c.Key {
		switch c.Access {
		case catalog.ReadOnly:
			out = append(out, annotation{core + ".Computed", flag(true)})
		case catalog.OnInsert:
			out = append(out, annotation{core + ".Immutable", flag(true)})
		case catalog.Writable, catalog.OnUpdate:
		}
	}
	if o.Later {
		if text := pushed(t, c.Name); text != "" {
			out = append(out, annotation{core + ".LongDescription", value{text: text}})
		}
	}
	return out
}

func listColumns(t *catalog.Table) []string {
	var out []string
	for i := range t.Columns {
		if t.Columns[i].Type == catalog.StringList {
			out = append(out, t.Columns[i].Name)
		}
	}
	return out
}
