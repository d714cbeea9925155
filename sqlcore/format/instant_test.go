package format

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

func instants(t *testing.T, unit arrow.TimeUnit, zone string, values ...int64) *array.Timestamp {
	t.Helper()
	b := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: unit, TimeZone: zone})
	defer b.Release()
	for _, v := range values {
		b.Append(arrow.Timestamp(v))
	}
	b.AppendNull()
	a := b.NewTimestampArray()
	t.Cleanup(a.Release)
	return a
}

func TestArrowAnswersCountMicroseconds(t *testing.T) {
	t.Parallel()
	in := instants(t, arrow.Millisecond, "UTC", 1709284362_000, -1)
	local := instants(t, arrow.Millisecond, "", 1, 2)
	rec := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{
		{Name: "At", Type: in.DataType(), Nullable: true}, {Name: "Local", Type: local.DataType(), Nullable: true},
	}, nil), []arrow.Array{in, local}, 3)
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
