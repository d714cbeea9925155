package uri

import (
	"errors"
	"math"
	"time"
)

var errNotADate = errors.New("not a date or time")

// clock reads the ISO 8601 forms of dates, times of day and durations from
// position i of s.
type clock struct {
	s string
	i int
}

func (c *clock) peek() byte {
	if c.i < len(c.s) {
		return c.s[c.i]
	}
	return 0
}

func (c *clock) skip(b byte) bool {
	if c.peek() != b {
		return false
	}
	c.i++
	return true
}

// digits reads between low and high digits; high is at most 18.
func (c *clock) digits(low, high int) (value, count int, ok bool) {
	for count < high && isDigit(c.peek()) {
		value = value*10 + int(c.peek()-'0')
		c.i++
		count++
	}
	return value, count, count >= low
}

// number reads two digits between the bounds.
func (c *clock) number(low, high int) (int, bool) {
	value, _, ok := c.digits(2, 2)
	return value, ok && low <= value && value <= high
}

// date reads [-]year-month-day. A year has at least four digits and more
// only without a leading zero.
func (c *clock) date() (time.Time, error) {
	negative := c.skip('-')
	start := c.i
	year, count, ok := c.digits(4, 9)
	if !ok || (count > 4 && c.s[start] == '0') || !c.skip('-') {
		return time.Time{}, errNotADate
	}
	if negative {
		year = -year
	}
	month, ok := c.number(1, 12)
	if !ok || !c.skip('-') {
		return time.Time{}, errNotADate
	}
	day, ok := c.number(1, 31)
	if !ok {
		return time.Time{}, errNotADate
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if t.Day() != day {
		return time.Time{}, errNotADate
	}
	return t, nil
}

// timeOfDay reads hour:minute[:second[.fraction]]. The grammar admits the
// leap second 60.
func (c *clock) timeOfDay() (time.Duration, error) {
	hour, ok := c.number(0, 23)
	if !ok || !c.skip(':') {
		return 0, errNotADate
	}
	minute, ok := c.number(0, 59)
	if !ok {
		return 0, errNotADate
	}
	d := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	if !c.skip(':') {
		return d, nil
	}
	second, ok := c.number(0, 60)
	if !ok {
		return 0, errNotADate
	}
	d += time.Duration(second) * time.Second
	if !c.skip('.') {
		return d, nil
	}
	fraction, ok := c.fraction()
	return d + fraction, boolError(ok)
}

func boolError(ok bool) error {
	if ok {
		return nil
	}
	return errNotADate
}

// fraction reads one to twelve digits after the point as nanoseconds.
func (c *clock) fraction() (time.Duration, bool) {
	value, count, ok := c.digits(1, 12)
	for ; count < 9; count++ {
		value *= 10
	}
	for ; count > 9; count-- {
		value /= 10
	}
	return time.Duration(value), ok
}

// dateTime reads a date, or a date and a time with an offset.
func (c *clock) dateTime() (time.Time, error) {
	date, err := c.date()
	if err != nil || !(c.skip('T') || c.skip('t')) {
		return date, err
	}
	ofDay, err := c.timeOfDay()
	if err != nil {
		return time.Time{}, err
	}
	zone, err := c.zone()
	if err != nil {
		return time.Time{}, err
	}
	_, seconds := date.In(zone).Zone()
	return date.Add(ofDay - time.Duration(seconds)*time.Second).In(zone), nil
}

func (c *clock) zone() (*time.Location, error) {
	if c.skip('Z') || c.skip('z') {
		return time.UTC, nil
	}
	sign := 1
	switch {
	case c.skip('+'):
	case c.skip('-'):
		sign = -1
	default:
		return nil, errNotADate
	}
	hour, ok := c.number(0, 23)
	if !ok || !c.skip(':') {
		return nil, errNotADate
	}
	minute, ok := c.number(0, 59)
	if !ok {
		return nil, errNotADate
	}
	return time.FixedZone("", sign*(hour*3600+minute*60)), nil
}

var durationUnits = [...]struct {
	letter byte
	length time.Duration
	inTime bool
}{
	{'D', 24 * time.Hour, false},
	{'H', time.Hour, true},
	{'M', time.Minute, true},
	{'S', time.Second, true},
}

// durationReader reads [-]P[nD][T[nH][nM][n[.n]S]] part by part.
type durationReader struct {
	clock
	total time.Duration
	// overflow is set once the total exceeds time.Duration.
	overflow bool
	// unit is the first of durationUnits that may still come.
	unit   int
	inTime bool
}

// durationValue reads a duration with at least one part. fits is false if
// the value exceeds time.Duration.
func durationValue(s string) (value time.Duration, fits, valid bool) {
	r := durationReader{clock: clock{s: upperASCII(s)}}
	negative := r.skip('-')
	if !r.skip('P') || r.i == len(r.s) {
		return 0, false, false
	}
	for r.i < len(r.s) {
		if !r.inTime && r.skip('T') {
			r.inTime = true
		}
		if !r.part() {
			return 0, false, false
		}
	}
	if negative {
		return -r.total, !r.overflow, true
	}
	return r.total, !r.overflow, true
}

// part reads one number with its unit and adds it to the total.
func (r *durationReader) part() bool {
	n, _, ok := r.digits(1, 18)
	if !ok {
		return false
	}
	var fraction time.Duration
	hasFraction := r.skip('.')
	if hasFraction {
		if fraction, ok = r.fraction(); !ok {
			return false
		}
	}
	letter := r.peek()
	for r.unit < len(durationUnits) && durationUnits[r.unit].letter != letter {
		r.unit++
	}
	if r.unit == len(durationUnits) || durationUnits[r.unit].inTime != r.inTime || hasFraction && letter != 'S' {
		return false
	}
	length := durationUnits[r.unit].length
	if int64(n) > (math.MaxInt64-int64(r.total)-int64(fraction))/int64(length) {
		r.overflow = true
	} else {
		r.total += time.Duration(n)*length + fraction
	}
	r.i++
	r.unit++
	return true
}

func parseDuration(s string) (time.Duration, bool) {
	value, fits, valid := durationValue(s)
	return value, fits && valid
}
