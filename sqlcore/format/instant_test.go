package format

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

func TestArrowAnswersCountMicroseconds(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "At", Type: &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}, Nullable: true},
		{Name: "Local", Type: &arrow.TimestampType{Unit: arrow.Millisecond}, Nullable: true},
	}, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[
		{"At": "2024-03-01T09:12:42Z", "Local": "1970-01-01 00:00:00.001"},
		{"At": "1969-12-31T23:59:59.999Z", "Local": "1970-01-01 00:00:00.002"},
		{"At": null, "Local": null}]`))
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Release()
	out := converted(rec, oneUnit(rec.Schema()))
	defer out.Release()
	got := out.Column(0).(*array.Timestamp)
	if got.Value(0) != 1709284362_000_000 || got.Value(1) != -1000 || !got.IsNull(2) {
		t.Errorf("got %s", got)
	}
	if unit := got.DataType().(*arrow.TimestampType).Unit; unit != arrow.Microsecond {
		t.Errorf("got %s", unit)
	}
	if out.Column(1).(*array.Timestamp).Value(0) != 1 {
		t.Errorf("a column without a zone was changed: %s", out.Column(1))
	}
}
