package encode_test

import (
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// A number that JSON has no digits for tells that it is one, unless $metadata does.
//
// Source: OData JSON Format 4.01, section 4.6.3.
func TestNumbersWithoutDigitsTellTheirType(t *testing.T) {
	t.Parallel()
	cols := []encode.Column{{Name: "A", Type: catalog.Float64, Dynamic: true}, {Name: "B", Type: catalog.Float64}}
	fields := []arrow.Field{{Name: "A", Type: arrow.PrimitiveTypes.Float64}, {Name: "B", Type: arrow.PrimitiveTypes.Float64}}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for _, v := range []float64{math.Inf(1), math.NaN(), 1.5} {
		b.Field(0).(*array.Float64Builder).Append(v)
		b.Field(1).(*array.Float64Builder).Append(v)
	}
	rec := b.NewRecordBatch()
	defer rec.Release()
	for _, c := range []struct {
		row     int
		options encode.Options
		want    string
	}{
		{0, encode.Options{Prefix: "@odata."}, `{"A@odata.type":"#Double","A":"INF","B":"INF"}`},
		{1, encode.Options{Prefix: "@"}, `{"A@type":"Double","A":"NaN","B":"NaN"}`},
		{0, encode.Options{Metadata: encode.None}, `{"A":"INF","B":"INF"}`},
		{2, encode.Options{Prefix: "@odata."}, `{"A":1.5,"B":1.5}`},
	} {
		if got := appendRow(t, encode.Entity{Columns: cols}, c.options, rec, c.row); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
