package uri

import (
	"math"
	"testing"
	"time"
)

func TestLiteralKinds(t *testing.T) {
	t.Parallel()
	cases := []struct {
		text string
		kind LiteralKind
		want string
	}{
		{"5", IntLiteral, "5"},
		{"+5", IntLiteral, "5"},
		{"-9223372036854775808", IntLiteral, "-9223372036854775808"},
		{"9223372036854775808", DecimalLiteral, "9223372036854775808"},
		{"2.50", DecimalLiteral, "2.50"},
		{"1e5", DoubleLiteral, "1e5"},
		{"-0.314E-1", DoubleLiteral, "-0.314E-1"},
		{"ABCDEF01-89ab-cdef-0123-456789abcdef", GUIDLiteral, "abcdef01-89ab-cdef-0123-456789abcdef"},
		{"2024-02-29", DateLiteral, "2024-02-29"},
		{"-0044-03-15", DateLiteral, "-0044-03-15"},
		{"2024-02-29t10:00z", DateTimeLiteral, "2024-02-29T10:00Z"},
		{"2016-12-31T23:59:60Z", DateTimeLiteral, "2016-12-31T23:59:60Z"},
		{"23:59:59.999", TimeLiteral, "23:59:59.999"},
		{"duration'p1dt2h'", DurationLiteral, "P1DT2H"},
		{"binary'Zm8='", BinaryLiteral, "Zm8"},
		{"NS.Color'Red, Blue'", EnumLiteral, "Red, Blue"},
		{"geometry'SRID=0;Point(142.1 64.1)'", GeometryLiteral, "SRID=0;Point(142.1 64.1)"},
	}
	for _, c := range cases {
		l, ok := right(t, c.text).(*Literal)
		if !ok || l.Kind != c.kind || l.Text != c.want {
			t.Errorf("%s: got %s", c.text, sketch(right(t, c.text)))
		}
	}
}

func TestInvalidLiterals(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"42.", ".5", "1e", "1x", "--", "+", "+INF", "0x1", "1_000", "01234g67-89ab-cdef-0123-456789abcdef", "2024-13-01", "2023-02-29", "2024-1-1", "02024-01-01",
		"2024-01-01T10:00", "2024-01-01T24:00Z", "2024-01-01T10:00:61Z", "2024-01-01T10:00Zx", "24:00", "10:5", "10:20:30.", "10:20:30.1234567890123",
		"duration''", "duration'P'", "duration'P1DT'", "duration'P1Y'", "duration'PT1S1M'", "duration'P1.5D'", "duration'1D'", "binary'Z'", "binary'Zm8=='", "binary'Z+8='",
		"NS.C''", "NS.C'a b'", "x'y'", "geography'Point(1 2)'", "geography'SRID=0;Point(1 2'", "geography'SRID=0;Blob(1 2)'", `["x]`, `["\q"]`, "[1,]", "[,]", `{1:2}`, `{"a"}`, `{"a":1,}`,
	} {
		if x, err := ParseFilter("a eq "+text, Limits{}); err == nil {
			t.Errorf("%s: got %s", text, sketch(x))
		}
	}
}

func TestLiteralValues(t *testing.T) {
	t.Parallel()
	literal := func(text string) *Literal { return right(t, text).(*Literal) }
	if v, ok := literal("-7").Int64(); !ok || v != -7 {
		t.Error("Int64 of -7")
	}
	if _, ok := literal("7.0").Int64(); ok {
		t.Error("Int64 of a decimal")
	}
	for text, want := range map[string]float64{"2.5": 2.5, "-3": -3, "1e400": math.Inf(1), "INF": math.Inf(1), "-INF": math.Inf(-1)} {
		if v, ok := literal(text).Float64(); !ok || v != want {
			t.Errorf("Float64 of %s is %v", text, v)
		}
	}
	if v, ok := literal("NaN").Float64(); !ok || !math.IsNaN(v) {
		t.Error("Float64 of NaN")
	}
	if _, ok := literal("'2'").Float64(); ok {
		t.Error("Float64 of a string")
	}
	if !literal("TRUE").Bool() || literal("false").Bool() || literal("'true'").Bool() {
		t.Error("Bool")
	}
	if got := literal("NS.C'a, 2'").EnumMembers(); len(got) != 2 || got[1] != "2" {
		t.Errorf("EnumMembers are %q", got)
	}
}

func TestLiteralTimes(t *testing.T) {
	t.Parallel()
	literal := func(text string) *Literal { return right(t, text).(*Literal) }
	for text, want := range map[string]time.Time{
		"2024-02-29":                      time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		"-0044-03-15":                     time.Date(-44, 3, 15, 0, 0, 0, 0, time.UTC),
		"2024-02-29T10:20Z":               time.Date(2024, 2, 29, 10, 20, 0, 0, time.UTC),
		"2024-02-29T10:20:30.5-05:30":     time.Date(2024, 2, 29, 15, 50, 30, 5e8, time.UTC),
		"2024-02-29T00:30:00+01:00":       time.Date(2024, 2, 28, 23, 30, 0, 0, time.UTC),
		"2016-12-31T23:59:60Z":            time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC),
		"2024-01-01T00:00:00.123456789Z":  time.Date(2024, 1, 1, 0, 0, 0, 123456789, time.UTC),
		"12024-01-01T00:00:00.000000001Z": time.Date(12024, 1, 1, 0, 0, 0, 1, time.UTC),
	} {
		if got, ok := literal(text).Time(); !ok || !got.Equal(want) {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
	if _, ok := literal("'2024-02-29'").Time(); ok {
		t.Error("Time of a string")
	}
	if got, ok := literal("10:20:30.5").TimeOfDay(); !ok || got != 10*time.Hour+20*time.Minute+30*time.Second+500*time.Millisecond {
		t.Errorf("TimeOfDay is %v", got)
	}
	for text, want := range map[string]time.Duration{
		"duration'P1DT2H3M4.5S'": 26*time.Hour + 3*time.Minute + 4500*time.Millisecond,
		"duration'-PT1M'":        -time.Minute,
		"'PT1H'":                 time.Hour,
	} {
		if got, ok := literal(text).Duration(); !ok || got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"duration'P999999999D'", "'soon'", "5"} {
		if _, ok := literal(text).Duration(); ok {
			t.Errorf("%s has a duration", text)
		}
	}
}
