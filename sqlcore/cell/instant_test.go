package cell_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/testkit/seed"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

// sameAsTime compares the texts of milliseconds with those of package time.
func sameAsTime(t *testing.T, millis ...int64) {
	t.Helper()
	c := cell.Of(instants(t, arrow.Millisecond, "UTC", millis...), cell.Style{})
	var got, want []byte
	for row, m := range millis {
		got = c.AppendJSON(got[:0], row)
		want = time.UnixMilli(m).UTC().AppendFormat(want[:0], `"2006-01-02T15:04:05.000Z"`)
		if !bytes.Equal(got, want) {
			t.Fatalf("%d ms: got %s, want %s", m, got, want)
		}
	}
}

// After 400 years the calendar begins anew.
func TestEveryDayOfTheCalendar(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour / time.Millisecond
	var all []int64
	for at, end := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC); at.Before(end); at = at.AddDate(0, 0, 1) {
		all = append(all, at.UnixMilli(), at.UnixMilli()+int64(day)-1)
	}
	for year := range 10_001 {
		for _, month := range []time.Month{time.January, time.March} {
			first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
			all = append(all, first-1, first)
		}
	}
	sameAsTime(t, all...)
}

func TestInstantsAreThoseOfPackageTime(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(seed.Of(t), 0))
	first, last := time.Date(-2, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), time.Date(10_002, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	all := []int64{math.MinInt32, -1001, -1000, -999, -1, 0, 1, 999, 1000, math.MaxInt32}
	for range 100_000 {
		all = append(all, first+r.Int64N(last-first))
	}
	sameAsTime(t, all...)
}

func BenchmarkInstants(b *testing.B) {
	c := cell.Of(instants(b, arrow.Millisecond, "UTC", 1_709_284_362_123, 1_600_000_000_456), cell.Style{Millis: true})
	var buf []byte
	for b.Loop() {
		buf = c.AppendJSON(c.AppendJSON(buf[:0], 0), 1)
	}
}
