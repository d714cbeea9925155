package edm

import "github.com/pingone-gateway/gateway/sqlcore/catalog"

// The terms used here are those of the 2017 vocabularies, which the readers
// inside Excel and Power BI have built in; none has an enumeration as a value.
const (
	core         = "Org.OData.Core.V1"
	capabilities = "Org.OData.Capabilities.V1"
)

// filterFunctions are the functions that $filter and $orderby take.
var filterFunctions = []string{
	"any", "all", "case", "cast", "ceiling", "concat", "contains", "date", "day", "endswith", "floor",
	"fractionalseconds", "hassubsequence", "hassubset", "hour", "indexof", "isof", "length", "matchesPattern", "maxdatetime",
	"mindatetime", "minute", "month", "now", "round", "second", "startswith", "substring", "time", "tolower",
	"totaloffsetminutes", "totalseconds", "toupper", "trim", "year",
}

// value is the value of an annotation: bool, text, paths, texts or a record.
type value struct {
	bool   *bool
	text   string
	texts  []string
	paths  []string
	record []member
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

func record(m ...member) value { return value{record: m} }

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
		out = append(out, annotation{core + ".ODataVersions", value{text: "4.0 4.01"}}, annotation{capabilities + ".KeyAsSegmentSupported", flag(true)})
	}
	return out
}

func setAnnotations(t *catalog.Table, o Options) []annotation {
	sort := []member{{"Sortable", flag(true)}}
	if lists := listColumns(t); len(lists) > 0 {
		sort = append(sort, member{"NonSortableProperties", value{paths: lists}})
	}
	w := t.Writes
	if w == nil || !o.Writable {
		w = &catalog.Writes{}
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
		{capabilities + ".InsertRestrictions", record(member{"Insertable", flag(w.Insert != nil)})},
		{capabilities + ".UpdateRestrictions", record(member{"Updatable", flag(w.Update != nil || len(w.Parts) > 0)})},
		{capabilities + ".DeleteRestrictions", record(member{"Deletable", flag(w.Delete != nil)})},
	}
	if o.Changed != "" && t.Column(o.Changed) != nil {
		out = append(out, annotation{core + ".OptimisticConcurrency", value{paths: []string{o.Changed}}})
	}
	return out
}

// marks are the terms that say of a property whether changes may set it, in a table
// that can be changed.
func marks(t *catalog.Table, c *catalog.Column, o Options) []string {
	// Of a key that the service makes, python-odata would make no entity then.
	if !o.Writable || t.Writes == nil || c.Key {
		return nil
	}
	switch c.Access {
	case catalog.ReadOnly:
		return []string{core + ".Computed"}
	case catalog.OnInsert:
		return []string{core + ".Immutable"}
	case catalog.Writable, catalog.OnUpdate:
	}
	return nil
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
