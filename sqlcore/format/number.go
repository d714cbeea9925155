package format

import (
	"math"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

// numbers writes the cells of a column that are numbers in a sheet.
type numbers struct {
	style int64
	// kind is the cell's attribute of its type; "" for a number.
	kind string
	// append appends nothing where the cell has to be a text: Excel keeps 15 digits
	// of a number, and has no dates before March 1900 that others agree on.
	append func(dst []byte, row int) []byte
}

// numbersOf reads an array as numbers; its append is nil where it holds others.
func numbersOf(a arrow.Array) numbers {
	switch a := a.(type) {
	case *array.Boolean:
		return numbers{kind: ` t="b"`, append: func(dst []byte, row int) []byte {
			if a.Value(row) {
				return append(dst, '1')
			}
			return append(dst, '0')
		}}
	case *array.Float32:
		return numbers{append: func(dst []byte, row int) []byte { return appendDouble(dst, float64(a.Value(row)), 32) }}
	case *array.Float64:
		return numbers{append: func(dst []byte, row int) []byte { return appendDouble(dst, a.Value(row), 64) }}
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		return numbers{append: func(dst []byte, row int) []byte { return appendDecimal(dst, a.Value(row).ToString(scale)) }}
	case *array.Uint64:
		return numbers{append: func(dst []byte, row int) []byte { return appendDecimal(dst, strconv.FormatUint(a.Value(row), 10)) }}
	case *array.Date32:
		return numbers{style: styleDate, append: func(dst []byte, row int) []byte { return appendSerial(dst, float64(a.Value(row))) }}
	case *array.Time64:
		perDay := perDay(a.DataType().(*arrow.Time64Type).Unit)
		return numbers{style: styleTime, append: func(dst []byte, row int) []byte {
			return strconv.AppendFloat(dst, float64(a.Value(row))/perDay, 'f', -1, 64)
		}}
	case *array.Timestamp:
		return instantsOf(a)
	}
	if at := cell.Integers(a); at != nil {
		return numbers{append: func(dst []byte, row int) []byte { return appendDecimal(dst, strconv.FormatInt(at(row), 10)) }}
	}
	return numbers{}
}

// appendDouble leaves out what Excel has no number for.
func appendDouble(dst []byte, v float64, bits int) []byte {
	const largest, smallest = 9.99999999999999e307, 2.2250738585072014e-308
	if abs := math.Abs(v); !(abs <= largest) || v != 0 && abs < smallest {
		return dst
	}
	return strconv.AppendFloat(dst, v, 'g', -1, bits)
}

// appendDecimal leaves out what has more digits than Excel keeps.
func appendDecimal(dst []byte, text string) []byte {
	digits, leading := 0, true
	for _, c := range text {
		if c >= '1' && c <= '9' {
			leading = false
		}
		if c >= '0' && c <= '9' && !leading {
			digits++
		}
	}
	if digits > 15 {
		return dst
	}
	return append(dst, text...)
}

// instantsOf writes instants as UTC, since Excel has no time zones.
func instantsOf(a *array.Timestamp) numbers {
	perDay := perDay(a.DataType().(*arrow.TimestampType).Unit)
	return numbers{style: styleInstant, append: func(dst []byte, row int) []byte {
		return appendSerial(dst, float64(a.Value(row))/perDay)
	}}
}

// perDay is the number of units in a day.
func perDay(u arrow.TimeUnit) float64 { return float64(24 * time.Hour / u.Multiplier()) }

// appendSerial writes days since 1970 as Excel counts them. It counts a
// 29 February 1900, so that earlier days differ among programs.
//
// Source: ECMA-376 Part 1, section 18.17.4.1.
func appendSerial(dst []byte, days float64) []byte {
	const epoch, first, end = 25569, 61, 2958466
	if serial := days + epoch; serial >= first && serial < end {
		return strconv.AppendFloat(dst, serial, 'f', -1, 64)
	}
	return dst
}
