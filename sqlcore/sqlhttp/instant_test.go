package sqlhttp

import (
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/go-faster/jx"
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

func TestAnInstantHasOneSpelling(t *testing.T) {
	t.Parallel()
	const second = 1709284362 // 2024-03-01 09:12:42
	cases := []struct {
		name string
		unit arrow.TimeUnit
		zone string
		v    int64
		want string
	}{
		{"seconds", arrow.Second, "UTC", second, `"2024-03-01T09:12:42.000Z"`},
		{"milliseconds", arrow.Millisecond, "UTC", second * 1e3, `"2024-03-01T09:12:42.000Z"`},
		{"microseconds", arrow.Microsecond, "UTC", second * 1e6, `"2024-03-01T09:12:42.000Z"`},
		{"nanoseconds", arrow.Nanosecond, "UTC", second * 1e9, `"2024-03-01T09:12:42.000Z"`},
		{"without a zone", arrow.Microsecond, "", second * 1e6, `"2024-03-01T09:12:42.000"`},
		{"ten milliseconds", arrow.Microsecond, "UTC", second*1e6 + 10_000, `"2024-03-01T09:12:42.010Z"`},
		{"half a millisecond", arrow.Microsecond, "UTC", second*1e6 + 500, `"2024-03-01T09:12:42.000500Z"`},
		{"a nanosecond", arrow.Nanosecond, "", second*1e9 + 1, `"2024-03-01T09:12:42.000000001"`},
		{"before 1970", arrow.Millisecond, "UTC", -1, `"1969-12-31T23:59:59.999Z"`},
		{"never ending", arrow.Microsecond, "UTC", math.MaxInt64, `"infinity"`},
		{"never begun", arrow.Microsecond, "UTC", -math.MaxInt64, `"-infinity"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var w jx.Writer
			nullable(instants(t, c.unit, c.zone, c.v))(&w, 0)
			if string(w.Buf) != c.want {
				t.Errorf("got %s, want %s", w.Buf, c.want)
			}
		})
	}
}

func TestInstantsInsideOfValues(t *testing.T) {
	t.Parallel()
	a := instants(t, arrow.Microsecond, "UTC", 1709284362_000_000)
	s, err := array.NewStructArray([]arrow.Array{a}, []string{"at"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	for row, want := range []string{`{"at":"2024-03-01T09:12:42.000Z"}`, `{"at":null}`} {
		var w jx.Writer
		nullable(s)(&w, row)
		if string(w.Buf) != want {
			t.Errorf("got %s, want %s", w.Buf, want)
		}
	}
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
