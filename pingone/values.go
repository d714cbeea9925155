package pingone

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// value appends the next value to a column; one of another type counts as
// none. The first value of a column in a row stands.
func (d *decoder) value(j *jx.Decoder, i int) error {
	if d.filled[i] > d.rows {
		return j.Skip()
	}
	ok, err := d.typed(j, i, &d.layout.columns[i])
	if err != nil {
		return err
	}
	if ok {
		d.filled[i] = d.rows + 1
	}
	return nil
}

// typed appends a value of the column's type; ok is false where there is none.
func (d *decoder) typed(j *jx.Decoder, i int, f *field) (ok bool, err error) {
	switch f.typ {
	case catalog.Bool:
		if j.Next() != jx.Bool {
			return false, j.Skip()
		}
		v, err := j.Bool()
		if err == nil {
			d.pad(i)
			d.builders[i].(*array.BooleanBuilder).Append(v)
		}
		return true, err
	case catalog.Int32, catalog.Int64, catalog.Float64:
		if j.Next() != jx.Number {
			return false, j.Skip()
		}
		n, err := j.Num()
		return err == nil && d.appendNumber(i, n), err
	case catalog.Timestamp:
		if j.Next() == jx.Number {
			return d.appendSeconds(j, i)
		}
	case catalog.JSON:
		return d.appendJSON(j, i, f.without)
	case catalog.StringList:
		if f.names {
			return d.appendNames(j, i)
		}
		return d.appendList(j, i, f.element)
	case catalog.Int32List: // of the catalogue's own tables, which PingOne doesn't have
		return false, j.Skip()
	case catalog.String, catalog.GUID: // texts
	}
	switch t := j.Next(); {
	case t == jx.Number && f.typ == catalog.String:
		n, err := j.Num()
		return err == nil && d.appendText(i, f.typ, digits(n)), err
	case t != jx.String:
		return false, j.Skip()
	}
	text, err := j.StrBytes()
	if err != nil {
		return false, err
	}
	return d.appendText(i, f.typ, text), nil
}

// digits writes a number that is kept as text, since it may be longer than any
// numeric type: as it came, a whole one without a fraction of zero.
func digits(n jx.Num) []byte {
	if v, err := n.Float64(); err == nil && !n.IsInt() && v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return strconv.AppendInt(nil, int64(v), 10)
	}
	return n
}

// appendSeconds appends a time in seconds since 1970, as which the API is said
// to write some of its days.
func (d *decoder) appendSeconds(j *jx.Decoder, i int) (bool, error) {
	n, err := j.Num()
	if err != nil {
		return false, err
	}
	seconds, unread := n.Int64()
	year := time.Unix(seconds, 0).UTC().Year()
	known := unread == nil && year >= 1 && year <= 9999
	if !known {
		return false, nil
	}
	d.pad(i)
	d.builders[i].(*array.TimestampBuilder).Append(arrow.Timestamp(seconds * 1000))
	return true, nil
}

func (d *decoder) appendText(i int, typ catalog.Type, text []byte) bool {
	switch typ {
	case catalog.Timestamp:
		ms, ok := parseTime(text)
		if ok {
			d.pad(i)
			d.builders[i].(*array.TimestampBuilder).Append(arrow.Timestamp(ms))
		}
		return ok
	case catalog.GUID:
		var buf [36]byte
		if !lowerGUID(&buf, text) {
			return false
		}
		d.pad(i)
		d.builders[i].(*array.StringBuilder).BinaryBuilder.Append(buf[:])
	default:
		d.pad(i)
		d.builders[i].(*array.StringBuilder).BinaryBuilder.Append(d.valid(text))
	}
	return true
}

// valid replaces bytes that are no UTF-8, as encoding/json does.
func (d *decoder) valid(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	d.text = d.text[:0]
	for _, r := range string(text) {
		d.text = utf8.AppendRune(d.text, r)
	}
	return d.text
}

// appendNumber appends a number to a column of a numeric type. Integers may be
// written with a fraction of zero.
func (d *decoder) appendNumber(i int, n jx.Num) bool {
	typ := d.layout.columns[i].typ
	if typ == catalog.Float64 {
		v, err := n.Float64()
		if err != nil || math.IsInf(v, 0) {
			return false
		}
		d.pad(i)
		d.builders[i].(*array.Float64Builder).Append(v)
		return true
	}
	v, err := n.Int64()
	if err != nil {
		f, ferr := n.Float64()
		if ferr != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return false
		}
		v = int64(f)
	}
	if typ == catalog.Int32 && v != int64(int32(v)) {
		return false
	}
	d.pad(i)
	switch b := d.builders[i].(type) {
	case *array.Int32Builder:
		b.Append(int32(v))
	case *array.Int64Builder:
		b.Append(v)
	}
	return true
}

// maxDepth bounds the nesting of a JSON value. What reads it after us may need
// stack for each level.
const maxDepth = 100

func (d *decoder) appendJSON(j *jx.Decoder, i int, without []string) (bool, error) {
	if j.Next() == jx.Null {
		return false, j.Null()
	}
	d.json.Reset()
	if len(without) > 0 {
		if err := redact(&d.json, j, without); err != nil {
			return false, err
		}
	} else {
		raw, err := j.Raw()
		if err != nil {
			return false, err
		}
		if err := json.Compact(&d.json, raw); err != nil {
			return false, err
		}
	}
	if deeper(d.json.Bytes(), maxDepth) {
		f := &d.layout.columns[i]
		return false, gwerr.Newf(gwerr.UpstreamRejected, "A row of PingOne's answer has JSON of more than %d levels in %s (member %s).", maxDepth, f.name, f.path).
			WithHint("Leave the column out, or change the value in PingOne.").On(f.name)
	}
	d.pad(i)
	d.builders[i].(*array.StringBuilder).BinaryBuilder.Append(d.valid(d.json.Bytes()))
	return true, nil
}

// deeper reports whether valid JSON has more levels than most.
func deeper(text []byte, most int) bool {
	depth, inText := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{', c == '[':
			if depth++; depth > most {
				return true
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return false
}

// listScratch gathers a list before it is known to be one of texts.
type listScratch struct {
	text []byte
	ends []int
}

func (d *decoder) appendList(j *jx.Decoder, i int, element []string) (bool, error) {
	s := &d.list
	s.text, s.ends = s.text[:0], s.ends[:0]
	good := true
	switch j.Next() {
	case jx.String: // a single value of an attribute that may have several
		if err := d.element(j, nil, &good); err != nil {
			return false, err
		}
	case jx.Array:
		err := j.Arr(func(j *jx.Decoder) error { return d.element(j, element, &good) })
		if err != nil {
			return false, err
		}
	default:
		return false, j.Skip()
	}
	if !good {
		return false, nil
	}
	d.pad(i)
	b := d.builders[i].(*array.ListBuilder)
	values := b.ValueBuilder().(*array.StringBuilder)
	b.Append(true)
	start := 0
	for _, end := range s.ends {
		values.BinaryBuilder.Append(d.valid(s.text[start:end]))
		start = end
	}
	return true, nil
}

// element gathers one text of a list, which stands under the names of path.
// Missing and null elements are left out; other types spoil the list.
func (d *decoder) element(j *jx.Decoder, path []string, good *bool) error {
	switch t := j.Next(); {
	case t == jx.Null:
		return j.Null()
	case len(path) > 0 && t == jx.Object:
		return j.ObjBytes(func(j *jx.Decoder, key []byte) error {
			if string(key) != path[0] {
				return j.Skip()
			}
			return d.element(j, path[1:], good)
		})
	case len(path) == 0 && t == jx.String:
		text, err := j.StrBytes()
		if err != nil {
			return err
		}
		d.list.text = append(d.list.text, text...)
		d.list.ends = append(d.list.ends, len(d.list.text))
		return nil
	default:
		*good = false
		return j.Skip()
	}
}

// lowerGUID copies a UUID in its usual form, in small letters.
func lowerGUID(to *[36]byte, text []byte) bool {
	if len(text) != len(to) {
		return false
	}
	for i, c := range text {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= 'A' && c <= 'F':
			c += 'a' - 'A'
		case (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return false
		}
		to[i] = c
	}
	return true
}

// parseTime reads an ISO 8601 time as milliseconds since 1970, finer parts
// cut. The API writes 2022-04-27T13:04:46.704Z; other offsets, fractions and
// none are understood.
func parseTime(text []byte) (int64, bool) {
	if ms, ok := parseUsualTime(text); ok {
		return ms, true
	}
	t, err := time.Parse(time.RFC3339Nano, strings.Replace(string(text), " ", "T", 1))
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05.999999999Z0700", string(text))
	}
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return 0, false
	}
	return t.UnixMilli(), true
}

// parseUsualTime reads exactly the form with milliseconds and Z.
func parseUsualTime(s []byte) (int64, bool) {
	const form = "0000-00-00T00:00:00.000Z"
	if len(s) != len(form) {
		return 0, false
	}
	for i := range form {
		if form[i] == '0' {
			if s[i] < '0' || s[i] > '9' {
				return 0, false
			}
		} else if s[i] != form[i] {
			return 0, false
		}
	}
	two := func(i int) int { return int(s[i]-'0')*10 + int(s[i+1]-'0') }
	year, month, day := two(0)*100+two(2), two(5), two(8)
	hour, minute, second := two(11), two(14), two(17)
	if year == 0 || month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59 {
		return 0, false // the general way knows the lengths of months
	}
	ms := int64(two(20))*10 + int64(s[22]-'0')
	return daysSince1970(year, month, day)*86_400_000 + int64(hour*3600+minute*60+second)*1000 + ms, true
}

// daysSince1970 counts days in the Gregorian calendar, with years that start
// in March so that the leap day comes last.
func daysSince1970(year, month, day int) int64 {
	if month <= 2 {
		year--
	}
	era, yearOfEra := year/400, year%400
	dayOfYear := (153*((month+9)%12)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return int64(era)*146097 + int64(dayOfEra) - 719468
}
