package encode_test

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// TestAggregatedRowsHaveNoAddress: neither they nor what they have of related entities
// can be read again.
//
// Source: OData JSON Format 4.01, section 4.5.8.
func TestAggregatedRowsHaveNoAddress(t *testing.T) {
	t.Parallel()
	town := arrow.StructOf(arrow.Field{Name: "Name", Type: arrow.BinaryTypes.String}, arrow.Field{Name: "Land", Type: arrow.StructOf(
		arrow.Field{Name: "Code", Type: arrow.BinaryTypes.String, Nullable: true},
	)})
	schema := arrow.NewSchema([]arrow.Field{{Name: "Town", Type: town, Nullable: true}, {Name: "N", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[{"Town":{"Name":"Ulm","Land":{"Code":null}},"N":2},{"Town":null,"N":1}]`))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	rows := encode.Entity{Transient: true, Columns: []encode.Column{{Name: "Town", Edm: encode.Structured}, {Name: "N", Type: catalog.Int64, Dynamic: true}}}
	for name, c := range map[string]struct {
		options     encode.Options
		first, last string
	}{
		"4.0": {
			encode.Options{Prefix: "@odata."},
			`{"@odata.id":null,"Town":{"@odata.id":null,"Name":"Ulm","Land":{"@odata.id":null,"Code":null}},"N@odata.type":"#Int64","N":2}`,
			`{"@odata.id":null,"Town":null,"N@odata.type":"#Int64","N":1}`,
		},
		"full": {
			encode.Options{Prefix: "@odata.", Metadata: encode.Full, OmitNulls: true},
			`{"@odata.id":null,"Town":{"@odata.id":null,"Name":"Ulm","Land":{"@odata.id":null}},"N@odata.type":"#Int64","N":2}`,
			`{"@odata.id":null,"N@odata.type":"#Int64","N":1}`,
		},
		"4.01": {encode.Options{Prefix: "@"}, `{"Town":{"Name":"Ulm","Land":{"Code":null}},"N@type":"Int64","N":2}`, `{"Town":null,"N@type":"Int64","N":1}`},
		"none": {encode.Options{Prefix: "@odata.", Metadata: encode.None}, `{"Town":{"Name":"Ulm","Land":{"Code":null}},"N":2}`, `{"Town":null,"N":1}`},
	} {
		for row, want := range []string{c.first, c.last} {
			if got := appendRow(t, rows, c.options, b, row); got != want {
				t.Errorf("%s: got  %s\nwant %s", name, got, want)
			}
		}
	}
}

// TestLinksOfWhatNobodyChanges: it has a link to read it, and none to edit it.
//
// Source: OData JSON Format 4.01, section 4.5.9.
func TestLinksOfWhatNobodyChanges(t *testing.T) {
	t.Parallel()
	e := entity()
	e.ReadOnly = true
	got := appendRow(t, e, encode.Options{OmitNulls: true, Metadata: encode.Full}, batch(t, columns(), emptyRow), 0)
	if !strings.Contains(got, `,"@odata.readLink":"https://h/o/Books(`) || strings.Contains(got, "editLink") {
		t.Error(got)
	}
}
