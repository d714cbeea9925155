package cell

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

// appendInstant appends the cell of an instant column, as PingOne writes times.
// The same instant has the same text whatever unit it came in.
func (c *Column) appendInstant(dst []byte, row int) []byte {
	v := int64(c.times.Value(row))
	if name := infinite(v, math.MaxInt64); name != "" && !c.style.Millis {
		return append(dst, name...)
	}
	millis, exact := c.millis(v)
	if exact || c.style.Millis {
		dst = appendMillis(dst, millis)
	} else {
		layout := "2006-01-02T15:04:05.000000Z07:00"
		if c.unit == arrow.Nanosecond && v%1e3 != 0 {
			layout = "2006-01-02T15:04:05.000000000Z07:00"
		}
		dst = arrow.Timestamp(v).ToTime(c.unit).UTC().AppendFormat(dst, layout)
	}
	if !c.zone {
		return dst[:len(dst)-1] // the Z
	}
	return dst
}

// millis gives an instant in milliseconds and whether that is all of it.
func (c *Column) millis(v int64) (millis int64, exact bool) {
	switch c.unit {
	case arrow.Second:
		return v * 1e3, true
	case arrow.Millisecond:
		return v, true
	case arrow.Microsecond:
		millis = v / 1e3
		exact = millis*1e3 == v
	default:
		millis = v / 1e6
		exact = millis*1e6 == v
	}
	if v < 0 && !exact {
		millis--
	}
	return millis, exact
}

// infinite gives SQL's name of the values that stand for no time at all.
func infinite(v, most int64) string {
	switch v {
	case most:
		return "infinity"
	case -most:
		return "-infinity"
	default:
		return ""
	}
}

const (
	millisPerDay = 86_400_000
	// firstMilli and lastMilli bound the years 0001 to 9999.
	firstMilli = -62_135_596_800_000
	lastMilli  = 253_402_300_799_999
)

// appendMillis appends milliseconds since 1970 as RFC 3339 in UTC, always with
// three digits of the second, as PingOne writes it.
func appendMillis(dst []byte, millis int64) []byte {
	if millis < firstMilli || millis > lastMilli {
		return time.UnixMilli(millis).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z07:00")
	}
	since := uint64(millis - firstMilli)
	day := since / millisPerDay
	year, month, dayOfMonth := civil(uint32(day))
	clock := uint32(since - day*millisPerDay)
	second := clock / 1e3
	minute := second / 60
	hour := minute / 60
	century, thousandth := year/100, clock-second*1e3

	const form = "0000-00-00T00:00:00.000Z"
	dst = append(dst, form...)
	at := (*[len(form)]byte)(dst[len(dst)-len(form):])
	putPair(at[0:], century)
	putPair(at[2:], year-century*100)
	putPair(at[5:], month)
	putPair(at[8:], dayOfMonth)
	putPair(at[11:], hour)
	putPair(at[14:], minute-hour*60)
	putPair(at[17:], second-minute*60)
	hundreds := thousandth / 100
	at[20] = byte('0' + hundreds)
	putPair(at[21:], thousandth-hundreds*100)
	return dst
}

// pairs are the two digits of the numbers below 100, as putPair stores them.
var pairs = func() (t [100]uint16) {
	for n := range t {
		t[n] = uint16('0'+n/10) | uint16('0'+n%10)<<8
	}
	return t
}()

// putPair writes a number below 100 as two digits.
func putPair(dst []byte, n uint32) { binary.LittleEndian.PutUint16(dst, pairs[n]) }

// civil turns days since the first of January in year 1 into a date of the Gregorian
// calendar, within the years 0001 to 9999. Years are counted from the first of March,
// so that the day of a leap year is their last one: the months before it then have
// lengths by which a line runs through their first days.
//
// Source: C. Neri, L. Schneider, "Euclidean affine functions and their application to
// calendar algorithms", Software: Practice and Experience 53 (2023), section 8.
func civil(days uint32) (year, month, day uint32) {
	const marchToJanuary = 306 // days
	n := 4*(days+marchToJanuary) + 3
	century := n / 146097
	n = n%146097 | 3
	p := 2939745 * uint64(n)
	year = 100*century + uint32(p>>32)
	ofYear := uint32(p) / 2939745 / 4
	n = 2141*ofYear + 197913
	month, day = n>>16, n&0xffff/2141+1
	if ofYear >= marchToJanuary {
		return year + 1, month - 12, day
	}
	return year, month, day
}
