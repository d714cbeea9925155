package cell

import (
	"math"
	"strconv"
	"time"
)

// appendFloat appends the shortest digits that read back the same, and texts
// for what JSON has no number for.
func appendFloat(dst []byte, f float64, infinity string) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return AppendString(dst, infinity)
	case math.IsInf(f, -1):
		return AppendString(dst, "-"+infinity)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64)
}

const (
	millisPerSecond = 1000
	secondsPerDay   = 86400
	// minSecond and maxSecond bound the years 0001 to 9999.
	minSecond = -62135596800
	maxSecond = 253402300799
)

// appendMillis appends milliseconds since 1970 as RFC 3339 in UTC, always with
// three digits of the second, as PingOne writes it.
func appendMillis(dst []byte, millis int64) []byte {
	seconds := millis / millisPerSecond
	fraction := millis % millisPerSecond
	if fraction < 0 {
		fraction += millisPerSecond
		seconds--
	}
	if seconds < minSecond || seconds > maxSecond {
		return time.UnixMilli(millis).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z07:00")
	}
	days := seconds / secondsPerDay
	clock := seconds % secondsPerDay
	if clock < 0 {
		clock += secondsPerDay
		days--
	}
	year, month, day := civil(days)
	dst = append(dst, "0000-00-00T00:00:00.000Z"...)
	at := dst[len(dst)-len("0000-00-00T00:00:00.000Z"):]
	putPair(at, 0, year/100)
	putPair(at, 2, year%100)
	putPair(at, 5, month)
	putPair(at, 8, day)
	putPair(at, 11, clock/3600)
	putPair(at, 14, clock/60%60)
	putPair(at, 17, clock%60)
	at[20] = byte('0' + fraction/100)
	putPair(at, 21, fraction%100)
	return dst
}

// putPair writes a number below 100 as two digits.
func putPair(dst []byte, at int, n int64) { dst[at], dst[at+1] = byte('0'+n/10), byte('0'+n%10) }

// civil turns days since 1970 into a date of the Gregorian calendar: it counts
// in eras of 400 years that begin on the first of March.
func civil(days int64) (year, month, day int64) {
	const daysPerEra, daysTo1970 = 146097, 719468
	days += daysTo1970
	era := days / daysPerEra
	if days < 0 {
		era = (days - daysPerEra + 1) / daysPerEra
	}
	ofEra := days - era*daysPerEra
	yearOfEra := (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	ofYear := ofEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*ofYear + 2) / 153
	day = ofYear - (153*shifted+2)/5 + 1
	month = shifted + 3
	year = yearOfEra + era*400
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}
